"""One film on its way from frames to segments: decided in one thread, painted in another."""

from __future__ import annotations

import threading
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from queue import Full, Queue
from typing import TYPE_CHECKING, Any

import numpy as np

from rechroma.color import lab_to_gamut_rgb, rgb_to_lab
from rechroma.colorizer.graph_io import Conditioning
from rechroma.colorizer.hints import mood_of
from rechroma.errors import RechromaError, UsageError
from rechroma.photo import Photo
from rechroma.video.analysis import Analyst, Part
from rechroma.video.chroma_table import lightness_steps
from rechroma.video.encoding import write_segment
from rechroma.video.flow import identity
from rechroma.video.guiding import shrunk
from rechroma.video.kinds import load_cv2
from rechroma.video.painting import Painter
from rechroma.video.pictures import sampled
from rechroma.video.settings import Setting, Settings, setting_of
from rechroma.video.source import Trouble, frames_of, luma_of
from rechroma.video.steady import Memory, decided
from rechroma.video.tweening import part_planes
from rechroma.video.workfolder import Segment

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from numpy.typing import NDArray

    from rechroma.colorizer.options import ColorizeOptions
    from rechroma.mood.look import Look
    from rechroma.mood.options import TransferOptions
    from rechroma.video.encoding import Encoding
    from rechroma.video.network import FrameNetwork
    from rechroma.video.options import FilmOptions
    from rechroma.video.progress import FilmMeter
    from rechroma.video.source import Film, Shown
    from rechroma.video.telling import Teller
    from rechroma.video.workfolder import WorkFolder

    Plane = NDArray[np.floating[Any]]

__all__ = ["FilmWork"]

# Parts of a film that wait for being painted.
_AHEAD = 1
# Frames of which a film's look is made.
_SAMPLES = 9
# What a key said is not needed any more once it is decided.
_NOTHING = np.empty(0, np.uint8)


@dataclass(slots=True)
class _Decision:
    """A part with the chroma of its keys."""

    part: Part
    planes: list[Plane]
    memory: Memory
    setting: Setting | None


class FilmWork:
    """One film on its way from frames to segments."""

    def __init__(
        self,
        film: Film,
        network: FrameNetwork,
        how: FilmOptions,
        colors: ColorizeOptions,
        encoding: Encoding,
    ) -> None:
        self._film = film
        self._network = network
        self._how = how
        self._colors = colors
        self._encoding = encoding
        self._look: Look | None = None
        self.conditioning = Conditioning()

    def set_mood(self, mood: Photo, options: TransferOptions) -> None:
        """Let the whole film have one mood: told to the model, and as one transfer.

        Args:
            mood: A color photograph.
            options: Of the transfer; whatever they say about lightness, the film keeps its own.
        """
        from rechroma.mood.look import fit, has_no_colors

        if has_no_colors([mood]):
            raise UsageError(
                f"{mood.name}: the mood is black and white: it has no colors for a film",
                "give a color photograph as the mood",
            )
        if self._network.session.card.hints:
            self.conditioning = Conditioning(None, mood_of(mood, self._network.session.card))
        rows, columns = self._network.cells
        steps = lightness_steps(self._film.bits, full=self._film.full)
        seen: list[Plane] = []
        for shown in sampled(self._film, _SAMPLES, self._how.span):
            light = steps[shrunk(luma_of(self._film, shown.frame), *self._network.shape)]
            _, chroma = self._network.look(light, self.conditioning)
            small = load_cv2().resize(light, (columns, rows), interpolation=load_cv2().INTER_AREA)
            seen.append(np.dstack([small, *chroma]))
        lab = np.concatenate(seen, axis=1)
        cells = Photo(np.clip(lab_to_gamut_rgb(lab), 0, 1), bit_depth=32, name="the film")
        self._look = fit(mood, cells, replace(options, luminance="keep"))

    def run(
        self, folder: WorkFolder, teller: Teller | None, trouble: Trouble, meter: FilmMeter
    ) -> None:
        """Make the segments that are missing."""
        done = folder.segments[-1] if folder.segments else None
        if done is not None and teller is not None:
            teller.begin_after(done.last_ticks)
        painter = Painter(self._film, self._encoding.pixel_format, self._colors.strength)
        frames = self._frames(trouble, done)
        if done is not None:
            next(frames, None)
        with closing(_ahead(self._decisions(folder, teller, done))) as decisions:
            for decision in decisions:
                part = decision.part
                number = len(folder.segments)
                path = folder.file(number)
                count = write_segment(
                    path,
                    self._film,
                    self._encoding,
                    self._painted(decision, frames, painter, meter),
                )
                meter.shot()
                folder.add(
                    Segment(path.name, part.first, count, part.ticks[-1], part.shot, part.ends,
                            len(part.keys)),
                    None if part.ends else decision.memory,
                    decision.setting,
                )  # fmt: skip

    def _frames(self, trouble: Trouble, done: Segment | None) -> Iterator[Shown]:
        """Yield the frames that are to be done, and before them the last one that is done."""
        begin, end = self._how.span
        unit = float(self._film.time_base)
        if done is not None:
            frames = frames_of(self._film, trouble, done.first + done.count - 1, done.last_ticks)
        elif begin:
            ticks = self._film.start + round(np.ceil(begin / unit - 1e-6))
            frames = frames_of(self._film, trouble, 0, ticks)
        else:
            frames = frames_of(self._film, trouble)
        for shown in frames:
            if (shown.ticks - self._film.start) * unit >= end:
                return
            yield shown

    def _decisions(
        self, folder: WorkFolder, teller: Teller | None, done: Segment | None
    ) -> Generator[_Decision]:
        analyst = Analyst(
            self._film, self._network, self._how.gap, conditioning=self.conditioning, tell=teller
        )
        memory = folder.memory() if done is not None and not done.ends else None
        settings = Settings(folder.settings())
        frames = self._frames(Trouble(), done)
        shot = 0 if done is None else done.shot
        for part in analyst.parts(frames, shot=shot, goes_on=done is not None):
            features = part.keys[0].features
            before = None if part.opens else memory
            if features is not None:
                before = settings.prior(features, self._network.cells)
                if before is not None:
                    part.keys[0].back = identity(self._network.cells)
            planes, memory = decided(
                part.keys, self._network, before, self._colors.vividness, count=part.count,
                change=None if self._look is None else self._in_mood,
            )  # fmt: skip
            for key in part.keys:
                key.said = _NOTHING
            setting = None
            if features is not None:
                setting = setting_of(features, memory)
                settings.add(setting)
            yield _Decision(part, planes, memory, setting)

    def _in_mood(self, plane: Plane) -> Plane:
        """Return the look's chroma for that of cells, as for a middle gray's lightness."""
        assert self._look is not None  # noqa: S101 - only then is it called
        lab = np.dstack([np.full(plane.shape[1:], 60, np.float32), *plane])
        rgb = np.clip(lab_to_gamut_rgb(lab), 0, 1).astype(np.float32)
        return np.moveaxis(rgb_to_lab(self._look.change(rgb))[..., 1:], -1, 0).astype(np.float32)

    def _painted(
        self, decision: _Decision, frames: Iterator[Shown], painter: Painter, meter: FilmMeter
    ) -> Iterator[tuple[int, Any]]:
        part = decision.part
        planes = part_planes(part.keys, decision.planes, part.backs, part.forths)
        for ticks, cells in zip(part.ticks, planes, strict=True):
            shown = next(frames, None)
            while shown is not None and shown.ticks < ticks:
                shown = next(frames, None)
            if shown is None or shown.ticks != ticks:
                raise RechromaError(
                    f"{self._film.path}: a frame could be decoded once and not again",
                    "check the disk, and run it again: it goes on from here",
                )
            yield ticks, painter.paint(shown.frame, cells)
            meter.frame()


def _ahead(decisions: Generator[_Decision]) -> Generator[_Decision]:
    """Yield the same, made in a thread of its own while those before are painted."""
    queue: Queue[_Decision | BaseException | None] = Queue(maxsize=_AHEAD)
    stop = threading.Event()
    thread = threading.Thread(
        target=_fill, args=(decisions, queue, stop), name="rechroma-film", daemon=True
    )
    thread.start()
    try:
        while (item := queue.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stop.set()
        thread.join()


def _fill(
    decisions: Generator[_Decision],
    queue: Queue[_Decision | BaseException | None],
    stop: threading.Event,
) -> None:
    """Put decisions into a queue, and at the end None, or the error that was the end."""

    def put(item: _Decision | BaseException | None) -> None:
        while not stop.is_set():
            with suppress(Full):
                queue.put(item, timeout=0.2)
                return

    try:
        for decision in decisions:
            put(decision)
            if stop.is_set():
                return
        put(None)
    except BaseException as error:  # noqa: BLE001 (raised again where it is waited for)
        put(error)
