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

__all__ = ["Draws", "SamplePlaces"]

# SplitMix64's increment and multipliers, as the signed numbers that torch has.
_GAMMA = 0x9E3779B97F4A7C15 - 2**64
_FIRST = 0xBF58476D1CE4E5B9 - 2**64
_SECOND = 0x94D049BB133111EB - 2**64


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
        (key,) = np.random.SeedSequence((self.seed, 4)).generate_state(1, np.uint64)
        first = self.step * self.total + self.start
        streams = _mixed(int(key.astype(np.int64)) + _GAMMA * torch.arange(first, first + count))
        return Draws(streams, torch.device("cpu"))

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
        streams: A number for each sample, int64 (N,), on the CPU.
        device: Where the tensors are wanted.
    """

    def __init__(self, streams: Tensor, device: torch.device) -> None:
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
        return Draws(self._next()[samples], self.device)

    def uniform(self, low: float, high: float, *shape: int) -> Tensor:
        """Return float32 in low…high for each sample, shape (N, *shape)."""
        return self._placed(low + (high - low) * self._shares(shape).float())

    def normal(self, deviation: float, *shape: int) -> Tensor:
        """Return float32 about 0, shape (N, *shape)."""
        return self._placed(deviation * _normal(self._bits(shape)))

    def beta(self, a: float, b: float, *shape: int) -> Tensor:
        """Return float32 in 0…1 of a beta distribution, shape (N, *shape)."""
        share = special.betaincinv(a, b, self._shares(shape).numpy())
        return self._placed(torch.from_numpy(share).float())

    def integers(self, low: int, high: int, *shape: int) -> Tensor:
        """Return int64 in low…high-1, shape (N, *shape)."""
        return self._placed(low + _below(self._bits(shape), high - low))

    def below(self, limit: Tensor) -> Tensor:
        """Return int64 in 0…limit-1, each below its own limit.

        Args:
            limit: Shape (N, …), on the CPU.
        """
        return self._placed(_below(self._bits(limit.shape[1:]), limit))

    def geometric(self, probability: float) -> Tensor:
        """Return int64, at least 1, shape (N,): the trials up to the first success."""
        trials = ((1 - self._shares(())).log() / math.log(1 - probability)).ceil().clamp(min=1)
        return self._placed(trials.long())

    def signs(self, *shape: int) -> Tensor:
        """Return -1 and 1, float32, shape (N, *shape)."""
        return self.integers(0, 2, *shape) * 2.0 - 1

    def chosen(self, probability: float) -> tuple[Tensor, Draws]:
        """Return to which samples something happens, their numbers in order, and their streams."""
        happens = (self._shares(()) < probability).nonzero()[:, 0]
        return self._placed(happens), self.of(happens)

    def noise(self, *shape: int) -> Tensor:
        """Return white noise, standard deviation 1, float32 (N, *shape), drawn on the device."""
        return _normal(_bits(self._placed(self._next()), shape))

    def _next(self) -> Tensor:
        """Return streams that no draw before had."""
        self._drawn += 1
        return _mixed(self._streams + torch.tensor(self._drawn) * _GAMMA)

    def _bits(self, shape: Sequence[int]) -> Tensor:
        return _bits(self._next(), shape)

    def _shares(self, shape: Sequence[int]) -> Tensor:
        """Return float64 in 0…1, without 1."""
        return (self._bits(shape) >> 32 & 0xFFFFFFFF).double() / 2**32

    def _placed(self, drawn: Tensor) -> Tensor:
        return drawn.to(self.device, non_blocking=True)


def _bits(streams: Tensor, shape: Sequence[int]) -> Tensor:
    """Return 64 random bits each, int64 (N, *shape)."""
    count = math.prod(shape)
    numbers = torch.arange(1, count + 1, device=streams.device) * _GAMMA
    return _mixed(streams[:, None] + numbers).view(len(streams), *shape)


def _mixed(bits: Tensor) -> Tensor:
    """Return SplitMix64's mixture of each number; shifts are those of unsigned numbers."""
    bits = (bits ^ (bits >> 30 & (1 << 34) - 1)) * _FIRST
    bits = (bits ^ (bits >> 27 & (1 << 37) - 1)) * _SECOND
    return bits ^ (bits >> 31 & (1 << 33) - 1)


def _below(bits: Tensor, limit: Tensor | int) -> Tensor:
    """Return numbers in 0…limit-1; limits are far below 2³¹."""
    return (bits >> 32 & 0xFFFFFFFF) * limit >> 32


def _normal(bits: Tensor) -> Tensor:
    """Return float32 of a normal distribution, within 5.1 standard deviations."""
    # Odd numbers over 2²³: all of them are float32's own, and none is -1 or 1.
    share = ((bits >> 41 & 0x7FFFFF) * 2 + 1 - 2**23).float() / 2**23
    return share.erfinv() * math.sqrt(2)
