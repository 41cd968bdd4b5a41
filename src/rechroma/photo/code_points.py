"""Coding-independent code points (ITU-T H.273) and PNG's gAMA and cHRM: RGB without a profile."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rechroma.color import srgb_to_linear
from rechroma.photo.matrix_profile import MatrixProfile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rechroma.photo.matrix_profile import Curve

__all__ = ["SRGB_PRIMARIES", "linear_light", "of_code_points", "of_gamma"]

_Point = tuple[float, float]

_D65, _C = (0.3127, 0.3290), (0.310, 0.316)
SRGB_PRIMARIES: tuple[_Point, ...] = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
_SMPTE_170M = ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070))
# Table 2 of H.273: primaries and white by code point.
_PRIMARIES: dict[int, tuple[tuple[_Point, ...], _Point]] = {
    1: (SRGB_PRIMARIES, _D65),
    4: (((0.67, 0.33), (0.21, 0.71), (0.14, 0.08)), _C),
    5: (((0.64, 0.33), (0.29, 0.60), (0.15, 0.06)), _D65),
    6: (_SMPTE_170M, _D65),
    7: (_SMPTE_170M, _D65),
    8: (((0.681, 0.319), (0.243, 0.692), (0.145, 0.049)), _C),
    9: (((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)), _D65),
    11: (((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)), (0.314, 0.351)),
    12: (((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)), _D65),
    22: (((0.630, 0.340), (0.295, 0.605), (0.155, 0.077)), _D65),
}
# What is brighter than diffuse white, 203 cd/m² by ITU-R BT.2408, is clipped.
_REFERENCE_WHITE = 203.0


def _bt709(x: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.where(x < 0.081, x / 4.5, ((x + 0.099) / 1.099) ** (1 / 0.45)).astype(np.float32)


def _pq(x: NDArray[np.float32]) -> NDArray[np.float32]:
    """SMPTE ST 2084, 10,000 cd/m² at 1."""
    root = np.maximum(x, 0) ** np.float32(32 / 2523)
    share = np.maximum(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)
    return (share ** (1 / 0.1593017578125) * (10_000 / _REFERENCE_WHITE)).astype(np.float32)


def _hlg(x: NDArray[np.float32]) -> NDArray[np.float32]:
    """ARIB STD-B67 on a display of 1,000 cd/m², whose gamma is taken of each channel."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(x <= 0.5, x * x / 3, (np.exp((x - c) / a) + b) / 12)
    return (scene**1.2 * (1000 / _REFERENCE_WHITE)).astype(np.float32)


def _power(exponent: float) -> Curve:
    return lambda x: np.maximum(x, 0) ** np.float32(exponent)


# Table 3 of H.273. Code points that say nothing of light (unspecified, logarithms) are sRGB's.
_CURVES: dict[int, Curve] = {
    **dict.fromkeys((1, 6, 11, 12, 14, 15), _bt709),
    4: _power(2.2),
    5: _power(2.8),
    8: lambda x: x,
    16: _pq,
    18: _hlg,
}


def of_code_points(
    primaries: int, transfer: int, *, full_range: bool = True, bits: int = 8
) -> MatrixProfile | None:
    """Return the RGB space of code points; None for sRGB.

    Args:
        primaries: ColourPrimaries; unknown ones are sRGB's.
        transfer: TransferCharacteristics; unknown ones are sRGB's.
        full_range: Whether black is 0 and white the largest number.
        bits: Of a sample; counts in the narrow range only.
    """
    points, white = _PRIMARIES.get(primaries, _PRIMARIES[1])
    curve = _CURVES.get(transfer, srgb_to_linear)
    if points == SRGB_PRIMARIES and curve is srgb_to_linear and full_range:
        return None
    return MatrixProfile.of_primaries(points, white, curve if full_range else _narrow(curve, bits))


def _narrow(curve: Curve, bits: int) -> Curve:
    """Black at 16 and white at 235 of 8 bits, or at as many times that as there are levels."""
    top, times = 2**bits - 1, 2 ** (bits - 8)
    scale, black = np.float32(top / (219 * times)), np.float32(16 / 219)
    return lambda x: curve(np.clip(x * scale - black, 0, 1))


def of_gamma(
    gamma: float | None, primaries: Sequence[_Point] | None = None, white: _Point | None = None
) -> MatrixProfile | None:
    """Return the RGB space of an exponent and of primaries; None for sRGB, or for nonsense.

    Args:
        gamma: Of the encoding, as PNG's gAMA has it: 1 is linear, 0.45455 as good as sRGB; None
            for sRGB's curve.
        primaries: x and y of red, green and blue; None for sRGB's.
        white: Its x and y; None for D65.
    """
    same_curve = gamma is None or abs(gamma - 1 / 2.2) < 0.005
    points, center = tuple(primaries or SRGB_PRIMARIES), white or _D65
    same_colors = np.allclose((*points, center), (*SRGB_PRIMARIES, _D65), atol=2e-3)
    if same_curve and same_colors:
        return None
    curve = srgb_to_linear if same_curve or gamma is None else _power(1 / gamma)
    try:
        return MatrixProfile.of_primaries(points, center, curve)
    except ValueError:
        return None


def linear_light(
    primaries: Sequence[_Point] = SRGB_PRIMARIES, white: _Point = _D65
) -> MatrixProfile:
    """Return the space of linear floats; with sRGB's primaries where those given are nonsense."""
    try:
        return MatrixProfile.of_primaries(primaries, white, lambda x: x)
    except ValueError:
        return MatrixProfile.of_primaries(SRGB_PRIMARIES, _D65, lambda x: x)
