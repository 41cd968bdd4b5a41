"""One recipe's checkpoint on the validation pictures: scores, findings, and the cost of its run."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

from rechroma.evaluation.report import evaluate
from rechroma.evaluation.subjects import answers
from rechroma.experiments.findings import Findings, FindingsOf
from rechroma.experiments.gamut import OutOfGamut, cures

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from rechroma.colorizer import Colorizer
    from rechroma.evaluation.perceptual import PerceptualDistance
    from rechroma.evaluation.report import Row
    from rechroma.photo import Photo

__all__ = ["Cost", "Measured", "cost_of", "learning_curve", "measure", "measure_cures"]


@dataclass(frozen=True, slots=True)
class Measured:
    """One way to colorize: its row of the table and its findings."""

    row: Row
    findings: Findings

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {**self.row.to_json(), "findings": asdict(self.findings)}


@dataclass(frozen=True, slots=True)
class Cost:
    """What a training took.

    Attributes:
        samples: Crops seen.
        rate: Median of the logged rates, crops per second.
    """

    samples: int
    rate: float

    @property
    def minutes(self) -> float:
        """The time of the samples at the median rate: pauses don't count."""
        return self.samples / self.rate / 60


def measure(
    colorizer: Colorizer, title: str, truths: Sequence[Photo], perceptual: PerceptualDistance
) -> tuple[list[Measured], list[float]]:
    """Return each answer of a model measured, and its share of colors out of gamut by band."""
    measured = [
        _measured(name, [answer(photo).to_uint8() for photo in truths], truths, perceptual)
        for name, answer in answers(colorizer, title).items()
    ]
    outside = OutOfGamut()
    for photo in truths:
        outside.add(colorizer.predict(photo))
    return measured, outside.shares()


def measure_cures(
    colorizer: Colorizer, title: str, truths: Sequence[Photo], perceptual: PerceptualDistance
) -> list[Measured]:
    """Return the same measurements of `rechroma.experiments.gamut.cures`."""
    return [
        _measured(
            f"{title}, {name}", [cure(photo).to_uint8() for photo in truths], truths, perceptual
        )
        for name, cure in cures(colorizer).items()
    ]


def _measured(
    title: str,
    results: list[NDArray[np.uint8]],
    truths: Sequence[Photo],
    perceptual: PerceptualDistance,
) -> Measured:
    findings = FindingsOf()
    for result, photo in zip(results, truths, strict=True):
        findings.add(result, photo.to_uint8())
    return Measured(evaluate(title, results, truths, perceptual), findings.result())


def cost_of(run: Path, samples: int) -> Cost:
    """Return what the run in a folder took, from its log."""
    rates = [r["pictures_per_second"] for r in _records(run) if r["kind"] == "train"]
    return Cost(samples, median(rates) if rates else float("nan"))


def learning_curve(run: Path, metric: str) -> list[tuple[int, float]]:
    """Return (step, metric) of every validation of the run in a folder."""
    return [(r["step"], r[metric]) for r in _records(run) if r["kind"] == "validation"]


def _records(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
