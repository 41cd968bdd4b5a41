"""From `--cfg FILE --ckpt_name NAME`, the original's way to name a model, to an ONNX file."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rechroma.cli import training_options
from rechroma.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Generator

    from rechroma.training.config import TrainConfig

__all__ = ["exported_checkpoint", "model_or_checkpoint"]


@contextmanager
def model_or_checkpoint(
    model: str, cfg: Path | None, overrides: tuple[str, ...], ckpt_name: str
) -> Generator[str]:
    """Yield `model` as it is, or the ONNX file of a checkpoint if there is a config.

    Raises:
        UsageError: `--model` beside `--cfg`.
        MissingExtraError: A config, and PyTorch is not installed.
        ConfigError, ModelError: See `exported_checkpoint`.
    """
    if cfg is None:
        yield model
        return
    if model != "default":
        raise UsageError("--model and --cfg both name a model", "give one of them")
    training_options.require_training()
    from rechroma.training.config import load_config

    with exported_checkpoint(load_config(cfg, list(overrides)), ckpt_name) as file:
        yield str(file)


@contextmanager
def exported_checkpoint(config: TrainConfig, ckpt_name: str) -> Generator[Path]:
    """Yield a run's checkpoint as an ONNX file that is gone afterwards.

    Raises:
        ModelError: There is no such checkpoint, or it holds another network than the config.
    """
    from rechroma.training.checkpoint import load_checkpoint
    from rechroma.training.export import card_of, export_onnx

    network = load_checkpoint(config, ckpt_name)
    with tempfile.TemporaryDirectory(prefix="rechroma-") as folder:
        file = Path(folder, "checkpoint.onnx")
        export_onnx(network, file, card_of(network, name=ckpt_name))
        yield file
