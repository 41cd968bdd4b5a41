"""What a person reads while a command runs: all of it on stderr, since stdout is for data."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from rechroma.errors import RechromaError

__all__ = ["Console"]


class Console:
    """Says as much as was asked for.

    Attributes:
        verbosity: -1 only errors (`-q`), 0 notes too, 1 details (`-v`), 2 tracebacks (`-vv`).
    """

    def __init__(self) -> None:
        self.verbosity = 0

    def error(self, error: RechromaError, trace: str = "") -> None:
        """Say in one line what went wrong; with `-vv` say where, too."""
        if trace and self.verbosity >= 2:
            _say(trace.rstrip())
        _say(f"error: {_one_line(str(error))}")

    def note(self, text: str) -> None:
        """Say what everybody should know."""
        if self.verbosity >= 0:
            _say(text)

    def detail(self, text: str) -> None:
        """Say what only the curious want to know."""
        if self.verbosity >= 1:
            _say(text)

    @contextmanager
    def progress(self, label: str, total: int) -> Generator[Callable[[], None]]:
        """Draw a bar while several things are done on a terminal; yield what moves it by one."""
        if total < 2 or self.verbosity < 0 or not sys.stderr.isatty():
            yield _nothing
            return
        # Imported here: a single picture and a pipe should not pay for it.
        from rich.console import Console as Terminal
        from rich.progress import Progress

        # stdout stays itself: it carries data, perhaps to the next program.
        terminal = Terminal(stderr=True)
        with Progress(console=terminal, redirect_stdout=False, transient=True) as bar:
            task = bar.add_task(label, total=total)
            yield lambda: bar.advance(task)


def _one_line(text: str) -> str:
    """Show what would break a line, such as a name with a line feed in it."""
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)


def _nothing() -> None:
    """Move no bar."""


def _say(text: str) -> None:
    click.echo(text, err=True)
