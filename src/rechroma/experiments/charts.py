"""The study's charts, as PNG."""

from __future__ import annotations

import io
from itertools import pairwise
from typing import TYPE_CHECKING

import matplotlib as mpl
from matplotlib.figure import Figure

from rechroma.experiments.findings import BANDS, SECTORS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes

    from rechroma.experiments.measure import Measured

__all__ = ["band_chart", "curve_chart", "hue_chart"]

_SIZE = (8, 4)


def curve_chart(curves: Mapping[str, Sequence[tuple[int, float]]], metric: str) -> bytes:
    """Return the learning curves: the metric over steps, a line a recipe."""
    figure, axes = _chart("steps", metric)
    for title, points in curves.items():
        axes.plot(*zip(*points, strict=True), marker="o", markersize=3, label=title)
    return _png(figure, axes)


def hue_chart(measured: Sequence[Measured]) -> bytes:
    """Return the mean chroma, prediction to truth, by the truth's hue."""
    figure, axes = _chart("hue of the truth", "mean chroma, prediction / truth")
    for entry in measured:
        axes.plot(SECTORS, entry.findings.chroma_by_hue, marker="o", label=entry.row.name)
    axes.axhline(1, color="gray", linewidth=0.8)
    axes.tick_params(axis="x", rotation=30)
    return _png(figure, axes)


def band_chart(measured: Sequence[Measured], channel: int) -> bytes:
    """Return the mean error of a (channel 0) or b (channel 1) by row band."""
    name = "ab"[channel]
    figure, axes = _chart("rows, parts of the height", f"mean error of {name}")
    labels = [f"{top:g}–{bottom:g}" for top, bottom in pairwise(BANDS)]
    for entry in measured:
        errors = [band[channel] for band in entry.findings.bands]
        axes.plot(labels, errors, marker="o", label=entry.row.name)
    axes.axhline(0, color="gray", linewidth=0.8)
    return _png(figure, axes)


def _chart(across: str, upwards: str) -> tuple[Figure, Axes]:
    # Without pyplot: no window system, no state between charts.
    figure = Figure(figsize=_SIZE, layout="constrained")
    axes = figure.add_subplot()
    axes.set_xlabel(across)
    axes.set_ylabel(upwards)
    return figure, axes


def _png(figure: Figure, axes: Axes) -> bytes:
    axes.legend(fontsize=7)
    stream = io.BytesIO()
    with mpl.rc_context({"savefig.dpi": 110}):
        # No date and no version inside: the same numbers give the same bytes.
        figure.savefig(stream, format="png", metadata={"Software": None})
    return stream.getvalue()
