"""What `rechroma prepare`, and `rechroma colorize --prepare`, do to each photograph."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from rechroma.batch import save
from rechroma.batch.pictures import load
from rechroma.cli.colorize_work import refuse_shared_files
from rechroma.cli.findings import Findings
from rechroma.errors import UsageError
from rechroma.evaluation.figure import contact_sheet
from rechroma.photo import Photo, read, write

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from rechroma.batch import Plan, Task
    from rechroma.batch.pictures import Saving
    from rechroma.cli.console import Console
    from rechroma.cli.job import JobOptions
    from rechroma.preparation import Preparation, PrepareOptions

__all__ = ["planned", "prepare_work", "preview"]

# Of a sheet, pixels.
_PREVIEW_HEIGHT = 480


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


def preview(
    tasks: Sequence[Task],
    how: PrepareOptions,
    mask: Photo | None,
    sheet: Path,
    console: Console,
    job: JobOptions,
) -> None:
    """Write pictures before and after, and what is filled, one a row.

    Raises:
        PhotoError: A picture can't be read.
        UnwritableFileError: The sheet can't be written, or is there and not to be replaced.
    """
    findings = Findings(console)
    rows: list[list[NDArray[np.uint8]]] = []
    for task in tasks:
        photo = load(task.source, max_pixels=job.pixel_limit)
        ready = findings.prepared(photo, how, mask)
        shown = (photo, ready.photo, _mask_photo(photo, ready))
        rows.append([_small(each) for each in shown])
    picture = contact_sheet(rows, ["before", "after", "filled"], height=_PREVIEW_HEIGHT)
    write(read(picture), sheet, overwrite=job.overwrite)
    console.note(f"written: {sheet}")


def _small(photo: Photo) -> NDArray[np.uint8]:
    """Return 8-bit pixels that are no higher than a sheet's, so that many fit into memory."""
    picture = Image.fromarray(photo.to_uint8())
    picture.thumbnail((8 * _PREVIEW_HEIGHT, _PREVIEW_HEIGHT), Image.Resampling.LANCZOS)
    return np.asarray(picture)
