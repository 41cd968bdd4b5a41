"""`rechroma shards`: a folder of pictures, packed for training."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rechroma.batch import default_jobs
from rechroma.cli import options
from rechroma.cli.console import Console
from rechroma.errors import ExitCode

if TYPE_CHECKING:
    from rechroma.errors import PhotoError
    from rechroma.training.shards import ShardFormat

__all__ = ["shards"]

_UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9}


def _bytes(_: click.Context, __: click.Parameter, text: str) -> int:
    match = re.fullmatch(r"(\d+) ?([KMG]?)B?", text.strip().upper())
    if match is None or not int(match[1]):
        raise click.BadParameter(f"{text!r} is no size such as 512MB")
    return int(match[1]) * _UNITS[match[2]]


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), metavar="OUT",
              help="A folder for the shards and their list.")  # fmt: skip
@click.option("--format", "encoding", type=click.Choice(["avif", "webp", "jpeg", "keep"]),
              default="avif", show_default=True,
              help="What the pictures become; keep copies the files.")  # fmt: skip
@click.option("--side", type=click.IntRange(min=1), default=160, show_default=True, metavar="PX",
              help="The shorter side of pictures that are larger.")  # fmt: skip
@options.quality
@click.option("--count", type=click.IntRange(min=1), default=2000, show_default=True, metavar="N",
              help="Most pictures in a shard.")  # fmt: skip
@click.option("--size-limit", default="512MB", show_default=True, callback=_bytes, metavar="SIZE",
              help="Most bytes of a shard.")  # fmt: skip
@options.jobs
@options.quiet
@options.verbose
@click.make_pass_decorator(Console, ensure=True)
def shards(
    console: Console,
    *,
    folder: Path,
    output: Path,
    encoding: ShardFormat,
    side: int,
    quality: int | None,
    count: int,
    size_limit: int,
    jobs: int | None,
) -> int:
    """Pack the pictures below DIR into .tar files that training reads in place.

    \b
    Examples:
      rechroma shards photos -o shards
      rechroma shards photos -o shards --side 256 --format webp --quality 85
      rechroma train --cfg train_base_lab --set TRAIN_DIR=shards --set HOLD_OUT=200

    Each shard is a mixture of all pictures; OUT/shards.csv says which is where. The same command
    goes on where it was stopped. Pictures that can't be read are named, and the rest goes on.
    """  # noqa: D301 (\b is click's mark for lines that stay as they are)
    from rechroma.training.shards import Packing, pack, plan_shards

    plan = plan_shards(folder, output, Packing(encoding, side, quality, count, size_limit))
    failed = 0
    with console.progress("packing", len(plan.waiting)) as advance:

        def tell(problem: PhotoError | None) -> None:
            nonlocal failed
            if problem is not None:
                failed += 1
                console.error(problem)
            advance()

        for problem in plan.problems:
            failed += 1
            console.error(problem)
        written = pack(plan, jobs or default_jobs(len(plan.waiting)), tell)
    total = plan.packed + len(plan.waiting) + len(plan.problems)
    console.note(
        f"{output}: {written} shards written; {plan.packed} of {total} pictures were packed before"
    )
    return ExitCode.SOME_FAILED if failed else ExitCode.OK
