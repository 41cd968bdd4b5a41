"""From the chroma of cells to the chroma planes of a frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rechroma.video.chroma_table import AB_REACH, chroma_table, luma_steps
from rechroma.video.guiding import guided
from rechroma.video.kinds import load_cv2
from rechroma.video.source import luma_of, plane_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rechroma.video.source import Film

    Plane = NDArray[np.floating[Any]]

__all__ = ["Painter", "blank_frame"]


class Painter:
    """Makes frames: the film's own luma plane, and chroma.

    Chroma is enlarged with luma as a guide to the size of the film's chroma planes and no larger.

    Args:
        film: The film.
        pixel_format: Of the frames that are made.
        strength: Factor on chroma.
    """

    def __init__(self, film: Film, pixel_format: str, strength: float = 1.0) -> None:
        self._cv2: Any = load_cv2()
        self._film = film
        self._format = pixel_format
        self._strength = np.float32(strength)
        self._table = chroma_table(film.weights)
        self._luma = luma_steps(film.bits, full=film.full)

    def paint(self, frame: Any, cells: Plane) -> Any:  # noqa: ANN401 - PyAV's
        """Return a frame in color.

        Args:
            frame: The film's.
            cells: a and b, shape (2, h, w), over the whole frame.
        """
        result = blank_frame(self._film, self._format)
        bits = result.format.components[0].bits
        luma = luma_of(self._film, frame)
        own = plane_of(result.planes[0], result.width, result.height, bits)
        if bits == self._film.bits:
            own[:] = luma
        else:
            # Of an encoder with more bits: the same numbers, with zeros behind them.
            np.left_shift(luma, bits - self._film.bits, out=own, dtype=own.dtype, casting="unsafe")
        width, height = result.planes[1].width, result.planes[1].height
        guide = self._guide(luma, height, width)
        chroma = self._chroma(guide, cells)
        self._store(chroma[0], result.planes[1], bits)
        self._store(chroma[1], result.planes[2], bits)
        return result

    def _guide(self, luma: NDArray[Any], height: int, width: int) -> Plane:
        """Return Y' at the places of chroma; of interlaced film each field's own."""
        cv2 = self._cv2
        if (height, width) == luma.shape:
            return self._looked_up(luma)
        size = width, height
        if not self._film.interlaced or height == luma.shape[0]:
            return self._looked_up(cv2.resize(luma, size, interpolation=cv2.INTER_AREA))
        guide = np.empty((height, width), np.float32)
        for parity in (0, 1):
            lines = guide[parity::2]
            field = np.ascontiguousarray(luma[parity::2])
            size = (width, len(lines))
            lines[:] = self._looked_up(cv2.resize(field, size, interpolation=cv2.INTER_AREA))
        return guide

    def _looked_up(self, luma: NDArray[Any]) -> Plane:
        if luma.dtype == np.uint8:
            return self._cv2.LUT(luma, self._luma)
        return self._luma.take(luma)

    def _chroma(self, guide: Plane, cells: Plane) -> Plane:
        """Return Cb + 0.5 and Cr + 0.5 at each place of the guide, shape (2, h, w)."""
        inputs = cells * (self._strength * np.float32(1 / (2 * AB_REACH)))
        inputs += np.float32(0.5)
        return guided(inputs, guide, self._stored, reach=1.0)

    def _stored(self, luma: Plane, inputs: Plane) -> Plane:
        """Return Cb + 0.5 and Cr + 0.5 of Y', and a and b as the table takes them."""
        made = self._table.apply(self._cv2.merge([luma, *inputs]))
        result = np.empty_like(inputs)
        self._cv2.mixChannels([made], list(result), [0, 0, 1, 1])
        return result

    def _store(self, chroma: Plane, plane: Any, bits: int) -> None:  # noqa: ANN401 - PyAV's
        target = plane_of(plane, plane.width, plane.height, bits)
        top = (1 << bits) - 1
        unit = 1 << (bits - 8)
        reach = float(top if self._film.full else 224 * unit)
        middle = 128 * unit - reach / 2
        if bits == 8:
            # Nothing is below zero, so that its taking absolute values does nothing.
            target[:] = self._cv2.convertScaleAbs(chroma, alpha=reach, beta=middle)
            return
        codes = chroma * np.float32(reach) + np.float32(middle + 0.5)
        np.clip(codes, 0, top, out=codes)
        target[:] = codes


def blank_frame(film: Film, pixel_format: str) -> Any:  # noqa: ANN401 - PyAV's
    """Return a frame to be filled, with the film's tags."""
    from rechroma.video.kinds import load_pyav

    frame = load_pyav().VideoFrame(film.width, film.height, pixel_format)
    frame.color_range, frame.color_primaries, frame.color_trc, frame.colorspace = film.tags
    return frame
