"""Hints and moods as a user would give them, made from the truth of a batch.

The batched twin of `training.conditioning`; what they look like to the network is defined in
`rechroma.colorizer.conditioning`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from rechroma.colorizer.conditioning import (
    AB_SCALE,
    CHROMA_SCALE,
    HINT_CHANNELS,
    MOOD_KNOTS,
    MOOD_REACH,
    MOOD_SIZE,
    MOOD_STEP,
)

if TYPE_CHECKING:
    from rechroma.training.augmentation.draws import Draws
    from rechroma.training.augmentation.options import AugmentationOptions

__all__ = ["Patches", "hint_maps", "mood_vectors", "random_hint_maps", "random_mood_vectors"]

# Of the number of hints (Zhang et al. 2017, section 3.2), with a few samples that have many.
_GEOMETRIC = 1 / 4
_MOST = 100
_LARGEST_PATCH = 9


class Patches(NamedTuple):
    """Squares of pixels, int64 (P,) each: whose they are, where, and pixels of a side.

    A later one covers what it shares with an earlier one.
    """

    sample: Tensor
    top: Tensor
    left: Tensor
    side: Tensor


def random_hint_maps(draws: Draws, chroma: Tensor, options: AugmentationOptions) -> Tensor:
    """Return the batch's `hint_map`s, float32 (N, 3, H, W); zeros where there are no hints.

    Hints are random patches, each with its own mean of a and b.

    Args:
        draws: On the CPU.
        chroma: The truth's a and b, shape (N, 2, H, W).
        options: `hints` and `many_hints` count here.
    """
    return hint_maps(_random_patches(draws, chroma.shape, options), chroma)


def _random_patches(draws: Draws, shape: torch.Size, options: AugmentationOptions) -> Patches:
    n, _, height, width = shape
    hinted = draws.chosen(n, options.hints)
    few = draws.geometric(_GEOMETRIC, len(hinted)).clamp(max=_MOST)
    many = draws.integers(1, _MOST + 1, len(hinted))
    has_many = draws.uniform(0, 1, len(hinted)) < options.many_hints
    sample = hinted.repeat_interleave(torch.where(has_many, many, few))
    side = draws.integers(1, min(_LARGEST_PATCH, height, width) + 1, len(sample))
    return Patches(sample, draws.below(height - side + 1), draws.below(width - side + 1), side)


def hint_maps(patches: Patches, chroma: Tensor) -> Tensor:
    """Return what the network sees of hints at patches that have their own mean of a and b.

    Args:
        patches: On any device; at most 9 pixels a side.
        chroma: The truth's a and b, shape (N, 2, H, W).

    Returns:
        Float32 (N, 3, H, W): `hint_map` of each sample.
    """
    n, _, height, width = chroma.shape
    maps = chroma.new_zeros(n, HINT_CHANNELS, height, width)
    if not len(patches.sample):
        return maps
    sample, top, left, side = (each.to(chroma.device)[:, None, None] for each in patches)
    step = torch.arange(_LARGEST_PATCH, device=chroma.device)
    # What a patch doesn't fill of its 9 × 9 pixels falls on its last row and column.
    row, column = torch.broadcast_tensors(
        top + step[:, None].minimum(side - 1), left + step.minimum(side - 1)
    )
    inside = (step[:, None] < side) & (step < side)
    colors = (chroma[sample, :, row, column] * inside[..., None]).sum((1, 2)) / side[:, 0] ** 2
    seen = torch.cat([colors / AB_SCALE, torch.ones_like(colors[:, :1])], 1)
    # Of the patches that share a pixel the last one wins: then all of them write the same there.
    place = ((sample * height + row) * width + column).flatten()
    order = torch.arange(len(seen), device=chroma.device)[:, None].expand(-1, step.numel() ** 2)
    last = order.new_zeros(n * height * width)
    last.scatter_reduce_(0, place, order.flatten(), "amax")
    maps[sample, :, row, column] = seen[last[place]].view(*row.shape, HINT_CHANNELS)
    return maps


def random_mood_vectors(draws: Draws, chroma: Tensor, options: AugmentationOptions) -> Tensor:
    """Return the batch's `mood_vector`s, float32 (N, MOOD_SIZE); zeros where there is no mood.

    A mood is the picture's own.

    Args:
        draws: On the pictures' device.
        chroma: The truth's a and b, shape (N, 2, H, W).
        options: `mood` counts here.
    """
    moods = chroma.new_zeros(len(chroma), MOOD_SIZE)
    chosen = draws.chosen(len(chroma), options.mood)
    if len(chosen):
        moods[chosen] = mood_vectors(chroma[chosen])
    return moods


def mood_vectors(chroma: Tensor) -> Tensor:
    """Return the `mood_vector` of each sample, float32 (N, MOOD_SIZE).

    Args:
        chroma: a and b, shape (N, 2, H, W).
    """
    flat = chroma.flatten(2)
    place = (flat.clamp(-MOOD_REACH, MOOD_REACH) + MOOD_REACH) / MOOD_STEP
    low = place.long().clamp(max=MOOD_KNOTS - 2)
    high_share = place - low
    knot = low[:, 0] * MOOD_KNOTS + low[:, 1]
    shares = flat.new_zeros(len(flat), MOOD_KNOTS**2)
    for da in (0, 1):
        for db in (0, 1):
            weight = (1 - da - high_share[:, 0]).abs() * (1 - db - high_share[:, 1]).abs()
            shares.scatter_add_(1, knot + (da * MOOD_KNOTS + db), weight)
    saturation = torch.hypot(flat[:, 0], flat[:, 1]).mean(1, keepdim=True) / CHROMA_SCALE
    histogram = (shares / flat.shape[2]).sqrt()
    return torch.cat([histogram, saturation, torch.ones_like(saturation)], 1)
