"""Hints as people write them, against Pillow's own table of CSS colors."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import ImageColor
from skimage.color import lab2rgb, rgb2lab

from rechroma.colorizer import Hint, parse_hint, read_hints
from rechroma.errors import HintsError, UsageError


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
    with pytest.raises(HintsError) as caught:
        read_hints(tmp_path / name)
    assert str(caught.value) == f"{tmp_path / name}: can't be read: {reason}: check the path"
    assert caught.value.exit_code == 3


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ('{"x": 1, "y": 2, "colour": "red"}', "a hint has no 'colour': use x, y, color, reach"),
        ('{"x": 1, "y": 2}', "its 'color' is missing: write ["),
        ('{"x": 1, "y": "2", "color": "red"}', "its 'y' is \"2\": write a number"),
        ('{"x": true, "y": 2, "color": "red"}', "its 'x' is true: write a number"),
        ('{"x": 1, "y": 2, "color": "redd"}', "the hint's color 'redd' is none: write it as"),
        ('{"mask": "a.png", "strenght": 1}', "a mask has no 'strenght': use mask, color, strength"),
        ('{"mask": "a.png", "keep": "yes"}', "its 'keep' is \"yes\": write true or false"),
        ('{"mask": 3, "keep": true}', "its 'mask' is 3: write text"),
        ('{"mask": "a.png"}', "a mask that says nothing: give one of color"),
        ('"1,2,red"', '"1,2,red" is no hint: write [{'),
    ],
)
def test_the_wrong_key_of_an_entry_is_named(tmp_path, entry, said):
    file = tmp_path / "hints.json"
    file.write_text(f'[{{"x": 1, "y": 2, "color": "red"}}, {entry}]', encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        read_hints(file)
    assert str(caught.value).startswith(f"{file}, hint 2: {said}")
    assert caught.value.exit_code == 2


def test_what_is_no_json_is_named_with_its_line(tmp_path):
    file = tmp_path / "hints.json"
    file.write_text('[{"x": 1,\n "y" 2}]', encoding="utf-8")
    with pytest.raises(HintsError, match="line 2"):
        read_hints(file)


@pytest.mark.parametrize("color", ["navy", "maroon", "#6b4a2f", "gold", "black", "dimgray"])
def test_a_color_is_its_own_where_it_is_as_dark_as_its_place_or_lighter(color):
    hint = Hint(0, 0, color)
    for lightness in (0, rgb2lab([to_rgb(hint.color)])[0, 0] - 1e-3):
        assert hint.chroma_at(lightness) == hint.chroma


@pytest.mark.parametrize("color", ["navy", "maroon", "darkgreen", "purple", "#6b4a2f"])
@pytest.mark.parametrize("lightness", [45, 60, 80, 95])
def test_a_dark_color_on_a_light_place_is_under_a_veil(color, lightness):
    """Linear light, raised by half at most, and white: nothing else."""
    hint = Hint(0, 0, color)
    a, b = hint.chroma_at(lightness)
    assert 3 < np.hypot(a, b) <= np.hypot(*hint.chroma) + 1e-6
    if np.hypot(a, b) > np.hypot(*hint.chroma) - 1e-3:
        return
    shown = linear(lab2rgb([[[lightness, a, b]]])[0, 0])
    own = linear(to_rgb(hint.color))
    veil = np.ptp(shown) / np.ptp(own)
    assert veil <= 1.5 + 1e-3
    np.testing.assert_allclose(shown - shown.min(), (own - own.min()) * veil, atol=4e-3)


def test_navy_on_a_light_place_is_no_bright_blue():
    assert np.hypot(*Hint(0, 0, "navy").chroma) > 75
    assert np.hypot(*Hint(0, 0, "navy").chroma_at(65)) < 35
    assert Hint(0, 0, "black").chroma_at(80) == pytest.approx((0, 0), abs=0.01)


def to_rgb(color):
    return np.array([int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)])


def linear(values):
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
