"""Hints as people write them, against Pillow's own table of CSS colors."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import ImageColor

from rechroma.colorizer import Hint, parse_hint, read_hints
from rechroma.errors import UsageError


@pytest.mark.parametrize("name", ["brown", "RebeccaPurple", "#fff", "#A1b", "#12ab9F"])
def test_colors_by_name_and_in_short(name):
    hint = parse_hint(f"3, 4.5, {name}")
    assert ImageColor.getrgb(hint.color) == ImageColor.getrgb(name)
    assert len(hint.color) == 7


@pytest.mark.parametrize("color", ["", "nocolor", "#12", "#12345", "rgb", "#gggggg", None, 5])
def test_what_is_no_color_is_one_clear_error(color):
    with pytest.raises(UsageError, match="the hint's color"):
        Hint(1, 2, color)


@pytest.mark.parametrize("x", ["3", None, True, float("nan"), -1])
def test_what_is_no_place_is_one_clear_error(x):
    with pytest.raises(UsageError, match="a hint at"):
        Hint(x, 2, "red")


@pytest.mark.parametrize("reach", ["here", "thing", "alike"])
def test_a_hint_says_how_far_it_goes(reach, tmp_path):
    assert parse_hint(f"1,2,red,{reach}").reach == reach
    file = tmp_path / "hints.json"
    file.write_text(f'[{{"x": 1, "y": 2, "color": "red", "reach": "{reach}"}}]', encoding="utf-8")
    assert read_hints(file) == [Hint(1, 2, "red", reach)]


@pytest.mark.parametrize("text", ["1,2,red,there", "1,2,red,", "1,2,red,here,now"])
def test_what_is_no_reach_is_one_clear_error(text):
    with pytest.raises(UsageError) as error:
        parse_hint(text)
    assert "here, thing, alike" in error.value.mend


def test_numbers_of_numpy_are_numbers():
    assert Hint(np.int64(3), np.float32(4), "red") == Hint(3, 4, "red")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("nowhere.json", "No such file or directory"),
        ("x" * 300, "File name too long"),
        ("", "Is a directory"),
    ],
)
def test_hints_that_can_not_be_opened(tmp_path, name, reason):
    """No number of an error, and the name once."""
    with pytest.raises(UsageError) as caught:
        read_hints(tmp_path / name)
    assert str(caught.value) == f"{tmp_path / name}: can't be read: {reason}: check the path"
