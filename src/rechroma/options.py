"""How the options of an operation are declared: each once, with its default, range and meaning.

A frozen dataclass holds the options of one operation: `rechroma.colorizer.ColorizeOptions`,
`rechroma.mood.TransferOptions`. The command line, the HTTP service and the page take names,
defaults, ranges and words from there. Nothing here loads NumPy, so that `--help` answers at once.
"""

from __future__ import annotations

from dataclasses import field, fields
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

from rechroma.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["CheckedOptions", "Option", "Range", "option", "options_of"]

T = TypeVar("T")
_KEY = "rechroma.option"


class Range(NamedTuple):
    """The numbers from `low` to `high`, both included: whole numbers if both ends are."""

    low: float
    high: float

    @property
    def is_whole(self) -> bool:
        """Whether it holds whole numbers alone."""
        return isinstance(self.low, int) and isinstance(self.high, int)

    def counts(self, value: object) -> bool:
        """Tell whether a value is a number of this kind, be it within the range or not."""
        if isinstance(value, bool):
            return False
        return isinstance(value, Integral if self.is_whole else Real)

    def __str__(self) -> str:
        return f"{self.low:g} to {self.high:g}"


class Option(NamedTuple):
    """What is said of an option.

    Attributes:
        default: Its value if nobody says anything.
        meaning: One sentence.
        range: The numbers that it may be.
        choices: The values that it may be.
        absent: What None, as a default, stands for.
        refusal: What is wrong about another value, which stands for `{value}`.
        flag: Its name on the command line, if that is another one than `--name`.
        metavar: What stands for its value there.
        parse: Makes a value of what is typed there; the option may then be repeated.
        name: The dataclass's field.
    """

    default: object
    meaning: str
    range: Range | None = None
    choices: tuple[str | int, ...] = ()
    absent: str = ""
    refusal: str = ""
    flag: str = ""
    metavar: str = ""
    parse: Callable[[str], object] | None = None
    name: str = ""

    def check(self, value: object) -> None:
        """Refuse what the option can't be.

        Raises:
            UsageError: The value is of another kind, out of range, or none of the choices.
        """
        if value is None and self.default is None:
            return
        if isinstance(self.default, bool) and not isinstance(value, bool):
            raise UsageError(f"{self.name} {value!r} is no switch", "give True or False")
        if self.choices and value not in self.choices:
            usual = f"there is no {self.name} {value!r}"
            raise UsageError(
                self._refused(value) or usual, f"use one of {', '.join(map(str, self.choices))}"
            )
        if self.range is None:
            return
        if not self.range.counts(value):
            kind = "whole number" if self.range.is_whole else "number"
            raise UsageError(f"{self.name} {value!r} is no {kind}", f"give {self.range}")
        if not self.range.low <= cast("float", value) <= self.range.high:
            usual = f"{self.name} {value} is out of range"
            raise UsageError(self._refused(value) or usual, f"give {self.range}")

    def _refused(self, value: object) -> str:
        return self.refusal.format(value=value)


class CheckedOptions:
    """The base of a frozen dataclass of options: every value is checked when it is made.

    Raises:
        UsageError: A value is out of range, or none of the choices.
    """

    def __post_init__(self) -> None:
        for each in options_of(type(self)):
            each.check(getattr(self, each.name))


def option(
    default: T,
    meaning: str,
    *,
    range: Range | None = None,  # noqa: A002 (of the field, as in a schema)
    choices: tuple[str | int, ...] = (),
    absent: str = "",
    refusal: str = "",
    flag: str = "",
    metavar: str = "",
    parse: Callable[[str], object] | None = None,
) -> T:
    """Declare a field of `CheckedOptions`; see `Option` for the arguments."""
    said = Option(default, meaning, range, choices, absent, refusal, flag, metavar, parse)
    return field(default=default, metadata={_KEY: said})


def options_of(kind: type[CheckedOptions]) -> list[Option]:
    """Return what is said of the fields of a dataclass of options, in their order."""
    return [each.metadata[_KEY]._replace(name=each.name) for each in fields(cast("Any", kind))]
