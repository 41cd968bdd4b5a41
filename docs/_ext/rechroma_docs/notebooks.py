"""The notebooks of `notebooks/`, as pages: what they say and printed, without running them."""

from __future__ import annotations

import base64
import json
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx

__all__ = ["convert"]


def convert(app: Sphinx) -> None:
    """Write `docs/notebooks/`, which git ignores: a page for each notebook, and their list."""
    folder = Path(app.srcdir, "notebooks")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    names: list[str] = []
    for notebook in sorted(Path(app.srcdir).parent.glob("notebooks/*.ipynb")):
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        parts = [_cell(cell, folder, f"{notebook.stem}-{n}") for n, cell in enumerate(cells)]
        if not parts[0].startswith("# "):
            parts.insert(0, f"# {notebook.stem}\n")
        Path(folder, f"{notebook.stem}.md").write_text("\n".join(parts), encoding="utf-8")
        names.append(notebook.stem)
    Path(folder, "index.md").write_text(_index(names), encoding="utf-8")


def _index(names: list[str]) -> str:
    if not names:
        return "# Notebooks\n\nThere are none in this version.\n"
    listed = "\n".join(names)
    return (
        "# Notebooks\n\nThey lie in `notebooks/`, to be run and changed; here with what they "
        f"printed.\n\n```{{toctree}}\n:maxdepth: 1\n\n{listed}\n```\n"
    )


def _cell(cell: dict[str, Any], folder: Path, name: str) -> str:
    source = "".join(cell["source"])
    if cell["cell_type"] == "markdown":
        return f"{_relinked(source)}\n"
    if cell["cell_type"] != "code" or not source.strip():
        return ""
    outputs = [
        _output(each, folder, f"{name}-{n}") for n, each in enumerate(cell.get("outputs", ()))
    ]
    return "\n".join([_fenced(source, "python"), *outputs])


def _relinked(text: str) -> str:
    """Return text whose links hold in `docs/notebooks/`; files outside of `docs/` are no pages."""
    text = re.sub(r"\[([^\]]+)\]\(\.\./(?!docs/)[^)]*\)", r"\1", text)
    return text.replace("](../docs/", "](../")


def _output(output: dict[str, Any], folder: Path, name: str) -> str:
    if "text" in output:
        return _fenced("".join(output["text"]), "text")
    data = output.get("data", {})
    for kind, suffix in (("image/png", "png"), ("image/jpeg", "jpg")):
        if kind in data:
            content = base64.b64decode("".join(data[kind]))
            Path(folder, f"{name}.{suffix}").write_bytes(content)
            return f"![The output of the cell above]({name}.{suffix})\n"
    return _fenced("".join(data["text/plain"]), "text") if "text/plain" in data else ""


def _fenced(text: str, language: str) -> str:
    return f"````{language}\n{text.rstrip()}\n````\n"
