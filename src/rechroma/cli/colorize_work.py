"""What `rechroma colorize` does to each photograph."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rechroma.colorizer import parse_hint, read_hints
from rechroma.errors import UsageError
from rechroma.photo import Photo, read, write

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rechroma.batch.task import Place, Task
    from rechroma.colorizer import Colorizer, Hint

__all__ = ["ColorizeOptions", "check_options", "colorize_work", "hints_of"]


@dataclass(frozen=True, slots=True)
class ColorizeOptions:
    """The options of `rechroma colorize` that say how colours come about; see its help."""

    strength: float
    vividness: float
    keep_color: bool
    raw_output: bool
    mood: str | None
    hint: tuple[str, ...]
    hints: Path | None
    variants: int
    confidence: Path | None


def check_options(options: ColorizeOptions, tasks: Sequence[Task]) -> None:
    """Refuse options that contradict each other, or are about one picture where there are more.

    Raises:
        UsageError: They do.
    """
    amounts = (options.strength, options.vividness) != (1, 1)
    further = (options.keep_color, options.mood, options.variants, options.confidence)
    if options.raw_output and (amounts or any(further)):
        raise UsageError(
            "--raw-output is what the network says, and no more",
            "leave out the options that change it",
        )
    about_one = {
        "--hint": options.hint,
        "--hints": options.hints,
        "--variants": options.variants,
        "--confidence": options.confidence,
    }
    alone = [name for name, given in about_one.items() if given]
    if alone and (len(tasks) != 1 or not isinstance(tasks[0].target, Path)):
        raise UsageError(
            f"{alone[0]} is about one picture that is written to a file",
            "give one input, and a file with -o",
        )


def hints_of(options: ColorizeOptions) -> list[Hint]:
    """Return the hints of the command line, and of the file after them.

    Raises:
        UsageError: One can't be read.
    """
    typed = [parse_hint(text) for text in options.hint]
    return typed + (read_hints(options.hints) if options.hints else [])


def colorize_work(
    colorizer: Colorizer, options: ColorizeOptions, target: Place, *, overwrite: bool
) -> Callable[[Photo], Photo]:
    """Return what makes a photo the coloured one.

    Args:
        colorizer: The model.
        options: How.
        target: Where the only picture goes: variants go beside it.
        overwrite: Whether variants and the map of confidence may replace files.

    Raises:
        UsageError: Options that the model can't do, or a hint that can't be read.
        PhotoError: The mood can't be read.
    """
    if options.raw_output and colorizer.card.output != "rgb":
        # Here, so that it is said once, not for every picture.
        raise UsageError(f"{colorizer.card.name} has no RGB output", "no --raw-output")
    hints = hints_of(options)
    mood = read(options.mood) if options.mood else None

    def work(photo: Photo) -> Photo:
        if options.raw_output:
            return colorizer.predict(photo).render_raw()
        if not (options.variants or options.confidence):
            return colorizer.colorize(
                photo, strength=options.strength, vividness=options.vividness,
                keep_color=options.keep_color, hints=hints, mood=_advice(colorizer, mood),
            )  # fmt: skip
        predicted = colorizer.predict(photo, hints=hints, mood=_advice(colorizer, mood))
        if options.confidence:
            write(predicted.confidence(), options.confidence, overwrite=overwrite)
        if options.variants:
            others = predicted.variants(options.variants, strength=options.strength)
            for number, other in enumerate(others, start=1):
                write(other, _beside(target, number), overwrite=overwrite)
        return predicted.render(strength=options.strength, vividness=options.vividness)

    return work if mood is None else _with_mood(work, mood)


def _advice(colorizer: Colorizer, mood: Photo | None) -> Photo | None:
    """A model that takes no moods colours as it does, and the transfer does the rest."""
    return mood if colorizer.card.hints else None


def _beside(target: Place, number: int) -> Path:
    path = Path(target)
    return path.with_name(f"{path.stem}.{number}{path.suffix}")


def _with_mood(work: Callable[[Photo], Photo], reference: Photo) -> Callable[[Photo], Photo]:
    """Return the work with a transfer after it."""
    from rechroma.mood import fit_look

    def both(photo: Photo) -> Photo:
        coloured = work(photo)
        return fit_look(reference, coloured).apply(coloured)

    return both
