"""Photos that stay in the child that has decoded them.

To take 24 megapixels out of a child and to give them back changed is 72 MB of new memory three
times over, which costs more than decoding them. A transfer needs but some pixels of a photo to know
what becomes of all: it asks for those, and what is to be done travels, not the picture.
"""

from __future__ import annotations

from dataclasses import fields, replace
from itertools import count
from typing import TYPE_CHECKING, Any
from weakref import finalize

import numpy as np

from rechroma.photo.isolation import GoneError, has_children, run_in, run_isolated, run_somewhere
from rechroma.photo.model import Photo
from rechroma.photo.samples import FILE_PIXELS, row_strips

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from rechroma.metadata import Metadata
    from rechroma.photo.child_process import Child
    from rechroma.photo.model import PixelChange

__all__ = ["decode_apart"]

# Fewer pixels are sent in no time.
_FROM = 1 << 22

_numbers = count()
# In a child: what it keeps, by number.
_kept: dict[int, NDArray[Any]] = {}


def decode_apart(decode: Callable[..., Photo], *arguments: object, risky: bool) -> Photo:
    """Decode a photo as `run_isolated` does, and leave it in the child if it is large.

    Args:
        decode: Returns a photo; with one channel where all are the same.
        arguments: Its arguments.
        risky: See `run_isolated`.

    Raises:
        CrashError: See `run_isolated`.
    """
    if not has_children():
        return run_isolated(decode, *arguments, risky=risky)
    number = next(_numbers)
    (photo, size), home = run_somewhere(_decode_here, number, decode, arguments)
    if size is None:
        return photo

    def again() -> NDArray[Any]:
        return run_isolated(decode, *arguments, risky=risky).samples

    return _Distant.of(_carried(photo), _Place(home, number, size, again))


def _decode_here(
    number: int, decode: Callable[..., Photo], arguments: tuple[object, ...]
) -> tuple[Photo, tuple[int, int] | None]:
    """Return a photo; or one without samples, which are kept, and their size."""
    photo = decode(*arguments)
    height, width, channels = photo.samples.shape
    if channels == 1 or photo.alpha is not None or height * width < _FROM:
        return photo, None
    _kept[number] = photo.samples
    return replace(photo, samples=photo.samples[:0]), (height, width)


class _Place:
    """Where the samples of a photo are.

    Args:
        home: The child.
        number: By which it knows them.
        size: Rows and columns.
        again: Reads them anew, if they are there no more.
    """

    def __init__(
        self, home: Child, number: int, size: tuple[int, int], again: Callable[[], NDArray[Any]]
    ) -> None:
        self.home = home
        self.number = number
        self.size = size
        self._again = again
        self._steps: dict[int, NDArray[Any]] = {}
        home.kept += 1
        self._let_go = finalize(self, _leave, home, number)
        self._let_go.atexit = False

    def every(self, step: int) -> NDArray[Any]:
        """Return every n-th sample each way."""
        if step not in self._steps:
            try:
                self._steps[step] = run_in(self.home, _every, self.number, step)
            except GoneError:
                self._steps[step] = self._again()[::step, ::step]
        return self._steps[step]

    def taken(self) -> NDArray[Any]:
        """Return the samples, which are gone from the child then."""
        try:
            return run_in(self.home, _taken, self.number)
        except GoneError:
            return self._again()
        finally:
            self._let_go()


def _leave(home: Child, number: int) -> None:
    home.kept -= 1
    home.forget(_forget, number)


def _every(number: int, step: int) -> NDArray[Any]:
    return np.ascontiguousarray(_here(number)[::step, ::step])


def _taken(number: int) -> NDArray[Any]:
    samples = _here(number)
    _forget(number)
    return samples


def _forget(number: int) -> None:
    _kept.pop(number, None)


def _here(number: int) -> NDArray[Any]:
    if number not in _kept:
        raise GoneError
    return _kept[number]


class _Distant(Photo):
    """A photo whose samples are in a child, until somebody asks for all of them."""

    __slots__ = ("_changes", "_place")

    _place: _Place
    _changes: tuple[PixelChange, ...]

    def __new__(cls, *given: Any, **named: Any) -> Photo:  # noqa: ANN401 (as a class takes it)
        """Return a photo of the usual kind, as `dataclasses.replace` wants one."""
        return Photo(*given, **named)

    @classmethod
    def of(
        cls, carried: Mapping[str, Any], place: _Place, changes: tuple[PixelChange, ...] = ()
    ) -> _Distant:
        """Return a photo that has all that is given, and no samples as yet."""
        result = object.__new__(cls)
        for name, value in {**carried, "_place": place, "_changes": changes}.items():
            object.__setattr__(result, name, value)
        return result

    @property
    def height(self) -> int:
        """Rows."""
        return self._place.size[0]

    @property
    def width(self) -> int:
        """Columns."""
        return self._place.size[1]

    @property
    def home(self) -> Child | None:
        """The child that has the samples."""
        return None if self._is_here else self._place.home

    @property
    def _is_here(self) -> bool:
        try:
            object.__getattribute__(self, "samples")
        except AttributeError:
            return False
        return True

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 (called for what is missing)
        if name != "samples":
            raise AttributeError(name)
        samples = self._place.taken()
        for change in self._changes:
            samples = change(samples)
        object.__setattr__(self, name, samples)
        return samples

    def every(self, step: int) -> NDArray[Any]:
        """Return every n-th sample each way."""
        if self._is_here or self._changes:
            return super().every(step)
        return self._place.every(step)

    def with_change(self, change: PixelChange) -> Photo:
        """Return the photo changed: where it is, when it is written."""
        if self._is_here:
            return super().with_change(change)
        in_color = _carried(self) | {"was_gray": False, "gray_jpeg": None, "luma_table": None}
        return _Distant.of(in_color, self._place, (*self._changes, change))

    def with_metadata(self, metadata: Metadata) -> Photo:
        """Return the photo with other metadata."""
        if self._is_here:
            return super().with_metadata(metadata)
        return _Distant.of(_carried(self) | {"metadata": metadata}, self._place, self._changes)

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel without samples: to where they are."""
        if self._is_here:
            return _made, (self.samples, _carried(self))
        return _found, (self._place.number, self._changes, _carried(self))


def _carried(photo: Photo) -> dict[str, Any]:
    """Return all that a photo has but its samples."""
    return {
        each.name: getattr(photo, each.name) for each in fields(Photo) if each.name != "samples"
    }


def _made(samples: NDArray[Any], carried: Mapping[str, Any]) -> Photo:
    return Photo(samples, **carried)


def _found(number: int, changes: tuple[PixelChange, ...], carried: Mapping[str, Any]) -> Photo:
    """Return the photo with its samples, changed in their own memory: they are kept no longer."""
    samples = _taken(number)
    if changes:
        samples = np.require(samples, requirements="W")
    for change in changes:
        for rows in row_strips(samples.shape, FILE_PIXELS):
            samples[rows] = change(np.ascontiguousarray(samples[rows]))
    return _made(samples, carried)
