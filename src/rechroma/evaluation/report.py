"""Evaluating colorizers on a folder of color photographs."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from rechroma.errors import UsageError
from rechroma.evaluation.kid import kid
from rechroma.evaluation.scores import Interval, Scores, score, summarize
from rechroma.photo import read, readable_suffixes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray
    from torch import nn

    from rechroma.evaluation.perceptual import PerceptualDistance
    from rechroma.photo import Photo

__all__ = ["Row", "evaluate", "load_truths", "table"]

# Metric → (title, digits), in the table's order; arrows point to the better side.
_COLUMNS = {
    "psnr": ("PSNR (RGB), dB ↑", 2),
    "psnr_ab": ("PSNR (ab), dB ↑", 2),
    "perceptual": ("{perceptual} ↓", 4),
    "colorfulness_ratio": ("colorfulness ratio (abs.)", 3),
    "signed_ratio": ("colorfulness ratio (signed)", 3),
    "ssim": ("SSIM ↑", 4),
    "delta_e": ("ΔE2000 ↓", 2),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One colorizer's summary.

    Attributes:
        name: What was evaluated.
        summary: Metric → mean and interval.
        kid_lite0: KID-lite0, if an encoder was given.
        pictures: Each picture's name and scores.
    """

    name: str
    summary: dict[str, Interval]
    kid_lite0: float | None
    pictures: list[tuple[str, Scores]]

    def to_json(self) -> dict[str, object]:
        """Return the row as plain values."""
        return {
            "name": self.name,
            "count": len(self.pictures),
            "kid_lite0": self.kid_lite0,
            **{key: asdict(value) for key, value in self.summary.items()},
            "pictures": {name: asdict(scores) for name, scores in self.pictures},
        }


def load_truths(folder: Path, limit: int | None = None) -> list[Photo]:
    """Read the color photographs of a folder in the order of their names.

    Raises:
        UsageError: There are none.
        PhotoError: One can't be read.
    """
    paths = sorted(p for p in folder.rglob("*") if p.suffix.lower() in readable_suffixes())
    if not paths:
        raise UsageError(f"{folder}: no pictures there", "give a folder of color photographs")
    return [read(path) for path in paths[:limit]]


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
    )


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
        cells = [
            f"{row.summary[key].mean:.{digits}f} ± {_half(row.summary[key]):.{digits}f}"
            for key, (_, digits) in _COLUMNS.items()
        ]
        if with_kid:
            cells.append("–" if row.kid_lite0 is None else f"{row.kid_lite0:.4f}")
        lines.append(f"| {row.name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _half(interval: Interval) -> float:
    return (interval.high - interval.low) / 2
