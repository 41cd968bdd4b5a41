"""What a worker keeps between jobs: the model, and the pictures that were worked on last."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np
from PIL import Image

from rechroma.colorizer import Colorizer, is_color
from rechroma.colorizer.shared import share_colorizer
from rechroma.errors import RechromaError
from rechroma.mood import predict_in_mood, predict_target
from rechroma.photo import Photo, read
from rechroma.photo.samples import block_mean, is_one_channel, quantize, to_float
from rechroma.web.worker import closed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from rechroma.colorizer import Colorization, Hint
    from rechroma.web.settings import WorkerSetup

__all__ = ["ColorRequest", "Opened", "Upload", "WorkerState", "preview"]

K = TypeVar("K")
V = TypeVar("V")

# Pixels of a preview's longer side, at most.
PREVIEW_SIDE = 1600
# Previews take up to 8 MB each, predictions with their distribution up to 20.
_PREVIEWS = 16
_PREDICTIONS = 8
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
class ColorRequest:
    """What a client says about a picture's colors.

    Attributes:
        hints: In pixels of the whole picture.
        mood: A photograph that sets the tone.
        answer: (number, count) of another plausible answer; None for the model's own.
        is_target: Whether a transfer is going to bring the mood: it is not brought here, too.
    """

    hints: tuple[Hint, ...] = ()
    mood: Upload | None = None
    answer: tuple[int, int] | None = None
    is_target: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """A picture that was looked at.

    Attributes:
        preview: At most `PREVIEW_SIDE` pixels a side, 8 bits.
        head: All but its pixels.
        width: Of the whole picture.
        height: Of the whole picture.
        in_color: Whether it is in color already.
    """

    preview: Photo
    head: Photo
    width: int
    height: int
    in_color: bool


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
        self._predicted = _Latest["tuple[Path, ColorRequest]", "Colorization"](_PREDICTIONS)

    @property
    def kept(self) -> set[Path]:
        """The files of which something is kept."""
        return {
            path
            for key in (*self._opened, *self._whole, *self._predicted)
            for path in _files_of(key)
        }

    def tidy(self) -> None:
        """Let go of what was kept of files that are gone."""
        gone = {path for path in self.kept if not path.exists()}
        if gone:
            for pictures in (self._opened, self._whole):
                pictures.drop(lambda path: path in gone)
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
        return self._opened.get(upload.path, lambda: _opened(self.read(upload)))

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
        opened = self.open(upload)
        across, down = opened.preview.width / opened.width, opened.preview.height / opened.height
        hints = [replace(hint, x=hint.x * across, y=hint.y * down) for hint in color_request.hints]
        mood = None if color_request.mood is None else self.open(color_request.mood).preview
        predict = predict_target if color_request.is_target else predict_in_mood
        return predict(self.colorizer, opened.preview, mood, hints)


class _Latest(Generic[K, V]):
    """The values that were used last."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._values: OrderedDict[K, V] = OrderedDict()

    def get(self, key: K, make: Callable[[], V]) -> V:
        """Return the value of a key, made if it is not there."""
        value = self._values.pop(key, None) or make()
        self._values[key] = value
        while len(self._values) > self._count:
            self._values.popitem(last=False)
        return value

    def drop(self, unwanted: Callable[[K], bool]) -> None:
        """Forget the values of some keys."""
        for key in [key for key in self._values if unwanted(key)]:
            del self._values[key]

    def __iter__(self) -> Iterator[K]:
        return iter(self._values)


def _files_of(key: Path | tuple[Path, ColorRequest]) -> list[Path]:
    """Return the files that a key of the caches stands for: a picture's, and its mood's."""
    if isinstance(key, Path):
        return [key]
    path, color_request = key
    return [path] if color_request.mood is None else [path, color_request.mood.path]


def preview(photo: Photo, side: int) -> Photo:
    """Return a photo, 8 bits a channel; a larger one has `side` pixels on its longer side.

    Whole pixels are averaged in blocks first; an antialiased bicubic filter does the rest of less
    than a factor of two.
    """
    samples, alpha = photo.samples, photo.alpha
    small = _small(samples[..., :1] if is_one_channel(samples) else samples, side)
    return Photo(
        np.broadcast_to(small, (*small.shape[:2], 3)),
        None if alpha is None else _small(alpha[..., None], side)[..., 0],
        bit_depth=8, format="jpeg", was_gray=photo.was_gray, name=photo.name,
    )  # fmt: skip


def _small(samples: NDArray[Any], side: int) -> NDArray[np.uint8]:
    """Return samples, shape (H, W, C), as `preview` has them."""
    height, width, channels = samples.shape
    scale = side / max(width, height)
    if scale >= 1:
        return quantize(to_float(samples), np.dtype(np.uint8))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    factor = max(1, int(1 / scale))
    blocks = block_mean(samples, factor)
    # The last block may be cut: the box ends where the picture does.
    box = 0, 0, width / factor, height / factor
    planes = (Image.fromarray(np.ascontiguousarray(blocks[..., each])) for each in range(channels))
    resized = [np.asarray(each.resize(size, Image.Resampling.BICUBIC, box=box)) for each in planes]
    return quantize(np.stack(resized, axis=-1), np.dtype(np.uint8))


def _opened(photo: Photo) -> Opened:
    head = replace(photo, samples=photo.samples[:0], alpha=None)
    # A view would keep the pixels.
    head = replace(head, samples=head.samples.copy())
    small = preview(photo, PREVIEW_SIDE)
    return Opened(small, head, photo.width, photo.height, is_color(small))
