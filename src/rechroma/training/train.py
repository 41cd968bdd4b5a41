"""One training run, from a config to checkpoints."""

from __future__ import annotations

import json
import logging
import platform
import subprocess
from contextlib import contextmanager, nullcontext
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import torch

from rechroma import __version__
from rechroma.errors import ConfigError, TrainingError
from rechroma.evaluation.perceptual import METRIC_TITLES, load_perceptual
from rechroma.training.bins import class_weights, smoothed_prior
from rechroma.training.catalog import (
    FIGURES,
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
from rechroma.training.distributed import Processes
from rechroma.training.hardware import speed_hints
from rechroma.training.log import RunLog
from rechroma.training.loop import RESUME, Trainer, accelerator_of
from rechroma.training.losses import Criterion, with_available_lpips
from rechroma.training.model import ColorizerModel
from rechroma.training.outputs import BinsOutput, Truth
from rechroma.training.split import Split
from rechroma.training.validation import Validator

if TYPE_CHECKING:
    from collections.abc import Generator

    import numpy as np
    from accelerate import Accelerator
    from numpy.typing import NDArray

    from rechroma.training.measures import CatalogEntry

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

    Under torchrun, `accelerate launch` or Ray Train all processes call it, with the same config;
    they share each step, and the first one writes. Then the folder's path is returned by all.

    Raises:
        ConfigError: The data or the config do not hold.
        ModelError: Weights can't be loaded.
        TrainingError: The loss or its gradient is NaN, a file can't be written, or SIGTERM came.
        LostProcessError: Another process of the run is gone.
        ToldElsewhereError: In all processes but the first, what stops that one.
    """
    with Processes.joined(config.backend, config.timeout) as processes:
        processes.agree(lambda: _check_folders(config))
        processes.same(
            config.model_dump(mode="json"), "config", "give all the same file and the same --set"
        )
        with _clear_disk_errors(config.output_dir):
            return _train(processes.agree(lambda: with_available_lpips(config)), processes)


@contextmanager
def _clear_disk_errors(folder: Path) -> Generator[None]:
    try:
        yield
    except OSError as error:
        raise TrainingError(
            f"{error.filename or folder}: {error.strerror or error}",
            "free some space or choose another OUTPUT_DIR; the same command goes on from the "
            "last checkpoint",
        ) from error


def _train(config: TrainConfig, processes: Processes) -> Path:
    folder = config.output_dir
    split = Split(
        config.batch, processes.size, processes.rank, config.accumulate, processes.neighbors
    )
    processes.agree(split.check)
    processes.agree(lambda: _begin(config, processes))
    training, validation = processes.agree(lambda: _pictures(config, processes))
    if processes.is_main:
        _logger.info("%d pictures to train on, %d to validate on", len(training), len(validation))
        _logger.info("%s", _in_words(split))
    ready = processes.agree(lambda: _Ready.of(config, training, validation, split, processes))
    weights = _class_weights(config, ready, processes)
    criterion = Criterion(config.loss, ready.model.output, weights, config.perceptual_share)
    log = RunLog(folder, config.batch) if processes.is_main else None
    with log or nullcontext():
        trainer = processes.agree(
            lambda: Trainer(
                config, ready.model, criterion, ready.validator, log, ready.accelerator, split,
                processes,
            )
        )  # fmt: skip
        trainer.fit(ready.batches)
    return folder


def _begin(config: TrainConfig, processes: Processes) -> None:
    """Write what a run says of itself at its start, unless the folder holds another run."""
    folder = config.output_dir
    if not processes.is_main:
        return
    with _clear_disk_errors(folder):
        (folder / FIGURES).mkdir(parents=True, exist_ok=True)
        if (folder / RESUME).exists():
            refuse_other_run(config, folder / "config.yaml")
        save_config(config, folder / "config.yaml")
        facts = _provenance(config) | {"processes": processes.size}
        (folder / "run.json").write_text(json.dumps(facts, indent=2))


def _in_words(split: Split) -> str:
    parts = f", in {split.parts} parts" if split.parts > 1 else ""
    return f"steps of {split.batch} samples on {split.processes} processes{parts}"


class _Ready(NamedTuple):
    """What a process needs for its part of a run."""

    accelerator: Accelerator
    model: ColorizerModel
    batches: Batches
    validator: Validator
    parts: int

    @classmethod
    def of(
        cls,
        config: TrainConfig,
        training: list[CatalogEntry],
        validation: list[CatalogEntry],
        split: Split,
        processes: Processes,
    ) -> _Ready:
        """Load the model and the pictures."""
        torch.manual_seed(config.seed)
        model = ColorizerModel(config.network, pretrained=config.init_from is None)
        if config.init_from is not None:
            start_from(model, config.network, config.init_from)
        if config.optimizer.encoder_lr == 0:
            model.network.freeze_pretrained()
        accelerator = accelerator_of(config, processes.size)
        metric = config.validation.metric
        if processes.is_main:
            kind, precision = accelerator.device.type, accelerator.mixed_precision
            for words in speed_hints(kind, precision):
                _logger.info("%s", words)
            _logger.info("the best checkpoint is the one with the lowest %s", METRIC_TITLES[metric])
        batches = Batches(
            training,
            config.data,
            split,
            config.seed,
            accelerator.device,
            conditioning=model.network.takes_conditioning,
        )
        refs = [picture.ref for picture in validation[: config.validation.count]]
        side = config.validation.size
        validator = Validator(
            center_crops(refs[processes.rank :: processes.size], side),
            center_crops(refs[: config.validation.samples] if processes.is_main else [], side),
            load_perceptual(metric),
            metric,
            processes,
        )
        return cls(accelerator, model, batches, validator, split.parts)


def _pictures(
    config: TrainConfig, processes: Processes
) -> tuple[list[CatalogEntry], list[CatalogEntry]]:
    """Return the pictures to train on and those to validate on."""
    measured = config.data.workers, config.output_dir / "pictures.json", processes
    everything = catalog(config.train_dir, *measured)
    excluded = read_stems(config.exclude) if config.exclude else frozenset[str]()
    chosen = read_stems(config.val_stems) if config.val_stems else frozenset[str]()
    allowed, apart = split_by_stem(everything, excluded | chosen)
    if apart and processes.is_main:
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
    return training, validation


def _check_folders(config: TrainConfig) -> None:
    """Refuse what can't be trained on, before anything is written or downloaded."""
    places = {"TRAIN_DIR": config.train_dir, "VAL_DIR": config.val_dir}
    for key, place in places.items():
        if place is not None and not place.is_dir():
            reason = "is no folder" if place.exists() else "no such folder"
            raise ConfigError(f"{key} {place}: {reason}", f"give a folder of pictures as {key}")
    for listed in (config.exclude, config.val_stems):
        if listed is not None:
            read_stems(listed)
    _refuse_nested(config)


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
    config: TrainConfig, ready: _Ready, processes: Processes
) -> NDArray[np.float64] | None:
    """Return the bins' weights from their frequencies on the run's first samples."""
    output = ready.model.output
    if not isinstance(output, BinsOutput):
        return None
    codec, stride = output.codec, ready.model.network.output_stride
    steps = -(-min(_PRIOR_SAMPLES, len(ready.batches.pictures)) // config.batch)
    counts = sum(
        codec.count(Truth(batch.rgb, batch.lab).chroma(stride).cpu())
        for batch in islice(ready.batches.begin(0), steps * ready.parts)
    )
    assert isinstance(counts, torch.Tensor)  # noqa: S101 - there is at least one picture
    counts = processes.total(counts.double())
    return class_weights(smoothed_prior(counts.numpy()), config.uniform)


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
