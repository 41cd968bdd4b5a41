import numpy as np
import pytest
from skimage import data

from rechroma.color import lightness, rgb_to_lab

from .one_by_one import degraded_lightness, recompressed_lightness, simulated_conditioning


@pytest.fixture(scope="module")
def rgb():
    return data.astronaut()[:128, 150:278].astype(np.float32) / 255


@pytest.fixture(scope="module")
def conditioning(rgb):
    chroma = rgb_to_lab(rgb)[..., 1:]
    return [simulated_conditioning(np.random.default_rng(seed), chroma) for seed in range(400)]


def test_hints_tell_the_truth(rgb, conditioning):
    chroma = rgb_to_lab(rgb)[..., 1:]
    for hints, _ in conditioning:
        mask = hints[2] > 0
        if mask.any():
            # A patch has its own mean: off by what varies within nine pixels.
            assert np.abs(hints[:2, mask].T * 110 - chroma[mask]).mean() < 12
    counts = np.array([(hints[2] > 0).sum() for hints, _ in conditioning])
    assert 0.5 < (counts == 0).mean() < 0.7
    assert counts.max() > 1000


def test_there_is_no_conditioning_or_hints_or_a_mood_alone_or_both(conditioning):
    moods = np.array([mood for _, mood in conditioning])
    assert np.array_equal(moods.any(axis=1), moods[:, -1] == 1)
    mooded, hinted = moods[:, -1] == 1, np.array([hints.any() for hints, _ in conditioning])
    # 400 draws: within four standard errors of the products of 0.4 and 0.3.
    assert 0.32 < (~hinted & ~mooded).mean() < 0.52
    assert 0.19 < (hinted & ~mooded).mean() < 0.37
    assert 0.10 < (~hinted & mooded).mean() < 0.26
    assert 0.055 < (hinted & mooded).mean() < 0.185


def test_a_copy_is_nearly_the_picture(rgb):
    own = lightness(rgb)
    copies = [recompressed_lightness(np.random.default_rng(seed), rgb) for seed in range(60)]
    away = np.array([np.abs(seen - own).mean() for seen in copies])
    assert all(seen.shape == own.shape and seen.dtype == np.float32 for seen in copies)
    assert away.min() < 1e-4  # some are spared everything
    assert 0.5 < np.median(away) < away.max() < 8


def test_some_copies_are_moved_by_a_pixel_and_nothing_else(rgb):
    own = lightness(rgb)
    inside = np.s_[1:-1, 1:-1]
    moved = [
        own[1 + y : 127 + y, 1 + x : 127 + x] for y in (-1, 0, 1) for x in (-1, 0, 1) if y or x
    ]
    copies = [
        recompressed_lightness(np.random.default_rng(seed), rgb)[inside] for seed in range(200)
    ]
    found = [any(np.allclose(seen, each, atol=1e-3) for each in moved) for seen in copies]
    assert 2 <= sum(found) <= 20


def test_degradation_keeps_the_picture_recognizable_and_differs_every_time(rgb):
    own = lightness(rgb)
    degraded = [degraded_lightness(np.random.default_rng(seed), rgb) for seed in range(40)]
    for seen in degraded:
        assert seen.shape == own.shape
        assert seen.dtype == np.float32
        assert 0 <= seen.min() <= seen.max() <= 100
        assert np.corrcoef(seen.ravel(), own.ravel())[0, 1] > 0.6
    assert len({seen.tobytes() for seen in degraded}) == len(degraded)


def test_orthochromatic_film_sees_blue_light_and_red_dark():
    """Averaged over degradations: next to a gray of its own L, red is darker and blue lighter."""
    red, blue = np.array([0.8, 0.1, 0.1]), np.array([0.2, 0.3, 0.9])
    for color, darker in ((red, True), (blue, False)):
        flat = np.broadcast_to(color.astype(np.float32), (32, 32, 3))
        levels = np.linspace(0, 1, 256)
        level = np.interp(lightness(color), lightness(levels[:, None].repeat(3, 1)), levels)
        gray = np.full((32, 32, 3), level, np.float32)
        of = [
            np.mean([degraded_lightness(np.random.default_rng(s), x).mean() for s in range(60)])
            for x in (flat, gray)
        ]
        assert (of[0] < of[1] - 2) == darker
        assert (of[0] > of[1] + 2) == (not darker)
