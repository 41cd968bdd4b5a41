"""What the commands do to films: one after the other, with progress."""

from __future__ import annotations

import json
import sys
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rechroma.batch import Outcome, Status, Task
from rechroma.colorizer.options import ColorizeOptions
from rechroma.errors import UsageError
from rechroma.evaluation.figure import tile_sheet
from rechroma.mood import predict_in_mood
from rechroma.mood.colorizing import finished
from rechroma.photo import read, write
from rechroma.video.colorize import colorize_film_with
from rechroma.video.kinds import is_film
from rechroma.video.options import FilmLookOptions, format_time
from rechroma.video.pictures import film_is_color
from rechroma.video.shots import sheet_pictures
from rechroma.video.source import open_film
from rechroma.video.telling import parse_film_hint, parse_still

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Generator, Sequence

    from rechroma.cli.colorize_work import Extras
    from rechroma.cli.console import Console
    from rechroma.cli.job import FilmWork
    from rechroma.cli.mood_work import Extras as MoodExtras
    from rechroma.colorizer import Colorizer
    from rechroma.mood import Look, TransferOptions
    from rechroma.video.looks import ShotLooks
    from rechroma.video.options import FilmOptions
    from rechroma.video.progress import FilmProgress, FilmResult

__all__ = ["colorize_films", "film_outcome", "look_films", "preview_film", "transfer_films"]

_SHEET_HEIGHT = 180
# Seconds between two lines of progress in JSON.
_PAUSE = 1.0


def colorize_films(
    model: str | os.PathLike[str],
    how: FilmOptions,
    colors: ColorizeOptions,
    extras: Extras,
    stills: Sequence[str],
    console: Console,
    *,
    device: str,
    size: int | None,
    overwrite: bool,
    as_json: bool,
) -> FilmWork:
    """Return what colors the film of a task.

    Raises:
        UsageError: Options that films don't have, or a hint or still that can't be read.
    """
    _refuse_unfit(colors, extras)
    hints = [parse_film_hint(text) for text in extras.hint]
    given_stills = [parse_still(text) for text in stills]
    mood = read(extras.mood) if extras.mood else None
    # A film that is in color is left, unless somebody says otherwise.
    colors = replace(colors, recolor=extras.recolor is True)

    def work(source: Path, target: Path, tell: Callable[[FilmProgress], None]) -> FilmResult:
        return colorize_film_with(
            source, target, how, colors, hints=hints, stills=given_stills, mood=mood, model=model,
            device=device, size=size, overwrite=overwrite, progress=tell,
        )  # fmt: skip

    return lambda task: film_outcome(task, work, console, as_json=as_json)


def _refuse_unfit(colors: ColorizeOptions, extras: Extras) -> None:
    unfit = {
        "--raw-output": extras.raw_output,
        "--variants": extras.variants,
        "--confidence": extras.confidence,
        "--hints": extras.hints,
        "--mask": extras.mask,
        "--look": extras.look,
        "--versions": extras.versions,
        "--temperature": colors.temperature,
    }
    if given := [name for name, value in unfit.items() if value]:
        raise UsageError(f"{given[0]} is about photographs", "leave it out for a film")


def look_films(
    look_of: Callable[[Path], Look | ShotLooks],
    how: FilmOptions,
    console: Console,
    *,
    overwrite: bool,
    as_json: bool,
    strength: float = 1.0,
) -> FilmWork:
    """Return what gives the film of a task a look; see `rechroma.video.looks`."""
    from rechroma.video.looks import grade_film

    def work(source: Path, target: Path, tell: Callable[[FilmProgress], None]) -> FilmResult:
        return grade_film(
            source,
            target,
            look_of(source),
            how,
            strength=strength,
            overwrite=overwrite,
            progress=tell,
        )

    return lambda task: film_outcome(task, work, console, as_json=as_json)


def transfer_films(
    options: TransferOptions,
    extras: MoodExtras,
    how: FilmLookOptions | FilmOptions,
    console: Console,
    *,
    overwrite: bool,
    as_json: bool,
) -> FilmWork:
    """Return what gives the film of a task the mood of photographs.

    By one look for all of it, or by one for each shot. A film in black and white is colored first
    and keeps its lightness, if the mood is one photograph, for all of it, and no table is wanted.

    Raises:
        UsageError: Options that films don't have, or sources that can't be used.
    """
    from rechroma.mood import check_tones
    from rechroma.video.looks import fit_film_look, fit_shot_looks, has_color

    per_shot = isinstance(how, FilmLookOptions) and how.per_shot
    if per_shot and extras.lut is not None:
        raise UsageError(
            "--lut is one look, and --per-shot fits many",
            "leave one of them out, or give --lut with the --from and --to of one shot",
        )
    if any(extras.masks) or options.swatches or options.exact:
        raise UsageError(
            "masks, --swatch and --exact are about photographs", "leave them out for a film"
        )
    moods = [read(source) for source in extras.sources]
    if line := check_tones(moods, options):
        console.note(line)

    def look_of(source: Path) -> Look | ShotLooks:
        if per_shot:
            return fit_shot_looks(source, moods, how, options)
        look = fit_film_look(source, moods, how, options)
        if extras.lut is not None and (overwrite or not extras.lut.exists()):
            look.save(extras.lut, overwrite=overwrite)
        return look

    graded = look_films(look_of, how, console, overwrite=overwrite, as_json=as_json)

    def colored(source: Path, target: Path, tell: Callable[[FilmProgress], None]) -> FilmResult:
        result = colorize_film_with(
            source, target, how, ColorizeOptions(recolor=True), mood=moods[0], transfer=options,
            overwrite=overwrite, progress=tell,
        )  # fmt: skip
        return replace(
            result,
            notes=(*result.notes, "black and white: colored with that mood, in its own lightness"),
        )

    def work(task: Task) -> Outcome:
        plain = len(moods) == 1 and extras.lut is None and not per_shot
        if plain and isinstance(task.source, Path) and not has_color(task.source, how):
            return film_outcome(task, colored, console, as_json=as_json)
        return graded(task)

    return work


def film_outcome(
    task: Task,
    work: Callable[[Path, Path, Callable[[FilmProgress], None]], FilmResult],
    console: Console,
    *,
    as_json: bool,
) -> Outcome:
    """Do the work on a task's film, show how it goes, and return the outcome."""
    if not (isinstance(task.source, Path) and isinstance(task.target, Path)):
        raise UsageError("a film is read from a file and written to one", "give -o a file")
    with _progress(task, console, as_json=as_json) as tell:
        result = work(task.source, task.target, tell)
    for note in () if result.kept else result.notes:
        console.note(f"{task.source}: {note}")
    console.detail(
        f"{task.source}: {result.frames} frames, {result.shots} shots, the network looked at "
        f"{result.looks} frames"
    )
    status = Status.KEPT if result.kept else Status.DONE
    return Outcome(task, status, result.seconds, 0, result.notes)


@contextmanager
def _progress(
    task: Task, console: Console, *, as_json: bool
) -> Generator[Callable[[FilmProgress], None]]:
    """Show frames, frames a second and the time left: a line of JSON or on a terminal."""
    terminal = sys.stderr.isatty() and console.verbosity >= 0 and not as_json
    last = 0.0

    def tell(progress: FilmProgress) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < _PAUSE:
            return
        last = now
        left = progress.seconds_left
        if as_json:
            said = {
                "input": str(task.source), "frames": progress.frames, "total": progress.total,
                "frames_per_second": round(progress.rate, 2),
                "seconds_left": None if left is None else round(left),
            }  # fmt: skip
            click.echo(json.dumps({"progress": said}))
        elif terminal:
            total = f" of {progress.total}" if progress.total else ""
            rest = "" if left is None else f", {format_time(left)[:8]} left"
            line = f"{task.source}: {progress.frames}{total} frames, {progress.rate:.1f}/s{rest}"
            click.echo(f"\r\x1b[K{line}", nl=False, err=True)

    yield tell
    if terminal:
        click.echo("\r\x1b[K", nl=False, err=True)


def preview_film(
    tasks: Sequence[Task],
    sheet: Path,
    how: FilmOptions,
    colors: ColorizeOptions,
    extras: Extras,
    stills: Sequence[str],
    load: Callable[[], Colorizer],
    *,
    overwrite: bool,
) -> None:
    """Write a sheet of frames in color, spread over the film, with their times.

    Args:
        tasks: The film, alone.
        sheet: Where to.
        how: About the film.
        colors: About its colors.
        extras: What else; hints, as stills, are followed through a film, and a sheet has none.
        stills: None.
        load: Opens the model.
        overwrite: Replace what stands there.

    Raises:
        UsageError: It isn't one film, or is in color, or options that a sheet can't show.
    """
    source = tasks[0].source
    if not (len(tasks) == 1 and isinstance(source, Path) and is_film(source)):
        raise UsageError("--preview is a sheet of one film's frames", "give one film")
    _refuse_unfit(colors, extras)
    if extras.hint or stills:
        raise UsageError(
            "--preview colors each frame by itself: hints and stills are followed through a film",
            "leave them out, or color a part of the film: --from and --to",
        )
    if extras.recolor is not True and film_is_color(open_film(source), how.span):
        raise UsageError(f"{source}: in color already: it is left as it is", "give --recolor")
    mood = read(extras.mood, max_pixels=extras.max_pixels) if extras.mood else None
    colorizer = load()
    photos, times = sheet_pictures(source, how)
    tiles = [
        finished(predict_in_mood(colorizer, photo, mood), colors, None, 8).to_uint8()
        for photo in photos
    ]
    picture = tile_sheet(tiles, [format_time(each) for each in times], height=_SHEET_HEIGHT)
    write(read(picture), sheet, overwrite=overwrite)
