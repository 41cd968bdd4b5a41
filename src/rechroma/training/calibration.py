"""The operating point of a model of bins: how its distribution becomes an answer.

Training weighs rare colors more, which a network needs to learn them; of an answer it makes a
livelier and less likely one. How much of it stays, and how far the answer is annealed, are chosen
after training, on pictures kept apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from rechroma.errors import ConfigError
from rechroma.training.outputs import BinsOutput

if TYPE_CHECKING:
    from rechroma.training.model import ColorizerModel

__all__ = ["calibrate"]


def calibrate(
    model: ColorizerModel,
    log_weights: list[float],
    *,
    temperature: float | None = None,
    unweighed: float = 0.0,
) -> list[float]:
    """Change how a model answers; return what is left of `log_weights`.

    Args:
        model: Is changed: its output's T, and the bias of its head.
        log_weights: What training added to the logits of each bin, shape (Q,).
        temperature: T of the annealed mean (Zhang et al. 2016, equation 5); None: as in training.
        unweighed: Share of `log_weights` that is taken off the logits, 0…1.

    Raises:
        ConfigError: The model is not one of bins, or its training's weights are not known.
    """
    if temperature is None and not unweighed:
        return log_weights
    output = model.output
    if not isinstance(output, BinsOutput):
        raise ConfigError(
            f"an operating point for a model of OUTPUT {model.config.output}",
            "only bins have a temperature and weights",
        )
    if unweighed and not log_weights:
        raise ConfigError("the checkpoint does not tell its class weights", "leave out --unweighed")
    if temperature is not None:
        output.temperature = temperature
        model.config = model.config.model_copy(update={"temperature": temperature})
    if unweighed:
        bias = model.network.head.bias
        assert bias is not None  # noqa: S101 - our heads have one
        with torch.no_grad():
            bias -= unweighed * torch.tensor(log_weights)
    return [(1 - unweighed) * weight for weight in log_weights]
