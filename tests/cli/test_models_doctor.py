"""`rechroma models` and `rechroma doctor`, with the tiny model in the place of the shipped one."""

from __future__ import annotations

import json
from importlib.metadata import PackageNotFoundError

import pytest

import rechroma.colorizer as colorizing
from rechroma.cli import doctor, main
from rechroma.colorizer import registry

REQUIREMENTS = [
    "numpy>=1.26",
    "no-such-package-anywhere",
    'pytest>=8; extra == "train"',
    'no-such-companion>=1; extra == "train"',
    'no-such-tool; extra == "dev"',
    'no-such-oracle; extra == "test"',
]


@pytest.fixture
def shipped(model, monkeypatch):
    """Make the tiny model the only one."""
    for module in (colorizing, registry):
        monkeypatch.setattr(module, "MODELS", {"rechroma-v2": model})


@pytest.fixture
def broken(monkeypatch):
    for module in (colorizing, registry):
        monkeypatch.setattr(module, "MODELS", {"rechroma-v2": "lost.onnx"})


def call(capfd, *arguments):
    code = main(arguments)
    return code, *capfd.readouterr()


@pytest.mark.usefixtures("shipped")
def test_models_as_text(capfd):
    code, out, err = call(capfd, "models")
    assert (code, err) == (0, "")
    for word in ("tint (default)", "version  1", "0.0 MB", "CC0-1.0", "nothing"):
        assert word in out


@pytest.mark.usefixtures("shipped")
def test_models_as_json(capfd):
    code, out, _ = call(capfd, "models", "--json")
    [entry] = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert entry["default"] is True
    assert (entry["name"], entry["license"], entry["size"]) == ("tint", "CC0-1.0", 64)


@pytest.mark.usefixtures("broken")
def test_models_without_the_file(capfd):
    code, out, err = call(capfd, "models")
    assert (code, out) == (4, "")
    assert "lost.onnx" in err


@pytest.mark.usefixtures("shipped")
def test_doctor_is_content(capfd):
    code, out, err = call(capfd, "doctor")
    assert (code, err) == (0, "")
    assert "shipped model: runs" in out
    assert "devices: cpu" in out


@pytest.mark.usefixtures("shipped")
def test_doctor_as_json(capfd, monkeypatch):
    monkeypatch.setattr(doctor, "requires", lambda _: REQUIREMENTS)
    code, out, _ = call(capfd, "doctor", "--json")
    report = json.loads(out)
    assert code == 0
    assert report["model_runs"] is True
    assert report["problem"] is None
    assert "cpu" in report["devices"]
    assert report["versions"]["no-such-package-anywhere"] is None
    assert report["missing_of_extras"] == {"train": ["no-such-companion"]}


@pytest.mark.usefixtures("broken")
def test_doctor_finds_a_model_that_does_not_run(capfd):
    code, out, err = call(capfd, "doctor")
    assert code == 4
    assert "shipped model: does not run" in out
    assert "lost.onnx" in err
    code, out, _ = call(capfd, "doctor", "--json")
    assert code == 4
    assert "lost.onnx" in json.loads(out)["problem"]["what"]


def test_doctor_says_how_to_get_what_is_missing(capfd, monkeypatch):
    monkeypatch.setattr(doctor, "requires", lambda _: REQUIREMENTS)
    _, out, _ = call(capfd, "doctor")
    assert "no-such-package-anywhere is missing" in out
    assert 'extra train: not installed: no-such-companion (pip install "rechroma[train]")' in out
    assert "dev" not in out.split("shipped model")[1]


def test_packages_of_a_source_tree_that_is_not_installed(monkeypatch):
    def not_installed(_):
        raise PackageNotFoundError

    monkeypatch.setattr(doctor, "requires", not_installed)
    check = doctor.check_packages()
    assert check.versions == {}
    assert check.missing_of_extras == {}
