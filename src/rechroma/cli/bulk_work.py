"""What `rechroma bulk` does to each picture: what the ordinary commands do, from their own modules.

Each operation is pickled and travels to the workers; what it needs is loaded there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from rechroma.batch import Plan, Task
from rechroma.cli import colorize_work, film_work, mood_work
from rechroma.cli.apply import look_work
from rechroma.cli.bulk_columns import (
    FILE,
    FILES,
    HINTS,
    LOOK,
    MASKS,
    STILLS,
    columns,
    parts_of,
)
from rechroma.cli.console import Console
from rechroma.cli.operation_options import with_columns
from rechroma.cluster.operation import Column, Prepared, Shared
from rechroma.colorizer import ColorizeOptions, Colorizer
from rechroma.errors import UsageError
from rechroma.mood import Look, TransferOptions
from rechroma.mood.named_looks import NAMED_LOOKS, named_look
from rechroma.options import CheckedOptions, Range, option
from rechroma.preparation.options import PrepareOptions, PrintOptions
from rechroma.video.options import FilmLookOptions, FilmOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rechroma.batch import Outcome, Work
    from rechroma.cluster.operation import Files, MakeWork

__all__ = ["ApplyOperation", "ApplyOptions", "ColorizeOperation", "TransferOperation"]

# Works that are kept: each may hold a mood. They differ by options, and where results lie by the
# names that workers give to files, which are few.
_KEPT = 8


class _Notes(Console):
    """Takes what would be said to a person."""

    def __init__(self, note: Callable[[str], None]) -> None:
        super().__init__()
        self._note = note

    def note(self, text: str) -> None:
        """Take a note."""
        self._note(text)


def _unheard(_: str) -> None:
    """Drop a note: a film's outcome has it, too."""


def _kept(make: Callable[[tuple[tuple[str, str], ...], Task], tuple[Work, Task]]) -> MakeWork:
    """Return `make` with its last works kept."""
    kept = lru_cache(_KEPT)(make)
    return lambda own, task: kept(tuple(sorted(own.items())), task)


@dataclass(frozen=True)
class ColorizeOperation:
    """`rechroma colorize`.

    Attributes:
        how: Its options.
        extras: What else it can be told. The mood's photo is among the files, and so is a look that
            is none of the package's; the folder of versions is one in the destination.
        film: How films are read and written.
        device: See `Colorizer`.
        size: See `Colorizer`.
        shared: What holds for all pictures.
    """

    how: ColorizeOptions
    extras: colorize_work.Extras
    film: FilmOptions
    device: str
    size: int | None
    shared: Shared

    @property
    def columns(self) -> dict[str, Column]:
        """The options that a manifest may have."""
        kinds = (ColorizeOptions, PrintOptions, PrepareOptions, FilmOptions)
        return columns(
            *kinds, hint=Column(), hints=HINTS, mask=MASKS, mood=FILE, look=LOOK, still=STILLS
        )

    @property
    def signature(self) -> str:
        """What results depend on."""
        extras = replace(self.extras, mood=None, max_pixels=None)
        return f"colorize {self.how} {extras} {self.film} {self.size} {self.shared.saving}"

    def beside(self, output: str) -> tuple[str, ...]:
        """Return variants, and the sheet that stands for all versions."""
        path = PurePosixPath(output)
        names = [
            str(path.with_name(f"{path.stem}.{number}{path.suffix}"))
            for number in range(1, self.extras.variants + 1)
        ]
        if (folder := self.extras.versions) is not None:
            if path.is_relative_to(folder.as_posix()):
                raise UsageError(
                    f"{output}: results can't go where --versions go", "choose another folder"
                )
            names.append(f"{folder.as_posix()}/{output}.versions.jpg")
        return tuple(names)

    def prepare(self, files: Files, threads: int, note: Callable[[str], None]) -> Prepared:
        """Load the model; see `cluster.operation.Operation`."""
        colorizer = Colorizer(files["model"], device=self.device, size=self.size, threads=threads)
        given = replace(
            self.extras,
            mood=str(files["mood"]) if "mood" in files else None,
            look=str(files["look"]) if "look" in files else self.extras.look,
        )
        console = _Notes(note)

        def told(row: Mapping[str, str]) -> tuple[ColorizeOptions, colorize_work.Extras]:
            return _colors_told(self.how, given, row)

        def make(own: tuple[tuple[str, str], ...], task: Task) -> tuple[Work, Task]:
            how, extras = told(dict(own))
            assert isinstance(task.target, Path)  # noqa: S101 - as workers have it
            if extras.versions is not None:
                extras = replace(extras, versions=task.target.parent / extras.versions)
            plan = colorize_work.planned(Plan((task,)), how, extras)
            work = colorize_work.colorize_work(
                colorizer, how, extras, plan.tasks, console, self.shared.saving
            )
            return work, plan.tasks[0]

        def film(own: Mapping[str, str], task: Task) -> Outcome:
            how, extras = told(own)
            if extras.preparing is not None:
                raise UsageError("--prepare is about photographs", "leave it out for a film")
            return film_work.colorize_films(
                files["model"], with_columns(self.film, own), how, extras,
                parts_of(own.get("still", "")), _Notes(_unheard),
                device=self.device, size=self.size, overwrite=True, as_json=False,
            )(task)  # fmt: skip

        card = colorizer.card
        return Prepared(_kept(make), f"{card.name} {card.version}", film)


def _colors_told(
    how: ColorizeOptions, given: colorize_work.Extras, row: Mapping[str, str]
) -> tuple[ColorizeOptions, colorize_work.Extras]:
    """Return what holds for a picture by its row of a manifest."""
    how = with_columns(how, row)
    hints = row.get("hints")
    extras = replace(
        given, mood=row.get("mood", given.mood), look=row.get("look", given.look),
        hint=parts_of(row.get("hint", "")), hints=Path(hints) if hints else None,
        mask=parts_of(row.get("mask", "")), recolor=how.recolor if "recolor" in row else
        given.recolor,
    )  # fmt: skip
    if extras.recolor is None and (extras.hint or extras.hints or extras.mask):
        # As where one picture is named: who tells its colors wants it colored.
        how = replace(how, recolor=True)
    prints = with_columns(
        PrintOptions(
            prepare=given.preparing is not None, prepared_lightness=given.prepared_lightness
        ),
        row,
    )
    preparing = with_columns(given.preparing or PrepareOptions(), row)
    return how, replace(
        extras, preparing=prints.asked(preparing, "prepare"),
        prepared_lightness=prints.prepared_lightness,
    )  # fmt: skip


@dataclass(frozen=True)
class TransferOperation:
    """`rechroma transfer`.

    Attributes:
        how: Its options.
        sources: The keys of the sources among the files; none if a manifest names them.
        film: How films are read and written.
        shared: What holds for all pictures.
    """

    how: TransferOptions
    sources: tuple[str, ...]
    film: FilmLookOptions
    shared: Shared

    @property
    def columns(self) -> dict[str, Column]:
        """The options that a manifest may have."""
        kinds = (TransferOptions, FilmLookOptions)
        return columns(*kinds, src=FILES, source_mask=FILE, target_mask=FILE)

    @property
    def signature(self) -> str:
        """What results depend on."""
        return f"transfer {self.how} {self.film} {self.shared.saving}"

    def beside(self, output: str) -> tuple[str, ...]:  # noqa: ARG002 (as in the protocol)
        """Return nothing."""
        return ()

    def prepare(self, files: Files, threads: int, note: Callable[[str], None]) -> Prepared:
        """Load nothing yet; see `cluster.operation.Operation`."""
        given = tuple(str(files[key]) for key in self.sources)
        console = _Notes(note)

        def told(row: Mapping[str, str]) -> tuple[TransferOptions, mood_work.Extras]:
            how = with_columns(self.how, row)
            sources = parts_of(row["src"]) if "src" in row else given
            if not sources:
                raise UsageError(
                    "no photograph to take the mood from", "give --src, or a column src"
                )
            masks = (row.get("source_mask"), row.get("target_mask"))
            return how, mood_work.Extras(sources, masks, None, self.shared.max_pixels)

        @lru_cache(_KEPT)
        def made(own: tuple[tuple[str, str], ...]) -> Work:
            how, extras = told(dict(own))
            mood_work.check_single(how, extras, 1, preview=False)
            return mood_work.transfer_work(how, extras, threads, console, overwrite=True)

        if given:
            made(())  # sources that can't be used are said once, not for every picture

        def film(own: Mapping[str, str], task: Task) -> Outcome:
            how, extras = told(own)
            return film_work.transfer_films(
                how, extras, with_columns(self.film, own), _Notes(_unheard), overwrite=True,
                as_json=False,
            )(task)  # fmt: skip

        return Prepared(lambda own, task: (made(tuple(sorted(own.items()))), task), "", film)


@dataclass(frozen=True, kw_only=True)
class ApplyOptions(CheckedOptions):
    """How a look is applied.

    Raises:
        UsageError: A number is out of range.
    """

    strength: float = option(1.0, "0 changes nothing, 1 is the whole look.", range=Range(0.0, 1.0))


@dataclass(frozen=True)
class ApplyOperation:
    """`rechroma apply`; the look is among the files.

    Attributes:
        how: Its options.
        film: How films are read and written.
        shared: What holds for all pictures.
        named: The name of a look of the package, which is no file.
    """

    how: ApplyOptions
    film: FilmOptions
    shared: Shared
    named: str = ""

    @property
    def columns(self) -> dict[str, Column]:
        """The options that a manifest may have."""
        return columns(ApplyOptions, FilmOptions, look=LOOK)

    @property
    def signature(self) -> str:
        """What results depend on."""
        return f"apply {self.how} {self.film} {self.shared.saving} {self.named}".rstrip()

    def beside(self, output: str) -> tuple[str, ...]:  # noqa: ARG002 (as in the protocol)
        """Return nothing."""
        return ()

    def prepare(self, files: Files, threads: int, note: Callable[[str], None]) -> Prepared:
        """Load the look; see `cluster.operation.Operation`."""
        given = _look_of(self.named or str(files["look"]))
        console = _Notes(note)

        def told(row: Mapping[str, str]) -> tuple[Look, float]:
            look = _look_of(row["look"]) if "look" in row else given
            return look, with_columns(self.how, row).strength

        def make(own: tuple[tuple[str, str], ...], task: Task) -> tuple[Work, Task]:
            look, strength = told(dict(own))
            return look_work(look, strength, threads, console), task

        def film(own: Mapping[str, str], task: Task) -> Outcome:
            look, strength = told(own)
            return film_work.look_films(
                lambda _: look, with_columns(self.film, own), _Notes(_unheard), strength=strength,
                overwrite=True, as_json=False,
            )(task)  # fmt: skip

        return Prepared(_kept(make), "", film)


@lru_cache(_KEPT)
def _look_of(file_or_name: str) -> Look:
    """Return a look; a name means one of the package's, whatever a machine has in its library."""
    return named_look(file_or_name) if file_or_name in NAMED_LOOKS else Look.load(file_or_name)
