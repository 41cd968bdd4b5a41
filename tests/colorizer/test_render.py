"""The picture's own L, the chroma asked for, and nothing outside of sRGB."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from skimage import data

from rechroma.color import in_gamut, lab_to_rgb, lightness, rgb_to_lab
from rechroma.colorizer import render as module
from rechroma.colorizer.guided import GuidedPlanes
from rechroma.colorizer.render import render
from rechroma.photo.samples import quantize, to_float

# Half a level of 8 bits.
HALF = 0.5 / 255


def flat_chroma(shape, color):
    chroma = np.empty((2, 4, 5), np.float32)
    chroma[:] = np.reshape(color, (2, 1, 1))
    return GuidedPlanes(chroma, np.full((4, 5), 50, np.float32), shape, (4.0, 5.0))


def as_gray(rgb):
    """The sRGB-encoded gray of the same L, so that lightness can be compared in levels."""
    level = lightness(rgb)
    return lab_to_rgb(np.stack([level, 0 * level, 0 * level], axis=-1))[..., 0]


@pytest.fixture(scope="module")
def astronaut():
    return data.astronaut() / np.float32(255)


@pytest.mark.parametrize("color", [(20, 15), (-40, 60), (70, -90)])
def test_lightness_stays_within_half_a_level(astronaut, color):
    pixels = render(astronaut, flat_chroma(astronaut.shape[:2], color), 1.0, 1)
    level = lightness(astronaut)
    asked = np.stack([level, *(np.full_like(level, c) for c in color)], axis=-1)
    inside = in_gamut(asked)
    assert inside.mean() > 0.05
    written = np.rint(pixels * 255) / 255
    difference = np.abs(as_gray(written) - as_gray(astronaut))
    assert difference[inside].max() <= HALF + 1e-5
    # Gamut mapping keeps L too: only its tolerance is added.
    assert difference.max() <= HALF + 5e-4


def most_chroma(lab):
    """The colors with as much of their chroma as sRGB has room for, to the last digit."""
    low, high = np.zeros(lab.shape[:-1]), np.ones(lab.shape[:-1])
    for _ in range(40):
        share = (low + high) / 2
        inside = in_gamut(lab * np.stack([np.ones_like(share), share, share], axis=-1))
        low, high = np.where(inside, share, low), np.where(inside, high, share)
    share = np.where(in_gamut(lab), 1, low)
    return lab * np.stack([np.ones_like(share), share, share], axis=-1)


@pytest.mark.parametrize(
    ("source", "target", "largest", "usual"),
    [
        (np.float32, np.float32, 1e-3, 1e-5),
        (np.uint8, np.float32, 1e-3, 2e-5),
        (np.uint16, np.float32, 1e-3, 1e-5),
        (np.uint8, np.uint8, 0.52 / 255, 0.501 / 255),
        (np.float32, np.uint8, 0.52 / 255, 0.501 / 255),
        (np.uint16, np.uint16, 1e-3, 0.8 / 65535),
    ],
)
@pytest.mark.parametrize("gray", [False, True])
def test_same_as_the_plain_formula(astronaut, source, target, largest, usual, gray):
    samples = quantize(astronaut, np.dtype(source))
    if gray:
        samples = np.broadcast_to(samples[..., :1], samples.shape)
    chroma = flat_chroma(samples.shape[:2], (30, -50))
    pixels = render(samples, chroma, 0.8, 1, np.dtype(target))
    assert pixels.dtype == target
    level = lightness(to_float(samples).astype(np.float64))
    asked = np.stack([level, np.full_like(level, 24), np.full_like(level, -40)], axis=-1)
    expected = np.clip(lab_to_rgb(most_chroma(asked)), 0, 1)
    difference = np.abs(to_float(pixels) - expected)
    assert difference.max() < largest
    assert np.quantile(difference, 0.99) < usual


@pytest.mark.parametrize("target", [np.uint8, np.uint16])
@pytest.mark.parametrize("source", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("color", [(10, 15), (70, -90)])
def test_integers_are_the_floats_rounded(astronaut, source, target, color):
    samples, dtype = quantize(astronaut, np.dtype(source)), np.dtype(target)
    chroma = flat_chroma(samples.shape[:2], color)
    floats = render(samples, chroma, 1.0, 1)
    assert np.array_equal(render(samples, chroma, 1.0, 1, dtype), quantize(floats, dtype))


def test_hue_stays_where_chroma_is_lowered(astronaut):
    pixels = render(astronaut, flat_chroma(astronaut.shape[:2], (90, -60)), 1.0, 1)
    lab = rgb_to_lab(pixels.astype(np.float64))
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    angle = np.arctan2(lab[..., 2], lab[..., 1])[chroma > 10]
    assert np.abs(angle - np.arctan2(-60, 90)).max() < 0.02


def test_no_chroma_gives_gray(astronaut):
    pixels = render(astronaut, flat_chroma(astronaut.shape[:2], (0, 0)), 1.0, 1)
    assert np.ptp(pixels, axis=-1).max() < 2e-6


def test_strength_zero_gives_gray(astronaut):
    pixels = render(astronaut, flat_chroma(astronaut.shape[:2], (60, 60)), 0.0, 1)
    assert np.ptp(pixels, axis=-1).max() < 2e-6


def test_grays_of_all_levels_come_back():
    grays = np.repeat(np.arange(256, dtype=np.float32).reshape(16, 16, 1) / 255, 3, axis=2)
    pixels = render(grays, flat_chroma((16, 16), (0, 0)), 1.0, 1)
    np.testing.assert_array_equal(np.rint(pixels * 255), grays * 255)


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize("strip", [1, 5000, 1 << 20])
def test_strips_and_threads_change_nothing(astronaut, monkeypatch, threads, strip):
    chroma = flat_chroma(astronaut.shape[:2], (30, -50))
    expected = render(astronaut, chroma, 1.0, 1)
    monkeypatch.setattr(module, "CACHED_PIXELS", strip)
    np.testing.assert_array_equal(render(astronaut, chroma, 1.0, threads), expected)


def test_memory_beyond_the_result_is_bounded():
    pixels = np.full((3000, 4000, 3), 0.5, np.float32)
    chroma = flat_chroma((3000, 4000), (120, 0))
    tracemalloc.start()
    try:
        result = render(pixels, chroma, 1.0, 2)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak - result.nbytes < 40e6
