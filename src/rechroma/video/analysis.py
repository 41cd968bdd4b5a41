"""From frames to shots, and in each shot to keys with what the network says of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from rechroma.colorizer.graph_io import UNCONDITIONED, Conditioning
from rechroma.video.chroma_table import lightness_steps
from rechroma.video.cuts import walked
from rechroma.video.flow import SmallStep, Step, chained, identity, normalized
from rechroma.video.guiding import shrunk
from rechroma.video.source import luma_of
from rechroma.video.steady import Key, Told, key_weight, mean_chroma, packed
from rechroma.video.tweening import FINER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from numpy.typing import NDArray

    from rechroma.video.network import FrameNetwork
    from rechroma.video.source import Film, Shown

    Plane = NDArray[np.floating[Any]]

__all__ = ["Analyst", "Part"]

# A new key as soon as this part of the frame is no longer found in the last one, but not sooner
# than after so many frames.
_LOST = 0.35
_SOONEST = 8
# At the end of a shot for less: what comes into view then is known from no later key.
_LOST_AT_END = 0.15
# A shot longer than this is decided in parts, so that memory stays flat.
_MOST_FRAMES = 300
_MOST_KEYS = 24


@dataclass(slots=True, eq=False)
class Part:
    """A shot, or a part of a long one.

    Attributes:
        first: The number of its first frame.
        shot: The number of the shot.
        opens: Whether it begins the shot.
        ticks: The time of each frame.
        backs: For each frame the way to the last key before it; None at keys.
        forths: For each frame the way to the next key; None at keys, and after the last one.
        keys: Where the network looked.
        ends: Whether it is the shot's last.
    """

    first: int
    shot: int
    opens: bool
    ticks: list[int] = field(default_factory=list[int])
    backs: list[SmallStep | None] = field(default_factory=list["SmallStep | None"])
    forths: list[SmallStep | None] = field(default_factory=list["SmallStep | None"])
    keys: list[Key] = field(default_factory=list[Key])
    ends: bool = True

    @property
    def count(self) -> int:
        """How many frames it has."""
        return len(self.ticks)


class Analyst:
    """Walks through a film and yields its parts.

    Args:
        film: The film.
        network: Loaded for its size.
        gap: The most frames from one key to the next.
        conditioning: Of every look, such as a mood.
        tell: Gives what a person has told about a frame, from its number, time and L as the network
            sees it; None as a rule.
    """

    def __init__(
        self,
        film: Film,
        network: FrameNetwork,
        gap: int,
        *,
        conditioning: Conditioning = UNCONDITIONED,
        tell: Callable[[Shown, Plane], Told | None] | None = None,
    ) -> None:
        self._film = film
        self._network = network
        self._gap = gap
        self._conditioning = conditioning
        self._tell = tell
        self._lightness = lightness_steps(film.bits, full=film.full)

    def parts(
        self, frames: Iterable[Shown], *, shot: int = 0, goes_on: bool = False
    ) -> Iterator[Part]:
        """Yield the parts of a film.

        Args:
            frames: In their order.
            shot: The number of the first shot.
            goes_on: Whether the first frame is the last one of a part that was done before: it is
                looked at and not yielded.
        """
        cells = self._network.cells
        part: Part | None = None
        way = identity(cells)
        there: list[Step] = []
        plane: NDArray[Any] = np.empty(0)
        for number, now in enumerate(walked(frames, self._seen, cells)):
            if number == 0 and goes_on:
                continue
            shown, small, steps, cut = now.shown, now.plane, now.steps, now.cut
            lightness = None if self._tell is None else self._lightness[small]
            if part is not None and (
                cut or part.count >= _MOST_FRAMES or len(part.keys) >= _MOST_KEYS
            ):
                self._close(part, plane, way, there, ends=cut)
                yield part
                shot += cut
                part = Part(shown.number, shot, opens=cut)
                way, there = identity(cells), []
            elif part is None:
                opens = cut or not goes_on
                shot += cut and goes_on
                part = Part(shown.number, shot, opens=opens)
            part.ticks.append(shown.ticks)
            fresh = not part.keys
            part.forths.append(None)
            back = None
            if steps is not None and not (fresh and part.opens):
                way = chained(steps[0], way)
                there.append(steps[1])
                back = way
            told = None if self._tell is None or lightness is None else self._tell(shown, lightness)
            since = part.count - 1 - (part.keys[-1].index if part.keys else 0)
            if (
                fresh
                or told is not None
                or since >= self._gap
                or (since >= _SOONEST and float(way.trust.mean()) < 1 - _LOST)
            ):
                part.backs.append(None)
                self._look(part, small, back, there, told)
                way, there = identity(cells), []
            else:
                part.backs.append(way.small())
            plane = small
        if part is not None:
            self._close(part, plane, way, there, ends=True)
            yield part

    def _seen(self, shown: Shown) -> tuple[NDArray[Any], NDArray[np.uint8]]:
        """Return a frame's luma at the network's size, and what motion is sought in."""
        rows, columns = self._network.cells
        small = shrunk(luma_of(self._film, shown.frame), *self._network.shape)
        return small, normalized(shrunk(small, rows * 2, columns * 2))

    def _close(
        self, part: Part, plane: NDArray[Any], way: Step, there: list[Step], *, ends: bool
    ) -> None:
        """Look at the last frame, too, if it shows something new, or the shot goes on."""
        part.ends = ends
        last = part.count - 1
        since = last - part.keys[-1].index
        lost = since >= _SOONEST and float(way.trust.mean()) < 1 - _LOST_AT_END
        if since and (lost or not ends):
            part.backs[-1] = None
            self._look(part, plane, way, there, None)

    def _look(
        self,
        part: Part,
        plane: NDArray[Any],
        back: Step | None,
        there: list[Step],
        told: Told | None,
    ) -> None:
        lightness = self._lightness[plane]
        features = None
        if part.opens and not part.keys:
            said, answer, features = self._network.look_closely(lightness, self._conditioning)
        else:
            said, answer = self._network.look(lightness, self._conditioning)
        weight = key_weight(float(lightness.std()) * 2.55)
        if part.keys and there:
            forth = there[-1]
            for before, step in enumerate(reversed(there[:-1])):
                part.forths[part.count - 2 - before] = forth.small()
                forth = chained(step, forth)
            part.keys[-1].forth = forth
        stored = packed(said, likely=self._network.tells)
        rows, columns = self._network.cells
        light = shrunk(lightness, rows * FINER, columns * FINER) * np.float32(2.55)
        light = np.round(light).astype(np.uint8)
        part.keys.append(
            Key(
                part.count - 1,
                stored,
                light,
                weight,
                mean_chroma(answer),
                back,
                None,
                told,
                features,
            )
        )
