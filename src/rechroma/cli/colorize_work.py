"""What `rechroma colorize` does to each photograph."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rechroma.batch import place_key, save
from rechroma.colorizer import (
    conditioning_unsupported,
    is_color,
    parse_hint,
    read_hints,
    single_answer_error,
)
from rechroma.errors import UsageError
from rechroma.photo import Photo, read

if TYPE_CHECKING:
    from collections.abc import Callable

    from rechroma.batch import Place, Plan, Task
    from rechroma.colorizer import Colorization, Colorizer, Hint, ModelCard

__all__ = ["ColorizeOptions", "colorize_work", "planned"]


@dataclass(frozen=True, slots=True)
class ColorizeOptions:
    """The options of `rechroma colorize` that say how colors come about; see its help."""

    strength: float
    vividness: float
    keep_color: bool
    raw_output: bool
    mood: str | None
    hint: tuple[str, ...]
    hints: Path | None
    variants: int
    confidence: Path | None


def planned(options: ColorizeOptions, plan: Plan) -> Plan:
    """Return the plan with the files that go beside the only result: variants, the confidence.

    Raises:
        UsageError: Options contradict each other, are about one picture where there are more, or
            would write one file over another.
    """
    _refuse_contradictions(options)
    about_one = {
        "--hint": options.hint,
        "--hints": options.hints,
        "--variants": options.variants,
        "--confidence": options.confidence,
    }
    alone = [name for name, given in about_one.items() if given]
    if not alone:
        return plan
    if len(plan.tasks) != 1 or not isinstance(plan.tasks[0].target, Path):
        raise UsageError(
            f"{alone[0]} is about one picture that is written to a file",
            "give one input, and a file with -o",
        )
    (task,) = plan.tasks
    beside = tuple(_variant_files(options, task.target))
    beside += (options.confidence,) if options.confidence else ()
    _refuse_shared_files(task, beside)
    return replace(plan, tasks=(replace(task, beside=beside),))


def _refuse_contradictions(options: ColorizeOptions) -> None:
    amounts = (options.strength, options.vividness) != (1, 1)
    further = (
        options.keep_color, options.mood, options.variants, options.confidence, options.hint,
        options.hints,
    )  # fmt: skip
    if options.raw_output and (amounts or any(further)):
        raise UsageError(
            "--raw-output is what the network says, and no more",
            "leave out the options that change it",
        )
    if options.keep_color and (options.variants or options.confidence):
        raise UsageError(
            "--keep-color may leave the picture as it is: then there is no other answer to it",
            "leave out --keep-color, or --variants and --confidence",
        )


def _refuse_shared_files(task: Task, beside: tuple[Path, ...]) -> None:
    taken = {place_key(path) for path in (task.source, task.target) if isinstance(path, Path)}
    for path in beside:
        if place_key(path) in taken:
            raise UsageError(
                f"{path} would be written over the input or another result",
                "choose another file with -o or --confidence",
            )
        taken.add(place_key(path))


def _hints_of(options: ColorizeOptions) -> list[Hint]:
    """Return the hints of the command line, and of the file after them.

    Raises:
        UsageError: One can't be read.
    """
    typed = [parse_hint(text) for text in options.hint]
    return typed + (read_hints(options.hints) if options.hints else [])


def colorize_work(
    colorizer: Colorizer,
    options: ColorizeOptions,
    task: Task,
    *,
    overwrite: bool,
    quality: int | None,
) -> Callable[[Photo], Photo]:
    """Return what makes a photo the colored one.

    Args:
        colorizer: The model.
        options: How.
        task: The first; if there are files beside its result, it is the only one.
        overwrite: Whether files beside the result are replaced; otherwise those that are there
            stay.
        quality: Of lossy files beside the result.

    Raises:
        UsageError: Options that the model can't do, or a hint that can't be read.
        PhotoError: The mood can't be read.
    """
    hints = _hints_of(options)
    _check_model(colorizer.card, options, hints)
    predict = _prediction(colorizer, hints, read(options.mood) if options.mood else None)

    def save_beside(photo: Photo, path: Path) -> None:
        if overwrite or not os.path.lexists(path):
            save(photo, path, quality=quality, overwrite=overwrite)

    def work(photo: Photo) -> Photo:
        if options.raw_output:
            return colorizer.predict(photo).render_raw()
        if options.keep_color and is_color(photo):
            return photo
        colors = predict(photo)
        if options.confidence:
            save_beside(colors.confidence(), options.confidence)
        if options.variants:
            others = colors.variants(
                options.variants, strength=options.strength, vividness=options.vividness
            )
            for path, other in zip(_variant_files(options, task.target), others, strict=True):
                save_beside(other, path)
        return colors.render(strength=options.strength, vividness=options.vividness)

    return work


def _prediction(
    colorizer: Colorizer, hints: list[Hint], mood: Photo | None
) -> Callable[[Photo], Colorization]:
    if mood is None:
        return lambda photo: colorizer.predict(photo, hints=hints)
    # Mood transfer takes its time to load.
    from rechroma.mood import predict_in_mood

    return lambda photo: predict_in_mood(colorizer, photo, hints, mood)


def _check_model(card: ModelCard, options: ColorizeOptions, hints: list[Hint]) -> None:
    """Refuse what the model can't do here, so that it is said once, not for every picture."""
    if options.raw_output and card.output != "rgb":
        raise UsageError(f"{card.name} has no RGB output", "no --raw-output")
    if hints and not card.hints:
        raise conditioning_unsupported(card)
    possible = options.vividness != 1 or options.variants or options.confidence
    if possible and not card.temperature:
        raise single_answer_error()


def _variant_files(options: ColorizeOptions, target: Place) -> list[Path]:
    path = Path(target)
    numbers = range(1, options.variants + 1)
    return [path.with_name(f"{path.stem}.{number}{path.suffix}") for number in numbers]
