"""A command that is imported when it is called, so that `rechroma --help` imports none."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

__all__ = ["LazyCommand"]


class LazyCommand(click.Command):
    """Stands in the table of commands for one that lives in a module not yet imported.

    Args:
        name: What is typed.
        target: Where the command is, as `module:attribute`.
        short_help: The one line in the table of commands.
    """

    def __init__(self, name: str, target: str, short_help: str) -> None:
        super().__init__(name, short_help=short_help)
        self.target = target

    def load(self) -> click.Command:
        """Import the command."""
        module, _, attribute = self.target.partition(":")
        return getattr(import_module(module), attribute)

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,  # noqa: ANN401 (click's own signature)
    ) -> click.Context:
        """Let the real command parse its arguments; from here on click sees only that one."""
        return self.load().make_context(info_name, args, parent, **extra)
