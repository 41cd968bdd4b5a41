"""What is done to each picture: given by the command line, run in a child of every worker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from rechroma.batch import Outcome, Task, Work
    from rechroma.batch.pictures import Saving

__all__ = ["Files", "FilmWork", "MakeWork", "Operation", "Prepared", "Shared"]

# Name → file on this machine.
Files: TypeAlias = "Mapping[str, Path]"
# Makes the work for one picture from its own options, and says what goes beside its result.
MakeWork: TypeAlias = "Callable[[Mapping[str, str], Task], tuple[Work, Task]]"
# Takes one film to its end, by its own options.
FilmWork: TypeAlias = "Callable[[Mapping[str, str], Task], Outcome]"


@dataclass(frozen=True, slots=True)
class Shared:
    """What holds for all pictures.

    Attributes:
        saving: How results are written.
        max_pixels: The limit for `rechroma.photo.read`.
    """

    saving: Saving
    max_pixels: int | None


@dataclass(frozen=True, slots=True)
class Prepared:
    """An operation with everything loaded.

    Attributes:
        make_work: See there.
        model: Name and version; empty if there is none.
        film: See `FilmWork`; None of what is not done to films.
    """

    make_work: MakeWork
    model: str
    film: FilmWork | None = None


class Operation(Protocol):
    """An operation with its options: pickled, the same on every machine."""

    @property
    def shared(self) -> Shared:
        """What holds for all pictures."""
        ...

    @property
    def item_options(self) -> frozenset[str]:
        """The options that each picture may have of its own, in a manifest."""
        ...

    @property
    def item_files(self) -> frozenset[str]:
        """Which of these name files, by a path or a URI."""
        ...

    @property
    def signature(self) -> str:
        """A text that differs where results may differ; files count by themselves."""
        ...

    def prepare(self, files: Files, threads: int, note: Callable[[str], None]) -> Prepared:
        """Load everything.

        Args:
            files: The files that the operation was given, as this machine has them.
            threads: For one picture.
            note: Is told what is unusual about a picture.

        Raises:
            RechromaError: An option or a model that is not possible.
        """
        ...
