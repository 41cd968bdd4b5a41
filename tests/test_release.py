"""What a release shows on PyPI, and whether its parts say the same version."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from pathlib import Path

import pytest

from rechroma import __version__

ROOT = Path(__file__).parents[1]
REPOSITORY = "https://github.com/owner/name"


@pytest.fixture(scope="module")
def build():
    """The build's own step, `hatch_build.py`."""
    pytest.importorskip("hatchling", reason="the build backend is not installed")
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            "![a picture](docs/a.png)",
            "![a picture](https://raw.githubusercontent.com/owner/name/v1/docs/a.png)",
        ),
        ("[a page](docs/a.md)", f"[a page]({REPOSITORY}/blob/v1/docs/a.md)"),
        ("[a part](docs/a.md#part)", f"[a part]({REPOSITORY}/blob/v1/docs/a.md#part)"),
        ("[elsewhere](https://example.com/a)", "[elsewhere](https://example.com/a)"),
        ("[below](#how-fast)", "[below](#how-fast)"),
        ("nothing (at all) [here]", "nothing (at all) [here]"),
    ],
)
def test_links_are_absolute_and_the_rest_stays(build, text, wanted):
    assert build.with_absolute_links(text, REPOSITORY, "v1") == wanted


def test_every_picture_and_page_of_the_readme_is_there(build):
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    absolute = build.with_absolute_links(text, REPOSITORY, "v1")
    targets = re.findall(r"\]\(([^)\s]+)\)", absolute)
    own = [re.sub(r"^https://[^/]+/owner/name/(blob/)?v1/", "", target) for target in targets]
    assert len(own) > 10
    assert all(target.startswith("https://") for target in targets)
    assert all((ROOT / target).is_file() for target in own if not target.startswith("https://"))


def test_the_project_s_address_stands_in_one_place():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    address = tomllib.loads(text)["tool"]["hatch"]["metadata"]["hooks"]["custom"]["repository"]
    assert text.count(address) == 1
    assert address not in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_citation_and_the_changelog_know_this_version():
    assert f"version: {__version__}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert __version__ in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
