"""The learning rate and the optimizer."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from torch.optim import AdamW
from torch.optim.lr_scheduler import LambdaLR

if TYPE_CHECKING:
    import torch

    from rechroma.training.config import OptimizerConfig
    from rechroma.training.model import ColorizerModel

__all__ = ["build_optimizer", "build_schedule", "rate_at"]


def rate_at(step: int, steps: int, config: OptimizerConfig) -> float:
    """Return the rate at a step as a share of the highest: linear warm-up, then a cosine."""
    if step < config.warmup:
        return (step + 1) / config.warmup
    progress = (step - config.warmup) / max(1, steps - config.warmup)
    return config.final + (1 - config.final) * (1 + math.cos(math.pi * min(1.0, progress))) / 2


def build_optimizer(model: ColorizerModel, config: OptimizerConfig) -> AdamW:
    """Return AdamW with the pretrained parameters, and those of hints, at their own rates.

    Biases and norms are not decayed: shrinking them changes the function for no gain.
    """
    own = {id(p): config.encoder_lr for p in model.network.pretrained_parameters()}
    own |= {id(p): config.hint_lr or config.lr for p in model.network.hint_parameters()}
    groups: dict[tuple[float, float], list[torch.nn.Parameter]] = {}
    for parameter in filter(lambda p: p.requires_grad, model.parameters()):
        rate = own.get(id(parameter), config.lr)
        decay = config.weight_decay if parameter.ndim > 1 else 0.0
        groups.setdefault((rate, decay), []).append(parameter)
    return AdamW([{"params": p, "lr": rate, "weight_decay": d} for (rate, d), p in groups.items()])


def build_schedule(optimizer: AdamW, steps: int, config: OptimizerConfig) -> LambdaLR:
    """Return the schedule of `rate_at`, one step of it for each of the optimizer's."""
    return LambdaLR(optimizer, lambda step: rate_at(step, steps, config))
