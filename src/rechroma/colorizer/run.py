"""The colorizer at run time: a network that is loaded once, and pictures that pass through it."""

from __future__ import annotations

import math
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from rechroma.color import rgb_to_lab
from rechroma.color.arrays import from_planes, to_planes
from rechroma.colorizer.guided import GuidedPlanes
from rechroma.colorizer.raw import enlarge
from rechroma.colorizer.render import render
from rechroma.colorizer.session import open_session
from rechroma.colorizer.size import SizePlan, network_lightness, plan_fixed, plan_size
from rechroma.colorizer.tint import is_colour
from rechroma.errors import OutOfMemoryError, UsageError
from rechroma.photo import Photo, Source, read

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

    from numpy.typing import NDArray

    from rechroma.colorizer.card import ModelCard

__all__ = ["MAX_STRENGTH", "Colorization", "Colorizer", "Picture", "colorize"]

MAX_STRENGTH = 1.5
# A larger input would take more memory than most machines have; networks gain nothing from it.
_MAX_SIZE = 2048

# What can be colorized: anything that `rechroma.photo.read` takes, or a photo read before.
Picture: TypeAlias = "Source | Photo"


class Colorization:
    """A photo and what was predicted for it: a new strength needs no network.

    Args:
        photo: The photo.
        lightness: L as the network saw it, averaged over the cells of its output, shape (h, w).
        maps: The network's output, float32: a and b, shape (2, h, w), or sRGB, shape (3, h, w).
        extent: How many rows and columns of `maps` the photo covers, not whole ones as a rule.
        threads: Threads that `render` may use.

    Attributes:
        photo: The photo as it was read.
        chroma: a and b at the network's output resolution, float32, shape (h, w, 2).
    """

    def __init__(
        self,
        photo: Photo,
        lightness: NDArray[np.float32],
        maps: NDArray[np.float32],
        extent: tuple[float, float],
        threads: int,
    ) -> None:
        self.photo = photo
        self._rgb = maps if len(maps) == 3 else None
        chroma = maps if self._rgb is None else _chroma_of(self._rgb)
        self.chroma = np.moveaxis(chroma, 0, -1)
        self._extent = extent
        self._guided = GuidedPlanes(chroma, lightness, (photo.height, photo.width), extent)
        self._threads = threads

    def render(self, *, strength: float = 1.0) -> Photo:
        """Return the photo in colour: its own L, the predicted chroma times `strength`.

        Args:
            strength: 0 (grey) … 1.5.

        Raises:
            UsageError: The strength is out of range.
            OutOfMemoryError: The result does not fit into memory.
        """
        _check_strength(strength)
        with _memory_of(self.photo):
            pixels = render(self.photo.samples, self._guided, strength, self._threads)
        return self.photo.with_pixels(pixels)

    def render_raw(self) -> Photo:
        """Return the network's own RGB, its lightness included, enlarged to the photo's size.

        For looking at what an RGB network does; `render` is better in every way.

        Raises:
            UsageError: The model predicts a and b alone.
            OutOfMemoryError: The result does not fit into memory.
        """
        if self._rgb is None:
            raise UsageError(
                "this model predicts a and b alone: it has no raw RGB", "leave out --raw-output"
            )
        with _memory_of(self.photo):
            pixels = enlarge(self._rgb, (self.photo.height, self.photo.width), self._extent)
        return self.photo.with_pixels(pixels)


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
        self._session = open_session(model, device=device, threads=threads)
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

    def predict(self, source: Picture) -> Colorization:
        """Run the network once on a picture.

        Args:
            source: A path, bytes, a binary file, a PIL image, an array or a `Photo`.

        Raises:
            PhotoError: It can't be read.
            ModelError: The network fails or gives NaN.
            OutOfMemoryError: It does not fit into memory.
        """
        photo = source if isinstance(source, Photo) else read(source)
        with _memory_of(photo):
            return self._predict(photo)

    def colorize(
        self, source: Picture, *, strength: float = 1.0, keep_color: bool = False
    ) -> Photo:
        """Return the picture in colour.

        Args:
            source: A path, bytes, a binary file, a PIL image, an array or a `Photo`.
            strength: Factor on the predicted chroma, 0 (grey) … 1.5.
            keep_color: Return a picture that is in colour already (see `is_colour`) as it is: for a
                `Photo`, that very object. Otherwise it is colorized anew from its L.

        Raises:
            UsageError: The strength is out of range.
            PhotoError: It can't be read.
            ModelError: The network fails or gives NaN.
            OutOfMemoryError: It does not fit into memory.
        """
        _check_strength(strength)
        photo = source if isinstance(source, Photo) else read(source)
        if keep_color and is_colour(photo):
            return photo
        return self.predict(photo).render(strength=strength)

    def colorize_all(
        self, sources: Iterable[Picture], *, strength: float = 1.0, keep_color: bool = False
    ) -> Iterator[Photo]:
        """Colorize pictures one by one, each when it is asked for; see `colorize`."""
        _check_strength(strength)
        return (
            self.colorize(source, strength=strength, keep_color=keep_color) for source in sources
        )

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

    def _predict(self, photo: Photo) -> Colorization:
        plan = self._plan(photo)
        lightness = network_lightness(photo.samples, plan)
        step = self.card.output_stride
        rows, columns = math.ceil(plan.height / step), math.ceil(plan.width / step)
        maps = self._session.run(lightness)[:, :rows, :columns]
        cells = _cell_means(lightness, step)[:rows, :columns]
        extent = plan.height / step, plan.width / step
        return Colorization(photo, cells, maps, extent, self._threads)

    def _plan(self, photo: Photo) -> SizePlan:
        if self.card.fixed:
            return plan_fixed(photo.height, photo.width, size=self.card.size)
        return plan_size(photo.height, photo.width, size=self._size, stride=self.card.stride)


def colorize(
    source: Picture,
    *,
    model: str | os.PathLike[str] = "default",
    strength: float = 1.0,
    size: int | None = None,
    keep_color: bool = False,
    device: str = "auto",
) -> Photo:
    """Colorize one picture; for several, make a `Colorizer` once.

    See `Colorizer` and `Colorizer.colorize` for the arguments and errors.
    """
    _check_strength(strength)
    colorizer = Colorizer(model, device=device, size=size)
    return colorizer.colorize(source, strength=strength, keep_color=keep_color)


def _cell_means(lightness: NDArray[np.float32], step: int) -> NDArray[np.float32]:
    """Average L over the cells of the chroma plane, step × step pixels each."""
    height, width = lightness.shape
    return lightness.reshape(height // step, step, width // step, step).mean(axis=(1, 3))


def _chroma_of(rgb: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a and b, shape (2, h, w), of sRGB planes, shape (3, h, w)."""
    lab = rgb_to_lab(from_planes(np.clip(rgb, 0, 1)))
    return to_planes(lab)[1:].astype(np.float32, copy=False)


def _check_strength(strength: float) -> None:
    if not 0 <= strength <= MAX_STRENGTH:
        raise UsageError(f"strength {strength} is out of range", f"give 0 to {MAX_STRENGTH}")


@contextmanager
def _memory_of(photo: Photo) -> Generator[None]:
    try:
        yield
    except MemoryError as error:
        raise OutOfMemoryError(
            f"{photo.name}: {photo.width}×{photo.height} pixels don't fit into memory",
            "close other programs or make the picture smaller",
        ) from error
