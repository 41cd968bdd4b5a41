"""The loss: a weighted sum of named terms."""

from __future__ import annotations

import logging
import math
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rechroma.errors import MissingExtraError
from rechroma.evaluation.perceptual import LPIPSAlex, load_perceptual
from rechroma.evaluation.stlpips import STLPIPS
from rechroma.training.outputs import AB_RANGE, BinsOutput, Output, RgbOutput, Truth
from rechroma.training.split import StepPart

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rechroma.training.config import LossTerm, TrainConfig

__all__ = ["Criterion", "evenness", "with_available_lpips"]

# Of `evenness`: how far apart cells are that are compared; below which difference in the truth, in
# units of a and b, they count as even; what the others weigh; where the root becomes a parabola.
_APART = (1, 2, 4, 8)
_EVEN_SIGMA = 3.0
_UNEVEN_WEIGHT = 0.1
_ROOT_SOFTNESS = 0.1


def evenness(chroma: Tensor, truth: Tensor) -> Tensor:
    """Return how much colors change from place to place otherwise than in the truth: a scalar.

    The mean over pairs of cells in a row or a column of |Δ - Δ'|, with Δ and Δ' the differences of
    (a, b) between the two in either map, weighed by exp(-|Δ'|² / 2σ²) + 0.1 and divided by 110:
    what counts most is change where the truth has none. A wrong color costs nothing if it is wrong
    alike everywhere, which is left to other terms; a cloth half blue and half brown is dear.

    Args:
        chroma: a and b, shape (N, 2, h, w), at least 2 cells either way.
        truth: The same.
    """
    costs = [
        _uneven(_differences(chroma, axis, apart), _differences(truth, axis, apart))
        for axis in (2, 3)
        for apart in _APART
        if apart < truth.shape[axis]
    ]
    return torch.stack(costs).mean() / AB_RANGE


def _differences(maps: Tensor, axis: int, apart: int) -> Tensor:
    count = maps.shape[axis] - apart
    return maps.narrow(axis, apart, count) - maps.narrow(axis, 0, count)


def _uneven(found: Tensor, wanted: Tensor) -> Tensor:
    weight = torch.exp(-wanted.square().sum(1) / (2 * _EVEN_SIGMA**2)) + _UNEVEN_WEIGHT
    distance2 = (found - wanted).square().sum(1)
    # Without the softness the root has no slope where both are the same.
    return (weight * ((distance2 + _ROOT_SOFTNESS**2).sqrt() - _ROOT_SOFTNESS)).mean()


class Criterion(nn.Module):
    """Compares raw maps with the truth.

    Args:
        terms: Weights by name: `l2` on what the output calls comparable, `cross_entropy` on bins,
            `lpips` and `st_lpips` on RGB (through a differentiable
            Lab→RGB for chroma outputs; nothing is clipped: a clip has no gradient), `evenness` on
            the answer's chroma.
        output: The meaning of the raw maps.
        class_weights: For `cross_entropy`: a weight for each bin, shape (Q,).
        perceptual_share: Of each step, what the perceptual terms look at, rounded up and evenly
            spread: they cost more than all else, and need fewer samples.

    Raises:
        MissingExtraError: A perceptual metric's weights can't be had.
    """

    class_weights: Tensor

    def __init__(
        self,
        terms: dict[LossTerm, float],
        output: Output,
        class_weights: NDArray[np.float64] | None = None,
        perceptual_share: float = 1.0,
    ) -> None:
        super().__init__()
        self.terms = terms
        self.output = output
        self.perceptual_share = perceptual_share
        weights = torch.empty(0) if class_weights is None else torch.from_numpy(class_weights)
        self.register_buffer("class_weights", weights.float(), persistent=False)
        self.perceptual = nn.ModuleDict(
            {name: load_perceptual(name) for name in terms if name in ("lpips", "st_lpips")}
        )

    @property
    def log_weights(self) -> list[float]:
        """What `cross_entropy` adds to the logits of each bin; none without class weights."""
        return self.class_weights.log().tolist()

    def forward(
        self, raw: Tensor, truth: Truth, part: StepPart | None = None
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the weighted sum, and every term's own unweighted value.

        The mean over all parts of a step is the value for the whole step.

        Args:
            raw: The maps.
            truth: What they should mean.
            part: Which samples of a step these are; None: all of them.
        """
        part = part or StepPart(0, len(raw), len(raw))
        values = {name: self._term(name, raw, truth, part) for name in self.terms}
        total = torch.stack([weight * values[name] for name, weight in self.terms.items()]).sum()
        return total, {name: value.detach() for name, value in values.items()}

    def _term(self, name: LossTerm, raw: Tensor, truth: Truth, part: StepPart) -> Tensor:
        match name:
            case "l2":
                return F.mse_loss(*self.output.comparable(raw, truth))
            case "cross_entropy":
                return self._cross_entropy(raw, truth)
            case "lpips" | "st_lpips":
                return self._perceptual(name, raw, truth, part)
            case "evenness":
                assert not isinstance(self.output, RgbOutput)  # noqa: S101 - the config refuses it
                stride = truth.rgb.shape[-1] // raw.shape[-1]
                return evenness(self.output.answer(raw), truth.chroma(stride))

    def _perceptual(self, name: str, raw: Tensor, truth: Truth, part: StepPart) -> Tensor:
        distance = self.perceptual[name]
        assert isinstance(distance, STLPIPS | LPIPSAlex)  # noqa: S101 - narrows a ModuleDict
        wanted = math.ceil(part.total * self.perceptual_share)
        chosen = part.chosen(wanted)
        if not chosen:
            return raw.sum() * 0
        if len(chosen) < len(raw):
            raw, truth = raw[chosen], truth.at(chosen)
        total = distance(self.output.rgb(raw, truth.lightness), truth.rgb).sum()
        return total * part.total / (part.samples * wanted)

    def _cross_entropy(self, raw: Tensor, truth: Truth) -> Tensor:
        assert isinstance(self.output, BinsOutput)  # noqa: S101 - the config has been checked
        stride = truth.rgb.shape[-1] // raw.shape[-1]
        return self.output.codec.cross_entropy(raw, truth.chroma(stride), self.class_weights)


_logger = logging.getLogger("rechroma.training")


def with_available_lpips(config: TrainConfig) -> TrainConfig:
    """Return the config with ST-LPIPS in the place of LPIPS if that can't be had, and log it."""
    if "lpips" not in (*config.loss, config.validation.metric):
        return config
    try:
        load_perceptual("lpips")
    except MissingExtraError as error:
        _logger.warning("%s", error.what)
        _logger.warning("ST-LPIPS takes the place of LPIPS, in the loss and in the scores")
        terms = {("st_lpips" if n == "lpips" else n): weight for n, weight in config.loss.items()}
        validation = config.validation.model_copy(update={"metric": "st_lpips"})
        return config.model_copy(update={"loss": terms, "validation": validation})
    return config
