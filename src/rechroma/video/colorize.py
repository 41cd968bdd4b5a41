"""Colorizing a film, from its file to a new one beside which nothing is lost."""

from __future__ import annotations

import threading
import time
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from queue import Full, Queue
from typing import TYPE_CHECKING, Any

import numpy as np

from rechroma.color import lab_to_gamut_rgb, rgb_to_lab
from rechroma.colorizer.graph_io import Conditioning
from rechroma.colorizer.hints import mood_of
from rechroma.colorizer.options import ColorizeOptions
from rechroma.errors import RechromaError, UsageError
from rechroma.files import copy_file, make_folder, refuse_taken
from rechroma.photo import Photo, read
from rechroma.video.analysis import Analyst, Part, shrunk
from rechroma.video.chroma_table import lightness_steps
from rechroma.video.encoding import chosen_encoding, write_segment
from rechroma.video.joining import check_container, join
from rechroma.video.kinds import load_cv2
from rechroma.video.network import FrameNetwork
from rechroma.video.options import FilmOptions
from rechroma.video.painting import Painter
from rechroma.video.pictures import film_is_color, sampled
from rechroma.video.source import Trouble, frames_of, luma_of, open_film
from rechroma.video.steady import Memory, decided
from rechroma.video.telling import FilmHint, Still, Teller
from rechroma.video.tweening import part_planes
from rechroma.video.workfolder import Segment, WorkFolder

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Generator, Iterator, Sequence

    from numpy.typing import NDArray

    from rechroma.colorizer.colorizer import PhotoLike
    from rechroma.mood.look import Look
    from rechroma.video.encoding import Encoding
    from rechroma.video.options import Codec
    from rechroma.video.source import Film, Shown

    Plane = NDArray[np.floating[Any]]

__all__ = ["FilmMeter", "FilmProgress", "FilmResult", "colorize_film", "colorize_film_with"]

# Parts of a film that wait for being painted.
_AHEAD = 1
# Frames of which a film's look is made.
_SAMPLES = 9


@dataclass(frozen=True, slots=True)
class FilmProgress:
    """How far a film is.

    Attributes:
        frames: That are done.
        total: That there are, about; 0 if nobody knows.
        shots: That are done.
        rate: Frames a second, in this run.
        seconds_left: About; None if nobody knows.

    Examples:
        What a callback gets:

        >>> from rechroma import FilmProgress
        >>> now = FilmProgress(frames=240, total=960, shots=3, rate=24.0, seconds_left=30.0)
        >>> print(f"{now.frames / now.total:.0%}")
        25%
    """

    frames: int
    total: int
    shots: int
    rate: float
    seconds_left: float | None


@dataclass(frozen=True, slots=True)
class FilmResult:
    """What became of a film.

    Attributes:
        path: The result.
        kept: Whether it was in color already and was left as it was.
        frames: In it.
        shots: That were found.
        looks: How often the network looked, in this run and in those that it went on from.
        seconds: That this run took.
        notes: What was unusual.

    Examples:
        >>> from pathlib import Path
        >>> from rechroma import FilmResult
        >>> done = FilmResult(Path("street.color.mp4"), frames=960, shots=12)
        >>> done.path.name, done.kept
        ('street.color.mp4', False)
    """

    path: Path
    kept: bool = False
    frames: int = 0
    shots: int = 0
    looks: int = 0
    seconds: float = 0.0
    notes: tuple[str, ...] = field(default=())


def colorize_film(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    *,
    hints: Sequence[FilmHint] = (),
    stills: Sequence[Still] = (),
    mood: PhotoLike | None = None,
    strength: float = ColorizeOptions.strength,
    vividness: float = ColorizeOptions.vividness,
    recolor: bool = False,
    codec: Codec = FilmOptions.codec,
    crf: int = FilmOptions.crf,
    preset: str = FilmOptions.preset,
    gap: int = FilmOptions.gap,
    start: str | None = FilmOptions.start,
    end: str | None = FilmOptions.end,
    model: str | os.PathLike[str] = "default",
    device: str = "auto",
    size: int | None = None,
    overwrite: bool = False,
    progress: Callable[[FilmProgress], None] | None = None,
) -> FilmResult:
    """Give a film its color back: steady, with its own luma bit for bit, and its sound untouched.

    A run that was ended goes on where it stopped when it is begun again with the same arguments.

    Args:
        source: The film.
        target: The result; its suffix says its container.
        hints: Colors of places at times.
        stills: Frames in color, which are followed through their shots.
        mood: A color photograph that sets the tone of the whole film.
        strength: See `rechroma.colorize`.
        vividness: See `rechroma.colorize`.
        recolor: Color a film that is in color already anew; otherwise it is copied as it is.
        codec: "x264", "x265", "prores" or "ffv1".
        crf: Quality of x264 and x265, 0…51; lower is better.
        preset: How long x264 and x265 may take.
        gap: The network looks at one frame in so many at least.
        start: Begin at this time, such as "00:01:23.5".
        end: End before this time.
        model: See `rechroma.Colorizer`.
        device: See `rechroma.Colorizer`.
        size: See `rechroma.Colorizer`.
        overwrite: Replace what stands at the target.
        progress: Is called after every frame; what it raises ends the run, which can be gone on
            with.

    Raises:
        PhotoError: The film or a picture can't be read.
        UsageError: Options that don't hold, for this film or this container.
        UnwritableFileError: The disk says no, or something stands at the target.
        ModelError: The model isn't there, or fails.
        MissingExtraError: `rechroma[video]` isn't installed.

    Examples:
        >>> import rechroma
        >>> rechroma.colorize_film("street.mp4", "street.color.mp4")  # doctest: +SKIP
    """
    how = FilmOptions(codec=codec, crf=crf, preset=preset, gap=gap, start=start, end=end)
    colors = ColorizeOptions(strength=strength, vividness=vividness, recolor=recolor)
    return colorize_film_with(
        Path(source), Path(target), how, colors,
        hints=hints, stills=stills, mood=mood, model=model, device=device, size=size,
        overwrite=overwrite, progress=progress,
    )  # fmt: skip


def colorize_film_with(
    source: Path,
    target: Path,
    how: FilmOptions,
    colors: ColorizeOptions,
    *,
    hints: Sequence[FilmHint] = (),
    stills: Sequence[Still] = (),
    mood: PhotoLike | None = None,
    model: str | os.PathLike[str] = "default",
    device: str = "auto",
    size: int | None = None,
    overwrite: bool = False,
    progress: Callable[[FilmProgress], None] | None = None,
) -> FilmResult:
    """Color a film with options as objects; see `colorize_film`."""
    began = time.perf_counter()
    film = open_film(source)
    refuse_taken(target, overwrite=overwrite)
    make_folder(target.parent)
    encoding = chosen_encoding(film, how)
    if not colors.recolor and film_is_color(film, how.span):
        if target.parent.resolve() != source.parent.resolve():
            copy_file(source, target, overwrite=overwrite)
        note = "in color already: left as it is; --recolor colors it anew"
        return FilmResult(target, kept=True, notes=(note,))
    check_container(film, target, encoding.encoder)
    network = FrameNetwork.open(film.height, film.width, model=model, device=device, size=size)
    work = _Work(film, network, how, colors, encoding)
    if mood is not None:
        work.set_mood(mood if isinstance(mood, Photo) else read(mood))
    folder = WorkFolder.beside(
        target, _key(film, how, colors, encoding, hints, stills, mood, network)
    )
    teller = None
    if hints or stills:
        teller = Teller(film, network, hints, stills, work.conditioning.mood)
    trouble = Trouble()
    meter = FilmMeter(film, how, folder, progress)
    work.run(folder, teller, trouble, meter)
    if not folder.segments:
        folder.remove()
        raise UsageError(f"{source}: no frames between those times", "choose others")
    files = [folder.path / each.name for each in folder.segments]
    join(film, files, target, overwrite=overwrite, span=how.span)
    folder.remove()
    notes = [each for each in (encoding.note, str(trouble)) if each]
    return FilmResult(
        target,
        frames=sum(each.count for each in folder.segments),
        shots=len({each.shot for each in folder.segments}),
        looks=sum(each.looks for each in folder.segments),
        seconds=time.perf_counter() - began,
        notes=tuple(notes),
    )


def _key(
    film: Film, how: FilmOptions, colors: ColorizeOptions, encoding: Encoding,
    hints: Sequence[FilmHint], stills: Sequence[Still], mood: object, network: FrameNetwork,
) -> dict[str, Any]:  # fmt: skip
    """Return what decides about the frames of a result."""
    stat = film.path.stat()
    return {
        "film": [str(film.path.resolve()), stat.st_size, stat.st_mtime_ns],
        "options": asdict(how),
        "colors": asdict(colors),
        "encoding": asdict(encoding),
        "hints": [[each.seconds, each.hint.x, each.hint.y, each.hint.color] for each in hints],
        "stills": [[each.seconds, _named(each.picture)] for each in stills],
        "mood": _named(mood),
        "model": [network.session.card.name, network.session.card.version, *network.shape],
        "format": 1,
    }


def _named(picture: object) -> object:
    """Return what tells a picture from others."""
    if picture is None:
        return None
    if isinstance(picture, str | Path):
        path = Path(picture)
        stat = path.stat() if path.exists() else None
        return [str(path.resolve()), stat and stat.st_size, stat and stat.st_mtime_ns]
    if isinstance(picture, Photo):
        return [picture.name, list(picture.samples.shape), int(picture.samples.sum(dtype=np.int64))]
    return repr(picture)


class FilmMeter:
    """Counts frames and tells how far it is."""

    def __init__(
        self,
        film: Film,
        how: FilmOptions,
        folder: WorkFolder,
        tell: Callable[[FilmProgress], None] | None,
    ) -> None:
        begin, end = how.span
        rate = float(film.rate)
        whole = film.expected_frames
        within = (min(end, whole / rate) - begin) * rate if whole else 0
        self._total = max(0, round(within))
        self._before = sum(each.count for each in folder.segments)
        self._count = 0
        self._shots = len(folder.segments)
        self._began = time.perf_counter()
        self._tell = tell

    def frame(self) -> None:
        """Count a frame."""
        self._count += 1
        if self._tell is None:
            return
        done = self._before + self._count
        rate = self._count / max(time.perf_counter() - self._began, 1e-9)
        left = (self._total - done) / rate if self._total else None
        self._tell(
            FilmProgress(
                done, max(self._total, done) if self._total else 0, self._shots, rate,
                None if left is None else max(0.0, left),
            )
        )  # fmt: skip

    def shot(self) -> None:
        """Count a shot, or a part of one."""
        self._shots += 1


@dataclass(slots=True)
class _Decision:
    """A part with the chroma of its keys."""

    part: Part
    planes: list[Plane]
    memory: Memory


class _Work:
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

    def set_mood(self, mood: Photo) -> None:
        """Let the whole film have one mood: told to the model, and as one transfer."""
        from rechroma.mood.look import fit, has_no_colors
        from rechroma.mood.options import TransferOptions

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
        self._look = fit(mood, cells, TransferOptions(luminance="keep"))

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
        frames = self._frames(Trouble(), done)
        shot = 0 if done is None else done.shot
        for part in analyst.parts(frames, shot=shot, goes_on=done is not None):
            before = None if part.opens else memory
            planes, memory = decided(part.keys, self._network, before, self._colors.vividness)
            if self._look is not None:
                planes = [self._in_mood(plane) for plane in planes]
            yield _Decision(part, planes, memory)

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
        for ticks, cells in zip(part.ticks, part_planes(part.keys, decision.planes, part.steps), strict=True):
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
