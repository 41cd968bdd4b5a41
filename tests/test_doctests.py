"""The examples in docstrings and pages do what they say.

In pages, blocks of `pycon` are doctests and lines after `$ ` in blocks of `console` are commands;
each page is one folder and one session, from its top to its end. Other blocks are not run.
"""

import contextlib
import doctest
import io
import re
import shlex
import shutil
from pathlib import Path

import pytest

import rechroma
from rechroma.cli import main

ROOT = Path(__file__).parents[1]
FENCED = re.compile(r"^```(pycon|console)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PAGES = [
    page
    for page in sorted([ROOT / "README.md", *ROOT.glob("docs/**/*.md")])
    if FENCED.search(page.read_text(encoding="utf-8"))
]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RECHROMA_LOOKS", str(tmp_path / "looks"))
    return tmp_path


def examples_of(name):
    public = rechroma if name == "__version__" else getattr(rechroma, name)
    # The package's own docstring speaks for the version, which has none.
    finder = doctest.DocTestFinder(recurse=name != "__version__")
    return [test for test in finder.find(public, name, module=False, globs={}) if test.examples]


def check(test):
    told = io.StringIO()
    runner = doctest.DocTestRunner(verbose=False, optionflags=doctest.ELLIPSIS)
    runner.run(test, out=told.write, clear_globs=False)
    assert not runner.failures, told.getvalue()


@pytest.mark.parametrize("name", rechroma.__all__)
def test_every_public_name_has_an_example_that_runs(name):
    tests = examples_of(name)
    assert tests, f"{name} shows no example"
    for test in tests:
        check(test)


@pytest.mark.posix(reason="paths are printed with slashes")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_shows_runs(page, folder):
    parser, names = doctest.DocTestParser(), {}
    text = page.read_text(encoding="utf-8")
    for block in FENCED.finditer(text):
        kind, content = block.groups()
        line = text[: block.start()].count("\n") + 1
        if kind == "pycon":
            test = parser.get_doctest(content, {}, page.name, str(page), line)
            test.globs = names
            check(test)
            continue
        whole = content.replace("\\\n> ", "")
        for session in re.split(r"^\$ ", whole, flags=re.MULTILINE)[1:]:
            command, _, expected = session.partition("\n")
            run(command, expected, f"{page.name}:{line}")
    assert list(folder.iterdir()), "the page made nothing"


def run(command, expected, where):
    program, *arguments = shlex.split(command)
    assert program == "rechroma", f"{where}: {command} is none of ours"
    told = io.StringIO()
    with contextlib.redirect_stderr(told), contextlib.redirect_stdout(told):
        code = main(arguments)
    assert code == 0, f"{where}: {command}: {told.getvalue()}"
    agrees = doctest.OutputChecker().check_output(expected, told.getvalue(), doctest.ELLIPSIS)
    assert agrees or not expected, f"{where}: {command}: {told.getvalue()}"
