"""`rechroma colorize --mask`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.usefixtures("album")


@pytest.fixture(autouse=True)
def left(album):  # noqa: ARG001 (the current folder)
    """left.png: the left half."""
    mask = np.zeros((32, 48), np.uint8)
    mask[:, :24] = 255
    Image.fromarray(mask).save("left.png")


def samples(path):
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB")).astype(int)


def test_what_is_kept_and_what_is_gray(colorize):
    plain = samples("in/0.jpg")
    colorize("in/0.jpg", "-o", "plain.png")
    for what in ("keep", "gray", "strength:0"):
        code, _, err = colorize("in/0.jpg", "-o", "new.png", "--overwrite", "--mask",
                                f"left.png={what}")  # fmt: skip
        assert code == 0, err
        new = samples("new.png")
        assert abs(new - plain)[:, :24].max() <= (0 if what == "keep" else 1)
        np.testing.assert_array_equal(new[:, 24:], samples("plain.png")[:, 24:])
        assert np.ptp(new[:, 24:], axis=2).min() > 20


def test_from_a_file(colorize):
    Path("told").mkdir()
    Path("left.png").rename("told/left.png")
    Path("told/0.json").write_text(json.dumps([{"mask": "left.png", "keep": True}]))
    code, _, err = colorize("in/0.jpg", "-o", "new.png", "--hints", "told/0.json")
    assert code == 0, err
    np.testing.assert_array_equal(samples("new.png")[:, :24], samples("in/0.jpg")[:, :24])


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["in/0.jpg", "-o", "new.png", "--mask", "left.png"], 2, "the mask 'left.png' can't be"),
        (["in/0.jpg", "-o", "new.png", "--mask", "no.png=keep"], 3, "no.png: no such file"),
        (["in/0.jpg", "-o", "new.png", "--hints", "no.json"], 3, "no.json: can't be read"),
        (["in/0.jpg", "-o", "new.png", "--mask", "dot.png=keep"], 2, "does not fit"),
        (["in/0.jpg", "-o", "new.png", "--mask", "left.png=red"], 2, "tint"),
        (["in/0.jpg", "-o", "left.png", "--overwrite", "--mask", "left.png=keep"], 2, "left.png"),
        (["in", "-o", "out", "--mask", "left.png=keep"], 2, "--mask is about one picture"),
        (["in/0.jpg", "-o", "new.png", "--mask", "thin.png=keep"], 2, "does not fit"),
    ],
)
def test_what_can_not_be(colorize, arguments, code, words):
    Image.new("L", (48, 3), 255).save("thin.png")
    Image.new("L", (1, 1), 255).save("dot.png")
    found, _, err = colorize(*arguments)
    assert found == code, err
    assert words in err
    assert len(err.splitlines()) <= 2
