"""`rechroma finetune`: the shipped colorizer, tuned on somebody's own pictures."""

from __future__ import annotations

from pathlib import Path

import click

from rechroma.cli import options, training_options
from rechroma.cli.console import Console

__all__ = ["finetune"]


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), metavar="FILE.onnx")
@click.option("--name", help="The new model's name on its card.  [default: the file's]")
@options.model
@click.option("--steps", type=click.IntRange(min=1), help="Steps of training.  [default: 600]")
@click.option("--run", "run_folder", type=click.Path(path_type=Path), metavar="DIR",
              help="Where checkpoints and the log go.  [default: beside the output]")  # fmt: skip
@training_options.overrides
@options.overwrite
@options.quiet
@options.verbose
@click.make_pass_decorator(Console, ensure=True)
def finetune(
    console: Console,
    *,
    folder: Path,
    output: Path,
    name: str | None,
    model: str,
    steps: int | None,
    run_folder: Path | None,
    overrides: tuple[str, ...],
    overwrite: bool,
) -> None:
    """Tune the shipped model on your own color photographs, and write it as a new one.

    \b
    Examples:
      rechroma finetune photos/trams -o trams.onnx
      rechroma colorize old.jpg --model trams.onnx

    A tenth of the pictures (at most 100) is kept apart; the best checkpoint on those is written.
    The same command goes on with a run that was stopped.
    """  # noqa: D301 (\b is click's mark for lines that stay as they are)
    training_options.require_training()
    from rechroma.training.distributed import is_first_process
    from rechroma.training.finetune import Finetuning, finetune_model

    training_options.show_log(console)
    settings = Finetuning(
        folder=folder,
        output=output,
        run=run_folder or output.with_suffix(".run"),
        name=name or output.stem,
        model=model,
        steps=steps,
        overrides=overrides,
        overwrite=overwrite,
    )
    with training_options.told_once():
        written = finetune_model(settings)
    if is_first_process():
        console.note(f"done: {written}")
