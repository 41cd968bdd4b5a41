"""What `rechroma bulk` does to each picture: what the ordinary commands do, from their own modules.

Each operation is pickled and travels to the workers; what it needs is loaded there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from rechroma.batch import Plan, Task
from rechroma.cli import colorize_work, film_work, mood_work
from rechroma.cli.apply import look_work
from rechroma.cli.console import Console
from rechroma.cli.operation_options import columns_of, with_columns
from rechroma.cluster.operation import Prepared, Shared
from rechroma.colorizer import ColorizeOptions, Colorizer
from rechroma.errors import UsageError
from rechroma.mood import Look, TransferOptions
from rechroma.mood.named_looks import named_look
from rechroma.options import CheckedOptions, Range, option
from rechroma.video.options import FilmOptions

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
        extras: What else it can be told; the mood's photo is among the files.
        device: See `Colorizer`.
        size: See `Colorizer`.
        shared: What holds for all pictures.
    """

    how: ColorizeOptions
    extras: colorize_work.Extras
    device: str
    size: int | None
    shared: Shared

    @property
    def item_options(self) -> frozenset[str]:
        """The options that a manifest may have."""
        return columns_of(ColorizeOptions) | {"hint", "mood"}

    @property
    def item_files(self) -> frozenset[str]:
        """Those that name files."""
        return frozenset({"mood"})

    @property
    def signature(self) -> str:
        """What results depend on."""
        extras = replace(self.extras, mood=None, max_pixels=None)
        return f"colorize {self.how} {extras} {self.size} {self.shared.saving}"

    def prepare(self, files: Files, threads: int, note: Callable[[str], None]) -> Prepared:
        """Load the model; see `cluster.operation.Operation`."""
        colorizer = Colorizer(files["model"], device=self.device, size=self.size, threads=threads)
        mood = str(files["mood"]) if "mood" in files else None
        given = replace(self.extras, mood=mood)
        console = _Notes(note)

        def told(row: Mapping[str, str]) -> tuple[ColorizeOptions, colorize_work.Extras]:
            how = with_columns(self.how, row)
            hints = tuple(part.strip() for part in row.get("hint", "").split(";") if part.strip())
            recolor = how.recolor if "recolor" in row else given.recolor
            return how, replace(
                given, mood=row.get("mood", given.mood), hint=hints, recolor=recolor
            )

        def make(own: tuple[tuple[str, str], ...], task: Task) -> tuple[Work, Task]:
            how, extras = told(dict(own))
            plan = colorize_work.planned(Plan((task,)), how, extras)
            work = colorize_work.colorize_work(
                colorizer, how, extras, plan.tasks, console, self.shared.saving
            )
            return work, plan.tasks[0]

        def film(own: Mapping[str, str], task: Task) -> Outcome:
            how, extras = told(own)
            return film_work.colorize_films(
                files["model"], FilmOptions(), how, extras, (), _Notes(_unheard),
                device=self.device, size=self.size, overwrite=True, as_json=False,
            )(task)  # fmt: skip

        card = colorizer.card
        return Prepared(_kept(make), f"{card.name} {card.version}", film)


@dataclass(frozen=True)
class TransferOperation:
    """`rechroma transfer`.

    Attributes:
        how: Its options.
        sources: The keys of the sources among the files; none if a manifest names them.
        shared: What holds for all pictures.
    """

    how: TransferOptions
    sources: tuple[str, ...]
    shared: Shared

    @property
    def item_options(self) -> frozenset[str]:
        """The options that a manifest may have."""
        return columns_of(TransferOptions) | {"src"}

    @property
    def item_files(self) -> frozenset[str]:
        """Those that name files."""
        return frozenset({"src"})

    @property
    def signature(self) -> str:
        """What results depend on."""
        return f"transfer {self.how} {self.shared.saving}"

    def prepare(self, files: Files, threads: int, note: Callable[[str], None]) -> Prepared:
        """Load nothing yet; see `cluster.operation.Operation`."""
        given = tuple(str(files[key]) for key in self.sources)
        console = _Notes(note)

        def told(row: Mapping[str, str]) -> tuple[TransferOptions, mood_work.Extras]:
            how = with_columns(self.how, row)
            sources = (row["src"],) if "src" in row else given
            if not sources:
                raise UsageError(
                    "no photograph to take the mood from", "give --src, or a column src"
                )
            return how, mood_work.Extras(sources, (None, None), None, self.shared.max_pixels)

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
                how, extras, FilmOptions(), _Notes(_unheard), overwrite=True, as_json=False
            )(task)

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
        shared: What holds for all pictures.
        named: The name of a look of the package, which is no file.
    """

    how: ApplyOptions
    shared: Shared
    named: str = ""

    @property
    def item_options(self) -> frozenset[str]:
        """The options that a manifest may have."""
        return columns_of(ApplyOptions) | {"look"}

    @property
    def item_files(self) -> frozenset[str]:
        """Those that name files."""
        return frozenset({"look"})

    @property
    def signature(self) -> str:
        """What results depend on."""
        return f"apply {self.how} {self.shared.saving} {self.named}".rstrip()

    def prepare(self, files: Files, threads: int, note: Callable[[str], None]) -> Prepared:
        """Load the look; see `cluster.operation.Operation`."""
        given = named_look(self.named) if self.named else Look.load(files["look"])
        console = _Notes(note)

        def told(row: Mapping[str, str]) -> tuple[Look, float]:
            look = Look.load(row["look"]) if "look" in row else given
            return look, with_columns(self.how, row).strength

        def make(own: tuple[tuple[str, str], ...], task: Task) -> tuple[Work, Task]:
            look, strength = told(dict(own))
            return look_work(look, strength, threads, console), task

        def film(own: Mapping[str, str], task: Task) -> Outcome:
            look, strength = told(own)
            return film_work.look_films(
                lambda _: look, FilmOptions(), _Notes(_unheard), strength=strength,
                overwrite=True, as_json=False,
            )(task)  # fmt: skip

        return Prepared(_kept(make), "", film)
