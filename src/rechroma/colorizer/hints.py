"""Hints as users give them: a point of the picture, and the color that it should get."""

from __future__ import annotations

import re
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

import numpy as np

from rechroma.color import lab_to_linear, linear_to_lab, rgb_to_lab, srgb_to_linear
from rechroma.colorizer.conditioning import Patch, hint_map, mood_vector
from rechroma.colorizer.distribution import before_curve
from rechroma.errors import UsageError
from rechroma.photo.samples import block_mean

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rechroma.colorizer.card import ModelCard
    from rechroma.colorizer.size import SizePlan
    from rechroma.photo import Photo

__all__ = [
    "REACHES",
    "Hint",
    "Reach",
    "hex_color",
    "mood_of",
    "parse_hint",
    "rasterize_hints",
    "reach_of",
]

# How far a hint's color goes; see `Hint`.
Reach: TypeAlias = Literal["here", "thing", "alike"]
REACHES: tuple[Reach, ...] = get_args(Reach)

# A hint is a square of so many of the network's pixels; training shows it 1 to 9.
_SIDE = 5
# How much more light than a color says may lie on a thing, before its lightness is a veil's.
_MORE_LIGHT = 1.5
# A mood's histogram is taken from about so many pixels a side.
_MOOD_SIDE = 128
_FORM = (
    "write x,y,color or x,y,color,reach: pixels from the left and from the top, #rrggbb or a name, "
    f"and one of {', '.join(REACHES)}"
)


@dataclass(frozen=True, slots=True)
class Hint:
    """A color for a place.

    Attributes:
        x: Pixels from the left of the upright photo, ≥ 0.
        y: Pixels from its top, ≥ 0.
        color: sRGB: "#rrggbb", "#rgb" or a name of CSS such as "brown"; kept as "#rrggbb". Of it
            a and b count, L is the photo's own; on places that are lighter than the color see
            `chroma_at`.
        reach: "here": the place's surroundings, up to their edges; "thing": what belongs together
            with the place; "alike": whatever the network takes for alike in the whole picture.
            None is "thing" with a model that can tell things apart, and "alike" with others.

    Raises:
        UsageError: Not such a number, color or reach.

    Examples:
        Somebody remembers that the suit was brown:

        >>> from rechroma import Colorizer, Hint
        >>> suit = Hint(x=650, y=560, color="#6b4a2f")
        >>> photo = Colorizer().colorize("examples/louis-armstrong-1946.jpg", hints=[suit])
        >>> red, green, blue = photo.to_uint8()[560, 650]
        >>> bool(red > green > blue)
        True
    """

    x: float
    y: float
    color: str
    reach: Reach | None = None

    def __post_init__(self) -> None:
        for value in (self.x, self.y):
            # NumPy's numbers are Real, too.
            number = isinstance(value, Real) and not isinstance(value, bool)  # pyright: ignore[reportUnnecessaryIsInstance]
            if not number or not 0 <= value < float("inf"):
                raise UsageError(f"a hint at {self.x}, {self.y}", "give pixels, 0 or more")
        object.__setattr__(self, "color", hex_color(self.color, "hint"))
        if self.reach is not None and self.reach not in REACHES:
            raise UsageError(f"the hint's reach {self.reach!r} is none", _one_of_reaches())

    @property
    def chroma(self) -> tuple[float, float]:
        """The color's a and b."""
        _, a, b = rgb_to_lab(self._rgb)
        return float(a), float(b)

    def chroma_at(self, lightness: float) -> tuple[float, float]:
        """Return a and b of the color on a place of some L.

        On a place as light as the color or darker they are the color's own. On a lighter one, such
        as a navy coat on a faded print, the color is taken to lie in more light and under a veil:
        its linear light is raised by half at most, and what is missing is white. Chroma is never
        more than the color's own.
        """
        own = linear_to_lab(srgb_to_linear(self._rgb))
        if lightness <= own[0]:
            return self.chroma
        luminance, wanted = (float(_luminance(each)) for each in (own[0], lightness))
        more = min(_MORE_LIGHT, wanted / max(luminance, 1e-6))
        veiled = srgb_to_linear(self._rgb) * more + (wanted - more * luminance)
        _, a, b = linear_to_lab(veiled)
        part = min(1.0, float(np.hypot(*self.chroma) / max(np.hypot(a, b), 1e-6)))
        return float(a) * part, float(b) * part

    @property
    def _rgb(self) -> NDArray[np.float64]:
        return np.array([int(self.color[i : i + 2], 16) / 255 for i in (1, 3, 5)])


def _luminance(lightness: float) -> float:
    """Return the luminance of L, 1 for white."""
    gray = np.array([lightness, 0.0, 0.0])
    return float(lab_to_linear(gray)[1])


def _one_of_reaches() -> str:
    return f"use one of: {', '.join(REACHES)}"


def hex_color(color: object, what: str) -> str:
    """Return a color as "#rrggbb".

    Args:
        color: As a person writes it.
        what: Whose color it is, for messages.

    Raises:
        UsageError: It is none.
    """
    if isinstance(color, str) and re.fullmatch(r"#[0-9a-fA-F]{6}", color):
        return color
    if isinstance(color, str) and re.fullmatch(r"#[0-9a-fA-F]{3}|[A-Za-z]+", color):
        from PIL import ImageColor

        try:
            red, green, blue = ImageColor.getrgb(color)[:3]
        except ValueError:
            pass
        else:
            return f"#{red:02x}{green:02x}{blue:02x}"
    raise UsageError(
        f"the {what}'s color {color!r} is none", "write it as #rrggbb, or a name such as brown"
    )


def parse_hint(text: str) -> Hint:
    """Read "x,y,color" or "x,y,color,reach": "10,20,#rrggbb", "10,20,#rgb", "10,20,brown,here".

    Raises:
        UsageError: It is written otherwise.
    """
    parts = [part.strip() for part in text.split(",")]
    try:
        x, y, color = float(parts[0]), float(parts[1]), parts[2]
    except (ValueError, IndexError) as error:
        raise UsageError(f"the hint {text!r} can't be read", _FORM) from error
    if len(parts) > 4:
        raise UsageError(f"the hint {text!r} can't be read", _FORM)
    return Hint(x, y, color, reach_of(parts[3]) if len(parts) == 4 else None)


def reach_of(text: object) -> Reach:
    """Return a reach that is written as text.

    Raises:
        UsageError: There is none of that name.
    """
    if text not in REACHES:
        raise UsageError(f"the hint's reach {text!r} is none", _one_of_reaches())
    return text


def rasterize_hints(
    hints: tuple[Hint, ...], photo: Photo, plan: SizePlan, lightness: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return `hint_map` at the network's size.

    Args:
        hints: In the photo's pixels.
        photo: The photo.
        plan: Of the network's size.
        lightness: What the network sees, L in 0…100, shape (H, W): colors are as on their places.

    Raises:
        UsageError: A hint lies outside of the photo.
    """
    patches = [_patch(hint, photo, plan, lightness) for hint in hints]
    return hint_map(patches, plan.padded_height, plan.padded_width)


def _patch(hint: Hint, photo: Photo, plan: SizePlan, lightness: NDArray[np.float32]) -> Patch:
    if hint.x >= photo.width or hint.y >= photo.height:
        raise UsageError(
            f"a hint at {hint.x:g}, {hint.y:g} lies outside of {photo.name}",
            f"it has {photo.width} × {photo.height} pixels",
        )
    row = int(hint.y * plan.height / photo.height)
    column = int(hint.x * plan.width / photo.width)
    reach = _SIDE // 2
    top, left = max(0, row - reach), max(0, column - reach)
    bottom, right = row + reach + 1, column + reach + 1
    a, b = hint.chroma_at(float(lightness[top:bottom, left:right].mean()))
    return Patch(top, bottom, left, right, a, b)


def mood_of(photo: Photo, card: ModelCard) -> NDArray[np.float32]:
    """Return the `mood_vector` of a photo.

    Args:
        photo: What the answer's colors are to be like.
        card: Its curve and gain on answers: the network is told what to say before them.
    """
    factor = max(1, min(photo.height, photo.width) // _MOOD_SIDE)
    chroma = rgb_to_lab(block_mean(photo.samples, factor))[..., 1:]
    return mood_vector(before_curve(chroma, card.chroma_gain, card.chroma_curve))
