"""`.cube` files: the tables that editing programs exchange.

After Adobe's "Cube LUT Specification 1.0" (2013) and the variant of DaVinci Resolve, with a 1-D
table before the 3-D one and `LUT_1D_INPUT_RANGE`, `LUT_3D_INPUT_RANGE`. Programs write them in many
dialects; `parse_cube` reads them all to one meaning, and refuses what it would have to leave out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rechroma.errors import LookError
from rechroma.files import atomic_target

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray

    from rechroma.mood.lut import Lut3D, Triple

__all__ = ["MEND", "CubeFile", "parse_cube", "write_cube"]

MEND = "export the look again, as a .cube file"

# The specification's own limit for 3-D tables, OpenColorIO's for 1-D ones.
_SIZES = {"LUT_1D_SIZE": range(2, 300_001), "LUT_3D_SIZE": range(2, 257)}
_UNIT = (0.0, 1.0)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NUMBERS = {
    "LUT_1D_SIZE": 1,
    "LUT_3D_SIZE": 1,
    "LUT_1D_INPUT_RANGE": 2,
    "LUT_3D_INPUT_RANGE": 2,
    "DOMAIN_MIN": 3,
    "DOMAIN_MAX": 3,
}
_WORDS = {1: "one number", 2: "two numbers", 3: "three numbers"}


@dataclass(frozen=True, slots=True, eq=False)
class CubeFile:
    """What a `.cube` file says.

    Attributes:
        curve: The 1-D table, shape (N, 3); None without one. It comes before the 3-D table.
        table: The 3-D table's lines, red fastest, shape (N³, 3); None without one.
        curve_domain: The inputs of the curve's first and last line, of each channel.
        table_domain: The same of the 3-D table.
    """

    curve: NDArray[np.float64] | None
    table: NDArray[np.float64] | None
    curve_domain: tuple[Triple, Triple]
    table_domain: tuple[Triple, Triple]

    def canonical(self) -> str:
        """Return the file as every reader of the format takes it."""
        lines: list[str] = []
        blocks: list[NDArray[np.float64]] = []
        for kind, rows, domain in (
            ("1D", self.curve, self.curve_domain),
            ("3D", self.table, self.table_domain),
        ):
            if rows is None:
                continue
            lines.append(f"LUT_{kind}_SIZE {len(rows) if kind == '1D' else _edge(len(rows))}")
            blocks.append(rows)
            if self.curve is not None and self.table is not None:
                lines.append(f"LUT_{kind}_INPUT_RANGE {domain[0][0]!r} {domain[1][0]!r}")
            else:
                lines += [
                    f"{name} {' '.join(map(repr, corner))}"
                    for name, corner in zip(("DOMAIN_MIN", "DOMAIN_MAX"), domain, strict=True)
                ]
        numbers = np.concatenate(blocks)
        return "\n".join(
            [*lines, *(f"{r:.9g} {g:.9g} {b:.9g}" for r, g, b in numbers.tolist()), ""]
        )


def write_cube(
    lut: Lut3D, path: str | os.PathLike[str], *, title: str = "", overwrite: bool = False
) -> None:
    """Write a table as a `.cube` file, atomically.

    Args:
        lut: The table.
        path: The file.
        title: For programs that show one; no line breaks.
        overwrite: Replace what stands at `path`.

    Raises:
        UnwritableFileError: Something stands at `path`, or the disk says no.
    """
    plain = " ".join(title.replace('"', "'").split())
    header = [
        *([f'TITLE "{plain}"'] if plain else []),
        f"LUT_3D_SIZE {lut.size}",
        "DOMAIN_MIN " + " ".join(f"{value:g}" for value in lut.low),
        "DOMAIN_MAX " + " ".join(f"{value:g}" for value in lut.high),
    ]
    # The file's red runs fastest, the table's blue: the axes are turned round.
    rows = lut.table.transpose(2, 1, 0, 3).reshape(-1, 3)
    with atomic_target(Path(path), overwrite=overwrite) as temporary, temporary.open("w") as file:
        file.write("\n".join(header) + "\n")
        np.savetxt(file, rows, fmt="%.6f")


def parse_cube(text: str, name: str) -> CubeFile:
    """Read the text of a `.cube` file.

    Keywords may be in lower case, after tabs and anywhere in the file; decimals may have commas.

    Args:
        text: The whole file, with line feeds at the ends of lines.
        name: For messages.

    Raises:
        LookError: No table, a size that is not allowed, another number of lines than the sizes
            say, a value that is no finite number, or a keyword that is not known: what it changes
            would be lost.
    """
    said, rows = _split(text, name)
    if not said.keys() & _SIZES.keys():
        raise LookError(f"{name}: no LUT_3D_SIZE or LUT_1D_SIZE in it", MEND)
    size = {key: _size(said[key], key, name) for key in _SIZES if key in said}
    curve, edge = size.get("LUT_1D_SIZE", 0), size.get("LUT_3D_SIZE", 0)
    if len(rows) != curve + edge**3:
        sizes = " and ".join(str(each) for each in (curve, edge) if each)
        raise LookError(f"{name}: {len(rows)} lines of colors, and a size of {sizes}", MEND)
    colors = _colors(rows, name)
    domains = _domains(said, name)
    return CubeFile(
        colors[:curve] if curve else None, colors[curve:] if edge else None, domains[0], domains[1]
    )


def _split(text: str, name: str) -> tuple[dict[str, list[float]], list[list[str]]]:
    """Return the keywords with their numbers, and the lines of colors as words."""
    said: dict[str, list[float]] = {}
    rows: list[list[str]] = []
    commas = "," in text or ";" in text
    for line in text.split("\n"):
        words = line.split("#", 1)[0].split()
        if not words:
            continue
        key = words[0].upper()
        if not _NAME.fullmatch(key) or key in ("NAN", "INF", "INFINITY"):
            rows.append(_without_commas(words, 3, name) if commas else words)
        elif key != "TITLE":
            _say(said, key, _without_commas(words[1:], _NUMBERS.get(key, 0), name), name)
    return said, rows


def _say(said: dict[str, list[float]], key: str, words: list[str], name: str) -> None:
    """Note what a keyword says."""
    if key not in _NUMBERS:
        raise LookError(
            f"{name}: the keyword {key} is not known, and what it changes would be lost",
            "export the look again without it",
        )
    wanted = _WORDS[_NUMBERS[key]]
    try:
        values = [float(word) for word in words]
    except ValueError as error:
        raise LookError(f"{name}: {key} is not {wanted}: {' '.join(words)}", MEND) from error
    if len(values) != _NUMBERS[key]:
        raise LookError(f"{name}: {key} is not {wanted}: {' '.join(words)}", MEND)
    if not np.isfinite(values).all():
        raise LookError(f"{name}: {key} is not {wanted} that are finite", MEND)
    if said.setdefault(key, values) != values:
        raise LookError(f"{name}: {key} is said twice, and differently", MEND)


def _without_commas(words: list[str], count: int, name: str) -> list[str]:
    """Return numbers with decimal points, whatever the commas in them are for.

    "0,5 0,25 1" has decimal commas; in "0.5, 0.25, 1" and "0.5,0.25,1" they separate.
    """
    line = " ".join(words).replace(";", " ")
    parts = [stripped for word in line.split() if (stripped := word.strip(","))]
    if not any("," in part for part in parts):
        return parts
    if len(parts) == count and "." not in line:
        return [part.replace(",", ".") for part in parts]
    split = line.replace(",", " ").split()
    if len(split) == count and len(parts) == 1:
        return split
    raise LookError(f"{name}: commas that may be decimals or separators: {line}", MEND)


def _size(values: list[float], key: str, name: str) -> int:
    (value,) = values
    allowed = _SIZES[key]
    if value != int(value) or int(value) not in allowed:
        raise LookError(
            f"{name}: {key} {value:g} is not a whole number from {allowed[0]} to {allowed[-1]}",
            MEND,
        )
    return int(value)


def _colors(rows: list[list[str]], name: str) -> NDArray[np.float64]:
    try:
        values = np.array(rows, dtype=np.float64)
    except ValueError as error:
        raise LookError(f"{name}: a line that is not three numbers", MEND) from error
    # Numbers beyond float32 are none to OpenColorIO.
    if values.ndim != 2 or values.shape[1] != 3 or not (np.abs(values) < 3e38).all():
        raise LookError(f"{name}: a line that is not three finite numbers", MEND)
    return values


def _domains(said: dict[str, list[float]], name: str) -> list[tuple[Triple, Triple]]:
    """Return the inputs of the first and the last node of the 1-D and of the 3-D table."""
    both = "LUT_1D_SIZE" in said and "LUT_3D_SIZE" in said
    corners = said.get("DOMAIN_MIN", [0.0] * 3), said.get("DOMAIN_MAX", [1.0] * 3)
    if both and corners != ([0.0] * 3, [1.0] * 3):
        raise LookError(
            f"{name}: DOMAIN_MIN and DOMAIN_MAX in a file with two tables: of which is not said",
            "use LUT_1D_INPUT_RANGE and LUT_3D_INPUT_RANGE",
        )
    found: list[tuple[Triple, Triple]] = []
    for kind in ("1D", "3D"):
        key = f"LUT_{kind}_INPUT_RANGE"
        first, last = said.get(key, _UNIT)
        if key in said and f"LUT_{kind}_SIZE" not in said and (first, last) != _UNIT:
            raise LookError(f"{name}: {key} without a LUT_{kind}_SIZE", MEND)
        ranged = [first] * 3, [last] * 3
        by_domain = said.keys() & {"DOMAIN_MIN", "DOMAIN_MAX"} and not both
        if by_domain and key in said and ranged != corners:
            raise LookError(f"{name}: DOMAIN_MIN or DOMAIN_MAX, and another {key}", MEND)
        low, high = corners if by_domain else ranged
        if any(a == b for a, b in zip(low, high, strict=True)):
            raise LookError(f"{name}: its inputs begin and end at the same number", MEND)
        found.append(((low[0], low[1], low[2]), (high[0], high[1], high[2])))
    return found


def _edge(nodes: int) -> int:
    return round(nodes ** (1 / 3))
