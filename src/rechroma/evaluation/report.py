"""Evaluating colorizers on color photographs."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from rechroma.evaluation.kid import kid
from rechroma.evaluation.scores import HUES, Interval, Scores, hue_shares, score, summarize

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray
    from torch import nn

    from rechroma.evaluation.perceptual import PerceptualDistance
    from rechroma.photo import Photo

__all__ = ["Row", "evaluate", "hue_table", "table"]

# Metric → (title, digits), in the table's order; arrows point to the better side.
_COLUMNS = {
    "psnr": ("PSNR (RGB), dB ↑", 2),
    "psnr_ab": ("PSNR (ab), dB ↑", 2),
    "perceptual": ("{perceptual} ↓", 4),
    "colorfulness_ratio": ("colorfulness ratio (abs.)", 3),
    "signed_ratio": ("colorfulness ratio (signed)", 3),
    "ssim": ("SSIM ↑", 4),
    "delta_e": ("ΔE2000 ↓", 2),
    "neutral_ratio": ("neutral pixels, ratio", 3),
    "even_spread_ratio": ("even regions: spread ratio ↓", 2),
    "even_split_share": ("even regions: split ↓", 3),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One colorizer's summary.

    Attributes:
        name: What was evaluated.
        summary: Metric → mean and interval.
        kid_lite0: KID-lite0, if an encoder was given.
        pictures: Each picture's name and scores.
        hues: Share of all pictures' pixels of each hue; see `hue_shares`.
        hues_truth: The same, of the truths.
    """

    name: str
    summary: dict[str, Interval]
    kid_lite0: float | None
    pictures: list[tuple[str, Scores]]
    hues: list[float]
    hues_truth: list[float]

    def to_json(self) -> dict[str, object]:
        """Return the row as plain values; None for what would be divided by zero."""
        return {
            "name": self.name,
            "count": len(self.pictures),
            "kid_lite0": self.kid_lite0,
            **{key: _plain(value) for key, value in self.summary.items()},
            "hues": self.hues,
            "hues_truth": self.hues_truth,
            "pictures": {name: asdict(scores) for name, scores in self.pictures},
        }


def evaluate(
    name: str,
    results: Sequence[NDArray[np.uint8]],
    truths: Sequence[Photo],
    perceptual: PerceptualDistance,
    features: nn.Module | None = None,
) -> Row:
    """Compare results with the truth, picture by picture, at their own size, in 8-bit sRGB.

    Args:
        name: For the table.
        results: 8-bit sRGB, each of its truth's size.
        truths: The color photographs.
        perceptual: LPIPS or ST-LPIPS.
        features: For KID-lite0; None leaves it out.
    """
    originals = [photo.to_uint8() for photo in truths]
    scores = [score(r, t, perceptual) for r, t in zip(results, originals, strict=True)]
    return Row(
        name=name,
        summary=summarize(scores),
        kid_lite0=None if features is None else kid(results, originals, features),
        pictures=[(photo.name, entry) for photo, entry in zip(truths, scores, strict=True)],
        hues=_mean_hues(results),
        hues_truth=_mean_hues(originals),
    )


def _mean_hues(pictures: Iterable[NDArray[np.uint8]]) -> list[float]:
    return np.mean([hue_shares(picture) for picture in pictures], axis=0).tolist()


def _plain(interval: Interval) -> dict[str, float | None]:
    return {key: None if math.isnan(v) else v for key, v in asdict(interval).items()}


def table(rows: Sequence[Row], perceptual: str) -> str:
    """Return rows as a Markdown table: mean, and the half width of the 95 % interval."""
    titles = [title.format(perceptual=perceptual) for title, _ in _COLUMNS.values()]
    with_kid = any(row.kid_lite0 is not None for row in rows)
    if with_kid:
        titles.append("KID-lite0 ↓")
    lines = [
        f"| {len(rows[0].pictures)} pictures | " + " | ".join(titles) + " |",
        "|---" * (len(titles) + 1) + "|",
    ]
    for row in rows:
        cells = [_cell(row.summary[key], digits) for key, (_, digits) in _COLUMNS.items()]
        if with_kid:
            cells.append("–" if row.kid_lite0 is None else f"{row.kid_lite0:.4f}")
        lines.append(f"| {row.name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def hue_table(rows: Sequence[Row]) -> str:
    """Return which percentage of the pixels each has of each hue, as a Markdown table.

    The last row is the truth's; neutral pixels, with a chroma of at most 10, have no hue.
    """
    degrees = 360 // HUES
    titles = ["neutral", *(f"{k * degrees}…{(k + 1) * degrees}°" for k in range(HUES))]
    lines = ["| pixels, % | " + " | ".join(titles) + " |", "|---" * (len(titles) + 1) + "|"]
    answers = [(row.name, row.hues) for row in rows]
    for name, hues in (*answers, ("truth", rows[0].hues_truth)):
        cells = [f"{100 * share:.1f}" for share in (1 - sum(hues), *hues)]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(interval: Interval, digits: int) -> str:
    if math.isnan(interval.mean):
        return "–"
    half = (interval.high - interval.low) / 2
    return f"{interval.mean:.{digits}f} ± {half:.{digits}f}"
