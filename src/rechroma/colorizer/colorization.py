"""What was predicted for a photograph, and the pictures that can be made of it."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from rechroma.color import lightness, rgb_to_lab
from rechroma.color.arrays import from_planes, to_planes
from rechroma.colorizer.distribution import single_answer_error
from rechroma.colorizer.guided import GuidedPlanes
from rechroma.colorizer.layers import Layer, LayeredPlanes, covered, keep_pixels, layered
from rechroma.colorizer.luma_render import half_chroma
from rechroma.colorizer.options import MAX_VARIANTS, ColorizeOptions
from rechroma.colorizer.reach import Answer
from rechroma.colorizer.render import enlarge, render
from rechroma.colorizer.size import SizePlan, network_lightness
from rechroma.colorizer.temperature import warmed
from rechroma.errors import OutOfMemoryError, UsageError
from rechroma.photo import Photo, read
from rechroma.photo.gray_copy import colored, gray_copy_of
from rechroma.photo.jpeg_scans import UncopiedError
from rechroma.photo.samples import SAMPLE_TYPES, is_one_channel, quantize, to_float

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from numpy.typing import NDArray

    from rechroma.colorizer.distribution import Distribution
    from rechroma.colorizer.versions import Version
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
        model: Its name.
        layers: What masks say, from below.

    Attributes:
        photo: The photo as it was read.
        chroma: a and b at the network's output resolution, float32, shape (h, w, 2).
        lightness: L at the same resolution, float32, shape (h, w).
        layers: What masks say: it lies over `chroma`, at the photo's own resolution.

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
        layers: Sequence[Layer] = (),
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
        self.layers = tuple(layers)
        self._others: list[NDArray[np.float32]] = []

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
        temperature: float = ColorizeOptions.temperature,
        recompress: bool = ColorizeOptions.recompress,
        bit_depth: BitDepth = 32,
    ) -> Photo:
        """Return the photo in color: its own L, the predicted chroma times `strength`.

        Of a JPEG it is a photo that makes its pixels when they are asked for. A JPEG of it needs
        none, if no quality is asked for: it is put together from the photo's gray (a gray JPEG's
        own bytes) and from chroma at half size, 4:2:0.

        Args:
            strength: 0 (gray) … 1.5.
            vividness: 0 (the mean of all that is possible: the most faithful on the average, and
                pale) … 1 (near to the likeliest: the model's answer) … 1.5.
            temperature: −1 (cooler light) … 1 (warmer); L stays. 0 leaves it as it is.
            recompress: Make a JPEG of a JPEG from pixels, too.
            bit_depth: Bits of a channel of the result's samples: 32 (float) for work that goes on;
                8 or 16 where it is written, in a quarter or half of the memory.

        Raises:
            UsageError: A number is out of range, or a vividness of a model that gives one answer.
            OutOfMemoryError: The result does not fit into memory.
        """
        ColorizeOptions(
            strength=strength, vividness=vividness, temperature=temperature, recompress=recompress
        )
        planes = self._planes_at(vividness, temperature)
        layers = self._layers_at(vividness, temperature)
        is_gray = is_one_channel(self.photo.samples)
        # Soft edges of what is kept: of a gray photo by chroma, which leaves L alone.
        laid = layers if is_gray else [each for each in layers if not each.keep]
        settings = f"strength {strength:g}, vividness {vividness:g}"
        if temperature:
            settings += f", temperature {temperature:g}"

        def make() -> NDArray[Any]:
            with memory_of(self.photo):
                guided, dtype = self._guided(planes, laid), SAMPLE_TYPES[bit_depth]
                samples = self.photo.samples
                result = render(samples, guided, strength, self._threads, dtype)
                keep_pixels(result, samples, layers, mix=not is_gray)
                return result

        # Without its own colors what is kept of a picture in color would be gray.
        pixels = recompress or (not is_gray and any(each.keep for each in layers))
        copy = None if pixels else self._gray_copy(planes, layers, strength)
        if copy is None:
            return self._marked(self.photo.with_pixels(make()), settings)
        return colored(self.photo, self._marked(self.photo, settings).metadata, copy, make)

    def with_kept(self, changed: Photo) -> Photo:
        """Return a photo that was made of a result, with the pixels that masks keep as they were.

        Args:
            changed: Of the photo's size; its samples are written into.
        """
        keep_pixels(changed.samples, self.photo.samples, self.layers, mix=True)
        return changed

    def _gray_copy(
        self, planes: NDArray[np.float32], layers: Sequence[Layer], strength: float
    ) -> GrayCopy | None:
        """Return what a JPEG of the result is made of, if the photo's file can be copied."""

        def chroma(
            gray: NDArray[Any], curve: ToneCurve | None
        ) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
            with memory_of(self.photo):
                return half_chroma(
                    gray, self.photo.metadata.orientation, planes, self.lightness, self._extent,
                    strength, self._threads, curve, layers,
                )  # fmt: skip

        try:
            return gray_copy_of(self.photo, chroma)
        except UncopiedError:
            return None

    def _marked(self, photo: Photo, settings: str) -> Photo:
        how = f"{self._model}; {settings}" if self._model else settings
        return photo.marked(how, machine_colored=True)

    def enlarged(
        self,
        *,
        vividness: float = ColorizeOptions.vividness,
        temperature: float = ColorizeOptions.temperature,
    ) -> NDArray[np.float32]:
        """Return a and b at the photo's own resolution, float32, shape (2, H, W).

        They may lie outside of sRGB, where `render` lowers the chroma.

        Raises:
            UsageError: See `render`.
            OutOfMemoryError: They don't fit into memory.
        """
        ColorizeOptions(vividness=vividness, temperature=temperature)
        with memory_of(self.photo):
            kept = [each for each in self.layers if each.keep]
            light, own = lightness(to_float(self.photo.samples)), None
            if kept and not is_one_channel(self.photo.samples):
                own = to_planes(rgb_to_lab(self.photo.pixels))[1:].astype(np.float32)
            guided = self._guided(
                self._planes_at(vividness, temperature), self._layers_at(vividness, temperature)
            )
            result = guided.rows(0, light)
            if own is not None:
                # Above, what is kept has lost its chroma.
                result += own * covered(kept, light.shape)
            return result

    def on(self, photo: Photo) -> Colorization:
        """Return the same colors for the same picture at another resolution."""
        return self._changed(photo, self._planes)

    def on_print(self, photo: Photo) -> Colorization:
        """Return the same colors for a picture of the same things whose tones are other ones.

        Color stops at the edges of its L, as faded or as scratched as they are.
        """
        cells = self.lightness.shape[0], self.lightness.shape[1]
        # Four samples a side of each cell, as the network has them.
        height, width = (max(1, round(4 * each)) for each in self._extent)
        plan = SizePlan(height, width, 4 * cells[0], 4 * cells[1])
        seen = network_lightness(photo.samples, plan)
        lightness = seen.reshape(cells[0], 4, cells[1], 4).mean(axis=(1, 3))
        return Colorization(
            photo, lightness, self._planes, self._extent, self._threads, self._distribution,
            self._model, self.layers,
        )  # fmt: skip

    def answer(self, number: int, count: int) -> Colorization:
        """Return another plausible answer.

        Each kind of thing gets another color that the network holds for possible of it, as far as
        can be from the model's own and from the answers before; what it is sure of stays.

        Args:
            number: 1…count; an answer of a number is the same for every count.
            count: 1…8.

        Raises:
            UsageError: A number is out of range, or the model gives one answer.
        """
        if not 1 <= number <= count <= MAX_VARIANTS:
            raise UsageError(
                f"answer {number} of {count}", f"give 1 to the count, at most {MAX_VARIANTS}"
            )
        if len(self._others) < number:
            from rechroma.colorizer.plausible import plausible_answers, things_of

            things = things_of(self.distribution, self.lightness, self._planes)
            self._others = plausible_answers(
                self.distribution, things, self.lightness, self._planes, count
            )
        return self.with_chroma(self._others[number - 1])

    def versions(self) -> list[Version]:
        """Return versions of the picture by name: faithful, natural, vivid, warm, cool, and more.

        Natural is the model's answer; faithful the mean of all that is possible. Behind these five
        stand up to three other answers that the model holds for plausible, named after how they
        differ, such as "bluer": at least 6 units of CIEDE2000 from natural and from each other on
        the mean. The same picture, hints and masks have the same versions. A model that gives one
        answer has natural, vivid, warm and cool.
        """
        from rechroma.colorizer.versions import versions_of

        return versions_of(self, ColorizeOptions())

    @property
    def tells_what_is_possible(self) -> bool:
        """Whether there is a `distribution`."""
        return self._distribution is not None

    def with_chroma(self, planes: NDArray[np.float32]) -> Colorization:
        """Return the photo with other a and b, float32, of the shape (2, h, w)."""
        return self._changed(self.photo, planes)

    def with_layers(self, layers: Sequence[Layer]) -> Colorization:
        """Return the photo with other layers."""
        return self._changed(self.photo, self._planes, layers)

    def _changed(
        self, photo: Photo, planes: NDArray[np.float32], layers: Sequence[Layer] | None = None
    ) -> Colorization:
        return Colorization(
            photo, self.lightness, planes, self._extent, self._threads, self._distribution,
            self._model, self.layers if layers is None else layers,
        )  # fmt: skip

    def _planes_at(self, vividness: float, temperature: float = 0.0) -> NDArray[np.float32]:
        answer = Answer(self._planes, self._distribution).at(vividness)
        return warmed(answer.maps, self.lightness, temperature)

    def _layers_at(self, vividness: float, temperature: float = 0.0) -> list[Layer]:
        def changed(answer: Answer) -> Answer:
            answer = answer.at(vividness)
            return replace(answer, maps=warmed(answer.maps, self.lightness, temperature))

        return [
            each if each.answer is None else replace(each, answer=changed(each.answer))
            for each in self.layers
        ]

    def _guided(
        self, planes: NDArray[np.float32], layers: Sequence[Layer]
    ) -> GuidedPlanes | LayeredPlanes:
        size = self.photo.height, self.photo.width

        def make(planes: NDArray[np.float32]) -> GuidedPlanes:
            return GuidedPlanes(planes, self.lightness, size, self._extent)

        return layered(make, planes, layers, size)

    def variants(
        self,
        count: int,
        *,
        strength: float = ColorizeOptions.strength,
        vividness: float = ColorizeOptions.vividness,
        temperature: float = ColorizeOptions.temperature,
        recompress: bool = ColorizeOptions.recompress,
    ) -> Iterator[Photo]:
        """Return pictures of other plausible answers, each made when it is asked for; see `answer`.

        Args:
            count: How many, 1…8.
            strength: See `render`.
            vividness: See `render`.
            temperature: See `render`.
            recompress: See `render`.

        Raises:
            UsageError: A number is out of range, or the model gives one answer.
            OutOfMemoryError: A result does not fit into memory.
        """
        options = ColorizeOptions(
            strength=strength, vividness=vividness, temperature=temperature, recompress=recompress
        )
        if not 1 <= count <= MAX_VARIANTS:
            raise UsageError(f"{count} variants", f"ask for 1 to {MAX_VARIANTS}")
        answers = (self.answer(number, count) for number in range(1, count + 1))
        return (
            each.render(
                strength=options.strength, vividness=options.vividness,
                temperature=options.temperature, recompress=options.recompress,
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
