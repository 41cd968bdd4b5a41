"""Random resized crops of pictures that lie in one tensor."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from rechroma.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rechroma.training.augmentation.draws import Draws
    from rechroma.training.augmentation.options import AugmentationOptions

__all__ = ["Boxes", "PictureStore", "crop", "random_boxes", "random_crops"]

# Sides of a crop's box differ by at most this factor.
_MAX_RATIO = 4 / 3


@dataclass(frozen=True, slots=True)
class PictureStore:
    """Pictures of several sizes on canvases of one size.

    Attributes:
        pixels: sRGB, uint8 (N, H, W, 3), on any device; each picture begins at the upper left.
        sizes: Rows and columns of each picture on its canvas, int64 (N, 2), on the CPU.
        transposed: Which lie on their side, rows for columns, bool (N,), on the CPU.
    """

    pixels: Tensor
    sizes: Tensor
    transposed: Tensor

    @classmethod
    def of(cls, pictures: Sequence[Tensor]) -> PictureStore:
        """Return a store of pictures, uint8 (h, w, 3) each; tall ones are laid on their side.

        Raises:
            UsageError: There are none, or one has another type or shape.
        """
        for number, picture in enumerate(pictures):
            if picture.dtype != torch.uint8 or picture.ndim != 3 or picture.shape[2] != 3:
                shape = tuple(picture.shape)
                raise UsageError(
                    f"picture {number} is {picture.dtype} of shape {shape}", "give uint8 (h, w, 3)"
                )
        if not pictures:
            raise UsageError("there are no pictures to store")
        transposed = torch.tensor([each.shape[0] > each.shape[1] for each in pictures])
        lying = [
            each.transpose(0, 1) if tall else each
            for each, tall in zip(pictures, transposed.tolist(), strict=True)
        ]
        sizes = torch.tensor([each.shape[:2] for each in lying])
        height, width = sizes.max(0).values.tolist()
        pixels = lying[0].new_zeros(len(lying), height, width, 3)
        for canvas, picture in zip(pixels, lying, strict=True):
            canvas[: picture.shape[0], : picture.shape[1]] = picture
        return cls(pixels, sizes, transposed)

    def __len__(self) -> int:
        return len(self.pixels)


class Boxes(NamedTuple):
    """Parts of canvases, in pixels, float64 (N, 2): rows and columns; may end between pixels."""

    start: Tensor
    extent: Tensor


def random_boxes(draws: Draws, sizes: Tensor, min_scale: float) -> Boxes:
    """Return random boxes inside of pictures, nearly square.

    A box's area is a share of the largest square's between `min_scale` and 1; the ratio of its
    sides is log-uniform in 3/4…4/3, cut where the picture ends.

    Args:
        draws: On the CPU, one for each picture.
        sizes: Rows and columns of each picture, shape (N, 2).
        min_scale: Above 0, at most 1.
    """
    sizes = sizes.double()
    side = sizes.amin(1) * draws.uniform(min_scale, 1).double().sqrt()
    stretch = torch.exp(draws.uniform(-1, 1).double() * math.log(_MAX_RATIO) / 2)
    extent = torch.minimum(torch.stack([side / stretch, side * stretch], 1), sizes)
    return Boxes(draws.uniform(0, 1, 2) * (sizes - extent), extent)


def random_crops(
    draws: Draws, store: PictureStore, indices: Tensor, side: int, options: AugmentationOptions
) -> Tensor:
    """Return one random crop of each picture, flipped by chance: uint8 (N, 3, side, side).

    Args:
        draws: On the CPU, one for each picture.
        store: Where the pictures are.
        indices: Which pictures, int64 (N,), on the CPU.
        side: Pixels of a crop.
        options: `min_scale` and `mirror` count here.
    """
    boxes = random_boxes(draws, store.sizes[indices], options.min_scale)
    mirrored = draws.uniform(0, 1) < options.mirror
    return crop(store, indices, boxes, side, mirrored)


def crop(store: PictureStore, indices: Tensor, boxes: Boxes, side: int, mirrored: Tensor) -> Tensor:
    """Cut boxes out of pictures and scale them to squares.

    As Pillow's `resize(..., Resampling.BILINEAR, box=...)`: a triangle filter that widens where the
    box shrinks, so nothing aliases; rounded once, at the end.

    Args:
        store: Where the pictures are.
        indices: Which pictures, int64 (N,), on the CPU.
        boxes: Of their canvases: for a transposed picture its rows are the picture's columns.
        side: Pixels of the squares.
        mirrored: Which are flipped left to right after they were stood upright, bool (N,).

    Returns:
        sRGB, uint8 (N, 3, side, side), upright, on the store's device.
    """
    n, (_, height, width, _) = len(indices), store.pixels.shape
    device = store.pixels.device
    # On a canvas that lies on its side, the picture's left and right are above and below.
    lying = store.transposed[indices]
    flips = torch.stack([mirrored & lying, mirrored & ~lying], 1)
    taps = [
        _taps(boxes.start[:, k], boxes.extent[:, k], store.sizes[indices, k], side, flips[:, k])
        for k in (0, 1)
    ]
    # Lines of all canvases one below the other.
    lines = store.pixels[indices].view(-1, width * 3).float()
    cut = _weighted(lines, *taps[0], height).view(n, side, width, 3)
    lines = cut.transpose(1, 2).reshape(n * width, side * 3)
    cut = _weighted(lines, *taps[1], width)
    cut = cut.round().clamp(0, 255).to(torch.uint8).view(n, side, side, 3)
    # Columns come first by now.
    crops = cut.permute(0, 3, 2, 1).contiguous()
    tall = lying.nonzero()[:, 0].to(device)
    if len(tall):
        crops[tall] = crops[tall].mT
    return crops


def _taps(
    start: Tensor, extent: Tensor, limit: Tensor, side: int, flipped: Tensor
) -> tuple[Tensor, Tensor]:
    """Return which lines of a canvas each line of a crop is made of, and their weights.

    Both have shape (N, side, taps).
    """
    scale = (extent / side)[:, None]
    place = torch.arange(side, dtype=torch.float64) + 0.5
    place = torch.where(flipped[:, None], side - place, place)
    center = (start[:, None] + place * scale)[..., None]
    support = scale.clamp(min=1)[..., None]
    count = math.ceil(2 * float(support.max()))
    line = (center - support + 0.5).floor() + torch.arange(count, dtype=torch.float64)
    weight = (1 - (line + 0.5 - center).abs() / support).clamp(min=0)
    weight = weight * ((line >= 0) & (line < limit[:, None, None]))
    last = limit[:, None, None].double() - 1
    return torch.minimum(line.clamp(min=0), last).long(), weight / weight.sum(-1, keepdim=True)


def _weighted(lines: Tensor, taps: Tensor, weights: Tensor, height: int) -> Tensor:
    """Return weighted sums of the lines of canvases of one height: (N · side, line's elements)."""
    begin = torch.arange(len(taps))[:, None, None] * height
    return F.embedding_bag(
        (begin + taps).flatten(0, 1).to(lines.device),
        lines,
        mode="sum",
        per_sample_weights=weights.flatten(0, 1).float().to(lines.device),
    )
