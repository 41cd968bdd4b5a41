"""The colorizer at run time: a network that is loaded once, and pictures that pass through it."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from rechroma.colorizer.color_detection import is_color
from rechroma.colorizer.colorization import Colorization, memory_of
from rechroma.colorizer.distribution import distribution_of
from rechroma.colorizer.graph_io import UNCONDITIONED, Conditioning
from rechroma.colorizer.hints import Hint, mood_of, rasterize_hints
from rechroma.colorizer.layers import layers_of
from rechroma.colorizer.masks import told
from rechroma.colorizer.options import ColorizeOptions
from rechroma.colorizer.reach import (
    Answer,
    Known,
    RecentPictures,
    cell_means,
    extended,
    segmenter_of,
)
from rechroma.colorizer.session import open_model_session
from rechroma.colorizer.size import SizePlan, network_lightness, plan_fixed, plan_size
from rechroma.errors import UsageError
from rechroma.photo import Photo, Source, read
from rechroma.photo.samples import nearest_pixels

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from rechroma.colorizer.card import ModelCard
    from rechroma.colorizer.masks import Mask
    from rechroma.photo.formats import BitDepth
    from rechroma.segmentation.segmenter import Place

__all__ = ["Colorizer", "PhotoLike", "render_with"]

# A larger input would take more memory than most machines have; networks gain nothing from it.
_MAX_SIZE = 2048

# What can be colorized: anything that `rechroma.photo.read` takes, or a photo read before.
PhotoLike: TypeAlias = "Source | Photo"


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """A photo as the network sees it: L at the plan's padded size."""

    photo: Photo
    plan: SizePlan
    lightness: NDArray[np.float32]

    @property
    def shown(self) -> NDArray[np.float32]:
        """L without the padding."""
        return self.lightness[: self.plan.height, : self.plan.width]


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
        self._known = RecentPictures()

    def predict(
        self,
        source: PhotoLike,
        *,
        hints: Sequence[Hint] = (),
        masks: Sequence[Mask] = (),
        mood: PhotoLike | None = None,
    ) -> Colorization:
        """Run the network once on a picture.

        Args:
            source: A path, bytes, a binary file, a PIL image, an array or a `Photo`.
            hints: Points with the colors that they should get.
            masks: Parts of the picture, and what shall become of each; the network runs once more
                for all colors together, and once for each mood.
            mood: A color photograph whose colors should set the tone: told to the model, and no
                more; `rechroma.colorize` makes a transfer on its answer, too. The same is true of
                a mask's mood, of which a model that takes none hears nothing.

        Raises:
            PhotoError: A picture can't be read.
            UsageError: Conditioning for a model that takes none, a hint outside of the picture, or
                a mask that is empty or of another shape than the picture.
            ModelError: The network fails or gives NaN.
            OutOfMemoryError: It does not fit into memory.
        """
        hints, masks = told(hints, masks)
        photo = source if isinstance(source, Photo) else read(source)
        with memory_of(photo):
            return self._predict(photo, hints, masks, mood)

    def colorize(
        self,
        source: PhotoLike,
        *,
        strength: float = ColorizeOptions.strength,
        vividness: float = ColorizeOptions.vividness,
        temperature: float = ColorizeOptions.temperature,
        recolor: bool = ColorizeOptions.recolor,
        recompress: bool = ColorizeOptions.recompress,
        hints: Sequence[Hint] = (),
        masks: Sequence[Mask] = (),
        mood: PhotoLike | None = None,
    ) -> Photo:
        """Return the picture in color.

        Args:
            source: A path, bytes, a binary file, a PIL image, an array or a `Photo`.
            strength: Factor on the predicted chroma, 0 (gray) … 1.5.
            vividness: 0 (the mean of what is possible) … 1.5; see `Colorization.render`.
            temperature: −1 (cooler light) … 1 (warmer); see `Colorization.render`.
            recolor: Color a picture that is in color already (see `is_color`) anew, from its L.
                Otherwise it is returned as it is: for a `Photo`, that very object.
            recompress: Make a JPEG of a JPEG from pixels, too; see `Colorization.render`.
            hints: See `predict`.
            masks: See `predict`.
            mood: See `predict`.

        Raises:
            UsageError: A number is out of range, or see `predict`.
            PhotoError: It can't be read.
            ModelError: The network fails or gives NaN.
            OutOfMemoryError: It does not fit into memory.
        """
        options = ColorizeOptions(
            strength=strength, vividness=vividness, temperature=temperature, recolor=recolor,
            recompress=recompress,
        )  # fmt: skip
        photo = source if isinstance(source, Photo) else read(source)
        if not recolor and is_color(photo):
            return photo
        return render_with(self.predict(photo, hints=hints, masks=masks, mood=mood), options)

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

    def segment(
        self, source: PhotoLike, inside: Sequence[Place], outside: Sequence[Place] = ()
    ) -> NDArray[np.bool_]:
        """Return what belongs together with points of a picture.

        Args:
            source: See `predict`.
            inside: Points of it, one or more: parts of the picture's height and of its width,
                0…1, from the top left.
            outside: Points that are no part of it.

        Returns:
            Shape (H, W). It follows edges as the network sees them, at about its size.

        Raises:
            UsageError: The model can't tell things apart, or no point.
            PhotoError: The picture can't be read.
            ModelError: The network fails or gives NaN.

        Examples:
            >>> from rechroma import Colorizer
            >>> suit = Colorizer().segment("examples/louis-armstrong-1946.jpg", [(0.83, 0.74)])
            >>> suit.shape
            (678, 880)
        """
        if not inside:
            raise UsageError("no point of what is to be found", "give one or more")
        if not self.card.tells_things_apart:
            raise UsageError(f"{self.card.name} can't tell things apart", "use another model")
        photo = source if isinstance(source, Photo) else read(source)
        with memory_of(photo):
            part = self._known_of(self._seen(photo)).segmenter.segment(inside, outside)
            return nearest_pixels(part.mask(), (photo.height, photo.width))

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
        self,
        photo: Photo,
        hints: tuple[Hint, ...],
        masks: tuple[Mask, ...],
        mood: PhotoLike | None,
    ) -> Colorization:
        seen = self._seen(photo)
        vector = self._mood(mood)
        answer = self._hinted(seen, hints, vector)
        layers = layers_of(
            masks,
            photo,
            lambda more: self._answer(seen, (*hints, *more), vector),
            lambda own: self._hinted(seen, hints, self._mood(own) if self.card.hints else vector),
        )
        step = self.card.output_stride
        cells = cell_means(seen.shown, step, answer.shape)
        extent = seen.plan.height / step, seen.plan.width / step
        return Colorization(
            photo, cells, answer.maps, extent, self._threads, answer.distribution, self.card.name,
            layers,
        )  # fmt: skip

    def _mood(self, mood: PhotoLike | None) -> NDArray[np.float32] | None:
        if mood is None:
            return None
        return mood_of(mood if isinstance(mood, Photo) else read(mood), self.card)

    def _hinted(
        self, seen: _Seen, hints: tuple[Hint, ...], mood: NDArray[np.float32] | None
    ) -> Answer:
        """Return what the network says, each hint as far as it reaches."""
        if limited := self._limited(hints):
            return self._within_reach(seen, hints, limited, mood)
        return self._answer(seen, hints, mood)

    def _seen(self, photo: Photo) -> _Seen:
        plan = self._plan(photo)
        return _Seen(photo, plan, network_lightness(photo.samples, plan))

    def _answer(
        self, seen: _Seen, hints: tuple[Hint, ...] = (), mood: NDArray[np.float32] | None = None
    ) -> Answer:
        """Run the network; what it says of padding is left out."""
        conditioning = UNCONDITIONED
        if hints or mood is not None:
            map_of_hints = (
                rasterize_hints(hints, seen.photo, seen.plan, seen.lightness) if hints else None
            )
            conditioning = Conditioning(map_of_hints, mood)
        maps, logits = self._session.run_whole(seen.lightness, conditioning)
        rows, columns = _cells(seen.plan, self.card.output_stride)
        shown = slice(None), slice(rows), slice(columns)
        possible = None if logits is None else distribution_of(self.card, logits[shown])
        return Answer(maps[shown], possible)

    def _limited(self, hints: tuple[Hint, ...]) -> tuple[Hint, ...]:
        """Return the hints that don't reach everything alike.

        Raises:
            UsageError: One says so, and the model can't tell things apart.
        """
        if self.card.tells_things_apart:
            return tuple(hint for hint in hints if hint.reach != "alike")
        for hint in hints:
            if hint.reach not in {None, "alike"}:
                raise UsageError(
                    f"a hint with the reach {hint.reach!r}, and {self.card.name} can't tell things "
                    "apart",
                    "give it the reach alike, or use another model",
                )
        return ()

    def _within_reach(
        self,
        seen: _Seen,
        hints: tuple[Hint, ...],
        limited: tuple[Hint, ...],
        mood: NDArray[np.float32] | None,
    ) -> Answer:
        """Return what the network says to hints where the limited ones reach.

        Elsewhere it is what it says without these.
        """
        known = self._known_of(seen)
        rest = tuple(hint for hint in hints if hint not in limited)
        plain = not rest and mood is None
        without = known.answer if plain else self._answer(seen, rest, mood)
        step = self.card.output_stride
        further, within = extended(limited, seen.photo, known.segmenter, without.shape, step)
        return without.mixed(self._answer(seen, (*further, *hints), mood), within)

    def _known_of(self, seen: _Seen) -> Known:
        return self._known.get(seen.lightness.tobytes(), lambda: self._look_at(seen))

    def _look_at(self, seen: _Seen) -> Known:
        answer = self._answer(seen)
        rows, columns = _cells(seen.plan, self.card.feature_stride)
        features = self.features(seen.lightness)[:, :rows, :columns]
        return Known(answer, segmenter_of(seen.shown, answer, features, self.card))

    def _plan(self, photo: Photo) -> SizePlan:
        if self.card.fixed:
            return plan_fixed(photo.height, photo.width, size=self.card.size)
        return plan_size(photo.height, photo.width, size=self._size, stride=self.card.stride)


def render_with(
    prediction: Colorization, options: ColorizeOptions, bit_depth: BitDepth = 32
) -> Photo:
    """Return the picture that the options ask for; see `Colorization.render`."""
    return prediction.render(
        strength=options.strength,
        vividness=options.vividness,
        temperature=options.temperature,
        recompress=options.recompress,
        bit_depth=bit_depth,
    )


def _cells(plan: SizePlan, step: int) -> tuple[int, int]:
    """Return how many rows and columns of cells show the picture."""
    return math.ceil(plan.height / step), math.ceil(plan.width / step)
