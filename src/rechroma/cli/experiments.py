"""`rechroma experiments`: the original's study on somebody's own pictures."""

from __future__ import annotations

from pathlib import Path

import click

from rechroma.cli import options, training_options
from rechroma.cli.console import Console

__all__ = ["experiments"]

_FOLDER = click.Path(path_type=Path)


@click.command()
@click.option("--train", "train_dir", required=True, type=_FOLDER, metavar="DIR",
              help="Color photographs to train on.")  # fmt: skip
@click.option("--val", "val_dir", required=True, type=_FOLDER, metavar="DIR",
              help="Color photographs to validate and to report on.")  # fmt: skip
@click.option("--out", required=True, type=_FOLDER, metavar="DIR",
              help="Gets a folder for each recipe, and the report.")  # fmt: skip
@click.option("--minutes", type=click.FloatRange(min=0, min_open=True), default=30.0,
              show_default=True, help="For each training, on the average.")  # fmt: skip
@click.option("--steps", type=click.IntRange(min=1), metavar="N",
              help="Steps of each training, in the place of --minutes.")  # fmt: skip
@options.size
@training_options.overrides
@options.quiet
@options.verbose
@click.make_pass_decorator(Console, ensure=True)
def experiments(
    console: Console,
    *,
    train_dir: Path,
    val_dir: Path,
    out: Path,
    minutes: float,
    steps: int | None,
    size: int | None,
    overrides: tuple[str, ...],
) -> None:
    """Train every recipe of the study alike, measure them, and write a report.

    \b
    Example:
      rechroma experiments --train photos/train --val photos/val --out study --minutes 5

    The same command goes on where it was stopped. Every recipe gets the same network, pictures,
    seed and number of steps; report.html in OUT holds tables, figures and findings.
    """  # noqa: D301 (\b is click's mark for lines that stay as they are)
    training_options.require_training()
    from rechroma.experiments.recipes import Study
    from rechroma.experiments.study import run_study

    training_options.show_log(console)
    report = run_study(Study(train_dir, val_dir, out, overrides), minutes, steps, size)
    console.note(f"done: {report}")
