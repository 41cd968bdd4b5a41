"""Random numbers of samples, each sample's from a stream of its own.

A stream is known by the run's seed and the sample's position in the run. So a sample is the same
whatever samples it is made with: the number of processes, the parts of a step and the workers make
no difference. Numbers come from a counter (SplitMix64: Steele, Lea & Flood 2014), not from a
generator with a state, so that whole batches are drawn at once, on any device.

Choices (who is degraded, where a crop lies) are drawn on the CPU, so that no shape waits for a
device; only noise of a picture's size is drawn where it is used.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from scipy import special
from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["Draws", "SamplePlaces"]

# SplitMix64's increment, multipliers and shifts.
_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_SHIFTS = np.uint64(30), np.uint64(27), np.uint64(31)


class SamplePlaces(NamedTuple):
    """Which samples of a run some are: consecutive ones of one step.

    Attributes:
        seed: Of the run.
        step: Steps before it.
        total: Samples of the whole step, on all processes.
        start: The first of these among them.
    """

    seed: int
    step: int
    total: int
    start: int = 0

    def draws(self, count: int) -> Draws:
        """Return the streams of `count` samples, on the CPU."""
        # The 4 keeps these streams apart from that of the order of pictures.
        key = np.random.SeedSequence((self.seed, 4)).generate_state(1, np.uint64)
        first = self.step * self.total + self.start
        places = np.arange(first, first + count, dtype=np.uint64)
        return Draws(_mixed(key + places * _GAMMA), torch.device("cpu"))

    def apart(self, *shares: float) -> list[Tensor]:
        """Return disjoint parts of the step's samples, one for each share: int64, from 0 to total.

        Their sizes are the expected ones, rounded up or down by chance: shapes hardly vary.
        """
        # The 5 keeps this apart from the streams of samples.
        rng = np.random.default_rng((self.seed, 5, self.step))
        order = torch.from_numpy(rng.permutation(self.total))
        ends = np.cumsum([0.0, *shares]) * self.total + rng.random()
        ends = np.minimum(np.floor(ends + 1e-9).astype(int), self.total)
        return [order[a:b] for a, b in pairwise(ends)]


class Draws:
    """Random tensors on a device, whose first axis is that of the samples.

    Args:
        streams: A number for each sample, shape (N,).
        device: Where the tensors are wanted.
    """

    def __init__(self, streams: NDArray[np.uint64], device: torch.device) -> None:
        self.device = device
        self._streams = streams
        self._drawn = 0

    def __len__(self) -> int:
        return len(self._streams)

    def on(self, device: torch.device) -> Draws:
        """Return other streams of the same samples, for another device."""
        return Draws(self._next(), device)

    def of(self, samples: Tensor) -> Draws:
        """Return other streams of some of the samples.

        Args:
            samples: Their numbers, int64, on the CPU.
        """
        return Draws(self._next()[samples.numpy()], self.device)

    def uniform(self, low: float, high: float, *shape: int) -> Tensor:
        """Return float32 in low…high for each sample, shape (N, *shape)."""
        return self._placed((low + (high - low) * self._shares(shape)).astype(np.float32))

    def normal(self, deviation: float, *shape: int) -> Tensor:
        """Return float32 about 0, shape (N, *shape)."""
        normal = deviation * special.ndtri(self._shares(shape) + 0.5 / 2**32)
        return self._placed(normal.astype(np.float32))

    def beta(self, a: float, b: float, *shape: int) -> Tensor:
        """Return float32 in 0…1 of a beta distribution, shape (N, *shape)."""
        return self._placed(special.betaincinv(a, b, self._shares(shape)).astype(np.float32))

    def integers(self, low: int, high: int, *shape: int) -> Tensor:
        """Return int64 in low…high-1, shape (N, *shape)."""
        return self._placed(low + ((high - low) * self._shares(shape)).astype(np.int64))

    def below(self, limit: Tensor) -> Tensor:
        """Return int64 in 0…limit-1, each below its own limit.

        Args:
            limit: Shape (N, …), on the CPU.
        """
        return self._placed((self._shares(limit.shape[1:]) * limit.numpy()).astype(np.int64))

    def geometric(self, probability: float) -> Tensor:
        """Return int64, at least 1, shape (N,): the trials up to the first success."""
        trials = np.ceil(np.log1p(-self._shares(())) / math.log(1 - probability))
        return self._placed(np.maximum(trials, 1).astype(np.int64))

    def signs(self, *shape: int) -> Tensor:
        """Return -1 and 1, float32, shape (N, *shape)."""
        return self.integers(0, 2, *shape) * 2.0 - 1

    def chosen(self, probability: float) -> tuple[Tensor, Draws]:
        """Return to which samples something happens, their numbers in order, and their streams."""
        (happens,) = (self._shares(()) < probability).nonzero()
        return self._placed(happens), Draws(self._next()[happens], self.device)

    def noise(self, *shape: int) -> Tensor:
        """Return white noise, standard deviation 1, float32 (N, *shape), drawn on the device."""
        streams = self._placed(self._next().view(np.int64))
        numbers = torch.arange(1, math.prod(shape) + 1, device=self.device) * _signed(_GAMMA)
        bits = _mixed_tensor(streams[:, None] + numbers).view(len(self), *shape)
        # Odd numbers over 2²³: all of them are float32's own, and none is -1 or 1.
        share = ((bits >> 41 & 0x7FFFFF) * 2 + 1 - 2**23).float() / 2**23
        return share.erfinv() * math.sqrt(2)

    def _next(self) -> NDArray[np.uint64]:
        """Return streams that no draw before had."""
        self._drawn += 1
        return _mixed(self._streams + np.uint64(self._drawn * int(_GAMMA) % 2**64))

    def _shares(self, shape: Sequence[int]) -> NDArray[np.float64]:
        """Return multiples of 2⁻³² in 0…1, without 1, shape (N, *shape)."""
        numbers = np.arange(1, math.prod(shape) + 1, dtype=np.uint64) * _GAMMA
        bits = _mixed(self._next()[:, None] + numbers) >> np.uint64(32)
        return (bits.astype(np.float64) / 2**32).reshape(len(self), *shape)

    def _placed(self, drawn: NDArray[np.float32 | np.int64]) -> Tensor:
        return torch.from_numpy(drawn).to(self.device, non_blocking=True)


def _mixed(bits: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return SplitMix64's mixture of each number."""
    first, second, third = _SHIFTS
    bits = (bits ^ (bits >> first)) * _FIRST
    bits = (bits ^ (bits >> second)) * _SECOND
    return bits ^ (bits >> third)


def _mixed_tensor(bits: Tensor) -> Tensor:
    """Return the same of int64, whose own shift fills up with the sign."""
    first, second, third = ((int(shift), (1 << 64 - int(shift)) - 1) for shift in _SHIFTS)
    bits = (bits ^ (bits >> first[0] & first[1])) * _signed(_FIRST)
    bits = (bits ^ (bits >> second[0] & second[1])) * _signed(_SECOND)
    return bits ^ (bits >> third[0] & third[1])


def _signed(number: np.uint64) -> int:
    return int(number.astype(np.int64))
