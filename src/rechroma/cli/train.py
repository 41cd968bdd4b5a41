"""`rechroma train`: one run of a recipe."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from rechroma.cli import options, training_options
from rechroma.cli.console import Console
from rechroma.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["train"]


@click.command()
@training_options.cfg
@training_options.overrides
@options.quiet
@options.verbose
@click.make_pass_decorator(Console, ensure=True)
def train(console: Console, *, cfg: Path | None, overrides: tuple[str, ...]) -> None:
    """Train a colorizer, or go on with a run that was stopped.

    \b
    Examples:
      rechroma train --cfg train_base_lab
      rechroma train --cfg train_base --set TRAIN_DIR=photos --set STEPS=2000
      accelerate launch -m rechroma train --cfg train_base    (several GPUs)

    The same command resumes a run: OUTPUT_DIR remembers where it stopped.
    """  # noqa: D301 (\b is click's mark for lines that stay as they are)
    if cfg is None:
        raise UsageError("no config given", "add --cfg train_base_lab or your own")
    training_options.require_training()
    from rechroma.training.config import load_config
    from rechroma.training.train import train as run

    config = load_config(cfg, list(overrides))
    training_options.show_log(console)
    console.note(f"done: {run(config)}")
