import colour
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from skimage.color import rgb2lab
from skimage.color.colorconv import xyz_from_rgb

from rechroma.color import (
    lab_to_linear,
    lab_to_rgb,
    lightness,
    linear_to_lab,
    rgb_to_lab,
    srgb_to_linear,
)
from rechroma.color.constants import RGB_FROM_XYZ, WHITE, XYZ_FROM_RGB

FLOATS = [np.float32, np.float64]


def colors(dtype=np.float64, low=0.0, high=1.0):
    """Arrays of colors with any leading shape, the empty and the bare (3,) included."""
    width = np.dtype(dtype).itemsize * 8
    shapes = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=5)
    return shapes.flatmap(
        lambda shape: hnp.arrays(dtype, (*shape, 3), elements=st.floats(low, high, width=width))
    )


def all_8_bit_colors(red):
    """Return the 65,536 colors of that red, shape (256, 256, 3)."""
    slab = np.empty((256, 256, 3), np.uint8)
    slab[..., 0] = red
    slab[..., 1] = np.arange(256)[:, None]
    slab[..., 2] = np.arange(256)
    return slab


def test_every_8_bit_color_survives_in_float32():
    """All 16.7 million of them, bit for bit."""
    for red in range(256):
        slab = all_8_bit_colors(red)
        lab = rgb_to_lab(slab / np.float32(255))
        assert lab.dtype == np.float32
        back = np.rint(lab_to_rgb(lab) * np.float32(255))
        assert np.array_equal(back, slab), f"red {red}"


@pytest.mark.parametrize(("dtype", "limit"), [(np.float32, 1e-3), (np.float64, 1e-9)])
def test_grays_are_neutral(dtype, limit):
    gray = np.linspace(0, 1, 65536, dtype=dtype)
    lab = rgb_to_lab(np.stack([gray] * 3, axis=-1))
    assert np.abs(lab[..., 1:]).max() < limit
    assert lab[0, 0] == pytest.approx(0, abs=limit)
    assert lab[-1, 0] == pytest.approx(100, abs=limit)


@given(colors())
def test_scikit_image_agrees_within_its_rounded_white(rgb):
    # Its white is (0.95047, 1, 1.08883); ours is where R = G = B = 1 lies, which is 4e-5 away.
    assert np.allclose(rgb_to_lab(rgb), rgb2lab(rgb), rtol=0, atol=0.01)


@given(colors())
def test_color_science_agrees_for_the_same_white(linear):
    white = colour.XYZ_to_xy(np.array(WHITE))
    lab = colour.XYZ_to_Lab(linear @ np.array(XYZ_FROM_RGB).T, white)
    assert np.allclose(linear_to_lab(linear), lab, rtol=0, atol=1e-9)
    back = colour.Lab_to_XYZ(lab, white) @ np.linalg.inv(XYZ_FROM_RGB).T
    assert np.allclose(lab_to_linear(lab), back, rtol=0, atol=1e-9)


def test_the_matrices_are_the_published_one_and_its_inverse():
    assert np.array_equal(XYZ_FROM_RGB, xyz_from_rgb)
    assert np.allclose(np.array(RGB_FROM_XYZ) @ np.array(XYZ_FROM_RGB), np.eye(3), atol=1e-15)


def test_published_lab_of_the_primaries():
    """D65 values of sRGB's primaries as printed all over the literature, to their two digits."""
    published = {
        (1, 0, 0): (53.24, 80.09, 67.20),
        (0, 1, 0): (87.73, -86.18, 83.18),
        (0, 0, 1): (32.30, 79.19, -107.86),
    }
    for rgb, lab in published.items():
        assert rgb_to_lab(np.array(rgb, float)) == pytest.approx(np.array(lab), abs=0.015)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(
    "convert", [rgb_to_lab, lab_to_rgb, linear_to_lab, lab_to_linear, lightness]
)
@given(shape=hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4))
def test_shape_and_float_type_stay(convert, dtype, shape):
    result = convert(np.full((*shape, 3), 0.5, dtype))
    assert result.dtype == dtype
    assert result.shape == (shape if convert is lightness else (*shape, 3))


@given(colors(low=-0.5, high=1.5))
def test_values_out_of_range_come_back(rgb):
    """HDR and wide-gamut values: nothing is clipped on the way, in either direction."""
    assert np.allclose(lab_to_rgb(rgb_to_lab(rgb)), rgb, rtol=0, atol=2e-7)


@given(colors())
def test_lightness_is_the_first_channel(rgb):
    assert np.allclose(lightness(rgb), rgb_to_lab(rgb)[..., 0], rtol=0, atol=1e-11)


@given(colors())
def test_linear_and_encoded_agree(rgb):
    assert np.array_equal(linear_to_lab(srgb_to_linear(rgb)), rgb_to_lab(rgb))


@given(colors(np.float32))
def test_the_layout_in_memory_does_not_matter(rgb):
    """Planes, views and reversed arrays give what a plain copy gives."""
    planes = np.moveaxis(np.ascontiguousarray(np.moveaxis(rgb, -1, 0)), 0, -1)
    assert np.array_equal(rgb_to_lab(planes), rgb_to_lab(rgb))
    if rgb.ndim > 1:
        assert np.array_equal(rgb_to_lab(rgb[::-1]), rgb_to_lab(rgb)[::-1])


def test_inputs_are_left_alone():
    rgb = np.random.default_rng(0).random((4, 5, 3))
    lab = rgb_to_lab(rgb)
    kept = rgb.copy(), lab.copy()
    rgb_to_lab(rgb)
    lab_to_rgb(lab)
    assert np.array_equal(rgb, kept[0])
    assert np.array_equal(lab, kept[1])
