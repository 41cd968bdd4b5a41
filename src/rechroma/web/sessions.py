"""Pictures that the page has open: kept for a while, found by an id that nobody can guess."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rechroma.web.problems import Problem, busy, problem_of
from rechroma.web.worker import closed

if TYPE_CHECKING:
    from collections.abc import Callable

    from rechroma.web.preview_jobs import PictureInfo
    from rechroma.web.worker_state import Upload

__all__ = ["Session", "Sessions"]


@dataclass(slots=True)
class Session:
    """A picture that is open.

    Attributes:
        id: 192 random bits: who has it may work on the picture.
        upload: The file.
        facts: What is known of it.
        used: When it was last used, in seconds of a monotonic clock.
        left: Whether its page was closed.
        masks: Of parts of the picture, by the names that the client gave them, the newest last.
    """

    id: str
    upload: Upload
    facts: PictureInfo
    used: float
    left: bool = False
    masks: dict[str, Upload] = field(default_factory=dict[str, "Upload"])

    def mask(self, name: str) -> Upload:
        """Return a mask.

        Raises:
            Problem: 404 none of that name.
        """
        if name not in self.masks:
            raise Problem(404, f"this picture has no mask {name!r}", f"send it: PUT …/masks/{name}")
        return self.masks[name]


class Sessions:
    """The pictures that are open.

    Args:
        most: How many at once.
        seconds: How long one is kept after its last use.
        drop: Called with each session that ends.
        clock: Seconds that only grow.
    """

    def __init__(
        self,
        most: int,
        seconds: float,
        drop: Callable[[Session], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most = most
        self._seconds = seconds
        self._drop = drop
        self._clock = clock
        self._open: dict[str, Session] = {}

    def __len__(self) -> int:
        return len(self._open)

    @property
    def seconds(self) -> float:
        """How long one is kept after its last use."""
        return self._seconds

    def check_room(self) -> None:
        """Refuse another picture if there are too many.

        Raises:
            Problem: 429.
        """
        self.sweep()
        if len(self._open) >= self._most:
            raise busy(
                f"{len(self._open)} pictures are open at once", seconds=30, code="too-many-open"
            )

    def add(self, upload: Upload, facts: PictureInfo) -> Session:
        """Open a picture."""
        session = Session(secrets.token_urlsafe(24), upload, facts, self._clock())
        self._open[session.id] = session
        return session

    def get(self, key: str) -> Session:
        """Return a picture that is open, and keep it for as long again.

        Not if its page was closed: what that asked before may arrive after its farewell.

        Raises:
            Problem: 404 none of that id, or not any more.
        """
        self.sweep()
        session = self._open.get(key)
        if session is None:
            raise problem_of(closed())
        if not session.left:
            session.used = self._clock()
        return session

    def claim(self, key: str) -> Session:
        """Return a picture that is open to a page that is there, perhaps again: see `get`."""
        session = self.get(key)
        session.left, session.used = False, self._clock()
        return session

    def end(self, key: str) -> None:
        """Close a picture; nothing happens if it is not open."""
        session = self._open.pop(key, None)
        if session is not None:
            self._drop(session)

    def leave(self, key: str, seconds: float) -> None:
        """Keep a picture for a few seconds more, unless a page claims it before they are over.

        Nothing happens if it is not open.
        """
        session = self._open.get(key)
        if session is not None:
            session.left = True
            session.used = min(session.used, self._clock() - self._seconds + seconds)

    def sweep(self) -> None:
        """Close what was not used for long."""
        oldest = self._clock() - self._seconds
        for key in [key for key, session in self._open.items() if session.used < oldest]:
            self.end(key)
