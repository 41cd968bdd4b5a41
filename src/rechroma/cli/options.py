"""The options that several commands share, each declared once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import click

from rechroma.cli.console import Console

__all__ = [
    "as_json",
    "device",
    "dry_run",
    "exclude",
    "fail_fast",
    "inputs",
    "jobs",
    "max_pixels",
    "model",
    "output",
    "overwrite",
    "quality",
    "quiet",
    "size",
    "verbose",
]


_Command: TypeAlias = Callable[..., Any]


def _set_verbosity(context: click.Context, _: click.Parameter, value: int) -> None:
    if value:
        context.ensure_object(Console).verbosity = value


inputs = click.argument("inputs", nargs=-1, required=True, type=click.Path())


def output(mark: str) -> Callable[[_Command], _Command]:
    """Return the option of where results go; `mark` is in their names beside the inputs."""
    return click.option(
        "-o",
        "--output",
        "--out",
        metavar="OUT",
        type=click.Path(),
        help="A file, a folder (sub-folders are kept), - for stdout, or a template with {parent}, "
        "{stem}, {ext} and {name}.  [default: "
        f"{{parent}}/{{stem}}.{mark}{{ext}}; - if the input is -]",
    )


overwrite = click.option(
    "--overwrite", is_flag=True, help="Replace outputs that exist; otherwise they are skipped."
)
jobs = click.option(
    "--jobs",
    type=click.IntRange(min=1),
    metavar="N",
    help="Pictures to work on (and hold in memory) at once.  [default: one per core, at most 4]",
)
max_pixels = click.option(
    "--max-pixels",
    type=click.IntRange(min=0),
    metavar="N",
    help="Refuse pictures with more pixels, before decoding them; 0 lifts the limit.",
)
quality = click.option(
    "--quality",
    type=click.IntRange(1, 100),
    metavar="Q",
    help="Of lossy outputs such as JPEG, 1 to 100.",
)
exclude = click.option(
    "--exclude",
    multiple=True,
    metavar="PATTERN",
    help="In folders and globs, pass over what matches, such as 'old/*'; may be repeated.",
)
dry_run = click.option(
    "--dry-run", is_flag=True, help="Print what would be done; read and write no picture."
)
fail_fast = click.option("--fail-fast", is_flag=True, help="Stop at the first failure.")
as_json = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON on stdout, one object a line."
)
model = click.option(
    "--model",
    default="default",
    metavar="NAME|PATH",
    help="A model from `rechroma models`, or an ONNX file with a card.  [default: the shipped one]",
)
size = click.option(
    "--size",
    type=click.IntRange(min=1),
    metavar="PX",
    help="The shorter side that the network sees.  [default: what the model was trained for]",
)
device = click.option(
    "--device",
    default="auto",
    show_default=True,
    help="Where the network runs: auto, cpu, cuda or another that ONNX Runtime has here.",
)
quiet = click.option(
    "-q",
    "--quiet",
    type=int,
    is_flag=True,
    flag_value=-1,
    default=0,
    expose_value=False,
    callback=_set_verbosity,
    help="Say nothing but errors.",
)
verbose = click.option(
    "-v",
    "--verbose",
    count=True,
    expose_value=False,
    callback=_set_verbosity,
    help="Say more; -vv shows where errors come from.",
)
