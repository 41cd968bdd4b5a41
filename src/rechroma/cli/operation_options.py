"""The options of an operation on the command line, made from their one declaration."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, cast

import click

from rechroma.errors import UsageError
from rechroma.options import CheckedOptions, options_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rechroma.options import Option

__all__ = ["columns_of", "operation_options", "with_columns"]

_Command: TypeAlias = Callable[..., Any]
_Options = TypeVar("_Options", bound=CheckedOptions)


def operation_options(
    kind: type[CheckedOptions], to: str, *, without: tuple[str, ...] = ()
) -> Callable[[_Command], _Command]:
    """Give a command the options of an operation, as one object.

    Args:
        kind: The dataclass in which they are declared.
        to: The parameter of the command that gets the object.
        without: Options that this command has not: they keep their defaults.

    Returns:
        A decorator, to be placed among `click.option`s.
    """
    declared = {each.name: each for each in options_of(kind) if each.name not in without}

    def decorate(command: _Command) -> _Command:
        @wraps(command)
        def with_object(*console: object, **typed: object) -> object:
            chosen = {name: _parsed(each, typed.pop(name)) for name, each in declared.items()}
            return command(*console, **typed, **{to: kind(**chosen)})

        for each in reversed(declared.values()):
            _click_option(each)(with_object)
        return with_object

    return decorate


def columns_of(kind: type[CheckedOptions]) -> frozenset[str]:
    """Return what the options of an operation are called in a table, one a column."""
    return frozenset(map(_column, options_of(kind)))


def with_columns(options: _Options, row: Mapping[str, str]) -> _Options:
    """Return options with those changed that a row of a table has.

    Args:
        options: What holds where the row says nothing.
        row: Column → what would be typed; of an option that may be repeated with ; between.

    Raises:
        UsageError: A value that the command line would refuse, too.
    """
    changed: dict[str, object] = {}
    for each in options_of(type(options)):
        text = row.get(_column(each))
        if text is None:
            continue
        if each.parse is not None:
            changed[each.name] = _parsed(each, [part.strip() for part in text.split(";")])
            continue
        kind = click.BOOL if isinstance(each.default, bool) else _click_type(each)
        try:
            changed[each.name] = kind.convert(text.strip(), None, None)
        except click.BadParameter as error:
            raise UsageError(
                f"{_column(each)}: {error.message.rstrip('.')}", "mend the row"
            ) from error
    return replace(cast("Any", options), **changed)


def _column(option: Option) -> str:
    return (option.flag.removeprefix("--") or option.name).replace("-", "_")


def _parsed(option: Option, typed: Any) -> object:  # noqa: ANN401 (as click gives it)
    return typed if option.parse is None else tuple(map(option.parse, typed))


def _click_option(option: Option) -> Callable[[_Command], _Command]:
    flag = option.flag or f"--{option.name.replace('_', '-')}"
    if isinstance(option.default, bool):
        switch = f"{flag}/--no-{flag[2:]}" if option.default else flag
        return click.option(
            switch, option.name, is_flag=True, default=option.default, help=option.meaning
        )
    if option.parse is not None:
        meaning = f"{option.meaning[:-1]}; may be repeated."
        return click.option(flag, option.name, multiple=True, metavar=option.metavar, help=meaning)
    return click.option(
        flag, option.name, type=_click_type(option), default=option.default,
        show_default=option.absent or True, help=option.meaning, metavar=option.metavar or None,
    )  # fmt: skip


def _click_type(option: Option) -> click.ParamType[Any]:
    if option.range is None:
        return click.Choice(option.choices) if option.choices else click.STRING
    low, high = option.range.low, option.range.high
    if option.range.is_whole:
        return click.IntRange(int(low), int(high))
    return click.FloatRange(low, high)
