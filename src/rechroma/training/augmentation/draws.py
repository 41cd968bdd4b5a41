"""Random numbers of a batch, all from one generator.

Choices (who is degraded, where a crop lies) are drawn on the CPU, so that they are the same for
every device and no shape waits for one; only noise of a picture's size is drawn where it is used.
"""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import torch
from scipy import special
from torch import Tensor

from rechroma.errors import UsageError

__all__ = ["Draws", "generator_at"]


def generator_at(seed: int, position: int) -> torch.Generator:
    """Return the generator of the batch at a position of a run: alike whatever came before.

    torch's generator on the CPU hears 32 bits of a seed alone, so the two are mixed into as many.
    """
    # The 4 keeps this stream apart from that of the order of pictures.
    (state,) = np.random.SeedSequence((seed, 4, position)).generate_state(1)
    return torch.Generator().manual_seed(int(state))


class Draws:
    """Random tensors on a device, from a generator on the CPU.

    Args:
        generator: Moves on with every draw.
        device: Where the tensors are wanted.

    Raises:
        UsageError: The generator is not on the CPU.
    """

    def __init__(self, generator: torch.Generator, device: torch.device) -> None:
        if generator.device.type != "cpu":
            raise UsageError(
                f"the generator of a batch is on {generator.device}", "make it on the CPU"
            )
        self.device = device
        self._generator = generator
        self._noise: torch.Generator | None = None

    def uniform(self, low: float, high: float, *shape: int) -> Tensor:
        """Return float32 in low…high."""
        share = torch.rand(shape, generator=self._generator)
        return self._placed(low + (high - low) * share)

    def normal(self, deviation: float, *shape: int) -> Tensor:
        """Return float32 about 0."""
        return self._placed(deviation * torch.randn(shape, generator=self._generator))

    def beta(self, a: float, b: float, *shape: int) -> Tensor:
        """Return float32 in 0…1 of a beta distribution: torch's own takes no generator."""
        share = torch.rand(shape, generator=self._generator, dtype=torch.float64)
        return self._placed(torch.from_numpy(special.betaincinv(a, b, share.numpy())).float())

    def integers(self, low: int, high: int, *shape: int) -> Tensor:
        """Return int64 in low…high-1."""
        return self._placed(torch.randint(low, high, shape, generator=self._generator))

    def below(self, limit: Tensor) -> Tensor:
        """Return int64 in 0…limit-1, each below its own limit, in the limits' shape."""
        share = torch.rand(limit.shape, generator=self._generator, dtype=torch.float64)
        return (share.to(limit.device) * limit).long()

    def geometric(self, probability: float, count: int) -> Tensor:
        """Return int64, at least 1: the trials up to the first success."""
        share = 1 - torch.rand(count, generator=self._generator, dtype=torch.float64)
        trials = (share.log() / math.log(1 - probability)).ceil().clamp(min=1)
        return self._placed(trials.long())

    def signs(self, *shape: int) -> Tensor:
        """Return -1 and 1, float32."""
        return self._placed(torch.randint(2, shape, generator=self._generator) * 2.0 - 1)

    def chosen(self, count: int, probability: float) -> Tensor:
        """Return which of `count` things happen: their indices, in order."""
        happens = torch.rand(count, generator=self._generator) < probability
        return self._placed(happens.nonzero()[:, 0])

    def apart(self, count: int, *shares: float) -> list[Tensor]:
        """Return indices of disjoint parts of `count` things, one part for each share.

        Their sizes are the expected ones, rounded up or down by chance: shapes hardly vary.
        """
        order = torch.randperm(count, generator=self._generator)
        ends = np.cumsum([0.0, *shares]) * count + float(torch.rand((), generator=self._generator))
        ends = np.minimum(np.floor(ends + 1e-9).astype(int), count)
        return [self._placed(order[a:b]) for a, b in pairwise(ends)]

    def noise(self, *shape: int) -> Tensor:
        """Return white noise, float32, standard deviation 1, drawn on the device.

        From a generator of its own, so that choices go on alike whatever device draws noise.
        """
        if self._noise is None:
            seed = int(torch.randint(2**32, (), generator=self._generator))
            # The meta device draws nothing.
            place = "cpu" if self.device.type == "meta" else self.device
            self._noise = torch.Generator(place).manual_seed(seed)
        generator = None if self.device.type == "meta" else self._noise
        return torch.randn(shape, generator=generator, device=self.device)

    def _placed(self, drawn: Tensor) -> Tensor:
        return drawn.to(self.device, non_blocking=True)
