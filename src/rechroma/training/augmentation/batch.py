"""From stored pictures to one training batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from rechroma.color import lab_torch
from rechroma.training.augmentation.conditioning import random_hint_maps, random_mood_vectors
from rechroma.training.augmentation.crops import random_crops
from rechroma.training.augmentation.degradation import old_prints, recompressed_copies

if TYPE_CHECKING:
    from rechroma.training.augmentation.crops import PictureStore
    from rechroma.training.augmentation.draws import SamplePlaces
    from rechroma.training.augmentation.options import AugmentationOptions

__all__ = ["SampleBatch", "sample_batch"]


class SampleBatch(NamedTuple):
    """One batch, or a part of one, float32 but for the indices, all on the store's device.

    Attributes:
        rgb: The truth: sRGB in 0…1, multiples of 1/255, shape (N, 3, H, W).
        lab: The same in CIELAB.
        seen: L as the network gets it, shape (N, 1, H, W) in 0…100.
        hints: See `rechroma.colorizer.conditioning.hint_map`, shape (N, 3, H, W).
        mood: See `rechroma.colorizer.conditioning.mood_vector`, shape (N, MOOD_SIZE).
        degraded: Which samples are seen as old prints, int64 (n,).
        recompressed: Which samples are seen as copies, int64 (n,). All others are seen as they are.
        altered_in_step: How many are not seen as they are, in the whole step that this belongs to.
    """

    rgb: Tensor
    lab: Tensor
    seen: Tensor
    hints: Tensor
    mood: Tensor
    degraded: Tensor
    recompressed: Tensor
    altered_in_step: int

    @property
    def altered(self) -> Tensor:
        """Which samples are not seen as they are: old prints, then copies."""
        return torch.cat([self.degraded, self.recompressed])


def sample_batch(
    store: PictureStore,
    indices: Tensor,
    side: int,
    options: AugmentationOptions,
    places: SamplePlaces,
) -> SampleBatch:
    """Return a batch with one sample of each picture asked for.

    Call it outside of `torch.autocast`: half precision would spoil CIELAB and JPEG.

    Args:
        store: Where the pictures are; the batch is made on its device.
        indices: Which pictures, int64 (N,), on the CPU.
        side: Pixels of a sample's side.
        options: How often what happens.
        places: Which samples of the run they are: those of one place are alike, whatever others
            are made with them.
    """
    device = store.pixels.device
    choices = places.draws(len(indices))
    draws = choices.on(device)
    pixels = random_crops(choices.on(choices.device), store, indices, side, options)
    linear = _linear(pixels)
    lab = lab_torch.linear_to_lab(linear)
    seen = lab[:, 0].clone()
    parts = places.apart(options.degraded, options.recompressed)
    here = [part - places.start for part in parts]
    here = [part[(part >= 0) & (part < len(indices))] for part in here]
    degraded, recompressed = (part.to(device, non_blocking=True) for part in here)
    old, copied = (draws.of(part) for part in here)
    if len(degraded):
        seen[degraded] = old_prints(old, linear[degraded], options)
    if len(recompressed):
        seen[recompressed] = recompressed_copies(copied, lab[recompressed, 0], options)
    chroma = lab[:, 1:]
    return SampleBatch(
        rgb=pixels.float() / 255,
        lab=lab,
        seen=seen[:, None],
        hints=random_hint_maps(choices.on(choices.device), chroma, options),
        mood=random_mood_vectors(choices.on(device), chroma, options),
        degraded=degraded,
        recompressed=recompressed,
        altered_in_step=sum(map(len, parts)),
    )


def _linear(pixels: Tensor) -> Tensor:
    """Return linear light of 8-bit sRGB, by a table of its 256 levels."""
    levels = torch.arange(256, device=pixels.device) / 255
    return lab_torch.srgb_to_linear(levels)[pixels.int()]
