"""`rechroma transfer`: the mood of one photograph for others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from rechroma.cli import mood_options, options
from rechroma.cli.console import Console
from rechroma.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from rechroma.batch import Work
    from rechroma.mood import Luminance
    from rechroma.photo import Photo

__all__ = ["transfer"]


@click.command()
@click.option("--src", "--source", "sources", multiple=True, required=True, metavar="S",
              help="The photograph that the mood is taken FROM; may be repeated.")  # fmt: skip
@click.option("--target", "targets", multiple=True, required=True, metavar="T",
              help="The photograph that is changed; a folder, a 'glob', @list or -.")  # fmt: skip
@click.option("--out", "-o", "output", metavar="O", type=click.Path(),
              help="Where the changed target goes: a file, a folder, - or a template.  "
              "[default: {parent}/{stem}.mood{ext}; - if the target is -]")  # fmt: skip
@mood_options.method
@mood_options.strength
@mood_options.luminance
@mood_options.exact
@mood_options.lut
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
def transfer(
    console: Console,
    *,
    sources: tuple[str, ...],
    targets: tuple[str, ...],
    output: str | None,
    method: str,
    strength: float,
    luminance: Luminance,
    exact: bool,
    lut: Path | None,
    overwrite: bool,
    jobs: int | None,
    max_pixels: int | None,
    quality: int | None,
    as_json: bool,
    dry_run: bool,
    fail_fast: bool,
) -> int:
    """Give photographs the mood of another.

    \b
        --src sunset.jpg          --target harbour.jpg           --out new.jpg
        the mood comes from here  this photograph is changed     the changed one

    \b
    Examples:
      rechroma transfer --src sunset.jpg --target harbour.jpg --out new.jpg
      rechroma transfer --src a.jpg --src b.jpg --target album/ --out warm/
      rechroma transfer --src film.jpg --target me.jpg --out new.jpg --lut film.cube

    The target keeps its size, bit depth, alpha and metadata; nothing is written over it.
    """  # noqa: D301 (\b is click's mark for lines that stay as they are)
    from rechroma.cli.job import JobOptions, plan_job, run_job
    from rechroma.cli.report import show_plan
    from rechroma.mood import fit_look, in_colour
    from rechroma.photo import read

    plan = plan_job(targets, output, console, beside="{parent}/{stem}.mood{ext}")
    if lut is not None and len(plan.tasks) != 1:
        raise UsageError(
            "--lut writes the table of one target, and there are several",
            "make a look for all of them: rechroma look save",
        )
    if dry_run:
        show_plan(plan.tasks, overwrite=overwrite, as_json=as_json)
        return 0

    def make_work(threads: int) -> Work:
        moods = [read(source) for source in sources]

        def work(photo: Photo) -> Photo:
            photo = in_colour(photo)
            look = fit_look(moods, photo, method=method, strength=strength, luminance=luminance)
            if lut is not None:
                look.save(lut, overwrite=overwrite)
            return look.apply(photo, exact=exact, threads=threads)

        return work

    how = JobOptions(jobs, max_pixels, quality, overwrite, fail_fast, as_json)
    return run_job(plan, make_work, how, console, verb="changed")
