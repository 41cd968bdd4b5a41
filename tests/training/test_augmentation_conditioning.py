"""Batched hints and moods beside their definition, and beside the code that works on one sample."""

import numpy as np
import pytest
import torch
from scipy import ndimage, stats
from skimage import data

from rechroma.color import rgb_to_lab
from rechroma.colorizer.conditioning import Patch, hint_map, mood_vector
from rechroma.training.augmentation import AugmentationOptions, SamplePlaces
from rechroma.training.augmentation.conditioning import (
    Stamps,
    _random_stamps,
    hint_maps,
    mood_vectors,
    random_hint_maps,
    random_mood_vectors,
)

from . import one_by_one

SAMPLES = 800


@pytest.fixture(scope="module")
def chroma():
    """The a and b of one picture, channels last."""
    rgb = data.astronaut()[60:100, 180:220].astype(np.float32) / 255
    return np.ascontiguousarray(rgb_to_lab(rgb)[..., 1:])


def draws(count, step=0):
    return SamplePlaces(5, step, count).draws(count)


def batch_of(chroma, count=SAMPLES):
    return torch.from_numpy(chroma).permute(2, 0, 1).expand(count, -1, -1, -1)


def stamps(*places, disc):
    places = [torch.as_tensor(each) for each in places]
    return Stamps(*places, torch.full((len(places[0]),), disc))


def test_hint_maps_are_those_of_the_same_rectangles():
    rng = np.random.default_rng(0)
    chroma = rng.normal(0, 40, (3, 2, 30, 22)).astype(np.float32)
    # Many on few pixels, so that they cover each other; the second sample has none.
    sample = np.repeat([0, 2], [60, 7])
    side = rng.integers(1, 10, len(sample))
    top, left = rng.integers(0, 30 - side + 1), rng.integers(0, 22 - side + 1)
    ours = hint_maps(
        stamps(sample, np.arange(len(sample)), top, left, side, disc=False),
        torch.from_numpy(chroma),
    ).numpy()
    for number in range(3):
        rectangles = [
            Patch(t, t + s, x, x + s, *chroma[number, :, t : t + s, x : x + s].mean((1, 2)))
            for n, t, x, s in zip(sample, top, left, side, strict=True)
            if n == number
        ]
        assert np.abs(ours[number] - hint_map(rectangles, 30, 22)).max() < 1e-5
    assert not ours[1].any()


def test_mood_vectors_are_those_of_one_sample(chroma):
    rng = np.random.default_rng(0)
    wild = rng.normal(0, 60, chroma.shape).astype(np.float32)
    edges = rng.choice([-200, -60, -10, 0, 50, 60, 61], chroma.shape).astype(np.float32)
    pictures = [chroma, wild, edges, np.zeros_like(chroma)]
    ours = mood_vectors(torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2)).numpy()
    for mine, picture in zip(ours, pictures, strict=True):
        assert np.abs(mine - mood_vector(picture)).max() < 1e-5


def test_hints_and_moods_come_as_often_as_for_one_sample(chroma):
    options = AugmentationOptions()
    hints = random_hint_maps(draws(SAMPLES), batch_of(chroma), options).numpy()
    moods = random_mood_vectors(draws(SAMPLES, 1), batch_of(chroma), options).numpy()
    theirs = [
        one_by_one.simulated_conditioning(np.random.default_rng(n), chroma) for n in range(SAMPLES)
    ]
    other_hints = np.stack([hint for hint, _ in theirs])
    for measure in (
        lambda x: x[:, 2].sum((1, 2)),
        lambda x: x[:, 2].any(2).sum(1),
        lambda x: x[:, 2, 0].sum(1),
        lambda x: x[:, 2, :, -1].sum(1),
        lambda x: x[:, 0].sum((1, 2)),
    ):
        a, b = measure(hints), measure(other_hints)
        assert stats.ks_2samp(a, b, method="asymp").pvalue > 1e-3
        assert abs(a.mean() - b.mean()) < 4.5 * np.hypot(stats.sem(a), stats.sem(b))
    hinted, mooded = hints.any((1, 2, 3)), moods[:, -1] == 1
    for event, share in ((hinted, 0.4), (mooded, 0.3), (hinted & mooded, 0.12)):
        assert abs(event.mean() - share) < 4.5 * np.sqrt(share * (1 - share) / SAMPLES)
    assert np.allclose(moods[mooded], mood_vector(chroma), atol=1e-5)
    assert not moods[~mooded].any()


def test_there_are_none_where_none_are_wanted(chroma):
    never = AugmentationOptions(hints=0, mood=0)
    assert not random_hint_maps(draws(9), batch_of(chroma, 9), never).any()
    assert not random_mood_vectors(draws(9), batch_of(chroma, 9), never).any()


def test_patches_fit_into_small_pictures():
    chroma = torch.full((50, 2, 5, 3), 11.0)
    hints = random_hint_maps(draws(len(chroma)), chroma, AugmentationOptions(hints=1, many_hints=1))
    covered = hints[:, 2] > 0
    assert covered.flatten(1).any(1).all()
    assert torch.allclose(hints[:, 0][covered], torch.tensor(0.1))


def test_a_disc_is_round_and_has_its_own_mean():
    chroma = np.random.default_rng(1).normal(0, 40, (1, 2, 16, 16)).astype(np.float32)
    y, x = np.mgrid[:16, :16]
    for side in range(1, 10):
        ours = hint_maps(
            stamps([0], [0], [3], [5], [side], disc=True), torch.from_numpy(chroma)
        ).numpy()[0]
        # A pixel belongs to a disc if its center does.
        apart = np.hypot(y + 0.5 - (3 + side / 2), x + 0.5 - (5 + side / 2))
        inside = apart <= side / 2 + 1e-9
        assert np.array_equal(ours[2], inside.astype(np.float32))
        wanted = chroma[0][:, inside].mean(1) / 110
        assert np.allclose(ours[:2, inside], wanted[:, None], atol=1e-5)
        assert not ours[:, ~inside].any()


def test_strokes_are_in_one_piece_and_longer_than_wide():
    chroma = torch.full((300, 2, 64, 64), 22.0)
    options = AugmentationOptions(hints=1, many_hints=0, hint_strokes=1)
    hints = random_hint_maps(draws(len(chroma)), chroma, options).numpy()
    covered = hints[:, 2] == 1
    pieces = np.array([ndimage.label(each, np.ones((3, 3)))[1] for each in covered])
    counts = covered.sum((1, 2))
    # 4 strokes on average, if they never met.
    assert 2.5 < pieces.mean() < 4.2
    squares = random_hint_maps(
        draws(len(chroma)), chroma, AugmentationOptions(hints=1, many_hints=0)
    ).numpy()
    assert counts.mean() > 2 * (squares[:, 2] == 1).sum((1, 2)).mean()
    assert np.allclose(hints[:, 0][covered], 0.2)
    assert not hints[:, :, ~covered.any(0)].any()


def test_a_stroke_keeps_to_its_color():
    chroma = torch.zeros(200, 2, 48, 48)
    chroma[:, 0, :, :24], chroma[:, 0, :, 24:] = 60, -60
    options = AugmentationOptions(hints=1, many_hints=0, hint_strokes=1)
    hints = random_hint_maps(draws(len(chroma)), chroma, options)
    covered = hints[:, 2] == 1
    away = (hints[:, 0] * 110 - chroma[:, 0])[covered].abs()
    # A disc on the edge has a color of its own; all others have that of their side.
    assert (away < 1).float().mean() > 0.75
    assert (away > 60).float().mean() < 0.05


def test_what_fits_into_a_hint_of_several_stamps_has_one_color(chroma):
    ours = hint_maps(
        stamps([0, 0, 0], [0, 0, 0], [4, 6, 8], [4, 5, 6], [4, 4, 4], disc=True),
        torch.from_numpy(chroma * 0.1).permute(2, 0, 1)[None],
    )[0]
    colors = ours[:, ours[2] == 1].T.unique(dim=0)
    assert len(colors) == 1


@pytest.mark.parametrize("many", [0, 1])
def test_hints_are_as_many_as_for_one_sample(many):
    options = AugmentationOptions(hints=1, many_hints=many)
    stamps = _random_stamps(draws(3000, many), torch.Size((3000, 2, 64, 64)), options)
    counts = torch.bincount(stamps.sample, minlength=3000).numpy()
    rng = np.random.default_rng(0)
    wanted = rng.integers(1, 101, 3000) if many else rng.geometric(1 / 4, 3000)
    assert stats.ks_2samp(counts, wanted, method="asymp").pvalue > 1e-3
    assert counts.min() == 1
    assert counts.max() <= 100
