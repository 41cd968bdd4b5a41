"""The batched degradation beside Pillow, SciPy, and the code that works on one sample."""

import io

import numpy as np
import pytest
import torch
from PIL import Image
from scipy import ndimage, stats
from skimage import data

from rechroma.color import lightness, srgb_to_linear
from rechroma.training.augmentation import AugmentationOptions, SamplePlaces
from rechroma.training.augmentation import degradation as batched
from rechroma.training.augmentation.filters import (
    filtered,
    gaussian_matrices,
    jpeg_round_trip,
    shrinking_matrices,
)

from . import one_by_one

SAMPLES = 1500
STEPS = ["_blurred", "_vignetted", "_graded", "_faded", "_grainy", "_scratched", "_compressed",
         "_shifted", "_shrunk", "_noisy"]  # fmt: skip


@pytest.fixture(scope="module")
def rgb():
    return data.astronaut()[60:100, 180:212].astype(np.float32) / 255


@pytest.fixture(scope="module")
def seen(rgb):
    return lightness(rgb) / 100


@pytest.fixture
def draws():
    return SamplePlaces(3, 0, SAMPLES).draws(SAMPLES)


def gray_pictures(height, width):
    """Return two real pictures in gray, float32 (2, height, width) in 0…1."""
    pictures = [data.camera()[100 : 100 + height, 180 : 180 + width],
                data.astronaut()[:height, 150 : 150 + width, 1]]  # fmt: skip
    return torch.from_numpy(np.stack(pictures).astype(np.float32) / 255)


def many(picture):
    """Return copies of a picture, channels first, as one batch."""
    tensor = torch.from_numpy(picture)
    tensor = tensor.permute(2, 0, 1) if tensor.ndim == 3 else tensor
    return tensor.expand(SAMPLES, *tensor.shape)


def each(function, picture):
    """Return what the code for one sample makes of a picture, many times."""
    return np.stack([function(np.random.default_rng(seed), picture) for seed in range(SAMPLES)])


def assert_alike(ours, theirs, plain):
    """Compare the distributions of samples' mean, spread and change: Kolmogorov and Smirnov."""
    for measure in (
        lambda x: x.mean((1, 2)),
        lambda x: x.std((1, 2)),
        lambda x: np.abs(x - plain).mean((1, 2)),
        lambda x: np.abs(x - plain).max((1, 2)),
        lambda x: (np.abs(x - plain) > 1e-3).mean((1, 2)),
    ):
        # What differs by rounding alone is the same: the plain picture, say.
        a, b = (np.round(measure(x.astype(np.float64)), 4) for x in (ours, theirs))
        assert stats.ks_2samp(a, b, method="asymp").pvalue > 1e-3
        assert abs(a.mean() - b.mean()) < 4.5 * np.hypot(stats.sem(a), stats.sem(b)) + 1e-4


@pytest.mark.parametrize("name", STEPS)
def test_a_step_does_what_it_does_to_one_sample(name, seen, draws):
    ours = getattr(batched, name)(draws, many(seen)).numpy()
    assert_alike(ours, each(getattr(one_by_one, name), seen), seen)


def test_films_are_blind_to_red_as_often(draws):
    blindness = draws.beta(0.6, 1.2, 3).flatten().numpy()
    assert stats.kstest(blindness, stats.beta(0.6, 1.2).cdf).pvalue > 1e-3


def test_films_are_those_of_one_sample(rgb, seen, draws):
    ours = batched._on_film(draws, many(srgb_to_linear(rgb))).numpy()
    assert_alike(ours, each(one_by_one._on_film, rgb), seen)


def test_old_prints_are_those_of_one_sample(rgb, draws):
    options = AugmentationOptions(print_halftone=0)
    ours = batched.old_prints(draws, many(srgb_to_linear(rgb)), options).numpy()
    assert_alike(ours, each(one_by_one.degraded_lightness, rgb), lightness(rgb))


def test_copies_are_those_of_one_sample(rgb, draws):
    own = lightness(rgb)
    ours = batched.recompressed_copies(draws, many(own), AugmentationOptions()).numpy()
    assert_alike(ours, each(one_by_one.recompressed_lightness, rgb), own)
    # 0.6 · 0.4 · 0.5 · 0.5 are spared, and of the moved ones those that were not moved.
    spared = (np.abs(ours - own).max((1, 2)) < 1e-3).mean()
    assert abs(spared - 0.1 * (0.6 + 0.4 / 9)) < 4.5 * np.sqrt(0.064 * 0.936 / SAMPLES)


def test_no_step_is_no_change(rgb):
    never = {name: 0.0 for name in AugmentationOptions.__slots__ if name.startswith("copy_")}
    own = torch.from_numpy(lightness(rgb))[None]
    same = batched.recompressed_copies(
        SamplePlaces(3, 0, 1).draws(1), own, AugmentationOptions(**never)
    )
    assert torch.allclose(same, own, atol=1e-4)


def test_a_screen_has_its_period_and_leaves_black_and_white():
    gray = torch.tensor([0.0, 0.5, 1.0])[:, None, None].expand(3, 64, 64)
    draws = SamplePlaces(3, 1, 3).draws(3)
    black, middle, white = batched._screened(draws, gray)
    assert (black == 0).all()
    assert (white == 1).all()
    assert 0.01 < (middle - 0.5).abs().max() <= 0.12
    spectrum = torch.fft.fft2(middle - 0.5).abs()
    row, column = divmod(int(spectrum.argmax()), 64)
    frequency = np.hypot(min(row, 64 - row), min(column, 64 - column)) / 64
    # The product of two waves at right angles: √2 times a wave's frequency.
    assert np.sqrt(2) / 4 - 0.03 < frequency < np.sqrt(2) / 2.5 + 0.03


@pytest.mark.parametrize("quality", [20, 50, 90])
@pytest.mark.parametrize("size", [(96, 96), (61, 83)])
def test_jpeg_is_pillows(quality, size):
    pictures = gray_pictures(*size)
    ours = jpeg_round_trip(pictures, torch.full((2,), quality)).numpy() * 255
    for mine, picture in zip(ours, pictures.numpy(), strict=True):
        file = io.BytesIO()
        Image.fromarray(np.round(picture * 255).astype(np.uint8)).save(
            file, "JPEG", quality=quality
        )
        theirs = np.asarray(Image.open(file), dtype=np.float32)
        away = np.abs(mine - theirs)
        # Of 255 levels; JPEG itself moves these pictures by 2 to 6 on average.
        assert away.mean() < 0.1
        assert np.abs(theirs - picture * 255).mean() > 1.8


def test_qualities_differ_within_a_batch():
    pictures = gray_pictures(64, 64)[:1].expand(3, -1, -1)
    together = jpeg_round_trip(pictures, torch.tensor([20, 50, 90]))
    for number, quality in enumerate((20, 50, 90)):
        assert torch.equal(
            together[number], jpeg_round_trip(pictures[:1], torch.tensor([quality]))[0]
        )


def test_a_blur_is_scipys():
    pictures = gray_pictures(40, 56)[[0, 1, 0, 1, 0]]
    sigma = torch.tensor([0.3, 0.5, 0.874, 1.0, 1.3])
    ours = filtered(pictures, lambda size: gaussian_matrices(sigma, 1.3, size))
    for mine, picture, width in zip(ours, pictures.numpy(), sigma.tolist(), strict=True):
        theirs = ndimage.gaussian_filter(picture.astype(np.float64), width)
        assert np.abs(mine.numpy() - theirs).max() < 1e-5


def divides_a_pixel_box(small, size):
    """Say whether a pixel's center lies between two boxes: there Pillow's rounding decides."""
    return any((2 * pixel + 1) * small % (2 * size) == 0 for pixel in range(size))


@pytest.mark.parametrize("size", [24, 33, 96])
def test_a_time_at_a_smaller_size_is_pillows(size):
    sizes = range(round(0.4 * size), size + 1)
    sizes = [small for small in sizes if not divides_a_pixel_box(small, size)]
    picture = gray_pictures(size, size)[1:]
    small = torch.tensor(sizes)
    ours = filtered(
        picture.expand(len(small), -1, -1), lambda side: shrinking_matrices(small, side)
    )
    assert len(sizes) > 8
    for mine, side in zip(ours, sizes, strict=True):
        shrunk = Image.fromarray(picture[0].numpy()).resize((side, side), Image.Resampling.BOX)
        theirs = np.asarray(shrunk.resize((size, size), Image.Resampling.BICUBIC))
        assert np.abs(mine.numpy() - theirs).max() < 1e-5
