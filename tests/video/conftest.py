"""Small films, made here: everything that is kept is compared with what was put in."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

WIDTH, HEIGHT = 96, 64


def scene(number: int, shift: float, width: int, height: int) -> np.ndarray[Any, Any]:
    """Return luma in 0…1: a texture, another one for each number, moved by so many pixels."""
    noise = np.random.default_rng(number)
    y, x = np.mgrid[:height, :width].astype(float)
    x = x + shift
    result = np.full(x.shape, 0.5)
    for _ in range(8):
        a, b, phase = noise.uniform(0.05, 0.5), noise.uniform(0.05, 0.5), noise.uniform(0, 6)
        result += 0.07 * np.sin(a * x + b * y + phase)
    return result


def write_film(
    path: Path,
    *,
    shots: Sequence[int] = (12,),
    scenes: Sequence[int] | None = None,
    width: int = WIDTH,
    height: int = HEIGHT,
    pix_fmt: str = "yuv420p",
    codec: str = "ffv1",
    times: Sequence[int] | None = None,
    time_base: Fraction = Fraction(1, 1000),
    full: bool = False,
    colorspace: int = 1,
    sound: bool = False,
    prepare: Callable[[Any, Any], None] | None = None,
    change: Callable[[int, np.ndarray[Any, Any]], np.ndarray[Any, Any]] | None = None,
) -> list[np.ndarray[Any, Any]]:
    """Write a gray film and return the luma planes that were given to its encoder."""
    planes: list[np.ndarray[Any, Any]] = []
    depth = 10 if "10" in pix_fmt else 8
    kind = np.uint8 if depth == 8 else np.uint16
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = width, height, pix_fmt
        context = stream.codec_context
        context.time_base = time_base
        context.color_range, context.colorspace = (2 if full else 1), colorspace
        context.color_primaries = context.color_trc = 1
        tone = container.add_stream("aac", rate=8000) if sound else None
        if prepare is not None:
            prepare(container, stream)
        number = 0
        for shot, count in enumerate(shots):
            for i in range(count):
                light = scene(shot if scenes is None else scenes[shot], i * 1.0, width, height)
                if change is not None:
                    light = change(number, light)
                top = (1 << depth) - 1
                low, high = (0, top) if full else (16 << (depth - 8), 235 << (depth - 8))
                luma = np.clip(np.round(low + light * (high - low)), 0, top).astype(kind)
                planes.append(luma)
                frame = av.VideoFrame(width, height, pix_fmt)
                for index, plane in enumerate(frame.planes):
                    view = np.frombuffer(plane, kind).reshape(
                        -1, plane.line_size // kind().itemsize
                    )
                    view[:] = 1 << (depth - 1)
                    if index == 0:
                        view[:height, :width] = luma
                frame.time_base = time_base
                frame.pts = number * round(1 / (25 * time_base)) if times is None else times[number]
                container.mux(stream.encode(frame))
                number += 1
        container.mux(stream.encode(None))
        if tone is not None:
            for i in range(number * 8000 // 25 // 1024):
                wave = np.sin(np.arange(1024) * 0.1 + i * 102.4).astype(np.float32)[None]
                heard = av.AudioFrame.from_ndarray(wave, "fltp", "mono")
                heard.sample_rate, heard.pts, heard.time_base = 8000, i * 1024, Fraction(1, 8000)
                container.mux(tone.encode(heard))
            container.mux(tone.encode(None))
    return planes


def luma_planes(path: Path) -> list[np.ndarray[Any, Any]]:
    """Return the decoded luma planes, by PyAV alone."""
    found: list[np.ndarray[Any, Any]] = []
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            kind = np.uint8 if frame.format.components[0].bits == 8 else np.uint16
            plane = frame.planes[0]
            rows = np.frombuffer(plane, kind).reshape(-1, plane.line_size // kind().itemsize)
            found.append(rows[: frame.height, : frame.width].copy())
    return found


def frame_times(path: Path) -> list[Fraction]:
    """Return the times of the frames, in seconds, in the order of showing."""
    with av.open(str(path)) as container:
        return [frame.pts * frame.time_base for frame in container.decode(video=0)]


def packets(path: Path, kind: str) -> list[tuple[Fraction, bytes]]:
    """Return times and bytes of all packets of the streams of a kind."""
    with av.open(str(path)) as container:
        chosen = [stream for stream in container.streams if stream.type == kind]
        return [
            (p.pts * p.time_base, bytes(p)) for p in container.demux(chosen) if p.size and chosen
        ]  # fmt: skip


def chroma_planes(path: Path) -> list[np.ndarray[Any, Any]]:
    """Return Cb and Cr of each frame about zero, of 8 bits, shape (2, h, w)."""
    found: list[np.ndarray[Any, Any]] = []
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            both = [
                np.frombuffer(p, np.uint8).reshape(-1, p.line_size)[: p.height, : p.width]
                for p in frame.planes[1:]
            ]
            found.append(np.stack(both).astype(int) - 128)
    return found


def rises(times: Sequence[Any]) -> bool:
    """Tell whether each is more than the one before."""
    return all(one < other for one, other in pairwise(times))


@pytest.fixture
def film(tmp_path):
    """A gray film of two shots with sound, and the luma planes that are in it."""
    path = tmp_path / "film.mkv"
    return path, write_film(path, shots=(14, 12), sound=True)


def write_color_film(path: Path, shots: Sequence[tuple[int, int, int]], count: int) -> None:
    """Write a film in color, a shot for each color: a texture over it that moves, and gray."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv444p"
        for number, color in enumerate(shots):
            for i in range(count):
                light = scene(number, i * 1.0, WIDTH, HEIGHT)[..., None]
                rgb = np.asarray(color) * (0.6 + 0.4 * light)
                rgb[:, : WIDTH // 4] = 255 * light[:, : WIDTH // 4]
                frame = av.VideoFrame.from_ndarray(np.clip(rgb, 0, 255).astype(np.uint8), "rgb24")
                container.mux(stream.encode(frame.reformat(format="yuv444p")))
        container.mux(stream.encode(None))
