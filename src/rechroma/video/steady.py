"""One decision for what moves through a shot.

The network looks at some frames, the keys. What it says of a thing, as a distribution over colors,
is added up along the thing's way through all keys, forwards and backwards, so that every key of a
shot knows what was said in all others: the answer can't change from frame to frame, and what is
uncertain in one frame is decided by those that show it better. What lies between keys is
`rechroma.video.tweening`'s.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from rechroma.video.flow import Step, warped
from rechroma.video.kinds import load_cv2

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from rechroma.video.network import FrameNetwork

    Plane = NDArray[np.floating[Any]]

__all__ = ["Key", "Memory", "Told", "decided", "mean_chroma", "merged_told"]

# How much of what was known goes on from key to key, and of what a person told.
_KEEP = 0.97
_KEEP_TOLD = 0.995
# Below this trust nothing is handed on.
_LEAST = 0.02
# The spread of brightness, of 255, at which a frame counts half: nearly black ones tell nothing.
_DIM = 10.0
# The chroma of a shot may be raised or lowered by so much to be the network's own on the average.
_REACH = 1.3


@dataclass(slots=True, eq=False)
class Told:
    """Colors that a person has told.

    Attributes:
        chroma: a and b, shape (2, h, w).
        weight: How far they count at each cell, 0…1, shape (h, w).
    """

    chroma: Plane
    weight: Plane


@dataclass(slots=True, eq=False)
class Key:
    """A frame at which the network looks.

    Attributes:
        index: Its place in the part of the shot.
        said: What the network said, `packed`, shape (Q, h, w).
        light: L of 255 at the places where its chroma is followed, see `rechroma.video.tweening`.
        weight: How much it counts.
        mean_chroma: Of the network's own answer to it.
        back: The step to the key before it; None at the first.
        forth: The step to the key after it; None at the last.
        told: What a person told here.
        features: What the network sees, of a shot's first key, shape (C, h, w); else None.
    """

    index: int
    said: NDArray[np.generic]
    light: NDArray[np.generic]
    weight: float
    mean_chroma: float
    back: Step | None = None
    forth: Step | None = None
    told: Told | None = None
    features: Plane | None = None


@dataclass(slots=True, eq=False)
class Memory:
    """What one part of a shot hands on to the next, or a setting to its next shot.

    Attributes:
        sums: Of what was said, weighted, shape (Q, h, w), float16.
        weight: Of each cell, shape (h, w).
        wanted: Sum of the network's own mean chroma over frames, and of the decided ones.
        told: What people told, as far as it has come.
        opening: The mean of what was said at the first key, `packed`; empty if none was.
        opening_told: What people told at the first key.
    """

    sums: NDArray[np.float16]
    weight: Plane
    wanted: tuple[float, float] = (0.0, 0.0)
    told: Told | None = None
    opening: NDArray[np.generic] = field(default_factory=lambda: np.empty(0, np.uint8))
    opening_told: Told | None = None


def packed(said: Plane, *, likely: bool) -> NDArray[np.generic]:
    """Return what was said in little memory: likelihoods as bytes of their square roots."""
    if likely:
        roots = np.sqrt(said)
        roots *= np.float32(255)
        roots += np.float32(0.5)
        return roots.astype(np.uint8)
    return said.astype(np.float16)


def unpacked(said: NDArray[np.generic]) -> Plane:
    """Undo `packed`."""
    result = said.astype(np.float32)
    if said.dtype == np.uint8:
        result *= np.float32(1 / 255)
        np.square(result, out=result)
    return result


def key_weight(spread: float) -> float:
    """Return how much a frame counts, by the spread of its brightness of 255."""
    return spread / (spread + _DIM)


def decided(
    keys: Sequence[Key],
    network: FrameNetwork,
    before: Memory | None,
    vividness: float,
    *,
    count: int,
    change: Callable[[Plane], Plane] | None = None,
) -> tuple[list[Plane], Memory]:
    """Return the chroma of each key, shape (2, h, w), and what the next part of the shot gets.

    Args:
        keys: Of one part of a shot, at least one.
        network: What makes colors of what was said.
        before: From the part before; None at the start of a shot.
        vividness: See `FrameNetwork.chroma`.
        count: Frames of the part.
        change: Is made to the chroma of each key, but not to what people have told; None for none.
    """
    known, memory_sums, memory_weight = _forwards(keys, before, likely=network.tells)
    opening = keys[0].said
    later: Plane | None = None
    later_weight: Plane | None = None
    planes: list[Plane] = [np.empty(0, np.float32)] * len(keys)
    for i in range(len(keys) - 1, -1, -1):
        key = keys[i]
        said = unpacked(key.said)
        said *= np.float32(key.weight)
        mean, share = known.pop()
        total = unpacked(mean)
        total *= share
        if later is not None and later_weight is not None and key.forth is not None:
            coming, coming_weight = _carried_sums(later, later_weight, key.forth)
            total += coming
            share = share + coming_weight
            later, later_weight = said + coming, np.float32(key.weight) + coming_weight
        else:
            later, later_weight = said, np.full_like(share, key.weight)
        total /= np.maximum(share, 1e-6)
        if i == 0:
            opening = packed(total, likely=network.tells)
        planes[i] = network.chroma(total, vividness)
    # A key counts for the frames that are nearest to it.
    frames = _nearest(keys, count)
    own_mean = sum(n * key.mean_chroma for n, key in zip(frames, keys, strict=True))
    got_mean = sum(n * mean_chroma(plane) for n, plane in zip(frames, planes, strict=True))
    wanted = before.wanted if before is not None else (0.0, 0.0)
    wanted = wanted[0] + own_mean, wanted[1] + got_mean
    scale = np.float32(np.clip(wanted[0] / max(wanted[1], 1e-6), 1 / _REACH, _REACH))
    planes = [plane * scale for plane in planes]
    if change is not None:
        planes = [change(plane) for plane in planes]
    told = merged_told(keys, before.told if before is not None else None)
    planes = [
        plane if each is None else plane + each.weight * (each.chroma - plane)
        for plane, each in zip(planes, told, strict=True)
    ]
    return planes, Memory(memory_sums, memory_weight, wanted, told[-1], opening, told[0])


def _nearest(keys: Sequence[Key], count: int) -> list[float]:
    """Return how many frames of a part are nearer to each key than to the others."""
    middles = [(one.index + other.index + 1) / 2 for one, other in pairwise(keys)]
    return [last - first for first, last in pairwise([0.0, *middles, float(count)])]


def _forwards(
    keys: Sequence[Key], before: Memory | None, *, likely: bool
) -> tuple[list[tuple[NDArray[np.generic], Plane]], NDArray[np.float16], Plane]:
    """Return, for each key, the mean of what was said up to it, packed, and its weight.

    And the sums and weights at the last.
    """
    known: list[tuple[NDArray[np.generic], Plane]] = []
    total: Plane | None = None if before is None else before.sums.astype(np.float32)
    share: Plane | None = None if before is None else before.weight
    for key in keys:
        said = unpacked(key.said)
        said *= np.float32(key.weight)
        weight = np.full(said.shape[1:], key.weight, np.float32)
        if total is not None and share is not None and key.back is not None:
            coming, coming_weight = _carried_sums(total, share, key.back)
            said += coming
            weight += coming_weight
        total, share = said, weight
        known.append((packed(total / np.maximum(share, 1e-6), likely=likely), share))
    assert total is not None and share is not None  # noqa: S101, PT018 - there is at least one key
    return known, total.astype(np.float16), share


def _carried_sums(total: Plane, weight: Plane, step: Step) -> tuple[Plane, Plane]:
    """Return sums of what was said, and their weights, as they come to another key."""
    trust = np.where(step.trust < _LEAST, 0, step.trust) * np.float32(_KEEP)
    carried = warped(total, step.motion)
    carried *= trust
    return carried, warped(weight[None], step.motion)[0] * trust


def mean_chroma(planes: Plane) -> float:
    """Return the mean length of a and b."""
    return float(load_cv2().magnitude(planes[0], planes[1]).mean())


def merged_told(keys: Sequence[Key], before: Told | None) -> list[Told | None]:
    """Return what people have told at each key: carried from wherever it was told, both ways."""
    forwards = _carried([(key.told, key.back) for key in keys], before)
    backwards = _carried([(key.told, key.forth) for key in reversed(keys)], None)[::-1]
    return [_joined(one, other) for one, other in zip(forwards, backwards, strict=True)]


def _carried(
    keys: Sequence[tuple[Told | None, Step | None]], start: Told | None
) -> list[Told | None]:
    result: list[Told | None] = []
    known = start
    for own, step in keys:
        if known is not None and step is not None:
            moved = warped(np.concatenate([known.chroma, known.weight[None]]), step.motion)
            known = Told(moved[:2], moved[2] * np.sqrt(step.trust) * np.float32(_KEEP_TOLD))
        elif step is None and result:
            known = None
        known = own if known is None else _over(own, known)
        result.append(known)
    return result


def _over(own: Told | None, carried: Told) -> Told:
    """Return what was told here, and beside it what has come from elsewhere."""
    if own is None:
        return carried
    weight = np.maximum(own.weight, carried.weight)
    share = own.weight / np.maximum(own.weight + carried.weight * (1 - own.weight), 1e-6)
    return Told(carried.chroma + share * (own.chroma - carried.chroma), weight)


def _joined(one: Told | None, other: Told | None) -> Told | None:
    if one is None or other is None:
        return one or other
    total = one.weight + other.weight
    share = one.weight / np.maximum(total, 1e-6)
    return Told(
        other.chroma + share * (one.chroma - other.chroma), np.maximum(one.weight, other.weight)
    )
