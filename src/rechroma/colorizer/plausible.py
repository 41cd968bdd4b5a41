"""Other answers that the network holds for plausible: different by thing and by hue."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rechroma.color import ciede2000, lab_to_gamut_rgb, rgb_to_lab
from rechroma.color.bins import bin_centers
from rechroma.colorizer.guided import fit_lines
from rechroma.segmentation import find_superpixels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rechroma.color import FloatArray
    from rechroma.colorizer.distribution import Distribution

    Planes = NDArray[np.float32]

__all__ = ["Things", "difference", "plausible_answers", "things_of"]

# Patches at the network's output, and kinds of things that they are put together to.
_PATCHES, _KINDS, _ROUNDS = 96, 3, 12
# Directions of the (a, b) plane in which a kind of thing may get another color.
_DIRECTIONS = 12
# What a push may cost, in nats: the Kullback-Leibler divergence from what the network says.
_BUDGETS = (0.04, 0.06, 0.09, 0.13, 0.2, 0.3, 0.45)
# Mean CIEDE2000 between answers that a person tells apart at once, and a little more.
_FAR_ENOUGH = 6.5
# A change is evened out over about so many cells, to all sides, and across steps of L that are
# smaller than the square root of this.
_EVENED, _EVEN = 8, 30.0
# How much larger than usual in its kind a change may be, and what is left of it aside.
_MOST, _ASIDE = 1.4, 0.3
# How hard a direction is pushed, in nats for each unit of a and b.
_PUSHES = np.geomspace(0.01, 0.16, 17)


@dataclass(frozen=True, slots=True, eq=False)
class Things:
    """Kinds of things of a picture: what the network holds the same colors for possible of.

    Attributes:
        shares: How far each cell is of each kind, softly at the borders, shape (N, h, w).
        probability: How likely each bin is in each kind, shape (N, Q).
    """

    shares: Planes
    probability: NDArray[np.float64]


def things_of(distribution: Distribution, lightness: Planes, chroma: Planes) -> Things:
    """Put the cells of a picture together to kinds of things.

    Args:
        distribution: What the network holds for possible.
        lightness: L of the cells, shape (h, w).
        chroma: Its answer, a and b, shape (2, h, w).
    """
    patches = find_superpixels(lightness, chroma, count=_PATCHES)
    probability = distribution.probability
    member = patches.labels.reshape(-1)[None] == np.arange(len(patches.area))[:, None]
    sums = member.astype(np.float32) @ probability.reshape(len(probability), -1).T
    kinds = _clustered(np.sqrt(sums / patches.area[:, None]), patches.area)
    count = int(kinds.max()) + 1
    weights = (kinds[None] == np.arange(count)[:, None]).astype(np.float64)
    mean = weights @ sums / (weights @ patches.area)[:, None]
    shares = np.stack([(kinds == kind)[patches.labels] for kind in range(count)])
    return Things(_smooth(_smooth(shares.astype(np.float32))), mean)


def plausible_answers(
    distribution: Distribution, things: Things, lightness: Planes, planes: Planes, count: int
) -> list[Planes]:
    """Return other answers, each as far as can be from the model's own and from those before it.

    Each kind of thing is pushed in one direction of the (a, b) plane (exponential tilting), so far
    that its colors become unlikelier by a budget: where the network is sure little moves. The
    budget is the least with which an answer is far enough from all others.

    Args:
        distribution: What the network holds for possible.
        things: Of the picture.
        lightness: L of the cells, shape (h, w).
        planes: The model's own answer, a and b, shape (2, h, w).
        count: How many; each depends on those before it alone.

    Returns:
        a and b of each, shape (2, h, w).
    """
    ladder = [_Palette.of(distribution, things, budget) for budget in _BUDGETS]
    weight = things.shares / np.maximum(things.shares.sum(axis=(1, 2), keepdims=True), 1e-9)
    met = [np.einsum("nhw,chw->nc", weight, planes)]
    found: list[Planes] = []
    for _ in range(count):
        colors, answer = _least(distribution, things, lightness, ladder, met, [planes, *found])
        met.append(colors)
        found.append(answer)
    return found


def _least(
    distribution: Distribution,
    things: Things,
    lightness: Planes,
    ladder: Sequence[_Palette],
    met: Sequence[NDArray[np.float64]],
    others: Sequence[Planes],
) -> tuple[NDArray[np.float64], Planes]:
    """Return the next answer with the least budget that makes it far enough from others.

    It is searched for by halving, since more budget leads farther as a rule.

    Returns:
        The colors of the kinds, shape (N, 2), and a and b, shape (2, h, w).
    """
    tried: dict[int, tuple[NDArray[np.float64], Planes]] = {}

    def far_enough(step: int) -> bool:
        colors, push = ladder[step].farthest(met)
        field = np.einsum("nhw,nc->chw", things.shares, push)
        pushed = distribution.pushed(field.astype(np.float32))
        answer = others[0] + _calm(_even(pushed - others[0], lightness), things)
        tried[step] = colors, answer
        return min(difference(lightness, answer, other) for other in others) >= _FAR_ENOUGH

    step = bisect_left(range(len(ladder) - 1), True, key=far_enough)  # noqa: FBT003
    if step not in tried:
        far_enough(step)
    return tried[step]


@dataclass(frozen=True, slots=True, eq=False)
class _Palette:
    """What kinds of things may become within a budget.

    Attributes:
        colors: a and b of each kind in each direction, shape (N, D, 2).
        pushes: What makes them so, shape (N, D, 2).
    """

    colors: NDArray[np.float64]
    pushes: NDArray[np.float64]

    @classmethod
    def of(cls, distribution: Distribution, things: Things, budget: float) -> _Palette:
        angles = 2 * np.pi * np.arange(_DIRECTIONS) / _DIRECTIONS
        along = np.stack([np.cos(angles), np.sin(angles)], axis=-1)
        pushes = (
            np.array([_pushes(p, along, budget) for p in things.probability])[..., None] * along
        )
        colors = np.array(
            [
                [distribution.decoded_bins(_tilted(p, push)) for push in row]
                for p, row in zip(things.probability, pushes, strict=True)
            ],
            np.float64,
        )
        return cls(colors, pushes)

    def farthest(
        self, met: Sequence[NDArray[np.float64]]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return colors of the kinds, shape (N, 2), that are far from others, and their pushes."""
        apart = [np.linalg.norm(self.colors - each[:, None], axis=-1) for each in met]
        kinds, chosen = np.arange(len(self.colors)), np.min(apart, axis=0).argmax(axis=1)
        return self.colors[kinds, chosen], self.pushes[kinds, chosen]


def difference(lightness: Planes, one: Planes, other: Planes) -> float:
    """Return the mean CIEDE2000 of two answers, shape (2, h, w), as they can be shown."""
    return float(ciede2000(*(_shown(lightness, each) for each in (one, other))).mean())


def _shown(lightness: Planes, chroma: Planes) -> FloatArray:
    lab = np.stack([lightness, chroma[0], chroma[1]], axis=-1).astype(np.float64)
    return rgb_to_lab(lab_to_gamut_rgb(lab))


def _tilted(probability: NDArray[np.float64], push: NDArray[np.float64]) -> NDArray[np.float64]:
    logits = np.log(np.maximum(probability, 1e-12)) + bin_centers() @ push
    likelihood = np.exp(logits - logits.max())
    return likelihood / likelihood.sum()


def _pushes(
    probability: NDArray[np.float64], along: NDArray[np.float64], budget: float
) -> NDArray[np.float64]:
    """Return how hard each direction can be pushed within the budget."""
    found = np.full(len(along), _PUSHES[0])
    for number, direction in enumerate(along):
        for push in _PUSHES:
            after = _tilted(probability, push * direction)
            cost = (after * np.log(np.maximum(after, 1e-12) / np.maximum(probability, 1e-12))).sum()
            if cost > budget:
                break
            found[number] = push
    return found


def _clustered(points: NDArray[np.float32], area: NDArray[np.float32]) -> NDArray[np.intp]:
    """Return the kind of each point by k-means, which begins at points far from each other."""
    chosen = [int(area.argmax())]
    free = np.linalg.norm(points - points[chosen[0]], axis=1)
    while len(chosen) < min(_KINDS, len(points)):
        chosen.append(int((free * np.sqrt(area)).argmax()))
        free = np.minimum(free, np.linalg.norm(points - points[chosen[-1]], axis=1))
    centers = points[chosen]
    kinds = np.zeros(len(points), np.intp)
    for _ in range(_ROUNDS):
        kinds = np.linalg.norm(points[:, None] - centers[None], axis=-1).argmin(axis=1)
        for kind in range(len(centers)):
            own = kinds == kind
            if own.any():
                centers[kind] = np.average(points[own], axis=0, weights=area[own])
    return np.unique(kinds, return_inverse=True)[1]


def _calm(change: Planes, things: Things) -> Planes:
    """Return a change that is nowhere much larger than its kind's, nor against it.

    Else a sky gets a red corner, and water a green patch, where the network is of two minds.
    """
    area = np.maximum(things.shares.sum(axis=(1, 2)), 1e-6)
    usual = np.einsum("nhw,chw->nc", things.shares, change) / area[:, None]
    expected = np.einsum("nhw,nc->chw", things.shares, usual).astype(np.float32)
    size = np.maximum(np.linalg.norm(expected, axis=0), np.float32(1e-6))
    along = np.maximum((change * expected).sum(axis=0) / size, 0)
    across = change - (change * expected).sum(axis=0) / size**2 * expected
    most = np.float32(_MOST) * size
    return np.minimum(along, most) / size * expected + np.float32(_ASIDE) * across


def _even(change: Planes, lightness: Planes) -> Planes:
    """Even a change out over what is of one lightness: a guided filter (He, Sun & Tang 2013).

    Without it walls get spots, where the network wavers between two colors.
    """

    def mean(planes: Planes) -> Planes:
        for _ in range(_EVENED):
            planes = _smooth(planes)
        return planes

    guide = lightness - lightness.mean()
    slopes, offsets = fit_lines(change, guide[None], _EVEN, mean)
    return (mean(slopes) * guide + mean(offsets)).astype(np.float32)


def _smooth(planes: Planes) -> Planes:
    """Average over 3 × 3 cells."""
    padded = np.pad(planes, [(0, 0), (1, 1), (1, 1)], mode="edge")
    height, width = planes.shape[1:]
    around = [padded[:, i : i + height, j : j + width] for i in range(3) for j in range(3)]
    return np.stack(around).mean(axis=0, dtype=np.float32)
