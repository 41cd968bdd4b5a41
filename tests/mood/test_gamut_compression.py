"""What a map's results go through before they are shown."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.color import rgb2lab

from rechroma.mood.gamut_compression import compress_mapped_rgb
from rechroma.mood.methods.linear import Affine

GRID = np.stack(np.meshgrid(*[np.linspace(0, 1, 12)] * 3, indexing="ij"), axis=-1)


def affine(factor=(1, 1, 1), shift=(0, 0, 0)):
    return Affine(np.diag(np.asarray(factor, float)), np.zeros(3), np.asarray(shift, float))


def finished(color_map, strength=1.0, luminance="match", rgb=GRID):
    return compress_mapped_rgb(rgb, color_map, strength=strength, luminance=luminance)


def test_a_map_that_changes_nothing_changes_nothing():
    """Not even colors at the very border of sRGB."""
    np.testing.assert_allclose(finished(affine()), GRID, atol=1e-4)


def test_strength_nought_changes_nothing():
    np.testing.assert_allclose(finished(affine((0.5, 2, -1), (30, 4, 4)), 0), GRID, atol=1e-4)


def test_inside_of_the_gamut_the_map_is_what_is_seen():
    rgb = 0.4 + 0.2 * GRID
    lab = rgb2lab(rgb)
    found = rgb2lab(finished(affine((1, 1, 1), (3, 2, -2)), rgb=rgb))
    np.testing.assert_allclose(found, lab + np.array([3, 2, -2]), atol=0.05)


def test_keeping_lightness():
    found = finished(affine((0.5, 1.3, 1.3), (20, 10, 0)), luminance="keep")
    np.testing.assert_allclose(rgb2lab(found)[..., 0], rgb2lab(GRID)[..., 0], atol=0.15)


def test_beyond_the_gamut_hue_stays_and_nothing_is_clipped():
    rgb = 0.2 + 0.6 * GRID
    found = finished(affine((1, 3, 3)), rgb=rgb)
    lab, before = rgb2lab(found), rgb2lab(rgb)
    colored = np.hypot(before[..., 1], before[..., 2]) > 8
    turn = np.arctan2(lab[..., 2], lab[..., 1]) - np.arctan2(before[..., 2], before[..., 1])
    assert np.abs(np.degrees((turn + np.pi) % (2 * np.pi) - np.pi))[colored].max() < 1.0
    # Clipping would leave many channels at exactly 0 or 1.
    assert ((found <= 0) | (found >= 1)).mean() < 0.01


def test_lightness_beyond_white_and_black_is_bent_not_cut():
    ramp = np.repeat(np.linspace(0.3, 0.9, 50)[:, None], 3, axis=1)
    bright = rgb2lab(finished(affine((1, 1, 1), (30, 0, 0)), rgb=ramp))[:, 0]
    assert bright.max() <= 100.01
    assert (np.diff(bright) > 0).all()
    dark = rgb2lab(finished(affine((1, 1, 1), (-60, 0, 0)), rgb=ramp))[:, 0]
    assert (np.diff(dark) >= 0).all()
    assert dark.min() >= -0.01


@given(
    st.lists(st.floats(-4, 4), min_size=3, max_size=3),
    st.lists(st.floats(-150, 150), min_size=3, max_size=3),
    st.floats(0, 1),
    st.sampled_from(["match", "keep"]),
)
def test_every_map_gives_colors_that_can_be_shown(factor, shift, strength, luminance):
    found = finished(affine(factor, shift), strength, luminance, rgb=GRID[::4, ::4, ::4])
    assert np.isfinite(found).all()
    assert found.min() >= 0
    assert found.max() <= 1


@pytest.mark.parametrize("luminance", ["match", "keep"])
def test_half_of_the_strength_lies_between(luminance):
    rgb = 0.4 + 0.2 * GRID
    color_map = affine((1.1, 1.2, 0.9), (2, 5, -5))
    none, half, whole = (rgb2lab(finished(color_map, s, luminance, rgb)) for s in (0, 0.5, 1))
    np.testing.assert_allclose(half, (none + whole) / 2, atol=0.3)
