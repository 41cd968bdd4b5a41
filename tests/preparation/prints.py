"""Made prints whose truth is known."""

from __future__ import annotations

import numpy as np

from rechroma.photo import Photo, read


def scene(height=270, width=360):
    """Return a gray picture with smooth shades, edges and all tones, uint8, shape (H, W)."""
    y, x = np.mgrid[0:height, 0:width].astype(float)
    values = 120 + 50 * np.sin(x / 37) * np.cos(y / 29) + 25 * np.sin((x + 2 * y) / 61)
    values[height // 3 : height // 2, width // 4 : width // 2] = 12
    values[height // 2 :, width * 5 // 8 : width * 7 // 8] = 242
    values += np.random.default_rng(0).normal(0, 1.5, values.shape)
    return np.clip(values, 0, 255).astype(np.uint8)


def photo(values) -> Photo:
    """Return a photo of gray or RGB values in 0…255."""
    return read(np.clip(np.rint(values), 0, 255).astype(np.uint8))


def on_paper(gray, sides, paper=(240, 228, 200)):
    """Return a picture on paper, as RGB; `sides` are left, top, right, bottom."""
    left, top, right, bottom = sides
    height, width = gray.shape
    rgb = np.empty((height + top + bottom, width + left + right, 3))
    rgb[:] = paper
    rgb[top : top + height, left : left + width] = gray[..., None]
    rgb += np.random.default_rng(1).normal(0, 1, rgb.shape[:2])[..., None]
    return rgb


def scratched(gray):
    """Return a picture with five light scratches and sixty specks, and where they are."""
    chance = np.random.default_rng(3)
    height, width = gray.shape
    y, x = np.mgrid[0:height, 0:width].astype(float)
    mask = np.zeros(gray.shape, bool)
    for slope, row in ((0.4, 30), (-0.3, 190), (0.9, -45), (-0.7, 250), (0.1, 225)):
        mask |= (np.abs(y - row - slope * x) < 1.2) & (x > 45) & (x < width - 50)
    for _ in range(60):
        row, column = chance.integers(3, height - 3), chance.integers(3, width - 3)
        mask[row : row + 2, column : column + 2] = True
    return np.where(mask, 253, gray), mask


def stained(gray):
    """Return a picture with a large brown stain, as RGB: it looks as if it were in color."""
    y, x = np.mgrid[0 : gray.shape[0], 0 : gray.shape[1]]
    stain = 1 / (1 + np.exp(np.clip((np.hypot(x - 110, y - 150) - 120) / 6, -40, 40)))
    return gray[..., None] * (1 - stain[..., None] * np.array([0.1, 0.27, 0.48]))
