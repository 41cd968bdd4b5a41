import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rechroma.color import in_gamut, lab_to_gamut_rgb, lab_to_rgb, limit_chroma, rgb_to_lab

colours = st.tuples(st.floats(0, 100), st.floats(-128, 128), st.floats(-128, 128))


@given(colours)
def test_lightness_and_hue_stay_and_the_result_is_inside(colour):
    lab = np.array(colour)
    limited = limit_chroma(lab)
    assert limited[0] == lab[0]
    assert in_gamut(limited)
    rgb = lab_to_rgb(limited)
    assert rgb.min() > -1e-3
    assert rgb.max() < 1 + 1e-3
    cross = lab[1] * limited[2] - lab[2] * limited[1]
    assert abs(cross) < 1e-9 * (1 + lab[1] ** 2 + lab[2] ** 2)
    assert lab[1] * limited[1] >= 0
    assert lab[2] * limited[2] >= 0


@given(colours)
def test_no_more_chroma_is_lost_than_needed(colour):
    lab = np.array(colour)
    limited = limit_chroma(lab)
    if not in_gamut(lab):
        more = limited.copy()
        step = 2 / 2**12 * np.hypot(*lab[1:])
        more[1:] += step * lab[1:] / np.hypot(*lab[1:])
        assert not in_gamut(more)


def test_colours_inside_come_back_bit_for_bit():
    lab = rgb_to_lab(np.random.default_rng(0).random((1000, 3)) * 0.98 + 0.01)
    assert np.array_equal(limit_chroma(lab), lab)


def test_the_short_way_to_rgb_agrees_with_the_long_one():
    rng = np.random.default_rng(1)
    lab = np.stack([rng.uniform(0, 100, 3000), *rng.uniform(-110, 110, (2, 3000))], axis=-1)
    plain = np.clip(lab_to_rgb(limit_chroma(lab)), 0, 1)
    assert np.allclose(lab_to_gamut_rgb(lab), plain, atol=1e-6)
