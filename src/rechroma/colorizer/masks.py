"""Masks as users give them: a part of the picture, and what shall become of it."""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, TypeVar, cast

import numpy as np
from PIL import Image

from rechroma.colorizer.hints import Hint, hex_color
from rechroma.colorizer.options import ColorizeOptions
from rechroma.errors import UsageError
from rechroma.photo import Photo, Source, read
from rechroma.photo.samples import is_one_channel, nearest_pixels, requantize

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = [
    "Mask",
    "MaskPlane",
    "check_aspect",
    "hints_inside",
    "parse_mask",
    "plane_of",
    "plane_of_picture",
    "told",
]

_T = TypeVar("_T")

# How far each pixel belongs to a mask, 0…255, shape (H, W), at the mask picture's own size.
MaskPlane: TypeAlias = "NDArray[np.uint8]"

# A mask may have another size than its photograph, but not another shape; and of fewer pixels a
# side nobody can tell which shape was meant.
_ASPECT_TOLERANCE, _LEAST_SIDE = 0.02, 8
# What is so near to black or white is meant to be it: JPEG leaves a little of everything.
_SLACK = 4
# Between the channels of a pixel: more is a color, and not what JPEG makes of black and white.
_COLORED = 48
# Places inside of a mask at which the network is told its color, and how far inside they lie.
_PLACES, _SURE = 16, 0.9
# The longer side at which places are looked for.
_SIDE = 128
_FORM = "write FILE=#rrggbb, FILE=brown, FILE=gray, FILE=strength:1.2, FILE=mood:PHOTO or FILE=keep"


@dataclass(frozen=True, slots=True, eq=False)
class Mask:
    """A part of a picture, and what shall become of it: one of the four.

    Masks lie over each other in their order: where two overlap, the later one counts, a strength is
    a factor on what is beneath, and what is kept is kept, whatever stands before or behind it.

    Attributes:
        picture: White inside, black outside, and grays between for soft edges; if it has
            transparent places, those are outside and all others are inside. Of any size, in the
            shape of the picture that it is for.
        color: The color that it gets, as in a `Hint`: a and b count, L stays. "gray" takes all
            color away.
        strength: A factor on its chroma, 0…1.5.
        keep: It stays as it was: no pixel changes where the mask is white.
        mood: A color photograph that sets the tone there.

    Raises:
        UsageError: None of the four, more than one, or a value that can't be.

    Examples:
        >>> import numpy as np
        >>> import rechroma
        >>> sky = np.zeros((678, 880), bool)
        >>> sky[:200] = True
        >>> photo = rechroma.colorize(
        ...     "examples/louis-armstrong-1946.jpg", masks=[rechroma.Mask(sky, keep=True)]
        ... )
        >>> bool(np.ptp(photo.samples[:200], axis=2).any())
        False
    """

    picture: Source | Photo
    color: str | None = None
    strength: float | None = None
    keep: bool = False
    mood: Source | Photo | None = None

    def __post_init__(self) -> None:
        said = (self.color is not None, self.strength is not None, self.keep, self.mood is not None)
        if sum(said) != 1:
            raise UsageError(
                f"a mask that says {sum(said)} things" if any(said) else "a mask that says nothing",
                "give one of color, strength, keep and mood",
            )
        if self.color is not None:
            object.__setattr__(self, "color", hex_color(self.color, "mask"))
        if self.strength is not None:
            ColorizeOptions(strength=self.strength)

    @property
    def is_gray(self) -> bool:
        """Whether it takes all color away."""
        return self.color is not None and len({self.color[i : i + 2] for i in (1, 3, 5)}) == 1

    def with_pictures_read(self, max_pixels: int | None) -> Mask:
        """Return the mask with its pictures decoded, its own as one plane: a byte a pixel.

        Raises:
            PhotoError: One can't be read.
        """

        def decoded(picture: Source | Photo) -> Photo:
            return picture if isinstance(picture, Photo) else read(picture, max_pixels=max_pixels)

        picture = decoded(self.picture)
        mood = None if self.mood is None else decoded(self.mood)
        return replace(self, picture=_as_photo(_plane_in(picture), picture.name), mood=mood)

    def fitted_to(self, photo: Photo) -> Mask:
        """Return the mask with its own picture as one plane, no larger than its photograph.

        So many masks together take little memory.

        Args:
            photo: What it is for.

        Raises:
            PhotoError: It can't be read.
            UsageError: Another shape than the photo's, or nothing is inside.
        """
        picture = self.picture if isinstance(self.picture, Photo) else read(self.picture)
        plane = plane_of(replace(self, picture=picture), photo)
        if plane.size > photo.height * photo.width:
            plane = resampled(plane, (photo.height, photo.width))
        return replace(self, picture=_as_photo(plane, picture.name))


def told(hints: object, masks: object) -> tuple[tuple[Hint, ...], tuple[Mask, ...]]:
    """Return hints and masks of any iterables, and refuse what is none, such as text.

    Raises:
        UsageError: One of them, by its type.
    """
    return (
        _all_of(Hint, "hints", hints, 'rechroma.Hint(650, 560, "#6b4a2f")'),
        _all_of(Mask, "masks", masks, 'rechroma.Mask("coat.png", color="#7a2230")'),
    )


def _all_of(kind: type[_T], named: str, given: object, mend: str) -> tuple[_T, ...]:
    if isinstance(given, str | Path) or not isinstance(given, Iterable):
        raise UsageError(f"{named} are a {type(given).__name__}", f"give a list: [{mend}]")
    found: list[_T] = []
    for each in cast("Iterable[object]", given):
        if not isinstance(each, kind):
            raise UsageError(f"one of the {named} is a {type(each).__name__}", f"give {mend}")
        found.append(each)
    return tuple(found)


def parse_mask(text: str, folder: Path = Path()) -> Mask:
    """Read "FILE=WHAT": "coat.png=#7a2230", "face.png=strength:1.2", "sky.png=keep".

    Args:
        text: What is written; other things are a color's name, and "mood:PHOTO".
        folder: From which the files' paths go.

    Raises:
        UsageError: It is written otherwise.
    """
    file, marker, mood = text.partition("=mood:")
    if marker and file and mood:
        return Mask(folder / file, mood=folder / mood)
    file, _, said = text.rpartition("=")
    if not (file and said):
        raise UsageError(f"the mask {text!r} can't be read", _FORM)
    if said == "keep":
        return Mask(folder / file, keep=True)
    if said.startswith("strength:"):
        try:
            strength = float(said.removeprefix("strength:"))
        except ValueError as error:
            raise UsageError(f"the mask {text!r} can't be read", _FORM) from error
        return Mask(folder / file, strength=strength)
    if not re.fullmatch(r"#[0-9a-fA-F]+|[A-Za-z]+", said):
        raise UsageError(f"the mask {text!r} can't be read", _FORM)
    return Mask(folder / file, color=said)


def picture_of(text: str, folder: Path) -> Path | bytes:
    """Return the picture that a hints file names: a path from its folder on, or a "data:" URI.

    Raises:
        UsageError: Such data that can't be read.
    """
    if not text.startswith("data:"):
        return folder / text
    try:
        _, marked, data = text.partition(";base64,")
        if not marked:
            raise binascii.Error
        return b64decode(data, validate=True)
    except binascii.Error as error:
        raise UsageError("its data is no base64", "write data:image/png;base64,…") from error


def plane_of(mask: Mask, photo: Photo) -> MaskPlane:
    """Return how far each pixel of a mask's picture belongs to it.

    Args:
        mask: The mask.
        photo: What it is for.

    Raises:
        UsageError: Another shape than the photo's, or nothing is inside.
        PhotoError: The picture can't be read.
    """
    picture = mask.picture if isinstance(mask.picture, Photo) else read(mask.picture)
    plane = plane_of_picture(picture, photo)
    if not plane.any():
        raise UsageError(
            f"{picture.name}: the mask is empty: it is black all over", "paint white what it is for"
        )
    return plane


def plane_of_picture(picture: Photo, photo: Photo) -> MaskPlane:
    """Return how far each pixel is inside of what is painted; see `Mask.picture`.

    Raises:
        UsageError: Another shape than the photo's.
    """
    check_aspect(picture, photo)
    return _plane_in(picture)


def _plane_in(picture: Photo) -> MaskPlane:
    """Return what a mask's picture says."""
    alpha = picture.alpha
    if alpha is not None and alpha.min() < alpha.max():
        plane = requantize(alpha, np.dtype(np.uint8))
    elif is_one_channel(picture.samples):
        plane = requantize(picture.samples[..., 0], np.dtype(np.uint8))
    else:
        pixels = picture.to_uint8()
        if np.ptp(pixels, axis=-1).max() > _COLORED:
            raise UsageError(
                f"{picture.name}: the mask is in color",
                "paint white what it is for, the rest black",
            )
        plane = np.asarray(Image.fromarray(pixels).convert("L"))
    levels = np.arange(256, dtype=np.uint8)
    levels[:_SLACK], levels[256 - _SLACK :] = 0, 255
    return levels[plane]


def _as_photo(plane: MaskPlane, name: str) -> Photo:
    """Return a mask's plane as its picture; the three channels share their memory."""
    return Photo(np.broadcast_to(plane[..., None], (*plane.shape, 3)), name=name)


def check_aspect(mask: Photo, photo: Photo) -> None:
    """Refuse a mask picture of another shape than its photograph's.

    Raises:
        UsageError: It has one.
    """
    across = abs(mask.width * photo.height - mask.height * photo.width)
    # A small mask is rounded to whole pixels.
    allowed = max(_ASPECT_TOLERANCE * mask.height * photo.width, max(photo.width, photo.height))
    smallest = min(_LEAST_SIDE, photo.width, photo.height)
    if across > allowed or min(mask.width, mask.height) < smallest:
        raise UsageError(
            f"{mask.name}: a mask of {mask.width}×{mask.height} does not fit {photo.name}, "
            f"{photo.width}×{photo.height}",
            "make the mask as large as its photograph",
        )


def resampled(plane: MaskPlane, shape: tuple[int, int]) -> MaskPlane:
    """Return a mask at another size; one of black and white alone gets no grays."""
    if plane.shape == shape:
        return plane
    if ((plane == 0) | (plane == 255)).all():
        return nearest_pixels(plane, shape)
    size = shape[1], shape[0]
    return np.asarray(Image.fromarray(plane).resize(size, Image.Resampling.BILINEAR))


def hints_inside(colored: Sequence[tuple[str, MaskPlane]], photo: Photo) -> list[Hint]:
    """Return hints that tell the network the colors of masks, at places well inside of them.

    Args:
        colored: Colors, and the masks that get them, the later ones over the earlier.
        photo: What they are for.
    """
    scale = _SIDE / max(photo.height, photo.width)
    shape = max(1, round(photo.height * scale)), max(1, round(photo.width * scale))
    hints: list[Hint] = []
    covered = np.zeros(shape, bool)
    for color, plane in reversed(colored):
        # The mean over each cell, whatever the mask's size.
        size = shape[1], shape[0]
        small = np.asarray(Image.fromarray(plane).resize(size, Image.Resampling.BOX)) / 255
        inside = np.where(covered, 0, small)
        covered |= small > 0.5
        for row, column in _places(inside):
            x, y = (column + 0.5) / shape[1] * photo.width, (row + 0.5) / shape[0] * photo.height
            hints.append(Hint(min(x, photo.width - 1), min(y, photo.height - 1), color, "alike"))
    return hints


def _places(inside: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Return places well inside, far from each other: rows and columns."""
    if not inside.any():
        return []
    # A hint is a small square: one whose neighbors are inside as well does not look over the edge.
    padded = np.pad(inside, 1, mode="edge")
    around = np.min(
        [padded[i : i + len(inside), j : j + inside.shape[1]] for i in range(3) for j in range(3)],
        axis=0,
    )
    known = around if around.max() >= _SURE else inside
    candidates = np.argwhere(known >= min(_SURE, known.max()))
    chosen = [candidates[np.linalg.norm(candidates - candidates.mean(axis=0), axis=1).argmin()]]
    free = np.linalg.norm(candidates - chosen[0], axis=1)
    while len(chosen) < min(_PLACES, len(candidates)) and free.max() > 0:
        chosen.append(candidates[free.argmax()])
        free = np.minimum(free, np.linalg.norm(candidates - chosen[-1], axis=1))
    return [(int(row), int(column)) for row, column in chosen]
