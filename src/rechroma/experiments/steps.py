"""How many steps fit into the time that there is: the same number for every recipe."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import torch

from rechroma.color.bins import bin_centers
from rechroma.training.fallback import with_available_lpips
from rechroma.training.losses import Criterion
from rechroma.training.model import ColorizerModel
from rechroma.training.outputs import truth_of
from rechroma.training.schedule import build_optimizer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rechroma.training.config import TrainConfig

__all__ = ["seconds_of_a_step", "steps_within"]

_WARM_UP = 2
_TIMED = 4


def steps_within(minutes: float, configs: Sequence[TrainConfig]) -> int:
    """Return the number of steps that takes `minutes` a recipe, on the average of the recipes."""
    mean = sum(seconds_of_a_step(config) for config in configs) / len(configs)
    return max(1, round(minutes * 60 / mean))


def seconds_of_a_step(config: TrainConfig) -> float:
    """Return the median time of a training step on random pictures, decoding not counted."""
    torch.manual_seed(0)
    model = ColorizerModel(config.network, pretrained=False).to(memory_format=torch.channels_last)
    weights = np.ones(len(bin_centers()))
    criterion = Criterion(with_available_lpips(config).loss, model.output, weights)
    optimizer = build_optimizer(model, config.optimizer)
    side = config.data.crop
    batch = torch.randint(0, 256, (config.batch, 3, side, side), dtype=torch.uint8)
    times: list[float] = []
    for _ in range(_WARM_UP + _TIMED):
        start = time.perf_counter()
        truth = truth_of(batch)
        raw = model(truth.lightness.contiguous(memory_format=torch.channels_last))
        criterion(raw, truth)[0].backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        times.append(time.perf_counter() - start)
    return float(np.median(times[_WARM_UP:]))
