"""Hints and moods as a user would give them, made from the truth of a batch.

What they look like to the network is defined in `rechroma.colorizer.conditioning`.
"""

from __future__ import annotations

import math
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

__all__ = ["Stamps", "hint_maps", "mood_vectors", "random_hint_maps", "random_mood_vectors"]

# Of the number of hints (Zhang et al. 2017, section 3.2), with a few samples that have many.
_GEOMETRIC = 1 / 4
_MOST = 100
_LARGEST_PATCH = 9
# Of strokes: how many discs they are made of, how much they bend from one to the next, in radians,
# and how far a disc's color may lie from the first one's.
_STROKE = (3, 12)
_BEND = 0.3
_STROKE_REACH = 15.0


class Stamps(NamedTuple):
    """Squares or discs of pixels, one element each, int64 (P,) but for `is_disc`.

    A hint is one stamp, or several of one color: a stroke. A later hint covers what it shares with
    an earlier one.

    Attributes:
        sample: Whose they are.
        first: The number of the first stamp of the same hint; never falls.
        top: First row.
        left: First column.
        side: Rows and columns, at most 9.
        is_disc: Bool (P,): without corners.
    """

    sample: Tensor
    first: Tensor
    top: Tensor
    left: Tensor
    side: Tensor
    is_disc: Tensor


def random_hint_maps(draws: Draws, chroma: Tensor, options: AugmentationOptions) -> Tensor:
    """Return the batch's `hint_map`s, float32 (N, 3, H, W); zeros where there are no hints.

    Hints are random patches, each with its own mean of a and b.

    Args:
        draws: On the CPU, one for each sample.
        chroma: The truth's a and b, shape (N, 2, H, W).
        options: `hints`, `many_hints`, `hint_discs` and `hint_strokes` count here.
    """
    return hint_maps(_random_stamps(draws, chroma.shape, options), chroma)


def _random_stamps(draws: Draws, shape: torch.Size, options: AugmentationOptions) -> Stamps:
    height, width = shape[2:]
    hinted, draws = draws.chosen(options.hints)
    few, many = draws.geometric(_GEOMETRIC).clamp(max=_MOST), draws.integers(1, _MOST + 1)
    counts = torch.where(draws.uniform(0, 1) < options.many_hints, many, few)
    # As many as a sample can have are drawn for each, so that none depends on what others have.
    side = draws.integers(1, min(_LARGEST_PATCH, height, width) + 1, _MOST)
    top, left = draws.below(height - side + 1), draws.below(width - side + 1)
    is_disc = draws.uniform(0, 1, _MOST) < options.hint_discs
    drawn = torch.arange(_MOST) < counts[:, None]
    sample = hinted.repeat_interleave(counts)
    patches = Stamps(sample, torch.arange(len(sample)), top[drawn], left[drawn], side[drawn],
                     is_disc[drawn])  # fmt: skip
    return _with_strokes(draws, patches, drawn, (height, width), options.hint_strokes)


def _with_strokes(
    draws: Draws, patches: Stamps, drawn: Tensor, size: tuple[int, int], probability: float
) -> Stamps:
    """Return the patches; those that chance chooses go on as strokes of discs.

    Args:
        draws: One for each hinted sample.
        patches: One stamp each.
        drawn: Which of each sample's hints there are, bool (hinted samples, _MOST).
        size: Height and width.
        probability: Of a stroke.
    """
    is_stroke = (draws.uniform(0, 1, _MOST) < probability)[drawn]
    if not is_stroke.any():
        return patches
    height, width = size
    lengths = draws.integers(_STROKE[0], _STROKE[1] + 1, _MOST)[drawn]
    direction = draws.uniform(-math.pi, math.pi, _MOST)[drawn]
    bend = draws.normal(_BEND, _MOST)[drawn]
    discs = torch.where(is_stroke, lengths, 1)
    hint = torch.arange(len(discs)).repeat_interleave(discs)
    first = (discs.cumsum(0) - discs)[hint]
    step = torch.arange(len(hint)) - first
    angle = direction[hint] + bend[hint] * step
    side = patches.side[hint]
    # From one disc to the next it is half of its side.
    stride = torch.stack([angle.sin(), angle.cos()]) * (side / 2).clamp(min=1) * (step > 0)
    walk = stride.double().cumsum(1)
    moved = (walk - walk[:, first]).round().long()
    top = (patches.top[hint] + moved[0]).clamp(min=0).minimum(height - side)
    left = (patches.left[hint] + moved[1]).clamp(min=0).minimum(width - side)
    is_disc = (patches.is_disc | is_stroke)[hint]
    return Stamps(patches.sample[hint], first, top, left, side, is_disc)


def hint_maps(stamps: Stamps, chroma: Tensor) -> Tensor:
    """Return what the network sees of hints that have the mean of a and b at their own place.

    Where a stroke comes to another color it is interrupted.

    Args:
        stamps: Where the hints are, on any device.
        chroma: The truth's a and b, shape (N, 2, H, W).

    Returns:
        Float32 (N, 3, H, W): `hint_map` of each sample.
    """
    n, _, height, width = chroma.shape
    maps = chroma.new_zeros(n, HINT_CHANNELS, height, width)
    if not len(stamps.sample):
        return maps
    stamps = Stamps(*(each.to(chroma.device) for each in stamps))
    sample, first = stamps.sample[:, None, None], stamps.first
    inside, row, column = _pixels(stamps)
    sums, counts = _sums(chroma, sample, inside, row, column)
    # A first stamp is alike to itself: no hint stays without a pixel.
    means = sums / counts
    alike = (means - means[first]).norm(dim=1, keepdim=True) <= _STROKE_REACH
    sums, counts = (
        torch.zeros_like(part).index_add(0, first, part * alike)[first] for part in (sums, counts)
    )
    seen = torch.cat([sums / counts / AB_SCALE, torch.ones_like(counts)], 1)
    # What is not painted falls on a pixel of the hint that is.
    inside = inside & alike[..., None]
    middle = stamps.side // 2
    row = torch.where(inside, row, (stamps.top + middle)[first][:, None, None])
    column = torch.where(inside, column, (stamps.left + middle)[first][:, None, None])
    # Of the hints that share a pixel the last one wins: then all of them write the same there.
    place = ((sample * height + row) * width + column).flatten()
    last = first.new_zeros(n * height * width)
    order = first[:, None].expand(-1, _LARGEST_PATCH**2).flatten()
    last.scatter_reduce_(0, place, order, "amax")
    maps[sample, :, row, column] = seen[last[place]].view(*row.shape, HINT_CHANNELS)
    return maps


def _pixels(stamps: Stamps) -> tuple[Tensor, Tensor, Tensor]:
    """Return which of 9 × 9 pixels are inside of a stamp, their rows and columns: (P, 9, 9)."""
    y = torch.arange(_LARGEST_PATCH, device=stamps.top.device)[:, None]
    x = y.T
    _, _, top, left, side, is_disc = (each[:, None, None] for each in stamps)
    in_circle = (2 * y + 1 - side) ** 2 + (2 * x + 1 - side) ** 2 <= side**2
    inside = (y < side) & (x < side) & (in_circle | ~is_disc)
    row, column = torch.broadcast_tensors(top + y, left + x)
    return inside, torch.where(inside, row, top), torch.where(inside, column, left)


def _sums(
    chroma: Tensor, sample: Tensor, inside: Tensor, row: Tensor, column: Tensor
) -> tuple[Tensor, Tensor]:
    """Return sums of a and b inside of each stamp, (P, 2), and its number of pixels, (P, 1)."""
    weight = inside[..., None].to(chroma)
    return (chroma[sample, :, row, column] * weight).sum((1, 2)), weight.sum((1, 2))


def random_mood_vectors(draws: Draws, chroma: Tensor, options: AugmentationOptions) -> Tensor:
    """Return the batch's `mood_vector`s, float32 (N, MOOD_SIZE); zeros where there is no mood.

    A mood is the picture's own.

    Args:
        draws: On the pictures' device.
        chroma: The truth's a and b, shape (N, 2, H, W).
        options: `mood` counts here.
    """
    moods = chroma.new_zeros(len(chroma), MOOD_SIZE)
    chosen, _ = draws.chosen(options.mood)
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
