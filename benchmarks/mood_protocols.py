"""Pairs of pictures for which it can be told how good a transfer is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image
from scipy import ndimage

from rechroma.color import rgb_to_lab

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mood_contenders import Picture

_GAP = 8
# Longer side, as in published comparisons.
_PAIR_SIDE = 400


@dataclass(frozen=True)
class SelfReference:
    """Two halves of one photograph; `source` and `truth` are graded alike, `target` is not."""

    name: str
    source: Picture
    target: Picture
    truth: Picture


@dataclass(frozen=True)
class SkyPair:
    """A source that is 80 % sky and a target that is 10 %, and where their skies are."""

    name: str
    source: Picture
    target: Picture
    source_sky: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
    target_sky: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]


def load(path: Path) -> Picture:
    """Return a picture as 8-bit RGB."""
    return np.asarray(Image.open(path).convert("RGB"))


def self_references(folder: Path, count: int, seed: int) -> Iterator[SelfReference]:
    """Cut photographs in two, 8 pixels apart, and grade one half; which pictures: by the seed."""
    files = sorted(folder.glob("*.webp"))
    rng = np.random.default_rng(seed)
    for index in rng.choice(len(files), count, replace=False):
        rgb = load(files[index]) / 255.0
        axis = 1 if rgb.shape[1] >= rgb.shape[0] else 0
        middle = rgb.shape[axis] // 2
        first, second = np.split(rgb, [middle], axis=axis)
        halves = (
            first.take(range(middle - _GAP // 2), axis),
            second.take(range(_GAP // 2, second.shape[axis]), axis),
        )
        own = np.random.default_rng((seed, int(index)))
        source, target = halves if own.random() < 0.5 else halves[::-1]
        state = own.bit_generator.state
        graded = _graded(source, own)
        own.bit_generator.state = state
        yield SelfReference(
            files[index].stem, _bytes(graded), _bytes(target), _bytes(_graded(target, own))
        )


def _graded(rgb: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Grade by a gamma a channel, an S-curve, lift and gain, a matrix, and saturation."""
    rgb = np.clip(rgb, 0, 1) ** np.exp(rng.normal(0, 0.25) + rng.normal(0, 0.12, 3))
    rgb = rgb + rng.normal(0, 0.5) * rgb * (1 - rgb) * (2 * rgb - 1)
    rgb = rng.normal(0, 0.03, 3) + rgb * (1 + rng.normal(0, 0.06, 3))
    matrix = np.eye(3) + rng.normal(0, 0.05, (3, 3))
    rgb = rgb @ (matrix / matrix.sum(axis=1, keepdims=True)).T
    gray = (rgb @ [0.2126, 0.7152, 0.0722])[..., None]
    return gray + np.exp(rng.normal(0, 0.3)) * (rgb - gray)


def _bytes(rgb: np.ndarray) -> Picture:
    return np.round(np.clip(rgb, 0, 1) * 255).astype(np.uint8)


def transfer_pairs(folder: Path) -> Iterator[tuple[str, Picture, Picture]]:
    """Yield (name, source, target) of every pair, in both directions, at 400 px."""
    for source in sorted(folder.glob("*_source.webp")):
        name = source.stem.removesuffix("_source")
        both = source, source.with_name(f"{name}_target.webp")
        ours, theirs = (_small(load(file)) for file in both)
        yield name, ours, theirs
        yield f"{name} back", theirs, ours


def _small(rgb: Picture) -> Picture:
    picture = Image.fromarray(rgb)
    picture.thumbnail((_PAIR_SIDE, _PAIR_SIDE), Image.Resampling.LANCZOS)
    return np.asarray(picture)


def sky_pairs(folder: Path, count: int, seed: int) -> list[SkyPair]:
    """Crop landscapes, so that 80 % and 10 % of them are sky, and pair them by chance."""
    files = sorted(
        file
        for prefix in ("sun", "weather", "yosemite", "houses", "bsds", "urban")
        for file in folder.glob(f"{prefix}*.webp")
    )
    np.random.default_rng(seed).shuffle(files)
    much: list[tuple[str, Picture, np.ndarray]] = []
    little: list[tuple[str, Picture, np.ndarray]] = []
    for file in files:
        rgb = load(file)
        sky = sky_mask(rgb)
        share = 0.8 if len(much) <= len(little) else 0.1
        if not 0.25 < sky.mean() < 0.7:
            continue
        rows = _rows_with(sky, share)
        if abs(sky[rows].mean() - share) < 0.03 and min(sky[rows].sum(), (~sky[rows]).sum()) > 800:
            (much if share == 0.8 else little).append((file.stem, rgb[rows], sky[rows]))
        if len(little) == count:
            break
    return [
        SkyPair(f"{a} → {b}", source, target, ours, theirs)
        for (a, source, ours), (b, target, theirs) in zip(much, little, strict=True)
    ]


def _rows_with(sky: np.ndarray, share: float) -> slice:
    """Return the rows whose sky has that share: cut at the bottom for much of it, else the top."""
    height = len(sky)
    if share > 0.5:
        cuts = [slice(0, end) for end in range(height // 4, height)]
    else:
        cuts = [slice(start, height) for start in range(height - height // 4)]
    per_row = sky.mean(axis=1)
    return min(cuts, key=lambda rows: abs(per_row[rows].mean() - share))


def sky_mask(rgb: Picture) -> np.ndarray:
    """Return where the sky is, by a simple rule: smooth, light or blue, and touching the top."""
    lab = rgb_to_lab(rgb / 255.0)
    gradient = np.sqrt(
        sum(ndimage.gaussian_gradient_magnitude(lab[..., c], 1.5) ** 2 for c in range(3))
    )
    light, a, b = np.moveaxis(lab, -1, 0)
    like = (gradient < 3) & (light > 45) & (b < 6) & (a > -22) & (a < 8)
    labels, _ = ndimage.label(ndimage.binary_opening(like, iterations=2))
    top = np.unique(labels[:3])
    sky = ndimage.binary_dilation(np.isin(labels, top[top > 0]), iterations=3)
    sky &= (gradient < 12) & (light > 40)
    return ndimage.binary_fill_holes(ndimage.binary_closing(sky, iterations=2))
