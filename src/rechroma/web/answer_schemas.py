"""What clients get as JSON."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from rechroma import colorizer, mood
from rechroma.colorizer import ModelCard, Reach
from rechroma.colorizer.hints import REACHES
from rechroma.preparation.preparing import FindingKind
from rechroma.web.schema_parts import EXAMPLE_ID, Control, controls_of, example
from rechroma.web.schemas import ColorizeOptions, TransferOptions

__all__ = [
    "CurrentModel",
    "Finding",
    "Model",
    "Models",
    "NamedLook",
    "OpenPicture",
    "Suggestion",
    "Version",
    "colorize_controls",
    "reaches_of",
    "transfer_controls",
]


class OpenPicture(BaseModel):
    """A picture that is open."""

    model_config = example(
        {
            "id": EXAMPLE_ID, "name": "grandmother.jpg", "width": 3000, "height": 2000,
            "bit_depth": 8, "format": "jpeg", "in_color": False, "expires_after": 1800,
        }
    )  # fmt: skip

    id: Annotated[str, Field(description="The key to it: whoever has it may work on the picture.")]
    name: str
    width: int
    height: int
    bit_depth: int
    format: Annotated[str, Field(description="OpenImageIO's name, such as jpeg.")]
    in_color: bool
    expires_after: Annotated[float, Field(description="Seconds without use.")]


class Version(BaseModel):
    """A version of a picture that is open: what an edit has to say for it, and what it is like."""

    name: Annotated[str, Field(description="What it is, such as warm.")]
    strength: float
    vividness: float
    temperature: float
    answer: tuple[int, int] | None
    preview: Annotated[str, Field(description="A JPEG, as a data: URI.")]


class Finding(BaseModel):
    """Something that was found on a print."""

    kind: FindingKind
    reason: Annotated[str, Field(description="By what it is known.")]
    done: Annotated[str, Field(description="What would be done about it; empty for nothing.")]


class Suggestion(BaseModel):
    """What making a print ready would do, and where places of the print would be afterwards."""

    findings: list[Finding]
    changed: Annotated[bool, Field(description="Whether anything would be done that is seen.")]
    width: Annotated[int, Field(description="Of the print made ready.")]
    height: int
    angle: Annotated[
        float, Field(description="Degrees by which it is turned back, counterclockwise.")
    ]
    crop: Annotated[
        tuple[int, int, int, int] | None,
        Field(description="Left, top, right, bottom of what is left of it, after that."),
    ]
    frame: Annotated[
        tuple[int, int, int, int] | None,
        Field(description="Left, top, right, bottom of the picture within a border that stays."),
    ]
    before: Annotated[str, Field(description="A JPEG, as a data: URI.")]
    after: Annotated[str, Field(description="A JPEG, as a data: URI.")]


class Model(BaseModel):
    """A colorizer."""

    name: str
    version: str
    license: str


class NamedLook(BaseModel):
    """A look that has a name here."""

    name: str
    description: Annotated[str, Field(description="Empty for those that were saved here.")]


def colorize_controls() -> dict[str, Control]:
    """Return what inputs for `ColorizeOptions` have to know."""
    return controls_of(ColorizeOptions, colorizer.ColorizeOptions)


def transfer_controls() -> dict[str, Control]:
    """Return what inputs for `TransferOptions` have to know."""
    return controls_of(TransferOptions, mood.TransferOptions)


def reaches_of(card: ModelCard) -> list[Reach]:
    """Return how far hints can reach with a model; none if it takes no hints."""
    if not card.hints:
        return []
    return list(REACHES) if card.tells_things_apart else ["alike"]


class CurrentModel(Model):
    """The colorizer that answers here, and what it can do."""

    hints: Annotated[bool, Field(description="Whether it takes hints.")]
    reaches: Annotated[list[Reach], Field(description="How far hints can reach here.")]
    answers: Annotated[bool, Field(description="Whether it knows several answers.")]
    methods: Annotated[list[str], Field(description="Of `TransferOptions`.")]
    colorize: Annotated[dict[str, Control], Field(description="Ranges of `ColorizeOptions`.")]
    transfer: Annotated[dict[str, Control], Field(description="Ranges of `TransferOptions`.")]


class Models(BaseModel):
    """The colorizers of this service."""

    current: CurrentModel
    models: list[Model]
