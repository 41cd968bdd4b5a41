"""The model inside the package: that it is there, keeps its card, and colors real photographs."""

from __future__ import annotations

import numpy as np
import pytest
from skimage import data

from rechroma.color import in_gamut, lightness, rgb_to_lab
from rechroma.colorizer import DEFAULT_MODEL, MODELS, Colorizer, find_model, load_card
from rechroma.photo import read


@pytest.fixture(scope="module")
def colorizer():
    return Colorizer()


@pytest.mark.parametrize("name", MODELS)
def test_every_registered_model_is_there(name):
    assert load_card(name).name == name
    assert find_model(name).stat().st_size <= 12e6


def test_default_is_the_default():
    assert load_card("default") == load_card(DEFAULT_MODEL)


@pytest.mark.parametrize("picture", [data.astronaut, data.chelsea, data.coffee])
def test_photographs_get_color_and_keep_their_lightness(colorizer, picture):
    photo = read(picture())
    result = colorizer.colorize(photo)
    lab = rgb_to_lab(result.pixels.astype(np.float64))
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    assert 3 < chroma.mean() < 60
    assert np.abs(lab[..., 0] - lightness(photo.pixels)).max() < 0.05
    assert in_gamut(lab).mean() > 0.999


def test_colors_fit_the_photograph_better_than_gray(colorizer):
    """Weak on purpose: the scores on many pictures stand in the model's card."""
    errors = {"color": 0.0, "gray": 0.0}
    for picture in (data.astronaut, data.chelsea, data.coffee, data.rocket):
        truth = rgb_to_lab(read(picture()).pixels)[..., 1:]
        found = rgb_to_lab(colorizer.colorize(read(picture())).pixels)[..., 1:]
        errors["color"] += np.abs(found - truth).mean()
        errors["gray"] += np.abs(truth).mean()
    assert errors["color"] < errors["gray"]


def test_the_same_picture_gives_the_same_colors(colorizer):
    picture = data.camera()
    first, second = (colorizer.colorize(picture).pixels for _ in range(2))
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("shape", [(1, 1), (1, 5000), (30_000, 200)])
@pytest.mark.parametrize("level", [0, 255])
def test_black_and_white_stay_in_any_shape(colorizer, shape, level):
    result = colorizer.colorize(np.full(shape, level, np.uint8))
    assert np.abs(result.pixels - level / 255).max() < 1 / 255
