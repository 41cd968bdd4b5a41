"""A colorizer under training: a network, and what its maps mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor, nn

from rechroma.training.networks import Advice, EfficientNetUNet, build_network
from rechroma.training.outputs import build_output

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
        self.output = build_output(config)
        self.network = build_network(config, self.output.channels, pretrained=pretrained)

    def forward(self, lightness: Tensor, advice: Advice | None = None) -> Tensor:
        """Map L (N, 1, H, W) in 0…100, and advice if any, to raw maps (N, C, H/s, W/s)."""
        return self.network(lightness, advice) if advice else self.network(lightness)

    def predict_rgb(self, lightness: Tensor) -> Tensor:
        """Return RGB, shape (N, 3, H, W), clipped to 0…1, with the input's own L where it can be.

        RGB models answer with their own lightness here: the post-process is the caller's choice.
        """
        return self.output.rgb(self(lightness), lightness).clamp(0, 1)

    def answer(self, lightness: Tensor) -> Tensor:
        """Return what the run-time colorizer gets: a and b in CIELAB units, or sRGB."""
        return self.output.answer(self(lightness))

    def answer_with_features(self, lightness: Tensor) -> tuple[Tensor, Tensor]:
        """Return `answer`, and what the encoder sees; for networks with a `feature_stride`."""
        assert isinstance(self.network, EfficientNetUNet)  # noqa: S101 - the one that has it
        maps, features = self.network.with_features(lightness)
        return self.output.answer(maps), features
