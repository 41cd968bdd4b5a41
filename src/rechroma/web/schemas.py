"""What clients send as JSON about pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, JsonValue, model_validator

from rechroma import colorizer, mood, preparation
from rechroma.colorizer import MAX_VARIANTS, Hint, Mask, Reach
from rechroma.mood import Swatch
from rechroma.web.schema_parts import (
    EXAMPLE_ID,
    LONGEST_COLOR,
    MAX_PIXEL,
    ColoredPlace,
    Strict,
    example,
    model_of,
    values_of,
)
from rechroma.web.settings import MAX_HINTS, MAX_MASKS

__all__ = [
    "ArchiveEntry",
    "ArchiveOptions",
    "ColorizeOptions",
    "Edit",
    "EditMask",
    "HintOptions",
    "LeaveOptions",
    "LikelyOptions",
    "MaskOptions",
    "PrepareOptions",
    "SegmentOptions",
    "SessionMood",
    "SwatchOptions",
    "TransferOptions",
]

_MAX_PAIRS = 32
_MAX_FILES = 1000

# Of the examples.
_HINT: dict[str, JsonValue] = {"x": 120, "y": 80, "color": "#c22b2b"}
_EDIT: dict[str, JsonValue] = {"strength": 1.1, "hints": [_HINT]}

_Pixel = Annotated[int, Field(ge=0, le=MAX_PIXEL)]
_Box = Annotated[
    tuple[_Pixel, _Pixel, _Pixel, _Pixel], Field(description="Left, top, width, height in pixels.")
]


_ColorizeBase = model_of(colorizer.ColorizeOptions, without={"recolor"})
# A service's answer has the size of its table in none of its parts.
_TransferBase = model_of(mood.TransferOptions, without={"swatches", "exact", "size"})
_PrepareBase = model_of(preparation.PrepareOptions, without=set())


_LONGEST_NAME = 120

# What a client calls a mask of a picture that is open.
MaskName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$", examples=["coat"])]


class HintOptions(ColoredPlace):
    """A color for a place, in pixels of the upright picture."""

    reach: Annotated[
        Reach | None,
        Field(
            description="here: this place up to its edges; thing: what belongs together; alike: "
            "all that is like it. By default thing, where the model can tell."
        ),
    ] = None

    def hint(self) -> Hint:
        """Return it as the package's own."""
        return Hint(self.x, self.y, self.color, self.reach)


class _MaskBase(Strict):
    """What becomes of a part of a picture: one of the four."""

    color: Annotated[
        str | None,
        Field(max_length=LONGEST_COLOR, description="#rrggbb, #rgb or a name of CSS: gray, too."),
    ] = None
    strength: Annotated[
        float | None, Field(ge=0.0, le=1.5, description="A factor on its chroma.")
    ] = None
    keep: Annotated[bool, Field(description="It stays as it was.")] = False


class MaskOptions(_MaskBase):
    """What becomes of the part of the picture that is white in a mask: one of the four."""

    mood: Annotated[
        str | None,
        Field(
            max_length=_LONGEST_NAME,
            description="The name of one of the form's `mask_mood` files, or the id of an open "
            "picture: a color photograph that sets the tone there.",
        ),
    ] = None

    def mask(self, picture: Path, mood: Path | None) -> Mask:
        """Return it as the package's own.

        Raises:
            UsageError: None of the four, or more than one.
        """
        return Mask(picture, self.color, self.strength, self.keep, mood)


class EditMask(_MaskBase):
    """What becomes of the part of an open picture that is white in one of its masks."""

    mask: Annotated[MaskName, Field(description="As it was sent: PUT …/masks/{name}.")]
    mood: Annotated[str | None, Field(max_length=64, description="An open picture.")] = None

    @model_validator(mode="after")
    def _check_one(self) -> EditMask:
        # Its picture is looked at later.
        Mask(b"", self.color, self.strength, self.keep, None if self.mood is None else b"")
        return self


class PrepareOptions(_PrepareBase):
    """What is looked for on an old print, and what is done about it."""

    model_config = example({"border": "crop", "scratches": False})

    prepared_lightness: Annotated[
        bool,
        Field(
            description="The result has the lightness of the print made ready; otherwise its own, "
            "with its scratches and its faded contrast."
        ),
    ] = False

    def options(self) -> preparation.PrepareOptions:
        """Return them as the package's own."""
        return preparation.PrepareOptions(**values_of(self, preparation.PrepareOptions))


_Look = Annotated[
    str | None,
    Field(max_length=64, description="The name of a look for the result; see /v1/looks."),
]
_Version = Annotated[
    str | None,
    Field(
        max_length=32,
        description="One of the picture's versions: faithful, natural, vivid, warm, cool, or what "
        "another plausible one is called.",
    ),
]
_Preparing = Annotated[
    PrepareOptions | None,
    Field(description="Make an old print ready first; {} for all that is usual. Off by default."),
]


class _Colors(_ColorizeBase):
    hints: Annotated[list[HintOptions], Field(max_length=MAX_HINTS)] = []  # noqa: RUF012 (copied)

    def options(self) -> colorizer.ColorizeOptions:
        """Return them as the package's own."""
        return colorizer.ColorizeOptions(**values_of(self, colorizer.ColorizeOptions))


class ColorizeOptions(_Colors):
    """How a picture is colorized."""

    model_config = example(_EDIT)

    recolor: Annotated[
        bool,
        Field(
            description="Color a picture that is in color already anew; otherwise it is given back "
            "as it was sent."
        ),
    ] = True
    look: _Look = None
    version: _Version = None
    prepare: _Preparing = None
    masks: Annotated[
        list[MaskOptions],
        Field(
            max_length=MAX_MASKS,
            description="What becomes of the parts of the picture that the form's `mask` files "
            "show, in their order.",
        ),
    ] = []  # noqa: RUF012 (copied)


class SwatchOptions(Strict):
    """Two rectangles whose colors belong together."""

    source: _Box
    target: _Box


class TransferOptions(_TransferBase):
    """How a mood is transferred."""

    model_config = example({"method": "swatches", "strength": 0.8, "luminance": "keep"})

    swatches: Annotated[list[SwatchOptions], Field(max_length=_MAX_PAIRS)] = []  # noqa: RUF012

    def options(self) -> mood.TransferOptions:
        """Return them as the package's own.

        Raises:
            UsageError: They contradict each other.
        """
        pairs = tuple(Swatch(pair.source, pair.target) for pair in self.swatches)
        values: dict[str, Any] = {**values_of(self, mood.TransferOptions), "swatches": pairs}
        return mood.TransferOptions(**values)


class SessionMood(TransferOptions):
    """A transfer between two pictures that are open."""

    model_config = example({"source": EXAMPLE_ID, "strength": 0.8, "luminance": "keep"})

    source: Annotated[str, Field(max_length=64, description="The open picture it comes from.")]


class Edit(_Colors):
    """What a client says about the colors of a picture that is open."""

    model_config = example(_EDIT)

    mood: Annotated[str | None, Field(max_length=64, description="An open picture.")] = None
    answer: Annotated[
        tuple[int, int] | None,
        Field(description=f"Number and count of another answer; at most {MAX_VARIANTS}."),
    ] = None
    version: _Version = None
    look: _Look = None
    prepare: _Preparing = None
    masks: Annotated[
        list[EditMask],
        Field(max_length=MAX_MASKS, description="The later ones lie over the earlier ones."),
    ] = []  # noqa: RUF012 (copied)

    @model_validator(mode="after")
    def _check_answer(self) -> Edit:
        if self.answer and not 1 <= self.answer[0] <= self.answer[1] <= MAX_VARIANTS:
            raise ValueError(f"answer is [number, count] with 1 ≤ number ≤ count ≤ {MAX_VARIANTS}")
        if self.answer and self.version:
            raise ValueError("an answer and a version: a version has its own answer; leave one out")
        return self


class LikelyOptions(Strict):
    """A place of a picture that is open."""

    model_config = example({"x": 120, "y": 80, "count": 4})

    x: Annotated[float, Field(ge=0, le=MAX_PIXEL)]
    y: Annotated[float, Field(ge=0, le=MAX_PIXEL)]
    count: Annotated[int, Field(ge=1, le=12)] = 6
    edit: Edit = Edit()


_Place = Annotated[tuple[_Pixel, _Pixel], Field(description="x, y in pixels.")]


class SegmentOptions(Strict):
    """Places of a picture that is open, and places of something else."""

    model_config = example({"inside": [[120, 80]]})

    inside: Annotated[list[_Place], Field(min_length=1, max_length=MAX_HINTS)]
    outside: Annotated[list[_Place], Field(max_length=MAX_HINTS)] = []  # noqa: RUF012 (copied)


class LeaveOptions(Strict):
    """Pictures whose page is being closed."""

    model_config = example({"ids": [EXAMPLE_ID]})

    ids: Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=_MAX_FILES)]


class ArchiveEntry(Strict):
    """A picture that is open, and how it shall be colored."""

    id: Annotated[str, Field(max_length=64)]
    edit: Edit = Edit()


class ArchiveOptions(Strict):
    """Pictures for one zip file."""

    model_config = example({"pictures": [{"id": EXAMPLE_ID, "edit": _EDIT}]})

    pictures: Annotated[list[ArchiveEntry], Field(min_length=1, max_length=_MAX_FILES)]
