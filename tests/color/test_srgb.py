import colour
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rechroma.color import linear_to_srgb, srgb_to_linear


@given(hnp.arrays(np.float64, hnp.array_shapes(min_dims=0), elements=st.floats(0, 1)))
def test_the_curve_is_color_sciences(encoded):
    # color derives one threshold from the other, so at 0.04045 itself it takes the other piece.
    linear, back = colour.models.eotf_sRGB(encoded), colour.models.eotf_inverse_sRGB(encoded)
    assert np.allclose(srgb_to_linear(encoded), linear, rtol=0, atol=3e-9)
    assert np.allclose(linear_to_srgb(encoded), back, rtol=0, atol=1e-12)


@given(st.floats(-2, 4))
def test_the_curve_comes_back_even_out_of_range(encoded):
    # The standard's two thresholds are rounded, so the pieces miss each other by up to 1e-7.
    assert linear_to_srgb(srgb_to_linear(encoded)) == pytest.approx(encoded, abs=1e-7)


@pytest.mark.parametrize("curve", [srgb_to_linear, linear_to_srgb])
def test_the_curve_rises_everywhere(curve):
    values = curve(np.linspace(-0.5, 1.5, 100_001))
    assert (np.diff(values) > 0).all()


@pytest.mark.parametrize("curve", [srgb_to_linear, linear_to_srgb])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_the_float_type_stays(curve, dtype):
    assert curve(np.linspace(0, 1, 5, dtype=dtype)).dtype == dtype
