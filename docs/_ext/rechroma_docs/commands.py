"""The command line, from what `--help` says."""

from __future__ import annotations

import inspect
import textwrap
from typing import TYPE_CHECKING

import click

from rechroma.cli.app import LazyCommand, app
from rechroma_docs.markdown import escaped

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["all_commands", "write"]


def write() -> str:
    """Return a section for each command."""
    with click.Context(app, info_name="rechroma") as root:
        return "\n".join(_section(path, command, root) for path, command in all_commands(root))


def all_commands(root: click.Context) -> Iterator[tuple[str, click.Command]]:
    """Yield each command with what is typed for it, those of groups after their group."""
    for name in app.commands:
        lazy = app.commands[name]
        command = lazy.load() if isinstance(lazy, LazyCommand) else lazy
        path = f"{root.info_name} {name}"
        yield path, command
        if isinstance(command, click.Group):
            for below, child in command.commands.items():
                yield f"{path} {below}", child


def _section(path: str, command: click.Command, root: click.Context) -> str:
    with click.Context(command, info_name=path, parent=root) as context:
        usage = " ".join([path, *command.collect_usage_pieces(context)])
        options = [_option(*record) for record in _records(command, context)]
    parts = [
        f"## {path}\n",
        f"```text\n{usage}\n```\n",
        _help(command.help or ""),
        f":::{{program}} {path}\n:::\n",
        *options,
    ]
    return "\n".join(parts)


def _records(command: click.Command, context: click.Context) -> Iterator[tuple[str, str]]:
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        # Arguments stand in the line of usage, and every command has --help.
        if record is not None and isinstance(parameter, click.Option) and parameter.name != "help":
            yield record


def _option(names: str, text: str) -> str:
    return f":::{{option}} {names}\n{escaped(text)}\n:::\n"


def _help(text: str) -> str:
    """Return the paragraphs; those that click leaves as they are become code."""
    return "\n".join(_paragraph(part) for part in inspect.cleandoc(text).split("\n\n"))


def _paragraph(text: str) -> str:
    if not text.startswith("\b"):
        return f"{escaped(text)}\n"
    lines = text.splitlines()[1:]
    title = f"{lines.pop(0)}\n\n" if lines[0].endswith(":") else ""
    block = textwrap.dedent("\n".join(lines))
    return f"{title}```{'sh' if title else 'text'}\n{block}\n```\n"
