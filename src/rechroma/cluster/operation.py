"""What is done to each picture: given by the command line, run in a child of every worker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from rechroma.batch import Outcome, Task, Work
    from rechroma.batch.pictures import Saving

__all__ = [
    "At",
    "Column",
    "Files",
    "FilmWork",
    "MakeWork",
    "Operation",
    "Prepared",
    "Shared",
    "no_files",
]

# A file's path or URI → what stands for it elsewhere.
At: TypeAlias = "Callable[[str], str]"
# Name → file on this machine.
Files: TypeAlias = "Mapping[str, Path]"
# Makes the work for one picture from its own options, and says what goes beside its result.
MakeWork: TypeAlias = "Callable[[Mapping[str, str], Task], tuple[Work, Task]]"
# Takes one film to its end, by its own options.
FilmWork: TypeAlias = "Callable[[Mapping[str, str], Task], Outcome]"


def no_files(text: str, at: At) -> str:  # noqa: ARG001 (as a `Column` has it)
    """Return the text of an option that names no file."""
    return text


@dataclass(frozen=True, slots=True)
class Column:
    """An option that each picture may have of its own, in a manifest.

    Attributes:
        places: Returns its text with each file that it names replaced by what stands for it.
        inside: Does the same in the bytes of such a file, if it names further ones.
    """

    places: Callable[[str, At], str] = no_files
    inside: Callable[[bytes, At], bytes] | None = None


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
    def columns(self) -> Mapping[str, Column]:
        """The options that each picture may have of its own, by name."""
        ...

    @property
    def signature(self) -> str:
        """A text that differs where results may differ; files count by themselves."""
        ...

    def beside(self, output: str) -> tuple[str, ...]:
        """Return the files in the destination that have to be there beside a result.

        Args:
            output: The result's path in the destination.

        Raises:
            UsageError: A result can't go there.
        """
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
