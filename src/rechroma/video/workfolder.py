"""What is done of a film stands in a folder beside its result, until all of it is."""

from __future__ import annotations

import json
import shutil
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from rechroma.errors import UnwritableFileError
from rechroma.files import make_folder, write_whole
from rechroma.video.settings import MOST_SETTINGS, Setting
from rechroma.video.steady import Memory, Told

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Segment", "WorkFolder"]

_STATE = "state.json"
_MEMORY = "memory.npz"


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of the film that is encoded.

    Attributes:
        name: Of its file in the folder.
        first: The number of its first frame.
        count: Its frames.
        last_ticks: The time of its last frame.
        shot: The number of its shot.
        ends: Whether that shot ends with it.
        looks: How often the network looked.
    """

    name: str
    first: int
    count: int
    last_ticks: int
    shot: int
    ends: bool
    looks: int


@dataclass(slots=True)
class WorkFolder:
    """The folder of a film under way.

    Attributes:
        path: The folder, named like the result.
        key: What makes it this film with these options: with another key it begins anew.
        segments: What is done, in its order.
    """

    path: Path
    key: dict[str, Any]
    segments: list[Segment] = field(default_factory=list[Segment])

    @classmethod
    def beside(cls, target: Path, key: dict[str, Any]) -> WorkFolder:
        """Return the folder for a result, with what is done if it was begun with the same key.

        Raises:
            UnwritableFileError: The disk says no.
        """
        folder = cls(target.with_name(f"{target.name}.rechroma"), json.loads(json.dumps(key)))
        try:
            state = json.loads((folder.path / _STATE).read_text(encoding="utf-8"))
            if state["key"] == folder.key:
                folder.segments = [Segment(**each) for each in state["segments"]]
        except (OSError, ValueError, KeyError, TypeError):
            folder.segments = []
        if not all((folder.path / each.name).is_file() for each in folder.segments):
            folder.segments = []
        if not folder.segments:
            shutil.rmtree(folder.path, ignore_errors=True)
        make_folder(folder.path)
        return folder

    def file(self, number: int) -> Path:
        """Return the path of a segment."""
        return self.path / f"{number:05}.nut"

    def add(self, segment: Segment, memory: Memory | None, setting: Setting | None = None) -> None:
        """Note that a segment is there, and what the next one has to know, and other shots.

        Raises:
            UnwritableFileError: The disk says no.
        """
        if memory is not None:
            self._save(memory)
        if setting is not None:
            self._write(
                _setting_name(segment.name),
                {"features": setting.features, "said": setting.said, "told": setting.told},
            )
            for old in self._setting_files()[:-MOST_SETTINGS]:
                old.unlink(missing_ok=True)
        self.segments.append(segment)
        state = {"key": self.key, "segments": [asdict(each) for each in self.segments]}
        write_whole(self.path / _STATE, json.dumps(state, indent=1).encode(), overwrite=True)

    def memory(self) -> Memory | None:
        """Return what the last segment has left for the next one of its shot."""
        try:
            with np.load(self.path / _MEMORY) as stored:
                told = None
                if "told" in stored:
                    told = Told(stored["told"], stored["told_weight"])
                first, second = (float(value) for value in stored["wanted"])
                return Memory(stored["sums"], stored["weight"], (first, second), told)
        except (OSError, ValueError, KeyError):
            return None

    def settings(self) -> list[Setting]:
        """Return what the last shots have left for others of their settings."""
        names = {_setting_name(each.name) for each in self.segments}
        found: list[Setting] = []
        for path in self._setting_files():
            if path.name not in names:
                continue
            with suppress(OSError, ValueError, KeyError), np.load(path) as stored:
                found.append(Setting(stored["features"], stored["said"], stored["told"]))
        return found[-MOST_SETTINGS:]

    def _setting_files(self) -> list[Path]:
        return sorted(self.path.glob(_setting_name("[0-9]*")))

    def remove(self) -> None:
        """Delete the folder."""
        shutil.rmtree(self.path, ignore_errors=True)

    def _save(self, memory: Memory) -> None:
        parts: dict[str, Any] = {
            "sums": memory.sums, "weight": memory.weight, "wanted": np.array(memory.wanted),
        }  # fmt: skip
        if memory.told is not None:
            parts |= {"told": memory.told.chroma, "told_weight": memory.told.weight}
        self._write(_MEMORY, parts)

    def _write(self, name: str, parts: dict[str, Any]) -> None:
        new = self.path / f"new-{name}"
        try:
            np.savez(new, **parts)
            new.replace(self.path / name)
        except OSError as error:
            raise UnwritableFileError(
                f"{self.path}: can't be written: {error.strerror or error}",
                "make room there, or choose another output",
            ) from error


def _setting_name(segment: str) -> str:
    return f"{segment.removesuffix('.nut')}.setting.npz"
