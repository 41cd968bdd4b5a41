"""From a method's map to colors that can be shown: strength, lightness, and the gamut."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from rechroma.color import chroma_limit, lab_to_gamut_rgb, rgb_to_lab

if TYPE_CHECKING:
    from rechroma.color import FloatArray
    from rechroma.mood.options import Luminance

__all__ = ["ColorMap", "SourceColors", "compress_mapped", "compress_mapped_rgb", "source_colors"]


class ColorMap(Protocol):
    """Maps CIELAB colors, shape (..., 3), each for itself, to CIELAB colors of the same shape.

    Finite for every finite color; the results may lie outside of sRGB.
    """

    def __call__(self, lab: FloatArray) -> FloatArray: ...  # noqa: D102


# Chroma, as a part of the most that sRGB has at this L and hue, is compressed above this share.
_KNEE = 0.8
# L is compressed above 95 and below 5.
_MARGIN = 5.0
# More chroma than any color of sRGB has.
_FAR = 150.0


@dataclass(frozen=True, slots=True, eq=False)
class SourceColors:
    """Colors before a map.

    Attributes:
        lab: CIELAB, float32, shape (..., 3).
        share: Their chroma as a part of the most that sRGB has at their L and hue, shape (...).
    """

    lab: FloatArray
    share: FloatArray


def source_colors(rgb: FloatArray) -> SourceColors:
    """Return what `compress_mapped` has to know of sRGB-encoded colors, 0…1, shape (..., 3)."""
    lab = rgb_to_lab(np.asarray(rgb, np.float32))
    return SourceColors(lab, _share(lab))


def compress_mapped(
    source: SourceColors, color_map: ColorMap, *, strength: float, luminance: Luminance
) -> FloatArray:
    """Return what becomes of colors: sRGB-encoded, 0…1, shape (..., 3).

    Lightness and chroma that the map pushes beyond sRGB are compressed softly at fixed hue; what
    was there before is never compressed, so that a map that changes nothing changes nothing.

    Args:
        source: The colors before the map.
        color_map: From a method.
        strength: 0 (nothing) … 1 (the whole map).
        luminance: See `Luminance`.
    """
    lab = source.lab
    wanted = lab + np.float32(strength) * (color_map(lab).astype(np.float32) - lab)
    if luminance == "keep":
        wanted[..., 0] = lab[..., 0]
    wanted[..., 0] = _soft_lightness(wanted[..., 0], lab[..., 0])
    return lab_to_gamut_rgb(_soft_chroma(wanted, source.share))


def compress_mapped_rgb(
    rgb: FloatArray, color_map: ColorMap, *, strength: float, luminance: Luminance
) -> FloatArray:
    """Return what becomes of sRGB-encoded colors, 0…1, shape (..., 3); see `compress_mapped`."""
    return compress_mapped(source_colors(rgb), color_map, strength=strength, luminance=luminance)


def _soft_lightness(wanted: FloatArray, before: FloatArray) -> FloatArray:
    low = 100 - _shoulder(100 - wanted, np.maximum(100 - _MARGIN, 100 - before), 100)
    return _shoulder(low, np.maximum(100 - _MARGIN, before), 100)


def _soft_chroma(wanted: FloatArray, had: FloatArray) -> FloatArray:
    share = _share(wanted)
    kept = _shoulder(share, np.maximum(_KNEE, had), 1)
    factor = np.divide(kept, share, out=np.ones_like(share), where=share > 0)
    return np.concatenate([wanted[..., :1], wanted[..., 1:] * factor[..., None]], axis=-1)


def _share(lab: FloatArray) -> FloatArray:
    """Return chroma as a part of the most that sRGB has at that L and hue, shape (...)."""
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    direction = lab[..., 1:] / np.maximum(chroma, 1e-9)[..., None]
    far = np.concatenate([lab[..., :1], _FAR * direction], axis=-1)
    # Black and white have no chroma at all: there the least that can be seen stands for the most.
    return chroma / np.maximum(_FAR * chroma_limit(far), 0.5)


def _shoulder(value: FloatArray, knee: FloatArray, top: float) -> FloatArray:
    """Return values with what is above the knee bent towards the top, with slope 1 at the knee."""
    room = np.maximum(top - knee, 1e-9)
    beyond = np.maximum(value - knee, 0) / room
    return np.where(value > knee, knee + room * -np.expm1(-beyond), value)
