"""What was predicted for a photograph, and the pictures that can be made of it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from rechroma.color import lightness, rgb_to_lab
from rechroma.color.arrays import from_planes, to_planes
from rechroma.colorizer.distribution import single_answer_error
from rechroma.colorizer.guided import GuidedPlanes
from rechroma.colorizer.luma_render import half_chroma
from rechroma.colorizer.options import MAX_VARIANTS, ColorizeOptions
from rechroma.colorizer.render import enlarge, render
from rechroma.errors import OutOfMemoryError, UsageError
from rechroma.photo import Photo, read
from rechroma.photo.gray_copy import colored, gray_copy_of
from rechroma.photo.jpeg_scans import UncopiedError
from rechroma.photo.samples import SAMPLE_TYPES, quantize, to_float

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from numpy.typing import NDArray

    from rechroma.colorizer.distribution import Distribution
    from rechroma.photo.formats import BitDepth
    from rechroma.photo.gray_copy import GrayCopy
    from rechroma.photo.gray_profile import ToneCurve

__all__ = ["Colorization", "memory_of"]


class Colorization:
    """A photo and what was predicted for it: another strength or vividness needs no network.

    Args:
        photo: The photo.
        lightness: L as the network saw it, averaged over the cells of its output, shape (h, w).
        maps: The network's output, float32: a and b, shape (2, h, w), or sRGB, shape (3, h, w).
        extent: How many rows and columns of `maps` the photo covers, not whole ones as a rule.
        threads: Threads that `render` may use.
        distribution: What the network holds for possible; None for a model that does not tell.

    Attributes:
        photo: The photo as it was read.
        chroma: a and b at the network's output resolution, float32, shape (h, w, 2).
        lightness: L at the same resolution, float32, shape (h, w).

    Examples:
        The network runs once; every picture after that is quick:

        >>> from rechroma import Colorizer
        >>> work = Colorizer().predict("examples/louis-armstrong-1946.jpg")
        >>> for strength in (0.6, 1.0, 1.3):
        ...     _ = work.render(strength=strength).save(f"louis-{strength}.jpg")

        Other plausible answers, and where the model is sure (white):

        >>> others = list(work.variants(3))
        >>> len(others)
        3
        >>> print(work.confidence().save("sure.png"))
        sure.png
    """

    def __init__(
        self,
        photo: Photo,
        lightness: NDArray[np.float32],
        maps: NDArray[np.float32],
        extent: tuple[float, float],
        threads: int,
        distribution: Distribution | None = None,
        model: str = "",
    ) -> None:
        self.photo = photo
        self._rgb = maps if len(maps) == 3 else None
        self._planes = maps if self._rgb is None else _chroma_of(self._rgb)
        self.chroma = np.moveaxis(self._planes, 0, -1)
        self.lightness = lightness
        self._extent = extent
        self._threads = threads
        self._distribution = distribution
        self._model = model

    @property
    def extent(self) -> tuple[float, float]:
        """How many cells of `chroma` the photo covers downwards and to the right."""
        return self._extent

    @property
    def distribution(self) -> Distribution:
        """What the network holds for possible at each cell of `chroma`.

        Raises:
            UsageError: The model does not tell.
        """
        if self._distribution is None:
            raise single_answer_error()
        return self._distribution

    def render(
        self,
        *,
        strength: float = ColorizeOptions.strength,
        vividness: float = ColorizeOptions.vividness,
        recompress: bool = ColorizeOptions.recompress,
        bit_depth: BitDepth = 32,
    ) -> Photo:
        """Return the photo in color: its own L, the predicted chroma times `strength`.

        Of a gray JPEG it is a photo that makes its pixels when they are asked for; a JPEG of it,
        if no quality is asked for, holds the gray one's own bytes and needs no pixels.

        Args:
            strength: 0 (gray) … 1.5.
            vividness: 0 (the mean of all that is possible: the most faithful on the average, and
                pale) … 1 (near to the likeliest: the model's answer) … 1.5.
            recompress: Code the gray of a JPEG anew, too.
            bit_depth: Bits of a channel of the result's samples: 32 (float) for work that goes on;
                8 or 16 where it is written, in a quarter or half of the memory.

        Raises:
            UsageError: A number is out of range, or a vividness of a model that gives one answer.
            OutOfMemoryError: The result does not fit into memory.
        """
        ColorizeOptions(strength=strength, vividness=vividness, recompress=recompress)
        planes = self._planes_at(vividness)
        settings = f"strength {strength:g}, vividness {vividness:g}"

        def make() -> NDArray[Any]:
            with memory_of(self.photo):
                guided, dtype = self._guided(planes), SAMPLE_TYPES[bit_depth]
                return render(self.photo.samples, guided, strength, self._threads, dtype)

        copy = None if recompress else self._gray_copy(planes, strength)
        if copy is None:
            return self._marked(self.photo.with_pixels(make()), settings)
        return colored(self.photo, self._marked(self.photo, settings).metadata, copy, make)

    def _gray_copy(self, planes: NDArray[np.float32], strength: float) -> GrayCopy | None:
        """Return what a JPEG of the result is made of, if the photo's file can be copied."""

        def chroma(curve: ToneCurve | None) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
            with memory_of(self.photo):
                return half_chroma(
                    self.photo, planes, self.lightness, self._extent, strength, self._threads,
                    curve,
                )  # fmt: skip

        try:
            return gray_copy_of(self.photo, chroma)
        except UncopiedError:
            return None

    def _marked(self, photo: Photo, settings: str) -> Photo:
        how = f"{self._model}; {settings}" if self._model else settings
        return photo.marked(how, machine_colored=True)

    def enlarged(self, *, vividness: float = ColorizeOptions.vividness) -> NDArray[np.float32]:
        """Return a and b at the photo's own resolution, float32, shape (2, H, W).

        They may lie outside of sRGB, where `render` lowers the chroma.

        Raises:
            UsageError: See `render`.
            OutOfMemoryError: They don't fit into memory.
        """
        ColorizeOptions(vividness=vividness)
        with memory_of(self.photo):
            guided = self._guided(self._planes_at(vividness))
            return guided.rows(0, lightness(to_float(self.photo.samples)))

    def on(self, photo: Photo) -> Colorization:
        """Return the same colors for the same picture at another resolution."""
        return self._changed(photo, self._planes)

    def answer(self, number: int, count: int) -> Colorization:
        """Return another plausible answer; see `Distribution.variant`.

        Args:
            number: 1…count.
            count: 1…8.

        Raises:
            UsageError: A number is out of range, or the model gives one answer.
        """
        if not 1 <= number <= count <= MAX_VARIANTS:
            raise UsageError(
                f"answer {number} of {count}", f"give 1 to the count, at most {MAX_VARIANTS}"
            )
        return self.with_chroma(self.distribution.variant(number, count))

    def with_chroma(self, planes: NDArray[np.float32]) -> Colorization:
        """Return the photo with other a and b, float32, of the shape (2, h, w)."""
        return self._changed(self.photo, planes)

    def _changed(self, photo: Photo, planes: NDArray[np.float32]) -> Colorization:
        return Colorization(
            photo, self.lightness, planes, self._extent, self._threads, self._distribution,
            self._model,
        )  # fmt: skip

    def _planes_at(self, vividness: float) -> NDArray[np.float32]:
        if vividness == 1:
            return self._planes
        mean = self.distribution.mean()
        return (mean + vividness * (self._planes - mean)).astype(np.float32)

    def _guided(self, planes: NDArray[np.float32]) -> GuidedPlanes:
        size = self.photo.height, self.photo.width
        return GuidedPlanes(planes, self.lightness, size, self._extent)

    def variants(
        self,
        count: int,
        *,
        strength: float = ColorizeOptions.strength,
        vividness: float = ColorizeOptions.vividness,
        recompress: bool = ColorizeOptions.recompress,
    ) -> Iterator[Photo]:
        """Return pictures of other plausible answers, each made when it is asked for; see `answer`.

        Args:
            count: How many, 1…8.
            strength: See `render`.
            vividness: See `render`.
            recompress: See `render`.

        Raises:
            UsageError: A number is out of range, or the model gives one answer.
            OutOfMemoryError: A result does not fit into memory.
        """
        options = ColorizeOptions(strength=strength, vividness=vividness, recompress=recompress)
        if not 1 <= count <= MAX_VARIANTS:
            raise UsageError(f"{count} variants", f"ask for 1 to {MAX_VARIANTS}")
        answers = (self.answer(number, count) for number in range(1, count + 1))
        return (
            each.render(
                strength=options.strength, vividness=options.vividness,
                recompress=options.recompress,
            )
            for each in answers
        )  # fmt: skip

    def confidence(self) -> Photo:
        """Return a gray picture of the photo's size: white where the model is sure, dark elsewhere.

        Raises:
            UsageError: The model does not tell.
        """
        size = self.photo.height, self.photo.width
        with memory_of(self.photo):
            sure = enlarge(self.distribution.confidence()[None], size, self._extent)
            return read(quantize(sure[..., 0], np.dtype(np.uint8)))

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
        with memory_of(self.photo):
            pixels = enlarge(self._rgb, (self.photo.height, self.photo.width), self._extent)
        return self._marked(self.photo.with_pixels(pixels), "raw output")


@contextmanager
def memory_of(photo: Photo) -> Generator[None]:
    """Turn a lack of memory into an error that names the photo and its size."""
    try:
        yield
    except MemoryError as error:
        raise OutOfMemoryError(
            f"{photo.name}: {photo.width}×{photo.height} pixels don't fit into memory",
            "close other programs or make the picture smaller",
        ) from error


def _chroma_of(rgb: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a and b, shape (2, h, w), of sRGB planes, shape (3, h, w)."""
    lab = rgb_to_lab(from_planes(np.clip(rgb, 0, 1)))
    return to_planes(lab)[1:].astype(np.float32, copy=False)
