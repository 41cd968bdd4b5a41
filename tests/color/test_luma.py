"""Cb and Cr for a wanted a and b at a given Y."""

from __future__ import annotations

import numpy as np
import pytest

from rechroma.color import linear_to_lab, rgb_to_lab
from rechroma.color.luma import REACH, chroma_table, luma_chroma

LUMA = np.array([0.299, 0.587, 0.114])


def gray_of(y):
    """Return L of a gray."""
    return rgb_to_lab(np.repeat(np.asarray(y)[..., None], 3, axis=-1))[..., 0]


def rgb_of(y, cb, cr):
    """Return RGB as JFIF defines it."""
    green = y - 0.344136286 * cb - 0.714136286 * cr
    return np.stack([y + 1.402 * cr, green, y + 1.772 * cb], axis=-1)


@pytest.fixture(scope="module")
def colors():
    return np.random.default_rng(0).random((4000, 3))


def test_every_color_is_found_from_its_luma_and_chroma(colors):
    y, lab = colors @ LUMA, rgb_to_lab(colors)
    cb, cr = luma_chroma(gray_of(y)[:, None], lab[:, 1:2], lab[:, 2:])
    found = rgb_of(y[:, None], cb, cr)[:, 0]
    # A few near to the blue corner share a and b with a brighter color.
    assert np.percentile(np.abs(found - colors).max(axis=1), 99) < 1e-3


def test_what_rgb_does_not_show_keeps_its_hue(colors):
    y = colors[:, 0] * 0.9 + 0.05
    hue = colors[:, 1] * 2 * np.pi
    a, b = 120 * np.cos(hue), 120 * np.sin(hue)
    cb, cr = luma_chroma(gray_of(y)[:, None], a[:, None], b[:, None])
    found = rgb_of(y[:, None], cb, cr)[:, 0]
    assert found.min() > -1 / 255
    assert found.max() < 1 + 1 / 255
    # It goes as far as it can, or to a chroma of 120: of blue there is more.
    rest = np.minimum(found.min(axis=1), 1 - found.max(axis=1))
    assert np.percentile(rest, 99) < 5e-3
    lab = rgb_to_lab(found.clip(0, 1))
    turn = np.angle(np.exp(1j * (np.arctan2(lab[:, 2], lab[:, 1]) - hue)))
    assert np.percentile(np.abs(turn), 99) < np.radians(3)


def test_another_tone_curve(colors):
    to_linear = lambda x: np.maximum(x, 0) ** 1.8  # noqa: E731
    lab = linear_to_lab(to_linear(colors))
    y = colors @ LUMA
    light = linear_to_lab(np.repeat(to_linear(y)[:, None], 3, axis=1))[:, 0]
    cb, cr = luma_chroma(light[:, None], lab[:, 1:2], lab[:, 2:], to_linear)
    found = rgb_of(y[:, None], cb, cr)[:, 0]
    assert np.percentile(np.abs(found - colors).max(axis=1), 98) < 3e-3


def test_the_table_is_the_function_at_its_nodes():
    table = chroma_table(9)
    axis = np.linspace(-REACH, REACH, 9)
    light = np.linspace(0, 100, 9)
    for i, j, k in [(0, 1, 2), (4, 4, 4), (5, 6, 3), (8, 0, 8), (3, 4, 7), (6, 3, 5)]:
        cb, cr = luma_chroma(light[i : i + 1, None], axis[j : j + 1, None], axis[k : k + 1, None])
        expected = (cb.item() + 128 / 255, cr.item() + 128 / 255, 0)
        np.testing.assert_allclose(table[i, j, k], expected, atol=1e-4)
    np.testing.assert_allclose(table[:, 4, 4, :2] * 255, 128, atol=1e-4)
