"""What a worker keeps between jobs: the model, and the pictures that were worked on last."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

from rechroma.colorizer import Colorizer, Mask
from rechroma.colorizer.masks import plane_of_picture
from rechroma.colorizer.shared import share_colorizer
from rechroma.errors import RechromaError
from rechroma.mood import predict_in_mood, predict_target
from rechroma.photo import Photo, read
from rechroma.preparation import prepare
from rechroma.web.previews import (
    Opened,
    PreparedPrint,
    moved_mask,
    moved_place,
    opened_of,
    prepared_print,
)
from rechroma.web.worker import closed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rechroma.colorizer import Colorization, Hint
    from rechroma.preparation import Preparation, PrepareOptions
    from rechroma.web.settings import WorkerSetup

__all__ = [
    "ColorRequest",
    "Preparing",
    "Region",
    "Upload",
    "WorkerState",
]

K = TypeVar("K")
V = TypeVar("V")

# Previews take up to 8 MB each, predictions up to 20 for each answer with its distribution.
_PREVIEWS = 16
_PREDICTIONS = 8
# Three or four previews each.
_PRINTS = 4
# Bytes of a whole picture that is kept while somebody looks at it closely.
_WHOLE = 80_000_000


@dataclass(frozen=True, slots=True)
class Upload:
    """A picture file that a client sent.

    Attributes:
        path: Where it is kept.
        name: What the client calls it, for messages.
    """

    path: Path
    name: str


@dataclass(frozen=True, slots=True)
class Region:
    """A part of a picture that is open, and what shall become of it: see `Mask`."""

    picture: Upload
    color: str | None = None
    strength: float | None = None
    keep: bool = False
    mood: Upload | None = None


@dataclass(frozen=True, slots=True)
class Preparing:
    """How an old print is made ready first.

    Attributes:
        options: What to look for, and what to do about it.
        prepared_lightness: Whether the result has the lightness of the print made ready.
    """

    options: PrepareOptions
    prepared_lightness: bool = False


@dataclass(frozen=True, slots=True)
class ColorRequest:
    """What a client says about a picture's colors.

    Attributes:
        hints: In pixels of the whole picture, as it came.
        mood: A photograph that sets the tone.
        answer: (number, count) of another plausible answer; None for the model's own.
        is_target: Whether a transfer is going to bring the mood: it is not brought here, too.
        regions: Parts of the picture, in the shape of the picture as it came.
        preparing: How a print is made ready first; None for not at all.
    """

    hints: tuple[Hint, ...] = ()
    mood: Upload | None = None
    answer: tuple[int, int] | None = None
    is_target: bool = False
    regions: tuple[Region, ...] = ()
    preparing: Preparing | None = None


class WorkerState:
    """The state of a worker."""

    def __init__(self, setup: WorkerSetup) -> None:
        self.colorizer = Colorizer(
            setup.model, device=setup.device, size=setup.size, threads=setup.threads
        )
        # What places show is asked of the same network.
        share_colorizer(self.colorizer, setup.model)
        self.threads = setup.threads
        self.pixels = setup.pixels
        self._opened = _Latest[Path, Opened](_PREVIEWS)
        self._whole = _Latest[Path, Photo](1)
        self._prints = _Latest["tuple[Path, Preparing]", PreparedPrint](_PRINTS)
        self._predicted = _Latest["tuple[Path, ColorRequest]", "Colorization"](
            _PREDICTIONS, weight=_answers_in
        )

    @property
    def kept(self) -> set[Path]:
        """The files of which something is kept."""
        return {
            path
            for key in (*self._opened, *self._whole, *self._prints, *self._predicted)
            for path in _files_of(key)
        }

    def tidy(self) -> None:
        """Let go of what was kept of files that are gone."""
        gone = {path for path in self.kept if not path.exists()}
        if gone:
            for pictures in (self._opened, self._whole):
                pictures.drop(lambda path: path in gone)
            self._prints.drop(lambda key: key[0] in gone)
            self._predicted.drop(lambda key: not gone.isdisjoint(_files_of(key)))

    def read(self, upload: Upload) -> Photo:
        """Decode a whole picture.

        Raises:
            ClosedError: It was closed in the meantime.
            PhotoError: It can't be, or has too many pixels.
        """
        try:
            return read(upload.path, name=upload.name, max_pixels=self.pixels)
        except (RechromaError, OSError):
            if upload.path.exists():
                raise
            raise closed() from None

    def open(self, upload: Upload) -> Opened:
        """Return what is known of a picture."""
        return self._opened.get(upload.path, lambda: opened_of(self.read(upload)))

    def made_ready(self, upload: Upload, preparing: Preparing) -> PreparedPrint:
        """Return a print made ready."""
        key = upload.path, preparing
        return self._prints.get(
            key,
            lambda: prepared_print(
                prepare(self.read(upload), preparing.options),
                prepared_lightness=preparing.prepared_lightness,
            ),
        )

    def whole(self, upload: Upload) -> Photo:
        """Return a whole picture; the last one is kept, if it is not too large."""
        photo = self._whole.get(upload.path, lambda: self.read(upload))
        if photo.samples.nbytes > _WHOLE:
            self._whole.drop(lambda _: True)
        return photo

    def predict(self, upload: Upload, color_request: ColorRequest) -> Colorization:
        """Return the colors of a picture's preview."""
        key = upload.path, color_request
        return self._predicted.get(key, lambda: self._predict(upload, color_request))

    def _predict(self, upload: Upload, color_request: ColorRequest) -> Colorization:
        if color_request.answer is not None:
            return self.predict(upload, replace(color_request, answer=None)).answer(
                *color_request.answer
            )
        ready = None
        if color_request.preparing is None:
            seen = self.open(upload).preview
        else:
            ready = self.made_ready(upload, color_request.preparing)
            seen = ready.seen
        hints = [self._moved(hint, upload, ready, seen) for hint in color_request.hints]
        shape = self.open(upload).preview
        masks = [self._mask(each, shape, ready and ready.ready) for each in color_request.regions]
        mood = None if color_request.mood is None else self.open(color_request.mood).preview
        predict = predict_target if color_request.is_target else predict_in_mood
        predicted = predict(self.colorizer, seen, mood, hints, masks)
        if ready is None or ready.shown is seen:
            return predicted
        return predicted.on_print(ready.shown)

    def _moved(self, hint: Hint, upload: Upload, ready: PreparedPrint | None, seen: Photo) -> Hint:
        """Return a hint where it is in what the network sees."""
        down, across = moved_place(self.open(upload), ready, hint.x, hint.y)
        x, y = min(across * seen.width, seen.width - 1), min(down * seen.height, seen.height - 1)
        return replace(hint, x=x, y=y)

    def with_whole_masks(
        self,
        predicted: Colorization,
        color_request: ColorRequest,
        whole: Photo,
        ready: Preparation | None,
    ) -> Colorization:
        """Return colors with masks as sharp as they came, and not as a preview is."""
        if not predicted.layers:
            return predicted
        masks = [self._mask(each, whole, ready).picture for each in color_request.regions]
        return predicted.with_layers(
            [
                replace(layer, mask=plane_of_picture(picture, picture))
                for layer, picture in zip(predicted.layers, masks, strict=True)
                if isinstance(picture, Photo)
            ]
        )

    def _mask(self, region: Region, photo: Photo, ready: Preparation | None) -> Mask:
        """Return a region of a photo as a mask of what the network sees, no larger than that."""
        mood = None if region.mood is None else self.open(region.mood).preview
        shown = self.read(region.picture)
        mask = Mask(shown, region.color, region.strength, region.keep, mood)
        mask = mask.fitted_to(photo)
        if ready is None or not isinstance(mask.picture, Photo):
            return mask
        return replace(mask, picture=moved_mask(mask.picture, ready))


class _Latest(Generic[K, V]):
    """The values that were used last.

    Args:
        count: How many are kept.
        weight: As how many a value counts; the newest is kept whatever it weighs.
    """

    def __init__(self, count: int, weight: Callable[[V], int] = lambda _: 1) -> None:
        self._count = count
        self._weight = weight
        self._values: OrderedDict[K, V] = OrderedDict()

    def get(self, key: K, make: Callable[[], V]) -> V:
        """Return the value of a key, made if it is not there."""
        value = self._values.pop(key, None) or make()
        self._values[key] = value
        while len(self._values) > 1 and sum(map(self._weight, self._values.values())) > self._count:
            self._values.popitem(last=False)
        return value

    def drop(self, unwanted: Callable[[K], bool]) -> None:
        """Forget the values of some keys."""
        for key in [key for key in self._values if unwanted(key)]:
            del self._values[key]

    def __iter__(self) -> Iterator[K]:
        return iter(self._values)


def _answers_in(predicted: Colorization) -> int:
    """Return how many answers a prediction holds: its own, and those of its masks."""
    return 1 + len({id(each.answer) for each in predicted.layers if each.answer is not None})


def _files_of(key: Path | tuple[Path, ColorRequest | Preparing]) -> list[Path]:
    """Return the files that a key of the caches stands for: a picture's, its moods' and masks'."""
    if isinstance(key, Path):
        return [key]
    path, said = key
    if isinstance(said, Preparing):
        return [path]
    regions = said.regions
    uploads = [said.mood, *(each.picture for each in regions), *(each.mood for each in regions)]
    return [path, *(each.path for each in uploads if each is not None)]
