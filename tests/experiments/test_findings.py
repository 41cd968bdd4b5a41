"""Each finding against pictures that were made to show it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from skimage import data
from skimage.color import lab2rgb, rgb2lab

from rechroma.experiments.findings import (
    BANDS,
    PERIODS,
    SECTORS,
    FindingsOf,
    high_frequency_energy,
)


@pytest.fixture
def truth():
    return data.astronaut()[:208, 100:340]


def findings(result, truth):
    sums = FindingsOf()
    sums.add(result, truth)
    return sums.result()


def as_bytes(lab):
    return np.round(lab2rgb(lab) * 255).astype(np.uint8)


def test_a_perfect_answer(truth):
    found = findings(truth, truth)
    assert found.edges_lightness == pytest.approx(1)
    assert found.edges_chroma == pytest.approx(1)
    assert np.array(found.chroma_by_hue)[~np.isnan(found.chroma_by_hue)] == pytest.approx(1)
    assert np.allclose(found.bands, 0)
    assert len(found.bands) == len(BANDS) - 1
    assert all(np.isnan(peak) for peak in found.lattice.values())


def test_blur_loses_edges_and_noise_adds_energy(truth):
    blurred = gaussian_filter(truth, (1.5, 1.5, 0))
    noisy = np.clip(truth + np.random.default_rng(0).normal(0, 12, truth.shape), 0, 255)
    assert findings(blurred, truth).edges_lightness < 0.1
    assert findings(noisy.astype(np.uint8), truth).edges_lightness > 1.3


@pytest.mark.parametrize("shape", [(32, 48), (33, 47)])
def test_high_frequency_energy_agrees_with_the_whole_transform(shape):
    plane = np.random.default_rng(1).normal(size=shape)
    window = np.hanning(shape[0])[:, None] * np.hanning(shape[1])
    power = np.abs(np.fft.fft2((plane - plane.mean()) * window)) ** 2
    frequency = np.hypot(*np.meshgrid(*(np.fft.fftfreq(n) for n in shape), indexing="ij"))
    wanted = power[frequency > 0.25].sum() / plane.size
    assert high_frequency_energy(plane) == pytest.approx(wanted)


@pytest.mark.parametrize("period", PERIODS)
def test_a_lattice_shows_at_its_period_alone(truth, period):
    rng = np.random.default_rng(2)
    stripes = 6 * np.cos(2 * np.pi * np.arange(truth.shape[1]) / period)
    error = rng.normal(0, 4, truth.shape) + stripes[None, :, None]
    result = np.clip(truth.astype(float) + error, 0, 255).astype(np.uint8)
    found = findings(result, truth).lattice
    assert found[period] > 3
    assert all(found[other] < 3 for other in PERIODS if other != period)


def test_paleness_by_hue(truth):
    lab = rgb2lab(truth)
    lab[..., 1:] *= 0.5
    ratios = np.array(findings(as_bytes(lab), truth).chroma_by_hue)
    assert np.isfinite(ratios).sum() > 4
    assert ratios[np.isfinite(ratios)] == pytest.approx(0.5, abs=0.05)


def test_hue_sectors_are_named_rightly():
    for name, color in {
        "pink": (255, 140, 180), "orange": (255, 120, 60), "yellow": (255, 255, 0),
        "green": (0, 255, 0), "teal": (0, 190, 160), "sky": (110, 200, 235),
        "blue": (60, 130, 240), "purple": (190, 60, 220),
    }.items():  # fmt: skip
        picture = np.broadcast_to(np.uint8(color), (64, 64, 3))
        ratios = findings(picture, picture).chroma_by_hue
        assert [SECTORS[i] for i, ratio in enumerate(ratios) if not np.isnan(ratio)] == [name]


def test_a_blue_top_shows_in_the_top_band_alone(truth):
    lab = rgb2lab(truth)
    rows = round(BANDS[1] * len(lab))
    lab[:rows, :, 2] -= 10
    lab[:, :, 0] = np.clip(lab[:, :, 0], 20, 80)
    fair = rgb2lab(truth)
    fair[:, :, 0] = lab[:, :, 0]
    bands = findings(as_bytes(lab), as_bytes(fair)).bands
    assert bands[0][1] < -4
    assert bands[0][2] > 2
    assert np.abs(np.array(bands[1:])).max() < 0.2
