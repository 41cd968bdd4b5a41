"""Curves and a matrix: ICC profiles of RGB and gray (ICC.1:2022, sections 8.3 to 8.5), in float.

Pillow's LittleCMS works at 8 bits; a 16-bit scan in Adobe RGB would lose half of its depth. What
files say of their numbers without a profile has the same form: `MatrixProfile.of_primaries`.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from rechroma.color import linear_to_srgb
from rechroma.color.constants import LAB_KAPPA, RGB_FROM_XYZ, WHITE
from rechroma.photo.samples import do_strips, row_strips

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

__all__ = [
    "Curve",
    "MatrixProfile",
    "adaptation_to_d50",
    "linear_from_d50",
    "parse_curve",
    "parse_gray_profile",
    "parse_matrix_profile",
    "profile_tags",
]

# From encoded to linear values, 0…1, of any shape.
Curve: TypeAlias = "Callable[[NDArray[np.float32]], NDArray[np.float32]]"

# The connection space's white, D50, and Bradford's cone responses (ICC.1:2022, annex E).
_D50 = np.array([0.9642, 1.0, 0.8249])
_BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)


@dataclass(frozen=True, slots=True, eq=False)
class MatrixProfile:
    """Three curves and a matrix from linear device RGB to XYZ under D50."""

    curves: tuple[Curve, Curve, Curve]
    matrix: NDArray[np.float64]

    @classmethod
    def of_primaries(
        cls, primaries: Sequence[tuple[float, float]], white: tuple[float, float], curve: Curve
    ) -> MatrixProfile:
        """Return the profile of an RGB space.

        Args:
            primaries: x and y of red, green and blue.
            white: Its x and y.
            curve: From encoded to linear, both 0…1.

        Raises:
            ValueError: The primaries lie on a line, or have no luminance.
        """
        try:
            columns = np.array([_xyz(*each) for each in primaries]).T
            source = np.array(_xyz(*white))
            matrix = _adaptation(source, _D50) @ (columns * np.linalg.solve(columns, source))
        except (ZeroDivisionError, np.linalg.LinAlgError) as error:
            raise ValueError(str(error)) from error
        return cls((curve, curve, curve), matrix)

    def to_srgb(self, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        """Convert device values, 0…1, to sRGB; out of gamut is clipped to 0…1.

        Args:
            pixels: Shape (H, W, 3), or (H, W, 1): gray, which knows no primaries.

        Returns:
            The same shape.
        """
        to_linear = (linear_from_d50() @ self.matrix).astype(np.float32)
        result = np.empty(pixels.shape, np.float32)

        def fill(rows: slice) -> None:
            if pixels.shape[2] == 1:
                result[rows] = linear_to_srgb(np.clip(self.curves[1](pixels[rows]), 0, 1))
                return
            device = np.moveaxis(pixels[rows], -1, 0)
            channels = zip(self.curves, device, strict=True)
            linear = np.stack([curve(channel) for curve, channel in channels], axis=-1)
            result[rows] = linear_to_srgb(np.clip(linear @ to_linear.T, 0, 1))

        do_strips(fill, row_strips(pixels.shape))
        return result


def parse_matrix_profile(profile: bytes) -> MatrixProfile | None:
    """Read an RGB matrix profile; None for any other kind, and for one that is broken."""
    try:
        tags = profile_tags(profile)
        if profile[16:20] != b"RGB " or "A2B0" in tags:
            return None
        columns = [struct.unpack(">3i", tags[f"{c}XYZ"][8:20]) for c in "rgb"]
        red, green, blue = (parse_curve(tags[f"{c}TRC"])[0] for c in "rgb")
    except (KeyError, ValueError, struct.error, UnicodeDecodeError):
        return None
    return MatrixProfile((red, green, blue), np.array(columns).T / 65536)


def parse_gray_profile(profile: bytes) -> MatrixProfile | None:
    """Read a gray profile with a curve; None for any other kind, and for one that is broken."""
    try:
        tags = profile_tags(profile)
        if profile[16:20] != b"GRAY" or "A2B0" in tags:
            return None
        curve = parse_curve(tags["kTRC"])[0]
    except (KeyError, ValueError, struct.error, UnicodeDecodeError):
        return None

    def to_luminance(x: NDArray[np.float32]) -> NDArray[np.float32]:
        # With Lab as connection space the curve gives lightness (ICC.1:2022, 8.4.3).
        f = (100 * curve(x) + 16) / 116
        return np.where(f > 6 / 29, f**3, (116 * f - 16) / LAB_KAPPA).astype(np.float32)

    chosen = to_luminance if profile[20:24] == b"Lab " else curve
    return MatrixProfile((chosen, chosen, chosen), np.eye(3))


def profile_tags(profile: bytes) -> dict[str, bytes]:
    """Return the tags of an ICC profile by name.

    Raises:
        ValueError: The table of tags is broken.
        struct.error: It is cut off.
    """
    (count,) = struct.unpack(">I", profile[128:132])
    entries = struct.iter_unpack(">4sII", profile[132 : 132 + 12 * count])
    return {name.decode("ascii"): profile[at : at + size] for name, at, size in entries}


def parse_curve(tag: bytes) -> tuple[Curve, int]:
    """Read a curve, `curv` or `para`; return it with the bytes that it takes.

    Raises:
        ValueError: Another kind, or too few values.
        struct.error: It is cut off.
    """
    kind, body = tag[:4], tag[8:]
    if kind == b"para":
        return _parametric(body)
    if kind != b"curv":
        raise ValueError(kind)
    (count,) = struct.unpack(">I", body[:4])
    length = 12 + 2 * count
    if count == 0:
        return (lambda x: x), length
    values = np.frombuffer(body[4:], ">u2", count)
    if count == 1:
        gamma = np.float32(values[0] / 256)
        return (lambda x: np.maximum(x, 0) ** gamma), length
    table, at = values.astype(np.float32) / np.float32(65535), np.linspace(0, 1, count)
    return (lambda x: np.interp(x, at, table).astype(np.float32)), length


# Parameters of the five kinds of parametric curves.
_PARAMETERS = ("g", "gab", "gabc", "gabcd", "gabcdef")


def _parametric(body: bytes) -> tuple[Curve, int]:
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

    return curve, 12 + 4 * len(names)


def linear_from_d50() -> NDArray[np.float64]:
    """Return the matrix from XYZ under D50 to linear sRGB."""
    return np.array(RGB_FROM_XYZ) @ _adaptation(_D50, np.array(WHITE))


def adaptation_to_d50() -> NDArray[np.float64]:
    """Return the matrix from XYZ under sRGB's white to XYZ under D50."""
    return _adaptation(np.array(WHITE), _D50)


def _adaptation(source: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return Bradford's matrix from XYZ under one white to XYZ under another."""
    ratio = (_BRADFORD @ target) / (_BRADFORD @ source)
    return np.linalg.inv(_BRADFORD) @ np.diag(ratio) @ _BRADFORD


def _xyz(x: float, y: float) -> tuple[float, float, float]:
    """Return XYZ of luminance 1."""
    return x / y, 1.0, (1 - x - y) / y
