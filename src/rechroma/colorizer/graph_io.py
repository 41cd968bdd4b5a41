"""Between L and chroma, which colorizers speak here, and what a model's graph wants and gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rechroma.color import lab_to_rgb
from rechroma.colorizer.card import INPUT_CHANNELS
from rechroma.colorizer.conditioning import MOOD_SIZE, hint_map
from rechroma.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rechroma.colorizer.card import ModelCard

__all__ = [
    "UNCONDITIONED",
    "Conditioning",
    "conditioning_inputs",
    "conditioning_unsupported",
    "decode_output",
    "graph_input",
    "lightness_to_gray",
]


@dataclass(frozen=True, slots=True, eq=False)
class Conditioning:
    """What a user says, as the network gets it; see `rechroma.colorizer.conditioning`.

    Attributes:
        hints: `hint_map`, shape (3, H, W); None for none.
        mood: `mood_vector`, shape (MOOD_SIZE,); None for none.
    """

    hints: NDArray[np.float32] | None = None
    mood: NDArray[np.float32] | None = None


UNCONDITIONED = Conditioning()


def graph_input(lightness: NDArray[np.float32], card: ModelCard) -> NDArray[np.float32]:
    """Return what the graph takes, (1, C, H, W), for L in 0…100, shape (H, W)."""
    low, high = card.input_black, card.input_white
    share = (
        lightness / np.float32(100) if card.input == "lightness" else lightness_to_gray(lightness)
    )
    plane = np.float32(low) + share * np.float32(high - low)
    return np.repeat(plane[None, None], INPUT_CHANNELS[card.input], axis=1)


def conditioning_inputs(
    conditioning: Conditioning, size: tuple[int, int]
) -> dict[str, NDArray[np.float32]]:
    """Return the graph's further inputs by name: zeros where there is no conditioning."""
    hints = hint_map([], *size) if conditioning.hints is None else conditioning.hints
    mood = np.zeros(MOOD_SIZE, np.float32) if conditioning.mood is None else conditioning.mood
    return {"hints": hints[None], "mood": mood[None]}


def conditioning_unsupported(card: ModelCard) -> UsageError:
    """Return the error for conditioning to a model that takes none."""
    return UsageError(f"{card.name} takes neither hints nor moods", "use a model that does")


def decode_output(maps: NDArray[np.float32], card: ModelCard) -> NDArray[np.float32]:
    """Return what the graph's numbers mean: a and b in CIELAB units, or sRGB in 0…1."""
    if (card.output_zero, card.output_scale) == (0.0, 1.0):
        return maps
    return (maps - np.float32(card.output_zero)) * np.float32(card.output_scale)


def lightness_to_gray(lightness: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the sRGB-encoded gray, 0…1, that has this L."""
    none = np.zeros_like(lightness)
    return np.clip(lab_to_rgb(np.stack([lightness, none, none], axis=-1))[..., 0], 0, 1)
