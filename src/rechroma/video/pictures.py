"""Frames as photographs: for telling whether a film is in color, for looks, stills and sheets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rechroma.color import rgb_to_lab
from rechroma.colorizer import is_color
from rechroma.photo import Photo
from rechroma.photo.samples import to_float
from rechroma.video.kinds import load_cv2, load_pyav
from rechroma.video.source import Shown, Trouble, frames_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rechroma.video.source import Film

    Plane = NDArray[np.float32]

__all__ = ["film_is_color", "photo_of", "sampled", "still_cells", "turned"]

# swscale's names of matrices, for H.273's.
_MATRICES = {1: 1, 4: 4, 5: 5, 6: 5, 7: 7, 9: 9}
_SAMPLES = 7
# The shorter side of a frame that is looked at for color.
_SIDE = 256


def photo_of(film: Film, frame: Any, *, side: int | None = None) -> Photo:  # noqa: ANN401 - PyAV's
    """Return a frame as a photograph, upright.

    Args:
        film: The film.
        frame: Its frame.
        side: Pixels of the shorter side; None for the frame's own size.
    """
    name = "rgb24" if film.bits == 8 else "rgb48le"
    scale = 1.0 if side is None else min(1.0, side / min(film.width, film.height))
    rgb = frame.reformat(
        width=max(1, round(film.width * scale)),
        height=max(1, round(film.height * scale)),
        format=name,
        src_colorspace=_MATRICES[film.tags[3]],
        src_color_range=film.tags[0],
        dst_color_range=2,
        interpolation="AREA" if scale < 1 else "BICUBIC",
    ).to_ndarray()
    return Photo(
        np.ascontiguousarray(turned(film, rgb)), bit_depth=8 if film.bits == 8 else 16,
        was_gray=film.gray, name=str(film.path),
    )  # fmt: skip


def turned(film: Film, pixels: NDArray[Any], *, back: bool = False) -> NDArray[Any]:
    """Return a picture, shape (H, W, …), upright as a player shows it; or back as it is stored."""
    turns = film.turns
    return np.rot90(pixels, -turns if back else turns)


def sampled(film: Film, count: int, span: tuple[float, float]) -> list[Shown]:
    """Return some frames, spread evenly over a span of seconds."""
    end = min(span[1], film.seconds or 0.0)
    found: list[Shown] = []
    for i in range(count):
        seconds = span[0] + (end - span[0]) * (i + 0.5) / count
        ticks = round(max(seconds, 0.0) / float(film.time_base)) + film.start
        shown = next(frames_of(film, Trouble(), 0, ticks), None)
        if shown is not None and all(shown.ticks != other.ticks for other in found):
            found.append(shown)
        if not film.stamped or end <= span[0]:
            break
    return found or [shown for shown in [next(frames_of(film, Trouble()), None)] if shown]


def film_is_color(film: Film, span: tuple[float, float], *, share: float = 0.5) -> bool:
    """Tell whether a film is in color: more than a share of some frames, spread over it, are."""
    if film.gray:
        return False
    seen = [
        is_color(photo_of(film, each.frame, side=_SIDE)) for each in sampled(film, _SAMPLES, span)
    ]
    return sum(seen) > share * len(seen)


def still_cells(film: Film, photo: Photo, cells: tuple[int, int]) -> Plane:
    """Return a and b of a colored still, shape (2, h, w), over the frame as it is stored."""
    cv2 = load_cv2()
    rgb = np.ascontiguousarray(turned(film, to_float(photo.samples), back=True))
    size = (cells[1] * 4, cells[0] * 4)
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    lab = rgb_to_lab(small)[..., 1:]
    means = cv2.resize(
        np.ascontiguousarray(lab), (cells[1], cells[0]), interpolation=cv2.INTER_AREA
    )
    return np.ascontiguousarray(np.moveaxis(means, -1, 0), dtype=np.float32)


def rgb_frame(film: Film, samples: NDArray[Any], pixel_format: str) -> Any:  # noqa: ANN401 - PyAV's
    """Return a stored (not upright) RGB picture as a frame of the film's kind."""
    name = "rgb24" if samples.dtype == np.uint8 else "rgb48le"
    frame = load_pyav().VideoFrame.from_ndarray(np.ascontiguousarray(samples), format=name)
    matrix = _MATRICES[film.tags[3]]
    result = frame.reformat(
        format=pixel_format, dst_colorspace=matrix, dst_color_range=film.tags[0],
        src_color_range=2, interpolation="BICUBIC",
    )  # fmt: skip
    result.color_range, result.color_primaries, result.color_trc, result.colorspace = film.tags
    return result
