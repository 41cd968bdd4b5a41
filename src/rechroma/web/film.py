"""A film that is open: a folder, in which is what was sent, said and done of it."""

from __future__ import annotations

import errno
import os
import shutil
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from pydantic import BaseModel

from rechroma.errors import UnwritableFileError
from rechroma.files import write_whole
from rechroma.web.film_jobs import FilmFacts  # noqa: TC001 (pydantic looks it up)
from rechroma.web.film_schemas import FilmOptions, FilmShot, FilmStage, FilmState
from rechroma.web.problems import Problem, no_room
from rechroma.web.worker import is_full
from rechroma.web.worker_state import Upload

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Generator
    from pathlib import Path

    from rechroma.video import FilmProgress

__all__ = ["RECORD", "SOURCE", "Film", "FilmRecord", "disk_space", "move", "not_open", "remove"]

RECORD = "film.json"
SOURCE = "film"


class FilmRecord(BaseModel):
    """What is known of a film, as it is kept beside it."""

    name: str
    ticket: str
    facts: FilmFacts
    shots: list[FilmShot] | None = None
    ticks: list[int] = []
    options: FilmOptions | None = None
    mood: str = ""
    unfinished: bool = False
    result: str = ""
    notes: list[str] = []


class Film:
    """A film that is open.

    Attributes:
        id: 192 random bits, and the name of its folder: who has it may work on the film.
        folder: Where everything of it is.
        record: What is kept.
        shots: That were found so far.
        progress: Of the rendering that is under way.
        problem: Why the last work on it ended; None if it did not fail.
        used: When it was last used, in seconds of a monotonic clock.
        finding: The work that looks for shots; None if it is over.
        rendering: The work that renders; None if there is none.
        is_waiting: Whether that waits for another film.
    """

    def __init__(self, folder: Path, record: FilmRecord) -> None:
        self.id = folder.name
        self.folder = folder
        self.record = record
        self.shots = list(record.shots or [])
        self.progress: FilmProgress | None = None
        self.problem: Problem | None = None
        self.used = time.monotonic()
        self.finding: asyncio.Task[None] | None = None
        self.rendering: asyncio.Task[None] | None = None
        self.is_waiting = False

    @property
    def upload(self) -> Upload:
        """The file that was sent."""
        return Upload(self.folder / SOURCE, self.record.name)

    @property
    def result(self) -> Path | None:
        """The result's file; None if there is none."""
        return self.folder / self.record.result if self.record.result else None

    @property
    def stage(self) -> FilmStage:
        """How far it is; see `FilmState`."""
        if self.rendering is not None:
            return "waiting" if self.is_waiting else "rendering"
        if self.finding is not None:
            return "finding"
        if self.problem is not None:
            return "failed"
        if self.record.unfinished:
            return "stopped"
        return "done" if self.record.result else "ready"

    @property
    def state(self) -> FilmState:
        """How far it is, with everything that is known of that."""
        state = FilmState(stage=self.stage, notes=self.record.notes)
        if self.problem is not None:
            state.problem, state.mend = self.problem.detail, self.problem.mend
            state.code = self.problem.code
        if self.rendering is not None and (now := self.progress) is not None:
            state.frames, state.total, state.rate = now.frames, now.total, now.rate
            state.seconds_left = now.seconds_left
        return state

    def shot(self, number: int) -> FilmShot:
        """Return a shot.

        Raises:
            Problem: 404 there is none of that number, or it was not found yet.
        """
        if not 1 <= number <= len(self.shots):
            raise Problem(
                404, f"{self.record.name} has {len(self.shots)} shots so far", "take one of them"
            )
        return self.shots[number - 1]

    def preview(self, number: int, *, still: bool) -> Path:
        """Return where the preview of a shot, or of its still, is."""
        return self.folder / ("stills" if still else "shots") / f"{number:05}.jpg"

    def still(self, number: int) -> Path:
        """Return where the still of a shot is."""
        return self.folder / "stills" / f"{number:05}"

    def save(self) -> None:
        """Keep what is known.

        Raises:
            Problem: 507 the disk is full.
            UnwritableFileError: The disk says no otherwise.
        """
        text = self.record.model_dump_json()
        with disk_space():
            write_whole(self.folder / RECORD, text.encode(), overwrite=True)

    def size(self) -> int:
        """Return the bytes of everything in its folder."""
        sizes = 0
        for path in self.folder.rglob("*"):
            with suppress(OSError):
                sizes += path.stat().st_size
        return sizes


@contextmanager
def disk_space() -> Generator[None]:
    """Say that the disk is full where it is."""
    try:
        yield
    except (OSError, UnwritableFileError) as error:
        if is_full(error) or is_full(error.__cause__):
            raise no_room() from None
        raise


def not_open() -> Problem:
    """Return the problem of a film that is not open, or not any more."""
    return Problem(404, "this film is not open any more", "send it again", code="film-not-open")


def move(source: Path, target: Path) -> None:
    """Move a file, also to another file system; what stands at the target is replaced at once.

    Raises:
        FileNotFoundError: There is no such file, or the target's folder has gone.
        OSError: The disk says no; nothing has changed at the target then.
    """
    try:
        source.replace(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        between = target.with_name(f".{target.name}-{os.urandom(8).hex()}")
        try:
            shutil.copyfile(source, between)
            between.replace(target)
        finally:
            between.unlink(missing_ok=True)
        source.unlink(missing_ok=True)


def remove(path: Path) -> None:
    """Remove a file or a folder, if it is there."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
