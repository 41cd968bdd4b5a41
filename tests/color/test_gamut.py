import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rechroma.color import (
    chroma_limit,
    in_gamut,
    lab_to_gamut_rgb,
    lab_to_linear,
    lab_to_rgb,
    limit_chroma,
    rgb_to_lab,
)

# The bisection's last step, and the tolerance in linear light.
STEP = 2.0**-12
TOLERANCE = 2e-5


@st.composite
def lab_colors(draw, dtype=np.float64):
    """Colors in and far out of gamut, shape (N, 3)."""
    count = draw(st.integers(1, 20))
    width = np.dtype(dtype).itemsize * 8
    column = [(0, 100), (-160, 160), (-160, 160)]
    return np.stack(
        [
            draw(hnp.arrays(dtype, count, elements=st.floats(low, high, width=width)))
            for low, high in column
        ],
        axis=-1,
    )


def scaled(lab, factor):
    return lab * np.stack([np.ones_like(factor), factor, factor], axis=-1)


@given(lab_colors())
def test_lightness_and_hue_stay(lab):
    result = limit_chroma(lab)
    assert np.array_equal(result[:, 0], lab[:, 0])
    # Same direction of (a, b): no cross product, no turn by 180°.
    cross = lab[:, 1] * result[:, 2] - lab[:, 2] * result[:, 1]
    assert np.abs(cross).max() < 1e-9
    assert ((lab[:, 1:] * result[:, 1:]) >= 0).all()


@given(st.sampled_from([np.float32, np.float64]).flatmap(lab_colors))
def test_everything_is_in_gamut_afterwards(lab):
    result = limit_chroma(lab)
    assert result.dtype == lab.dtype
    assert in_gamut(result).all()
    linear = lab_to_linear(result.astype(np.float64))
    assert linear.min() > -2 * TOLERANCE
    assert linear.max() < 1 + 2 * TOLERANCE


@given(hnp.arrays(np.float32, (7, 3), elements=st.floats(0, 1, width=32)))
def test_colors_in_gamut_come_back_bit_for_bit(rgb):
    lab = rgb_to_lab(rgb)
    assert in_gamut(lab).all()
    assert np.array_equal(limit_chroma(lab), lab)
    assert (chroma_limit(lab) == 1).all()


@given(lab_colors())
def test_chroma_is_as_large_as_it_can_be(lab):
    """A factor 1 % larger (or one step of the bisection, near the neutral axis) is outside."""
    outside = lab[~in_gamut(lab)]
    factor = chroma_limit(outside)
    assert in_gamut(scaled(outside, factor)).all()
    larger = np.maximum(factor * 1.01, factor + STEP)
    assert not in_gamut(scaled(outside, larger)).any()


@given(lab_colors())
def test_the_line_of_a_hue_leaves_the_gamut_once(lab):
    """What the bisection rests on, by a slow walk along the line."""
    factors = np.linspace(0, 1, 400)[:, None]
    walk = np.broadcast_to(lab, (400, *lab.shape))
    inside = in_gamut(scaled(walk, np.broadcast_to(factors, walk.shape[:-1])))
    left_at = np.where(inside.all(axis=0), 1.0, factors[inside.argmin(axis=0), 0])
    assert np.abs(left_at - chroma_limit(lab)).max() < 1 / 399 + STEP


def test_a_saturated_sky_keeps_its_hue_where_clipping_would_not():
    sky = np.array([60.0, -20.0, -80.0])
    clipped = rgb_to_lab(np.clip(lab_to_rgb(sky), 0, 1))
    mapped = rgb_to_lab(lab_to_gamut_rgb(sky))
    hue = np.degrees(np.arctan2(*sky[:0:-1]))
    assert abs(np.degrees(np.arctan2(*clipped[:0:-1])) - hue) > 5
    assert np.degrees(np.arctan2(*mapped[:0:-1])) == pytest.approx(hue, abs=0.2)
    assert mapped[0] == pytest.approx(60, abs=0.05)


@given(lab_colors())
def test_the_short_cut_to_rgb_is_the_long_way(lab):
    long_way = np.clip(lab_to_rgb(limit_chroma(lab)), 0, 1)
    assert np.allclose(lab_to_gamut_rgb(lab), long_way, rtol=0, atol=1e-12)


@pytest.mark.parametrize("shape", [(), (0,), (2, 3), (1, 2, 1)])
@pytest.mark.parametrize("lab", [(50, 10, 10), (50, 200, 0)])
def test_shapes_stay(shape, lab):
    colors = np.broadcast_to(np.array(lab, np.float32), (*shape, 3))
    assert limit_chroma(colors).shape == colors.shape
    assert lab_to_gamut_rgb(colors).shape == colors.shape
    assert lab_to_gamut_rgb(colors).dtype == np.float32
    assert chroma_limit(colors).shape == shape
    assert in_gamut(colors).shape == shape


@pytest.mark.parametrize("level", [-5.0, 105.0])
def test_impossible_lightness_becomes_black_or_white(level):
    rgb = lab_to_gamut_rgb(np.array([[level, 30.0, -30.0]]))
    assert np.allclose(rgb, float(level > 50), rtol=0, atol=1e-15)
