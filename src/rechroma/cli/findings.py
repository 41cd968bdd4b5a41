"""What is found on prints, told to people as it is found and to programs with each result."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rechroma.batch import Task
    from rechroma.cli.console import Console
    from rechroma.photo import Photo
    from rechroma.preparation import Preparation, PrepareOptions

__all__ = ["Findings"]


class Findings:
    """Tells what is found, and keeps it for the JSON of each picture.

    Args:
        console: Where people read.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._found: dict[str, list[dict[str, str]]] = {}

    def prepared(self, photo: Photo, how: PrepareOptions, mask: Photo | None = None) -> Preparation:
        """Make a photo ready, and tell what was found on it; see `rechroma.prepare`."""
        from rechroma.preparation import prepare

        ready = prepare(photo, how, scratch_mask=mask)
        self.tell(photo, ready)
        return ready

    def tell(self, photo: Photo, ready: Preparation | None) -> None:
        """Tell what was found on a photo; nothing if it was not to be made ready."""
        if ready is None:
            return
        for finding in ready.findings:
            said = self._console.detail if finding.kind == "color" else self._console.note
            said(f"{photo.name}: {finding}")
        self._found[photo.name] = [
            {"kind": each.kind, "reason": each.reason, "done": each.done} for each in ready.findings
        ]

    def json_of(self, task: Task) -> dict[str, object]:
        """Return what a task's JSON has of it; nothing of a picture that was not looked at."""
        # A file is called by its path, and standard input is never one of several.
        name = str(task.source) if isinstance(task.source, Path) else next(iter(self._found), "")
        return {"found": self._found[name]} if name in self._found else {}
