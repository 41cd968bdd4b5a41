"""Lightness of one picture and chroma of another joined to sRGB, a strip at a time.

What `lab_to_gamut_rgb` says of a color is done here for millions: in float32 planes that are
allocated once, with tables for both transfer curves, and with the whole formula only for colors
that need it, dark ones and those outside of sRGB.

With `f = (L + 16) / 116` CIELAB's X, Y, Z are cubes: of `f + a / 500`, of `f`, and of
`f - b / 200`. So chroma comes as those two shifts, and X - Y is a cubic in the shift: neither L nor
a loses digits in the difference of two large cubes.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from rechroma.color.constants import LAB_EPSILON, LAB_KAPPA, RGB_FROM_XYZ, WHITE, XYZ_FROM_RGB
from rechroma.color.gamut import TOLERANCE
from rechroma.color.srgb import linear_to_srgb, srgb_to_linear

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Plane = NDArray[np.float32]
    Planes = NDArray[np.float32]

__all__ = ["SHIFT_OF_A", "SHIFT_OF_B", "ChromaJoiner"]

# From a and b to the shifts of f.
SHIFT_OF_A, SHIFT_OF_B = 1 / 500, -1 / 200

# Below this f, cubes turn into lines: their slope, and where it meets 0.
_LEAST = np.float32(LAB_EPSILON ** (1 / 3))
_SLOPE, _ZERO = np.float32(116 / LAB_KAPPA), np.float32(16 / 116)
_HALF, _ONE = np.float32(0.5), np.float32(1)
_LUMINANCE = tuple(np.float32(weight / WHITE[1]) for weight in XYZ_FROM_RGB[1])
# Of X - Y and of Z - Y, in red, green and blue.
_MIX = [(np.float32(row[0] * WHITE[0]), np.float32(row[2] * WHITE[2])) for row in RGB_FROM_XYZ]
# Steps of the square root of linear light, by which 8-bit codes are found, and what stands for a
# code in the table where only the whole formula can tell.
_STEPS, _CLOSE = 1 << 15, 256
# Colors for which the whole formula is worked out at once: what it needs stays in the cache.
_AT_ONCE = 1 << 14
# Of the search for the largest chroma in sRGB.
_ROUNDS = 8


class ChromaJoiner:
    """Joins strips of one picture; one for each thread.

    Args:
        source: The type of samples: uint8, uint16, or float32 in 0…1.
        result: Where sRGB goes, shape (H, W, 3), contiguous: uint8, uint16 or float32.
        pixels: Of the largest strip.
    """

    def __init__(self, source: np.dtype[Any], result: NDArray[Any], pixels: int) -> None:
        self._source, self._result = source, result
        self._floats = np.empty((11, pixels), np.float32)
        self._counts = np.empty(pixels, np.int32)
        self._places = np.empty(pixels, np.intp)
        self._codes = np.empty(pixels, np.uint16)
        # Linear light is held multiplied by this: the root is then a table's place. A power of 2,
        # so that no digit changes.
        self._scale = np.float32(_STEPS**2 if result.dtype == np.uint8 else 1)
        # Colors that wait for the whole formula: many at once cost few calls.
        self._waiting = np.empty((4, pixels), np.float32)
        self._waiting_at = np.empty(pixels, np.intp)
        self._count = 0

    def spare(self, rows: int, columns: int) -> NDArray[np.float32]:
        """Return five planes, shape (5, rows, columns), that are free until `join` is called.

        The first two are those that `join` takes the shifts from.
        """
        return self._floats[2:7, : rows * columns].reshape(5, rows, columns)

    def light(self, samples: NDArray[Any]) -> NDArray[np.float32]:
        """Return f, shape (rows, columns), of a strip's samples, shape (rows, columns, 3)."""
        rows, columns = samples.shape[:2]
        luminance, light = self._floats[0, : rows * columns], self._floats[1, : rows * columns]
        if samples.strides[2] == 0 and self._source.kind == "u":
            curve, compressed = _gray_tables(self._source.name)
            places = self._places_of(samples[..., 0])
            np.take(curve, places, out=luminance, mode="clip")
            np.take(compressed, places, out=light, mode="clip")
        else:
            self._mix_luminance(samples, luminance)
            self._compress(luminance, light)
        return light.reshape(rows, columns)

    def join(self, top: int, rows: int) -> None:
        """Write a strip, but for the colors that `finish` writes: of the f that `light` gave last.

        The shifts of its X and Z, by a and b, stand in the first two planes of `spare`.

        Args:
            top: Its first row.
            rows: How many it has.
        """
        result = self._result[top : top + rows]
        luminance, light, of_x, of_z, *rest = self._floats[:, : rows * result.shape[1]]
        red, green, blue, spare, other = rest[:5]
        # Dark ones first: the shifts are needed for what comes after.
        np.minimum(of_x, of_z, out=spare)
        spare += light
        special = spare < _LEAST
        special |= light < _LEAST
        np.multiply(light, np.float32(3), out=spare)
        np.multiply(light, spare, out=other)
        _difference_of_cubes(of_x, spare, other, out=red)
        _difference_of_cubes(of_z, spare, other, out=blue)
        self._mix_rgb(luminance, red, blue, (spare, green, other))
        # In place: red and blue held the differences.
        red, green, blue, free = spare, green, other, red
        np.minimum(red, green, out=free)
        np.minimum(free, blue, out=free)
        special |= free < -TOLERANCE * self._scale
        np.maximum(red, green, out=free)
        np.maximum(free, blue, out=free)
        special |= free > (1 + TOLERANCE) * self._scale
        for channel, plane in enumerate((red, green, blue)):
            result[..., channel] = self._encoded(plane).reshape(result.shape[:2])
        self._put_off(np.flatnonzero(special), top * result.shape[1])

    def finish(self) -> None:
        """Write the colors that wait: those that are dark or outside of sRGB."""
        count, self._count = self._count, 0
        waiting, rgb = self._waiting[:, :count], self._floats[4:7, :count]
        outside: list[NDArray[np.intp]] = []
        for some in _parts(count):
            luminance, light = waiting[:2, some]
            rgb[:, some] = _linear(luminance, light, waiting[2:, some])
            outside.append(np.flatnonzero(_excess(rgb[:, some]) > 0) + some.start)
        where = np.concatenate(outside) if outside else np.empty(0, np.intp)
        for some in _parts(where.size):
            luminance, light, *shifts = waiting[:, where[some]]
            inside = np.stack(shifts) * _room(luminance, light, np.stack(shifts))
            rgb[:, where[some]] = _linear(luminance, light, inside)
        pixels = self._result.reshape(-1, 3)
        for channel, plane in enumerate(rgb):
            plane *= self._scale
            pixels[self._waiting_at[:count], channel] = self._encoded(plane)

    def _put_off(self, where: NDArray[np.intp], first: int) -> None:
        if self._count + where.size > self._waiting_at.size:
            self.finish()
        chosen = slice(self._count, self._count + where.size)
        for plane, waiting in zip(self._floats[:4], self._waiting[:, chosen], strict=True):
            np.take(plane, where, out=waiting, mode="clip")
        np.add(where, first, out=self._waiting_at[chosen])
        self._count = chosen.stop

    def _mix_luminance(self, samples: NDArray[Any], luminance: Plane) -> None:
        free = self._floats[2, : luminance.size]
        for channel, weight in enumerate(_LUMINANCE):
            part = luminance if channel == 0 else free
            if self._source.kind == "u":
                curve = _weighted_curve(self._source.name, float(weight))
                np.take(curve, self._places_of(samples[..., channel]), out=part, mode="clip")
            else:
                linear = srgb_to_linear(np.ascontiguousarray(samples[..., channel], np.float32))
                np.multiply(linear.reshape(-1), weight, out=part)
            if channel:
                luminance += part

    def _compress(self, luminance: Plane, light: Plane) -> None:
        """Write f of luminance, in place of `light`."""
        if self._source == np.uint8:
            np.multiply(luminance, np.float32(_FINE), out=light)
            places = self._rounded(light)
            np.take(_compressed_table(), places, out=light, mode="clip")
            return
        # What is below the limit, as a line; max and min together are where.
        free = self._floats[2, : light.size]
        np.maximum(luminance, np.float32(LAB_EPSILON), out=light)
        np.cbrt(light, out=light)
        np.minimum(luminance, np.float32(LAB_EPSILON), out=free)
        free -= np.float32(LAB_EPSILON)
        free *= np.float32(LAB_KAPPA / 116)
        light += free

    def _places_of(self, plane: NDArray[Any]) -> NDArray[np.intp]:
        places = self._places[: plane.size]
        np.copyto(places.reshape(plane.shape), plane)
        return places

    def _rounded(self, plane: Plane) -> NDArray[np.intp]:
        """Return places of numbers ≥ 0, cut to integers."""
        counts, places = self._counts[: plane.size], self._places[: plane.size]
        np.copyto(counts, plane, casting="unsafe")
        np.copyto(places, counts)
        return places

    def _mix_rgb(
        self, luminance: Plane, of_x: Plane, of_z: Plane, rgb: tuple[Plane, Plane, Plane]
    ) -> None:
        """Write linear light times the scale, from X - Y and Z - Y."""
        free = self._floats[9, : luminance.size]
        scaled = self._floats[10, : luminance.size]
        np.multiply(luminance, self._scale, out=scaled)
        for plane, (x, z) in zip(rgb, _MIX, strict=True):
            np.multiply(of_x, x * self._scale, out=plane)
            np.multiply(of_z, z * self._scale, out=free)
            plane += free
            plane += scaled

    def _encoded(self, plane: Plane) -> NDArray[Any]:
        """Return what linear light times the scale is written as; the plane is used up."""
        np.clip(plane, 0, self._scale, out=plane)
        if self._result.dtype != np.uint8:
            return _exact(plane, self._result.dtype)
        roots = np.sqrt(plane, out=self._floats[10, : plane.size])
        codes = self._codes[: plane.size]
        np.take(_code_table(), self._rounded(roots), out=codes, mode="clip")
        (close,) = np.nonzero(codes >= _CLOSE)
        codes[close] = _exact(plane[close] / self._scale, self._result.dtype)
        return codes


def _exact(linear: Plane, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return linear light in 0…1 encoded, in the type of a result."""
    encoded = linear_to_srgb(linear)
    if dtype.kind == "f":
        return encoded
    encoded *= np.float32(np.iinfo(dtype).max)
    encoded += _HALF
    return encoded.astype(dtype)


def _difference_of_cubes(shift: Plane, triple: Plane, square: Plane, *, out: Plane) -> None:
    """Write (f + shift)³ - f³, of 3·f and of 3·f²."""
    np.add(shift, triple, out=out)
    out *= shift
    out += square
    out *= shift


def _parts(count: int) -> list[slice]:
    return [slice(top, min(top + _AT_ONCE, count)) for top in range(0, count, _AT_ONCE)]


def _room(luminance: Plane, light: Plane, shifts: Planes) -> Plane:
    """Return which share of the chroma sRGB has room for, less than 1.

    By false position with halved weights (the Illinois method): the excess is a smooth function of
    the share, and crosses 0 once.
    """
    low, high = np.zeros_like(luminance), np.ones_like(luminance)
    above = _excess(_linear(luminance, light, shifts))
    # A neutral that is at the border itself has room for nothing.
    below = _excess(luminance[None])
    np.minimum(below, np.float32(-1e-9), out=below)
    # After the same side twice, the other one counts half. At first neither was.
    share: Plane = low
    last = np.full(luminance.shape, 2, np.int8)
    for _ in range(_ROUNDS):
        share = low + (high - low) * (below / (below - above))
        excess = _excess(_linear(luminance, light, shifts * share))
        over = excess > 0
        weight = np.where(over == last, _HALF, _ONE)
        below = np.where(over, below * weight, excess)
        above = np.where(over, excess, above * weight)
        low, high = np.where(over, low, share), np.where(over, share, high)
        last = over.astype(np.int8)
    return share.astype(np.float32, copy=False)


def _linear(luminance: Plane, light: Plane, shifts: Planes) -> Planes:
    """Return linear sRGB, shape (3, n), of chroma as shifts of X and Z, shape (2, n)."""
    # Not the luminance: where f comes from a table, a neutral would not stay one.
    x, z = _expanded(light + shifts) - _expanded(light)
    return np.stack([luminance + weight[0] * x + weight[1] * z for weight in _MIX])


def _expanded(light: Planes) -> Planes:
    """The cube; near black a straight line."""
    return np.where(light > _LEAST, light * light * light, (light - _ZERO) * _SLOPE)


def _excess(rgb: Planes) -> Plane:
    return np.abs(rgb - _HALF).max(axis=0) - np.float32(0.5 + TOLERANCE)


# Steps of the table of f by luminance: 1/80 of the darkest 8-bit code's.
_FINE = 1 << 18


@lru_cache(maxsize=2)
def _gray_tables(dtype: str) -> tuple[Plane, Plane]:
    """Return luminance and f of every code of a gray."""
    linear = _curve(dtype)
    return linear.astype(np.float32), _compressed(linear).astype(np.float32)


@lru_cache(maxsize=8)
def _weighted_curve(dtype: str, weight: float) -> Plane:
    return (_curve(dtype) * weight).astype(np.float32)


@lru_cache(maxsize=1)
def _compressed_table() -> Plane:
    """Return f of luminance, by steps whose middle counts."""
    return _compressed((np.arange(_FINE + 1) + 0.5) / _FINE).astype(np.float32)


@lru_cache(maxsize=1)
def _code_table() -> NDArray[np.uint16]:
    """Return 8-bit codes by the square root of linear light; more where two codes meet."""
    ends = np.arange(_STEPS + 1) + np.array([[-0.1], [1.1]])
    roots = np.clip(ends / _STEPS, 0, 1)
    low, high = np.rint(linear_to_srgb(roots * roots) * 255).astype(np.uint16)
    return np.where(low == high, low, np.uint16(_CLOSE))


def _curve(dtype: str) -> NDArray[np.float64]:
    top = np.iinfo(dtype).max
    return np.asarray(srgb_to_linear(np.arange(top + 1) / top), np.float64)


def _compressed(linear: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(linear > LAB_EPSILON, np.cbrt(linear), (LAB_KAPPA * linear + 16) / 116)
