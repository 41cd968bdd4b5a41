"""`rechroma colorize`: photographs in, colour photographs out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from rechroma.cli import options, training_options
from rechroma.cli.checkpoint import model_or_checkpoint
from rechroma.cli.console import Console
from rechroma.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rechroma.batch import Work
    from rechroma.photo import Photo

__all__ = ["colorize"]


@click.command()
@options.inputs
@options.output
@options.model
@training_options.cfg
@training_options.overrides
@training_options.ckpt_name
@click.option(
    "--strength",
    type=click.FloatRange(0.0, 1.5),
    default=1.0,
    show_default=True,
    help="How much colour: 0 is grey, 1 what the model says.",
)
@options.size
@options.device
@click.option(
    "--keep-color",
    is_flag=True,
    help="Copy pictures that are in colour already instead of colorizing them anew.",
)
@click.option(
    "--mood",
    metavar="PHOTO",
    help="A colour photograph whose mood the result gets, as `rechroma transfer` gives it.",
)
@click.option(
    "--raw-output",
    is_flag=True,
    help="Of a model that predicts RGB: its picture as it is, not its colours on the photograph's "
    "own lightness.",
)
@options.overwrite
@options.jobs
@options.max_pixels
@options.quality
@options.as_json
@options.dry_run
@options.fail_fast
@options.quiet
@options.verbose
@click.make_pass_decorator(Console, ensure=True)
def colorize(
    console: Console,
    *,
    inputs: tuple[str, ...],
    output: str | None,
    model: str,
    cfg: Path | None,
    overrides: tuple[str, ...],
    ckpt_name: str,
    strength: float,
    size: int | None,
    device: str,
    keep_color: bool,
    mood: str | None,
    raw_output: bool,
    overwrite: bool,
    jobs: int | None,
    max_pixels: int | None,
    quality: int | None,
    as_json: bool,
    dry_run: bool,
    fail_fast: bool,
) -> int:
    """Give photographs their colour back.

    \b
    Examples:
      rechroma colorize grandmother.jpg               (makes grandmother.color.jpg)
      rechroma colorize grandmother.jpg -o new.png
      rechroma colorize album/ -o coloured/           (keeps the sub-folders)
      rechroma colorize 'scans/*.tif' -o '{parent}/{stem}.jpg' --quality 92
      rechroma colorize @list.txt -o coloured/ --json
      cat old.jpg | rechroma colorize - > new.jpg
      rechroma colorize old.jpg --mood sunset.jpg
      rechroma colorize old.jpg --cfg train_base --ckpt_name ckpt_best

    INPUTS are pictures, folders, quoted globs, @LIST (a file with one path a line) or - for
    stdin. Outputs that exist are skipped, so running a command again goes on where it stopped.
    """  # noqa: D301 (\b is click's mark for lines that stay as they are)
    # Imported here, so that `--help` and a mistyped option answer at once.
    from rechroma.cli.job import JobOptions, plan_job, run_job
    from rechroma.cli.report import show_plan
    from rechroma.colorizer import Colorizer
    from rechroma.photo import read

    if raw_output and (keep_color or strength != 1 or mood):
        raise UsageError(
            "--raw-output is what the network says, and no more",
            "leave out --strength, --keep-color and --mood, or --raw-output",
        )
    plan = plan_job(inputs, output, console, beside="{parent}/{stem}.color{ext}")
    if dry_run:
        show_plan(plan.tasks, overwrite=overwrite, as_json=as_json)
        return 0

    how = JobOptions(jobs, max_pixels, quality, overwrite, fail_fast, as_json)
    with model_or_checkpoint(model, cfg, overrides, ckpt_name) as file:

        def make_work(threads: int) -> Work:
            colorizer = Colorizer(file, device=device, size=size, threads=threads)
            if raw_output and colorizer.card.output != "rgb":
                # Here, so that it is said once, not for every picture.
                raise UsageError(f"{colorizer.card.name} has no RGB output", "no --raw-output")

            def work(photo: Photo) -> Photo:
                if raw_output:
                    return colorizer.predict(photo).render_raw()
                return colorizer.colorize(photo, strength=strength, keep_color=keep_color)

            return _with_mood(work, read(mood)) if mood else work

        return run_job(plan, make_work, how, console, verb="colorized")


def _with_mood(work: Callable[[Photo], Photo], reference: Photo) -> Work:
    """Return the work with a transfer after it."""
    from rechroma.mood import fit_look

    def both(photo: Photo) -> Photo:
        coloured = work(photo)
        return fit_look(reference, coloured).apply(coloured)

    return both
