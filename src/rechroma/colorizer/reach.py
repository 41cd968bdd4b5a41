"""How far a hint reaches: this place, the thing that it is on, or everything alike."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from rechroma.colorizer.distribution import single_answer_error
from rechroma.colorizer.guided import GuidedPlanes
from rechroma.colorizer.hints import Hint

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from rechroma.colorizer.card import ModelCard
    from rechroma.colorizer.distribution import Distribution
    from rechroma.photo import Photo
    from rechroma.segmentation.segmenter import Place, Segmenter

__all__ = ["Answer", "Known", "RecentPictures", "cell_means", "extended", "segmenter_of"]

# Pictures of which a colorizer remembers what there is to see: some 7 MB each.
_MOST = 4
# A thing gets its color at so many more places of which the segmenter is sure by so much, and up to
# where it is hardly sure any more: the network stops by itself where things don't look alike. On 50
# regions of even color in training photographs (2 colors each, change of a and b) one hint alone
# changes 39.4 units inside and 9.3 outside; its thing from a share of 0.35 on 30.4 and 0.5; from
# 0.1 on 36.1 and 1.9; with 12 more places 39.4 and 2.6.
_MORE, _SURE, _LEAST = 12, 0.6, 0.1


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What the network said, without padding.

    Attributes:
        maps: a and b, shape (2, h, w), or sRGB, shape (3, h, w).
        distribution: What it holds for possible; None of a model that does not tell.
    """

    maps: NDArray[np.float32]
    distribution: Distribution | None

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.maps.shape[1], self.maps.shape[2]

    def at(self, vividness: float) -> Answer:
        """Return the answer at another vividness; see `Colorization.render`.

        Raises:
            UsageError: The model gives one answer.
        """
        if vividness == 1:
            return self
        if self.distribution is None:
            raise single_answer_error()
        mean = self.distribution.mean()
        maps = (mean + vividness * (self.maps - mean)).astype(np.float32)
        return Answer(maps, self.distribution)

    def mixed(self, other: Answer, share: NDArray[np.float32]) -> Answer:
        """Return this answer with a share of another, 0…1 for each cell."""
        maps = _mixed(self.maps, other.maps, share)
        if self.distribution is None or other.distribution is None:
            return Answer(maps, None)
        logits = _mixed(self.distribution.logits, other.distribution.logits, share)
        return Answer(maps, replace(self.distribution, logits=logits))


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """What is known of a picture before anybody gives a hint.

    Attributes:
        answer: Without hints and without a mood.
        segmenter: What tells its things apart.
    """

    answer: Answer
    segmenter: Segmenter


class RecentPictures:
    """What is known of the last pictures, so that the next hint takes no time for it."""

    def __init__(self) -> None:
        self._known: OrderedDict[bytes, Known] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: bytes, look: Callable[[], Known]) -> Known:
        """Return what is known of a picture, looked at if it is not among the last ones."""
        with self._lock:
            known = self._known.pop(key, None)
        # Others need not wait while one is looked at.
        known = known or look()
        with self._lock:
            self._known[key] = known
            while len(self._known) > _MOST:
                self._known.popitem(last=False)
        return known


def segmenter_of(
    lightness: NDArray[np.float32],
    answer: Answer,
    features: NDArray[np.float32],
    card: ModelCard,
) -> Segmenter:
    """Return what tells the things of a picture apart.

    Args:
        lightness: L as the network saw it, without padding, shape (H, W).
        answer: What it said without hints.
        features: What its encoder saw, shape (F, h', w').
        card: Its card.

    Raises:
        UsageError: The model does not tell what is possible.
    """
    if answer.distribution is None:
        raise single_answer_error()
    # Most pictures are colored without a hint.
    from rechroma.segmentation import Segmenter, find_superpixels
    from rechroma.segmentation.likeness import looks_of

    extent, extent_of_features = (
        (lightness.shape[0] / step, lightness.shape[1] / step)
        for step in (card.output_stride, card.feature_stride)
    )
    cells = cell_means(lightness, card.output_stride, answer.shape)
    size = lightness.shape[0], lightness.shape[1]
    guided = GuidedPlanes(answer.maps, cells, size, extent)
    patches = find_superpixels(lightness, guided.rows(0, lightness))
    looks = looks_of(
        patches, answer.distribution.probability, features, (extent, extent_of_features)
    )
    return Segmenter(patches, looks)


def extended(
    hints: Sequence[Hint], photo: Photo, segmenter: Segmenter, shape: tuple[int, int], step: int
) -> tuple[list[Hint], NDArray[np.float32]]:
    """Return more hints on the things that hints are on, and how far cells belong to these.

    Hints of one color and reach are points of one thing, and it ends where others begin.

    Args:
        hints: Those that don't reach everything alike.
        photo: In whose pixels they are.
        segmenter: Of that photo.
        shape: Rows and columns of the cells.
        step: The network's pixels of a cell.

    Returns:
        The further hints, and 0…1 for each cell, shape (h, w).
    """
    further: list[Hint] = []
    within = np.zeros(shape, np.float32)
    kinds = [(hint.color, hint.reach == "here") for hint in hints]
    for color, here in sorted(set(kinds)):
        inside = [hint for hint, kind in zip(hints, kinds, strict=True) if kind == (color, here)]
        outside = [hint for hint in hints if hint.color != color]
        part = segmenter.segment(
            [_place(hint, photo) for hint in inside],
            [_place(hint, photo) for hint in outside],
            here=here,
        )
        if here:
            mask = part.mask()
        else:
            mask = part.mask(_LEAST)
            further += [_hint(place, color, photo) for place in part.places(_MORE, _SURE)]
        within = np.maximum(within, cell_means(mask.astype(np.float32), step, shape))
    return further, within


def _place(hint: Hint, photo: Photo) -> Place:
    return hint.y / photo.height, hint.x / photo.width


def _hint(place: Place, color: str, photo: Photo) -> Hint:
    return Hint(place[1] * photo.width, place[0] * photo.height, color, "thing")


def _mixed(
    ours: NDArray[np.float32], theirs: NDArray[np.float32], share: NDArray[np.float32]
) -> NDArray[np.float32]:
    return (ours + share * (theirs - ours)).astype(np.float32, copy=False)


def cell_means(
    plane: NDArray[np.float32], step: int, shape: tuple[int, int]
) -> NDArray[np.float32]:
    """Average a plane over cells of step × step pixels; the last ones may be cut by its border."""
    missing = [(0, count * step - size) for count, size in zip(shape, plane.shape, strict=True)]
    padded = np.pad(plane, missing, mode="reflect")
    return padded.reshape(shape[0], step, shape[1], step).mean(axis=(1, 3), dtype=np.float32)
