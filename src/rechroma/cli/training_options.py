"""The options that the training commands share."""

from __future__ import annotations

import importlib.util
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rechroma.errors import MissingExtraError

if TYPE_CHECKING:
    from rechroma.cli.console import Console

__all__ = ["cfg", "ckpt_name", "overrides", "require_training", "show_log"]

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
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
    logger = logging.getLogger("rechroma.training")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
