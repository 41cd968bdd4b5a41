"""Colorfulness: Hasler & Süsstrunk 2003, "Measuring colorfulness in natural images".

Theirs is the metric of the opponent channels R − G and (R + G) / 2 − B of sRGB. Two conventions are
in use, and they differ: the paper takes these channels with their signs, DDColor and CT2 take their
absolute values. Say which one a number is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["colorfulness", "colorfulness_signed"]


def colorfulness(rgb: NDArray[Any]) -> float:
    """Return colorfulness with absolute opponent channels, as in DDColor and CT2.

    Args:
        rgb: sRGB, 0…255, shape (H, W, 3).
    """
    red_green, yellow_blue = _opponents(rgb)
    return _colorfulness(np.abs(red_green), np.abs(yellow_blue))


def colorfulness_signed(rgb: NDArray[Any]) -> float:
    """Return colorfulness as the paper has it; see `colorfulness`."""
    return _colorfulness(*_opponents(rgb))


def _opponents(rgb: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    red, green, blue = np.moveaxis(np.asarray(rgb, dtype=np.float64), -1, 0)
    return red - green, (red + green) / 2 - blue


def _colorfulness(red_green: NDArray[np.float64], yellow_blue: NDArray[np.float64]) -> float:
    spread = np.hypot(red_green.std(), yellow_blue.std())
    return float(spread + 0.3 * np.hypot(red_green.mean(), yellow_blue.mean()))
