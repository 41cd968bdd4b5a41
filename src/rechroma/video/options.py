"""The options of a film, declared once.

Loading this module loads no NumPy: the command line's `--help` reads it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from rechroma.errors import UsageError
from rechroma.options import CheckedOptions, Range, option

__all__ = ["Codec", "FilmLookOptions", "FilmOptions", "format_time", "parse_time"]

Codec: TypeAlias = Literal["x264", "x265", "prores", "ffv1"]

_TIME = re.compile(r"(?:(?:(\d+):)?(\d+):)?(\d+(?:\.\d+)?)")


def parse_time(text: str) -> float:
    """Return seconds of "83.5", "1:23.5" or "00:01:23.5".

    Raises:
        UsageError: It is written otherwise.
    """
    match = _TIME.fullmatch(text.strip())
    if match is None:
        raise UsageError(f"the time {text!r} can't be read", "write 83.5, 1:23.5 or 00:01:23.5")
    hours, minutes, seconds = match.groups()
    return int(hours or 0) * 3600 + int(minutes or 0) * 60 + float(seconds)


def format_time(seconds: float) -> str:
    """Return seconds as "00:01:23.500"."""
    thousandths = round(seconds * 1000)
    hours, rest = divmod(thousandths, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    return f"{hours:02}:{minutes:02}:{rest // 1000:02}.{rest % 1000:03}"


@dataclass(frozen=True, kw_only=True)
class FilmOptions(CheckedOptions):
    """How a film is read and written, and how its colors are held steady.

    Raises:
        UsageError: A number is out of range, or an unknown choice.
    """

    codec: Codec = option(  # noqa: RUF009 (this is how a field is declared)
        "x264",
        "Of films: how the result is encoded; ffv1 keeps every bit, prores is for editing.",
        choices=get_args(Codec),
    )
    crf: int = option(
        18,
        "Of films in x264 and x265: quality, 0 is without loss, more is smaller.",
        range=Range(0, 51),
    )
    preset: str = option(
        "medium",
        "Of films in x264 and x265: slower encoding makes smaller files.",
        choices=(
            "ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower",
            "veryslow",
        ),
    )  # fmt: skip
    gap: int = option(
        24,
        "Of films: the network looks at one frame in so many at least; more where much moves.",
        range=Range(1, 96),
        flag="--frames-per-look",
    )
    start: str | None = option(
        None, "Of films: begin at this time, such as 00:01:23.5.", flag="--from", metavar="TIME"
    )
    end: str | None = option(None, "Of films: end before this time.", flag="--to", metavar="TIME")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.start is not None and self.end is not None and self.span[0] >= self.span[1]:
            raise UsageError(f"from {self.start} to {self.end} is nothing", "give a later end")
        _ = self.span

    @property
    def span(self) -> tuple[float, float]:
        """The seconds at which it begins and before which it ends."""
        begin = 0.0 if self.start is None else parse_time(self.start)
        return begin, float("inf") if self.end is None else parse_time(self.end)


@dataclass(frozen=True, kw_only=True)
class FilmLookOptions(FilmOptions):
    """How a film gets the mood of photographs.

    Raises:
        UsageError: See `FilmOptions`.
    """

    per_shot: bool = option(
        False,  # noqa: FBT003 (its default)
        "Of films: fit a look to each shot, not one to the whole film.",
    )
