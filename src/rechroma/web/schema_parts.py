"""What the models of requests and answers are made of."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue, create_model

from rechroma.options import CheckedOptions, Option, options_of

__all__ = [
    "EXAMPLE_ID",
    "LONGEST_COLOR",
    "MAX_PIXEL",
    "ColoredPlace",
    "Control",
    "Strict",
    "controls_of",
    "example",
    "model_of",
    "values_of",
]

# A side of a picture fits into it.
MAX_PIXEL = 1 << 20
# Names of CSS have up to 20 letters.
LONGEST_COLOR = 32
_LONGEST_TEXT = 32

# Of the examples.
EXAMPLE_ID = "4cJx0y2Yq1mVd7Zb5tKe9wRnGfUaLhSo"


class Strict(BaseModel):
    """What a client sends: nothing in it that nobody knows."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class ColoredPlace(Strict):
    """A place and its color; in pixels of what is shown upright."""

    x: Annotated[float, Field(ge=0, le=MAX_PIXEL)]
    y: Annotated[float, Field(ge=0, le=MAX_PIXEL)]
    color: Annotated[
        str,
        Field(
            max_length=LONGEST_COLOR, description="#rrggbb, #rgb or a name of CSS.",
            examples=["#c22b2b", "navy"],
        ),
    ]  # fmt: skip


def example(value: dict[str, JsonValue]) -> ConfigDict:
    """Return what a model says of itself in the documentation."""
    return ConfigDict(json_schema_extra={"examples": [value]})


def _field_of(option: Option) -> tuple[Any, object]:
    """Return an option's type and default, as pydantic takes them."""
    described = Field(description=option.meaning)
    if option.choices:
        # What else is refused by the options themselves, in words that say what there is.
        allowed: dict[str, JsonValue] = {"enum": [*option.choices]}
        kind = type(option.choices[0])
        return Annotated[kind, described, Field(json_schema_extra=allowed)], option.default
    if option.default is None and option.range is None:
        # A text that the options themselves read, such as a time.
        return Annotated[str | None, described, Field(max_length=_LONGEST_TEXT)], None
    if option.range is None:
        return Annotated[type(option.default), described], option.default
    limits = Field(ge=option.range.low, le=option.range.high)
    number: Any = Annotated[int if option.range.is_whole else float, limits]
    kind = number | None if option.default is None else number
    return Annotated[kind, described], option.default


def model_of(*kinds: type[CheckedOptions], without: set[str]) -> type[Strict]:
    """Return a model with the options of operations, but for those that are said otherwise."""
    declared = [each for kind in kinds for each in options_of(kind) if each.name not in without]
    fields: dict[str, Any] = {each.name: _field_of(each) for each in declared}
    name = "".join(f"_{kind.__name__}" for kind in kinds)
    return create_model(name, __base__=Strict, **fields)


def values_of(model: BaseModel, kind: type[CheckedOptions]) -> dict[str, Any]:
    """Return what a model says of the options of an operation."""
    names = (each.name for each in options_of(kind))
    return {name: getattr(model, name) for name in names if name in type(model).model_fields}


class Control(BaseModel):
    """What an input for an option has to know."""

    default: JsonValue
    minimum: float | None
    maximum: float | None
    choices: list[str | int]
    description: str


def controls_of(model: type[BaseModel], kind: type[CheckedOptions]) -> dict[str, Control]:
    """Return what inputs for those options of an operation have to know that a model has."""
    asked = [each for each in options_of(kind) if each.name in model.model_fields]
    return {each.name: _control_of(each) for each in asked if each.parse is None}


def _control_of(option: Option) -> Control:
    low, high = (option.range.low, option.range.high) if option.range else (None, None)
    return Control.model_validate(
        {
            "default": option.default, "minimum": low, "maximum": high,
            "choices": [*option.choices], "description": option.meaning,
        }
    )  # fmt: skip
