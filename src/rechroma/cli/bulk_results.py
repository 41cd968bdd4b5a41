"""Telling how a bulk run goes: JSON on stdout for programs, lines on stderr for people."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from rechroma.errors import ExitCode, RechromaError

if TYPE_CHECKING:
    from rechroma.cli.console import Console
    from rechroma.cluster.driver import Counts
    from rechroma.cluster.items import Row

__all__ = ["BulkReport", "show_item"]


def show_item(source: str, target: str, status: str, *, as_json: bool) -> None:
    """Print on stdout what would be done with an item."""
    if as_json:
        click.echo(json.dumps({"input": source, "output": target, "status": status}))
    else:
        line = f"{source} -> {target}{'' if status == 'planned' else f'  ({status})'}"
        click.echo(line.encode("utf-8", "surrogateescape"))


class BulkReport:
    """Tells of items as they come, and of all of them at the end."""

    def __init__(self, console: Console, verb: str, *, as_json: bool) -> None:
        self._console = console
        self._verb = verb
        self._as_json = as_json

    def row(self, row: Row) -> None:
        """Tell of one item."""
        if row.failed:
            self._console.error(RechromaError(row.error, row.mend))
        else:
            self._console.detail(f"{row.status}: {row.uri} -> {row.output} ({row.seconds:.2f} s)")
        if self._as_json:
            click.echo(json.dumps(_object(row)))

    def progress(self, counts: Counts, rate: float, workers: int) -> None:
        """Tell how far it is."""
        line = _line(counts, self._verb) or "nothing done yet"
        ready = f"{workers} workers" if workers else "no worker is ready: the cluster may be busy"
        self._console.note(f"{line}; {rate:.1f} a second, {ready}")

    def detail(self, text: str) -> None:
        """Tell the curious."""
        self._console.detail(text)

    def close(self, counts: Counts, where: str) -> int:
        """Tell the summary, and return the exit code."""
        code = ExitCode.INTERRUPTED if counts.interrupted else _exit_code(counts)
        line = _line(counts, self._verb) or "nothing done"
        if counts.interrupted:
            line = f"interrupted: {line}; the same command goes on from here"
        else:
            line = f"{line} in {where}"
        if counts.failed_before:
            line += "; add --retry-failed to try again what failed before"
        self._console.note(line)
        if self._as_json:
            summary = {
                **{status: counts.made[status] for status in ("done", "kept", "failed")},
                "skipped": counts.skipped, "failed_before": counts.failed_before,
                "twice": counts.twice, "exit_code": int(code),
            }  # fmt: skip
            click.echo(json.dumps({"summary": summary}))
        return code


def _exit_code(counts: Counts) -> int:
    """Return the one code of all failures if nothing but failures happened."""
    failed = counts.made["failed"] + counts.failed_before
    if not failed:
        return ExitCode.OK
    if counts.made["failed"] == counts.total and len(counts.codes) == 1:
        return next(iter(counts.codes))
    return ExitCode.SOME_FAILED


def _line(counts: Counts, verb: str) -> str:
    told = [
        (counts.made["done"], verb),
        (counts.made["kept"], "left alone (in color already; --recolor colors them anew)"),
        (counts.skipped, "skipped (done before)"),
        (counts.made["failed"], "failed"),
        (counts.failed_before, "failed before"),
        (counts.twice, "named twice (the first counts)"),
    ]
    return ", ".join(f"{count:,} {what}" for count, what in told if count)


def _object(row: Row) -> dict[str, object]:
    result: dict[str, object] = {
        "input": row.uri, "output": row.output or None, "status": row.status,
        "seconds": round(row.seconds, 3), "notes": row.notes,
    }  # fmt: skip
    if row.gray:
        result["gray"] = row.gray
    if row.failed:
        result["error"] = {
            "kind": row.kind, "what": row.error, "mend": row.mend, "exit_code": row.exit_code
        }  # fmt: skip
    return result
