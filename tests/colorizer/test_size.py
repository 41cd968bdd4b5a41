"""The size plan, and L at that size, beside Pillow's and scikit-image's own resampling."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from scipy.ndimage import gaussian_filter
from skimage import data
from skimage.measure import block_reduce
from skimage.transform import resize, resize_local_mean

from rechroma.color import lightness
from rechroma.colorizer.size import SizePlan, network_lightness, plan_size
from rechroma.photo.samples import block_mean

SIDES = st.integers(1, 60_000)


@given(SIDES, SIDES, st.sampled_from([32, 256, 384]), st.sampled_from([1, 16, 32]))
def test_every_plan_is_sound(height, width, size, stride):
    plan = plan_size(height, width, size=size, stride=stride)
    assert plan.height >= 1
    assert plan.width >= 1
    assert 0 <= plan.padded_height - plan.height < stride
    assert 0 <= plan.padded_width - plan.width < stride
    assert plan.padded_height % stride == 0
    assert plan.padded_width % stride == 0
    # 4·size² and what rounding and padding to the stride add.
    assert plan.padded_height * plan.padded_width <= 9 * max(size, stride) ** 2
    assert plan.height <= 4 * height
    assert plan.width <= 4 * width


@given(SIDES, SIDES)
def test_the_aspect_is_kept(height, width):
    plan = plan_size(height, width, size=256, stride=32)
    scale = max(plan.height, plan.width) / max(height, width)
    assert abs(min(height, width) * scale - min(plan.height, plan.width)) <= 1


@given(st.integers(64, 40_000), st.floats(1, 3.9))
def test_the_shorter_side_gets_the_size(short, aspect):
    plan = plan_size(short, round(short * aspect), size=256, stride=32)
    assert plan.height == 256


@pytest.mark.parametrize(
    ("shape", "plan"),
    [
        ((1, 1), SizePlan(4, 4, 32, 32)),
        ((1, 5000), SizePlan(1, 5000, 32, 5024)),
        ((200, 30_000), SizePlan(42, 6271, 64, 6272)),
        ((224, 300), SizePlan(256, 343, 256, 352)),
        ((4000, 6000), SizePlan(256, 384, 256, 384)),
    ],
)
def test_known_plans(shape, plan):
    assert plan_size(*shape, size=256, stride=32) == plan


@pytest.mark.parametrize("shape", [(12, 12), (13, 17), (1, 5), (7, 100)])
@pytest.mark.parametrize("factor", [1, 2, 3, 5])
def test_block_mean(shape, factor):
    pixels = np.random.default_rng(0).random((*shape, 3), dtype=np.float32)
    whole = [side // factor * factor for side in shape]
    blocks = block_mean(pixels, factor)
    assert blocks.shape == (-(-shape[0] // factor), -(-shape[1] // factor), 3)
    if all(whole):
        expected = block_reduce(pixels[: whole[0], : whole[1]], (factor, factor, 1), np.mean)
        np.testing.assert_allclose(
            blocks[: whole[0] // factor, : whole[1] // factor], expected, atol=1e-6
        )
    last = pixels[(blocks.shape[0] - 1) * factor :, (blocks.shape[1] - 1) * factor :]
    np.testing.assert_allclose(blocks[-1, -1], last.mean(axis=(0, 1)), atol=1e-6)


@pytest.fixture(scope="module", params=["astronaut", "coffee", "rocket"])
def picture(request):
    pixels = getattr(data, request.param)() / np.float32(255)
    # 2.37 times as large: no whole factor to any size used here.
    return resize(pixels, [round(side * 2.37) for side in pixels.shape[:2]]).astype(np.float32)


def seen_and_oracles(pixels, size):
    """L as the network sees it, Pillow's bicubic and scikit-image's area mean of full L."""
    plan = plan_size(*pixels.shape[:2], size=size, stride=32)
    own = lightness(pixels)
    bicubic = Image.fromarray(own).resize((plan.width, plan.height), Image.Resampling.BICUBIC)
    area = resize_local_mean(own, (plan.height, plan.width))
    seen = network_lightness(pixels, plan)[: plan.height, : plan.width]
    return seen, np.asarray(bicubic), area


@pytest.mark.parametrize("size", [96, 256, 500])
def test_beside_other_filters(picture, size):
    """On detail, antialiasing filters differ from each other by about 1."""
    seen, bicubic, area = seen_and_oracles(picture, size)
    assert np.abs(seen - bicubic).mean() < 1.2
    assert np.abs(seen - area).mean() < 1.2


@pytest.mark.parametrize("size", [96, 256, 500])
def test_on_a_soft_picture_all_filters_agree(picture, size):
    soft = gaussian_filter(picture, (30, 30, 0))
    seen, bicubic, area = seen_and_oracles(soft, size)
    assert np.abs(seen - bicubic).max() < 0.5
    assert np.abs(seen - area).max() < 0.5


def test_nothing_moves():
    ramp = np.linspace(0, 1, 1003, dtype=np.float32)
    pixels = np.broadcast_to(ramp[:, None, None], (1003, 709, 3))
    plan = plan_size(1003, 709, size=100, stride=32)
    seen = network_lightness(pixels, plan)
    centers = (np.arange(plan.height) + 0.5) * (1003 / plan.height) - 0.5
    expected = lightness(np.repeat((centers / 1002)[:, None], 3, axis=1))
    # The curve from sRGB to L bends near black, so a few rows there differ by their own mean.
    np.testing.assert_allclose(seen[5 : plan.height - 2, 50], expected[5:-2], atol=0.02)


@pytest.mark.parametrize("shape", [(1, 1), (1, 5000), (3, 40), (501, 499)])
@pytest.mark.parametrize(("value", "level"), [(0.0, 0.0), (1.0, 100.0)])
def test_black_and_white_stay(shape, value, level):
    pixels = np.full((*shape, 3), value, np.float32)
    plan = plan_size(*shape, size=64, stride=32)
    seen = network_lightness(pixels, plan)
    assert seen.shape == (plan.padded_height, plan.padded_width)
    assert seen.dtype == np.float32
    np.testing.assert_allclose(seen, level, atol=1e-4)


def test_the_padding_mirrors(picture):
    plan = SizePlan(70, 100, 96, 128)
    seen = network_lightness(picture, plan)
    np.testing.assert_array_equal(seen[70:], seen[69 - 26 : 69][::-1])
    np.testing.assert_array_equal(seen[:, 100:], seen[:, 99 - 28 : 99][:, ::-1])
