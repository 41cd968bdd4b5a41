import colour
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from skimage.color import deltaE_ciede2000

from rechroma.color import ciede2000

# Sharma, Wu & Dalal (2005), table 1: L, a, b; L, a, b; ΔE00.
PUBLISHED = np.array(
    [
        [50.0000, 2.6772, -79.7751, 50.0000, 0.0000, -82.7485, 2.0425],
        [50.0000, 3.1571, -77.2803, 50.0000, 0.0000, -82.7485, 2.8615],
        [50.0000, 2.8361, -74.0200, 50.0000, 0.0000, -82.7485, 3.4412],
        [50.0000, -1.3802, -84.2814, 50.0000, 0.0000, -82.7485, 1.0000],
        [50.0000, -1.1848, -84.8006, 50.0000, 0.0000, -82.7485, 1.0000],
        [50.0000, -0.9009, -85.5211, 50.0000, 0.0000, -82.7485, 1.0000],
        [50.0000, 0.0000, 0.0000, 50.0000, -1.0000, 2.0000, 2.3669],
        [50.0000, -1.0000, 2.0000, 50.0000, 0.0000, 0.0000, 2.3669],
        [50.0000, 2.4900, -0.0010, 50.0000, -2.4900, 0.0009, 7.1792],
        [50.0000, 2.4900, -0.0010, 50.0000, -2.4900, 0.0010, 7.1792],
        [50.0000, 2.4900, -0.0010, 50.0000, -2.4900, 0.0011, 7.2195],
        [50.0000, 2.4900, -0.0010, 50.0000, -2.4900, 0.0012, 7.2195],
        [50.0000, -0.0010, 2.4900, 50.0000, 0.0009, -2.4900, 4.8045],
        [50.0000, -0.0010, 2.4900, 50.0000, 0.0010, -2.4900, 4.8045],
        [50.0000, -0.0010, 2.4900, 50.0000, 0.0011, -2.4900, 4.7461],
        [50.0000, 2.5000, 0.0000, 50.0000, 0.0000, -2.5000, 4.3065],
        [50.0000, 2.5000, 0.0000, 73.0000, 25.0000, -18.0000, 27.1492],
        [50.0000, 2.5000, 0.0000, 61.0000, -5.0000, 29.0000, 22.8977],
        [50.0000, 2.5000, 0.0000, 56.0000, -27.0000, -3.0000, 31.9030],
        [50.0000, 2.5000, 0.0000, 58.0000, 24.0000, 15.0000, 19.4535],
        [50.0000, 2.5000, 0.0000, 50.0000, 3.1736, 0.5854, 1.0000],
        [50.0000, 2.5000, 0.0000, 50.0000, 3.2972, 0.0000, 1.0000],
        [50.0000, 2.5000, 0.0000, 50.0000, 1.8634, 0.5757, 1.0000],
        [50.0000, 2.5000, 0.0000, 50.0000, 3.2592, 0.3350, 1.0000],
        [60.2574, -34.0099, 36.2677, 60.4626, -34.1751, 39.4387, 1.2644],
        [63.0109, -31.0961, -5.8663, 62.8187, -29.7946, -4.0864, 1.2630],
        [61.2901, 3.7196, -5.3901, 61.4292, 2.2480, -4.9620, 1.8731],
        [35.0831, -44.1164, 3.7933, 35.0232, -40.0716, 1.5901, 1.8645],
        [22.7233, 20.0904, -46.6940, 23.0331, 14.9730, -42.5619, 2.0373],
        [36.4612, 47.8580, 18.3852, 36.2715, 50.5065, 21.2231, 1.4146],
        [90.8027, -2.0831, 1.4410, 91.1528, -1.6435, 0.0447, 1.4441],
        [90.9257, -0.5406, -0.9208, 88.6381, -0.8985, -0.7239, 1.5381],
        [6.7747, -0.2908, -2.4247, 5.8714, -0.0985, -2.2286, 0.6377],
        [2.0776, 0.0795, -1.1350, 0.9033, -0.0636, -0.5514, 0.9082],
    ]
)
FIRST, SECOND, EXPECTED = PUBLISHED[:, :3], PUBLISHED[:, 3:6], PUBLISHED[:, 6]

# Steps of 1/16: no chroma so tiny that the libraries' own rounding decides about the hue.
LAB = hnp.arrays(
    np.float64,
    (5, 3),
    elements=st.integers(-110 * 16, 110 * 16).map(lambda sixteenths: sixteenths / 16),
).map(lambda lab: np.abs(lab) * [0.9, 0, 0] + lab * [0, 1, 1])


def hues_apart(first, second):
    """Return the angle between the hues after the stretch of a, in degrees, 0…180."""
    chroma = (np.hypot(*first[:, 1:].T) + np.hypot(*second[:, 1:].T)) / 2
    stretch = 1.5 - 0.5 * np.sqrt(chroma**7 / (chroma**7 + 25.0**7))
    hues = [np.degrees(np.arctan2(lab[:, 2], stretch * lab[:, 1])) for lab in (first, second)]
    return 180 - np.abs(np.abs(hues[0] - hues[1]) % 360 - 180)


def test_the_34_published_pairs():
    assert len(PUBLISHED) == 34
    assert np.abs(ciede2000(FIRST, SECOND) - EXPECTED).max() <= 5.1e-5
    assert np.abs(ciede2000(SECOND, FIRST) - EXPECTED).max() <= 5.1e-5


@given(LAB, LAB)
def test_two_libraries_agree(first, second):
    # The formula jumps where two hues are exactly opposite; rounding then picks the side.
    assume((hues_apart(first, second) < 179.999).all())
    ours = ciede2000(first, second)
    assert np.allclose(ours, deltaE_ciede2000(first, second), rtol=0, atol=1e-6)
    assert np.allclose(ours, colour.delta_E(first, second, "CIE 2000"), rtol=0, atol=1e-6)


@given(LAB, LAB)
def test_it_is_a_difference(first, second):
    assert (ciede2000(first, first) == 0).all()
    assert (ciede2000(first, second) >= 0).all()
    assert np.allclose(ciede2000(first, second), ciede2000(second, first), rtol=0, atol=1e-9)


def test_grays_differ_by_lightness_alone():
    black, white = np.array([0.0, 0, 0]), np.array([100.0, 0, 0])
    assert ciede2000(black, white) == pytest.approx(100)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_shape_and_float_type_stay(dtype):
    first = FIRST[:12].reshape(3, 4, 3).astype(dtype)
    result = ciede2000(first, SECOND[:12].reshape(3, 4, 3).astype(dtype))
    assert result.shape == (3, 4)
    assert result.dtype == dtype
    # One against many.
    assert ciede2000(first[0, 0], first).shape == (3, 4)


def test_float32_is_good_enough_for_a_mean():
    rough = ciede2000(FIRST.astype(np.float32), SECOND.astype(np.float32))
    # Pairs 9 to 16 sit at the formula's jump on purpose.
    steady = np.r_[0:8, 16:34]
    assert np.abs(rough - EXPECTED)[steady].max() < 2e-4
