"""Gray JPEGs keep their gray on the command line, and `rechroma original` gives them back."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rechroma.cli import main

pytestmark = pytest.mark.usefixtures("album")


@pytest.fixture
def original(capfd):
    """Call `rechroma original …`: (exit code, objects on stdout, stderr)."""

    def call(*arguments):
        capfd.readouterr()
        code = main(["original", *arguments])
        out, err = capfd.readouterr()
        return code, [json.loads(line) for line in out.splitlines()], err

    return call


def told(out):
    return [json.loads(line).get("gray") for line in out.splitlines()[:-1]]


def luma(path):
    with Image.open(path) as picture:
        picture.draft("L", picture.size)
        return np.asarray(picture)


def test_a_gray_jpeg_keeps_its_gray_unless_something_else_is_asked_for(colorize):
    for options, said in [
        ([], "copied"),
        (["--strength", "0.5", "--strip-gps", "--no-mark"], "copied"),
        (["--quality", "95"], "recompressed"),
        (["--recompress"], "recompressed"),
    ]:
        code, out, _ = colorize("in/0.jpg", "-o", "new.jpg", "--json", "--overwrite", *options)
        assert (code, told(out)) == (0, [said])
    assert told(colorize("in/0.jpg", "-o", "new.png", "--json")[1]) == [None]
    Image.fromarray(luma("in/0.jpg")).save("gray.png")
    assert told(colorize("gray.png", "-o", "of-png.jpg", "--json")[1]) == [None]


def test_which_way_it_went_is_told_to_people_who_ask(colorize):
    assert "gray copied" not in colorize("in/0.jpg", "-o", "a.jpg")[2]
    assert "done, gray copied: in" in colorize("in/0.jpg", "-o", "b.jpg", "-v")[2]


def test_an_album_is_given_back(colorize, original):
    assert colorize("in", "-o", "new")[0] == 0
    code, said, _ = original("new", "-o", "old/", "--json")
    assert code == 0
    assert {each.get("gray") for each in said[:-1]} == {"original"}
    for path in Path("in").rglob("*.jpg"):
        same = Path("old", path.relative_to("in"))
        assert same.read_bytes() == path.read_bytes()
        with Image.open(Path("new", path.relative_to("in"))) as picture:
            assert picture.mode == "RGB"
    # Once more: what is there is skipped.
    assert original("new", "-o", "old/", "--json")[1][-1]["summary"]["skipped"] == 7


def test_what_is_not_the_very_file_is_said(colorize, original):
    colorize("in/0.jpg", "-o", "stripped.jpg", "--strip-metadata")
    code, said, err = original("stripped.jpg", "-o", "gray.jpg", "--json")
    assert (code, said[0]["gray"]) == (0, "copied")
    assert "not the very file: it has no record of a gray file" in err
    np.testing.assert_array_equal(luma("gray.jpg"), luma("in/0.jpg"))
    colorize("in/0.jpg", "-o", "new.jpg")
    with Image.open("new.jpg") as picture:
        picture.save("changed.jpg", quality=90)
    assert original("changed.jpg", "-o", "again.jpg", "--json")[1][0]["gray"] == "recompressed"


def test_what_has_no_gray_to_give_back_is_an_error_and_stops_no_other(colorize, original):
    colorize("in/0.jpg", "-o", "all/a.jpg")
    Image.new("RGB", (8, 8)).save("all/b.png")
    Image.new("L", (8, 8)).save("all/c.jpg")
    code, said, err = original("all", "-o", "old/", "--json")
    assert code == 1
    assert said[-1]["summary"]["done"] == 1
    assert said[-1]["summary"]["failed"] == 2
    assert "no JPEG" in err
    assert "it is in gray" in err
    assert original("all/c.jpg", "-o", "x.jpg")[0] == 3


def test_results_go_beside_the_inputs_and_through_pipes(colorize, original):
    colorize("in/0.jpg", "-o", "new.jpg")
    assert original("new.jpg")[0] == 0
    assert Path("new.gray.jpg").read_bytes() == Path("in/0.jpg").read_bytes()
    call = [sys.executable, "-m", "rechroma", "original", "-"]
    made = subprocess.run(call, input=Path("new.jpg").read_bytes(), capture_output=True, check=True)
    assert made.stdout == Path("in/0.jpg").read_bytes()
    assert original("new.jpg", "-o", "x.jpg", "--dry-run", "--json")[1][0]["status"] == "planned"
    assert not Path("x.jpg").exists()
