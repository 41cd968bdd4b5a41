"""`rechroma look`: the library of named looks."""

from __future__ import annotations

from pathlib import Path

import click

from rechroma.cli import options
from rechroma.cli.console import Console
from rechroma.cli.operation_options import operation_options
from rechroma.mood.options import TransferOptions

__all__ = ["look"]


@click.group()
def look() -> None:
    """Keep looks by name: fit once, apply to many.

    \b
    Examples:
      rechroma look save evening --from sunset.jpg
      rechroma look list                        (yours, and those of the package)
      rechroma apply evening album/ -o evening/
      rechroma look remove evening
    """  # noqa: D301 (\b is click's mark for lines that stay as they are)


@look.command()
@click.argument("name")
@click.option("--from", "sources", multiple=True, required=True, metavar="PHOTO",
              help="The photograph that the mood is taken from; may be repeated.")  # fmt: skip
@click.option("--for", "target", metavar="PHOTO",
              help="One like those that it is meant for.  [default: any photograph]")  # fmt: skip
@operation_options(TransferOptions, to="how", without=("swatches", "exact"))
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
    how: TransferOptions,
    overwrite: bool,
) -> None:
    """Fit a look from photographs and keep it as NAME."""
    from rechroma.mood import check_tones, fit
    from rechroma.mood.library import new_look_file
    from rechroma.mood.look import photos_of

    new_look_file(name, overwrite=overwrite)
    photos = photos_of(sources)
    if line := check_tones(photos, how):
        console.note(line)
    fitted = fit(photos, target, how)
    console.note(f"saved: {fitted.save(name, overwrite=overwrite)}")


@look.command("list")
def list_looks() -> None:
    """List the saved looks and those of the package, one a line: name, and file or description."""
    from rechroma.mood.library import saved_looks
    from rechroma.mood.named_looks import NAMED_LOOKS

    saved = saved_looks()
    for name, path in saved.items():
        click.echo(f"{name}\t{path}")
    for name, look in NAMED_LOOKS.items():
        if name not in saved:
            click.echo(f"{name}\t{look.description}")


@look.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("name")
@options.overwrite
@click.make_pass_decorator(Console, ensure=True)
def add(console: Console, *, file: Path, name: str, overwrite: bool) -> None:
    """Keep a look of another program as NAME: a .cube or other LUT file, or a Hald picture."""
    from rechroma.files import copy_file
    from rechroma.mood import Look
    from rechroma.mood.library import save_look
    from rechroma.mood.look_files import look_suffix

    Look.load(file)

    def copy(path: Path) -> None:
        copy_file(file, path, overwrite=overwrite)

    console.note(f"saved: {save_look(name, look_suffix(file), copy, overwrite=overwrite)}")


@look.command()
@click.argument("names", nargs=-1, required=True)
@click.make_pass_decorator(Console, ensure=True)
def remove(console: Console, *, names: tuple[str, ...]) -> None:
    """Remove the saved looks of these NAMES."""
    from rechroma.mood.library import remove_look

    for name in names:
        console.note(f"removed: {remove_look(name)}")
