"""The network on frames: what it holds for possible, and the colors that follow from that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rechroma.color import rgb_to_lab
from rechroma.color.bins import bin_centers
from rechroma.colorizer.distribution import chroma_factor
from rechroma.colorizer.graph_io import UNCONDITIONED, Conditioning
from rechroma.colorizer.session import open_model_session
from rechroma.colorizer.size import plan_size

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray

    Plane = NDArray[np.floating[Any]]

__all__ = ["FrameNetwork"]


@dataclass(frozen=True, slots=True)
class FrameNetwork:
    """A network at one size.

    What it says of each cell is how likely each bin is, of a model that tells, else a and b. That
    of several frames may be averaged; `chroma` makes colors of it.

    Attributes:
        session: The network.
        shape: Rows and columns of its input: whole strides. A frame is stretched to them, by 3 %
            on the average, since padding would be something that doesn't move with the picture.
    """

    session: Any
    shape: tuple[int, int]

    @classmethod
    def open(
        cls,
        height: int,
        width: int,
        *,
        model: str | os.PathLike[str] = "default",
        device: str = "auto",
        size: int | None = None,
        threads: int | None = None,
    ) -> FrameNetwork:
        """Load a model for frames of that shape; see `rechroma.colorizer.Colorizer`."""
        session = open_model_session(model, device=device, threads=threads)
        card = session.card
        if card.fixed:
            return cls(session, (card.size, card.size))
        stride = card.stride
        plan = plan_size(height, width, size=size or card.size, stride=stride)
        rows, columns = (
            max(stride, round(side / stride) * stride) for side in (plan.height, plan.width)
        )
        return cls(session, (rows, columns))

    @property
    def cells(self) -> tuple[int, int]:
        """Rows and columns of its output."""
        step = self.session.card.output_stride
        return self.shape[0] // step, self.shape[1] // step

    @property
    def tells(self) -> bool:
        """Whether it says how likely colors are."""
        return bool(self.session.card.temperature)

    def look(
        self, lightness: Plane, conditioning: Conditioning = UNCONDITIONED
    ) -> tuple[Plane, Plane]:
        """Return what it says of L in 0…100, of its `shape`.

        Returns:
            Float32, shape (Q, h, w), and its own answer, a and b, shape (2, h, w).
        """
        return self._said(*self.session.run_whole(lightness, conditioning))

    def look_closely(
        self, lightness: Plane, conditioning: Conditioning = UNCONDITIONED
    ) -> tuple[Plane, Plane, Plane | None]:
        """Return `look`, and what it sees, shape (C, h, w): None of a model that doesn't say."""
        maps, logits, features = self.session.run_all(lightness, conditioning)
        return *self._said(maps, logits), features

    def _said(self, maps: Plane, logits: Plane | None) -> tuple[Plane, Plane]:
        if len(maps) == 3:
            lab = rgb_to_lab(np.clip(np.moveaxis(maps, 0, -1), 0, 1))
            maps = np.moveaxis(lab[..., 1:], -1, 0).astype(np.float32)
        if logits is None:
            return maps, maps
        likely = np.asarray(logits, np.float32)
        likely = likely - likely.max(axis=0)
        np.exp(likely, out=likely)
        likely /= likely.sum(axis=0)
        return likely, maps

    def chroma(self, said: Plane, vividness: float = 1.0) -> Plane:
        """Return the a and b, shape (2, h, w), of what was said, shape (Q, h, w)."""
        if not self.tells:
            return np.asarray(said, np.float32)
        card = self.session.card
        annealed = np.maximum(said, np.float32(1e-9))
        np.log(annealed, out=annealed)
        annealed *= np.float32(1 / card.temperature)
        np.exp(annealed, out=annealed)
        planes = _mean(annealed) / annealed.sum(axis=0)
        planes = planes * chroma_factor(planes, card.chroma_gain, card.chroma_curve)
        if vividness != 1:
            likely = said
            if card.log_weights:
                likely = said * np.exp(-np.array(card.log_weights, np.float32))[:, None, None]
                likely /= likely.sum(axis=0)
            mean = _mean(likely)
            planes = mean + np.float32(vividness) * (planes - mean)
        return planes.astype(np.float32, copy=False)


def _mean(likely: Plane) -> Plane:
    # As an outer sum: BLAS takes five times as long for two rows.
    return np.einsum("qc,qhw->chw", bin_centers(), likely)
