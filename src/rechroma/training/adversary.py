"""A short adversarial finish: a small PatchGAN that tells real chroma from the network's.

After DeOldify's "NoGAN": minutes of it, at the end. The judge sees L, a and b at the maps' size, so
that it judges colors, not the bilinear enlargement. Hinge loss (Lim & Ye 2017), spectral norm
(Miyato et al. 2018).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

if TYPE_CHECKING:
    from rechroma.training.outputs import AbOutput, BinsOutput, Truth

__all__ = ["Adversary"]

_WIDTHS = (48, 96, 192)
_RATE = 2e-4


class Adversary:
    """The judge and its own optimizer.

    Args:
        output: The meaning of the network's maps.
        device: Where the judge lives.
    """

    def __init__(self, output: AbOutput | BinsOutput, device: torch.device) -> None:
        self._output = output
        inputs = (3, *_WIDTHS[:-1])
        layers = [
            layer
            for number, (i, w) in enumerate(zip(inputs, _WIDTHS, strict=True))
            for layer in (
                spectral_norm(nn.Conv2d(i, w, 4 if number < 2 else 3, 2 if number < 2 else 1, 1)),
                nn.LeakyReLU(0.2),
            )
        ]
        judge = nn.Sequential(*layers, spectral_norm(nn.Conv2d(_WIDTHS[-1], 1, 3, 1, 1)))
        self.judge = judge.to(device)
        self.optimizer = torch.optim.AdamW(self.judge.parameters(), _RATE, betas=(0.5, 0.99))

    def deceived(self, raw: Tensor, truth: Truth) -> Tensor:
        """Return the network's loss, a scalar: low where the judge takes its colors for real."""
        return -self.judge(_seen(self._output.answer(raw), truth)).mean()

    def learn(self, raw: Tensor, truth: Truth) -> Tensor:
        """Take one step of the judge; return its hinge loss, a scalar."""
        stride = truth.rgb.shape[-1] // raw.shape[-1]
        # Gradients of the network's own turn may have reached the judge.
        self.optimizer.zero_grad(set_to_none=True)
        false = self.judge(_seen(self._output.answer(raw.detach()), truth))
        real = self.judge(_seen(truth.chroma(stride), truth))
        loss = F.relu(1 + false).mean() + F.relu(1 - real).mean()
        loss.backward()
        self.optimizer.step()
        return loss.detach()

    def state_dict(self) -> dict[str, Any]:
        """Return what a resume needs."""
        return {"judge": self.judge.state_dict(), "optimizer": self.optimizer.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        self.judge.load_state_dict(state["judge"])
        self.optimizer.load_state_dict(state["optimizer"])


def _seen(chroma: Tensor, truth: Truth) -> Tensor:
    light = F.avg_pool2d(truth.lightness, truth.rgb.shape[-1] // chroma.shape[-1])
    return torch.cat([light / 50 - 1, chroma / 50], dim=1)
