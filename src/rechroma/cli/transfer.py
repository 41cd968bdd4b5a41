"""`rechroma transfer`: the mood of one photograph for others."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rechroma.cli.console import Console
from rechroma.cli.job_options import JobOptions, job_options
from rechroma.cli.operation_options import operation_options
from rechroma.errors import UsageError
from rechroma.mood.options import TransferOptions
from rechroma.video.options import FilmLookOptions

if TYPE_CHECKING:
    from rechroma.batch import Work
    from rechroma.cli.job import FilmWork

__all__ = ["transfer"]


@click.command()
@click.option("--src", "--source", "sources", multiple=True, required=True, metavar="S",
              help="The photograph that the mood is taken FROM; may be repeated.")  # fmt: skip
@click.option("--target", "targets", multiple=True, required=True, metavar="T",
              help="The photograph that is changed; a folder, a 'glob', @list or -.")  # fmt: skip
@click.option("--out", "-o", "output", metavar="O", type=click.Path(),
              help="Where the changed target goes: a file, a folder, - or a template.  "
              "[default: {parent}/{stem}.mood{ext}; - if the target is -]")  # fmt: skip
@operation_options(TransferOptions, to="how")
@click.option("--source-mask", metavar="M", help="A picture of the source's regions: equal flat "
              "colors in both masks belong together.")  # fmt: skip
@click.option("--target-mask", metavar="M", help="The same of the target.")
@click.option("--lut", type=click.Path(path_type=Path), metavar="FILE.cube",
              help="Also write the change as a .cube file for other programs.")  # fmt: skip
@click.option(
    "--preview",
    "sheet",
    type=click.Path(path_type=Path),
    metavar="SHEET.png",
    help="Write source, target and every method's result side by side, and nothing else.",
)
@operation_options(FilmLookOptions, to="film", without=("gap",))
@job_options
@click.make_pass_decorator(Console, ensure=True)
def transfer(
    console: Console,
    *,
    sources: tuple[str, ...],
    targets: tuple[str, ...],
    output: str | None,
    how: TransferOptions,
    source_mask: str | None,
    target_mask: str | None,
    lut: Path | None,
    sheet: Path | None,
    film: FilmLookOptions,
    job: JobOptions,
) -> int:
    """Give photographs the mood of another.

    \b
        --src sunset.jpg          --target harbor.jpg            --out new.jpg
        the mood comes from here  this photograph is changed     the changed one

    \b
    Examples:
      rechroma transfer --src sunset.jpg --target harbor.jpg --out new.jpg
      rechroma transfer --src a.jpg --src b.jpg --target album/ --out warm/
      rechroma transfer --src film.jpg --target me.jpg --out new.jpg --lut film.cube
      rechroma transfer --src film.jpg --target me.jpg --preview methods.png
      rechroma transfer --src a.jpg --target b.jpg --out c.jpg --swatch 0,0,90,60:400,20,90,60

    The target keeps its size, bit depth, alpha and metadata; nothing is written over it.
    """  # noqa: D301 (\b is click's mark for lines that stay as they are)
    from rechroma.batch import Outcome, Status, Task
    from rechroma.batch.pictures import load
    from rechroma.batch.plan import refuse_read_targets
    from rechroma.cli.job import plan_job, run_job
    from rechroma.cli.mood_work import Extras, check_single, preview, transfer_work
    from rechroma.cli.results import BatchReport, show_plan
    from rechroma.video.kinds import is_film

    extras = Extras(sources, (source_mask, target_mask), lut, job.pixel_limit)
    plan = plan_job(
        targets, output, console, beside="{parent}/{stem}.mood{ext}", exclude=job.exclude,
        also_read=extras.files_read,
    )  # fmt: skip
    check_single(how, extras, len(plan.tasks), preview=sheet is not None)
    if sheet is not None and (lut is not None or output is not None):
        what = "--lut" if lut is not None else "--out"
        raise UsageError(
            f"--preview writes nothing but its sheet: no {what}",
            f"leave out {what}, or --preview and choose with --method",
        )
    if lut is not None:
        plan = replace(plan, tasks=(replace(plan.tasks[0], beside=(lut,)),))
    if sheet is not None:
        source = plan.tasks[0].source
        plan = replace(plan, tasks=(Task(source, sheet),))
        refuse_read_targets(plan.tasks, [*extras.files_read, str(source)])
    if job.dry_run:
        show_plan(plan.tasks, overwrite=job.overwrite, as_json=job.as_json)
        return 0
    if sheet is not None:
        if is_film(plan.tasks[0].source):
            raise UsageError(
                f"{plan.tasks[0].source}: a film: --preview is of a photograph",
                "take a frame of it: rechroma frames FILM -o shots/",
            )
        target = load(plan.tasks[0].source, max_pixels=extras.max_pixels)
        report = BatchReport(plan.tasks, console, verb="preview written", as_json=job.as_json)
        preview(how, extras, target, sheet, console, overwrite=job.overwrite)
        report.add(Outcome(plan.tasks[0], Status.DONE))
        return report.close()

    def make_work(threads: int) -> Work:
        return transfer_work(how, extras, threads, console, overwrite=job.overwrite)

    def make_film_work() -> FilmWork:
        from rechroma.cli.film_work import transfer_films

        return transfer_films(
            how, extras, film, console, overwrite=job.overwrite, as_json=job.as_json
        )

    return run_job(plan, make_work, job, console, verb="changed", make_film_work=make_film_work)
