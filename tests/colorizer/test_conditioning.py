import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from rechroma.colorizer.conditioning import MOOD_SIZE, Patch, hint_map, mood_vector


def test_hints_stand_where_they_were_put():
    seen = hint_map([Patch(2, 4, 5, 8, 22.0, -44.0)], 10, 12)
    inside = np.zeros((10, 12), bool)
    inside[2:4, 5:8] = True
    assert seen.shape == (3, 10, 12)
    assert np.allclose(seen[:, inside].T, [0.2, -0.4, 1])
    assert not seen[:, ~inside].any()


def test_a_gray_hint_is_no_missing_hint():
    assert hint_map([Patch(0, 1, 0, 1, 0.0, 0.0)], 4, 4)[2].sum() == 1


def test_no_hints_are_zeros():
    assert not hint_map([], 8, 8).any()


@given(arrays(np.float32, (7, 5, 2), elements=st.floats(-110, 110, width=32)))
def test_a_mood_is_a_distribution_whatever_the_order(chroma):
    mood = mood_vector(chroma)
    shares = mood[:-2].astype(np.float64) ** 2
    assert mood.shape == (MOOD_SIZE,)
    assert np.isclose(shares.sum(), 1, atol=1e-5)
    assert np.isclose(mood[-2], np.hypot(*chroma.reshape(-1, 2).T).mean() / 50, atol=1e-4)
    assert mood[-1] == 1
    assert np.allclose(mood, mood_vector(chroma[::-1, ::-1]), atol=1e-6)


def test_the_mean_of_a_mood_is_the_mean_of_its_colors():
    """Bilinear shares keep the mean; nearest ones would not."""
    chroma = np.random.default_rng(0).uniform(-50, 50, (40, 30, 2))
    shares = mood_vector(chroma)[:-2].reshape(13, 13).astype(np.float64) ** 2
    knots = np.arange(-60, 61, 10)
    assert np.allclose(shares.sum(1) @ knots, chroma[..., 0].mean(), atol=1e-3)
    assert np.allclose(shares.sum(0) @ knots, chroma[..., 1].mean(), atol=1e-3)
