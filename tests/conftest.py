"""What holds for all tests: the tiers, and how hypothesis and processes are run."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import settings

# Properties are about results, not about how fast a busy machine finds them.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

HERE = Path(__file__).parent
# Folders and modules, by what they need; see the markers in pyproject.toml.
TRAIN = ("training", "evaluation", "experiments", "color/test_lab_torch.py")
BROWSER = ("web/test_page.py", "web/test_compare_page.py")
NEEDED = {"torch": TRAIN, "playwright": BROWSER}
WINDOWS = "Windows has no such signals, links or locks"
MISSING = {package: places for package, places in NEEDED.items() if find_spec(package) is None}


def _among(path: Path, places: tuple[str, ...]) -> bool:
    if not path.is_relative_to(HERE):
        return False
    inside = path.relative_to(HERE).as_posix()
    return any(inside == place or inside.startswith(f"{place}/") for place in places)


def pytest_report_header() -> list[str]:
    return [
        f"without {package}: {', '.join(places)} are left out"
        for package, places in MISSING.items()
    ]


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """What needs a package that is not there is left out before it is imported."""
    return True if any(_among(collection_path, places) for places in MISSING.values()) else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if _among(item.path, TRAIN):
            item.add_marker("train")
        if _among(item.path, BROWSER):
            item.add_marker("browser")
        if os.name == "nt" and (marker := item.get_closest_marker("posix")):
            item.add_marker(pytest.mark.skip(reason=marker.kwargs.get("reason", WINDOWS)))
