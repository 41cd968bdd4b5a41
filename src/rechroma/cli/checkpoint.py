"""From `--cfg FILE --ckpt_name NAME`, the original's way to name a model, to an ONNX file."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from rechroma.cli import training_options
from rechroma.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

__all__ = ["model_or_checkpoint", "refuse_two_models"]

_BEST = "ckpt_best"


def refuse_two_models(cfg: Path | None, overrides: tuple[str, ...], ckpt_name: str | None) -> None:
    """Refuse what names two models, or half of one.

    Raises:
        UsageError: `--model` beside `--cfg`; `--ckpt_name` or `--set` without `--cfg`.
    """
    source = click.get_current_context().get_parameter_source("model")
    if cfg is not None and source is ParameterSource.COMMANDLINE:
        raise UsageError("--model and --cfg both name a model", "give one of them")
    if cfg is None and (ckpt_name is not None or overrides):
        word = "--set" if ckpt_name is None else "--ckpt_name"
        raise UsageError(f"{word} without --cfg", "add --cfg with the config of the run")


@contextmanager
def model_or_checkpoint(
    model: str, cfg: Path | None, overrides: tuple[str, ...], ckpt_name: str | None
) -> Generator[str]:
    """Yield `model` as it is, or the ONNX file of a checkpoint if there is a config.

    Raises:
        UsageError: See `refuse_two_models`.
        MissingExtraError: A config, and PyTorch is not installed.
        ConfigError: The config does not hold.
        ModelError: There is no such checkpoint, or it holds another network than the config.
    """
    refuse_two_models(cfg, overrides, ckpt_name)
    if cfg is None:
        yield model
        return
    training_options.require_training()
    from rechroma.training.config import load_config
    from rechroma.training.export import exported_checkpoint

    with exported_checkpoint(load_config(cfg, list(overrides)), ckpt_name or _BEST) as file:
        yield str(file)
