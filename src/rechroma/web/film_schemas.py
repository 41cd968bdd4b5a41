"""What clients send and get of films, as JSON."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, Field

from rechroma import colorizer, video
from rechroma.colorizer import Hint
from rechroma.web.schema_parts import (
    EXAMPLE_ID,
    ColoredPlace,
    Control,
    controls_of,
    example,
    model_of,
    values_of,
)
from rechroma.web.schemas import Edit
from rechroma.web.settings import MAX_HINTS

__all__ = [
    "FilmHintOptions",
    "FilmLimits",
    "FilmOptions",
    "FilmShot",
    "FilmStage",
    "FilmState",
    "FilmSupport",
    "OpenFilm",
    "film_controls",
]

# What is about photographs alone is left out.
_FilmBase = model_of(
    video.FilmOptions, colorizer.ColorizeOptions, without={"recolor", "temperature", "recompress"}
)


class FilmHintOptions(ColoredPlace):
    """A color for a place of a film at a time, in pixels of the upright frame."""

    seconds: Annotated[
        float,
        Field(ge=0, le=1e6, description="From the start of the film; the next frame that comes."),
    ]

    def hint(self) -> video.FilmHint:
        """Return it as the package's own."""
        return video.FilmHint(self.seconds, Hint(self.x, self.y, self.color))


class FilmOptions(_FilmBase):
    """How a film is rendered."""

    model_config = example(
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
        return video.FilmOptions(**values_of(self, video.FilmOptions))

    def options(self) -> colorizer.ColorizeOptions:
        """Return what is said about colors as the package's own."""
        return colorizer.ColorizeOptions(**values_of(self, colorizer.ColorizeOptions))


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
    colors = controls_of(FilmOptions, colorizer.ColorizeOptions)
    return colors | controls_of(FilmOptions, video.FilmOptions)


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
    code: Annotated[str, Field(description="A word for programs; mostly there is one.")] = ""
    notes: Annotated[list[str], Field(description="What is unusual about the result.")] = []


class OpenFilm(BaseModel):
    """A film that is open."""

    model_config = example(
        {
            "id": EXAMPLE_ID, "name": "street.mp4", "width": 1440, "height": 1080, "seconds": 83.5,
            "frames": 2004, "rate": 24.0, "in_color": False, "shots": 12, "stills": 1,
            "state": {"stage": "ready"}, "original": f"v1/media/{EXAMPLE_ID}/original",
            "result": None, "expires_after": 21600,
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
    options: Annotated[
        FilmOptions | None, Field(description="Of the last `render`, which one without any takes.")
    ] = None
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
