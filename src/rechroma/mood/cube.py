"""`.cube` files: the 3-D lookup tables that editing programs exchange.

After Adobe's "Cube LUT Specification 1.0" (2013): red varies fastest, `LUT_3D_SIZE`, optional
`TITLE`, `DOMAIN_MIN` and `DOMAIN_MAX`, comments after `#`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rechroma.errors import LookError
from rechroma.files import atomic_target
from rechroma.mood.lut import Lut3D

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    from numpy.typing import NDArray

__all__ = ["read_cube", "write_cube"]

# The specification's own limits.
_SIZES = range(2, 257)
# 256³ lines of text are a gigabyte; what people exchange is at most 65³ (8 MB).
_MAX_BYTES = 64 << 20
_MEND = "export the LUT again as a 3-D .cube file"


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


def read_cube(path: str | os.PathLike[str]) -> Lut3D:
    """Read a 3-D `.cube` file.

    Raises:
        LookError: Not there, not text, a 1-D table, a size that is not allowed, another number of
            lines than the size says, or a value that is no finite number.
    """
    path = Path(path)
    lines = list(_lines(path))
    header, first = _header(path, lines)
    size = _size(path, header)
    rows = lines[first:]
    if len(rows) != size**3:
        raise LookError(f"{path}: {len(rows)} lines of colors, and a size of {size}", _MEND)
    table = _colors(path, rows).reshape(size, size, size, 3).transpose(2, 1, 0, 3)
    low, high = _corner(path, header, "DOMAIN_MIN", 0.0), _corner(path, header, "DOMAIN_MAX", 1.0)
    if any(a >= b for a, b in zip(low, high, strict=True)):
        raise LookError(f"{path}: DOMAIN_MIN {low} is not below DOMAIN_MAX {high}", _MEND)
    return Lut3D(np.ascontiguousarray(table), low, high)


def _lines(path: Path) -> Iterable[str]:
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise LookError(
                f"{path}: larger than {_MAX_BYTES >> 20} MB", "use a LUT of at most 65³"
            )
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise LookError(f"{path}: {error.strerror}", "check the path") from error
    except UnicodeDecodeError as error:
        raise LookError(f"{path}: not a text file", _MEND) from error
    stripped = (line.split("#", 1)[0].strip() for line in text.splitlines())
    return (line for line in stripped if line)


def _header(path: Path, lines: list[str]) -> tuple[dict[str, str], int]:
    """Return the keywords with their values, and the index of the first line of colors."""
    header: dict[str, str] = {}
    for index, line in enumerate(lines):
        keyword, _, value = line.partition(" ")
        if not keyword[0].isalpha() or keyword.lower() in ("nan", "inf"):
            return header, index
        header[keyword] = value.strip()
    raise LookError(f"{path}: no colors in it", _MEND)


def _size(path: Path, header: dict[str, str]) -> int:
    if "LUT_3D_SIZE" not in header:
        kind = "a 1-D table" if "LUT_1D_SIZE" in header else "no LUT_3D_SIZE in it"
        raise LookError(f"{path}: {kind}", _MEND)
    text = header["LUT_3D_SIZE"]
    if not text.isdecimal() or int(text) not in _SIZES:
        raise LookError(f"{path}: LUT_3D_SIZE {text} is not a number from 2 to 256", _MEND)
    return int(text)


def _colors(path: Path, rows: list[str]) -> NDArray[np.float32]:
    try:
        values = np.array([row.split() for row in rows], dtype=np.float32)
    except ValueError as error:
        raise LookError(f"{path}: a line that is not three numbers", _MEND) from error
    if values.ndim != 2 or values.shape[1] != 3 or not np.isfinite(values).all():
        raise LookError(f"{path}: a line that is not three finite numbers", _MEND)
    return values


def _corner(
    path: Path, header: dict[str, str], keyword: str, default: float
) -> tuple[float, float, float]:
    try:
        red, green, blue = map(float, header.get(keyword, f"{default} {default} {default}").split())
    except ValueError as error:
        raise LookError(f"{path}: {keyword} is not three numbers", _MEND) from error
    if not np.isfinite([red, green, blue]).all():
        raise LookError(f"{path}: {keyword} is not three finite numbers", _MEND)
    return red, green, blue
