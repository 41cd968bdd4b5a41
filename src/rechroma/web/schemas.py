"""What clients send and get as JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, JsonValue, create_model, model_validator

from rechroma import colorizer, mood, preparation, video
from rechroma.colorizer import MAX_VARIANTS, Hint, Mask, ModelCard, Reach
from rechroma.colorizer.hints import REACHES
from rechroma.mood import Swatch
from rechroma.options import CheckedOptions, Option, options_of
from rechroma.preparation.preparing import FindingKind
from rechroma.web.settings import MAX_HINTS, MAX_MASKS

__all__ = [
    "ArchiveEntry",
    "ArchiveOptions",
    "ColorizeOptions",
    "Control",
    "CurrentModel",
    "Edit",
    "EditMask",
    "FilmHintOptions",
    "FilmLimits",
    "FilmOptions",
    "FilmShot",
    "FilmStage",
    "FilmState",
    "FilmSupport",
    "Finding",
    "HintOptions",
    "LeaveOptions",
    "LikelyOptions",
    "MaskOptions",
    "Model",
    "Models",
    "NamedLook",
    "OpenFilm",
    "OpenPicture",
    "PrepareOptions",
    "SegmentOptions",
    "SessionMood",
    "Suggestion",
    "SwatchOptions",
    "TransferOptions",
    "Version",
    "colorize_controls",
    "film_controls",
    "reaches_of",
    "transfer_controls",
]

# A side of a picture fits into it.
_MAX_PIXEL = 1 << 20
_MAX_PAIRS = 32
_MAX_FILES = 1000
_LONGEST_TEXT = 32

# Of the examples.
_ID = "4cJx0y2Yq1mVd7Zb5tKe9wRnGfUaLhSo"
_HINT: dict[str, JsonValue] = {"x": 120, "y": 80, "color": "#c22b2b"}
_EDIT: dict[str, JsonValue] = {"strength": 1.1, "hints": [_HINT]}

_Pixel = Annotated[int, Field(ge=0, le=_MAX_PIXEL)]
_Box = Annotated[
    tuple[_Pixel, _Pixel, _Pixel, _Pixel], Field(description="Left, top, width, height in pixels.")
]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


def _example(example: dict[str, JsonValue]) -> ConfigDict:
    """Return what a model says of itself in the documentation."""
    return ConfigDict(json_schema_extra={"examples": [example]})


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


def _model_of(*kinds: type[CheckedOptions], without: set[str]) -> type[_Strict]:
    """Return a model with the options of operations, but for those that are said otherwise."""
    declared = [each for kind in kinds for each in options_of(kind) if each.name not in without]
    fields: dict[str, Any] = {each.name: _field_of(each) for each in declared}
    name = "".join(f"_{kind.__name__}" for kind in kinds)
    return create_model(name, __base__=_Strict, **fields)


_ColorizeBase = _model_of(colorizer.ColorizeOptions, without={"recolor"})
# A service's answer has the size of its table in none of its parts.
_TransferBase = _model_of(mood.TransferOptions, without={"swatches", "exact", "size"})
_PrepareBase = _model_of(preparation.PrepareOptions, without=set())


# Names of CSS have up to 20 letters.
_LONGEST_COLOR = 32
_LONGEST_NAME = 120

# What a client calls a mask of a picture that is open.
MaskName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$", examples=["coat"])]


class HintOptions(_Strict):
    """A color for a place, in pixels of the upright picture."""

    x: Annotated[float, Field(ge=0, le=_MAX_PIXEL)]
    y: Annotated[float, Field(ge=0, le=_MAX_PIXEL)]
    color: Annotated[
        str,
        Field(
            max_length=_LONGEST_COLOR, description="#rrggbb, #rgb or a name of CSS.",
            examples=["#c22b2b", "navy"],
        ),
    ]  # fmt: skip
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


class _MaskBase(_Strict):
    """What becomes of a part of a picture: one of the four."""

    color: Annotated[
        str | None,
        Field(max_length=_LONGEST_COLOR, description="#rrggbb, #rgb or a name of CSS: gray, too."),
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

    model_config = _example({"border": "crop", "scratches": False})

    prepared_lightness: Annotated[
        bool,
        Field(
            description="The result has the lightness of the print made ready; otherwise its own, "
            "with its scratches and its faded contrast."
        ),
    ] = False

    def options(self) -> preparation.PrepareOptions:
        """Return them as the package's own."""
        return preparation.PrepareOptions(**_values(self, preparation.PrepareOptions))


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
        return colorizer.ColorizeOptions(**_values(self, colorizer.ColorizeOptions))


class ColorizeOptions(_Colors):
    """How a picture is colorized."""

    model_config = _example(_EDIT)

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


class SwatchOptions(_Strict):
    """Two rectangles whose colors belong together."""

    source: _Box
    target: _Box


class TransferOptions(_TransferBase):
    """How a mood is transferred."""

    model_config = _example({"method": "swatches", "strength": 0.8, "luminance": "keep"})

    swatches: Annotated[list[SwatchOptions], Field(max_length=_MAX_PAIRS)] = []  # noqa: RUF012

    def options(self) -> mood.TransferOptions:
        """Return them as the package's own.

        Raises:
            UsageError: They contradict each other.
        """
        pairs = tuple(Swatch(pair.source, pair.target) for pair in self.swatches)
        values: dict[str, Any] = {**_values(self, mood.TransferOptions), "swatches": pairs}
        return mood.TransferOptions(**values)


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


class LikelyOptions(_Strict):
    """A place of a picture that is open."""

    model_config = _example({"x": 120, "y": 80, "count": 4})

    x: Annotated[float, Field(ge=0, le=_MAX_PIXEL)]
    y: Annotated[float, Field(ge=0, le=_MAX_PIXEL)]
    count: Annotated[int, Field(ge=1, le=12)] = 6
    edit: Edit = Edit()


_Place = Annotated[tuple[_Pixel, _Pixel], Field(description="x, y in pixels.")]


class SegmentOptions(_Strict):
    """Places of a picture that is open, and places of something else."""

    model_config = _example({"inside": [[120, 80]]})

    inside: Annotated[list[_Place], Field(min_length=1, max_length=MAX_HINTS)]
    outside: Annotated[list[_Place], Field(max_length=MAX_HINTS)] = []


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


def _values(model: BaseModel, kind: type[CheckedOptions]) -> dict[str, Any]:
    """Return what a model says of the options of an operation."""
    names = (each.name for each in options_of(kind))
    return {name: getattr(model, name) for name in names if name in type(model).model_fields}


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
    changed: Annotated[bool, Field(description="Whether anything would be done.")]
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


class Control(BaseModel):
    """What an input for an option has to know."""

    default: JsonValue
    minimum: float | None
    maximum: float | None
    choices: list[str | int]
    description: str


def colorize_controls() -> dict[str, Control]:
    """Return what inputs for `ColorizeOptions` have to know."""
    return _controls_of(ColorizeOptions, colorizer.ColorizeOptions)


def transfer_controls() -> dict[str, Control]:
    """Return what inputs for `TransferOptions` have to know."""
    return _controls_of(TransferOptions, mood.TransferOptions)


def reaches_of(card: ModelCard) -> list[Reach]:
    """Return how far hints can reach with a model; none if it takes no hints."""
    if not card.hints:
        return []
    return list(REACHES) if card.tells_things_apart else ["alike"]


def _controls_of(model: type[BaseModel], kind: type[CheckedOptions]) -> dict[str, Control]:
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


# Of an answer of one photograph is the temperature, which films do not have.
_FilmBase = _model_of(
    video.FilmOptions, colorizer.ColorizeOptions, without={"recolor", "temperature"}
)


class FilmHintOptions(_Strict):
    """A color for a place of a film at a time, in pixels of the upright frame."""

    seconds: Annotated[
        float,
        Field(ge=0, le=1e6, description="From the start of the film; the next frame that comes."),
    ]
    x: Annotated[float, Field(ge=0, le=_MAX_PIXEL)]
    y: Annotated[float, Field(ge=0, le=_MAX_PIXEL)]
    color: Annotated[
        str,
        Field(
            max_length=_LONGEST_COLOR, description="#rrggbb, #rgb or a name of CSS.",
            examples=["#c22b2b", "navy"],
        ),
    ]  # fmt: skip

    def hint(self) -> video.FilmHint:
        """Return it as the package's own."""
        return video.FilmHint(self.seconds, Hint(self.x, self.y, self.color))


class FilmOptions(_FilmBase):
    """How a film is rendered."""

    model_config = _example(
        {"crf": 20, "hints": [{"seconds": 83.5, "x": 210, "y": 340, "color": "#c22b2b"}]}
    )

    recolor: Annotated[
        bool, Field(description="Color a film that is in color already anew.")
    ] = False  # fmt: skip
    hints: Annotated[list[FilmHintOptions], Field(max_length=MAX_HINTS)] = []  # noqa: RUF012 (copied)
    mood: Annotated[
        str | None, Field(max_length=64, description="An open picture, for the whole film.")
    ] = None

    def film_options(self) -> video.FilmOptions:
        """Return what is said about the film as the package's own.

        Raises:
            UsageError: Times that make no sense.
        """
        return video.FilmOptions(**_values(self, video.FilmOptions))

    def options(self) -> colorizer.ColorizeOptions:
        """Return what is said about colors as the package's own."""
        return colorizer.ColorizeOptions(**_values(self, colorizer.ColorizeOptions))


class FilmLimits(BaseModel):
    """What a film may be like here."""

    bytes: int
    seconds: float
    pixels: Annotated[int, Field(description="Of one frame.")]


class FilmSupport(BaseModel):
    """Whether films can be colored here, and how."""

    missing: Annotated[str, Field(description="What has to be installed; empty if nothing has.")]
    limits: FilmLimits
    options: Annotated[dict[str, Control], Field(description="Ranges of `FilmOptions`.")]


def film_controls() -> dict[str, Control]:
    """Return what inputs for `FilmOptions` have to know."""
    colors = _controls_of(FilmOptions, colorizer.ColorizeOptions)
    return colors | _controls_of(FilmOptions, video.FilmOptions)


FilmStage: TypeAlias = Literal[
    "finding", "ready", "waiting", "rendering", "stopped", "done", "failed"
]


class FilmState(BaseModel):
    """How far the work on a film is."""

    stage: Annotated[
        FilmStage,
        Field(
            description="finding: its shots are looked for; ready: it can be rendered; waiting: "
            "another film comes first; rendering; stopped: it can be gone on with; done: there is "
            "a result; failed: see `problem`, and try again."
        ),
    ]
    frames: Annotated[int, Field(description="That are done.")] = 0
    total: Annotated[int, Field(description="That there are, about; 0 if nobody knows.")] = 0
    rate: Annotated[float, Field(description="Frames a second.")] = 0.0
    seconds_left: Annotated[float | None, Field(description="About.")] = None
    problem: Annotated[str, Field(description="What went wrong.")] = ""
    mend: Annotated[str, Field(description="What can be done about it.")] = ""
    notes: Annotated[list[str], Field(description="What is unusual about the result.")] = []


class OpenFilm(BaseModel):
    """A film that is open."""

    model_config = _example(
        {
            "id": _ID, "name": "street.mp4", "width": 1440, "height": 1080, "seconds": 83.5,
            "frames": 2004, "rate": 24.0, "in_color": False, "shots": 12, "stills": 1,
            "state": {"stage": "ready"}, "original": f"v1/media/{_ID}/original", "result": None,
            "expires_after": 21600,
        }
    )  # fmt: skip

    id: Annotated[str, Field(description="The key to it: whoever has it may work on the film.")]
    name: str
    width: int
    height: int
    seconds: float
    frames: Annotated[int, Field(description="About; 0 if nobody knows.")]
    rate: float
    in_color: bool
    shots: Annotated[int, Field(description="That were found so far.")]
    stills: Annotated[int, Field(description="Shots that have a still in color.")]
    state: FilmState
    original: Annotated[
        str, Field(description="Where it is played from; whoever has this address may look at it.")
    ]
    result: Annotated[str | None, Field(description="Where the result is; add ?download=true.")]
    expires_after: Annotated[float, Field(description="Seconds without use.")]


class FilmShot(BaseModel):
    """A shot of a film."""

    number: Annotated[int, Field(description="From 1.")]
    seconds: Annotated[float, Field(description="When it begins.")]
    frames: int
    shown: Annotated[float, Field(description="The time of the frame that stands for it.")]
    still: Annotated[bool, Field(description="Whether that frame was given back in color.")]
    edit: Annotated[Edit | None, Field(description="How it was colored, if that was here.")] = None
