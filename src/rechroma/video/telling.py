"""What a person tells about places and times of a film: hints and colored stills."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rechroma.colorizer import Hint, conditioning_unsupported, parse_hint
from rechroma.colorizer.conditioning import Patch, hint_map
from rechroma.colorizer.graph_io import Conditioning
from rechroma.errors import UsageError
from rechroma.photo import Photo, read
from rechroma.video.options import format_time, parse_time
from rechroma.video.pictures import still_cells
from rechroma.video.steady import Told

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rechroma.video.network import FrameNetwork
    from rechroma.video.source import Film, Shown

    Plane = NDArray[np.floating[Any]]

__all__ = ["FilmHint", "Still", "Teller", "parse_film_hint", "parse_still", "still_name"]

_STAMP = re.compile(r"(\d{2,})h(\d{2})m(\d{2}(?:\.\d+)?)s")
# A hint is a square of so many of the network's pixels, as for photographs.
_SIDE = 5
# CIELAB units by which a hint has to change the answer of a place to count fully there.
_CHANGED = 8.0


@dataclass(frozen=True, slots=True)
class FilmHint:
    """A color for a place at a time.

    Attributes:
        seconds: From the start of the film; the first frame that is shown then or later.
        hint: The place, in pixels of the upright frame, and its color.

    Examples:
        >>> from rechroma import FilmHint, Hint
        >>> FilmHint(83.5, Hint(210, 340, "brown")).hint.color
        '#a52a2a'
    """

    seconds: float
    hint: Hint


@dataclass(frozen=True, slots=True)
class Still:
    """A colored frame, whose colors are followed through its shot.

    Attributes:
        seconds: Its time, from the start of the film.
        picture: The frame in color; of any size.

    Examples:
        >>> from rechroma import Still
        >>> Still(83.5, "frame-0123.png").seconds
        83.5
    """

    seconds: float
    picture: str | Path | Photo


def parse_film_hint(text: str) -> FilmHint:
    """Read "TIME@x,y,color", such as "00:01:23.5@210,340,#c22b2b".

    Raises:
        UsageError: It is written otherwise.
    """
    time, at, hint = text.partition("@")
    if not at:
        raise UsageError(
            f"the hint {text!r} has no time", "of a film write TIME@x,y,color: 1:23.5@210,340,brown"
        )
    return FilmHint(parse_time(time), parse_hint(hint))


def parse_still(text: str) -> Still:
    """Read "TIME=FILE", or a file that `rechroma frames` has named by its time.

    Raises:
        UsageError: There is no time in it.
    """
    time, equals, file = text.partition("=")
    if equals and re.fullmatch(r"[\d:.]+", time):
        return Still(parse_time(time), file)
    found = _STAMP.search(Path(text).name)
    if found is None:
        raise UsageError(
            f"the still {text} has no time", "write TIME=FILE, or keep the name that frames gave it"
        )
    hours, minutes, seconds = found.groups()
    return Still(int(hours) * 3600 + int(minutes) * 60 + float(seconds), text)


def still_name(number: int, seconds: float) -> str:
    """Return the name of a shot's picture, in which `parse_still` finds the time."""
    hours, minutes, rest = format_time(seconds).split(":")
    return f"shot-{number:04}-{hours}h{minutes}m{rest}s.png"


class Teller:
    """Says of each frame what people have told about it.

    Args:
        film: The film.
        network: Loaded for it.
        hints: Colors of places.
        stills: Colored frames.
        mood: A mood's vector, that goes with hints; None for none.

    Raises:
        UsageError: Hints for a model that takes none.
        PhotoError: A still can't be read.
    """

    def __init__(
        self,
        film: Film,
        network: FrameNetwork,
        hints: Sequence[FilmHint],
        stills: Sequence[Still],
        mood: NDArray[np.float32] | None = None,
    ) -> None:
        if hints and not network.session.card.hints:
            raise conditioning_unsupported(network.session.card)
        self._film = film
        self._network = network
        self._mood = mood
        size = (film.height, film.width) if film.turns % 2 == 0 else (film.width, film.height)
        for each in hints:
            if each.hint.x >= size[1] or each.hint.y >= size[0]:
                raise UsageError(
                    f"a hint at {each.hint.x:g}, {each.hint.y:g} lies outside of {film.path}",
                    f"it has {size[1]} × {size[0]} pixels",
                )
        self._hints = sorted(hints, key=lambda each: each.seconds)
        self._stills = sorted(stills, key=lambda each: each.seconds)
        self._pictures = [
            still_cells(film, _photo(each.picture), network.cells) for each in self._stills
        ]
        self._last = -np.inf

    def begin_after(self, ticks: int) -> None:
        """Say that frames up to that time have been told of already."""
        self._last = self._seconds(ticks)

    def __call__(self, shown: Shown, lightness: Plane) -> Told | None:
        """Return what is told of a frame, from its L as the network sees it; None as a rule."""
        # A time means the first frame at or after it; half a millisecond is rounding.
        now = self._seconds(shown.ticks) + 5e-4
        last, self._last = self._last, now
        told: Told | None = None
        for still, cells in zip(self._stills, self._pictures, strict=True):
            if last < still.seconds <= now:
                told = Told(cells, np.ones(cells.shape[1:], np.float32))
        hints = [each.hint for each in self._hints if last < each.seconds <= now]
        return self._hinted(hints, lightness, told) if hints else told

    def _seconds(self, ticks: int) -> float:
        return float((ticks - self._film.start) * self._film.time_base)

    def _hinted(self, hints: Sequence[Hint], lightness: Plane, told: Told | None) -> Told:
        rows, columns = self._network.shape
        patches = [self._patch(hint) for hint in hints]
        given = Conditioning(hint_map(patches, rows, columns), self._mood)
        _, answer = self._network.look(lightness, given)
        _, usual = self._network.look(lightness, Conditioning(None, self._mood))
        changed = np.hypot(*(answer - usual)) / np.float32(_CHANGED)
        weight = np.clip(changed, 0, 1).astype(np.float32)
        if told is None:
            return Told(answer, weight)
        return Told(told.chroma + weight * (answer - told.chroma), told.weight)

    def _patch(self, hint: Hint) -> Patch:
        film = self._film
        x, y = _stored(hint.x, hint.y, film)
        rows, columns = self._network.shape
        row, column = int(y * rows / film.height), int(x * columns / film.width)
        reach = _SIDE // 2
        a, b = hint.chroma
        return Patch(
            max(0, row - reach), row + reach + 1, max(0, column - reach), column + reach + 1, a, b
        )


def _photo(picture: str | Path | Photo) -> Photo:
    return picture if isinstance(picture, Photo) else read(picture)


def _stored(x: float, y: float, film: Film) -> tuple[float, float]:
    """Return where a place of the upright frame is in the frame as it is stored."""
    match film.turns:
        case 1:
            return film.width - 1 - y, x
        case 2:
            return film.width - 1 - x, film.height - 1 - y
        case 3:
            return y, film.height - 1 - x
        case _:
            return x, y
