"""What time, old film and copying do to photographs: L as an old print or a copy would have it.

The colors to be learnt stay those of the photograph; what the network sees of it gets worse.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeAlias

import torch
from torch import Tensor

from rechroma.color import lab_torch
from rechroma.training.augmentation.filters import (
    filtered,
    gaussian_matrices,
    jpeg_round_trip,
    shrinking_matrices,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rechroma.training.augmentation.draws import Draws
    from rechroma.training.augmentation.options import AugmentationOptions

    Step: TypeAlias = "tuple[float, Callable[[Draws, Tensor], Tensor]]"

__all__ = ["old_prints", "recompressed_copies"]

# How much each primary of linear sRGB exposes a film.
_PANCHROMATIC = (0.2126, 0.7152, 0.0722)
_ORTHOCHROMATIC = (0.02, 0.45, 0.53)
_MOST_SCRATCHES = 4
_MOST_SPECKS = 11
_LARGEST_SPECK = 3


def old_prints(draws: Draws, linear: Tensor, options: AugmentationOptions) -> Tensor:
    """Return L as scans of old prints would have it, degraded by chance.

    In the order in which it happens: film, lens, print, storage, scan.

    Args:
        draws: On the pictures' device.
        linear: Linear sRGB, float32 (N, 3, H, W) in 0…1.
        options: What begins with `print_` counts here.

    Returns:
        Float32 (N, H, W) in 0…100.
    """
    steps: tuple[Step, ...] = (
        (options.print_blur, _blurred),
        (options.print_vignette, _vignetted),
        (options.print_grade, _graded),
        (options.print_fade, _faded),
        (options.print_grain, _grainy),
        (options.print_scratches, _scratched),
        (options.print_halftone, _screened),
        (options.print_jpeg, _compressed),
    )
    return 100 * _by_chance(draws, _on_film(draws, linear), steps)


def recompressed_copies(draws: Draws, lightness: Tensor, options: AugmentationOptions) -> Tensor:
    """Return L as copies would have it, by chance.

    What happens to pictures that are sent around: cropped by a pixel, smaller and enlarged again, a
    little noise, JPEG.

    Args:
        draws: On the pictures' device.
        lightness: L, float32 (N, H, W) in 0…100.
        options: What begins with `copy_` counts here.

    Returns:
        The same in the same shape.
    """
    steps: tuple[Step, ...] = (
        (options.copy_shift, _shifted),
        (options.copy_shrink, _shrunk),
        (options.copy_noise, _noisy),
        (options.copy_jpeg, _compressed),
    )
    return 100 * _by_chance(draws, lightness / 100, steps)


def _by_chance(draws: Draws, seen: Tensor, steps: Iterable[Step]) -> Tensor:
    """Apply each step to the samples that chance chooses; returns tones in 0…1."""
    seen = seen.clone()
    for probability, degrade in steps:
        chosen, theirs = draws.chosen(probability)
        if len(chosen):
            seen[chosen] = degrade(theirs, seen[chosen])
    return seen.clamp_(0, 1)


def _on_film(draws: Draws, linear: Tensor) -> Tensor:
    """Return the tones, 0…1, of films between panchromatic and orthochromatic.

    Orthochromatic film does not see red: lips and brick come out dark, and blue skies white.
    """
    blindness = draws.beta(0.6, 1.2, 1)
    panchromatic, orthochromatic = linear.new_tensor([_PANCHROMATIC, _ORTHOCHROMATIC])
    sensitivity = (1 - blindness) * panchromatic + blindness * orthochromatic
    exposure = torch.einsum("nc,nchw->nhw", sensitivity, linear)
    return lab_torch.lightness(exposure) / 100


def _blurred(draws: Draws, seen: Tensor) -> Tensor:
    return _gaussian(draws, seen, 0.3, 1.3)


def _vignetted(draws: Draws, seen: Tensor) -> Tensor:
    _, height, width = seen.shape
    y = torch.linspace(-1, 1, height, device=seen.device)[:, None]
    x = torch.linspace(-1, 1, width, device=seen.device)
    center_y, center_x = draws.uniform(-0.4, 0.4, 2, 1, 1).unbind(1)
    strength = draws.uniform(0.05, 0.35, 1, 1)
    return seen * (1 - strength * ((y - center_y) ** 2 + (x - center_x) ** 2) / 2)


def _graded(draws: Draws, seen: Tensor) -> Tensor:
    tone = seen.clamp(0, 1) ** draws.normal(0.25, 1, 1).exp()
    return tone + draws.normal(0.5, 1, 1) * tone * (1 - tone) * (2 * tone - 1)


def _faded(draws: Draws, seen: Tensor) -> Tensor:
    black, white = draws.uniform(0, 0.25, 1, 1), draws.uniform(0.75, 1, 1, 1)
    return black + (white - black) * seen


def _grainy(draws: Draws, seen: Tensor) -> Tensor:
    """Grain of film: clumps, and strongest in the middle tones."""
    grain = _gaussian(draws, draws.noise(*seen.shape[1:]), 0.3, 0.9)
    deviation = grain.std((1, 2), correction=0, keepdim=True).clamp(min=1e-6)
    tone = seen.clamp(0, 1)
    strength = draws.uniform(0.005, 0.06, 1, 1) / deviation
    return seen + strength * grain * (0.4 + 2.4 * tone * (1 - tone))


def _scratched(draws: Draws, seen: Tensor) -> Tensor:
    """Dust, and scratches nearly along one side."""
    return _dusty(draws, _with_scratches(draws, seen))


def _with_scratches(draws: Draws, seen: Tensor) -> Tensor:
    _, height, width = seen.shape
    shape = (_MOST_SCRATCHES, 1)
    slot = torch.arange(_MOST_SCRATCHES, device=seen.device)[:, None]
    row = torch.arange(height, device=seen.device)
    first, end = draws.integers(0, height + 1, *shape, 2).sort(-1).values.unbind(-1)
    walk = torch.nn.functional.pad(draws.normal(0.15, _MOST_SCRATCHES, height).cumsum(-1), (1, 0))
    column = draws.uniform(0, width, *shape) + walk[..., 1:] - walk.gather(-1, first)
    there = (slot < draws.integers(1, _MOST_SCRATCHES + 1, 1, 1)) & (row >= first) & (row < end)
    there = there & (column >= 0) & (column < width)
    strength = draws.signs(*shape) * draws.uniform(0.1, 1, *shape)
    return _added(seen, row.expand_as(column), column.long().clamp(0, width - 1), there * strength)


def _dusty(draws: Draws, seen: Tensor) -> Tensor:
    _, height, width = seen.shape
    shape = (_MOST_SPECKS, 1, 1)
    slot = torch.arange(_MOST_SPECKS, device=seen.device)[:, None, None]
    y = torch.arange(_LARGEST_SPECK, device=seen.device)[:, None]
    x = torch.arange(_LARGEST_SPECK, device=seen.device)
    size = draws.integers(1, _LARGEST_SPECK + 1, *shape)
    row = draws.integers(0, height, *shape) + y + 0 * x
    column = draws.integers(0, width, *shape) + 0 * y + x
    there = (slot < draws.integers(0, _MOST_SPECKS + 1, 1, 1, 1)) & (y < size) & (x < size)
    there = there & (row < height) & (column < width)
    strength = draws.signs(*shape) * draws.uniform(0.1, 0.8, *shape)
    return _added(seen, row.clamp(max=height - 1), column.clamp(max=width - 1), there * strength)


def _added(seen: Tensor, row: Tensor, column: Tensor, value: Tensor) -> Tensor:
    """Return pictures with values added to single pixels; all but `seen` begin with its axis N."""
    place = (row * seen.shape[2] + column).flatten(1)
    return seen.flatten(1).scatter_add(1, place, value.flatten(1)).view_as(seen)


def _screened(draws: Draws, seen: Tensor) -> Tensor:
    """A newspaper's dots from a little too far: a weak screen of 2.5 to 4 pixels.

    It fades out toward black and white, where dots grow together or vanish.
    """
    _, height, width = seen.shape
    y = torch.arange(height, device=seen.device)[:, None]
    x = torch.arange(width, device=seen.device)
    angle = draws.uniform(0, math.pi, 1, 1)
    frequency = 2 * math.pi / draws.uniform(2.5, 4, 1, 1)
    along = torch.sin((y * angle.cos() + x * angle.sin()) * frequency)
    across = torch.sin((x * angle.cos() - y * angle.sin()) * frequency)
    tone = seen.clamp(0, 1)
    strength = draws.uniform(0.02, 0.12, 1, 1)
    return seen + strength * along * across * 4 * tone * (1 - tone)


def _compressed(draws: Draws, seen: Tensor) -> Tensor:
    return jpeg_round_trip(seen, draws.integers(20, 91))


def _shifted(draws: Draws, seen: Tensor) -> Tensor:
    """Return pictures moved by at most a pixel: nothing to an eye, much to a strided network."""
    n, height, width = seen.shape
    rows = torch.arange(height, device=seen.device)[:, None] + draws.integers(-1, 2, 1, 1)
    columns = torch.arange(width, device=seen.device) + draws.integers(-1, 2, 1, 1)
    sample = torch.arange(n, device=seen.device)[:, None, None]
    return seen[sample, rows.clamp(0, height - 1), columns.clamp(0, width - 1)]


def _shrunk(draws: Draws, seen: Tensor) -> Tensor:
    """Return pictures after a time at a smaller size."""
    share = draws.uniform(0.4, 1)
    return filtered(
        seen, lambda size: shrinking_matrices((size * share).round().clamp(min=1), size)
    )


def _noisy(draws: Draws, seen: Tensor) -> Tensor:
    return seen + draws.noise(*seen.shape[1:]) * draws.uniform(0, 8 / 255, 1, 1)


def _gaussian(draws: Draws, pictures: Tensor, low: float, high: float) -> Tensor:
    """Blur pictures, each by a sigma of its own in low…high pixels."""
    sigma = draws.uniform(low, high)
    return filtered(pictures, lambda size: gaussian_matrices(sigma, high, size))
