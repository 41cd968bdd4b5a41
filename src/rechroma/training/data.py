"""Training samples: random crops, drawn by their position in the run alone.

Sample number n is the same whatever the number of workers and wherever a run was resumed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset, Sampler

from rechroma.color import lightness, rgb_to_lab
from rechroma.colorizer.conditioning import MOOD_SIZE, Patch, hint_map, mood_vector
from rechroma.training.degradation import degraded_lightness, recompressed_lightness

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from rechroma.color import FloatArray
    from rechroma.training.sources import PictureRef

__all__ = ["Crops", "Positions", "Samples", "center_crops", "random_box", "simulated_conditioning"]

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


class Positions(Sampler[tuple[int, int]]):
    """Yields (position in the run, index of the picture), a new permutation each epoch.

    Args:
        pictures: How many there are.
        seed: Of the permutations.
        start: The first position: samples already used before a resume.
        stop: One past the last position.
    """

    def __init__(self, pictures: int, seed: int, start: int, stop: int) -> None:
        self.pictures = pictures
        self.seed = seed
        self.start = start
        self.stop = stop

    def __len__(self) -> int:
        return self.stop - self.start

    def __iter__(self) -> Iterator[tuple[int, int]]:
        epoch, order = -1, np.empty(0, dtype=np.int64)
        for position in range(self.start, self.stop):
            if position // self.pictures != epoch:
                epoch = position // self.pictures
                order = np.random.default_rng((self.seed, epoch)).permutation(self.pictures)
            yield position, int(order[position % self.pictures])


class Crops(Dataset[Tensor]):
    """Random resized crops with random flips: uint8 tensors, shape (3, side, side)."""

    def __init__(self, pictures: list[PictureRef], side: int, min_scale: float, seed: int) -> None:
        self.pictures = pictures
        self.side = side
        self.min_scale = min_scale
        self.seed = seed

    def __getitem__(self, key: tuple[int, int]) -> Tensor:
        position, index = key
        # The 1 keeps this stream apart from the permutations'.
        rng = np.random.default_rng((self.seed, 1, position))
        picture = Image.fromarray(self.pictures[index].read().to_uint8())
        box = random_box(rng, picture.width, picture.height, self.min_scale)
        crop = picture.resize((self.side, self.side), Image.Resampling.BILINEAR, box=box)
        if rng.random() < 0.5:
            crop = crop.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        return _tensor(np.asarray(crop))


class Samples(Dataset[dict[str, Tensor]]):
    """What one training sample is made of, by name.

    `pixels`: a crop, see `Crops`. `seen`: L as the network gets it, float32 (1, side, side), where
    it is not the crop's own. `hints` and `mood`: see `rechroma.colorizer.conditioning`.

    Args:
        crops: Where the pictures come from.
        degraded: Share of the samples that are seen as old prints.
        recompressed: Share of the samples that are seen as copies.
        conditioning: Whether there are hints and moods.
    """

    def __init__(
        self, crops: Crops, *, degraded: float, recompressed: float, conditioning: bool
    ) -> None:
        self.crops = crops
        self.degraded = degraded
        self.recompressed = recompressed
        self.conditioning = conditioning

    def __getitem__(self, key: tuple[int, int]) -> dict[str, Tensor]:
        pixels = self.crops[key]
        sample = {"pixels": pixels}
        if not (self.degraded or self.recompressed or self.conditioning):
            return sample
        # The 2 keeps this stream apart from the crops'.
        rng = np.random.default_rng((self.crops.seed, 2, key[0]))
        rgb = pixels.numpy().transpose(1, 2, 0).astype(np.float32) / 255
        if self.degraded or self.recompressed:
            sample["seen"] = torch.from_numpy(self._seen(rng, rgb))[None]
        if self.conditioning:
            hints, mood = simulated_conditioning(rng, rgb_to_lab(rgb)[..., 1:])
            sample |= {"hints": torch.from_numpy(hints), "mood": torch.from_numpy(mood)}
        return sample

    def _seen(self, rng: np.random.Generator, rgb: FloatArray) -> FloatArray:
        fate = rng.random()
        if fate < self.degraded:
            return degraded_lightness(rng, rgb)
        return (
            recompressed_lightness(rng, rgb)
            if fate < self.degraded + self.recompressed
            else lightness(rgb)
        )


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


def center_crops(pictures: list[PictureRef], side: int) -> Tensor:
    """Return the central squares, scaled to `side`: uint8, shape (N, 3, side, side)."""
    return torch.stack([_center_crop(ref, side) for ref in pictures])


def _center_crop(ref: PictureRef, side: int) -> Tensor:
    picture = Image.fromarray(ref.read().to_uint8())
    square = min(picture.size)
    left, upper = (picture.width - square) / 2, (picture.height - square) / 2
    box = (left, upper, left + square, upper + square)
    return _tensor(np.asarray(picture.resize((side, side), Image.Resampling.BICUBIC, box=box)))


def _tensor(pixels: NDArray[np.uint8]) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)))
