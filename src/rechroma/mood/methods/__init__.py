"""The methods by name: each fits a color map from the source's palette to the target's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias

from rechroma.mood.gamut_compression import ColorMap
from rechroma.mood.methods.histogram import fit_histogram
from rechroma.mood.methods.linear import fit_mkl
from rechroma.mood.methods.reinhard import fit_reinhard, fit_reinhard_paper
from rechroma.mood.methods.sliced import fit_sliced
from rechroma.mood.methods.swatches import fit_swatches
from rechroma.mood.options import TransferOptions
from rechroma.mood.palette import Palette

__all__ = ["DEFAULT_METHOD", "METHODS", "Fit"]

# (source: where the mood comes from, target: what gets it) → the map for the target's colors.
Fit: TypeAlias = Callable[[Palette, Palette], ColorMap]

METHODS: Mapping[str, Fit] = MappingProxyType(
    {
        "reinhard": fit_reinhard,
        "reinhard-paper": fit_reinhard_paper,
        "mkl": fit_mkl,
        "histogram": fit_histogram,
        "sliced": fit_sliced,
        "swatches": fit_swatches,
    }
)
DEFAULT_METHOD = TransferOptions.method
