"""Each method does what its paper says, and something sensible where the paper says nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import sqrtm
from scipy.stats import wasserstein_distance
from skimage.color import rgb2lab

from rechroma.mood.methods import DEFAULT_METHOD, METHODS
from rechroma.mood.palette import Palette, natural_palette, palette_of, pooled
from rechroma.photo import read

FLAT = Palette(np.tile([50.0, 0.0, 0.0], (100, 1)))
BLACK = Palette(np.zeros((100, 3)))
ONE = Palette(np.array([[70.0, 20.0, -10.0]]))


def test_reinhard_is_the_formula(palettes):
    source, target = (p.lab for p in palettes)
    wanted = (target - target.mean(0)) / target.std(0) * source.std(0) + source.mean(0)
    found = METHODS["reinhard"](*palettes)(target)
    np.testing.assert_allclose(found, wanted, atol=0.3)


@pytest.mark.filterwarnings("ignore:Conversion from CIE-LAB")
def test_reinhard_of_the_paper_matches_moments_in_its_own_space(warm, cool):
    """lαβ computed here once more, step by step, from linear sRGB."""

    def log_lms(rgb):
        linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
        red, green, blue = linear[..., 0], linear[..., 1], linear[..., 2]
        lms = [
            0.3811 * red + 0.5783 * green + 0.0402 * blue,
            0.1967 * red + 0.7244 * green + 0.0782 * blue,
            0.0241 * red + 0.1288 * green + 0.8444 * blue,
        ]
        long, middle, short = (np.log10(np.maximum(each, 1e-4)) for each in lms)
        return np.stack([
            (long + middle + short) / np.sqrt(3),
            (long + middle - 2 * short) / np.sqrt(6),
            (long - middle) / np.sqrt(2),
        ], axis=-1)  # fmt: skip

    from skimage.color import lab2rgb

    source, target = palette_of(warm), palette_of(cool)
    mapped = METHODS["reinhard-paper"](source, target)(target.lab)
    inside = (mapped[:, 0] > 5) & (mapped[:, 0] < 95)
    wanted_space = log_lms(lab2rgb(source.lab))
    start = log_lms(lab2rgb(target.lab))
    ratio = np.clip(wanted_space.std(0) / start.std(0), 1 / 3, 3)
    wanted = (start - start.mean(0)) * ratio + wanted_space.mean(0)
    found = log_lms(np.clip(lab2rgb(mapped), 0, 1))
    assert inside.mean() > 0.3
    assert np.median(np.abs(found - wanted)[inside]) < 0.02


def test_mkl_matches_mean_and_covariance_and_moves_least(palettes):
    source, target = (p.lab for p in palettes)
    color_map = METHODS["mkl"](*palettes)
    found = color_map(target)
    np.testing.assert_allclose(found.mean(0), source.mean(0), atol=1e-6)
    np.testing.assert_allclose(np.cov(found.T), np.cov(source.T), rtol=0.1, atol=2)
    np.testing.assert_allclose(color_map.matrix, color_map.matrix.T, atol=1e-9)
    assert np.linalg.eigvalsh(color_map.matrix).min() > 0
    # SciPy's matrix square root in the place of ours.
    noise = 0.25 * np.eye(3)
    before, after = np.cov(target.T, ddof=0) + noise, np.cov(source.T, ddof=0) + noise
    root = sqrtm(before).real
    inverse = np.linalg.inv(root)
    wanted = inverse @ sqrtm(root @ after @ root).real @ inverse
    np.testing.assert_allclose(color_map.matrix, wanted, atol=1e-6)


def test_histogram_matches_every_channels_distribution(palettes):
    source, target = (p.lab for p in palettes)
    found = METHODS["histogram"](*palettes)(target)
    for channel in range(3):
        before = wasserstein_distance(source[:, channel], target[:, channel])
        after = wasserstein_distance(source[:, channel], found[:, channel])
        assert after < 0.05 * before


def test_sliced_comes_nearer_than_the_linear_map(warm, cool):
    source, target = palette_of(warm), palette_of(cool)

    def distance(found):
        directions = np.random.default_rng(5).normal(size=(20, 3))
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        return np.mean([wasserstein_distance(source.lab @ d, found @ d) for d in directions])

    linear = distance(METHODS["mkl"](source, target)(target.lab))
    assert distance(METHODS["sliced"](source, target)(target.lab)) < 0.8 * linear


@pytest.mark.parametrize("method", METHODS)
def test_a_photograph_keeps_its_own_mood(method, warm):
    """From a picture to itself every method changes nothing to speak of."""
    palette = palette_of(warm)
    found = METHODS[method](palette, palette)(palette.lab)
    assert np.abs(found - palette.lab).max() < 0.5


@pytest.mark.parametrize("method", METHODS)
def test_the_same_fit_gives_the_same_map(method, palettes):
    maps = [METHODS[method](*palettes) for _ in range(2)]
    np.testing.assert_array_equal(maps[0](palettes[1].lab), maps[1](palettes[1].lab))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("source", [FLAT, BLACK, ONE], ids=["flat", "black", "one pixel"])
@pytest.mark.parametrize("target", [FLAT, BLACK, ONE], ids=["flat", "black", "one pixel"])
def test_pictures_without_variance(method, source, target):
    found = METHODS[method](source, target)(target.lab)
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found.mean(0), source.lab.mean(0), atol=1.5)


@given(data=st.data())
@pytest.mark.parametrize("method", METHODS)
def test_finite_for_every_finite_color(method, data):
    numbers = st.floats(-130, 130, width=32)
    clouds = [
        data.draw(st.lists(st.tuples(numbers, numbers, numbers), min_size=1, max_size=20))
        for _ in range(2)
    ]
    source, target = (Palette(np.array(cloud, np.float64)) for cloud in clouds)
    grid = rgb2lab(np.random.default_rng(0).random((50, 1, 3)))
    found = METHODS[method](source, target)(grid)
    assert found.shape == grid.shape
    assert np.isfinite(found).all()


def test_the_default_is_one_of_them():
    assert DEFAULT_METHOD in METHODS


def test_the_command_line_offers_them_all():
    from rechroma.cli.transfer import transfer

    (method,) = (each for each in transfer.params if each.name == "method")
    assert list(METHODS) == list(method.type.choices)


def test_the_palette_of_a_large_photograph_is_that_of_its_thumbnail():
    rng = np.random.default_rng(1)
    tiles = np.kron(rng.integers(0, 256, (40, 50, 3)), np.ones((48, 48, 1))).astype(np.uint8)
    large = palette_of(read(tiles)).lab
    plain = rgb2lab(tiles[::48, ::48]).reshape(-1, 3)
    np.testing.assert_allclose(large.mean(0), plain.mean(0), atol=0.6)
    np.testing.assert_allclose(large.std(0), plain.std(0), rtol=0.05)


def test_transparent_pixels_do_not_count():
    pixels = np.zeros((20, 20, 4), np.uint8)
    pixels[:10] = 200, 30, 30, 255
    pixels[10:] = 0, 255, 0, 0
    lab = palette_of(read(pixels)).lab
    assert len(lab) == 200
    assert np.ptp(lab, axis=0).max() < 1e-3


def test_several_sources_count_alike(warm, cool):
    both = pooled([palette_of(warm), palette_of(cool)]).lab
    wanted = np.mean([palette_of(warm).lab.mean(0), palette_of(cool).lab.mean(0)], axis=0)
    np.testing.assert_allclose(both.mean(0), wanted, atol=0.3)


def test_the_natural_palette_has_its_moments():
    lab = natural_palette().lab
    np.testing.assert_allclose(lab.mean(0), [49.0, 1.9, 7.7])
    np.testing.assert_allclose(np.cov(lab.T, ddof=0)[0], [520.4, -18.1, 21.7])
