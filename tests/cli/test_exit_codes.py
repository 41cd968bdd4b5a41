"""The exit codes are a contract: scripts rely on them."""

from __future__ import annotations

from pathlib import Path

import pytest

from rechroma import colorizer as colorizing
from rechroma.cli import main
from rechroma.errors import OutOfMemoryError

pytestmark = pytest.mark.usefixtures("album")


def spoil(*names):
    for name in names:
        Path(name).write_bytes(b"this is no picture")


def test_0_all_done(colorize):
    assert colorize("in", "-o", "out/")[0] == 0
    assert colorize("in", "-o", "out/")[0] == 0, "all there already"


def test_1_some_failed(colorize):
    spoil("in/3.jpg")
    code, out, err = colorize("in", "-o", "out/")
    assert code == 1
    assert not out
    assert err.splitlines()[-1] == f"6 colorized, 1 failed in {Path('out').absolute()}"
    assert err.splitlines()[0].startswith(f"error: {Path('in/3.jpg')}")
    assert "Traceback" not in err


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["in", "-o", "one.jpg"],
        ["in", "-o", "in"],
        ["in/0.jpg", "-o", "one.xyz"],
        ["in/0.jpg", "--strength", "1.6"],
        ["in/0.jpg", "--jobs", "0"],
        ["in/0.jpg", "--max-pixels", "-1"],
        ["in/0.jpg", "--quality", "101"],
        ["in/0.jpg", "--size", "0"],
        ["in/0.jpg", "-o", "-", "--json"],
        ["in/0.jpg", "--no-such-option"],
    ],
)
def test_2_usage(colorize, arguments):
    code, out, err = colorize(*arguments)
    assert code == 2
    assert not out
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert len(list(Path().rglob("*"))) == 9, "nothing may be written"


@pytest.mark.parametrize("inputs", [["in/0.jpg"], ["in/0.jpg", "in/1.jpg"]])
def test_3_all_inputs_are_unreadable(colorize, inputs):
    spoil("in/0.jpg", "in/1.jpg")
    code, _, err = colorize(*inputs, "-o", "out/")
    assert code == 3
    assert not Path("out").exists()
    assert err.count("error: ") == len(inputs)


def test_3_more_pixels_than_allowed(colorize):
    assert colorize("in/0.jpg", "--max-pixels", "1535")[0] == 3
    assert colorize("in/0.jpg", "--max-pixels", "1536")[0] == 0
    assert colorize("in/0.jpg", "--max-pixels", "0", "--overwrite")[0] == 0


@pytest.mark.parametrize("wrong", ["missing.onnx", "no-such-name", "in/0.jpg"])
def test_4_model_unavailable(colorize, wrong):
    code, _, err = colorize("in", "-o", "out/", "--model", wrong)
    assert code == 4
    assert err.count("\n") == 1, "one error, not one for each picture"
    assert wrong in err
    assert not Path("out").exists()


def test_4_device_unavailable(colorize):
    assert colorize("in", "-o", "out/", "--device", "abacus")[0] == 4


def test_no_model_is_needed_when_everything_is_there(colorize):
    colorize("in", "-o", "out/")
    assert colorize("in", "-o", "out/", "--model", "missing.onnx")[0] == 0


@pytest.mark.parametrize("raised", [OutOfMemoryError("too big"), MemoryError()])
def test_5_out_of_memory(colorize, monkeypatch, raised):
    def fail(*_, **__):
        raise raised

    monkeypatch.setattr(colorizing.Colorizer, "predict", fail)
    code, _, err = colorize("in/0.jpg", "-o", "out/")
    assert code == 5
    assert "error: " in err


def test_5_out_of_memory_while_loading(colorize, monkeypatch):
    def fail(*_, **__):
        raise MemoryError

    monkeypatch.setattr(colorizing, "Colorizer", fail)
    assert colorize("in/0.jpg", "-o", "out/")[0] == 5


def test_an_unforeseen_error_is_one_line_unless_asked(colorize, monkeypatch):
    def fail(*_, **__):
        raise ZeroDivisionError("oh")

    monkeypatch.setattr(colorizing, "Colorizer", fail)
    code, _, err = colorize("in/0.jpg", "-o", "out/")
    assert code == 1
    assert err.startswith("error: unexpected ZeroDivisionError: oh")
    assert err.count("\n") == 1
    assert "Traceback" in colorize("in/0.jpg", "-o", "out/", "-vv")[2]


def test_a_failure_tells_its_traceback_only_with_vv(colorize):
    spoil("in/0.jpg")
    assert "Traceback" not in colorize("in/0.jpg", "-v")[2]
    assert "Traceback" in colorize("in/0.jpg", "-v", "-v")[2]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (["colorise"], "did you mean colorize?"),
        (["colorize", "in", "--strenght", "1"], "did you mean --strength?"),
        (["docter"], "did you mean doctor?"),
    ],
)
def test_mistyped_words_get_a_suggestion(capfd, typed, meant):
    assert main(typed) == 2
    assert meant in capfd.readouterr().err
