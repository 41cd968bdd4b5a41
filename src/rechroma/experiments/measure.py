"""One recipe's checkpoint on the validation pictures: scores, findings, and the cost of its run."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from rechroma.color.bins import bin_centers
from rechroma.evaluation.predictions import answers
from rechroma.evaluation.report import evaluate
from rechroma.experiments.findings import Findings, FindingsOf
from rechroma.experiments.gamut import OutOfGamut, cures
from rechroma.training.loop import build_optimizer
from rechroma.training.losses import Criterion, with_available_lpips
from rechroma.training.model import ColorizerModel
from rechroma.training.outputs import truth_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from rechroma.colorizer import Colorizer
    from rechroma.evaluation.perceptual import PerceptualDistance
    from rechroma.evaluation.report import Row
    from rechroma.photo import Photo
    from rechroma.training.config import TrainConfig

__all__ = [
    "Cost",
    "Measured",
    "cost_of",
    "learning_curve",
    "measure",
    "measure_cures",
    "seconds_of_a_step",
    "steps_within",
]


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


_WARM_UP = 2
_TIMED = 4


def steps_within(minutes: float, configs: Sequence[TrainConfig]) -> int:
    """Return the number of steps that takes `minutes` a recipe, on the average of the recipes."""
    mean = sum(seconds_of_a_step(config) for config in configs) / len(configs)
    return max(1, round(minutes * 60 / mean))


def seconds_of_a_step(config: TrainConfig) -> float:
    """Return the median time of a training step on random pictures, decoding not counted."""
    torch.manual_seed(0)
    model = ColorizerModel(config.network, pretrained=False).to(memory_format=torch.channels_last)
    weights = np.ones(len(bin_centers()))
    criterion = Criterion(with_available_lpips(config).loss, model.output, weights)
    optimizer = build_optimizer(model, config.optimizer)
    side = config.data.crop
    batch = torch.randint(0, 256, (config.batch, 3, side, side), dtype=torch.uint8)
    times: list[float] = []
    for _ in range(_WARM_UP + _TIMED):
        start = time.perf_counter()
        truth = truth_of(batch)
        raw = model(truth.lightness.contiguous(memory_format=torch.channels_last))
        criterion(raw, truth)[0].backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        times.append(time.perf_counter() - start)
    return float(np.median(times[_WARM_UP:]))
