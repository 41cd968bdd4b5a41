"""What a build adds to pyproject.toml: the project's links, and a README that PyPI can show.

README.md has relative links, which work in the repository. PyPI has no repository: there they are
made absolute, to the release's own tag, so that an old release goes on showing its own pictures.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

# `](target` of Markdown, unless the target is an address or a heading of the same page.
_RELATIVE = re.compile(r"(!?)(\[[^\]]*\]\()(?![a-z]+:|#|/)([^)\s]+)")


def with_absolute_links(text: str, repository: str, tag: str) -> str:
    """Return Markdown whose relative links and pictures lead to the repository at a tag."""
    raw = repository.replace("//github.com/", "//raw.githubusercontent.com/")
    bases = {"!": f"{raw}/{tag}/", "": f"{repository}/blob/{tag}/"}
    return _RELATIVE.sub(lambda found: f"{found[1]}{found[2]}{bases[found[1]]}{found[3]}", text)


def links(repository: str, tag: str) -> dict[str, str]:
    """Return the links beside the project's page."""
    return {
        "Repository": repository,
        "Documentation": f"{repository}/tree/{tag}/docs",
        "Changelog": f"{repository}/blob/{tag}/CHANGELOG.md",
        "Issues": f"{repository}/issues",
    }


class ReleaseMetadata(MetadataHookInterface):
    """Fills in `readme` and `urls`."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Add both to the project's table."""
        repository, tag = self.config["repository"], f"v{metadata['version']}"
        text = Path(self.root, "README.md").read_text(encoding="utf-8")
        metadata["readme"] = {
            "content-type": "text/markdown",
            "text": with_absolute_links(text, repository, tag),
        }
        metadata["urls"] = links(repository, tag)
