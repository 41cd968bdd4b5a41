"""A colorizer under training: a network, and what its maps mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor, nn

from rechroma.colorizer.card import FEATURES, LOGITS
from rechroma.training.networks import NETWORKS, Conditioning
from rechroma.training.outputs import BinsOutput, build_output, hint_pull

if TYPE_CHECKING:
    from rechroma.training.config import NetworkConfig

__all__ = ["ColorizerModel"]


class ColorizerModel(nn.Module):
    """L in, raw maps out; `output` turns the maps into chroma or RGB.

    Args:
        config: The NETWORK section.
        pretrained: Start the encoder from ImageNet weights.
    """

    def __init__(self, config: NetworkConfig, *, pretrained: bool) -> None:
        super().__init__()
        self.config = config
        self.output = build_output(config)
        self.network = NETWORKS[config.name].from_config(
            config, hint_pull(self.output), pretrained=pretrained
        )

    def forward(self, lightness: Tensor, conditioning: Conditioning | None = None) -> Tensor:
        """Map L (N, 1, H, W) in 0…100, and conditioning if any, to raw maps (N, C, H/s, W/s)."""
        return self.network(lightness, conditioning).maps

    def predict_rgb(self, lightness: Tensor) -> Tensor:
        """Return RGB, shape (N, 3, H, W), clipped to 0…1, with the input's own L where it can be.

        RGB models answer with their own lightness here: the post-process is the caller's choice.
        """
        return self.output.rgb(self(lightness), lightness).clamp(0, 1)

    def answer(self, lightness: Tensor) -> Tensor:
        """Return what the run-time colorizer gets: a and b in CIELAB units, or sRGB."""
        return self.output.answer(self(lightness))

    def everything(
        self,
        lightness: Tensor,
        conditioning: Conditioning | None = None,
        gain: float = 1.0,
        curve: float = 0.0,
    ) -> dict[str, Tensor]:
        """Return all that a run-time graph gives, by name; see `ModelCard`.

        Args:
            lightness: L in 0…100, shape (N, 1, H, W).
            conditioning: Hints and moods, if any.
            gain: Factor on the answer; where a color is a hint's it stays as it was given.
            curve: r of the factor c² / (c² + r²) beside it, with c the answer's chroma; 0: none.
        """
        maps, features, hinted = self.network(lightness, conditioning)
        answer = self.output.answer(maps)
        factor = gain
        if curve:
            square = answer.square().sum(1, keepdim=True)
            factor = gain * square / (square + curve**2)
        if hinted is not None and (curve or gain != 1):
            factor = factor + (1 - factor) * hinted
        everything = {self.output.kind: answer * factor}
        if self.temperature:
            everything[LOGITS] = maps
        if features is not None:
            everything[FEATURES] = features
        return everything

    @property
    def temperature(self) -> float:
        """T by which the raw maps alone become the chroma; 0 if they do not."""
        return self.output.temperature if isinstance(self.output, BinsOutput) else 0.0
