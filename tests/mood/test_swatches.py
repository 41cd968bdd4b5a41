"""Swatches: what the photographs have in common, pairs of rectangles, and masks."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from skimage import data
from skimage.color import rgb2lab

from rechroma.errors import UsageError
from rechroma.mood import METHODS, Swatch, fit_look, parse_swatch, transfer
from rechroma.mood.correspondence import correspondence
from rechroma.mood.features import features_of
from rechroma.mood.methods.swatches import fit_swatches
from rechroma.mood.palette import natural_palette, palette_of
from rechroma.photo import read

SKY, SAND = (90, 150, 230), (200, 170, 120)
DUSK, ROCK = (230, 130, 90), (90, 60, 80)


def scene(above, below, horizon, seed):
    """A 120 × 160 picture of two colors with a little noise, the upper in `horizon` rows."""
    pixels = np.empty((120, 160, 3))
    pixels[:horizon], pixels[horizon:] = above, below
    noise = np.random.default_rng(seed).normal(0, 4, pixels.shape)
    return np.clip(pixels + noise, 0, 255).astype(np.uint8)


def mean_of(photo, rows):
    return rgb2lab(photo.to_uint8()[rows]).reshape(-1, 3).mean(0)


# The original's failing case: 80 % sky in the source, 10 % in the target.
SOURCE, TARGET = scene(DUSK, ROCK, 96, 0), scene(SKY, SAND, 12, 1)


def regional_error(result):
    wanted = mean_of(read(SOURCE), slice(0, 96)), mean_of(read(SOURCE), slice(96, None))
    # Without the rows at the horizon, where one region passes into the other.
    found = mean_of(result, slice(0, 10)), mean_of(result, slice(14, None))
    return np.linalg.norm(np.subtract(wanted, found), axis=1)


def test_pairs_of_rectangles_where_areas_differ():
    pairs = [Swatch((0, 0, 160, 90), (0, 0, 160, 10)), Swatch((0, 100, 160, 20), (0, 40, 160, 80))]
    result = transfer(SOURCE, TARGET, swatches=pairs)
    assert regional_error(result).max() < 3
    assert regional_error(transfer(SOURCE, TARGET, method="reinhard")).max() > 30


def test_masks_where_areas_differ():
    colors = np.array([[255, 0, 0], [0, 0, 255]], np.uint8)
    masks = (
        colors[(np.arange(120) >= rows).astype(int)][:, None].repeat(160, axis=1)
        for rows in (96, 12)
    )
    result = transfer(SOURCE, TARGET, masks=tuple(masks))
    assert regional_error(result).max() < 3


def test_a_mask_may_be_larger_and_leave_parts_out(warm, cool):
    """The part of the target without a counterpart gets the look of the whole."""
    source_mask = Image.new("RGB", (2 * warm.width, 2 * warm.height), "red")
    target_mask = Image.new("RGB", (cool.width, cool.height), "red")
    target_mask.paste("lime", (cool.width // 2, 0, cool.width, cool.height))
    result = transfer(warm, cool, masks=(source_mask, target_mask))
    whole = transfer(warm, cool).to_uint8().astype(int)
    right = slice(None), slice(cool.width // 2 + 20, None)
    left = slice(None), slice(0, cool.width // 2 - 20)
    assert np.abs(result.to_uint8()[right] - whole[right]).max() <= 2
    assert np.abs(result.to_uint8()[left] - whole[left]).mean() > 1


def test_a_blurred_border_between_masks_makes_no_seam():
    """Across the mask's border, where the photo itself is flat, colors pass smoothly."""
    flat = scene((120, 120, 120), (120, 120, 120), 60, 3)
    flat[..., 0] += 9
    mask = Image.new("RGB", (160, 120), "red")
    mask.paste("blue", (80, 0, 160, 120))
    source = scene((220, 90, 60), (60, 90, 220), 60, 4)
    source_mask = Image.new("RGB", (160, 120), "red")
    source_mask.paste("blue", (0, 60, 160, 120))
    result = transfer(source, flat, masks=(source_mask, mask)).pixels.mean(axis=0)
    steps = np.abs(np.diff(result, axis=0)).max(axis=1)
    assert np.abs(result[0] - result[-1]).max() > 0.2
    assert steps.max() < 0.35 * np.abs(result[0] - result[-1]).max()


@pytest.mark.parametrize(
    ("masks", "words"),
    [
        ((np.zeros((120, 90, 3)), np.zeros((120, 160, 3))), "a mask of 90×120 does not fit"),
        ((np.zeros((120, 160, 3)), np.ones((120, 160, 3))), "no color in common"),
        ((np.random.default_rng(0).random((120, 160, 3)), np.zeros((120, 160, 3))), "not a mask"),
    ],
)
def test_wrong_masks(masks, words):
    pictures = tuple((mask * 255).astype(np.uint8) for mask in masks)
    with pytest.raises(UsageError, match=words):
        transfer(SOURCE, TARGET, masks=pictures)


@pytest.mark.parametrize(
    "text", ["", "1,2,3,4", "1,2,3,4:5,6,7", "a,2,3,4:1,2,3,4", "-1,0,2,2:0,0,2,2"]
)
def test_what_is_no_pair_of_swatches(text):
    with pytest.raises(UsageError, match="no pair of swatches"):
        parse_swatch(text)


def test_a_pair_is_read():
    assert parse_swatch("1,2,30,40:5, 6,7,8") == Swatch((1, 2, 30, 40), (5, 6, 7, 8))


@pytest.mark.parametrize("box", [(0, 0, 0, 5), (150, 0, 20, 5), (0, 119, 5, 2)])
def test_rectangles_outside_of_the_picture(box):
    with pytest.raises(UsageError, match="is not inside of the target"):
        transfer(SOURCE, TARGET, swatches=[Swatch((0, 0, 5, 5), box)])


@pytest.mark.parametrize(
    "arguments",
    [
        {"swatches": [Swatch((0, 0, 5, 5), (0, 0, 5, 5))], "method": "mkl"},
        {"swatches": [Swatch((0, 0, 5, 5), (0, 0, 5, 5))], "regions": 3},
        {"regions": 3, "method": "mkl"},
        {"regions": 9},
        {"regions": 1},
    ],
)
def test_options_that_do_not_go_together(arguments):
    with pytest.raises(UsageError):
        transfer(SOURCE, TARGET, **arguments)


def test_two_halves_of_one_photograph_are_alike_and_others_are_not(cool):
    cat = data.chelsea()
    left, right = read(cat[:, :225]), read(cat[:, 225:])
    alike = correspondence(palette_of(left), palette_of(right)).trust
    assert alike > 0.5
    assert correspondence(palette_of(left), palette_of(cool)).trust < 0.5 * alike
    assert correspondence(palette_of(left), natural_palette()).trust == 0


def test_weights_are_those_of_a_distribution(warm, cool):
    common = correspondence(palette_of(warm), palette_of(cool))
    for weights in (common.source, common.target):
        assert weights.min() >= 0
        np.testing.assert_allclose(weights.sum(), 1, atol=1e-3)


def test_like_counts_with_like():
    """A picture against itself with noise beside it: the noise has no counterpart."""
    noise = np.random.default_rng(0).integers(0, 256, (400, 600, 3), dtype=np.uint8)
    cat = np.asarray(Image.fromarray(data.chelsea()).resize((600, 400)))
    mixed = palette_of(read(np.concatenate([cat, noise], axis=1)))
    weights = correspondence(palette_of(read(cat)), mixed).target
    content = features_of(mixed)
    assert content is not None
    columns = mixed.views[0].pixels % mixed.views[0].lab.shape[1]
    in_cat = columns < mixed.views[0].lab.shape[1] // 2
    assert weights[in_cat].sum() > 0.6


def test_the_grade_of_another_half_is_told_better_than_by_statistics():
    """Two crops of one photograph; one is graded, and the other shall become so."""
    astronaut = data.astronaut().astype(float) / 255
    left, right = astronaut[:, :250], astronaut[:, 262:]

    def grade(rgb):
        return np.clip(rgb**1.2 * [1.05, 0.95, 0.8], 0, 1)

    source, target = (read((x * 255).astype(np.uint8)) for x in (grade(left), right))
    wanted = grade(right)

    def error(method):
        return np.square(transfer(source, target, method=method).pixels - wanted).mean()

    assert error("swatches") < 0.8 * min(error("reinhard"), error("mkl"))


@pytest.mark.parametrize("regions", [2, 5, 8, None])
def test_any_number_of_regions_stays_smooth(regions, warm, cool):
    """Between regions the map is hardly steeper than the linear map that it starts with."""
    target = palette_of(cool)
    color_map = fit_swatches(palette_of(warm), target, regions)
    lab = target.lab[::29]
    step = np.random.default_rng(0).normal(size=lab.shape)
    step *= 2 / np.linalg.norm(step, axis=1, keepdims=True)

    def slope(function):
        return np.quantile(np.linalg.norm(function(lab + step) - function(lab), axis=1) / 2, 0.99)

    assert slope(color_map) < 1.6 * slope(color_map.start) + 0.5


def test_the_number_of_regions_reaches_the_map(warm, cool):
    look = fit_look(warm, cool, regions=3)
    assert len(look.color_map.scales) == 3
    assert METHODS["swatches"] is fit_swatches
