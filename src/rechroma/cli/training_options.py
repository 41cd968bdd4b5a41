"""The options that the training commands share."""

from __future__ import annotations

import importlib.util
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from rechroma.errors import MissingExtraError, UsageError

if TYPE_CHECKING:
    from collections.abc import Generator

    from rechroma.cli.console import Console

__all__ = [
    "cfg",
    "ckpt_name",
    "model_or_checkpoint",
    "overrides",
    "refuse_two_models",
    "require_training",
    "show_log",
    "told_once",
]

_BEST = "ckpt_best"

cfg = click.option(
    "--cfg",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The YAML config of the run, or the name of a recipe such as train_base_lab.",
)
overrides = click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    help="Override a key of the config, such as OPTIMIZER.LR=1e-4; may be repeated.",
)
ckpt_name = click.option(
    "--ckpt_name",
    metavar="NAME",
    help="A checkpoint in OUTPUT_DIR: ckpt_best or ckpt_last; ckpt_best.pth.tar is the same.  "
    "[default: ckpt_best]",
)


def require_training() -> None:
    """Say what to install where PyTorch is missing.

    Raises:
        MissingExtraError: `rechroma[train]` is not installed.
    """
    if any(importlib.util.find_spec(name) is None for name in ("torch", "timm", "pydantic")):
        raise MissingExtraError(
            "this command needs PyTorch and its companions", "pip install 'rechroma[train]'"
        )


def show_log(console: Console) -> None:
    """Send the runs' own log to stderr, unless --quiet; other libraries keep their own counsel."""
    if console.verbosity < 0:
        return
    # `rechroma colorize --help` comes by here, and logging takes its time to load.
    import logging

    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
    logger = logging.getLogger("rechroma.training")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)


@contextmanager
def told_once() -> Generator[None]:
    """End all processes of a run with the same exit code, and only the first one with a line."""
    from rechroma.training.distributed import ToldElsewhereError

    try:
        yield
    except ToldElsewhereError as error:
        click.get_current_context().exit(error.exit_code)


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
    require_training()
    from rechroma.training.config import load_config
    from rechroma.training.export import exported_checkpoint

    with exported_checkpoint(load_config(cfg, list(overrides)), ckpt_name or _BEST) as file:
        yield str(file)
