"""One training run, from a config to checkpoints."""

from __future__ import annotations

import json
import logging
import platform
import subprocess
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from rechroma import __version__
from rechroma.errors import ConfigError, TrainingError
from rechroma.evaluation.perceptual import METRIC_TITLES, load_perceptual
from rechroma.training.bins import class_weights, smoothed_prior
from rechroma.training.catalog import (
    FIGURES,
    CatalogEntry,
    catalog,
    colorful,
    hold_out,
    read_stems,
    refuse_overlap,
    split_by_stem,
)
from rechroma.training.checkpoint import start_from
from rechroma.training.config import TrainConfig, refuse_other_run, save_config
from rechroma.training.data import Batches, center_crops
from rechroma.training.hardware import speed_hints
from rechroma.training.log import RunLog
from rechroma.training.loop import RESUME, Trainer, accelerator_of
from rechroma.training.losses import Criterion, with_available_lpips
from rechroma.training.model import ColorizerModel
from rechroma.training.outputs import BinsOutput, Truth
from rechroma.training.validation import Validator

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rechroma.training.sources import PictureRef

__all__ = ["train"]

_logger = logging.getLogger("rechroma.training")
# Samples that the bins' frequencies are counted on.
_PRIOR_SAMPLES = 4096


def train(config: TrainConfig) -> Path:
    """Train, or go on where the last run in OUTPUT_DIR stopped; return OUTPUT_DIR.

    It holds afterwards: `config.yaml` (every default spelled out), `run.json` (seed, commit,
    versions), `metrics.jsonl`, `tensorboard/`, `samples/`, `ckpt_last` and `ckpt_best`
    (`.safetensors`, averaged weights), and `resume.pt`.

    Where AlexNet's weights can't be had, ST-LPIPS takes the place of LPIPS: the log, the saved
    config and the names of the numbers say so.

    Raises:
        ConfigError: The data or the config do not hold.
        ModelError: Weights can't be loaded.
        TrainingError: The loss or its gradient is NaN, or a file can't be written.
    """
    folder = config.output_dir
    try:
        (folder / FIGURES).mkdir(parents=True, exist_ok=True)
        return _train(with_available_lpips(config), folder)
    except OSError as error:
        raise TrainingError(
            f"{error.filename or folder}: {error.strerror or error}",
            "free some space or choose another OUTPUT_DIR; the same command goes on from the "
            "last checkpoint",
        ) from error


def _train(config: TrainConfig, folder: Path) -> Path:
    if (folder / RESUME).exists():
        refuse_other_run(config, folder / "config.yaml")
    save_config(config, folder / "config.yaml")
    (folder / "run.json").write_text(json.dumps(_provenance(config), indent=2))
    training, validation = _pictures(config)
    _logger.info("%d pictures to train on, %d to validate on", len(training), len(validation))

    torch.manual_seed(config.seed)
    model = ColorizerModel(config.network, pretrained=config.init_from is None)
    if config.init_from is not None:
        start_from(model, config.network, config.init_from)
    if config.optimizer.encoder_lr == 0:
        model.network.freeze_pretrained()
    accelerator = accelerator_of(config)
    for words in speed_hints(accelerator.device.type, accelerator.mixed_precision):
        _logger.info("%s", words)
    batches = Batches(
        training,
        config.data,
        config.batch,
        config.seed,
        accelerator.device,
        conditioning=model.network.takes_conditioning,
        processes=accelerator.num_processes,
        rank=accelerator.process_index,
    )
    weights = _class_weights(config, model, batches)
    criterion = Criterion(config.loss, model.output, weights, config.perceptual_share)
    metric = config.validation.metric
    _logger.info("the best checkpoint is the one with the lowest %s", METRIC_TITLES[metric])
    validator = Validator(
        center_crops(validation[: config.validation.count], config.validation.size),
        load_perceptual(metric),
        metric,
    )
    with RunLog(folder, config.batch) as log:
        Trainer(config, model, criterion, validator, log, accelerator).fit(batches)
    return folder


def _pictures(config: TrainConfig) -> tuple[list[PictureRef], list[PictureRef]]:
    """Return the pictures to train on and those to validate on."""
    _refuse_nested(config)
    measured = config.data.workers, config.output_dir / "pictures.json"
    everything = catalog(config.train_dir, *measured)
    excluded = read_stems(config.exclude) if config.exclude else frozenset[str]()
    chosen = read_stems(config.val_stems) if config.val_stems else frozenset[str]()
    allowed, apart = split_by_stem(everything, excluded | chosen)
    if apart:
        _logger.info("%d pictures are kept out of training by their stems", len(apart))
    training = colorful(allowed, config.data.min_chroma)
    if config.val_dir is None and config.val_stems is None:
        training, validation = hold_out(training, config.hold_out)
    else:
        # Validation keeps its pale pictures: they belong to the world.
        validation = catalog(config.val_dir, *measured) if config.val_dir else everything
        if config.val_stems:
            _, validation = split_by_stem(validation, chosen)
        refuse_overlap(training, validation)
    if not validation:
        raise ConfigError(
            f"{config.val_stems}: no picture has one of these stems", "check VAL_STEMS and VAL_DIR"
        )
    if len(training) < config.batch:
        raise ConfigError(
            f"{len(training)} pictures to train on, and BATCH is {config.batch}",
            "add pictures, or lower BATCH",
        )
    return _refs(training), _refs(validation)


def _refs(pictures: list[CatalogEntry]) -> list[PictureRef]:
    return [picture.ref for picture in pictures]


def _refuse_nested(config: TrainConfig) -> None:
    """Refuse folders in each other, unless stems tell what is for which."""
    train_dir, val_dir = config.train_dir, config.val_dir
    if val_dir is None or config.val_stems is not None:
        return
    inner, outer = val_dir.resolve(), train_dir.resolve()
    if inner.is_relative_to(outer) or outer.is_relative_to(inner):
        raise ConfigError(
            f"TRAIN_DIR {train_dir} and VAL_DIR {val_dir} lie in each other",
            "put them side by side",
        )


def _class_weights(
    config: TrainConfig, model: ColorizerModel, batches: Batches
) -> NDArray[np.float64] | None:
    """Return the bins' weights from their frequencies on the run's first samples."""
    if not isinstance(model.output, BinsOutput):
        return None
    codec, stride = model.output.codec, model.network.output_stride
    wanted = -(-min(_PRIOR_SAMPLES, len(batches.pictures)) // config.batch)
    counts = sum(
        codec.count(Truth(batch.rgb, batch.lab).chroma(stride).cpu())
        for batch in islice(batches.begin(0), wanted)
    )
    assert isinstance(counts, torch.Tensor)  # noqa: S101 - there is at least one picture
    return class_weights(smoothed_prior(counts.double().numpy()), config.uniform)


def _provenance(config: TrainConfig) -> dict[str, str | int]:
    return {
        "rechroma": __version__,
        "commit": _commit(),
        "seed": config.seed,
        "python": platform.python_version(),
        **{name: version(name) for name in ("torch", "timm", "accelerate", "numpy")},
    }


def _commit() -> str:
    command = ["git", "describe", "--always", "--dirty", "--abbrev=40"]
    try:
        done = subprocess.run(  # noqa: S603 - a fixed command
            command, cwd=Path(__file__).parent, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.strip()
