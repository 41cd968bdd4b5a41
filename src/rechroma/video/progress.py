"""How far a film is, and what became of it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rechroma.video.options import FilmOptions
    from rechroma.video.source import Film
    from rechroma.video.workfolder import WorkFolder

__all__ = ["FilmMeter", "FilmProgress", "FilmResult"]


@dataclass(frozen=True, slots=True)
class FilmProgress:
    """How far a film is.

    Attributes:
        frames: That are done.
        total: That there are, about; 0 if nobody knows.
        shots: That are done.
        rate: Frames a second, in this run.
        seconds_left: About; None if nobody knows.

    Examples:
        What a callback gets:

        >>> from rechroma import FilmProgress
        >>> now = FilmProgress(frames=240, total=960, shots=3, rate=24.0, seconds_left=30.0)
        >>> print(f"{now.frames / now.total:.0%}")
        25%
    """

    frames: int
    total: int
    shots: int
    rate: float
    seconds_left: float | None


@dataclass(frozen=True, slots=True)
class FilmResult:
    """What became of a film.

    Attributes:
        path: The result.
        kept: Whether it was in color already and was left as it was.
        frames: In it.
        shots: That were found.
        looks: How often the network looked, in this run and in those that it went on from.
        seconds: That this run took.
        notes: What was unusual.

    Examples:
        >>> from pathlib import Path
        >>> from rechroma import FilmResult
        >>> done = FilmResult(Path("street.color.mp4"), frames=960, shots=12)
        >>> done.path.name, done.kept
        ('street.color.mp4', False)
    """

    path: Path
    kept: bool = False
    frames: int = 0
    shots: int = 0
    looks: int = 0
    seconds: float = 0.0
    notes: tuple[str, ...] = field(default=())


class FilmMeter:
    """Counts frames and tells how far it is."""

    def __init__(
        self,
        film: Film,
        how: FilmOptions,
        folder: WorkFolder,
        tell: Callable[[FilmProgress], None] | None,
    ) -> None:
        begin, end = how.span
        rate = float(film.rate)
        whole = film.expected_frames
        within = (min(end, whole / rate) - begin) * rate if whole else 0
        self._total = max(0, round(within))
        self._before = sum(each.count for each in folder.segments)
        self._count = 0
        self._shots = len(folder.segments)
        self._began = time.perf_counter()
        self._tell = tell

    def frame(self) -> None:
        """Count a frame."""
        self._count += 1
        if self._tell is None:
            return
        done = self._before + self._count
        rate = self._count / max(time.perf_counter() - self._began, 1e-9)
        left = (self._total - done) / rate if self._total else None
        self._tell(
            FilmProgress(
                done, max(self._total, done) if self._total else 0, self._shots, rate,
                None if left is None else max(0.0, left),
            )
        )  # fmt: skip

    def shot(self) -> None:
        """Count a shot, or a part of one."""
        self._shots += 1
