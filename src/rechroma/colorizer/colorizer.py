"""The colorizer at run time: a network that is loaded once, and pictures that pass through it."""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING, TypeAlias

from rechroma.colorizer.color_detection import is_color
from rechroma.colorizer.colorization import Colorization, memory_of
from rechroma.colorizer.distribution import distribution_of
from rechroma.colorizer.graph_io import UNCONDITIONED, Conditioning
from rechroma.colorizer.hints import Hint, mood_of, rasterize_hints
from rechroma.colorizer.options import ColorizeOptions
from rechroma.colorizer.session import open_model_session
from rechroma.colorizer.size import SizePlan, network_lightness, plan_fixed, plan_size
from rechroma.errors import UsageError
from rechroma.photo import Photo, Source, read

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from rechroma.colorizer.card import ModelCard
    from rechroma.photo.formats import BitDepth

__all__ = ["Colorizer", "PhotoLike", "render_with"]

# A larger input would take more memory than most machines have; networks gain nothing from it.
_MAX_SIZE = 2048

# What can be colorized: anything that `rechroma.photo.read` takes, or a photo read before.
PhotoLike: TypeAlias = "Source | Photo"


class Colorizer:
    """Colorizes any number of pictures with one loaded network; safe to share between threads.

    Args:
        model: A name that `rechroma models` lists, "default", or the path of an ONNX file that
            carries a card.
        device: "auto", "cpu", "cuda", or another key of `rechroma.colorizer.session.DEVICES`.
        size: Pixels of the shorter side at which the network sees a picture; None for the size
            that its card recommends. More follows finer detail and costs time.
        threads: Threads for one picture; None for one per core.

    Attributes:
        card: What the model says about itself.

    Raises:
        ModelError: The model or the device isn't there, or the model breaks its card.
        UsageError: The size or the number of threads is out of range.

    Examples:
        One network for many pictures; each is returned as a `Photo`:

        >>> from rechroma import Colorizer
        >>> colorizer = Colorizer()
        >>> for name in ("louis-armstrong-1946", "pea-pickers-nipomo-1936"):
        ...     photo = colorizer.colorize(f"examples/{name}.jpg")
        ...     print(photo.save(f"{name}.color.jpg"))
        louis-armstrong-1946.color.jpg
        pea-pickers-nipomo-1936.color.jpg
    """

    def __init__(
        self,
        model: str | os.PathLike[str] = "default",
        *,
        device: str = "auto",
        size: int | None = None,
        threads: int | None = None,
    ) -> None:
        if threads is not None and threads < 1:
            raise UsageError(f"threads is {threads}", "give 1 or more")
        self._session = open_model_session(model, device=device, threads=threads)
        self.card: ModelCard = self._session.card
        self._size = self.card.size if size is None else size
        if self.card.fixed and self._size != self.card.size:
            raise UsageError(
                f"this model takes inputs of {self.card.size} pixels a side alone",
                "leave out --size",
            )
        if not self.card.stride <= self._size <= _MAX_SIZE:
            raise UsageError(
                f"size {self._size} is out of range",
                f"give {self.card.stride} to {_MAX_SIZE}; {self.card.size} suits this model",
            )
        self._threads = threads or os.cpu_count() or 1

    def predict(
        self, source: PhotoLike, *, hints: Sequence[Hint] = (), mood: PhotoLike | None = None
    ) -> Colorization:
        """Run the network once on a picture.

        Args:
            source: A path, bytes, a binary file, a PIL image, an array or a `Photo`.
            hints: Points with the colors that they should get.
            mood: A color photograph whose colors should set the tone: told to the model, and no
                more; `rechroma.colorize` makes a transfer on its answer, too.

        Raises:
            PhotoError: A picture can't be read.
            UsageError: Conditioning for a model that takes none, or a hint outside of the picture.
            ModelError: The network fails or gives NaN.
            OutOfMemoryError: It does not fit into memory.
        """
        photo = source if isinstance(source, Photo) else read(source)
        with memory_of(photo):
            return self._predict(photo, tuple(hints), mood)

    def colorize(
        self,
        source: PhotoLike,
        *,
        strength: float = ColorizeOptions.strength,
        vividness: float = ColorizeOptions.vividness,
        recolor: bool = ColorizeOptions.recolor,
        hints: Sequence[Hint] = (),
        mood: PhotoLike | None = None,
    ) -> Photo:
        """Return the picture in color.

        Args:
            source: A path, bytes, a binary file, a PIL image, an array or a `Photo`.
            strength: Factor on the predicted chroma, 0 (gray) … 1.5.
            vividness: 0 (the mean of what is possible) … 1.5; see `Colorization.render`.
            recolor: Color a picture that is in color already (see `is_color`) anew, from its L.
                Otherwise it is returned as it is: for a `Photo`, that very object.
            hints: See `predict`.
            mood: See `predict`.

        Raises:
            UsageError: A number is out of range, or see `predict`.
            PhotoError: It can't be read.
            ModelError: The network fails or gives NaN.
            OutOfMemoryError: It does not fit into memory.
        """
        options = ColorizeOptions(strength=strength, vividness=vividness, recolor=recolor)
        photo = source if isinstance(source, Photo) else read(source)
        if not recolor and is_color(photo):
            return photo
        return render_with(self.predict(photo, hints=hints, mood=mood), options)

    def colorize_all(
        self,
        sources: Iterable[PhotoLike],
        *,
        strength: float = ColorizeOptions.strength,
        recolor: bool = ColorizeOptions.recolor,
    ) -> Iterator[Photo]:
        """Colorize pictures one by one, each when it is asked for; see `colorize`."""
        ColorizeOptions(strength=strength, recolor=recolor)
        return (self.colorize(source, strength=strength, recolor=recolor) for source in sources)

    def features(self, lightness: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return what the network sees in L: places that show the same kind of thing are alike.

        Args:
            lightness: L in 0…100, shape (H, W), both multiples of the card's stride.

        Returns:
            Float32, shape (C, H/f, W/f), with f the card's feature stride.

        Raises:
            ModelError: The model has no features, or the network fails.
        """
        return self._session.features(lightness)

    def _predict(
        self, photo: Photo, hints: tuple[Hint, ...], mood: PhotoLike | None
    ) -> Colorization:
        plan = self._plan(photo)
        lightness = network_lightness(photo.samples, plan)
        step = self.card.output_stride
        rows, columns = math.ceil(plan.height / step), math.ceil(plan.width / step)
        maps, logits = self._session.run_whole(
            lightness, self._conditioning(photo, plan, hints, mood)
        )
        shown = slice(None), slice(rows), slice(columns)
        distribution = None
        if logits is not None:
            distribution = distribution_of(self.card, logits[shown])
        cells = _cell_means(lightness, step)[:rows, :columns]
        extent = plan.height / step, plan.width / step
        return Colorization(
            photo, cells, maps[shown], extent, self._threads, distribution, self.card.name
        )

    def _conditioning(
        self, photo: Photo, plan: SizePlan, hints: tuple[Hint, ...], mood: PhotoLike | None
    ) -> Conditioning:
        if not (hints or mood is not None):
            return UNCONDITIONED
        vector = None
        if mood is not None:
            source = mood if isinstance(mood, Photo) else read(mood)
            vector = mood_of(source, self.card)
        return Conditioning(rasterize_hints(hints, photo, plan) if hints else None, vector)

    def _plan(self, photo: Photo) -> SizePlan:
        if self.card.fixed:
            return plan_fixed(photo.height, photo.width, size=self.card.size)
        return plan_size(photo.height, photo.width, size=self._size, stride=self.card.stride)


def render_with(
    prediction: Colorization, options: ColorizeOptions, bit_depth: BitDepth = 32
) -> Photo:
    """Return the picture that the options ask for; see `Colorization.render`."""
    return prediction.render(
        strength=options.strength, vividness=options.vividness, bit_depth=bit_depth
    )


def _cell_means(lightness: NDArray[np.float32], step: int) -> NDArray[np.float32]:
    """Average L over the cells of the chroma plane, step × step pixels each."""
    height, width = lightness.shape
    return lightness.reshape(height // step, step, width // step, step).mean(axis=(1, 3))
