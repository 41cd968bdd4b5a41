"""`rechroma colorize`: photographs in, color photographs out."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rechroma.cli import options, training_options
from rechroma.cli.console import Console
from rechroma.cli.job_options import JobOptions, job_options
from rechroma.cli.operation_options import operation_options
from rechroma.cli.training_options import model_or_checkpoint, refuse_two_models
from rechroma.colorizer.options import MAX_VARIANTS, ColorizeOptions
from rechroma.errors import UsageError
from rechroma.preparation.options import PrepareOptions, PrintOptions
from rechroma.video.options import FilmOptions

if TYPE_CHECKING:
    from rechroma.batch import Work
    from rechroma.cli.job import FilmWork

__all__ = ["colorize"]


@click.command()
@click.argument("inputs", nargs=-1, type=click.Path())
@click.option("--inp", multiple=True, type=click.Path(), metavar="DIR",
              help="A further way to name an input, the original's; may be repeated.")  # fmt: skip
@options.output("color")
@options.model
@training_options.cfg
@training_options.overrides
@training_options.ckpt_name
@operation_options(ColorizeOptions, to="how", without=("recolor",))
@click.option("--recolor/--no-recolor", default=None,
              help="Color pictures that are in color already anew, or leave them alone.  [default: "
              "anew if it is the only one or with --cfg or --raw-output, alone in a batch]",
)  # fmt: skip
@click.option("--hint", multiple=True, metavar="X,Y,COLOR[,REACH]",
              help="A pixel and the color that it should get, #rrggbb or a name, and how far it "
              "goes: here, thing (the default) or alike; of a film TIME@X,Y,COLOR; may be "
              "repeated.")  # fmt: skip
@click.option("--hints", type=click.Path(path_type=Path), metavar="FILE.json",
              help='Hints and masks from a file: [{"x": 10, "y": 20, "color": "#rrggbb", "reach": '
              '"here"}, {"mask": "coat.png", "color": "#rrggbb"}, …].')  # fmt: skip
@click.option("--mask", multiple=True, metavar="FILE=WHAT",
              help="A part of the picture, white in FILE, and what becomes of it: a color such as "
              "#7a2230, gray, strength:1.2, mood:PHOTO or keep (as it was); may be "
              "repeated.")  # fmt: skip
@click.option("--variants", type=click.IntRange(0, MAX_VARIANTS), default=0, metavar="N",
              help="Write N other plausible answers beside each result: new.1.png, ….")  # fmt: skip
@click.option("--versions", type=click.Path(path_type=Path), metavar="DIR",
              help="Write versions by name into DIR, with a sheet of them: faithful, natural, "
              "vivid, warm, cool, and other plausible ones.")  # fmt: skip
@click.option("--confidence", type=click.Path(path_type=Path), metavar="MAP.png",
              help="Write where the model is sure (white) and where it guesses.")  # fmt: skip
@options.size
@options.device
@click.option(
    "--mood",
    metavar="PHOTO",
    help="A color photograph that sets the tone.",
)
@operation_options(PrintOptions, to="prints")
@operation_options(PrepareOptions, to="preparing")
@click.option(
    "--look",
    metavar="LOOK",
    help="A look for the result, by name or as a LUT file; `rechroma look list` tells the names.",
)
@click.option(
    "--raw-output",
    is_flag=True,
    help="Of a model that predicts RGB: its picture as it is, not its colors on the photograph's "
    "own lightness.",
)
@operation_options(FilmOptions, to="film")
@click.option("--still", "stills", multiple=True, metavar="[TIME=]FILE",
              help="Of a film: a frame in color, followed through its shot; may be repeated.",
)  # fmt: skip
@click.option("--preview", "sheet", type=click.Path(path_type=Path), metavar="SHEET.png",
              help="Of a film: write a sheet of frames in color, and nothing else.",
)  # fmt: skip
@job_options
@click.make_pass_decorator(Console, ensure=True)
def colorize(
    console: Console,
    *,
    inputs: tuple[str, ...],
    inp: tuple[str, ...],
    output: str | None,
    model: str,
    cfg: Path | None,
    overrides: tuple[str, ...],
    ckpt_name: str | None,
    how: ColorizeOptions,
    recolor: bool | None,
    hint: tuple[str, ...],
    hints: Path | None,
    mask: tuple[str, ...],
    variants: int,
    versions: Path | None,
    confidence: Path | None,
    size: int | None,
    device: str,
    mood: str | None,
    look: str | None,
    prints: PrintOptions,
    preparing: PrepareOptions,
    raw_output: bool,
    film: FilmOptions,
    stills: tuple[str, ...],
    sheet: Path | None,
    job: JobOptions,
) -> int:
    """Give photographs their color back.

    \b
    Examples:
      rechroma colorize grandmother.jpg               (makes grandmother.color.jpg)
      rechroma colorize grandmother.jpg -o new.png
      rechroma colorize album/ -o colored/           (keeps the sub-folders)
      rechroma colorize 'scans/*.tif' -o '{parent}/{stem}.jpg' --quality 92
      rechroma colorize @list.txt -o colored/ --json
      cat old.jpg | rechroma colorize - > new.jpg
      rechroma colorize old.jpg --mood sunset.jpg
      rechroma colorize old.jpg --look winter
      rechroma colorize faded.jpg --prepare          (see rechroma prepare)
      rechroma colorize film.mp4 -o film.color.mp4   (needs rechroma[video])
      rechroma colorize old.jpg -o new.png --hint 210,340,#c22b2b --variants 3
      rechroma colorize old.jpg --versions versions/
      rechroma colorize old.jpg -o new.png --mask coat.png=#7a2230 --mask sky.png=keep
      rechroma colorize --inp data/test --out output --cfg train_base --ckpt_name ckpt_best

    INPUTS are pictures, folders, quoted globs, @LIST (a file with one path a line) or - for
    stdin. Outputs that exist are skipped, so running a command again goes on where it stopped.
    """  # noqa: D301 (\b is click's mark for lines that stay as they are)
    # Imported here, so that `--help` and a mistyped option answer at once.
    from rechroma.cli.colorize_work import Extras, colorize_work, is_single, planned
    from rechroma.cli.findings import Findings
    from rechroma.cli.job import plan_job, run_job
    from rechroma.cli.results import show_plan
    from rechroma.cli.version_files import VersionFiles
    from rechroma.colorizer import Colorizer

    asked_preparing = prints.asked(preparing)
    refuse_two_models(cfg, overrides, ckpt_name)
    named = (*inputs, *inp)
    if not named:
        raise UsageError("no pictures given", "see rechroma colorize --help")
    extras = Extras(
        raw_output, mood, look, hint, hints, mask, variants, versions, confidence, recolor,
        asked_preparing, prints.prepared_lightness, job.pixel_limit,
    )  # fmt: skip
    plan = plan_job(
        named,
        output,
        console,
        beside="{parent}/{stem}.color{ext}",
        exclude=job.exclude,
        marked=True,
    )
    plan = planned(plan, how, extras)
    if recolor is None:
        # Who tries a model of their own has color pictures to compare with.
        recolor = is_single(named) or raw_output or cfg is not None
    how = replace(how, recolor=recolor)
    version_files = VersionFiles(versions, plan.tasks)
    if job.dry_run:
        show_plan(
            plan.tasks, overwrite=job.overwrite, as_json=job.as_json,
            versions=version_files.planned,
        )  # fmt: skip
        return 0

    if sheet is not None:
        from rechroma.cli.film_work import preview_film

        with model_or_checkpoint(model, cfg, overrides, ckpt_name) as file:
            preview_film(
                plan.tasks, sheet, film, how, extras, stills,
                lambda: Colorizer(file, device=device, size=size), overwrite=job.overwrite,
            )  # fmt: skip
        console.note(f"written: {sheet}")
        return 0

    findings = Findings(console)
    with ExitStack() as stack:

        def make_work(threads: int) -> Work:
            chosen = model_or_checkpoint(model, cfg, overrides, ckpt_name)
            file = stack.enter_context(chosen)
            colorizer = Colorizer(file, device=device, size=size, threads=threads)
            return colorize_work(
                colorizer, how, extras, plan.tasks, console, job.saving,
                findings, version_files,
            )  # fmt: skip

        def make_film_work() -> FilmWork:
            from rechroma.cli.film_work import colorize_films

            file = stack.enter_context(model_or_checkpoint(model, cfg, overrides, ckpt_name))
            return colorize_films(
                file, film, how, extras, stills, console,
                device=device, size=size, overwrite=job.overwrite, as_json=job.as_json,
            )  # fmt: skip

        return run_job(
            plan, make_work, job, console, verb="colorized", make_film_work=make_film_work,
            more=lambda task: {**findings.json_of(task), **version_files.json_of(task)},
        )  # fmt: skip
