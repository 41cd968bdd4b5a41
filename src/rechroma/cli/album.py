"""`rechroma album`: a batch, before and after, as pages for a disk or any web server."""

from __future__ import annotations

from pathlib import Path

import click

from rechroma.cli import options
from rechroma.cli.console import Console

__all__ = ["album"]


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--originals", "--before", metavar="DIR", type=click.Path(path_type=Path),
              help="Where the originals are, under the same names.  [default: beside the results; "
              "else their gray is taken from the results]")  # fmt: skip
@click.option("-o", "--output", "--out", metavar="FOLDER", type=click.Path(path_type=Path),
              help="The album's folder.  [default: the name of DIR with -album]")  # fmt: skip
@click.option("--title", metavar="TEXT", help="What stands above it.  [default: the name of DIR]")
@options.exclude
@options.jobs
@options.max_pixels
@options.quiet
@options.verbose
@click.make_pass_decorator(Console, ensure=True)
def album(
    console: Console,
    *,
    folder: Path,
    originals: Path | None,
    output: Path | None,
    title: str | None,
    exclude: tuple[str, ...],
    jobs: int | None,
    max_pixels: int | None,
) -> int:
    """Make an album of a batch: HTML pages with each photograph before and after.

    \b
    Examples:
      rechroma colorize album/ -o colored/
      rechroma album colored/ --originals album/ --title "Grandmother's album"

    Open index.html in a browser: it needs no server, and asks nobody for anything. Captions are
    the descriptions in the files, or else their names. Pictures are made smaller and say nothing of
    cameras or places. Made again, an album is replaced; other files never are.
    """  # noqa: D301 (\b is click's mark for lines that stay as they are)
    from rechroma.album import find_entries, make_album
    from rechroma.album.captions import name_as_words
    from rechroma.errors import ExitCode
    from rechroma.photo import DEFAULT_MAX_PIXELS

    name = folder.resolve().name
    out = output or folder.resolve().with_name(f"{name}-album")
    entries, alone = find_entries(folder, originals, outside=out, exclude=exclude)
    if alone:
        console.note(f"{alone} pictures have no result: they are left out")
    made = make_album(
        entries, out,
        title=title or name_as_words(name),
        jobs=jobs,
        max_pixels=DEFAULT_MAX_PIXELS if max_pixels is None else max_pixels or None,
        tell=lambda done: console.detail(f"{done} of {len(entries)}"),
    )  # fmt: skip
    for _, error in made.failed:
        console.error(error)
    count = "1 photograph" if made.pictures == 1 else f"{made.pictures} photographs"
    console.note(f"{count}: open {made.page} in a browser")
    return ExitCode.SOME_FAILED if made.failed else ExitCode.OK
