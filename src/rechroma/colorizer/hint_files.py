"""Files of hints and masks, as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from rechroma.colorizer.hints import Hint, reach_of
from rechroma.colorizer.masks import Mask, picture_of
from rechroma.errors import HintsError, UsageError
from rechroma.files import reason_of

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["read_hints"]

_FORM = (
    'write [{"x": 10, "y": 20, "color": "#rrggbb"}, {"mask": "coat.png", "color": "#rrggbb"}, …]'
)
# Characters of a value that are shown in a message.
_LONGEST = 60
# What an entry may say, of which type that is, and how it is called in messages.
_Kinds: TypeAlias = "dict[str, tuple[tuple[type, ...], str]]"
_NUMBER: tuple[tuple[type, ...], str] = (int, float), "a number"
_TEXT: tuple[tuple[type, ...], str] = (str,), "text"
_OF_HINT: _Kinds = {"x": _NUMBER, "y": _NUMBER, "color": _TEXT, "reach": _TEXT}
_OF_MASK: _Kinds = {
    "mask": _TEXT, "color": _TEXT, "strength": _NUMBER, "mood": _TEXT,
    "keep": ((bool,), "true or false"),
}  # fmt: skip


def read_hints(path: Path) -> list[Hint | Mask]:
    """Read a JSON file of hints and masks.

    [{"x": 10, "y": 20, "color": "#rrggbb", "reach": "here"}, {"mask": "coat.png", "color":
    "#rrggbb"}, …]: the reach may be left out; a mask may have "strength", "keep" or "mood" instead
    of a color. Paths go from the file's own folder on; "data:image/png;base64,…" is a picture, too.

    Raises:
        HintsError: There is no such file, or it is no JSON.
        UsageError: It is written otherwise: the entry and its key are named.
    """
    try:
        entries: Any = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        mend = "check the path" if isinstance(error, OSError) else _FORM
        raise HintsError(f"{path}: can't be read: {reason_of(error)}", mend) from error
    if not isinstance(entries, list):
        raise UsageError(f"{path}: not a list of hints", _FORM)
    return [_entry(entry, path, number) for number, entry in enumerate(entries, start=1)]


def _entry(entry: object, path: Path, number: int) -> Hint | Mask:
    try:
        if not isinstance(entry, dict):
            raise UsageError(f"{_shown(entry)} is no hint", _FORM)
        values = cast("dict[str, Any]", entry)
        return _mask(values, path.parent) if "mask" in values else _hint(values)
    except UsageError as error:
        what = f"{path}, hint {number}: {error.what}"
        raise UsageError(what, error.mend) from error


def _hint(values: dict[str, Any]) -> Hint:
    _check(values, _OF_HINT, needed=("x", "y", "color"))
    reach = reach_of(values["reach"]) if "reach" in values else None
    return Hint(values["x"], values["y"], values["color"], reach)


def _mask(values: dict[str, Any], folder: Path) -> Mask:
    _check(values, _OF_MASK)
    said = {key: value for key, value in values.items() if key != "mask"}
    if "mood" in said:
        said["mood"] = picture_of(said["mood"], folder)
    return Mask(picture_of(values["mask"], folder), **said)


def _check(values: dict[str, Any], kinds: _Kinds, needed: tuple[str, ...] = ()) -> None:
    """Refuse keys that an entry can't have, values of another type, and what is missing.

    Raises:
        UsageError: The first of these, by its key.
    """
    what = "a mask" if "mask" in values else "a hint"
    for key, value in values.items():
        if key not in kinds:
            raise UsageError(f"{what} has no {key!r}", f"use {', '.join(kinds)}")
        types, said = kinds[key]
        # True is a number to Python.
        if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
            raise UsageError(f"its {key!r} is {_shown(value)}", f"write {said}")
    for key in needed:
        if key not in values:
            raise UsageError(f"its {key!r} is missing", _FORM)


def _shown(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
