"""`rechroma apply`: a look, from a `.cube` file or from the library, on photographs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from rechroma.cli import options
from rechroma.cli.console import Console

if TYPE_CHECKING:
    from rechroma.batch import Work
    from rechroma.photo import Photo

__all__ = ["apply"]


@click.command()
@click.argument("look")
@options.inputs
@options.output
@options.exclude
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
def apply(
    console: Console,
    *,
    look: str,
    inputs: tuple[str, ...],
    output: str | None,
    exclude: tuple[str, ...],
    overwrite: bool,
    jobs: int | None,
    max_pixels: int | None,
    quality: int | None,
    as_json: bool,
    dry_run: bool,
    fail_fast: bool,
) -> int:
    """Apply a look to photographs: a .cube file of any program, or a saved look by its name.

    \b
    Examples:
      rechroma apply film.cube portrait.jpg -o new.jpg
      rechroma apply evening album/ -o evening/
    """  # noqa: D301 (\b is click's mark for lines that stay as they are)
    from rechroma.batch.pictures import PointWork
    from rechroma.cli.job import JobOptions, plan_job, run_job
    from rechroma.cli.results import show_plan
    from rechroma.mood import Look

    plan = plan_job(inputs, output, console, beside="{parent}/{stem}.look{ext}", exclude=exclude)
    if dry_run:
        show_plan(plan.tasks, overwrite=overwrite, as_json=as_json)
        return 0

    def make_work(threads: int) -> Work:
        loaded = Look.load(look)

        def whole(photo: Photo) -> Photo:
            return loaded.apply(photo, threads=threads)

        return PointWork(whole, lambda _: loaded.lut.apply)

    how = JobOptions(jobs, max_pixels, quality, overwrite, fail_fast, as_json)
    return run_job(plan, make_work, how, console, verb="changed")
