"""Files of hints and masks, as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from rechroma.colorizer.hints import Hint, reach_of
from rechroma.colorizer.masks import Mask, picture_of
from rechroma.errors import UsageError
from rechroma.files import reason_of

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["read_hints"]

_FORM = (
    'write [{"x": 10, "y": 20, "color": "#rrggbb"}, {"mask": "coat.png", "color": "#rrggbb"}, …]'
)
# What a mask may say, and of which type it is.
_SAID: dict[str, tuple[type, ...]] = {
    "color": (str,),
    "strength": (int, float),
    "keep": (bool,),
    "mood": (str,),
}


def read_hints(path: Path) -> list[Hint | Mask]:
    """Read a JSON file of hints and masks.

    [{"x": 10, "y": 20, "color": "#rrggbb", "reach": "here"}, {"mask": "coat.png", "color":
    "#rrggbb"}, …]: the reach may be left out; a mask may have "strength", "keep" or "mood" instead
    of a color. Paths go from the file's own folder on; "data:image/png;base64,…" is a picture, too.

    Raises:
        UsageError: There is no such file, or it is written otherwise: the entry is named.
    """
    try:
        entries: Any = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        mend = "check the path" if isinstance(error, OSError) else _FORM
        raise UsageError(f"{path}: can't be read: {reason_of(error)}", mend) from error
    if not isinstance(entries, list):
        raise UsageError(f"{path}: not a list of hints", _FORM)
    return [_entry(entry, path, number) for number, entry in enumerate(entries, start=1)]


def _entry(entry: object, path: Path, number: int) -> Hint | Mask:
    values = cast("dict[str, Any]", entry) if isinstance(entry, dict) else {}
    where = f"{path}, hint {number}"
    try:
        found = _mask(values, path.parent) if "mask" in values else _hint(values)
    except UsageError as error:
        raise UsageError(f"{where}: {error.what}", error.mend) from error
    if found is None:
        raise UsageError(f"{where}: {str(entry)[:200]!r} is no hint", _FORM)
    return found


def _hint(values: dict[str, Any]) -> Hint | None:
    if values.keys() - {"reach"} != {"x", "y", "color"}:
        return None
    x, y, color = values["x"], values["y"], values["color"]
    if not (isinstance(x, int | float) and isinstance(y, int | float) and isinstance(color, str)):
        return None
    return Hint(x, y, color, reach_of(values["reach"]) if "reach" in values else None)


def _mask(values: dict[str, Any], folder: Path) -> Mask | None:
    said = {key: value for key, value in values.items() if key != "mask"}
    fits = [key in _SAID and isinstance(value, _SAID[key]) for key, value in said.items()]
    if not all(fits) or not isinstance(values["mask"], str):
        return None
    if "mood" in said:
        said["mood"] = picture_of(said["mood"], folder)
    return Mask(picture_of(values["mask"], folder), **said)
