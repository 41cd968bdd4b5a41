"""`rechroma original`: color JPEGs in, the gray ones that they were made of out."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rechroma.cli import options
from rechroma.cli.console import Console

if TYPE_CHECKING:
    from rechroma.batch import Task
    from rechroma.batch.task import Outcome

__all__ = ["original"]


@click.command()
@options.inputs
@options.output("gray")
@options.exclude
@options.overwrite
@options.max_pixels
@options.as_json
@options.dry_run
@options.fail_fast
@options.quiet
@options.verbose
@click.make_pass_decorator(Console, ensure=True)
def original(
    console: Console,
    *,
    inputs: tuple[str, ...],
    output: str | None,
    exclude: tuple[str, ...],
    overwrite: bool,
    max_pixels: int | None,
    as_json: bool,
    dry_run: bool,
    fail_fast: bool,
) -> int:
    """Give gray JPEGs back, byte for byte, from the color ones that were made of them.

    \b
    Examples:
      rechroma original grandmother.color.jpg -o grandmother.jpg
      rechroma original colored/ -o gray/

    A picture that was colored with --strip-gps or --strip-metadata, or with another quality, or
    that another program has changed, gives back the gray that is in it; which it was is told.
    """  # noqa: D301 (\b is click's mark for lines that stay as they are)
    from rechroma.batch.task import Outcome, Status, failure
    from rechroma.cli.job import check_streams, plan_job
    from rechroma.cli.results import BatchReport, show_plan
    from rechroma.photo import DEFAULT_MAX_PIXELS

    plan = plan_job(inputs, output, console, beside="{parent}/{stem}.gray{ext}", exclude=exclude)
    if dry_run:
        show_plan(plan.tasks, overwrite=overwrite, as_json=as_json)
        return 0
    check_streams(plan.tasks, as_json=as_json)
    limit = DEFAULT_MAX_PIXELS if max_pixels is None else max_pixels or None
    report = BatchReport(plan.tasks, console, verb="given back", as_json=as_json)
    for task in plan.tasks:
        if task.is_done and not overwrite:
            report.add(Outcome(task, Status.SKIPPED))
            continue
        try:
            report.add(_given_back(task, limit, overwrite=overwrite))
        except KeyboardInterrupt:
            return report.close(interrupted=True)
        except Exception as error:  # noqa: BLE001 (one bad picture stops no other)
            report.add(failure(task, error))
            if fail_fast:
                break
    return report.close()


def _given_back(task: Task, max_pixels: int | None, *, overwrite: bool) -> Outcome:
    from rechroma.batch.pictures import write_to_stdout
    from rechroma.batch.task import Outcome, Status
    from rechroma.files import make_folder
    from rechroma.photo import original as original_of

    start = time.perf_counter()
    source = task.source if isinstance(task.source, Path) else sys.stdin.buffer
    found = original_of(source, max_pixels=max_pixels)
    if isinstance(task.target, Path):
        make_folder(task.target.parent)
        found.save(task.target, overwrite=overwrite)
    else:
        write_to_stdout(found.content)
    notes = (f"not the very file: {found.why}",) if found.why else ()
    seconds = time.perf_counter() - start
    return Outcome(task, Status.DONE, seconds, notes=notes, gray=found.gray)
