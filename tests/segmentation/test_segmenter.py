"""Segments of made pictures, whose things are known; walkers against walking."""

from __future__ import annotations

import numpy as np
import pytest

from rechroma.segmentation import Segmenter, find_superpixels
from rechroma.segmentation.likeness import Looks, log_odds_of_one_color, looks_of

# Rows and columns of the picture, and where its left thing ends.
HEIGHT, WIDTH, EDGE = 80, 120, 48


@pytest.fixture(scope="module")
def halves():
    """Two halves of almost the same L that the network takes for different colors."""
    rng = np.random.default_rng(0)
    lightness = (50 + rng.normal(0, 1, (HEIGHT, WIDTH))).astype(np.float32)
    lightness[:, EDGE:] += 6
    left = np.arange(WIDTH // 4) * 4 < EDGE
    probability = np.full((5, HEIGHT // 4, WIDTH // 4), 0.02, np.float32)
    probability[0, :, left] = probability[3, :, ~left] = 0.92
    features = rng.normal(0, 0.1, (8, HEIGHT // 16, -(-WIDTH // 16))).astype(np.float32)
    patches = find_superpixels(lightness, np.zeros((2, HEIGHT, WIDTH), np.float32), count=200)
    extents = (HEIGHT / 4, WIDTH / 4), (HEIGHT / 16, WIDTH / 16)
    return patches, looks_of(patches, probability, features, extents)


def overlap(mask, truth):
    return (mask & truth).sum() / (mask | truth).sum()


@pytest.mark.parametrize("column", [0.05, 0.2, 0.3])
def test_a_point_finds_its_thing(halves, column):
    left = np.zeros((HEIGHT, WIDTH), bool)
    left[:, :EDGE] = True
    segmenter = Segmenter(*halves)
    assert overlap(segmenter.segment([(0.5, column)]).mask(), left) > 0.9
    assert overlap(segmenter.segment([(0.5, 1 - column / 2)]).mask(), ~left) > 0.9


def test_here_is_near_and_stays_in_the_thing(halves):
    segmenter = Segmenter(*halves)
    here = segmenter.segment([(0.5, 0.3)], here=True).mask()
    thing = segmenter.segment([(0.5, 0.3)]).mask()
    assert 0 < here.sum() < 0.5 * thing.sum()
    assert not (here & ~thing).any()
    assert here[HEIGHT // 2, round(0.3 * WIDTH)]


def test_points_outside_end_a_thing(halves):
    segmenter = Segmenter(*halves)
    everything = segmenter.segment([(0.5, 0.2)])
    part = segmenter.segment([(0.2, 0.2)], [(0.9, 0.2)])
    assert part.mask()[round(0.2 * HEIGHT), round(0.2 * WIDTH)]
    assert not part.mask()[round(0.9 * HEIGHT), round(0.2 * WIDTH)]
    assert part.mask().sum() < everything.mask().sum()


def test_shares_are_those_of_walkers(halves):
    """The share by Gauss-Seidel: each patch the mean of its neighbors and its prior."""
    segmenter = Segmenter(*halves)
    segment = segmenter.segment([(0.5, 0.2)], [(0.5, 0.7)])
    weights, area = segmenter._weights, segment.patches.area
    other = segment.patches.labels[HEIGHT // 2, round(0.7 * WIDTH)]
    prior = segmenter._prior(segment.seeds, np.array([other]))
    trust = 0.5 * area / area.mean() + 1e-6
    share = np.zeros(len(area))
    share[segment.seeds] = 1
    fixed = {*segment.seeds.tolist(), int(other)}
    for _ in range(3000):
        for patch in range(len(area)):
            if patch not in fixed:
                total = weights[patch] @ share + trust[patch] * prior[patch]
                share[patch] = total / (weights[patch].sum() + trust[patch])
        if np.abs(share - segment.share).max() < 1e-6:
            break
    np.testing.assert_allclose(segment.share, share, atol=1e-4)
    assert segment.share.min() >= 0
    assert segment.share.max() <= 1


def test_the_order_of_points_does_not_matter(halves):
    segmenter = Segmenter(*halves)
    inside, outside = [(0.2, 0.2), (0.8, 0.3), (0.5, 0.1)], [(0.5, 0.6), (0.1, 0.9)]
    first = segmenter.segment(inside, outside).share
    np.testing.assert_array_equal(segmenter.segment(inside[::-1], outside[::-1]).share, first)


def test_further_places_are_inside_and_apart(halves):
    segment = Segmenter(*halves).segment([(0.5, 0.2)])
    places = segment.places(12, 0.6)
    assert len(places) == 12
    mask = segment.mask(0.6)
    assert all(mask[int(row * HEIGHT), int(column * WIDTH)] for row, column in places)
    near = [np.hypot(a[0] - b[0], a[1] - b[1]) for a in places for b in places if a < b]
    assert min(near) > 0.05
    assert segment.places(3, 0.999999) == segment.places(3, 0.999999)


def test_likeness_is_symmetric_and_highest_for_a_patch_itself(halves):
    patches, looks = halves
    rng = np.random.default_rng(1)
    first, second = rng.integers(0, len(patches.area), (2, 300))
    odds = log_odds_of_one_color(patches, looks, first, second)
    np.testing.assert_allclose(
        odds, log_odds_of_one_color(patches, looks, second, first), rtol=1e-5
    )
    assert (odds[first != second] < log_odds_of_one_color(patches, looks, first, first).min()).all()


def test_a_picture_of_one_patch():
    patches = find_superpixels(np.full((1, 1), 50, np.float32), np.zeros((2, 1, 1), np.float32))
    looks = Looks(np.ones((1, 1), np.float32), np.ones((1, 1), np.float32))
    segment = Segmenter(patches, looks).segment([(0, 0)], [(0.9, 0.9)])
    assert segment.mask().all()
    assert segment.places(3, 0.5) == []
