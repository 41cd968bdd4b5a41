"""CIEDE2000 (Sharma, Wu & Dalal 2005, "The CIEDE2000 Color-Difference Formula")."""

from __future__ import annotations

import math

import numpy as np

from rechroma.color.arrays import FloatArray, as_float

__all__ = ["ciede2000"]

_25_TO_7 = 25.0**7


def ciede2000(first: FloatArray, second: FloatArray) -> FloatArray:
    """Return ΔE00, shape (...), of two CIELAB colors, shape (..., 3), with kL = kC = kH = 1.

    Shapes broadcast; float32 stays float32. Numbers in comments are the paper's equations.
    """
    l1, a1, b1 = np.moveaxis(as_float(first), -1, 0)
    l2, a2, b2 = np.moveaxis(as_float(second), -1, 0)
    mean_c = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2  # 3
    stretch = 1.5 - 0.5 * _chroma_weight(mean_c)  # 4, 5
    c1, c2 = np.hypot(stretch * a1, b1), np.hypot(stretch * a2, b2)  # 6
    h1, h2 = np.arctan2(b1, stretch * a1), np.arctan2(b2, stretch * a2)  # 7
    neutral = c1 * c2 == 0
    delta_h = np.where(neutral, 0, _wrapped(h2 - h1))  # 10
    delta_l, delta_c = l2 - l1, c2 - c1  # 8, 9
    delta_big_h = 2 * np.sqrt(c1 * c2) * np.sin(delta_h / 2)  # 11
    mean_l, mean_c = (l1 + l2) / 2, (c1 + c2) / 2  # 12, 13
    mean_h = np.where(neutral, h1 + h2, _mean_hue(h1, h2))  # 14
    s_l = 1 + 0.015 * (mean_l - 50) ** 2 / np.sqrt(20 + (mean_l - 50) ** 2)  # 18
    s_c = 1 + 0.045 * mean_c  # 19
    s_h = 1 + 0.015 * mean_c * _hue_weight(mean_h)  # 20
    l_term, c_term, h_term = delta_l / s_l, delta_c / s_c, delta_big_h / s_h
    total = l_term**2 + c_term**2 + h_term**2 + _rotation(mean_c, mean_h) * c_term * h_term  # 22
    return np.sqrt(np.maximum(total, 0))


def _chroma_weight(chroma: FloatArray) -> FloatArray:
    return np.sqrt(chroma**7 / (chroma**7 + _25_TO_7))


def _wrapped(angle: FloatArray) -> FloatArray:
    """Bring a difference of hues into −π…π."""
    return np.where(
        angle > math.pi, angle - 2 * math.pi, np.where(angle < -math.pi, angle + 2 * math.pi, angle)
    )


def _mean_hue(h1: FloatArray, h2: FloatArray) -> FloatArray:
    """Return the mean of two hues, each in −π…π, on the shorter arc."""
    h1, h2 = h1 % (2 * math.pi), h2 % (2 * math.pi)
    total = h1 + h2
    # The paper adds or takes away 360°; halved, these are a whole turn apart: the same hue.
    return np.where(np.abs(h1 - h2) > math.pi, total + 2 * math.pi, total) / 2


def _hue_weight(hue: FloatArray) -> FloatArray:  # 15
    return (
        1
        - 0.17 * np.cos(hue - math.radians(30))
        + 0.24 * np.cos(2 * hue)
        + 0.32 * np.cos(3 * hue + math.radians(6))
        - 0.20 * np.cos(4 * hue - math.radians(63))
    )


def _rotation(chroma: FloatArray, hue: FloatArray) -> FloatArray:
    degrees = np.degrees(hue % (2 * math.pi))
    theta = math.radians(30) * np.exp(-(((degrees - 275) / 25) ** 2))  # 16
    return -np.sin(2 * theta) * 2 * _chroma_weight(chroma)  # 17, 21
