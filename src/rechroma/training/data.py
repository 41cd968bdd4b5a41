"""From pictures to batches: which are drawn when, and how they get to the device.

Batch number n is the same whatever the number of workers and of processes and wherever a run was
resumed; it is the same, too, whether the pictures lie in memory or are decoded for every batch.
"""

from __future__ import annotations

import logging
from fnmatch import fnmatch
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from rechroma.limits import available_memory
from rechroma.training.augmentation import (
    AugmentationOptions,
    PictureStore,
    SampleBatch,
    SamplePlaces,
    sample_batch,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from rechroma.training.config import DataConfig
    from rechroma.training.measures import CatalogEntry
    from rechroma.training.sources import PictureRef
    from rechroma.training.split import Split

__all__ = ["Batches", "PictureOrder", "center_crops", "draw_weights"]

_logger = logging.getLogger("rechroma.training")
# Longer pictures lose their ends: canvases are of one size.
_MOST_RATIO = 1.6
# Of the memory that is free, what pictures may take.
_SHARE_OF_MEMORY = 0.5
_UNKNOWN_MEMORY = 2 << 30
_DECODED_AT_ONCE = 64


def draw_weights(pictures: Sequence[PictureRef], sources: Mapping[str, float]) -> list[float]:
    """Return how often each picture is drawn, beside 1.

    Args:
        pictures: Whose names, with or without their folders, are compared with the patterns.
        sources: Pattern, with `*` and `?`, to weight; the first that fits counts.
    """

    def weight(ref: PictureRef) -> float:
        names = ref.name, PurePosixPath(ref.name).name
        return next(
            (each for p, each in sources.items() if any(fnmatch(name, p) for name in names)), 1.0
        )

    return [weight(ref) for ref in pictures]


class PictureOrder:
    """Which picture is drawn at which position of a run: a new permutation each epoch.

    An epoch has as many positions as the weights sum up to. Each picture is drawn in it as often as
    its weight says, rounded up or down by chance.

    Args:
        weights: Of each picture; not all zero.
        seed: Of the permutations.
    """

    def __init__(self, weights: Sequence[float], seed: int) -> None:
        self._weights = np.asarray(weights, dtype=np.float64)
        self._seed = seed
        self._length = max(1, round(self._weights.sum()))
        self._epoch = -1
        self._order = np.empty(0, dtype=np.int64)

    def at(self, start: int, stop: int) -> list[int]:
        """Return the numbers of the pictures at these positions."""
        return [self._draw(position) for position in range(start, stop)]

    def _draw(self, position: int) -> int:
        epoch, place = divmod(position, self._length)
        if epoch != self._epoch:
            self._epoch, self._order = epoch, self._permutation(epoch)
        return int(self._order[place])

    def _permutation(self, epoch: int) -> NDArray[np.int64]:
        rng = np.random.default_rng((self._seed, epoch))
        order = rng.permutation(len(self._weights))
        if (self._weights == 1).all():
            return order
        # Equal steps along the weights, laid end to end in a random order.
        ends = np.cumsum(self._weights[order])
        marks = (rng.random() + np.arange(self._length)) * (ends[-1] / self._length)
        drawn = order[np.searchsorted(ends, marks, side="right").clip(max=len(order) - 1)]
        return rng.permutation(drawn)


class _Canvas(NamedTuple):
    """One picture of a `PictureStore`, or many."""

    pixels: Tensor
    size: Tensor
    transposed: Tensor


class _Canvases(Dataset[_Canvas]):
    """Pictures, decoded and no larger than crops need them.

    Args:
        pictures: By their numbers.
        side: The most rows; there are at most 1.6 times as many columns. Canvases are smaller where
            no picture is so large.
    """

    def __init__(self, pictures: Sequence[CatalogEntry], side: int) -> None:
        self.pictures = [picture.ref for picture in pictures]
        self._most = side, round(side * _MOST_RATIO)
        sizes = [sorted(_reduced_size(*picture.size, *self._most)) for picture in pictures]
        self.shape = max(short for short, _ in sizes), max(long for _, long in sizes)

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, number: int) -> _Canvas:
        pixels = _reduced(self.pictures[number].read().to_uint8(), *self._most)
        transposed = pixels.shape[0] > pixels.shape[1]
        if transposed:
            pixels = pixels.transpose(1, 0, 2)
        canvas = np.zeros((*self.shape, 3), np.uint8)
        rows, columns = pixels.shape[:2]
        canvas[:rows, :columns] = pixels
        size = torch.tensor([rows, columns])
        return _Canvas(torch.from_numpy(canvas), size, torch.tensor(transposed))


def _reduced(pixels: NDArray[np.uint8], short: int, long: int) -> NDArray[np.uint8]:
    """Return a picture within `short` × `long` either way, its ends cut off if it is too long."""
    picture = Image.fromarray(pixels)
    width, height = _scaled(picture.width, picture.height, short)
    if (width, height) != picture.size:
        picture = picture.resize((width, height), Image.Resampling.BOX, reducing_gap=2.0)
    left, top = max(0, width - long) // 2, max(0, height - long) // 2
    return np.asarray(picture.crop((left, top, left + min(width, long), top + min(height, long))))


def _reduced_size(height: int, width: int, short: int, long: int) -> tuple[int, int]:
    """Return the rows and columns that `_reduced` leaves."""
    width, height = _scaled(width, height, short)
    return min(height, long), min(width, long)


def _scaled(width: int, height: int, short: int) -> tuple[int, int]:
    share = min(1.0, short / min(width, height))
    return max(1, round(width * share)), max(1, round(height * share))


class Batches:
    """The batches of a run, endlessly, from any step on.

    Pictures lie in the device's memory if they take no more than half of what is free there, or
    else in the host's; where neither holds them, workers decode them for each batch: then a process
    reads only the pictures of its own samples.

    Args:
        pictures: To draw from.
        data: The DATA section.
        split: How a step's samples are shared out, and which are ours.
        seed: Of the run.
        device: Where batches are wanted.
        conditioning: Whether there are hints and moods.
    """

    def __init__(
        self,
        pictures: Sequence[CatalogEntry],
        data: DataConfig,
        split: Split,
        seed: int,
        device: torch.device,
        *,
        conditioning: bool,
    ) -> None:
        self.pictures = [picture.ref for picture in pictures]
        self._data = data
        self._split, self._seed, self._device = split, seed, device
        self._order = PictureOrder(draw_weights(self.pictures, data.sources), seed)
        usual = AugmentationOptions()
        self._options = AugmentationOptions(
            min_scale=data.min_scale,
            degraded=data.degraded,
            recompressed=data.recompressed,
            hints=usual.hints if conditioning else 0.0,
            mood=usual.mood if conditioning else 0.0,
        )
        # No crop is enlarged, but for what is rounded.
        self._canvases = _Canvases(pictures, round(data.crop / data.min_scale**0.5))
        self._store = self._stored()

    def numbers(self, step: int) -> list[int]:
        """Return the pictures of the batch that leads from a step to the next, on all devices."""
        count = self._split.batch
        return self._order.at(step * count, (step + 1) * count)

    def names(self, step: int) -> list[str]:
        """Return what messages call the same pictures."""
        return [str(self.pictures[number]) for number in self.numbers(step)]

    def begin(self, step: int) -> Iterator[SampleBatch]:
        """Yield this process's samples from a step on, part after part of each step."""
        if self._store is None:
            yield from self._decoded(step)
            return
        for at, part in self._parts(step):
            yield self._sampled(self._store, self._own(at, part), at, part)

    def _parts(self, step: int) -> Iterator[tuple[int, int]]:
        """Yield steps and parts of them, endlessly."""
        while True:
            yield from ((step, part) for part in range(self._split.parts))
            step += 1

    def _own(self, step: int, part: int) -> list[int]:
        start, count, total = self._split.part(part)
        return self._order.at(step * total + start, step * total + start + count)

    def _sampled(
        self, store: PictureStore, numbers: list[int], step: int, part: int
    ) -> SampleBatch:
        chosen = torch.tensor(numbers)
        if store.pixels.device != self._device:
            store = PictureStore(
                store.pixels[chosen].to(self._device), store.sizes[chosen], store.transposed[chosen]
            )
            chosen = torch.arange(len(numbers))
        start, _, total = self._split.part(part)
        places = SamplePlaces(self._seed, step, total, start)
        return sample_batch(store, chosen, self._data.crop, self._options, places)

    def _decoded(self, step: int) -> Iterator[SampleBatch]:
        loader = DataLoader(
            self._canvases,
            batch_sampler=(self._own(*each) for each in self._parts(step)),
            num_workers=self._data.workers,
        )
        here = list(range(self._split.share))
        for canvases, (at, part) in zip(loader, self._parts(step), strict=False):
            yield self._sampled(PictureStore(*canvases), here, at, part)

    def _stored(self) -> PictureStore | None:
        """Return all pictures in memory, or nothing where they do not fit."""
        height, width = self._canvases.shape
        size = len(self.pictures) * height * width * 3
        host = torch.device("cpu")
        places = [self._device] if self._device == host else [self._device, host]
        shares = {"cpu": _SHARE_OF_MEMORY / self._split.neighbors, "cuda": _SHARE_OF_MEMORY}
        place = next((p for p in places if size <= shares.get(p.type, 0) * free_memory(p)), None)
        if place is None:
            _logger.info("pictures are decoded for each batch: %.1f GB at once", size / 1e9)
            return None
        _logger.info("pictures are decoded into memory: %.1f GB on %s", size / 1e9, place.type)
        count = len(self.pictures)
        pixels = torch.zeros(count, height, width, 3, dtype=torch.uint8, device=place)
        sizes = torch.zeros(count, 2, dtype=torch.int64)
        transposed = torch.zeros(count, dtype=torch.bool)
        loader = DataLoader(
            self._canvases, batch_size=_DECODED_AT_ONCE, num_workers=self._data.workers
        )
        for number, canvases in enumerate(loader):
            part = slice(number * _DECODED_AT_ONCE, (number + 1) * _DECODED_AT_ONCE)
            pixels[part].copy_(canvases.pixels)
            sizes[part], transposed[part] = canvases.size, canvases.transposed
        return PictureStore(pixels, sizes, transposed)


def free_memory(device: torch.device) -> int:
    """Return how many bytes a device has free; a careful guess where that can't be known."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    free = available_memory()
    return _UNKNOWN_MEMORY if free is None else free


def center_crops(pictures: list[PictureRef], side: int) -> Tensor:
    """Return the central squares, scaled to `side`: uint8, shape (N, 3, side, side)."""
    if not pictures:
        return torch.empty(0, 3, side, side, dtype=torch.uint8)
    return torch.stack([_center_crop(ref, side) for ref in pictures])


def _center_crop(ref: PictureRef, side: int) -> Tensor:
    picture = Image.fromarray(ref.read().to_uint8())
    square = min(picture.size)
    left, upper = (picture.width - square) / 2, (picture.height - square) / 2
    box = (left, upper, left + square, upper + square)
    return _tensor(np.asarray(picture.resize((side, side), Image.Resampling.BICUBIC, box=box)))


def _tensor(pixels: NDArray[np.uint8]) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)))
