"""Superpixels against SciPy's means, and against borders counted pixel by pixel."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from rechroma.segmentation import find_superpixels


@pytest.fixture(scope="module")
def picture():
    """L and chroma of a noisy picture: a bright disk, not centered, on a dark ground."""
    rng = np.random.default_rng(3)
    rows, columns = np.mgrid[:90, :130]
    disk = (rows - 40) ** 2 + (columns - 50) ** 2 < 30**2
    lightness = np.where(disk, 70, 25) + rng.normal(0, 2, (90, 130))
    return lightness.astype(np.float32), np.zeros((2, 90, 130), np.float32), disk


def test_patches_have_their_own_means(picture):
    lightness, chroma, _ = picture
    patches = find_superpixels(lightness, chroma, count=120)
    numbers = np.arange(len(patches.area))
    assert 80 <= len(numbers) <= 130
    assert patches.area.sum() == lightness.size
    wanted = ndimage.mean(lightness, patches.labels, numbers)
    np.testing.assert_allclose(patches.lightness, wanted, rtol=1e-4)
    wanted = ndimage.standard_deviation(lightness, patches.labels, numbers)
    np.testing.assert_allclose(patches.spread, wanted, atol=0.02)
    wanted = ndimage.center_of_mass(np.ones_like(lightness), patches.labels, numbers)
    np.testing.assert_allclose(patches.position * 130, wanted, atol=1e-2)


def test_borders_are_what_a_loop_counts(picture):
    lightness, chroma, _ = picture
    patches = find_superpixels(lightness, chroma, count=40)
    counted: dict[tuple[int, int], list[float]] = {}
    for row, column in np.ndindex(lightness.shape):
        for down, across in ((1, 0), (0, 1)):
            if row + down < lightness.shape[0] and column + across < lightness.shape[1]:
                here = patches.labels[row, column]
                there = patches.labels[row + down, column + across]
                step = abs(lightness[row + down, column + across] - lightness[row, column])
                if here != there:
                    counted.setdefault(tuple(sorted((int(here), int(there)))), []).append(step)
    assert [tuple(map(int, pair)) for pair in patches.pairs] == sorted(counted)
    steps = [counted[pair] for pair in sorted(counted)]
    assert patches.border.tolist() == [len(each) for each in steps]
    np.testing.assert_allclose(patches.contrast, [np.mean(each) for each in steps], rtol=1e-4)


def test_patches_follow_edges(picture):
    lightness, chroma, disk = picture
    patches = find_superpixels(lightness, chroma, count=120)
    share = patches.mean(disk.astype(np.float32))
    mixed = np.minimum(share, 1 - share) @ patches.area / disk.size
    assert mixed < 0.01


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (3, 2), (16, 400)])
def test_any_shape(shape):
    lightness = np.linspace(0, 100, shape[0] * shape[1], dtype=np.float32).reshape(shape)
    patches = find_superpixels(lightness, np.zeros((2, *shape), np.float32))
    assert patches.labels.shape == shape
    assert set(np.unique(patches.labels)) == set(range(len(patches.area)))
