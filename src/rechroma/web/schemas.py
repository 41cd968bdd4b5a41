"""What clients send and get as JSON."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

from rechroma.colorizer import Hint
from rechroma.colorizer.colorization import MAX_STRENGTH, MAX_VARIANTS, MAX_VIVIDNESS
from rechroma.mood import DEFAULT_METHOD, METHODS, Swatch
from rechroma.web.jobs import Amounts, TransferRequest
from rechroma.web.settings import MAX_HINTS

__all__ = [
    "ArchiveEntry",
    "ArchiveOptions",
    "ColorizeOptions",
    "CurrentModel",
    "Edit",
    "HintOptions",
    "LeaveOptions",
    "LikelyOptions",
    "Model",
    "Models",
    "OpenPicture",
    "SessionMood",
    "SwatchOptions",
    "TransferOptions",
]

# A side of a picture fits into it.
_MAX_PIXEL = 1 << 20
_MAX_PAIRS = 32
_MAX_FILES = 1000

# Of the examples.
_ID = "4cJx0y2Yq1mVd7Zb5tKe9wRnGfUaLhSo"
_HINT: dict[str, JsonValue] = {"x": 120, "y": 80, "color": "#c22b2b"}
_EDIT: dict[str, JsonValue] = {"strength": 1.1, "hints": [_HINT]}

_Strength = Annotated[float, Field(ge=0, le=MAX_STRENGTH, description="Factor on the chroma.")]
_Vividness = Annotated[
    float,
    Field(ge=0, le=MAX_VIVIDNESS, description="0: faithful and pale; 1: near to the likeliest."),
]
_Pixel = Annotated[int, Field(ge=0, le=_MAX_PIXEL)]
_Box = Annotated[
    tuple[_Pixel, _Pixel, _Pixel, _Pixel], Field(description="Left, top, width, height in pixels.")
]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


def _example(example: dict[str, JsonValue]) -> ConfigDict:
    """Return what a model says of itself in the documentation."""
    return ConfigDict(json_schema_extra={"examples": [example]})


class HintOptions(_Strict):
    """A color for a place, in pixels of the upright picture."""

    x: Annotated[float, Field(ge=0, le=_MAX_PIXEL)]
    y: Annotated[float, Field(ge=0, le=_MAX_PIXEL)]
    color: Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$", examples=["#c22b2b"])]

    def hint(self) -> Hint:
        """Return it as the package's own."""
        return Hint(self.x, self.y, self.color)


class _Colors(_Strict):
    strength: _Strength = 1.0
    vividness: _Vividness = 1.0
    hints: Annotated[list[HintOptions], Field(max_length=MAX_HINTS)] = []

    def amounts(self) -> Amounts:
        """Return strength and vividness."""
        return Amounts(self.strength, self.vividness)


class ColorizeOptions(_Colors):
    """How a picture is colorized."""

    model_config = _example(_EDIT)

    keep_color: Annotated[
        bool, Field(description="Give a picture that is in color already back as it was sent.")
    ] = False


class SwatchOptions(_Strict):
    """Two rectangles whose colors belong together."""

    source: _Box
    target: _Box


class TransferOptions(_Strict):
    """How a mood is transferred."""

    model_config = _example({"method": "swatches", "strength": 0.8, "luminance": "keep"})

    method: Annotated[str, Field(json_schema_extra={"enum": [*METHODS]})] = DEFAULT_METHOD
    strength: Annotated[float, Field(ge=0, le=1)] = 1.0
    luminance: Literal["match", "keep"] = "match"
    regions: Annotated[int | None, Field(ge=2, le=8)] = None
    swatches: Annotated[list[SwatchOptions], Field(max_length=_MAX_PAIRS)] = []

    def wish(self) -> TransferRequest:
        """Return it as a worker's job takes it."""
        pairs = tuple(Swatch(pair.source, pair.target) for pair in self.swatches)
        return TransferRequest(self.method, self.strength, self.luminance, self.regions, pairs)


class SessionMood(TransferOptions):
    """A transfer between two pictures that are open."""

    model_config = _example({"source": _ID, "strength": 0.8, "luminance": "keep"})

    source: Annotated[str, Field(max_length=64, description="The open picture it comes from.")]


class Edit(_Colors):
    """What a client says about the colors of a picture that is open."""

    model_config = _example(_EDIT)

    mood: Annotated[str | None, Field(max_length=64, description="An open picture.")] = None
    answer: Annotated[
        tuple[int, int] | None,
        Field(description=f"Number and count of another answer; at most {MAX_VARIANTS}."),
    ] = None

    @model_validator(mode="after")
    def _check_answer(self) -> Edit:
        if self.answer and not 1 <= self.answer[0] <= self.answer[1] <= MAX_VARIANTS:
            raise ValueError(f"answer is [number, count] with 1 ≤ number ≤ count ≤ {MAX_VARIANTS}")
        return self


class LikelyOptions(_Strict):
    """A place of a picture that is open."""

    model_config = _example({"x": 120, "y": 80, "count": 4})

    x: Annotated[float, Field(ge=0, le=_MAX_PIXEL)]
    y: Annotated[float, Field(ge=0, le=_MAX_PIXEL)]
    count: Annotated[int, Field(ge=1, le=12)] = 6
    edit: Edit = Edit()


class LeaveOptions(_Strict):
    """Pictures whose page is being closed."""

    model_config = _example({"ids": [_ID]})

    ids: Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=_MAX_FILES)]


class ArchiveEntry(_Strict):
    """A picture that is open, and how it shall be colored."""

    id: Annotated[str, Field(max_length=64)]
    edit: Edit = Edit()


class ArchiveOptions(_Strict):
    """Pictures for one zip file."""

    model_config = _example({"pictures": [{"id": _ID, "edit": _EDIT}]})

    pictures: Annotated[list[ArchiveEntry], Field(min_length=1, max_length=_MAX_FILES)]


class OpenPicture(BaseModel):
    """A picture that is open."""

    model_config = _example(
        {
            "id": _ID, "name": "grandmother.jpg", "width": 3000, "height": 2000, "bit_depth": 8,
            "format": "jpeg", "in_color": False, "expires_after": 1800,
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


class Model(BaseModel):
    """A colorizer."""

    name: str
    version: str
    license: str


class CurrentModel(Model):
    """The colorizer that answers here, and what it can do."""

    hints: Annotated[bool, Field(description="Whether it takes hints.")]
    answers: Annotated[bool, Field(description="Whether it knows several answers.")]
    methods: Annotated[list[str], Field(description="Of `TransferOptions`.")]


class Models(BaseModel):
    """The colorizers of this service."""

    current: CurrentModel
    models: list[Model]
