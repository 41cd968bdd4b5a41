"""An album of small pictures: enough to try every path of the commands."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from rechroma.cli import main


@pytest.fixture
def album(tmp_path, monkeypatch):
    """The current folder with `in/0.jpg` … `in/5.jpg` and `in/sub/0.jpg`, all gray."""
    monkeypatch.chdir(tmp_path)
    Path("in/sub").mkdir(parents=True)
    for number in range(6):
        Image.new("L", (48, 32), 100 + 10 * number).save(f"in/{number}.jpg")
    Image.new("L", (48, 32), 90).save("in/sub/0.jpg")
    return tmp_path


@pytest.fixture
def colorize(model, capfd):
    """Call `rechroma colorize --model tint …`: (exit code, stdout, stderr)."""

    def call(*arguments):
        capfd.readouterr()
        code = main(["colorize", "--model", model, *arguments])
        return code, *capfd.readouterr()

    return call


@pytest.fixture(scope="session")
def command():
    """The command line as a program of its own, for `subprocess`."""
    return [sys.executable, "-c", "import sys, rechroma.cli; sys.exit(rechroma.cli.main())"]


@pytest.fixture
def in_fresh_python():
    """Run code in a new interpreter and return what it prints."""

    def run(code):
        return subprocess.run(
            [sys.executable, "-c", code], check=True, capture_output=True, text=True
        ).stdout

    return run
