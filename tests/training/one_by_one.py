"""Training samples one at a time, on NumPy and Pillow: what batches are compared with."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from PIL import Image
from scipy import ndimage

from rechroma.color import lightness, linear_to_srgb, srgb_to_linear
from rechroma.colorizer.conditioning import MOOD_SIZE, Patch, hint_map, mood_vector

if TYPE_CHECKING:
    from collections.abc import Callable

    from rechroma.color import FloatArray


def degraded_lightness(rng: np.random.Generator, rgb: FloatArray) -> FloatArray:
    """Return L, float32 (H, W) in 0…100, of sRGB (H, W, 3) in 0…1, degraded by chance.

    In the order in which it happens: film, lens, print, storage, scan.
    """
    seen = _on_film(rng, rgb)
    for likely, degradation in _DEGRADATIONS:
        if rng.random() < likely:
            seen = degradation(rng, seen)
    return (np.clip(seen, 0, 1) * 100).astype(np.float32)


def recompressed_lightness(rng: np.random.Generator, rgb: FloatArray) -> FloatArray:
    """Return L, float32 (H, W) in 0…100, of a copy of sRGB (H, W, 3) in 0…1, by chance.

    What happens to pictures that are sent around: cropped by a pixel, smaller and enlarged again, a
    little noise, JPEG.
    """
    seen = lightness(rgb) / 100
    for likely, degradation in _COPY_DEGRADATIONS:
        if rng.random() < likely:
            seen = degradation(rng, seen)
    return (np.clip(seen, 0, 1) * 100).astype(np.float32)


def _on_film(rng: np.random.Generator, rgb: FloatArray) -> FloatArray:
    """Return the tones, 0…1, of a film between panchromatic and orthochromatic.

    Orthochromatic film does not see red: lips and brick come out dark, and blue skies white.
    """
    blindness = rng.beta(0.6, 1.2)
    sensitivity = (1 - blindness) * np.array([0.2126, 0.7152, 0.0722])
    sensitivity += blindness * np.array([0.02, 0.45, 0.53])
    exposed = (srgb_to_linear(rgb) @ sensitivity)[..., None]
    return lightness(np.repeat(linear_to_srgb(exposed), 3, axis=-1)) / 100


def _blurred(rng: np.random.Generator, seen: FloatArray) -> FloatArray:
    return ndimage.gaussian_filter(seen, rng.uniform(0.3, 1.3))


def _vignetted(rng: np.random.Generator, seen: FloatArray) -> FloatArray:
    height, width = seen.shape
    y, x = np.linspace(-1, 1, height)[:, None], np.linspace(-1, 1, width)
    cy, cx = rng.uniform(-0.4, 0.4, 2)
    return seen * (1 - rng.uniform(0.05, 0.35) * ((y - cy) ** 2 + (x - cx) ** 2) / 2)


def _graded(rng: np.random.Generator, seen: FloatArray) -> FloatArray:
    tone = np.clip(seen, 0, 1) ** np.exp(rng.normal(0, 0.25))
    return tone + rng.normal(0, 0.5) * tone * (1 - tone) * (2 * tone - 1)


def _faded(rng: np.random.Generator, seen: FloatArray) -> FloatArray:
    black, white = rng.uniform(0, 0.25), rng.uniform(0.75, 1)
    return black + (white - black) * seen


def _grainy(rng: np.random.Generator, seen: FloatArray) -> FloatArray:
    """Grain of film: clumps, and strongest in the middle tones."""
    grain = ndimage.gaussian_filter(rng.normal(0, 1, seen.shape), rng.uniform(0.3, 0.9))
    grain *= rng.uniform(0.005, 0.06) / max(float(grain.std()), 1e-6)
    return seen + grain * (0.4 + 2.4 * np.clip(seen, 0, 1) * (1 - np.clip(seen, 0, 1)))


def _scratched(rng: np.random.Generator, seen: FloatArray) -> FloatArray:
    """Dust, and scratches nearly along one side."""
    height, width = seen.shape
    seen = seen.copy()
    for _ in range(rng.integers(1, 5)):
        rows = np.arange(*sorted(rng.integers(0, height + 1, 2)))
        columns = rng.uniform(0, width) + np.cumsum(rng.normal(0, 0.15, len(rows)))
        inside = (columns >= 0) & (columns < width)
        seen[rows[inside], columns[inside].astype(int)] += rng.choice([-1, 1]) * rng.uniform(0.1, 1)
    for _ in range(rng.integers(0, 12)):
        top, left = rng.integers(height), rng.integers(width)
        size = rng.integers(1, 4)
        seen[top : top + size, left : left + size] += rng.choice([-1, 1]) * rng.uniform(0.1, 0.8)
    return seen


def _compressed(rng: np.random.Generator, seen: FloatArray) -> FloatArray:
    pixels = np.round(np.clip(seen, 0, 1) * 255).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=int(rng.integers(20, 91)))
    return np.asarray(Image.open(file), dtype=np.float32) / 255


def _shrunk(rng: np.random.Generator, seen: FloatArray) -> FloatArray:
    """Return the picture after a time at a smaller size."""
    height, width = seen.shape
    share = rng.uniform(0.4, 1)
    picture = Image.fromarray(seen.astype(np.float32))
    small = picture.resize((round(width * share), round(height * share)), Image.Resampling.BOX)
    return np.asarray(small.resize((width, height), Image.Resampling.BICUBIC))


def _shifted(rng: np.random.Generator, seen: FloatArray) -> FloatArray:
    """Return the picture moved by at most a pixel: nothing to an eye, much to a strided network."""
    height, width = seen.shape
    top, left = rng.integers(0, 3, 2)
    return np.pad(seen, 1, mode="edge")[top : top + height, left : left + width]


def _noisy(rng: np.random.Generator, seen: FloatArray) -> FloatArray:
    return seen + rng.normal(0, rng.uniform(0, 8) / 255, seen.shape)


_Wear: TypeAlias = "Callable[[np.random.Generator, FloatArray], FloatArray]"
_Wears: TypeAlias = tuple[tuple[float, _Wear], ...]
_COPY_DEGRADATIONS: _Wears = ((0.4, _shifted), (0.6, _shrunk), (0.5, _noisy), (0.5, _compressed))
_DEGRADATIONS: _Wears = (
    (0.4, _blurred),
    (0.3, _vignetted),
    (0.6, _graded),
    (0.4, _faded),
    (0.5, _grainy),
    (0.2, _scratched),
    (0.5, _compressed),
)


# How often there are hints (as in Zhang et al. 2017 most often none), and a mood: independently,
# since hints beside a mood teach little of what to do with hints alone. There is neither in 42 %:
# the network's first duty is to do without.
_HINTS = 0.4
_MOOD = 0.3
# Of the number of hints (Zhang et al. 2017, section 3.2), with a few samples that have many.
_GEOMETRIC = 1 / 4
_MANY = 0.1
_MOST = 100
_LARGEST_PATCH = 9


def simulated_conditioning(
    rng: np.random.Generator, chroma: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the `hint_map` and the `mood_vector` of one sample; zeros where there is none.

    Hints are random patches, each with its own mean of a and b; a mood is the picture's own.

    Args:
        rng: Draws what there is.
        chroma: The truth's a and b, shape (H, W, 2).
    """
    count = _count(rng) if rng.random() < _HINTS else 0
    has_mood = rng.random() < _MOOD
    hints = hint_map([_patch(rng, chroma) for _ in range(count)], *chroma.shape[:2])
    return hints, mood_vector(chroma) if has_mood else np.zeros(MOOD_SIZE, np.float32)


def _count(rng: np.random.Generator) -> int:
    if rng.random() < _MANY:
        return int(rng.integers(1, _MOST + 1))
    return min(_MOST, int(rng.geometric(_GEOMETRIC)))


def _patch(rng: np.random.Generator, chroma: FloatArray) -> Patch:
    height, width = chroma.shape[:2]
    side = int(rng.integers(1, min(_LARGEST_PATCH, height, width) + 1))
    top, left = int(rng.integers(height - side + 1)), int(rng.integers(width - side + 1))
    a, b = chroma[top : top + side, left : left + side].mean(axis=(0, 1))
    return Patch(top, top + side, left, left + side, float(a), float(b))


# Sides of a crop's box differ by at most this factor.
_MAX_RATIO = 4 / 3


def random_box(
    rng: np.random.Generator, width: int, height: int, min_scale: float
) -> tuple[float, float, float, float]:
    """Return a random box (left, upper, right, lower), nearly square.

    Its area is a share of the largest square's between `min_scale` and 1; the ratio of its sides is
    log-uniform in 3/4…4/3, cut where the picture ends.
    """
    side = min(width, height) * np.sqrt(rng.uniform(min_scale, 1))
    ratio = np.exp(rng.uniform(-1, 1) * np.log(_MAX_RATIO) / 2)
    box_width, box_height = min(side * ratio, width), min(side / ratio, height)
    left, upper = rng.uniform(0, width - box_width), rng.uniform(0, height - box_height)
    return left, upper, left + box_width, upper + box_height
