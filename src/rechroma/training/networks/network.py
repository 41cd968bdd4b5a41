"""What a network is: L and conditioning in, raw maps out, and what it can do besides."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Self

from torch import Tensor, nn

if TYPE_CHECKING:
    from rechroma.training.networks.options import NetworkOptions

__all__ = ["Conditioning", "Network", "NetworkOutput"]


class Conditioning(NamedTuple):
    """What a user says: see `rechroma.colorizer.conditioning`.

    Attributes:
        hints: `hint_map`, shape (N, 3, H, W), the size of L.
        mood: `mood_vector`, shape (N, MOOD_SIZE); zeros: none.
    """

    hints: Tensor
    mood: Tensor


class NetworkOutput(NamedTuple):
    """What a network gives, with s its output stride and f its feature stride.

    Attributes:
        maps: Raw maps, shape (N, C, H/s, W/s); `rechroma.training.outputs` says what they mean.
        features: What the encoder sees, shape (N, F, H/f, W/f); None without a feature stride.
        hinted: How much of its color each place takes from hints, 0…1, shape (N, 1, H/s, W/s);
            None where no conditioning was given, or none is taken.
    """

    maps: Tensor
    features: Tensor | None = None
    hinted: Tensor | None = None


class Network(nn.Module, ABC):
    """A network of this package; what other modules ask of one is here, and nothing else.

    Attributes:
        options: Keys of the NETWORK section that it heeds, besides NAME, OUTPUT and TEMPERATURE.
        outputs: The kinds of OUTPUT that it can have; "rgb" needs an output stride of 1.
        pretrained_parts: Attributes that start from ImageNet's weights, learn at ENCODER_LR and can
            be frozen.
        optional_parts: Attributes that change nothing before they have learnt, so that a checkpoint
            without them can be gone on from.
        stride: What sides of the input have to be multiples of.
        output_stride: Sides of the input over sides of the maps.
        feature_stride: The same of the encoder's features; 0: they are not worth showing.
        head: The last layer: a bias for each map, which for bins is the prior.
    """

    options: ClassVar[frozenset[str]] = frozenset()
    outputs: ClassVar[frozenset[str]] = frozenset({"ab", "bins"})
    pretrained_parts: ClassVar[tuple[str, ...]] = ()
    optional_parts: ClassVar[tuple[str, ...]] = ()
    stride: int
    output_stride: int
    feature_stride: int = 0
    head: nn.Conv2d
    _frozen = False

    @classmethod
    @abstractmethod
    def from_config(cls, config: NetworkOptions, pull: Tensor, *, pretrained: bool) -> Self:
        """Return the network of a config.

        Args:
            config: The NETWORK section.
            pull: `hint_pull` of the output, shape (maps, 3): how raw maps start to follow a hint.
                Its rows are the maps.
            pretrained: Load ImageNet's weights; no need where a checkpoint follows.

        Raises:
            ConfigError: Those weights can't be had.
        """

    @abstractmethod
    def forward(self, lightness: Tensor, conditioning: Conditioning | None = None) -> NetworkOutput:
        """Map L in 0…100, shape (N, 1, H, W), and what a user says, to raw maps.

        Without conditioning the answer is the same as with zeros for it.
        """

    @property
    def takes_conditioning(self) -> bool:
        """Whether hints and moods make a difference."""
        return False

    def hint_parameters(self) -> list[nn.Parameter]:
        """Return what spreads hints, which has few samples to learn from: it learns at HINT_LR."""
        return []

    def pretrained_parameters(self) -> list[nn.Parameter]:
        """Return the parameters that start from ImageNet's weights."""
        return [p for part in self._pretrained_modules() for p in part.parameters()]

    def freeze_pretrained(self) -> None:
        """Keep the pretrained parts as they are, their running statistics too."""
        self._frozen = True
        for part in self._pretrained_modules():
            part.requires_grad_(requires_grad=False).eval()

    def train(self, mode: bool = True) -> Self:  # noqa: FBT001, FBT002 - as in the parent
        """Switch everything that is not frozen."""
        super().train(mode)
        if self._frozen:
            for part in self._pretrained_modules():
                part.eval()
        return self

    def _pretrained_modules(self) -> list[nn.Module]:
        return [self.get_submodule(name) for name in self.pretrained_parts]
