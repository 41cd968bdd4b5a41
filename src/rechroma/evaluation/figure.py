"""Contact sheets, rows of pictures with a title over each column, and the figure of a set."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from rechroma.evaluation.baselines import gray_copy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from rechroma.evaluation.predictions import Answer
    from rechroma.photo import Photo

__all__ = ["contact_sheet", "figure", "tile_of", "tile_sheet"]

_GAP = 4
_TITLE = 22
_FONT_SIZE = 14
_ACROSS = 4
_FIGURE_ROWS = 8
# Of a picture on a sheet, in its heights.
_WIDEST = 8
_FIGURE_HEIGHT = 192


def contact_sheet(
    rows: Sequence[Sequence[NDArray[np.uint8]]], titles: Sequence[str] = (), *, height: int
) -> Image.Image:
    """Return pictures side by side.

    Args:
        rows: 8-bit sRGB, each of shape (H, W, 3); sizes may differ from row to row.
        titles: One a column, or none at all.
        height: Of every picture on the sheet, pixels; the aspect is kept.
    """
    scaled = [[_at_height(picture, height) for picture in row] for row in rows]
    widths = [max(picture.width for picture in column) for column in zip(*scaled, strict=True)]
    top = _TITLE if titles else 0
    size = sum(widths) + _GAP * (len(widths) - 1), top + (height + _GAP) * len(rows) - _GAP
    sheet = Image.new("RGB", size, "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(_FONT_SIZE)
    left = 0
    for column, width in enumerate(widths):
        if titles:
            draw.text((left, 2), titles[column], fill="black", font=font)
        for row, pictures in enumerate(scaled):
            sheet.paste(pictures[column], (left, top + row * (height + _GAP)))
        left += width + _GAP
    return sheet


def tile_sheet(
    pictures: Sequence[NDArray[np.uint8]], titles: Sequence[str], *, height: int
) -> Image.Image:
    """Return pictures in rows of up to four, each under its title; see `contact_sheet`."""
    rows = [
        contact_sheet([pictures[first : first + _ACROSS]], titles[first : first + _ACROSS],
                      height=height)
        for first in range(0, len(pictures), _ACROSS)
    ]  # fmt: skip
    size = max(row.width for row in rows), sum(row.height + _GAP for row in rows) - _GAP
    sheet = Image.new("RGB", size, "white")
    top = 0
    for row in rows:
        sheet.paste(row, (0, top))
        top += row.height + _GAP
    return sheet


def tile_of(photo: Photo, height: int) -> NDArray[np.uint8]:
    """Return 8-bit pixels that are no larger than on a sheet, so that many fit into memory."""
    picture = Image.fromarray(photo.to_uint8())
    picture.thumbnail((_WIDEST * height, height), Image.Resampling.LANCZOS)
    return np.asarray(picture)


def _at_height(pixels: NDArray[np.uint8], height: int) -> Image.Image:
    """Return a picture of that height; a long strip is lower."""
    picture = Image.fromarray(pixels)
    scale = min(height / picture.height, _WIDEST * height / picture.width)
    size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    return picture if size == picture.size else picture.resize(size, Image.Resampling.LANCZOS)


def figure(answers: Mapping[str, Answer], truths: Sequence[Photo]) -> Image.Image:
    """Return eight pictures from all over the set: gray | each answer | truth."""
    shown = truths[:: max(1, len(truths) // _FIGURE_ROWS)][:_FIGURE_ROWS]
    columns = {"gray": gray_copy, **answers}
    rows = [
        [*(answer(photo).to_uint8() for answer in columns.values()), photo.to_uint8()]
        for photo in shown
    ]
    return contact_sheet(rows, [*columns, "truth"], height=_FIGURE_HEIGHT)
