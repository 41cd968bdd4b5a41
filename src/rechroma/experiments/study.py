"""The whole study, from two folders of pictures to a report; it can be stopped and goes on."""

from __future__ import annotations

import io
import json
import logging
import shutil
from contextlib import ExitStack
from statistics import median
from typing import TYPE_CHECKING

from rechroma.colorizer import Colorizer
from rechroma.errors import MissingExtraError
from rechroma.evaluation.figure import figure
from rechroma.evaluation.perceptual import load_perceptual
from rechroma.evaluation.predictions import answers
from rechroma.experiments.measure import (
    cost_of,
    learning_curve,
    measure,
    measure_cures,
    steps_within,
)
from rechroma.experiments.recipes import STUDY, Recipe, Study
from rechroma.experiments.study_report import Report, write_report
from rechroma.training.checkpoint import checkpoint_path, load_model
from rechroma.training.export import exported_checkpoint
from rechroma.training.sources import read_truths
from rechroma.training.train import train

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from rechroma.evaluation.perceptual import PerceptualDistance, PerceptualName
    from rechroma.photo import Photo
    from rechroma.training.config import TrainConfig

__all__ = ["run_study"]

_logger = logging.getLogger("rechroma.training")
# The networks of the study are at home at the size of their training; larger pictures are shrunk.
_MAX_SIZE = 256
_STRIDE = 16


def run_study(study: Study, minutes: float, steps: int | None, size: int | None) -> Path:
    """Train every recipe, measure all of them, and write the report; return its HTML file.

    Args:
        study: Where everything is. Recipes that are done are not trained again.
        minutes: For each training, on the average: gives the number of steps.
        steps: The number of steps itself; None to find it from `minutes`, once.
        size: The shorter side at which the networks see the validation pictures; None for the
            pictures' own (the median, at most 256).

    Raises:
        ConfigError, ModelError, TrainingError: See `rechroma.training.train.train`.
        PhotoError: A validation picture can't be read.
    """
    study.out.mkdir(parents=True, exist_ok=True)
    count = _steps(study, minutes, steps)
    configs = {recipe: study.config(recipe, count) for recipe in STUDY}
    for number, (recipe, config) in enumerate(configs.items(), start=1):
        _logger.info("recipe %d of %d: %s", number, len(STUDY), recipe.title)
        _train(config, study.out)
    truths, _ = read_truths(study.val)
    report = _measured(configs, truths, size or _size_of(truths))
    write_report(report, study.out)
    return study.out / "report.html"


def _steps(study: Study, minutes: float, steps: int | None) -> int:
    """Return the number of steps, and remember it, so that every recipe gets the same."""
    file = study.out / "study.json"
    if steps is None and file.exists():
        return int(json.loads(file.read_text())["steps"])
    count = steps or steps_within(minutes, [study.config(recipe, 1) for recipe in STUDY])
    file.write_text(json.dumps({"steps": count}))
    return count


def _train(config: TrainConfig, out: Path) -> None:
    last = checkpoint_path(config.output_dir, "ckpt_last")
    if last.exists() and load_model(last)[1]["step"] >= config.steps:
        return
    # The pictures are measured once, for the first recipe.
    measured, own = out / "pictures.json", config.output_dir / "pictures.json"
    if measured.exists() and not own.exists():
        own.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(measured, own)
    train(config)
    shutil.copy(own, measured)


def _measured(configs: Mapping[Recipe, TrainConfig], truths: Sequence[Photo], size: int) -> Report:
    metric, perceptual = _metric()
    titles = {recipe: _title(recipe, metric) for recipe in configs}
    with ExitStack() as stack:
        colorizers = {
            titles[recipe]: Colorizer(
                stack.enter_context(exported_checkpoint(config, "ckpt_best")), size=size
            )
            for recipe, config in configs.items()
        }
        measured, outside = [], {}
        for title, colorizer in colorizers.items():
            _logger.info("measuring %s on %d pictures", title, len(truths))
            entries, outside[title] = measure(colorizer, title, truths, perceptual)
            measured += entries
        cured = next(title for recipe, title in titles.items() if recipe.name == "train_base_lab")
        cures = measure_cures(colorizers[cured], cured, truths, perceptual)
        shown = {
            name: answer
            for title, colorizer in colorizers.items()
            for name, answer in answers(colorizer, title).items()
        }
        sheet = io.BytesIO()
        figure(shown, truths).save(sheet, format="png")
    return Report(
        metric=metric,
        size=size,
        answers=measured,
        cures=cures,
        outside=outside,
        costs={
            titles[recipe]: cost_of(config.output_dir, config.steps * config.batch)
            for recipe, config in configs.items()
        },
        curves={
            titles[recipe]: learning_curve(config.output_dir, metric)
            for recipe, config in configs.items()
        },
        sheet=sheet.getvalue(),
    )


def _metric() -> tuple[PerceptualName, PerceptualDistance]:
    try:
        return "lpips", load_perceptual("lpips")
    except MissingExtraError:
        return "st_lpips", load_perceptual("st_lpips")


def _title(recipe: Recipe, metric: PerceptualName) -> str:
    return recipe.title.replace("LPIPS", "ST-LPIPS") if metric == "st_lpips" else recipe.title


def _size_of(truths: Sequence[Photo]) -> int:
    side = min(_MAX_SIZE, median(min(photo.width, photo.height) for photo in truths))
    return max(1, round(side / _STRIDE)) * _STRIDE
