"""The plan of a batch: every task is known, and known to be safe, before the first picture."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rechroma.batch.inputs import FoundPicture, find_pictures
from rechroma.batch.outputs import (
    File,
    StandardOutput,
    Template,
    parse_output,
    result_folder,
    target_for,
)
from rechroma.batch.task import STANDARD, Task, place_key
from rechroma.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Plan", "make_plan", "refuse_read_targets"]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is going to happen.

    Attributes:
        tasks: One for each picture, no two with the same target, in the order of the inputs.
        passed_over: Pictures met in a search that are the results of other tasks: of an earlier
            run into the same folders.
        unreadable: Of files met in a search that are not read: suffix → how many.
    """

    tasks: tuple[Task, ...]
    passed_over: tuple[Path, ...] = ()
    unreadable: Mapping[str, int] = field(default_factory=dict[str, int])


def make_plan(
    inputs: Sequence[str],
    output: str,
    *,
    exclude: Sequence[str] = (),
    marked: bool = False,
    also_read: Sequence[str] = (),
) -> Plan:
    """Plan the work on `inputs`; nothing is written.

    Args:
        inputs: As for `find_pictures`.
        output: As for `parse_output`.
        exclude: As for `find_pictures`.
        marked: As for `find_pictures`.
        also_read: Further files that the work reads: no target may be one of them.

    Raises:
        UsageError: A folder holds no picture, several pictures share one target, or a target is one
            of the inputs or is read.
    """
    meaning = parse_output(output)
    found = find_pictures(inputs, outside=result_folder(meaning), exclude=exclude, marked=marked)
    pictures = found.pictures
    if len(pictures) > 1 and isinstance(meaning, File | StandardOutput):
        raise UsageError(
            f"{len(pictures)} pictures cannot all go to {output}",
            "give a folder (ending in /) or a template such as {parent}/{stem}.color{ext}",
        )
    is_named = isinstance(meaning, File)
    pairs = [
        (picture, Task(picture.source, target_for(meaning, picture), is_named=is_named))
        for picture in pictures
    ]
    plan = _without_earlier_results(pairs) if isinstance(meaning, Template) else _all_of(pairs)
    _refuse_shared_targets(plan.tasks)
    _refuse_inputs_as_targets(plan.tasks)
    refuse_read_targets(plan.tasks, also_read)
    return replace(
        plan, passed_over=(*found.results, *plan.passed_over), unreadable=found.unreadable
    )


def _all_of(pairs: Sequence[tuple[FoundPicture, Task]]) -> Plan:
    return Plan(tuple(task for _, task in pairs))


def _without_earlier_results(pairs: Sequence[tuple[FoundPicture, Task]]) -> Plan:
    """Pass over the pictures that another task makes: `a.color.jpg` when `a.jpg` is there.

    A picture that was named itself stays, and is refused later: overwriting it may be a mistake.
    """
    makers = {_target_key(task): _source_key(task) for _, task in pairs}
    tasks: list[Task] = []
    passed_over: list[Path] = []
    for picture, task in pairs:
        key = _source_key(task)
        if not picture.named and makers.get(key, key) != key and isinstance(task.source, Path):
            passed_over.append(task.source)
        else:
            tasks.append(task)
    return Plan(tuple(tasks), tuple(passed_over))


def _refuse_shared_targets(tasks: Sequence[Task]) -> None:
    sources: dict[str, Task] = {}
    for task in tasks:
        other = sources.setdefault(_target_key(task), task)
        if other is not task:
            raise UsageError(
                f"{other.source} and {task.source} would both be written to {task.target}",
                "give their common folder as the input and a folder as the output, or a template "
                "with {parent}",
            )


def _refuse_inputs_as_targets(tasks: Sequence[Task]) -> None:
    sources = {_source_key(task) for task in tasks}
    for task in tasks:
        if task.target != STANDARD and _target_key(task) in sources:
            raise UsageError(
                f"the output {task.target} is one of the inputs",
                "choose another folder or template; if it is the result of an earlier run, name "
                "the folder or a quoted glob as the input, which pass over such results",
            )


def refuse_read_targets(tasks: Sequence[Task], also_read: Sequence[str]) -> None:
    """Refuse to write over what the work reads beside its inputs, such as the source of a mood.

    Raises:
        UsageError: A target is one of these files.
    """
    read = {place_key(Path(each)) for each in also_read}
    for task in tasks:
        for place in (task.target, *task.beside):
            if isinstance(place, Path) and place_key(place) in read:
                raise UsageError(
                    f"the output {place} is read by the same command", "choose another output"
                )


def _source_key(task: Task) -> str:
    return place_key(task.source) if isinstance(task.source, Path) else task.source


def _target_key(task: Task) -> str:
    return place_key(task.target) if isinstance(task.target, Path) else task.target
