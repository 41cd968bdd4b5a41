"""Chroma stops at edges, and where L says nothing it is plain bilinear."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter, map_coordinates
from skimage import data
from skimage.metrics import peak_signal_noise_ratio
from skimage.transform import resize_local_mean

from rechroma.color import lab_to_rgb, rgb_to_lab
from rechroma.colorizer.guided import MARGIN, GuidedPlanes


def enlarge(chroma, guide, own, extent=None):
    extent = extent or (float(guide.shape[0]), float(guide.shape[1]))
    as_float32 = [np.ascontiguousarray(values, dtype=np.float32) for values in (chroma, guide, own)]
    return GuidedPlanes(*as_float32[:2], own.shape, extent).rows(0, as_float32[2])


def bilinear(chroma, shape, extent=None):
    """The oracle: SciPy's linear interpolation, cell centers at half-integers."""
    extent = extent or chroma.shape[1:]
    axes = [(np.arange(n) + 0.5) * (e / n) - 0.5 for n, e in zip(shape, extent, strict=True)]
    where = np.meshgrid(*axes, indexing="ij")
    return np.stack([map_coordinates(plane, where, order=1, mode="nearest") for plane in chroma])


def means(plane, shape):
    return resize_local_mean(plane, shape, preserve_range=True)


def two_colors(width, cells, edge, levels=(40, 65), colors=((50, -20), (-30, 40))):
    """A picture of two flat halves with its edge before column `edge`: chroma, guide, L, truth."""
    right = np.arange(width) >= edge
    own = np.where(right, levels[1], levels[0]).astype(float)
    truth = np.where(right, *(np.array(colors[i])[:, None] for i in (1, 0)))
    covered = [means(line[None], (1, cells))[0] for line in (own, *truth)]
    tall = [np.repeat(line[None], 8, axis=0) for line in covered]
    return np.stack(tall[1:]), tall[0], np.repeat(own[None], 40, axis=0), truth


@pytest.mark.parametrize("cells", [64, 96])
@pytest.mark.parametrize("edge", [1990, 2000, 2013, 2041])
@pytest.mark.parametrize("levels", [(40, 65), (70, 45), (20, 95)])
def test_color_stops_within_three_pixels_of_an_edge(cells, edge, levels):
    chroma, guide, own, truth = two_colors(4000, cells, edge, levels)
    found = enlarge(chroma, guide, own)[:, 20]
    step = np.linalg.norm(truth[:, 0] - truth[:, -1])
    error = np.linalg.norm(found - truth, axis=0) / step
    far = np.abs(np.arange(4000) + 0.5 - edge) > 3
    assert error[far].max() < 0.05
    # The test can fail: bilinear bleeds over a whole cell.
    blurred = bilinear(chroma, own.shape)[:, 20]
    assert (np.linalg.norm(blurred - truth, axis=0) / step)[far].max() > 0.3


def test_no_halo_beside_an_edge():
    chroma, guide, own, truth = two_colors(4000, 64, 2013)
    found = enlarge(chroma, guide, own)
    low, high = truth.min(axis=1), truth.max(axis=1)
    over = np.maximum(found - high[:, None, None], low[:, None, None] - found)
    assert over.max() < 0.02


@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 12),
    st.integers(1, 12),
    st.integers(1, 50),
    st.integers(1, 50),
)
def test_a_flat_picture_gives_bilinear(seed, h, w, height, width):
    rng = np.random.default_rng(seed)
    chroma = rng.uniform(-100, 100, (2, h, w))
    extent = (h - rng.uniform(0, 0.9), w - rng.uniform(0, 0.9))
    found = enlarge(chroma, np.full((h, w), 37.0), np.full((height, width), 37.0), extent)
    np.testing.assert_allclose(found, bilinear(chroma, (height, width), extent), atol=1e-3)


def test_texture_does_not_enter_constant_chroma():
    rng = np.random.default_rng(0)
    own = rng.uniform(0, 100, (300, 400))
    found = enlarge(np.full((2, 30, 40), 25.0), means(own, (30, 40)), own)
    np.testing.assert_allclose(found, 25, atol=1e-3)


def test_noise_is_not_amplified():
    """Grain of 4 L over a smooth change of color and tone: the chroma stays smooth."""
    rng = np.random.default_rng(0)
    slope = np.linspace(0, 1, 800)[None] * np.ones((600, 1))
    own = 50 + 5 * slope + rng.normal(0, 4, slope.shape)
    chroma = np.stack([means(40 * slope, (48, 64)), means(-30 * slope, (48, 64))])
    found = enlarge(chroma, means(own, (48, 64)), own)
    assert (found - bilinear(chroma, own.shape)).std() < 0.4


def test_an_edge_without_contrast_degrades_to_bilinear():
    chroma, guide, own, _ = two_colors(4000, 64, 2013, levels=(50, 50.3))
    difference = enlarge(chroma, guide, own) - bilinear(chroma, own.shape)
    assert np.abs(difference).max() < 2


def test_a_line_that_no_cell_has_seen_keeps_the_chroma_around():
    """Black writing, finer than a cell, on an edge between two colors."""
    chroma, guide, own, truth = two_colors(4000, 64, 2013)
    own[10:12] = 0
    found = enlarge(chroma, guide, own)
    low, high = truth.min(axis=1)[:, None, None], truth.max(axis=1)[:, None, None]
    # A line through both sides would go on to 1.6 times the step.
    over = np.maximum(found - high, low - found) / (high - low)
    assert over.max() < 1.1 * MARGIN


@pytest.mark.parametrize("name", ["astronaut", "coffee", "chelsea", "rocket"])
@pytest.mark.parametrize(("blur", "gain"), [(0, 0.3), (1, 0.3)])
def test_better_than_bilinear_on_photographs(name, blur, gain):
    """The truth's chroma at a quarter of 256 px, and the same as blurred as a network gives it."""
    rgb = getattr(data, name)() / 255
    lab = rgb_to_lab(rgb)
    height, width = rgb.shape[:2]
    scale = 64 / min(height, width)
    cells = round(height * scale), round(width * scale)
    own, chroma = lab[..., 0], [means(lab[..., channel], cells) for channel in (1, 2)]
    chroma = np.stack([gaussian_filter(plane, blur) for plane in chroma])

    def score(planes):
        picture = np.clip(lab_to_rgb(np.stack([own, *planes], axis=-1)), 0, 1)
        return peak_signal_noise_ratio(rgb, picture, data_range=1)

    guided = score(enlarge(chroma, means(own, cells), own))
    assert guided > score(bilinear(chroma, own.shape)) + gain


def test_strips_are_the_same_as_the_whole():
    rng = np.random.default_rng(0)
    own = rng.uniform(0, 100, (101, 60)).astype(np.float32)
    chroma = rng.uniform(-80, 80, (2, 9, 7)).astype(np.float32)
    guided = GuidedPlanes(chroma, means(own, (9, 7)).astype(np.float32), own.shape, (8.4, 6.7))
    strips = [guided.rows(start, own[start : start + 10]) for start in range(0, 101, 10)]
    np.testing.assert_array_equal(np.concatenate(strips, axis=1), guided.rows(0, own))
