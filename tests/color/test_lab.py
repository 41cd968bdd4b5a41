import numpy as np
import pytest
import torch
from colour import Lab_to_XYZ, XYZ_to_Lab, XYZ_to_xy
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from skimage.color import rgb2lab

from rechroma.color import (
    lab_to_rgb,
    lab_torch,
    lightness,
    linear_to_srgb,
    rgb_to_lab,
    srgb_to_linear,
)
from rechroma.color.constants import RGB_FROM_XYZ, WHITE, XYZ_FROM_RGB

RANDOM = np.random.default_rng(0).random((2000, 3))


def test_every_8_bit_colour_survives_the_round_trip_in_float32():
    green, blue = np.meshgrid(np.arange(256), np.arange(256), indexing="ij")
    for red in range(256):
        levels = np.stack([np.full_like(green, red), green, blue], axis=-1)
        rgb = levels.astype(np.float32) / np.float32(255)
        lab = rgb_to_lab(rgb)
        assert lab.dtype == np.float32
        assert np.array_equal(np.rint(lab_to_rgb(lab) * 255).astype(int), levels)


@pytest.mark.parametrize(("dtype", "bound"), [(np.float64, 1e-9), (np.float32, 1e-3)])
def test_greys_are_neutral(dtype, bound):
    grey = np.repeat(np.linspace(0, 1, 1001, dtype=dtype)[:, None], 3, axis=1)
    assert np.abs(rgb_to_lab(grey)[:, 1:]).max() < bound


def test_agrees_with_scikit_image_up_to_the_white_point():
    # Its white is rounded to five digits: 0.005 in a and b of greys, a little more elsewhere.
    assert np.abs(rgb_to_lab(RANDOM) - rgb2lab(RANDOM)).max() < 0.02


def test_agrees_with_colour_science_for_the_same_white():
    xyz = srgb_to_linear(RANDOM) @ np.array(XYZ_FROM_RGB).T
    white = XYZ_to_xy(np.array(WHITE))
    assert np.allclose(rgb_to_lab(RANDOM), XYZ_to_Lab(xyz, white), atol=1e-9)
    rgb = linear_to_srgb(Lab_to_XYZ(rgb_to_lab(RANDOM), white) @ np.array(RGB_FROM_XYZ).T)
    assert np.allclose(rgb, RANDOM, atol=1e-9)


@given(
    npst.arrays(
        st.sampled_from([np.float32, np.float64]),
        npst.array_shapes(min_dims=0, max_dims=3, max_side=4).map(lambda shape: (*shape, 3)),
        elements=st.floats(0, 1, width=32),
    )
)
def test_shapes_and_types_are_kept(rgb):
    lab = rgb_to_lab(rgb)
    assert lab.shape == rgb.shape
    assert lab.dtype == rgb.dtype
    assert np.allclose(lab_to_rgb(lab), rgb, atol=1e-4)
    assert np.allclose(lightness(rgb), lab[..., 0], atol=1e-3)


@pytest.mark.parametrize(("dtype", "bound"), [(torch.float64, 1e-9), (torch.float32, 2e-3)])
def test_the_torch_twin_agrees(dtype, bound):
    rgb = torch.tensor(RANDOM, dtype=dtype).T.reshape(1, 3, 40, 50)
    lab = lab_torch.rgb_to_lab(rgb)
    plain = rgb_to_lab(RANDOM)
    assert np.abs(lab.reshape(3, -1).T.numpy() - plain).max() < bound
    assert (lab_torch.lab_to_rgb(lab) - rgb).abs().max() < bound


def test_the_torch_twin_has_true_gradients():
    rgb = torch.tensor(RANDOM[:6]).T.reshape(1, 3, 2, 3).requires_grad_()
    assert torch.autograd.gradcheck(lab_torch.rgb_to_lab, (rgb,))
    lab = lab_torch.rgb_to_lab(rgb).detach().requires_grad_()
    assert torch.autograd.gradcheck(lab_torch.lab_to_rgb, (lab,))


@pytest.mark.parametrize("colour", [(0, 0, 0), (100, 0, 0), (50, 110, -110), (5, -90, 90)])
def test_gradients_are_finite_everywhere(colour):
    lab = torch.tensor(colour, dtype=torch.float32).view(1, 3, 1, 1).requires_grad_()
    rgb = lab_torch.lab_to_rgb(lab)
    lab_torch.rgb_to_lab(rgb).sum().backward()
    assert lab.grad is not None
    assert lab.grad.isfinite().all()
