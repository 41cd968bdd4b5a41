"""The options that the training commands share."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import click

from rechroma.errors import MissingExtraError

__all__ = ["cfg", "ckpt_name", "overrides", "require_training"]

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
    default="ckpt_best",
    show_default=True,
    metavar="NAME",
    help="A checkpoint in OUTPUT_DIR: ckpt_best or ckpt_last.",
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
