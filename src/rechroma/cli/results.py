"""Telling how a batch goes: JSON on stdout for programs, lines on stderr for people."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rechroma.batch import Outcome, Status, Task
from rechroma.errors import ExitCode
from rechroma.photo.formats import dropped_line, name_by_suffix

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from rechroma.cli.console import Console

__all__ = ["BatchReport", "show_plan"]


class BatchReport:
    """Tells outcomes as they come and counts them for the closing line.

    Args:
        tasks: Everything that is planned.
        console: Where people read.
        verb: What was done to the pictures, for the closing line: "colorized".
        as_json: Whether stdout gets one object a picture and one with the summary.
        more: What else the object of a picture says; it is called when that is told.

    Attributes:
        kept: What pictures that the work left as they are are called in the closing line.
    """

    def __init__(
        self,
        tasks: Sequence[Task],
        console: Console,
        *,
        verb: str,
        as_json: bool,
        more: Callable[[Task], Mapping[str, object]] | None = None,
    ) -> None:
        self._tasks = tasks
        self._console = console
        self.verb = verb
        self._as_json = as_json
        self.kept = "left alone (in color already; --recolor colors them anew)"
        self._more = more
        self._counts: Counter[Status] = Counter()
        self._failure_codes: set[int] = set()
        self._notes: dict[str, list[str]] = {}
        self._with_result: list[Task] = []

    def add(self, outcome: Outcome) -> None:
        """Tell one outcome."""
        self._counts[outcome.status] += 1
        task = outcome.task
        if outcome.error is not None:
            self._failure_codes.add(outcome.error.exit_code)
            self._console.error(outcome.error, outcome.trace)
        else:
            took = f" ({outcome.seconds:.2f} s)" if outcome.seconds else ""
            gray = f", gray {outcome.gray}" if outcome.gray else ""
            self._console.detail(f"{outcome.status}{gray}: {task.source} -> {task.target}{took}")
            if _output_of(outcome) is not None:
                self._with_result.append(task)
        if outcome.pages_dropped:
            line = dropped_line(name_by_suffix(Path(task.source)), outcome.pages_dropped)
            self._console.note(f"{task.source}: {line}")
        for note in outcome.notes:
            self._notes.setdefault(note, []).append(str(task.source))
        if self._as_json:
            more = self._more(outcome.task) if self._more is not None else {}
            _print_json({**_picture_object(outcome), **more})

    def close(self, *, interrupted: bool = False) -> int:
        """Tell the summary and return the exit code."""
        code = ExitCode.INTERRUPTED if interrupted else self._exit_code()
        for note, sources in self._notes.items():
            who = sources[0] if len(sources) == 1 else f"{len(sources)} pictures"
            self._console.note(f"{who}: {note}")
        self._console.note(self._closing_line(interrupted=interrupted))
        if self._as_json:
            counts = {str(status): self._counts[status] for status in Status}
            summary = {**counts, "not_reached": self._not_reached, "exit_code": int(code)}
            _print_json({"summary": summary})
        return code

    @property
    def _not_reached(self) -> int:
        return len(self._tasks) - self._counts.total()

    def _exit_code(self) -> int:
        """Return the one code of all failures if nothing but failures happened."""
        if not self._failure_codes:
            return ExitCode.OK
        nothing_else = self._counts[Status.FAILED] == len(self._tasks)
        if nothing_else and len(self._failure_codes) == 1:
            return next(iter(self._failure_codes))
        return ExitCode.SOME_FAILED

    def _closing_line(self, *, interrupted: bool) -> str:
        counts = [
            (self._counts[Status.DONE], self.verb),
            (self._counts[Status.KEPT], self.kept),
            (self._counts[Status.COMPLETED], "completed (only what was missing was written)"),
            (self._counts[Status.SKIPPED], "skipped (already there)"),
            (self._counts[Status.FAILED], "failed"),
            (self._not_reached, "not reached"),
        ]
        line = ", ".join(f"{count} {what}" for count, what in counts if count)
        if interrupted:
            return f"interrupted: {line}; the same command goes on from here"
        line = f"{line}{_where(self._with_result)}"
        if self._counts[Status.SKIPPED] or self._counts[Status.COMPLETED]:
            line += "; made earlier, perhaps with other options: add --overwrite to make it anew"
        return line


def show_plan(
    tasks: Sequence[Task],
    *,
    overwrite: bool,
    as_json: bool,
    versions: Callable[[Task], Mapping[str, Path]] | None = None,
) -> None:
    """Print on stdout what would be done with each task.

    Args:
        tasks: Everything that is planned.
        overwrite: Whether results that are there are made anew.
        as_json: One object a task, instead of lines for people.
        versions: The files of a task's versions by name, as far as they are known; its sheet is
            beside the result anyway.
    """
    for task in tasks:
        skipped = task.is_done and not overwrite
        known = versions(task) if versions is not None else {}
        if as_json:
            status = str(Status.SKIPPED) if skipped else "planned"
            told: dict[str, object] = {
                "input": str(task.source), "output": str(task.target), "status": status
            }  # fmt: skip
            if task.beside:
                told["beside"] = [str(path) for path in task.beside]
            if known:
                told["versions"] = {name: str(path) for name, path in known.items()}
            _print_json(told)
            continue
        note = "  (skipped: already there)" if skipped else ""
        _show(f"{task.source} -> {task.target}{note}")
        for path in (*known.values(), *task.beside):
            _show(f"  beside it {path}")


def _show(line: str) -> None:
    try:
        click.echo(line)
    except UnicodeEncodeError:
        click.echo(os.fsencode(line))  # a name that is no text


def _picture_object(outcome: Outcome) -> dict[str, object]:
    result: dict[str, object] = {
        "input": str(outcome.task.source),
        "output": _output_of(outcome),
        "status": str(outcome.status),
        "seconds": round(outcome.seconds, 3),
        "pages_dropped": outcome.pages_dropped,
        "notes": list(outcome.notes),
    }
    if outcome.gray is not None:
        result["gray"] = str(outcome.gray)
    if (error := outcome.error) is not None:
        result["error"] = {
            "kind": type(error).__name__,
            "what": error.what,
            "mend": error.mend,
            "exit_code": int(error.exit_code),
        }
    return result


def _output_of(outcome: Outcome) -> str | None:
    """Return where the result is; None of a picture that was left alone without a copy."""
    if outcome.status is Status.KEPT and not outcome.task.has_result:
        return None
    return str(outcome.task.target)


def _print_json(content: dict[str, object]) -> None:
    click.echo(json.dumps(content))


def _where(tasks: Sequence[Task]) -> str:
    """Say where the results are: the file if there is one, else their common folder."""
    # Of a preview all pictures are on one sheet.
    targets = list(dict.fromkeys(task.target for task in tasks if isinstance(task.target, Path)))
    folders = {target.parent for target in targets}
    if not targets:
        return ""
    if len(targets) == 1:
        return f": {targets[0]}"
    if len(folders) == 1:
        return f" in {targets[0].parent}"
    return f" in {os.path.commonpath([folder.absolute() for folder in folders])}"
