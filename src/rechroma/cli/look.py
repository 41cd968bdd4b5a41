"""`rechroma look`: the library of named looks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from rechroma.cli import mood_options, options
from rechroma.cli.console import Console

if TYPE_CHECKING:
    from rechroma.mood import Luminance

__all__ = ["look"]


@click.group()
def look() -> None:
    """Keep looks by name: fit once, apply to many.

    \b
    Examples:
      rechroma look save evening --from sunset.jpg
      rechroma look list
      rechroma apply evening album/ -o evening/
    """  # noqa: D301 (\b is click's mark for lines that stay as they are)


@look.command()
@click.argument("name")
@click.option("--from", "sources", multiple=True, required=True, metavar="PHOTO",
              help="The photograph that the mood is taken from; may be repeated.")  # fmt: skip
@click.option("--for", "target", metavar="PHOTO",
              help="One like those that it is meant for.  [default: any photograph]")  # fmt: skip
@mood_options.method
@mood_options.strength
@mood_options.luminance
@mood_options.regions
@mood_options.lut_size
@options.overwrite
@options.quiet
@options.verbose
@click.make_pass_decorator(Console, ensure=True)
def save(
    console: Console,
    *,
    name: str,
    sources: tuple[str, ...],
    target: str | None,
    method: str,
    strength: float,
    luminance: Luminance,
    regions: int | None,
    lut_size: str,
    overwrite: bool,
) -> None:
    """Fit a look from photographs and keep it as NAME."""
    from rechroma.mood import fit_look
    from rechroma.mood.library import save_look

    fitted = fit_look(
        list(sources), target, method=method, strength=strength, luminance=luminance,
        regions=regions, size=int(lut_size),
    )  # fmt: skip
    console.note(f"saved: {save_look(fitted, name, overwrite=overwrite)}")


@look.command("list")
def list_looks() -> None:
    """List the saved looks, one a line: name and file."""
    from rechroma.mood.library import saved_looks

    for name, path in saved_looks().items():
        click.echo(f"{name}\t{path}")


@look.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("name")
@options.overwrite
@click.make_pass_decorator(Console, ensure=True)
def add(console: Console, *, file: Path, name: str, overwrite: bool) -> None:
    """Keep a .cube FILE of another program as NAME."""
    from rechroma.mood.library import load_look, save_look

    console.note(f"saved: {save_look(load_look(str(file)), name, overwrite=overwrite)}")
