"""`rechroma prepare`: old prints made ready for the colorizer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from rechroma.cli import options
from rechroma.cli.console import Console
from rechroma.cli.job_options import JobOptions, job_options
from rechroma.cli.operation_options import operation_options
from rechroma.errors import UsageError
from rechroma.preparation.options import PrepareOptions

if TYPE_CHECKING:
    from rechroma.batch import Work

__all__ = ["prepare"]


@click.command()
@options.inputs
@options.output("prepared")
@operation_options(PrepareOptions, to="how")
@click.option("--scratch-mask", type=click.Path(path_type=Path), metavar="MASK.png",
              help="Of one picture: fill what is white here instead of what is found.")  # fmt: skip
@click.option("--write-masks", is_flag=True,
              help="Write what is filled beside each result: new.scratches.png, to be edited and "
              "given to --scratch-mask.")  # fmt: skip
@click.option("--preview", "sheet", type=click.Path(path_type=Path), metavar="SHEET.png",
              help="Write a sheet, before and after and what is filled, of 100 pictures at most, "
              "and nothing else.",
)  # fmt: skip
@job_options
@click.make_pass_decorator(Console, ensure=True)
def prepare(
    console: Console,
    *,
    inputs: tuple[str, ...],
    output: str | None,
    how: PrepareOptions,
    scratch_mask: Path | None,
    write_masks: bool,
    sheet: Path | None,
    job: JobOptions,
) -> int:
    """Make old prints ready: border, slant, tint, faded contrast, scratches.

    \b
    Examples:
      rechroma prepare album/ --preview sheet.png     (look before anything is written)
      rechroma prepare grandmother.jpg -o ready.png --border crop
      rechroma prepare scans/ -o ready/ --no-scratches
      rechroma colorize grandmother.jpg --prepare     (the colorizer alone sees it)

    What is found is told, each with its reason. Pictures on which nothing is found are copied as
    they are; beside themselves only if -o names the file.
    """  # noqa: D301 (\b is click's mark for lines that stay as they are)
    from rechroma.batch.pictures import Saving
    from rechroma.cli.job import plan_job, run_job
    from rechroma.cli.prepare_work import (
        Findings,
        planned,
        prepare_work,
        preview,
        preview_plan,
    )
    from rechroma.cli.results import show_plan
    from rechroma.photo import read

    plan = plan_job(
        inputs, output, console, beside="{parent}/{stem}.prepared{ext}", exclude=job.exclude,
        also_read=[str(scratch_mask)] if scratch_mask else (),
    )  # fmt: skip
    if scratch_mask is not None and len(plan.tasks) != 1:
        raise UsageError("--scratch-mask is about one picture", "give one input")
    if sheet is not None:
        plan = preview_plan(plan, sheet, scratch_mask, output=output, with_masks=write_masks)
    plan = planned(plan, with_masks=write_masks)
    if job.dry_run:
        show_plan(plan.tasks, overwrite=job.overwrite, as_json=job.as_json)
        return 0
    mask = None if scratch_mask is None else read(scratch_mask, max_pixels=job.pixel_limit)
    if sheet is not None:
        return preview(plan.tasks, how, mask, sheet, console, job)
    findings = Findings(console)

    def make_work(_: int) -> Work:
        saving = Saving(overwrite=job.overwrite)
        return prepare_work(how, mask, plan.tasks, findings, saving, with_masks=write_masks)

    return run_job(
        plan, make_work, job, console, verb="prepared", kept="left as they are",
        more=findings.json_of,
    )  # fmt: skip
