"""The options of an operation on the command line, made from their one declaration."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeAlias

import click

from rechroma.options import options_of

if TYPE_CHECKING:
    from rechroma.options import CheckedOptions, Option

__all__ = ["operation_options"]

_Command: TypeAlias = Callable[..., Any]


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
