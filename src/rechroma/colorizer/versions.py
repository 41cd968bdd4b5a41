"""Versions of one picture, by name: side by side for a person who knows which is right."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from rechroma.colorizer.plausible import difference

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rechroma.colorizer.colorization import Colorization
    from rechroma.colorizer.options import ColorizeOptions
    from rechroma.photo import Photo
    from rechroma.photo.formats import BitDepth

__all__ = ["USUAL_VERSIONS", "VERSION_NAMES", "Version", "versions_of"]

# Other plausible answers among the versions, at most, and how far each is from the model's own and
# from each other at least: CIEDE2000, on the mean.
_PLAUSIBLE, _APART = 3, 6.0
# A warm and a cool version: far enough to be seen at once, and no filter.
_TEMPERATURE = 0.8
_VIVID = {"strength": 1.35, "vividness": 1.2}
# Hues of CIELAB from which on a change of color has a name, in degrees.
_NAMES = (
    (-15, "redder"), (50, "more-orange"), (80, "yellower"), (115, "greener"), (175, "more-teal"),
    (235, "bluer"), (300, "more-purple"),
)  # fmt: skip


# The versions of every picture; but of a model with one answer alone, which has no faithful one.
USUAL_VERSIONS = ("faithful", "natural", "vivid", "warm", "cool")
# Whatever a version may be called.
VERSION_NAMES = frozenset((*USUAL_VERSIONS, *(name for _, name in _NAMES)))


@dataclass(frozen=True, slots=True, eq=False)
class Version:
    """A version of a picture.

    Attributes:
        name: What it is, such as "warm"; part of a file's name.
        colors: Its colors.
        options: How they are rendered.
        answer: Number and count of `Colorization.answer`; None for the model's own.

    Examples:
        >>> from rechroma import Colorizer
        >>> work = Colorizer().predict("examples/saratoga-springs-broadway-1900s.jpg")
        >>> for version in work.versions()[:3]:
        ...     print(version.render().save(f"street-{version.name}.jpg"))
        street-faithful.jpg
        street-natural.jpg
        street-vivid.jpg
    """

    name: str
    colors: Colorization
    options: ColorizeOptions
    answer: tuple[int, int] | None = None

    def render(self, *, bit_depth: BitDepth = 32) -> Photo:
        """Return the picture; see `Colorization.render`."""
        return self.colors.render(
            strength=self.options.strength, vividness=self.options.vividness,
            temperature=self.options.temperature, recompress=self.options.recompress,
            bit_depth=bit_depth,
        )  # fmt: skip


def versions_of(colors: Colorization, options: ColorizeOptions) -> list[Version]:
    """Return the versions of a picture; see `Colorization.versions`.

    Args:
        colors: The model's own.
        options: Those of the natural version, from which the others differ.
    """
    several = colors.tells_what_is_possible
    vivid = {"strength": min(1.5, options.strength * _VIVID["strength"])}
    if several:
        vivid["vividness"] = min(1.5, options.vividness * _VIVID["vividness"])
    found = [
        Version("natural", colors, options),
        Version("vivid", colors, replace(options, **vivid)),
        Version("warm", colors, _warmer(options, _TEMPERATURE)),
        Version("cool", colors, _warmer(options, -_TEMPERATURE)),
    ]
    if not several:
        return found
    faithful = Version("faithful", colors, replace(options, vividness=0.0))
    return [faithful, *found, *_plausible(colors, options)]


def _warmer(options: ColorizeOptions, by: float) -> ColorizeOptions:
    return replace(options, temperature=float(np.clip(options.temperature + by, -1, 1)))


def _plausible(colors: Colorization, options: ColorizeOptions) -> list[Version]:
    own = np.moveaxis(colors.chroma, -1, 0)
    kept: list[NDArray[np.float32]] = [own]
    found: list[Version] = []
    for number in range(1, _PLAUSIBLE + 1):
        answer = colors.answer(number, _PLAUSIBLE)
        planes = np.moveaxis(answer.chroma, -1, 0)
        if min(difference(colors.lightness, planes, other) for other in kept) < _APART:
            continue
        kept.append(planes)
        name = _name_of(planes - own, [each.name for each in found])
        found.append(Version(name, answer, options, (number, _PLAUSIBLE)))
    return found


def _name_of(change: NDArray[np.float32], taken: Sequence[str]) -> str:
    """Return the name of the hue that a change goes to, or of the nearest that is not taken."""
    weight = np.hypot(change[0], change[1])
    a, b = (float((plane * weight).sum()) for plane in change)
    hue = np.degrees(np.arctan2(b, a))
    ends = [*(start for start, _ in _NAMES), _NAMES[0][0] + 360]
    middles = [(low + high) / 2 for low, high in pairwise(ends)]
    far = {
        name: abs((hue - middle + 180) % 360 - 180)
        for (_, name), middle in zip(_NAMES, middles, strict=True)
        if name not in taken
    }
    return min(far, key=far.__getitem__)
