"""Versions by name, other plausible answers, and the light's temperature."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy.special import softmax
from skimage.color import deltaE_ciede2000, rgb2lab, xyz2lab

from rechroma.color.bins import bin_centers
from rechroma.colorizer import Colorizer, Distribution, Mask
from rechroma.colorizer.colorization import Colorization
from rechroma.errors import UsageError
from rechroma.photo import read

NAMED = ["faithful", "natural", "vivid", "warm", "cool"]
HUES = {"redder", "more-orange", "yellower", "greener", "more-teal", "bluer", "more-purple"}


@pytest.fixture(scope="module")
def photo():
    """A light wall, a dark floor, and a coat."""
    rows, columns = np.mgrid[:160, :240]
    gray = np.where(rows < 110, 190.0, 70.0)
    gray[(abs(columns - 90) < 40) & (rows > 30) & (rows < 140)] = 110
    gray += np.random.default_rng(0).normal(0, 4, gray.shape)
    return read(np.clip(gray, 0, 255).astype(np.uint8))


@pytest.fixture(scope="module")
def work(photo):
    return Colorizer().predict(photo)


@pytest.fixture(scope="module")
def versions(work):
    return work.versions()


def lab(photo):
    return rgb2lab(photo.pixels)


def test_they_have_names(versions):
    names = [version.name for version in versions]
    assert names[:5] == NAMED
    assert 2 <= len(names) - 5 <= 3
    assert set(names[5:]) <= HUES
    assert len(set(names)) == len(names)


def test_plausible_ones_are_apart(versions):
    """Mean CIEDE2000 by scikit-image, at the picture's own size."""
    shown = [lab(version.render()) for version in (versions[1], *versions[5:])]
    for one, other in combinations(shown, 2):
        assert deltaE_ciede2000(one, other).mean() > 5.5


def test_each_is_what_its_name_says(versions, work):
    shown = {version.name: lab(version.render()) for version in versions}
    chroma = {name: np.hypot(each[..., 1], each[..., 2]).mean() for name, each in shown.items()}
    assert chroma["faithful"] < chroma["natural"] < chroma["vivid"]
    blue = {name: each[..., 2].mean() for name, each in shown.items()}
    assert blue["cool"] < blue["natural"] - 2
    assert blue["warm"] > blue["natural"] + 2
    np.testing.assert_array_equal(versions[1].render().samples, work.render().samples)
    own = shown["natural"][..., 0]
    for each in shown.values():
        assert np.abs(each[..., 0] - own).max() < 0.5


def test_the_same_picture_has_the_same_versions(photo, versions):
    again = Colorizer().predict(photo).versions()
    assert [each.name for each in again] == [each.name for each in versions]
    for one, other in zip(again, versions, strict=True):
        np.testing.assert_array_equal(one.render().samples, other.render().samples)


def test_an_answer_is_the_same_for_every_count(photo, work):
    fresh = Colorizer().predict(photo)
    for number in (1, 2):
        wanted = work.answer(number, 4).chroma
        np.testing.assert_array_equal(fresh.answer(number, number).chroma, wanted)
    with pytest.raises(UsageError, match="answer 3 of 2"):
        work.answer(3, 2)


def test_what_masks_say_holds_in_all_of_them(photo):
    mask = np.zeros((160, 240), bool)
    mask[:, :100] = True
    for version in Colorizer().predict(photo, masks=[Mask(mask, keep=True)]).versions():
        made = version.render(bit_depth=8).samples
        np.testing.assert_array_equal(made[mask], photo.samples[mask])


def test_a_push_is_an_exponential_tilt():
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 3, (261, 4, 5)).astype(np.float32)
    push = rng.normal(0, 0.05, (2, 4, 5)).astype(np.float32)
    found = Distribution(logits, 0.38, gain=1.3).pushed(push)
    for row, column in [(0, 0), (3, 2)]:
        tilted = logits[:, row, column] + bin_centers() @ push[:, row, column]
        wanted = 1.3 * softmax(tilted.astype(float) / 0.38) @ bin_centers()
        np.testing.assert_allclose(found[:, row, column], wanted, atol=1e-2)


def test_where_the_network_is_sure_there_are_no_others(photo):
    logits = np.full((261, 40, 60), -40, np.float32)
    logits[120] = 40
    planes = np.tile(bin_centers()[120][:, None, None], (1, 40, 60))
    level = np.full((40, 60), 60, np.float32)
    level[:, 30:] = 40
    sure = Colorization(photo, level, planes, (40, 60), 1, Distribution(logits, 0.38))
    assert [version.name for version in sure.versions()] == NAMED


def test_a_model_of_one_answer(make_model, photo):
    work = Colorizer(make_model(offset=(20, 10))).predict(photo)
    assert [version.name for version in work.versions()] == ["natural", "vivid", "warm", "cool"]


def test_temperature_is_daylights(make_model):
    """Gray in the light of D50, by scikit-image, looks as CIELAB for D65 says."""
    work = Colorizer(make_model()).predict(np.full((64, 64), 119, np.uint8))
    level = rgb2lab(np.full((1, 1, 3), 119, np.uint8))[0, 0, 0]
    light = np.array([0.96422, 1, 0.82521]) * ((level + 16) / 116) ** 3
    wanted = xyz2lab(light[None])[0]
    found = lab(work.render(temperature=1))[32, 32]
    np.testing.assert_allclose(found[1:], wanted[1:], atol=0.5)
    assert abs(found[0] - level) < 0.2
    opposite = lab(work.render(temperature=-1))[32, 32]
    assert opposite[2] < -10
    np.testing.assert_array_equal(work.render(temperature=0).samples, work.render().samples)
    assert np.abs(lab(work.render(temperature=1, strength=0))[..., 1:]).max() < 0.1
    with pytest.raises(UsageError, match=r"temperature 1\.1 is out of range"):
        work.render(temperature=1.1)
