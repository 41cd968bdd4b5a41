"""Pages of the reference that are made from the code itself, so that they can't grow old."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sphinx.util.docutils import SphinxDirective

from rechroma_docs import commands, config, contract, notebooks, pictures, rest

if TYPE_CHECKING:
    from collections.abc import Callable

    from docutils import nodes
    from sphinx.application import Sphinx


def _directive(write: Callable[[], str]) -> type[SphinxDirective]:
    """Return a directive that stands for the Markdown that `write` returns."""

    class Generated(SphinxDirective):
        def run(self) -> list[nodes.Node]:
            return self.parse_text_to_nodes(write(), allow_section_headings=True)

    return Generated


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directives; called by Sphinx."""
    for name, write in {
        "rechroma-commands": commands.write,
        "rechroma-config": config.write,
        "rechroma-errors": contract.write_errors,
        "rechroma-formats": contract.write_formats,
        "rechroma-rest": rest.write,
    }.items():
        app.add_directive(name, _directive(write))
    app.connect("builder-inited", notebooks.convert)
    app.connect("builder-inited", pictures.make_gallery)
    return {"parallel_read_safe": True}
