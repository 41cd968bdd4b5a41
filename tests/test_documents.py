"""What documents name exists: files that the front pages link to, modules that a page speaks of."""

import re
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# The pages of docs/ are checked by the build of the site.
FRONT = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "examples/CREDITS.md")]


def rooms():
    return {path.parent.name for path in (ROOT / "src/rechroma").glob("*/__init__.py")}


def names_in(page):
    """Dotted names of this package in backticks, such as `mood.palette`."""
    text = page.read_text(encoding="utf-8")
    found = re.findall(r"`(?:rechroma\.)?(\w+(?:\.\w+)+)[^`]*`", text)
    return sorted({name for name in found if name.split(".")[0] in rooms()})


def exists(name):
    *parents, last = f"rechroma.{name}".split(".")
    parent = ".".join(parents)
    try:
        return find_spec(f"{parent}.{last}") is not None or hasattr(import_module(parent), last)
    except ModuleNotFoundError:
        # Not a module: an attribute of one.
        *modules, attribute = parents
        holder = getattr(import_module(".".join(modules)), attribute, None)
        return hasattr(holder, last)


@pytest.mark.parametrize("page", FRONT, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    links = re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8"))
    dead = [
        link
        for link in links
        if not link.startswith(("http:", "https:", "mailto:")) and not (page.parent / link).exists()
    ]
    assert not dead


def test_the_architecture_speaks_of_modules_that_exist():
    names = names_in(ROOT / "docs/architecture.md")
    assert len(names) > 20, "the page names its modules otherwise now"
    if find_spec("torch") is None:
        names = [name for name in names if not name.startswith(("training", "experiments"))]
    assert [name for name in names if not exists(name)] == []


def test_a_name_that_does_not_exist_is_noticed():
    assert exists("mood.palette")
    assert exists("colorizer.Colorizer.predict")
    assert not exists("mood.pallette")
    assert not exists("colorizer.Colorizer.predicts")
