"""What `rechroma colorize` does to each photograph."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rechroma.batch import STANDARD, place_key, save
from rechroma.batch.plan import refuse_read_targets
from rechroma.cli.findings import Findings
from rechroma.cli.version_files import (
    VersionFiles,
    refuse_version_clashes,
    save_versions,
    sheets_of,
)
from rechroma.colorizer import (
    ColorizeOptions,
    Mask,
    conditioning_unsupported,
    is_color,
    parse_hint,
    parse_mask,
    read_hints,
    single_answer_error,
)
from rechroma.colorizer.versions import versions_of
from rechroma.errors import UsageError
from rechroma.files import is_file
from rechroma.mood.colorizing import finished
from rechroma.photo import DEFAULT_MAX_PIXELS, Photo, read, writable_format
from rechroma.photo.formats import FORMATS, format_of
from rechroma.video.kinds import is_film

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rechroma.batch import Place, Plan, Task
    from rechroma.batch.pictures import Saving
    from rechroma.cli.console import Console
    from rechroma.colorizer import Colorization, Colorizer, Hint, ModelCard
    from rechroma.colorizer.versions import Version
    from rechroma.mood import Look
    from rechroma.photo.formats import BitDepth
    from rechroma.preparation import Preparation, PrepareOptions

__all__ = ["Extras", "colorize_work", "planned"]


@dataclass(frozen=True, slots=True)
class Extras:
    """What `rechroma colorize` can be told beside `ColorizeOptions`; see its help."""

    raw_output: bool = False
    mood: str | None = None
    look: str | None = None
    hint: tuple[str, ...] = ()
    hints: Path | None = None
    mask: tuple[str, ...] = ()
    variants: int = 0
    versions: Path | None = None
    confidence: Path | None = None
    recolor: bool | None = None
    preparing: PrepareOptions | None = None
    prepared_lightness: bool = False
    max_pixels: int | None = DEFAULT_MAX_PIXELS


def is_single(inputs: Sequence[str]) -> bool:
    """Tell whether a single picture is named, and not a folder, a list or a pattern."""
    return len(inputs) == 1 and (inputs[0] == STANDARD or is_file(inputs[0]))


def planned(plan: Plan, options: ColorizeOptions, extras: Extras) -> Plan:
    """Return the plan with the files that go beside the results: variants, the confidence.

    Raises:
        UsageError: Options contradict each other, are about one picture where there are more, or
            would write one file over another.
    """
    _refuse_contradictions(options, extras)
    about_one = {
        "--hint": extras.hint,
        "--hints": extras.hints,
        "--mask": extras.mask,
        "--confidence": extras.confidence,
    }
    alone = [name for name, given in about_one.items() if given]
    if extras.preparing is not None and any(is_film(task.source) for task in plan.tasks):
        raise UsageError("--prepare is about photographs", "leave out films, or --prepare")
    to_files = all(isinstance(task.target, Path) for task in plan.tasks)
    if alone and not (len(plan.tasks) == 1 and to_files):
        raise UsageError(
            f"{alone[0]} is about one picture that is written to a file",
            "give one input, and a file with -o",
        )
    if (extras.variants or extras.versions) and not to_files:
        named = "--variants" if extras.variants else "--versions"
        raise UsageError(f"{named} are files beside a result", "give a file with -o")
    confidence = (extras.confidence,) if extras.confidence else ()
    tasks = [
        replace(task, beside=(*_variant_files(extras, task.target), *confidence))
        for task in plan.tasks
    ]
    also_read = [extras.mood, extras.look, extras.hints and str(extras.hints)]
    for each in _typed_or_read(extras):
        if isinstance(each, Mask):
            also_read += [str(path) for path in (each.picture, each.mood) if isinstance(path, Path)]
    read_too = [each for each in also_read if each]
    if sheets := sheets_of(extras.versions, tasks):
        refuse_version_clashes(sheets, tasks, read_too)
        tasks = [replace(each, beside=(*each.beside, sheets[str(each.source)])) for each in tasks]
    refuse_shared_files(tasks)
    refuse_read_targets(tasks, read_too)
    return replace(plan, tasks=tuple(tasks))


def _refuse_contradictions(options: ColorizeOptions, extras: Extras) -> None:
    alone = options == ColorizeOptions() and extras == Extras(
        raw_output=True, recolor=extras.recolor, max_pixels=extras.max_pixels
    )
    if extras.raw_output and not alone:
        raise UsageError(
            "--raw-output is what the network says, and no more",
            "leave out the options that change it",
        )
    told = (
        extras.variants
        or extras.versions
        or extras.confidence
        or extras.hint
        or extras.hints
        or extras.mask
    )
    if extras.recolor is False and told:
        raise UsageError(
            "--no-recolor may leave the picture as it is: then there is no answer to it",
            "leave out --no-recolor, or hints, masks, --variants, --versions and --confidence",
        )


def refuse_shared_files(tasks: Sequence[Task]) -> None:
    """Refuse files beside results that would replace an input or another result.

    Raises:
        UsageError: One would.
    """
    places = [place for task in tasks for place in (task.source, task.target)]
    taken = {place_key(path) for path in places if isinstance(path, Path)}
    for path in [path for task in tasks for path in task.beside]:
        if place_key(path) in taken:
            raise UsageError(
                f"{path} would be written over the input or another result",
                "choose another file with -o or --confidence, or another folder with --versions",
            )
        taken.add(place_key(path))


def _typed_or_read(extras: Extras) -> list[Hint | Mask]:
    typed = [*map(parse_hint, extras.hint), *map(parse_mask, extras.mask)]
    return typed + (read_hints(extras.hints) if extras.hints else [])


def _told(extras: Extras) -> tuple[list[Hint], list[Mask]]:
    """Return the hints and masks of the command line, and of the file after them.

    Raises:
        UsageError: One can't be read; or there are masks for a print that is made ready.
        PhotoError: A mask's picture can't be read.
    """
    told = _typed_or_read(extras)
    masks = [each for each in told if isinstance(each, Mask)]
    if extras.preparing is not None and masks:
        from rechroma.preparation import masks_unsupported

        raise masks_unsupported()
    return (
        [each for each in told if not isinstance(each, Mask)],
        [each.with_pictures_read(extras.max_pixels) for each in masks],
    )


def colorize_work(
    colorizer: Colorizer,
    options: ColorizeOptions,
    extras: Extras,
    tasks: Sequence[Task],
    console: Console,
    saving: Saving,
    findings: Findings | None = None,
    version_files: VersionFiles | None = None,
) -> Callable[[Photo], Photo]:
    """Return what makes a photo the colored one.

    Args:
        colorizer: The model.
        options: How.
        extras: What else.
        tasks: Everything that is planned: where variants go.
        console: Where people read what is unusual.
        saving: How files beside the result are written; those that are there stay, unless they are
            to be replaced.
        findings: Where what is found on prints is told; None: to people alone.
        version_files: Where the files of versions are told; None: nowhere.

    Raises:
        UsageError: Options that the model can't do, or a hint that can't be read.
        PhotoError: The mood or a mask can't be read.
        LookError: There is no such look.
    """
    hints, masks = _told(extras)
    colored = any(each.color is not None and not each.is_gray for each in masks)
    _check_model(colorizer.card, options, extras, conditioned=bool(hints) or colored)
    mood = read(extras.mood, max_pixels=extras.max_pixels) if extras.mood else None
    predict = _prediction(colorizer, masks, mood)
    findings = findings or Findings(console)
    look = _look_of(extras)
    targets: dict[str, Place] = {str(task.source): task.target for task in tasks}
    version_files = version_files or VersionFiles(extras.versions, tasks)

    def save_beside(photo: Photo, path: Path) -> None:
        if saving.overwrite or not os.path.lexists(path):
            save(photo, path, saving)

    def work(photo: Photo) -> Photo:
        ready = _made_ready(photo, extras)
        if extras.recolor is not True and _in_color(photo, ready):
            if not options.recolor:
                return photo
            console.note(f"{photo.name}: in color already; it is colored anew from its lightness")
        if extras.raw_output:
            return colorizer.predict(photo).render_raw()
        findings.tell(photo, ready)
        prediction = _predicted(predict, photo, ready, hints, extras)
        if extras.confidence:
            sure = _framed(prediction.confidence(), ready, blank=True)
            save_beside(sure, extras.confidence)
        # A file is called by its path, and standard input is never one of several.
        target = targets.get(photo.name, tasks[0].target)
        for number, path in enumerate(_variant_files(extras, target), start=1):
            answer = prediction.answer(number, extras.variants)
            save_beside(_rendered(answer, options, look, _depth(photo, path), ready), path)
        if sheet := version_files.sheet_of(photo.name):
            files = _write_versions(prediction, options, look, photo, ready, sheet, save_beside)
            version_files.add(sheet, files)
        return _rendered(prediction, options, look, _depth(photo, target), ready)

    return work


def _write_versions(
    prediction: Colorization,
    options: ColorizeOptions,
    look: Look | None,
    photo: Photo,
    ready: Preparation | None,
    sheet: Path,
    write: Callable[[Photo, Path], None],
) -> dict[str, Path]:
    def rendered(version: Version, path: Path) -> Photo:
        return _rendered(version.colors, version.options, look, _depth(photo, path), ready)

    versions = versions_of(prediction, options)
    return save_versions(versions, sheet, photo.format, rendered, write)


def _look_of(extras: Extras) -> Look | None:
    if not extras.look:
        return None
    from rechroma.mood import Look

    return Look.load(extras.look)


def _made_ready(photo: Photo, extras: Extras) -> Preparation | None:
    if extras.preparing is None:
        return None
    from rechroma.preparation import prepare

    return prepare(photo, extras.preparing)


def _in_color(photo: Photo, ready: Preparation | None) -> bool:
    """Tell whether a picture is in color; stains, which are known on prints alone, are none."""
    return is_color(photo) if ready is None else ready.is_in_color


def _predicted(
    predict: Callable[[Photo, list[Hint]], Colorization],
    photo: Photo,
    ready: Preparation | None,
    hints: list[Hint],
    extras: Extras,
) -> Colorization:
    if ready is None:
        return predict(photo, hints)
    from rechroma.preparation import moved_hint, predict_prepared

    moved = [moved_hint(hint, ready) for hint in hints]
    return predict_prepared(
        ready, lambda seen: predict(seen, moved), prepared_lightness=extras.prepared_lightness
    )


def _rendered(
    answer: Colorization,
    options: ColorizeOptions,
    look: Look | None,
    depth: BitDepth,
    ready: Preparation | None,
) -> Photo:
    return _framed(finished(answer, options, look, depth), ready)


def _framed(picture: Photo, ready: Preparation | None, *, blank: bool = False) -> Photo:
    return picture if ready is None else ready.framed(picture, blank=blank)


def _depth(photo: Photo, target: Place) -> BitDepth:
    """Return the bits of a channel of what is written there."""
    if target == STANDARD:
        return FORMATS[writable_format(photo.format)].nearest_depth(photo.bit_depth)
    return format_of(Path(target)).nearest_depth(photo.bit_depth)


def _prediction(
    colorizer: Colorizer, masks: list[Mask], mood: Photo | None
) -> Callable[[Photo, list[Hint]], Colorization]:
    if mood is None and all(each.mood is None for each in masks):
        return lambda photo, hints: colorizer.predict(photo, hints=hints, masks=masks)
    # Mood transfer takes its time to load.
    from rechroma.mood import predict_in_mood

    return lambda photo, hints: predict_in_mood(colorizer, photo, mood, hints, masks)


def _check_model(
    card: ModelCard, options: ColorizeOptions, extras: Extras, *, conditioned: bool
) -> None:
    """Refuse what the model can't do here, so that it is said once, not for every picture."""
    if extras.raw_output and card.output != "rgb":
        raise UsageError(f"{card.name} has no RGB output", "no --raw-output")
    if conditioned and not card.hints:
        raise conditioning_unsupported(card)
    possible = (
        options.vividness != ColorizeOptions.vividness or extras.variants or extras.confidence
    )
    if possible and not card.temperature:
        raise single_answer_error()


def _variant_files(extras: Extras, target: Place) -> list[Path]:
    path = Path(target)
    numbers = range(1, extras.variants + 1)
    return [path.with_name(f"{path.stem}.{number}{path.suffix}") for number in numbers]
