"""From `--cfg FILE --ckpt_name NAME`, the original's way to name a model, to an ONNX file."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from rechroma.cli import training_options
from rechroma.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

__all__ = ["model_or_checkpoint"]


@contextmanager
def model_or_checkpoint(
    model: str, cfg: Path | None, overrides: tuple[str, ...], ckpt_name: str
) -> Generator[str]:
    """Yield `model` as it is, or the ONNX file of a checkpoint if there is a config.

    Raises:
        UsageError: `--model` beside `--cfg`.
        MissingExtraError: A config, and PyTorch is not installed.
        ConfigError: The config does not hold.
        ModelError: There is no such checkpoint, or it holds another network than the config.
    """
    if cfg is None:
        yield model
        return
    if model != "default":
        raise UsageError("--model and --cfg both name a model", "give one of them")
    training_options.require_training()
    from rechroma.training.config import load_config
    from rechroma.training.export import exported_checkpoint

    with exported_checkpoint(load_config(cfg, list(overrides)), ckpt_name) as file:
        yield str(file)
