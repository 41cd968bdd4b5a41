"""A grade: a map of colors that is made of a few numbers, as a colorist's panel has them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rechroma.color import lab_to_linear, linear_to_lab

if TYPE_CHECKING:
    from rechroma.color import FloatArray

__all__ = ["Grade", "Turn"]

# From here on a color's hue is heeded; below, it is all but noise.
_HUED = 8.0
# Of such chroma a color is lightened half as much: bright yellow would turn white.
_VIVID = 45.0
# How narrow to shadows and highlights their tints are.
_SPLIT = 1.4


@dataclass(frozen=True, slots=True)
class Turn:
    """What becomes of the colors around a hue.

    Attributes:
        hue: CIELAB's, in degrees: reds 40, yellows 95, greens 140, cyans 200, blues 290.
        width: Standard deviation of those that are meant, in degrees.
        turn: Degrees that they are turned by.
        chroma: Factor on their chroma.
        light: What is added to their L, for a chroma of 50.
    """

    hue: float
    width: float
    turn: float = 0.0
    chroma: float = 1.0
    light: float = 0.0


@dataclass(frozen=True, slots=True)
class Grade:
    """A map of CIELAB colors; the steps are done in the order of the attributes.

    L of grays rises wherever it rose before, for a contrast below 1.

    Attributes:
        exposure: Stops, 0 or less: what is beyond white would lose its drawing.
        gains: Factors on linear red, green and blue: the light's color.
        gamma: Power of L in 0…1: below 1 middle tones become brighter.
        contrast: −1 (flat) … 1 (hard), of an S-shaped curve about L 50.
        black: L of what was black.
        white: L of what was white.
        turns: Changes to hues.
        chroma: Factor on chroma.
        rich: Factor on the chroma of shadows, beside the one of highlights, which is 1.
        shadows: a and b that are added to shadows.
        middle: a and b that are added to middle tones.
        highlights: a and b that are added to highlights.
    """

    exposure: float = 0.0
    gains: tuple[float, float, float] = (1.0, 1.0, 1.0)
    gamma: float = 1.0
    contrast: float = 0.0
    black: float = 0.0
    white: float = 100.0
    turns: tuple[Turn, ...] = ()
    chroma: float = 1.0
    rich: float = 1.0
    shadows: tuple[float, float] = (0.0, 0.0)
    middle: tuple[float, float] = (0.0, 0.0)
    highlights: tuple[float, float] = (0.0, 0.0)

    def __call__(self, lab: FloatArray) -> FloatArray:
        """Map colors, shape (..., 3)."""
        linear = lab_to_linear(np.asarray(lab, np.float64)) * 2.0**self.exposure
        # The light's color changes no L: bright colors would be pushed out of sRGB.
        lit = linear_to_lab(linear * np.array(self.gains))
        tone = np.clip(linear_to_lab(linear)[..., 0] / 100, 0, 1) ** self.gamma
        radius = np.hypot(lit[..., 1], lit[..., 2])
        curve = self.contrast * tone * (1 - tone) * (2 * tone - 1)
        curved = tone + np.where(curve > 0, curve / (1 + (radius / _VIVID) ** 2), curve)
        light = self.black + (self.white - self.black) * curved
        chroma, added = self._turned(lit[..., 1:])
        chroma = chroma * (self.chroma * (1 + (self.rich - 1) * (1 - tone)))[..., None]
        weights = (1 - tone) ** _SPLIT, 4 * tone * (1 - tone), tone**_SPLIT
        for weight, tint in zip(weights, (self.shadows, self.middle, self.highlights), strict=True):
            chroma = chroma + weight[..., None] * np.array(tint)
        return np.concatenate([(light + added)[..., None], chroma], axis=-1)

    def _turned(self, chroma: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return a and b after the turns, and what they add to L."""
        radius = np.hypot(chroma[..., 0], chroma[..., 1])
        hue = np.degrees(np.arctan2(chroma[..., 1], chroma[..., 0]))
        heeded = radius**2 / (radius**2 + _HUED**2)
        turn, factor, light = (np.zeros_like(radius) for _ in range(3))
        for each in self.turns:
            apart = (hue - each.hue + 180) % 360 - 180
            weight = heeded * np.exp(-0.5 * (apart / each.width) ** 2)
            turn += weight * each.turn
            factor += weight * (each.chroma - 1)
            light += weight * each.light * np.minimum(radius, 50) / 50
        angle, scale = np.radians(turn), np.maximum(1 + factor, 0)
        a, b = chroma[..., 0], chroma[..., 1]
        turned = np.stack(
            [a * np.cos(angle) - b * np.sin(angle), a * np.sin(angle) + b * np.cos(angle)], axis=-1
        )
        return turned * scale[..., None], light
