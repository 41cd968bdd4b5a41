"""`rechroma frames`: one picture of each shot of a film."""

from __future__ import annotations

import json
from pathlib import Path

import click

from rechroma.cli import options
from rechroma.cli.console import Console

__all__ = ["frames"]


@click.command()
@click.argument("film", type=click.Path(path_type=Path))
@click.option("-o", "--output", "--out", metavar="FOLDER", type=click.Path(path_type=Path),
              help="Where the pictures go.  [default: the film's name with -shots]")  # fmt: skip
@click.option("--from", "start", metavar="TIME", help="Begin at this time, such as 00:01:23.5.")
@click.option("--to", "end", metavar="TIME", help="End before this time.")
@options.overwrite
@options.as_json
@options.quiet
@options.verbose
@click.make_pass_decorator(Console, ensure=True)
def frames(
    console: Console,
    *,
    film: Path,
    output: Path | None,
    start: str | None,
    end: str | None,
    overwrite: bool,
    as_json: bool,
) -> int:
    """Write one picture of each shot of a film, named by its time (needs rechroma[video]).

    \b
    Examples:
      rechroma frames film.mp4 -o shots/
      rechroma colorize film.mp4 -o film.color.mp4 --still shots/shot-0007-00h01m23.500s.png

    Color some of them, by hand or with hints, and give them back to colorize as --still.
    """  # noqa: D301 (\b is click's mark for lines that stay as they are)
    from rechroma.video.options import FilmOptions
    from rechroma.video.shots import write_shots

    span = FilmOptions(start=start, end=end).span
    folder = output or film.with_name(f"{film.stem}-shots")
    count = 0
    for shot, path in write_shots(film, folder, span=span, overwrite=overwrite):
        count += 1
        console.detail(f"{path}: {shot.frames} frames from {shot.seconds:.3f} s")
        if as_json:
            said = {
                "shot": shot.number, "seconds": round(shot.seconds, 3), "frames": shot.frames,
                "picture": str(path),
            }  # fmt: skip
            click.echo(json.dumps(said))
    console.note(f"{count} shots: their pictures are in {folder}")
    return 0
