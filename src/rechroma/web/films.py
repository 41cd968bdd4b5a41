"""The films that are open, and the work on them."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import re
import secrets
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

from pydantic import ValidationError

from rechroma.errors import RechromaError, UsageError
from rechroma.files import make_folder, unwritable_file, write_whole
from rechroma.video import Still
from rechroma.web.film import RECORD, SOURCE, Film, FilmRecord, disk_space, move, not_open, remove
from rechroma.web.film_jobs import FilmFacts, Rendering, find_all_shots, render
from rechroma.web.film_process import run_apart
from rechroma.web.film_schemas import FilmOptions, FilmShot
from rechroma.web.problems import Problem, busy, no_room, problem_of
from rechroma.web.store import lock_folder
from rechroma.web.worker import closed, is_full

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from rechroma.video import FilmProgress
    from rechroma.web.film_jobs import FoundShot, MadeStill, Rendered
    from rechroma.web.schemas import Edit
    from rechroma.web.settings import Settings
    from rechroma.web.store import Store
    from rechroma.web.worker_state import Upload

__all__ = ["Films", "take_folder"]

_log = logging.getLogger(__name__)

# What says that everything in a folder is the service's own to write and to remove.
_MARKER = ".rechroma-films"
_MARKED = "Films that `rechroma serve --films` works on. Keep nothing else here.\n"
# The names of films' folders, and of files that are arriving: see `Store.new`.
_FILM_NAME = re.compile(r"[A-Za-z0-9_-]{32}")
_ARRIVING_NAME = re.compile(r"[0-9a-f]{32}")
# Seconds between two looks at how much a film that is rendered has on the disk.
_MEASURE = 2.0


def take_folder(folder: Path) -> int | None:
    """Make a folder this service's own; return its lock, which others are kept out by.

    Raises:
        UsageError: Another service has it, or something is in it that no service has put there.
        UnwritableFileError: It can't be made, or not be written to.
    """
    make_folder(folder)
    lock = lock_folder(folder, wait=False)
    is_taken = lock is None and os.name == "posix"
    if is_taken:
        raise UsageError(
            f"--films {folder} is used by another service", "give each a folder of its own"
        )
    try:
        _mark(folder)
        folder.chmod(0o700)
    except (OSError, RechromaError) as error:
        if lock is not None:
            os.close(lock)
        if isinstance(error, OSError):
            raise unwritable_file(folder, error) from error
        raise
    return lock


def _mark(folder: Path) -> None:
    """Mark an empty folder as one of films, unless it is one; refuse any other."""
    if (folder / _MARKER).exists():
        return
    if any(folder.iterdir()):
        raise UsageError(
            f"--films {folder} has other files in it", "give a new folder, or one that is empty"
        )
    write_whole(folder / _MARKER, _MARKED.encode(), overwrite=False)


class Films:
    """The films that are open.

    Args:
        settings: Of the service.
        store: Where their bytes count.

    Raises:
        UsageError: The folder that they shall outlast the service in can't be used.
    """

    def __init__(self, settings: Settings, store: Store) -> None:
        self._settings = settings
        self._limits = settings.limits
        self._store = store
        self._open: dict[str, Film] = {}
        self._tickets: dict[str, Film] = {}
        # Shots are found while another film is rendered: that may take hours.
        self._finding, self._rendering = asyncio.Semaphore(1), asyncio.Semaphore(1)
        self._root = store.folder / "films"
        self._lock: int | None = None
        if settings.films is None:
            self._root.mkdir(mode=0o700)
        else:
            self._root = Path(settings.films).absolute()
            self._take_over()
        store.places["film"] = self._root

    def _take_over(self) -> None:
        self._lock = take_folder(self._root)
        for path in self._root.iterdir():
            if _did_not_arrive(path):
                remove(path)
            elif path.name != _MARKER:
                self._take(path)

    def _take(self, folder: Path) -> None:
        """Open a film that was there before; what can't be read stays as it is."""
        try:
            record = FilmRecord.model_validate_json((folder / RECORD).read_bytes())
        except (OSError, ValidationError) as error:
            reason = "; ".join(str(error).splitlines()[:3])
            _log.warning("%s: no film that can be gone on with, left as it is: %s", folder, reason)
        else:
            self._hold(Film(folder, record))

    def _hold(self, film: Film) -> Film:
        self._open[film.id] = self._tickets[film.record.ticket] = film
        self._store.count(film.folder, film.size())
        return film

    def start(self) -> None:
        """Go on with what was found of films that were there before."""
        for film in self._open.values():
            if film.record.shots is None:
                self._find(film)

    async def close(self) -> None:
        """End all work; what was done of films stays where it outlasts the service."""
        await asyncio.gather(*(_ended(film) for film in self._open.values()))
        if self._lock is not None:
            os.close(self._lock)

    async def check_room(self) -> None:
        """Refuse another film if there are too many.

        Raises:
            Problem: 429.
        """
        await self.sweep()
        if len(self._open) >= self._limits.films:
            raise busy(
                f"{len(self._open)} films are open at once", seconds=60, code="too-many-films"
            )

    def add(self, upload: Upload, facts: FilmFacts) -> Film:
        """Open a film that was sent, and begin to look for its shots."""
        folder = self._root / secrets.token_urlsafe(24)
        for each in (folder, folder / "shots", folder / "stills"):
            each.mkdir(mode=0o700)
        self._store.count(upload.path, 0)
        upload.path.rename(folder / SOURCE)
        record = FilmRecord(name=upload.name, ticket=secrets.token_urlsafe(24), facts=facts)
        film = Film(folder, record)
        try:
            film.save()
        except BaseException:
            remove(folder)
            raise
        self._hold(film)
        self._find(film)
        return film

    def get(self, key: str) -> Film:
        """Return a film that is open, and keep it for as long again.

        Raises:
            Problem: 404 none of that id, or not any more.
        """
        return self._used(self._open.get(key))

    def of_ticket(self, ticket: str) -> Film:
        """Return the film that a media address is of; see `get`."""
        return self._used(self._tickets.get(ticket))

    def _used(self, film: Film | None) -> Film:
        if film is None:
            raise not_open()
        film.used = time.monotonic()
        return film

    async def end(self, key: str) -> None:
        """Close a film; nothing happens if it is not open."""
        film = self._open.pop(key, None)
        if film is not None:
            del self._tickets[film.record.ticket]
            try:
                await _ended(film)
                await asyncio.to_thread(remove, film.folder)
            finally:
                self._store.count(film.folder, 0)

    async def sweep(self) -> None:
        """Close what was not used for long and is not worked on."""
        oldest = time.monotonic() - self._limits.film_kept_seconds
        for film in list(self._open.values()):
            if film.rendering is None and film.finding is None and film.used < oldest:
                await self.end(film.id)

    async def measure(self, film: Film) -> None:
        """Count what is on the disk of a film, unless it is closed meanwhile."""
        size = await asyncio.to_thread(film.size)
        if film.id in self._open:
            self._store.count(film.folder, size)

    async def keep_still(
        self, film: Film, number: int, made: MadeStill, edit: Edit | None
    ) -> FilmShot:
        """Take over a still of a shot in color.

        Args:
            film: The film.
            number: Of the shot.
            made: The still: its file moves.
            edit: How it was colored, if that was here.

        Raises:
            Problem: 404 the film was closed meanwhile; 507 the disk is full.
        """
        shot = film.shot(number)

        def keep() -> None:
            with disk_space():
                move(made.path, film.still(number))
                film.preview(number, still=True).write_bytes(made.preview)

        try:
            await asyncio.to_thread(keep)
        except FileNotFoundError:
            raise not_open() from None
        finally:
            self._store.drop(made.path)
        if film.id not in self._open:
            # What was put there may have come after the folder was cleared.
            await asyncio.to_thread(remove, film.folder)
            raise not_open()
        await self._note_still(film, shot, edit, there=True)
        return shot

    async def drop_still(self, film: Film, number: int) -> None:
        """Forget the still of a shot; nothing happens if it has none."""
        shot = film.shot(number)
        film.still(number).unlink(missing_ok=True)
        film.preview(number, still=True).unlink(missing_ok=True)
        await self._note_still(film, shot, None, there=False)

    async def _note_still(
        self, film: Film, shot: FilmShot, edit: Edit | None, *, there: bool
    ) -> None:
        shot.still, shot.edit = there, edit
        if film.record.shots is not None:
            film.record.shots = film.shots
        film.save()
        await self.measure(film)

    def _find(self, film: Film) -> None:
        film.shots, film.record.ticks = [], []

        async def tell(shot: object) -> None:
            found = cast("FoundShot", shot)
            preview = film.preview(found.number, still=False)
            await asyncio.to_thread(preview.write_bytes, found.preview)
            film.record.ticks.append(found.ticks)
            film.shots.append(
                FilmShot(
                    number=found.number, seconds=found.seconds, frames=found.frames,
                    shown=found.shown, still=film.still(found.number).exists(),
                )
            )  # fmt: skip

        async def work() -> None:
            task = partial(
                find_all_shots, path=film.upload.path, name=film.record.name,
                seconds=self._limits.film_seconds,
            )  # fmt: skip
            async with self._finding:
                await run_apart(task, self._store.folder, tell)
            film.record.shots = film.shots
            film.save()
            await self.measure(film)

        film.finding = self._begin(film, work(), "finding")

    def render(self, film: Film, options: FilmOptions | None, mood: Upload | None) -> None:
        """Begin to render a film, or go on with it.

        Args:
            film: The film.
            options: How; None for what was wanted last.
            mood: The open picture that they name.

        Raises:
            Problem: 409 it is being rendered; 422 it is in color already.
            UsageError: Options that make no sense.
        """
        if film.rendering is not None:
            raise Problem(409, f"{film.record.name} is being rendered", "cancel that first")
        record = film.record
        chosen = options or record.options or FilmOptions()
        if record.facts.in_color and not chosen.recolor:
            raise Problem(
                422, f"{record.name} is in color already", 'send "recolor": true to color it anew'
            )
        how, colors = chosen.film_options(), chosen.options()
        hints = tuple(each.hint() for each in chosen.hints)
        if options is not None:
            record.mood = "" if mood is None else _kept_mood(film, mood)
        record.options, record.unfinished, record.notes = chosen, True, []
        film.save()
        film.progress = film.problem = None
        film.is_waiting = True
        if record.shots is None and film.finding is None:
            self._find(film)

        async def work() -> None:
            if film.finding is not None:
                await asyncio.wait({film.finding})
            if film.problem is not None:
                raise film.problem
            async with self._rendering:
                film.is_waiting = False
                stills = (each for each in film.shots if each.still)
                settings = self._settings
                task = partial(
                    render,
                    task=Rendering(
                        film.upload.path, record.name, film.folder, how, colors, hints,
                        tuple(Still(each.shown, film.still(each.number)) for each in stills),
                        film.folder / record.mood if record.mood else None,
                        settings.model, settings.device, settings.size,
                    ),
                )  # fmt: skip
                tell = self._follow(film)
                await self._finish(film, await run_apart(task, self._store.folder, tell))

        film.rendering = self._begin(film, work(), "rendering")

    def _follow(self, film: Film) -> Callable[[object], Awaitable[None]]:
        """Return what notes how far a rendering is, and looks at how much it has on the disk."""
        measured = time.monotonic()

        async def tell(progress: object) -> None:
            nonlocal measured
            film.progress = cast("FilmProgress", progress)
            if time.monotonic() - measured > _MEASURE:
                measured = time.monotonic()
                await self.measure(film)
                if self._store.is_over:
                    raise Problem(
                        507, "the service has no room for more of this film",
                        "close other films or pictures, and render it again: it goes on from there",
                        code="no-room-for-film",
                    )  # fmt: skip

        return tell

    async def _finish(self, film: Film, rendered: Rendered) -> None:
        record = film.record
        if record.result and record.result != rendered.name:
            (film.folder / record.result).unlink(missing_ok=True)
        record.result, record.notes, record.unfinished = rendered.name, list(rendered.notes), False
        film.save()
        await self.measure(film)

    async def cancel(self, film: Film) -> None:
        """Stop rendering a film; it can be gone on with."""
        if film.rendering is not None:
            film.rendering.cancel()
            await asyncio.wait({film.rendering})

    def _begin(
        self, film: Film, work: Coroutine[None, None, None], name: Literal["finding", "rendering"]
    ) -> asyncio.Task[None]:
        async def guarded() -> None:
            try:
                await work
            except Problem as problem:
                film.problem = problem
            except RechromaError as error:
                film.problem = problem_of(error)
            except OSError as error:
                film.problem = no_room() if is_full(error) else _unexpected(error)
            except Exception as error:  # noqa: BLE001 (one film must not end the others)
                film.problem = _unexpected(error)

        def ended(task: asyncio.Task[None]) -> None:
            # Not at the end of `guarded`: a task that is cancelled before its first step has none.
            work.close()
            if getattr(film, name) is task:
                setattr(film, name, None)
            film.used = time.monotonic()

        task = asyncio.create_task(guarded())
        task.add_done_callback(ended)
        return task


def _did_not_arrive(path: Path) -> bool:
    """Tell whether a path in the folder of films is an upload that was cut off."""
    if path.is_symlink():
        return False
    if path.is_file():
        return _ARRIVING_NAME.fullmatch(path.name) is not None
    # The folder of a film comes before its record: see `Films.add`.
    made = {SOURCE, "shots", "stills"}
    return (
        _FILM_NAME.fullmatch(path.name) is not None
        and path.is_dir()
        and all(
            each.name in made and (each.is_file() or not any(each.iterdir()))
            for each in path.iterdir()
        )
    )


def _unexpected(error: Exception) -> Problem:
    _log.error("unexpected", exc_info=error)
    return Problem(
        500, f"unexpected {type(error).__name__}", "this is a bug; please report the server's log"
    )


async def _ended(film: Film) -> None:
    """End what is done to a film."""
    tasks = [each for each in (film.finding, film.rendering) if each is not None]
    for each in tasks:
        each.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _kept_mood(film: Film, mood: Upload) -> str:
    """Keep a mood's picture beside a film, once, and return the name of its file."""
    try:
        data = mood.path.read_bytes()
    except FileNotFoundError:
        raise problem_of(closed()) from None
    path = film.folder / f"mood-{hashlib.sha256(data).hexdigest()[:16]}"
    if not path.exists():
        with disk_space():
            write_whole(path, data, overwrite=False)
    return path.name
