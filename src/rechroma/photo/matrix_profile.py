"""Matrix/TRC display profiles (ICC.1:2022, section 8.3.3), applied in float.

Pillow's LittleCMS works at 8 bits; a 16-bit scan in Adobe RGB would lose half of its depth.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rechroma.color import linear_to_srgb
from rechroma.color.constants import RGB_FROM_XYZ, WHITE
from rechroma.photo.samples import do_strips, row_strips

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Curve = Callable[[NDArray[np.float32]], NDArray[np.float32]]

__all__ = ["MatrixProfile", "parse_matrix_profile"]

# The connection space's white, D50, and Bradford's cone responses (ICC.1:2022, annex E).
_D50 = np.array([0.9642, 1.0, 0.8249])
_BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)
_STRIP_PIXELS = 1 << 18


@dataclass(frozen=True, slots=True)
class MatrixProfile:
    """Three curves and a matrix from linear device RGB to XYZ under D50."""

    curves: tuple[Curve, Curve, Curve]
    matrix: NDArray[np.float64]

    def to_srgb(self, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        """Convert device RGB, 0…1, shape (H, W, 3), to sRGB; out of gamut is clipped to 0…1."""
        to_linear = (_linear_srgb_from_d50() @ self.matrix).astype(np.float32)
        result = np.empty(pixels.shape, np.float32)

        def fill(rows: slice) -> None:
            device = np.moveaxis(pixels[rows], -1, 0)
            channels = zip(self.curves, device, strict=True)
            linear = np.stack([curve(channel) for curve, channel in channels], axis=-1)
            result[rows] = linear_to_srgb(np.clip(linear @ to_linear.T, 0, 1))

        do_strips(fill, row_strips(pixels.shape, _STRIP_PIXELS))
        return result


def parse_matrix_profile(profile: bytes) -> MatrixProfile | None:
    """Read an RGB matrix profile; None for any other kind, and for one that is broken."""
    try:
        tags = _tags(profile)
        if profile[16:20] != b"RGB " or "A2B0" in tags:
            return None
        columns = [struct.unpack(">3i", tags[f"{c}XYZ"][8:20]) for c in "rgb"]
        red, green, blue = (_curve(tags[f"{c}TRC"]) for c in "rgb")
    except (KeyError, ValueError, struct.error, UnicodeDecodeError):
        return None
    return MatrixProfile((red, green, blue), np.array(columns).T / 65536)


def _tags(profile: bytes) -> dict[str, bytes]:
    (count,) = struct.unpack(">I", profile[128:132])
    entries = struct.iter_unpack(">4sII", profile[132 : 132 + 12 * count])
    return {name.decode("ascii"): profile[at : at + size] for name, at, size in entries}


def _curve(tag: bytes) -> Curve:
    kind, body = tag[:4], tag[8:]
    if kind == b"para":
        return _parametric(body)
    if kind != b"curv":
        raise ValueError(kind)
    (count,) = struct.unpack(">I", body[:4])
    if count == 0:
        return lambda x: x
    values = np.frombuffer(body[4:], ">u2", count)
    if count == 1:
        gamma = np.float32(values[0] / 256)
        return lambda x: x**gamma
    table, at = values.astype(np.float32) / np.float32(65535), np.linspace(0, 1, count)
    return lambda x: np.interp(x, at, table).astype(np.float32)


# Parameters of the five kinds of parametric curves.
_PARAMETERS = ("g", "gab", "gabc", "gabcd", "gabcdef")


def _parametric(body: bytes) -> Curve:
    (kind,) = struct.unpack(">H", body[:2])
    if kind >= len(_PARAMETERS):
        raise ValueError(kind)
    names = _PARAMETERS[kind]
    raw = struct.unpack(f">{len(names)}i", body[4 : 4 + 4 * len(names)])
    p = dict(zip(names, (value / 65536 for value in raw), strict=True))
    g, a, b = p["g"], p.get("a", 1.0), p.get("b", 0.0)
    # Below the limit the curve is c·x + f; kinds 1 and 2 are flat there.
    slope = p.get("c", 0.0) if kind >= 3 else 0.0
    limit = p["d"] if kind >= 3 else (-b / a if a else 0.0)
    above = p.get("e", 0.0) if kind == 4 else (p.get("c", 0.0) if kind == 2 else 0.0)
    below = p.get("f", 0.0) if kind == 4 else above

    def curve(x: NDArray[np.float32]) -> NDArray[np.float32]:
        upper = np.maximum(a * x + b, 0) ** g + above
        return np.where(x >= limit, upper, slope * x + below).astype(np.float32)

    return curve


def _linear_srgb_from_d50() -> NDArray[np.float64]:
    ratio = (_BRADFORD @ np.array(WHITE)) / (_BRADFORD @ _D50)
    adaptation = np.linalg.inv(_BRADFORD) @ np.diag(ratio) @ _BRADFORD
    return np.array(RGB_FROM_XYZ) @ adaptation
