"""Filling: exact where it can be, and nothing beyond the mask."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.preparation.prints import photo, scene

from rechroma.preparation.geometry import Geometry
from rechroma.preparation.inpainting import inpainted
from rechroma.preparation.planes import box_mean, components, opened


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.sampled_from([np.uint8, np.uint16, np.float32]))
def test_nothing_beyond_the_mask_changes(seed, dtype):
    chance = np.random.default_rng(seed)
    samples = chance.integers(0, 200, (12, 17, 3)).astype(dtype)
    if dtype == np.float32:
        samples /= 200
    mask = chance.random((12, 17)) < chance.random()
    result = inpainted(samples, mask)
    assert result.dtype == dtype
    assert np.array_equal(result[~mask], samples[~mask])
    if not mask.all():
        # Between what is known.
        known = samples[~mask].astype(float)
        assert (result[mask] >= known.min(axis=0) - 1).all()
        assert (result[mask] <= known.max(axis=0) + 1).all()


def test_an_even_picture_is_filled_evenly_and_an_edge_goes_on():
    samples = np.full((40, 40, 3), 80, np.uint8)
    samples[:, 20:] = 200
    mask = np.zeros((40, 40), bool)
    mask[18:21] = True
    damaged = samples.copy()
    damaged[mask] = 255
    off = np.abs(inpainted(damaged, mask).astype(int) - samples)
    assert off[:, :16].max() == 0
    assert off[:, 24:].max() == 0
    assert off.max() < 60


def test_means_and_openings_are_what_scipy_says():
    from scipy import ndimage

    plane = np.random.default_rng(2).random((31, 22)).astype(np.float32)
    assert np.allclose(
        box_mean(plane, 3), ndimage.uniform_filter(plane, 7, mode="nearest"), atol=1e-5
    )
    wanted = ndimage.maximum_filter(
        ndimage.minimum_filter(plane, 5, mode="nearest"), 5, mode="nearest"
    )
    assert np.array_equal(opened(plane, 2), wanted)


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1))
def test_parts_are_what_scipy_says(seed):
    from scipy import ndimage

    chance = np.random.default_rng(seed)
    mask = chance.random((14, 11)) < chance.random()
    labels, count = ndimage.label(mask, np.ones((3, 3)))
    places, part, found = components(mask)
    assert found == count
    pairs = {(int(a), int(b)) for a, b in zip(labels.flat[places], part, strict=True)}
    assert len(pairs) == count


@settings(max_examples=20)
@given(st.floats(-6, 6), st.floats(0.2, 0.8), st.floats(0.2, 0.8))
def test_places_follow_the_picture(angle, x, y):
    given_ = photo(scene(120, 160))
    marked = given_.samples.copy() * 0
    column, row = int(x * 160), int(y * 120)
    marked[row - 2 : row + 3, column - 2 : column + 3] = 255
    geometry = Geometry((160, 120), angle, (10, 5, 150, 115))
    result = geometry.apply(photo(marked))
    assert (result.width, result.height) == (140, 110)
    rows, columns = np.nonzero(result.samples[..., 0] > 100)
    there = geometry.place(column + 0.5, row + 0.5)
    assert abs(columns.mean() + 0.5 - there[0]) < 0.6
    assert abs(rows.mean() + 0.5 - there[1]) < 0.6
