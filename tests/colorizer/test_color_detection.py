"""Black-and-white photographs stay black-and-white when they are toned, yellowed or noisy."""

from __future__ import annotations

import numpy as np
import pytest
from skimage import data

from rechroma.color import lab_to_rgb
from rechroma.colorizer import is_color
from rechroma.photo import read


def toned(level, chroma):
    return read(
        np.rint(np.clip(lab_to_rgb(np.stack([level, *chroma], axis=-1)), 0, 1) * 255).astype(
            np.uint8
        )
    )


@pytest.fixture(scope="module")
def level():
    return data.camera() / 255 * 90 + 3


@pytest.mark.parametrize("name", ["astronaut", "coffee", "chelsea", "rocket"])
def test_photographs_in_color(name):
    assert is_color(read(getattr(data, name)()))


def test_one_colored_thing_is_color(level):
    a = np.zeros_like(level)
    a[200:270, 200:270] = 50
    assert is_color(toned(level, (a, np.zeros_like(level))))


def test_gray():
    assert not is_color(read(data.camera()))
    assert not is_color(read(np.repeat(data.camera()[..., None], 3, axis=2)))


@pytest.mark.parametrize("hue", np.linspace(0, 6, 7))
@pytest.mark.parametrize("strength", [5, 25])
def test_toned(level, hue, strength):
    # Strongest in the middle tones, as toning is.
    chroma = strength * 4 * (level / 100) * (1 - level / 100)
    assert not is_color(toned(level, (chroma * np.cos(hue), chroma * np.sin(hue))))


def test_yellowed_and_noisy(level):
    rng = np.random.default_rng(0)
    yellow = 12 + np.linspace(0, 4, level.shape[1])[None]
    b = yellow + rng.normal(0, 4, level.shape)
    assert not is_color(toned(level, (rng.normal(2, 4, level.shape), b)))


@pytest.mark.parametrize("shape", [(1, 1), (1, 5000), (2, 2)])
def test_flat_pictures_have_no_colors_to_tell_apart(shape):
    assert not is_color(read(np.full((*shape, 3), (200, 30, 30), np.uint8)))


def test_a_cream_mount(level):
    b = np.zeros_like(level)
    b[:60], b[-60:], b[:, :60], b[:, -60:] = 18, 18, 18, 18
    assert not is_color(toned(np.where(b > 0, 90, level), (b / 9, b)))


def test_a_brown_stain(level):
    y, x = np.mgrid[: level.shape[0], : level.shape[1]]
    stain = 1 / (1 + np.exp((np.hypot(y - 300, x - 200) - 120) / 15))
    assert not is_color(toned(level * (1 - 0.3 * stain), (6 * stain, 20 * stain)))


def test_a_smooth_picture_in_many_colors_is_in_color():
    """From green to pink: a tint explains it, but no print has such a one."""
    y, x = np.mgrid[0:1:48j, 0:1:64j]
    colors = np.stack([x, 0.6 * y + 0.2 * (1 - x), 0.4 * x + 0.3 * y], axis=-1)
    assert is_color(read((colors * 255).astype(np.uint8)))


def inked(level, cover, ink):
    """Print in one ink, of which so much reaches each place: it absorbs light, as inks do."""
    print_ = lab_to_rgb(np.stack([level, 0 * level, 0 * level + 8], axis=-1))
    absorbed = print_ * (1 - cover[..., None] * (1 - np.array(ink)))
    return read(np.rint(np.clip(absorbed, 0, 1) * 255).astype(np.uint8))


INKS = [(0.25, 0.2, 0.65), (0.75, 0.15, 0.2), (0.5, 0.2, 0.6), (0.2, 0.55, 0.3)]


@pytest.mark.parametrize("ink", INKS)
@pytest.mark.parametrize("corner", [(20, 300), (380, 40)])
def test_a_stamp(level, ink, corner):
    """A frame of 2.6 % of the picture with bars as letters in it."""
    top, left = corner
    cover = np.zeros_like(level)
    cover[top : top + 45, left : left + 150] = (np.arange(150) % 12 < 6) * 0.9
    cover[top : top + 4, left : left + 150] = 0.9
    assert not is_color(inked(level, cover, ink))


@pytest.mark.parametrize("ink", INKS)
def test_writing(level, ink):
    y, x = np.mgrid[: level.shape[0], : level.shape[1]]
    line = np.abs(y - 440 - 12 * np.sin(x / 5)) < 3
    assert not is_color(inked(level, line & (x > 60) & (x < 400), ink))


def test_tape(level):
    """As yellow as sellotape becomes, over a twelfth of the picture."""
    cover = np.zeros_like(level)
    cover[230:290, :350] = 1
    assert not is_color(inked(level, cover, (0.97, 0.85, 0.55)))


@pytest.mark.parametrize("hue", np.linspace(0, 5, 6))
def test_a_print_with_two_colors_of_its_own_is_in_color(level, hue):
    """Half of it in one color and half in another, as no tint is, but muted."""
    y, x = np.mgrid[: level.shape[0], : level.shape[1]]
    one = np.sign(np.sin(x / 40) + np.sin(y / 55)) * 12
    assert is_color(toned(level, (one * np.cos(hue), one * np.sin(hue))))


def test_a_strip_of_sky_is_no_mount():
    """Inside of the border there is sand alone, of one color."""
    pixels = np.empty((120, 160, 3))
    pixels[:12], pixels[12:] = (90, 150, 230), (200, 170, 120)
    pixels += np.random.default_rng(1).normal(0, 4, pixels.shape)
    assert is_color(read(np.clip(pixels, 0, 255).astype(np.uint8)))
