"""A color map: the one thing that every method of transfer gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from rechroma.color import FloatArray

__all__ = ["ColorMap"]


class ColorMap(Protocol):
    """Maps CIELAB colors, shape (..., 3), each for itself, to CIELAB colors of the same shape.

    Finite for every finite color; the results may lie outside of sRGB.
    """

    def __call__(self, lab: FloatArray) -> FloatArray: ...  # noqa: D102
