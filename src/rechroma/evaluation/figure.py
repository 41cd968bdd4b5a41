"""Contact sheets: pictures in rows and columns, with a title over each column."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

__all__ = ["contact_sheet"]

_GAP = 4
_TITLE = 22
_FONT_SIZE = 14


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


def _at_height(pixels: NDArray[np.uint8], height: int) -> Image.Image:
    picture = Image.fromarray(pixels)
    if picture.height == height:
        return picture
    width = max(1, round(picture.width * height / picture.height))
    return picture.resize((width, height), Image.Resampling.LANCZOS)
