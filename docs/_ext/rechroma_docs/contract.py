"""Errors with their exit codes, and formats of files."""

from __future__ import annotations

from pathlib import Path

from rechroma.errors import RechromaError
from rechroma.photo import readable_suffixes, writable_suffixes
from rechroma.photo.formats import format_of, writer_of
from rechroma_docs.markdown import code, table

__all__ = ["write_errors", "write_formats"]


def write_errors() -> str:
    """Return a table of the errors, each below the one that it is a kind of."""
    return table(["error", "a kind of", "code", "what it is about"], _error_rows(RechromaError))


def _error_rows(kind: type[RechromaError]) -> list[list[str]]:
    first_line = (kind.__doc__ or "").partition("\n")[0]
    parent = "`Exception`" if kind is RechromaError else code(kind.__bases__[0].__name__)
    rows = [[code(kind.__name__), parent, str(int(kind.exit_code)), first_line]]
    for child in kind.__subclasses__():
        # The service has errors of its own, which nobody else gets to see.
        if child.__module__ == RechromaError.__module__:
            rows += _error_rows(child)
    return rows


def write_formats() -> str:
    """Return a table of the formats that are written, and a line on those that are only read."""
    suffixes: dict[str, list[str]] = {}
    for suffix in sorted(writable_suffixes()):
        suffixes.setdefault(format_of(Path(f"x{suffix}")), []).append(suffix)
    rows: list[list[str]] = []
    for name, found in suffixes.items():
        writer = writer_of(name)
        depths = ", ".join("float" if depth == 32 else str(depth) for depth in writer.depths)
        rows.append(
            [code(name), " ".join(map(code, found)), depths, "yes" if writer.alpha else "no",
             "yes" if writer.lossy else "no", "linear" if writer.linear else "sRGB"]
        )  # fmt: skip
    head = ["format", "suffixes", "bits of a channel", "alpha", "`--quality`", "numbers"]
    only_read = ", ".join(map(code, sorted(readable_suffixes() - writable_suffixes())))
    return f"{table(head, rows)}\nRead, and not written: {only_read}.\n"
