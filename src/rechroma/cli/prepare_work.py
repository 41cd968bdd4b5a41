"""What `rechroma prepare`, and `rechroma colorize --prepare`, do to each photograph."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from rechroma.batch import Outcome, Status, Task, save
from rechroma.batch.pictures import load
from rechroma.batch.plan import refuse_read_targets
from rechroma.batch.task import failure
from rechroma.cli.colorize_work import refuse_shared_files
from rechroma.cli.findings import Findings
from rechroma.cli.job import check_streams
from rechroma.cli.results import BatchReport
from rechroma.errors import UsageError
from rechroma.evaluation.figure import contact_sheet, tile_of
from rechroma.photo import Photo, read, write
from rechroma.video.kinds import is_film

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from rechroma.batch import Plan
    from rechroma.batch.pictures import Saving
    from rechroma.cli.console import Console
    from rechroma.cli.job_options import JobOptions
    from rechroma.preparation import Preparation, PrepareOptions

__all__ = ["planned", "prepare_work", "preview", "preview_plan"]

# Of a sheet's pictures, pixels, at most and at least; how high a sheet is that shows many; and how
# many are below each other.
_PREVIEW_HEIGHT, _LEAST_HEIGHT, _SHEET_HEIGHT, _MOST_ROWS = 480, 160, 12_000, 100


def planned(plan: Plan, *, with_masks: bool) -> Plan:
    """Return the plan with the masks that go beside the results.

    Raises:
        UsageError: Results are not files, or a mask would be written over another file.
    """
    if not with_masks:
        return plan
    if not all(isinstance(task.target, Path) for task in plan.tasks):
        raise UsageError("--write-masks are files beside results", "give a file with -o")
    tasks = [replace(task, beside=(_mask_file(Path(task.target)),)) for task in plan.tasks]
    refuse_shared_files(tasks)
    return replace(plan, tasks=tuple(tasks))


def _mask_file(target: Path) -> Path:
    return target.with_name(f"{target.stem}.scratches.png")


def prepare_work(
    how: PrepareOptions,
    mask: Photo | None,
    tasks: Sequence[Task],
    findings: Findings,
    saving: Saving,
    *,
    with_masks: bool,
) -> Callable[[Photo], Photo]:
    """Return what makes a photo the one made ready.

    Args:
        how: What to look for, and what to do about it.
        mask: What to fill; None for what is found.
        tasks: Everything that is planned: where masks go.
        findings: Where what is found is told.
        saving: Whether masks that are there are replaced.
        with_masks: Whether masks are written.
    """
    targets = {str(task.source): task.target for task in tasks}

    def work(photo: Photo) -> Photo:
        ready = findings.prepared(photo, how, mask)
        if with_masks:
            path = _mask_file(Path(targets.get(photo.name, tasks[0].target)))
            if saving.overwrite or not os.path.lexists(path):
                save(_mask_photo(photo, ready), path, saving)
        if ready.photo is photo:
            return photo
        return ready.photo.marked(f"prepared: {ready.summary}")

    return work


def _mask_photo(photo: Photo, ready: Preparation) -> Photo:
    mask = ready.scratches
    if mask is None:
        mask = np.zeros((photo.height, photo.width), bool)
    return read(Image.fromarray(mask.astype(np.uint8) * 255))


def preview_plan(
    plan: Plan, sheet: Path, scratch_mask: Path | None, *, output: str | None, with_masks: bool
) -> Plan:
    """Return the plan of a sheet, where every picture goes.

    Raises:
        UsageError: Other results are asked for, or the sheet would be written over what is read.
    """
    for option, given in (("-o", output is not None), ("--write-masks", with_masks)):
        if given:
            raise UsageError(
                f"--preview writes nothing but its sheet: no {option}",
                f"leave out {option}, or --preview",
            )
    tasks = tuple(Task(task.source, sheet) for task in plan.tasks)
    read_files = [str(task.source) for task in tasks]
    refuse_read_targets(tasks, [*read_files, *([str(scratch_mask)] if scratch_mask else [])])
    return replace(plan, tasks=tasks)


def preview(
    tasks: Sequence[Task],
    how: PrepareOptions,
    mask: Photo | None,
    sheet: Path,
    console: Console,
    job: JobOptions,
) -> int:
    """Write pictures before and after, and what is filled, one a row, and return the exit code.

    Pictures that can't be read are told, and the others shown.

    Raises:
        UnwritableFileError: The sheet can't be written, or is there and not to be replaced.
    """
    check_streams(tasks, as_json=job.as_json)
    findings = Findings(console)
    report = BatchReport(
        tasks, console, verb="previewed", as_json=job.as_json, more=findings.json_of
    )
    height = min(
        _PREVIEW_HEIGHT, max(_LEAST_HEIGHT, _SHEET_HEIGHT // min(_MOST_ROWS, max(1, len(tasks))))
    )
    rows: list[list[NDArray[np.uint8]]] = []
    shown: list[Outcome] = []
    for task in tasks:
        if len(rows) == _MOST_ROWS:
            console.note(f"the sheet is full: it shows {_MOST_ROWS} pictures at most")
            break
        try:
            row, outcome = _row(task, how, mask, findings, job.pixel_limit, height)
        except Exception as error:  # noqa: BLE001 (one picture stops no other)
            report.add(failure(task, error))
            if job.fail_fast:
                break
            continue
        rows.append(row)
        shown.append(outcome)
    if rows:
        picture = contact_sheet(rows, ["before", "after", "filled"], height=height)
        write(read(picture), sheet, overwrite=job.overwrite)
    for outcome in shown:
        report.add(outcome)
    return report.close()


def _row(
    task: Task,
    how: PrepareOptions,
    mask: Photo | None,
    findings: Findings,
    max_pixels: int | None,
    height: int,
) -> tuple[list[NDArray[np.uint8]], Outcome]:
    if is_film(task.source):
        raise UsageError(f"{task.source}: a film", "this command is about photographs")
    photo = load(task.source, max_pixels=max_pixels)
    ready = findings.prepared(photo, how, mask)
    shown = (photo, ready.photo, _mask_photo(photo, ready))
    row = [tile_of(each, height) for each in shown]
    return row, Outcome(task, Status.DONE, 0.0, photo.pages_dropped)
