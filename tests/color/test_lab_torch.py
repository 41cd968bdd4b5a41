import numpy as np
import pytest
import torch

from rechroma.color import lab, lab_torch, srgb_to_linear

CONVERSIONS = ["rgb_to_lab", "linear_to_lab", "lab_to_rgb"]


def pictures(name, *, dtype, low=0.0, high=1.0):
    """Return random colors, shape (2, 3, 6, 5), in the range of what `name` takes."""
    values = np.random.default_rng(1).uniform(low, high, (2, 3, 6, 5)).astype(dtype)
    if name == "lab_to_rgb":
        values = np.moveaxis(lab.rgb_to_lab(np.moveaxis(values, 1, -1)), -1, 1)
    return np.ascontiguousarray(values, dtype=dtype)


@pytest.mark.parametrize("name", CONVERSIONS)
@pytest.mark.parametrize(("dtype", "limit"), [(np.float32, 1e-4), (np.float64, 1e-9)])
@pytest.mark.parametrize(("low", "high"), [(0, 1), (-0.3, 1.4), (0, 0.05)])
def test_the_twin_gives_what_numpy_gives(name, dtype, limit, low, high):
    values = pictures(name, dtype=dtype, low=low, high=high)
    twin = getattr(lab_torch, name)(torch.from_numpy(values)).numpy()
    plain = np.moveaxis(getattr(lab, name)(np.moveaxis(values, 1, -1)), -1, 1)
    assert twin.dtype == dtype
    # Lab spans 100 units; RGB spans one.
    assert np.abs(twin - plain).max() < limit


@pytest.mark.parametrize("name", CONVERSIONS)
def test_gradients_are_the_derivative(name):
    values = torch.from_numpy(pictures(name, dtype=np.float64)[:1, :, :3, :3]).requires_grad_()
    assert torch.autograd.gradcheck(getattr(lab_torch, name), values)


@pytest.mark.parametrize("name", CONVERSIONS)
@pytest.mark.parametrize(
    "color",
    [(0, 0, 0), (1, 1, 1), (100, 0, 0), (50, 127, -128), (5, -110, 110), (-1, 0.5, 2), (120, 9, 9)],
)
def test_gradients_are_finite_out_of_gamut_too(name, color):
    """Black, white, and far out of gamut; as RGB and as Lab."""
    values = torch.tensor(color, dtype=torch.float32).view(1, 3, 1, 1).requires_grad_()
    result = getattr(lab_torch, name)(values)
    result.sum().backward()
    assert result.isfinite().all()
    assert values.grad is not None
    assert values.grad.isfinite().all()
    assert values.grad.abs().sum() > 0


def test_curve_and_lightness_are_those_of_numpy():
    values = pictures("rgb_to_lab", dtype=np.float64)
    linear = lab_torch.srgb_to_linear(torch.from_numpy(values))
    assert np.abs(linear.numpy() - srgb_to_linear(values)).max() < 1e-12
    gray = np.repeat(values[:, :1], 3, axis=1)
    ours = lab_torch.lightness(linear[:, 0]).numpy()
    assert np.abs(ours - lab.lightness(np.moveaxis(gray, 1, -1))).max() < 1e-9
