"""The operating point of a model of bins: how its distribution becomes an answer.

Training weighs rare colors more, which a network needs to learn them; of an answer it makes a
livelier and less likely one. How much of it stays, how far the answer is annealed, and how much of
its chroma is shown, are chosen after training, on pictures kept apart. The card tells the choice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from rechroma.errors import ConfigError
from rechroma.training.outputs import BinsOutput

if TYPE_CHECKING:
    from rechroma.training.model import ColorizerModel

__all__ = ["OperatingPoint", "calibrate"]


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """How a distribution becomes an answer.

    Attributes:
        temperature: T of the annealed mean (Zhang et al. 2016, equation 5); None: as in training.
        unweighed: Share of the class weights' logarithms that is taken off the logits, 0…1.
        chroma_gain: See `rechroma.colorizer.ModelCard`; it needs no bins, as the other two do.
        chroma_curve: The same. Of 10, on the trial of version 3, neutral pixels went from 29 to
            41 % (of the truth 44 % are) at the same colorfulness.
    """

    temperature: float | None = None
    unweighed: float = 0.0
    chroma_gain: float = 1.0
    chroma_curve: float = 0.0


def calibrate(
    model: ColorizerModel, log_weights: list[float], point: OperatingPoint
) -> list[float]:
    """Change how a model answers; return what is left of `log_weights`.

    The gain and the curve are no part of a model's weights: they go into the card (`card_of`), and
    from there into the graph.

    Args:
        model: Is changed: its output's T, and the bias of its head.
        log_weights: What training added to the logits of each bin, shape (Q,).
        point: What is wanted.

    Raises:
        ConfigError: A temperature or `unweighed` for a model that is not one of bins, or its
            training's weights are not known.
    """
    temperature, unweighed = point.temperature, point.unweighed
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
