"""What is imported when: the start of the program is part of its cost."""

from __future__ import annotations

import json
import os
import re
import subprocess

import pytest

from rechroma import __version__
from rechroma.cli import main
from rechroma.cli.app import app

LOADED = """
import json, sys
from rechroma.cli import main
from rechroma.cli.app import app
code = main({arguments!r})
print()
print(json.dumps([code, sorted(sys.modules)]))
"""


def loaded_by(in_fresh_python, *arguments):
    printed = in_fresh_python(LOADED.format(arguments=list(arguments)))
    code, modules = json.loads(printed.splitlines()[-1])
    return code, set(modules)


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["colorize", "--help"], ["completion", "zsh"]]
)
def test_help_imports_nothing_heavy(in_fresh_python, arguments):
    code, modules = loaded_by(in_fresh_python, *arguments)
    assert code == 0
    heavy = {"numpy", "OpenImageIO", "onnxruntime", "torch", "PIL", "rich", "platformdirs"}
    assert not modules & heavy


def test_colorize_imports_no_more_than_it_needs(in_fresh_python, album, model):
    output = str(album / "new.jpg")
    arguments = ["colorize", str(album / "in" / "0.jpg"), "-o", output, "--model", model]
    code, modules = loaded_by(in_fresh_python, *arguments)
    assert code == 0
    assert "onnxruntime" in modules
    assert not modules & {"torch", "rich", "scipy", "skimage", "pydantic"}


@pytest.mark.parametrize("command", app.commands)
def test_the_help_names_every_command(capfd, command):
    assert main(["--help"]) == 0
    assert f"\n  {command} " in capfd.readouterr().out


@pytest.mark.parametrize("command", app.commands)
def test_every_help_begins_with_examples(capfd, command):
    assert main([command, "--help"]) == 0
    text = capfd.readouterr().out
    assert 0 < re.search("Examples?:", text).start() < text.index("Options:")


def test_version(capfd):
    assert main(["--version"]) == 0
    assert capfd.readouterr().out == f"rechroma {__version__}\n"


@pytest.mark.parametrize(
    ("words", "completed"),
    [("rechroma co", "colorize"), ("rechroma colorize --over", "--overwrite")],
)
def test_shell_completion(command, words, completed):
    env = {
        **os.environ,
        "_RECHROMA_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(words.count(" ")),
    }
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert f"plain,{completed}" in done.stdout.splitlines()
