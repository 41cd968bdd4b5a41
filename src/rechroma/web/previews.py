"""Pictures as they are shown: previews, prints made ready, and where places are in them."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from rechroma.colorizer import is_color
from rechroma.errors import UsageError
from rechroma.photo import Photo, encode
from rechroma.photo.samples import block_mean, is_one_channel, quantize, to_float

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rechroma.preparation import Preparation

__all__ = [
    "PREVIEW_SIDE",
    "Opened",
    "PreparedPrint",
    "data_uri_of",
    "jpeg_of",
    "moved_mask",
    "moved_place",
    "opened_of",
    "png_of",
    "prepared_print",
    "preview",
]

# Pixels of a preview's longer side, at most.
PREVIEW_SIDE = 1600
_PREVIEW_QUALITY = 90
# More costs seconds and saves a few percent.
_PNG_LEVEL = 3


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """A picture that was looked at.

    Attributes:
        preview: At most `PREVIEW_SIDE` pixels a side, 8 bits.
        head: All but its pixels.
        width: Of the whole picture.
        height: Of the whole picture.
        in_color: Whether it is in color already.
    """

    preview: Photo
    head: Photo
    width: int
    height: int
    in_color: bool


@dataclass(frozen=True, slots=True, eq=False)
class PreparedPrint:
    """A print made ready, at previews' size; see `rechroma.preparation.Preparation`.

    Attributes:
        seen: What the network sees, within a border that stays.
        shown: The same with the lightness that the result has.
        before: All of the print as it is, as large, as straight, and cropped alike.
        after: All of the print made ready.
        base: All of what the result's lightness is.
        ready: What was found, and how places of the print lie afterwards; its photos are empty.
        width: Of the print made ready, in whole pixels.
        height: See `width`.
    """

    seen: Photo
    shown: Photo
    before: Photo
    after: Photo
    base: Photo
    ready: Preparation
    width: int
    height: int

    @property
    def inner(self) -> tuple[int, int]:
        """Width and height of the picture within a border that stays, in whole pixels."""
        if self.ready.frame is None:
            return self.width, self.height
        left, top, right, bottom = self.ready.frame
        return right - left, bottom - top


def moved_place(
    opened: Opened, ready: PreparedPrint | None, x: float, y: float
) -> tuple[float, float]:
    """Return a place of a picture, in its pixels, as parts of what the network sees of it.

    Returns:
        Of the height and of the width.

    Raises:
        UsageError: It lies outside of that.
    """
    if not (0 <= x < opened.width and 0 <= y < opened.height):
        raise UsageError(
            f"{x:g}, {y:g} is outside of the picture",
            f"it has {opened.width} × {opened.height} pixels",
        )
    if ready is None:
        return y / opened.height, x / opened.width
    across, down = ready.ready.place(x + 0.5, y + 0.5)
    width, height = ready.inner
    if not (0 <= across < width and 0 <= down < height):
        raise UsageError(
            f"{x:g}, {y:g} lies outside of the print made ready",
            "keep its border, or leave it as slanted as it is",
        )
    return down / height, across / width


def prepared_print(ready: Preparation, *, prepared_lightness: bool) -> PreparedPrint:
    """Return a print that was made ready at previews' size.

    Args:
        ready: What was made of it.
        prepared_lightness: Whether the result has the lightness of the print made ready.
    """
    before, after = ready.original, ready.photo
    base = after if prepared_lightness else before
    smalls: dict[int, tuple[Photo, Photo]] = {}

    def small(photo: Photo) -> tuple[Photo, Photo]:
        """Return previews of all of a photo, and of what is within its border."""
        if id(photo) not in smalls:
            whole = preview(photo, PREVIEW_SIDE)
            inside = ready.inside(photo)
            smalls[id(photo)] = whole, whole if inside is photo else preview(inside, PREVIEW_SIDE)
        return smalls[id(photo)]

    # Views of pixels would keep the whole print; nobody asks for what was filled.
    empty = _without_pixels(after)
    facts = replace(ready, photo=empty, original=empty, scratches=None)
    return PreparedPrint(
        small(after)[1], small(base)[1], small(before)[0], small(after)[0], small(base)[0], facts,
        after.width, after.height,
    )  # fmt: skip


def moved_mask(mask: Photo, ready: Preparation) -> Photo:
    """Return a mask of a print for what the network sees of it."""
    geometry, frame = ready.geometry, ready.frame
    across = mask.width / geometry.size[0]
    down = mask.height / geometry.size[1]
    scaled = replace(
        geometry, size=(mask.width, mask.height), crop=_scaled(geometry.crop, across, down)
    )
    moved = scaled.apply(mask)
    if frame is None:
        return moved
    inner = replace(
        scaled, size=(moved.width, moved.height), angle=0.0, crop=_scaled(frame, across, down)
    )
    return inner.apply(moved)


def _scaled(
    box: tuple[int, int, int, int] | None, across: float, down: float
) -> tuple[int, int, int, int] | None:
    if box is None:
        return None
    left, top, right, bottom = box
    first = round(left * across), round(top * down)
    return (
        *first, max(first[0] + 1, round(right * across)), max(first[1] + 1, round(bottom * down))
    )  # fmt: skip


def _without_pixels(photo: Photo) -> Photo:
    """Return all of a photo but its pixels; a view would keep them."""
    return replace(photo, samples=photo.samples[:0].copy(), alpha=None)


def preview(photo: Photo, side: int) -> Photo:
    """Return a photo, 8 bits a channel; a larger one has `side` pixels on its longer side.

    Whole pixels are averaged in blocks first; an antialiased bicubic filter does the rest of less
    than a factor of two.
    """
    samples, alpha = photo.samples, photo.alpha
    small = _small(samples[..., :1] if is_one_channel(samples) else samples, side)
    return Photo(
        np.broadcast_to(small, (*small.shape[:2], 3)),
        None if alpha is None else _small(alpha[..., None], side)[..., 0],
        bit_depth=8, format="jpeg", was_gray=photo.was_gray, name=photo.name,
    )  # fmt: skip


def _small(samples: NDArray[Any], side: int) -> NDArray[np.uint8]:
    """Return samples, shape (H, W, C), as `preview` has them."""
    height, width, channels = samples.shape
    scale = side / max(width, height)
    if scale >= 1:
        return quantize(to_float(samples), np.dtype(np.uint8))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    factor = max(1, int(1 / scale))
    blocks = block_mean(samples, factor)
    # The last block may be cut: the box ends where the picture does.
    box = 0, 0, width / factor, height / factor
    planes = (Image.fromarray(np.ascontiguousarray(blocks[..., each])) for each in range(channels))
    resized = [np.asarray(each.resize(size, Image.Resampling.BICUBIC, box=box)) for each in planes]
    return quantize(np.stack(resized, axis=-1), np.dtype(np.uint8))


def opened_of(photo: Photo) -> Opened:
    """Return what is kept of a picture that is open."""
    head = _without_pixels(photo)
    small = preview(photo, PREVIEW_SIDE)
    return Opened(small, head, photo.width, photo.height, is_color(small))


def data_uri_of(photo: Photo) -> str:
    """Return a small JPEG as a data: URI."""
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg_of(photo)).decode()}"


def jpeg_of(photo: Photo) -> bytes:
    """Return a preview as a JPEG."""
    return encode(replace(photo, alpha=None), "jpeg", quality=_PREVIEW_QUALITY)


def png_of(photo: Photo) -> bytes:
    """Return a preview without loss; gray ones have one channel."""
    samples = photo.samples[..., 0] if photo.was_gray else photo.samples
    planes = samples if photo.alpha is None else np.dstack([samples, photo.alpha])
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(planes)).save(file, "PNG", compress_level=_PNG_LEVEL)
    return file.getvalue()
