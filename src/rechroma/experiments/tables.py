"""The study's tables, as Markdown."""

from __future__ import annotations

from itertools import pairwise
from math import isnan
from typing import TYPE_CHECKING

from rechroma.experiments.findings import BANDS, PERIODS, SECTORS
from rechroma.experiments.recipes import STUDY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rechroma.experiments.measure import Cost, Measured

__all__ = ["band_table", "cost_table", "edge_table", "gamut_table", "hue_table", "original_table"]


def original_table() -> str:
    """Return what the original reports; its pictures and its sizes are others."""
    rows = [
        [recipe.title, f"{recipe.original[0]:.2f}", f"{recipe.original[1]:.2f}"]
        for recipe in STUDY
        if recipe.original
    ]
    return _table(["the original", "PSNR, dB", "LPIPS"], rows)


def cost_table(costs: Mapping[str, Cost]) -> str:
    """Return what each training took."""
    rows = [[title, f"{cost.samples}", *_pace(cost)] for title, cost in costs.items()]
    return _table(["training", "samples", "samples/s (median)", "minutes"], rows)


def edge_table(measured: Sequence[Measured]) -> str:
    """Return high-frequency energy, and the error's power at the network's periods."""
    titles = ["", "HF energy in L", "HF energy in a, b", *(f"period {p} px" for p in PERIODS)]
    rows = [
        [
            entry.row.name,
            f"{entry.findings.edges_lightness:.3f}",
            f"{entry.findings.edges_chroma:.3f}",
            *(f"{entry.findings.lattice[period]:.2f}" for period in PERIODS),
        ]
        for entry in measured
    ]
    return _table(titles, rows)


def hue_table(measured: Sequence[Measured]) -> str:
    """Return the mean chroma, prediction to truth, by the truth's hue."""
    rows = [
        [entry.row.name, *(f"{ratio:.2f}" for ratio in entry.findings.chroma_by_hue)]
        for entry in measured
    ]
    return _table(["", *SECTORS], rows)


def band_table(measured: Sequence[Measured]) -> str:
    """Return the mean errors of a and b, and ΔE2000, by row band from the top."""
    rows = [
        [entry.row.name, *(f"{a:+.1f}, {b:+.1f}; {delta:.1f}" for a, b, delta in bands)]
        for entry in measured
        for bands in [entry.findings.bands]
    ]
    return _table(["Δa, Δb; ΔE2000 in rows", *_bands()], rows)


def gamut_table(shares: Mapping[str, Sequence[float]]) -> str:
    """Return the share of predicted colors outside of sRGB, before mapping, by row band."""
    rows = [[title, *(f"{share:.2%}" for share in bands)] for title, bands in shares.items()]
    return _table(["outside of sRGB in rows", *_bands()], rows)


def _pace(cost: Cost) -> tuple[str, str]:
    """Return rate and minutes; a run too short to log a rate has none."""
    return ("–", "–") if isnan(cost.rate) else (f"{cost.rate:.1f}", f"{cost.minutes:.0f}")


def _bands() -> list[str]:
    return [f"{top:g}–{bottom:g}" for top, bottom in pairwise(BANDS)]


def _table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [titles, ["---", *("--:" for _ in titles[1:])], *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
