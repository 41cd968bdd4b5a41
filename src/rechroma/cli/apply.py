"""`rechroma apply`: a look, from a `.cube` file or from the library, on photographs."""

from __future__ import annotations

from functools import partial
from pathlib import PurePath
from typing import TYPE_CHECKING

import click

from rechroma.cli import options
from rechroma.cli.console import Console
from rechroma.cli.job_options import JobOptions, job_options
from rechroma.cli.operation_options import operation_options
from rechroma.video.options import FilmOptions

if TYPE_CHECKING:
    from rechroma.batch import Work
    from rechroma.cli.job import FilmWork
    from rechroma.mood import Look
    from rechroma.photo import Photo
    from rechroma.photo.model import PixelChange

__all__ = ["apply", "look_work"]


@click.command()
@click.argument("look")
@options.inputs
@options.output("look-LOOK")
@click.option("--strength", type=click.FloatRange(0.0, 1.0), default=1.0, show_default=True,
              help="0 changes nothing, 1 is the whole look.")  # fmt: skip
@operation_options(FilmOptions, to="film", without=("gap",))
@job_options
@click.make_pass_decorator(Console, ensure=True)
def apply(
    console: Console,
    *,
    look: str,
    inputs: tuple[str, ...],
    output: str | None,
    strength: float,
    film: FilmOptions,
    job: JobOptions,
) -> int:
    """Apply a look to photographs: a LUT file of any program, or a look by its name.

    \b
    Examples:
      rechroma apply film.cube portrait.jpg -o new.jpg
      rechroma apply evening album/ -o evening/ --strength 0.6
      rechroma apply winter portrait.jpg   (rechroma look list tells what there is)
    """  # noqa: D301 (\b is click's mark for lines that stay as they are)
    from rechroma.cli.job import plan_job, run_job
    from rechroma.cli.results import show_plan
    from rechroma.mood import Look

    plan = plan_job(
        inputs, output, console, beside=_beside(look), exclude=job.exclude, also_read=[look]
    )
    # Also if every result is there already: a look that is none is not to be passed over.
    loaded = Look.load(look)
    if job.dry_run:
        show_plan(plan.tasks, overwrite=job.overwrite, as_json=job.as_json)
        return 0

    def make_work(threads: int) -> Work:
        return look_work(loaded, strength, threads, console)

    def make_film_work() -> FilmWork:
        from rechroma.cli.film_work import look_films

        return look_films(
            lambda _: loaded,
            film,
            console,
            strength=strength,
            overwrite=job.overwrite,
            as_json=job.as_json,
        )

    return run_job(plan, make_work, job, console, verb="changed", make_film_work=make_film_work)


def look_work(look: Look, strength: float, threads: int, console: Console) -> Work:
    """Return what makes a photo the one with a look, and say which photos have no colors."""
    from rechroma.batch.pictures import PointWork
    from rechroma.colorizer import is_color

    def tell_gray(photo: Photo, name: str) -> None:
        if not is_color(photo):
            console.note(
                f"{name}: black and white: a look tints it, and has no colors to change in it; "
                "rechroma transfer, or colorize --look, colors it first"
            )

    def whole(photo: Photo) -> Photo:
        tell_gray(photo, photo.name)
        return look.apply(photo, strength=strength, threads=threads)

    def by_strips(thumbnail: Photo) -> PixelChange:
        tell_gray(thumbnail, thumbnail.name)
        return partial(look.change, strength=strength)

    return PointWork(whole, by_strips, look.title_at(strength))


def _beside(look: str) -> str:
    """Return the template of results; each look has names of its own."""
    name = PurePath(look).stem.replace("{", "{{").replace("}", "}}")
    return f"{{parent}}/{{stem}}.look-{name}{{ext}}"
