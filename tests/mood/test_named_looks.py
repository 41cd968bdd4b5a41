"""The looks of the package: plausible, without breaks, and found by name."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from skimage.color import lab2rgb, rgb2lab

import rechroma
from rechroma.cli import main
from rechroma.errors import LookError
from rechroma.mood import Look
from rechroma.mood.grade import Grade, Turn
from rechroma.mood.named_looks import NAMED_LOOKS, named_look

# Of light and dark skin, measured on faces of photographs: Fitzpatrick I to VI, L, a, b.
SKIN = [(78, 10, 17), (68, 13, 20), (60, 14, 22), (50, 14, 23), (40, 13, 19), (30, 10, 13)]
# These take most of the color away, or all light is of one color.
TINTED = {"moonlight", "bleached"}


@pytest.fixture(autouse=True)
def library(tmp_path, monkeypatch):
    monkeypatch.setenv("RECHROMA_LOOKS", str(tmp_path / "library"))


def seen(name, rgb):
    """CIELAB, by scikit-image, of sRGB colors with a look."""
    samples = np.ascontiguousarray(np.atleast_3d(rgb).reshape(1, -1, 3), np.float32)
    return rgb2lab(named_look(name).change(samples))[0]


def test_there_is_a_dozen_and_each_is_described():
    assert len(NAMED_LOOKS) >= 12
    assert list(NAMED_LOOKS) == sorted(NAMED_LOOKS)
    for each in NAMED_LOOKS.values():
        assert 20 < len(each.description) < 110
        assert each.description.endswith(".")


@pytest.mark.parametrize("name", NAMED_LOOKS)
def test_grays_get_brighter_without_a_break(name):
    light = seen(name, np.repeat(np.linspace(0, 1, 256)[:, None], 3, 1))[:, 0]
    assert np.diff(light).min() > 0.02
    assert np.diff(light).max() < 0.9
    assert light[-1] - light[0] > 50


@pytest.mark.parametrize("name", NAMED_LOOKS)
def test_a_ramp_of_any_hue_has_no_bands(name):
    """One step of 1/255 never jumps."""
    ends = np.random.default_rng(0).random((60, 2, 3))
    share = np.linspace(0, 1, 256)[:, None]
    for first, last in ends:
        lab = seen(name, first + share * (last - first))
        steps = np.linalg.norm(np.diff(lab, axis=0), axis=1)
        assert steps.max() < 1.5


@pytest.mark.parametrize("name", sorted(NAMED_LOOKS.keys() - TINTED))
def test_skin_stays_skin(name):
    before = np.array(SKIN, float)
    after = seen(name, lab2rgb(before[None])[0])
    hue = np.degrees(np.arctan2(after[:, 2], after[:, 1]))
    assert hue.min() > 15
    assert hue.max() < 85
    assert np.diff(after[:, 0]).max() < 0


@pytest.mark.parametrize("name", NAMED_LOOKS)
def test_hardly_any_color_is_clipped(name):
    """Of colors inside of sRGB's cube next to none ends on its border."""
    rgb = 0.1 + 0.8 * np.random.default_rng(0).random((1, 4000, 3)).astype(np.float32)
    made = named_look(name).change(rgb)
    assert ((made <= 0) | (made >= 1)).any(axis=-1).mean() < 0.02


def test_they_differ():
    rgb = np.random.default_rng(0).random((200, 3))
    looks = {name: seen(name, rgb) for name in NAMED_LOOKS}
    names = list(looks)
    for i, one in enumerate(names):
        for other in names[:i]:
            assert np.linalg.norm(looks[one] - looks[other], axis=1).mean() > 4, (one, other)


def test_a_grade_of_nothing_changes_nothing():
    lab = np.random.default_rng(0).random((50, 3)) * [100, 120, 120] - [0, 60, 60]
    np.testing.assert_allclose(Grade()(lab), lab, atol=1e-6)


def test_a_turn_turns_its_hue_alone():
    red, blue = [50, 60, 0], [50, 0, -60]
    turned = Grade(turns=(Turn(0, 15, 90, 2.0, 10),))(np.array([red, blue], float))
    np.testing.assert_allclose(turned[0], [60, 0, 120], atol=4)
    np.testing.assert_allclose(turned[1], blue, atol=1e-4)


def test_the_table_is_the_grade():
    photo = rechroma.read(np.random.default_rng(0).random((20, 30, 3)).astype(np.float32))
    look = Look.load("cinema-teal")
    off = np.abs(look.apply(photo).samples - look.apply(photo, exact=True).samples)
    assert off.mean() < 0.002
    assert off.max() < 0.06


def test_by_name_and_the_users_own_before(tmp_path):
    photo = rechroma.read(np.random.default_rng(0).random((20, 30, 3)).astype(np.float32))
    winter = Look.load("winter").apply(photo).samples
    assert Look.load("winter").save(tmp_path / "w.cube").exists()
    np.testing.assert_allclose(
        Look.load(tmp_path / "w.cube").apply(photo).samples, winter, atol=1e-5
    )
    Look.load("moonlight").save("winter")
    assert np.abs(Look.load("winter").apply(photo).samples - winter).max() > 0.1
    with pytest.raises(LookError, match="there is no look 'spring'"):
        Look.load("spring")


def test_they_are_listed_beside_the_saved_ones(capsys):
    Look.load("winter").save("mine")
    assert main(["look", "list"]) == 0
    lines = dict(line.split("\t") for line in capsys.readouterr().out.splitlines())
    assert lines.keys() == {*NAMED_LOOKS, "mine"}
    assert lines["winter"] == NAMED_LOOKS["winter"].description
    assert lines["mine"].endswith("mine.cube")


def test_in_colorize_and_what_is_kept_is_kept(tmp_path, model, monkeypatch):
    monkeypatch.chdir(tmp_path)
    gray = np.random.default_rng(0).integers(40, 200, (32, 48), dtype=np.uint8)
    Image.fromarray(gray).save("gray.png")
    mask = np.zeros((32, 48), np.uint8)
    mask[:, :20] = 255
    Image.fromarray(mask).save("mask.png")
    assert main(["colorize", "--model", model, "gray.png", "-o", "new.png", "--look", "winter",
                 "--mask", "mask.png=keep"]) == 0  # fmt: skip
    new = np.asarray(Image.open("new.png"))
    np.testing.assert_array_equal(new[:, :20], np.repeat(gray[:, :20, None], 3, 2))
    wanted = Look.load("winter").apply(rechroma.colorize("gray.png", model=model)).to_uint8()
    np.testing.assert_allclose(new[:, 20:].astype(int), wanted[:, 20:], atol=1)
    keep = [rechroma.Mask(mask, keep=True)]
    again = rechroma.colorize("gray.png", model=model, masks=keep, look="winter").to_uint8()
    np.testing.assert_array_equal(again, new)
    assert main(["colorize", "--model", model, "gray.png", "-o", "3.png", "--look", "no"]) == 3
