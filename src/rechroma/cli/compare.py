"""`rechroma compare`: which of two folders do people prefer?"""

from __future__ import annotations

from pathlib import Path

import click

from rechroma.cli import options
from rechroma.cli.console import Console

__all__ = ["compare"]


@click.command()
@click.argument("first", metavar="DIR_A", type=click.Path(path_type=Path))
@click.argument("second", metavar="DIR_B", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), default=Path("compare.html"),
              show_default=True, metavar="PAGE.html", help="The page to write.")  # fmt: skip
@options.overwrite
@options.quiet
@options.verbose
@click.make_pass_decorator(Console, ensure=True)
def compare(console: Console, *, first: Path, second: Path, output: Path, overwrite: bool) -> None:
    """Write a page on which people choose, blind, the better one of each pair of pictures.

    \b
    Examples:
      rechroma colorize album/ -o a/
      rechroma colorize album/ -o b/ --vividness 0
      rechroma compare a/ b/

    Pictures of the same name are a pair. Open the page in a browser: keys 1 and 2 choose, 0 is no
    difference; it saves the results as JSON. Pictures stay where they are, and nothing is sent.
    """  # noqa: D301 (\b is click's mark for lines that stay as they are)
    from rechroma.compare import find_pairs, write_page

    pairs, alone = find_pairs(first, second)
    write_page(pairs, (str(first), str(second)), output, overwrite=overwrite)
    if alone:
        console.note(f"{alone} pictures are in one of the folders alone: they are left out")
    console.note(f"{len(pairs)} pairs: open {output} in a browser")
