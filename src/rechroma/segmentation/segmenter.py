"""From points to the thing that they are on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from rechroma.segmentation.likeness import log_odds_of_neighbors, log_odds_of_one_color

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rechroma.segmentation.likeness import Looks
    from rechroma.segmentation.superpixels import Superpixels

__all__ = ["Place", "Segment", "Segmenter"]

# A place as parts of the picture's height and width, from the top left, 0…1.
Place: TypeAlias = "tuple[float, float]"

# All of these were chosen by a random search on 85 regions of even color in training photographs,
# with one to three clicks; the masks of benchmarks/segments.py had no part in it.
# How firmly neighbors of one color hold together: the weight is exp(_FIRMNESS · (odds - _EVEN)).
_FIRMNESS, _EVEN = 1.4, 3.0
_FIRMEST = 6.0
# How much likeness to the points counts beside what the neighbors say.
_PRIOR = 0.5
# Likeness from which on a patch is rather inside, in log odds, and how sharply it turns there.
_INSIDE_FROM, _SHARPNESS = 0.6, 3.0
# What a distance of the longer side costs in log odds.
_FAR = 4.0
# "Here" ends at such a distance from its points, as a part of the longer side, whatever is there.
_HERE = 0.15
# How much being more like the points outside counts, and in whose favor a tie goes.
_OUTSIDE, _TIE = 0.5, 0.3
# The share of walkers that end inside from which on a patch is.
_THRESHOLD = 0.35


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """A part of a picture.

    Attributes:
        patches: Of the picture.
        seeds: The patches of the points that it was found from.
        share: How many of the walkers from each patch end inside, 0…1, shape (K,).
    """

    patches: Superpixels
    seeds: NDArray[np.intp]
    share: NDArray[np.float64]

    def mask(self, least: float = _THRESHOLD) -> NDArray[np.bool_]:
        """Return the pixels that belong to it, shape (H, W).

        Args:
            least: The share from which on a patch does; less reaches farther.
        """
        return self._connected(least)[self.patches.labels]

    def places(self, count: int, least: float) -> list[Place]:
        """Return up to `count` more places of it, far from its points and from each other.

        Args:
            count: How many, at most.
            least: The share from which on a patch may be one.
        """
        candidates = np.flatnonzero(self._connected(least))
        positions = self.patches.position
        chosen: list[int] = []
        free = np.full(len(candidates), np.inf)
        for latest in self.seeds:
            free = np.minimum(free, _distances(positions[candidates], positions[latest]))
        while len(chosen) < min(count, len(candidates)) and free.max() > 0:
            latest = int(candidates[free.argmax()])
            chosen.append(latest)
            free = np.minimum(free, _distances(positions[candidates], positions[latest]))
        height, width = self.patches.labels.shape
        longer = max(height, width)
        return [
            (float(row * longer / height), float(column * longer / width))
            for row, column in positions[chosen]
        ]

    def _connected(self, least: float) -> NDArray[np.bool_]:
        """Return the patches that hang together with the seeds, shape (K,)."""
        pairs = self.patches.pairs
        first, second = pairs[(self.share > least)[pairs].all(axis=1)].T
        reached = np.zeros(len(self.share), bool)
        reached[self.seeds] = True
        before = 0
        while reached.sum() > before:
            before = reached.sum()
            reached[first[reached[second]]] = True
            reached[second[reached[first]]] = True
        return reached


def _distances(positions: NDArray[np.float32], place: NDArray[np.float32]) -> NDArray[np.float32]:
    between = positions - place
    return np.hypot(between[:, 0], between[:, 1])


class Segmenter:
    """Finds what belongs to a point of one photograph.

    A random walker with a prior (Grady 2005, "Multilabel random walker image segmentation using
    prior models", equation 9) on superpixels: from each patch a walker goes to neighbors, the more
    likely the more these have one color with it; the prior is the patch's own likeness to the
    points. What is connected with a point through patches from which enough walkers end inside is
    the thing.

    Args:
        patches: Of the picture.
        looks: What the network says about them.
    """

    def __init__(self, patches: Superpixels, looks: Looks) -> None:
        self._patches = patches
        self._looks = looks
        odds = log_odds_of_neighbors(patches, looks)
        firm = np.exp(np.clip(_FIRMNESS * (odds - _EVEN), -8, _FIRMEST))
        count = len(patches.area)
        first, second = patches.pairs.T
        self._weights = np.zeros((count, count))
        self._weights[first, second] = firm * patches.border / np.sqrt(patches.area.mean())
        self._weights += self._weights.T
        self._likeness: dict[int, NDArray[np.float32]] = {}

    def segment(
        self, inside: Sequence[Place], outside: Sequence[Place] = (), *, here: bool = False
    ) -> Segment:
        """Return what belongs to points.

        Args:
            inside: Points of the thing, one or more.
            outside: Points that are no part of it. One in a patch that also has a point inside
                is not heeded.
            here: The near surroundings alone, up to their edges.
        """
        seeds = np.unique([self._patch(place) for place in inside])
        others = np.array([self._patch(place) for place in outside], np.intp)
        others = np.setdiff1d(others, seeds)
        ends = others
        if here:
            distance = np.min([self._far_from(seed) for seed in seeds], axis=0)
            ends = np.union1d(others, np.flatnonzero(distance > _HERE))
        share = self._walked(seeds, np.setdiff1d(ends, seeds), self._prior(seeds, others))
        return Segment(self._patches, seeds, share)

    def _patch(self, place: Place) -> int:
        height, width = self._patches.labels.shape
        row, column = int(place[0] * height), int(place[1] * width)
        return int(self._patches.labels[min(row, height - 1), min(column, width - 1)])

    def _walked(
        self, seeds: NDArray[np.intp], ends: NDArray[np.intp], prior: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return the share of walkers from each patch that end inside: at a seed, or by the prior.

        Others end outside, in the patches `ends` or by the prior.
        """
        trust = _PRIOR * self._patches.area / self._patches.area.mean() + 1e-6
        laplacian = np.diag(self._weights.sum(axis=1) + trust) - self._weights
        share = np.zeros(len(prior))
        share[seeds] = 1
        known = np.concatenate([seeds, ends])
        free = np.setdiff1d(np.arange(len(prior)), known)
        if len(free):
            given = trust[free] * prior[free] - laplacian[np.ix_(free, seeds)].sum(axis=1)
            share[free] = np.linalg.solve(laplacian[np.ix_(free, free)], given)
        return share

    def _prior(self, seeds: NDArray[np.intp], others: NDArray[np.intp]) -> NDArray[np.float64]:
        like = np.max([self._like(seed) - _FAR * self._far_from(seed) for seed in seeds], axis=0)
        evidence = like - _INSIDE_FROM
        if len(others):
            unlike = np.max([self._like(other) for other in others], axis=0)
            evidence = np.minimum(evidence, _OUTSIDE * (like - unlike) + _TIE)
        return 1 / (1 + np.exp(np.clip(-_SHARPNESS * evidence, -50, 50)))

    def _like(self, seed: int) -> NDArray[np.float32]:
        if seed not in self._likeness:
            everyone = np.arange(len(self._patches.area))
            self._likeness[seed] = log_odds_of_one_color(
                self._patches, self._looks, everyone, np.full_like(everyone, seed)
            )
        return self._likeness[seed]

    def _far_from(self, seed: int) -> NDArray[np.float32]:
        return _distances(self._patches.position, self._patches.position[seed])
