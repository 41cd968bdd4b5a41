"""Errors with their exit codes, and formats of files."""

from __future__ import annotations

from rechroma.errors import RechromaError
from rechroma.photo.formats import FORMATS, Format
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
    """Return a table of the formats."""
    head = ["format", "suffixes", "media type", "bits written", "alpha", "`--quality`", "numbers"]
    return table(head, map(_format_row, FORMATS.values()))


def _format_row(format_: Format) -> list[str]:
    depths = ["float" if depth == 32 else str(depth) for depth in format_.depths]
    return [
        format_.title,
        " ".join(map(code, format_.suffixes)),
        code(format_.media_type),
        ", ".join(depths) or "only read",
        "yes" if format_.alpha and format_.writable else "",
        "yes" if format_.lossy else "",
        "linear" if format_.linear else "sRGB",
    ]
