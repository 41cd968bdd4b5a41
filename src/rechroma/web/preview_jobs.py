"""Jobs of the page, on pictures that are open, at their previews' size. They run in a worker."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from rechroma.color import lab_to_gamut_rgb, lightness
from rechroma.colorizer.versions import versions_of
from rechroma.errors import UsageError
from rechroma.mood.colorizing import finished
from rechroma.photo import Photo
from rechroma.photo.samples import to_float
from rechroma.preparation import prepare
from rechroma.preparation.geometry import Geometry
from rechroma.web.jobs import (
    ResultFile,
    look_of_name,
    version_of,
    write_result,
)
from rechroma.web.previews import PREVIEW_SIDE, data_uri_of, jpeg_of, moved_place, png_of, preview

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rechroma.colorizer import Colorization, ColorizeOptions
    from rechroma.colorizer.reach import Answer
    from rechroma.mood.options import Box
    from rechroma.preparation import Finding
    from rechroma.web.jobs import ResultFormat
    from rechroma.web.previews import Opened, PreparedPrint
    from rechroma.web.worker_state import ColorRequest, Preparing, Upload, WorkerState

__all__ = [
    "Cells",
    "LikelyColor",
    "PictureInfo",
    "Planes",
    "PrintInfo",
    "VersionInfo",
    "cells",
    "check_inside",
    "likely",
    "look_at",
    "original",
    "picture",
    "planes",
    "print_picture",
    "segment",
    "suggest",
    "versions",
]

# Of a channel, on the mean: a tint that takes it further from gray is seen.
_FAINT = 3 / 255
_L_SCALE = 255 / 100


@dataclass(frozen=True, slots=True)
class PictureInfo:
    """What is known of a picture: its size, and what its file is like."""

    width: int
    height: int
    bit_depth: int
    format: str
    in_color: bool


@dataclass(frozen=True, slots=True)
class Planes:
    """A preview as planes of bytes, one after the other, each `height` rows of `width`.

    Attributes:
        width: Columns.
        height: Rows.
        data: L · 2.55 (uint8), a, b (int8); of a model that tells how likely colors are also a, b
            of vividness 0 (int8) and how sure it is · 255 (uint8).
    """

    width: int
    height: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Cells:
    """What a network says of a picture, as planes of float32 (little endian), one after the other.

    Attributes:
        width: Columns.
        height: Rows.
        extent: How many rows and columns of them the picture covers, not whole ones as a rule.
        data: L as the network saw it, a, b; of a model that tells how likely colors are also a, b
            of vividness 0 and how sure it is, 0…1; behind them for each further answer that masks
            need a, b, and of such a model a, b of vividness 0.
        layers: Of each mask the number of its further answer, or -1.
    """

    width: int
    height: int
    extent: tuple[float, float]
    data: bytes
    layers: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class LikelyColor:
    """A color that a place may have: sRGB "#rrggbb" at the place's own L, and how likely it is."""

    color: str
    probability: float


@dataclass(frozen=True, slots=True)
class VersionInfo:
    """A version: its name, how it is rendered, which answer it is, and a JPEG of it."""

    name: str
    strength: float
    vividness: float
    temperature: float
    answer: tuple[int, int] | None
    preview: str


@dataclass(frozen=True, slots=True)
class PrintInfo:
    """What making a print ready does; see `rechroma.web.schemas.Suggestion`."""

    findings: tuple[Finding, ...]
    changed: bool
    width: int
    height: int
    angle: float
    crop: Box | None
    frame: Box | None
    before: str
    after: str


def look_at(state: WorkerState, upload: Upload) -> PictureInfo:
    """Open a picture."""
    opened = state.open(upload)
    return PictureInfo(
        opened.width, opened.height, opened.head.bit_depth, opened.head.format or "",
        opened.in_color,
    )  # fmt: skip


def original(
    state: WorkerState, upload: Upload, side: int, box: Box | None = None, *, exact: bool = False
) -> bytes:
    """Return the picture as it is, at most `side` pixels large.

    Args:
        state: The worker's.
        upload: The picture.
        side: Of the longer side.
        box: The part of it that is wanted, in pixels of the whole picture; None for all.
        exact: As a PNG, with its transparency; else as a JPEG.

    Raises:
        UsageError: The box leaves the picture.
    """
    if box is None:
        part = state.open(upload).preview
    else:
        opened = state.open(upload)
        check_inside(box, opened)
        left, top, width, height = box
        whole, place = state.whole(upload), np.s_[top : top + height, left : left + width]
        alpha = None if whole.alpha is None else whole.alpha[place]
        part = Photo(whole.samples[place], alpha, was_gray=whole.was_gray)
    small = preview(part, side)
    return png_of(small) if exact else jpeg_of(small)


def cells(state: WorkerState, upload: Upload, color_request: ColorRequest) -> Cells:
    """Return what the network says of the preview; see `Cells`."""
    predicted = state.predict(upload, color_request)
    chroma = np.moveaxis(predicted.chroma, -1, 0)
    tells = bool(state.colorizer.card.temperature)
    parts = [predicted.lightness[None], chroma]
    if tells:
        told = predicted.distribution
        parts += [told.mean(), told.confidence()[None]]
    further: list[Answer] = []
    numbers: list[int] = []
    for layer in predicted.layers:
        if layer.answer is not None and layer.answer not in further:
            further.append(layer.answer)
        numbers.append(-1 if layer.answer is None else further.index(layer.answer))
    for answer in further:
        parts += [answer.maps, answer.at(0).maps] if tells else [answer.maps]
    data = np.concatenate(parts).astype("<f4").tobytes()
    return Cells(chroma.shape[2], chroma.shape[1], predicted.extent, data, tuple(numbers))


def planes(
    state: WorkerState,
    upload: Upload,
    color_request: ColorRequest,
    side: int,
    temperature: float = 0.0,
) -> Planes:
    """Return the preview's L and chroma, in warmer or cooler light; see `Planes`."""
    predicted = state.predict(upload, color_request)
    small = predicted.on(preview(predicted.photo, side)) if side < PREVIEW_SIDE else predicted
    parts = [
        _bytes(lightness(to_float(small.photo.samples)) * _L_SCALE, np.uint8),
        _bytes(small.enlarged(temperature=temperature), np.int8),
    ]
    if state.colorizer.card.temperature:
        parts.append(_bytes(small.enlarged(vividness=0, temperature=temperature), np.int8))
        parts.append(_sure(small))
    return Planes(small.photo.width, small.photo.height, b"".join(parts))


def likely(
    state: WorkerState,
    upload: Upload,
    color_request: ColorRequest,
    at: tuple[float, float],
    count: int,
) -> list[LikelyColor]:
    """Return the likeliest colors of a place, given in pixels of the whole picture.

    Raises:
        UsageError: The place is outside of the picture, or the model does not tell.
    """
    ready = _ready(state, upload, color_request)
    down, across = moved_place(state.open(upload), ready, *at)
    predicted = state.predict(upload, color_request)
    rows, columns = predicted.lightness.shape
    row, column = int(down * rows), int(across * columns)
    level = float(predicted.lightness[row, column])
    return [
        LikelyColor(_hex(level, each.a, each.b), each.probability)
        for each in predicted.distribution.likely(row, column, count)
    ]


def segment(
    state: WorkerState,
    upload: Upload,
    inside: Sequence[tuple[float, float]],
    outside: Sequence[tuple[float, float]],
    side: int,
) -> bytes:
    """Return what belongs together with places, given as x, y in pixels of the whole picture.

    Returns:
        A gray PNG of at most `side` pixels: white where it is.

    Raises:
        UsageError: A place is outside of the picture, or the model can't tell things apart.
    """
    opened = state.open(upload)
    parts = [[moved_place(opened, None, *each) for each in some] for some in (inside, outside)]
    found = state.colorizer.segment(opened.preview, *parts)
    mask = np.where(found, np.uint8(255), np.uint8(0))[..., None]
    return png_of(preview(Photo(np.broadcast_to(mask, (*found.shape, 3)), was_gray=True), side))


def versions(
    state: WorkerState,
    upload: Upload,
    color_request: ColorRequest,
    options: ColorizeOptions,
    look: str | None,
    side: int,
) -> list[VersionInfo]:
    """Return the versions of a picture, each with a preview of at most `side` pixels."""
    predicted = state.predict(upload, color_request)
    small = preview(predicted.photo, side)
    chosen = None if look is None else look_of_name(look)
    return [
        VersionInfo(
            each.name, each.options.strength, each.options.vividness, each.options.temperature,
            each.answer, data_uri_of(finished(each.colors.on(small), each.options, chosen, 8)),
        )
        for each in versions_of(predicted, options)
    ]  # fmt: skip


def suggest(state: WorkerState, upload: Upload, preparing: Preparing, side: int) -> PrintInfo:
    """Return what making a print ready would do, with previews of at most `side` pixels."""
    made = state.made_ready(upload, preparing)
    ready = made.ready
    return PrintInfo(
        ready.findings, ready.is_changed and _is_seen(made), made.width, made.height,
        ready.geometry.angle, ready.geometry.crop, ready.frame,
        data_uri_of(preview(made.before, side)), data_uri_of(preview(made.after, side)),
    )  # fmt: skip


def _is_seen(made: PreparedPrint) -> bool:
    """Tell whether anybody sees what was done: a faint tint that is gone is no news."""
    if any(each.done and each.kind != "tint" for each in made.ready.findings):
        return True
    before, after = (to_float(each.samples) for each in (made.before, made.after))
    return bool(np.abs(after - before).mean() >= _FAINT)


def print_picture(
    state: WorkerState,
    upload: Upload,
    preparing: Preparing,
    side: int,
    box: Box | None,
    *,
    before: bool,
) -> bytes:
    """Return a print made ready in black and white, or a part of it, as a PNG.

    Args:
        state: The worker's.
        upload: The print.
        preparing: How it is made ready.
        side: Pixels of the longer side, at most.
        box: The part that is wanted, in pixels of the print made ready; None for all.
        before: As it was, as large and as straight; else with the lightness of the result.

    Raises:
        UsageError: The box leaves the print.
    """
    made = state.made_ready(upload, preparing)
    # A border that stays has its own colors.
    gray = made.base.was_gray and made.ready.frame is None
    if box is None:
        whole = made.before if before else made.base
        return png_of(preview(replace(whole, was_gray=whole.was_gray and (gray or before)), side))
    check_inside(box, made)
    ready = prepare(state.whole(upload), preparing.options)
    restored = preparing.prepared_lightness and not before
    part = Geometry((made.width, made.height), crop=_corners(box)).apply(
        ready.photo if restored else ready.original
    )
    return png_of(preview(replace(part, was_gray=part.was_gray and (gray or before)), side))


def _corners(box: Box) -> Box:
    left, top, width, height = box
    return left, top, left + width, top + height


def _ready(state: WorkerState, upload: Upload, color_request: ColorRequest) -> PreparedPrint | None:
    preparing = color_request.preparing
    return None if preparing is None else state.made_ready(upload, preparing)


def picture(
    state: WorkerState,
    upload: Upload,
    output: ResultFormat,
    color_request: ColorRequest,
    options: ColorizeOptions,
    look: str | None = None,
    version: str | None = None,
) -> ResultFile:
    """Write the whole picture with its preview's colors."""
    predicted = state.predict(upload, color_request)
    if version is not None:
        chosen_version = version_of(predicted, options, version)
        predicted, options = chosen_version.colors, chosen_version.options
    whole = state.read(upload)
    preparing = color_request.preparing
    ready = None if preparing is None else prepare(whole, preparing.options)
    shown = whole
    if ready is not None and preparing is not None:
        photo = ready.photo if preparing.prepared_lightness else ready.original
        shown = ready.inside(photo.marked(f"prepared: {ready.summary}") if ready.summary else photo)
    predicted = state.with_whole_masks(predicted, color_request, whole, ready)
    chosen = None if look is None else look_of_name(look)
    made = finished(predicted.on(shown), options, chosen, output.depth_of(whole))
    return write_result(made if ready is None else ready.framed(made), output)


def check_inside(box: Box, opened: Opened | PreparedPrint) -> None:
    """Raise a `UsageError` if a rectangle leaves its picture."""
    left, top, width, height = box
    if left + width > opened.width or top + height > opened.height:
        raise UsageError(
            f"the rectangle {left}, {top}, {width}, {height} leaves its picture",
            f"it has {opened.width} × {opened.height} pixels",
        )


def _bytes(plane: NDArray[np.float32], kind: type[np.uint8 | np.int8]) -> bytes:
    ends = np.iinfo(kind)
    return np.clip(np.rint(plane), ends.min, ends.max).astype(kind).tobytes()


def _sure(colors: Colorization) -> bytes:
    return colors.confidence().samples[..., 0].tobytes()


def _hex(level: float, a: float, b: float) -> str:
    rgb = np.rint(255 * lab_to_gamut_rgb(np.array([level, a, b]))).astype(int)
    return "#{:02x}{:02x}{:02x}".format(*rgb)
