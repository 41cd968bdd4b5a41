"""`environment.yml` asks for what pyproject.toml offers, and for nothing beside it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture(scope="module")
def environment():
    return yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))


def test_it_takes_packages_from_conda_forge_alone(environment):
    assert environment["channels"] == ["conda-forge", "nodefaults"]
    assert environment.keys() == {"name", "channels", "dependencies"}


def test_conda_brings_nothing_but_python_and_pip(environment, project):
    """A package from conda beside pip's list could be another version than pyproject.toml's."""
    *conda, pip = environment["dependencies"]
    assert conda == [f"python{project['requires-python']}", "pip"]
    assert pip.keys() == {"pip"}


def test_pip_installs_this_project_with_extras_that_exist(environment, project):
    (line,) = environment["dependencies"][-1]["pip"]
    extras = re.fullmatch(r"-e \.\[([a-z,]+)\]", line)
    assert extras, line
    asked, offered = set(extras[1].split(",")), set(project["optional-dependencies"])
    assert asked == offered - {"dev", "docs", "test"}, (
        "all that users may want, and not what tests need"
    )
