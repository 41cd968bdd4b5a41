"""Whether gray JPEGs keep their gray, judged by decoders that know nothing of each other.

    python benchmarks/gray_copy.py FOLDER... [--flips N]
    python benchmarks/gray_copy.py FOLDER... --look SHEETS/ [--chromium /usr/bin/chromium]

Every gray JPEG below the folders is colored twice, with its gray copied and coded anew, and
written. Y of the first result is compared with the file's own, pixel by pixel, by Pillow
(libjpeg-turbo) and by each of FFmpeg (`av`), libvips (`pyvips`) and OpenCV (`cv2`) that is
installed; and the file has to come back byte for byte. Results of JPEGs in color are read by two of
them. `--flips` makes N broken copies of the gray ones instead.

`--look` is for people: of the photographs, made gray, the ten with the sharpest edges between
strong colors are colored both ways, and read by Pillow, by FFmpeg's own decoder and by Chromium
(`av`, `playwright`). It prints how far these are from each other, and writes a sheet for each with
the place of that edge at 100 % and twice that.
"""

from __future__ import annotations

import argparse
import base64
import io
import random
import sys
from collections import Counter
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

import rechroma
from rechroma.color import rgb_to_lab
from rechroma.colorizer import Colorization
from rechroma.errors import RechromaError
from rechroma.photo import encode, read
from rechroma.photo.jpeg_scans import UncopiedError, gray_scans

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from rechroma.photo import Photo

    Decoder = Callable[[bytes], np.ndarray[Any, Any]]

MAX_PIXELS = 100_000_000


def by_pillow(content: bytes) -> np.ndarray[Any, Any]:
    """Return Y, shape (H, W)."""
    with Image.open(io.BytesIO(content)) as picture:
        picture.draft("L", picture.size)
        return np.asarray(picture)


def by_ffmpeg(content: bytes) -> np.ndarray[Any, Any]:
    """Return Y by FFmpeg's own decoder."""
    av = import_module("av")
    with av.open(io.BytesIO(content), format="jpeg_pipe") as file:
        plane = next(file.decode(video=0)).planes[0]
        rows = np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)
        return rows[:, : plane.width]


def by_vips(content: bytes) -> np.ndarray[Any, Any]:
    """Return RGB, or gray, by libvips."""
    return import_module("pyvips").Image.new_from_buffer(content, "").numpy()


def by_opencv(content: bytes) -> np.ndarray[Any, Any]:
    """Return RGB, or gray, by OpenCV."""
    cv2 = import_module("cv2")
    flags = cv2.IMREAD_UNCHANGED | cv2.IMREAD_IGNORE_ORIENTATION
    found = cv2.imdecode(np.frombuffer(content, np.uint8), flags)
    return found if found.ndim == 2 else found[..., ::-1]


DECODERS: dict[str, tuple[str, Decoder]] = {
    "Pillow": ("PIL", by_pillow),
    "FFmpeg": ("av", by_ffmpeg),
    "libvips": ("pyvips", by_vips),
    "OpenCV": ("cv2", by_opencv),
}


def judge(name: str, decode: Decoder, gray: bytes, made: bytes) -> str:
    """Return what a decoder finds, in one word."""
    try:
        before = decode(gray)
    except Exception:  # noqa: BLE001 - whatever it says, it has no answer
        return f"{name}: refuses the gray file"
    after = decode(made)
    if after.ndim == 3:
        # RGB: where nothing is clipped, its luma is Y but for rounding.
        inside = ((after > 0) & (after < 255)).all(axis=-1)
        luma = after @ np.array([0.299, 0.587, 0.114])
        before = before[..., 0] if before.ndim == 3 else before
        same = (np.abs(luma - before)[inside] <= 1.01).all()
        return f"{name}: {'same' if same else 'OTHER'} RGB"
    return f"{name}: {'same' if np.array_equal(before, after) else 'OTHER'} Y"


def one_color(photo: Photo) -> Colorization:
    """Return a prediction that took no network."""
    planes = np.stack([np.full((6, 8), 18, np.float32), np.full((6, 8), -24, np.float32)])
    return Colorization(photo, np.full((6, 8), 50, np.float32), planes, (6.0, 8.0), 1)


def examine(path: Path, predict: Callable[[Photo], Colorization], found: Counter[str]) -> None:
    """Color a file both ways, and count what comes out."""
    content = path.read_bytes()
    if content[:2] != b"\xff\xd8":
        return
    try:
        photo = read(content, max_pixels=MAX_PIXELS)
    except RechromaError as error:
        found["refused" if is_gray(content) else "no gray JPEG"] += 1
        if is_gray(content):
            print(f"refused\t{path}\t{error}")
        return
    if photo.gray_jpeg is None:
        examine_color(path, photo, found)
        return
    work = predict(photo)
    usual, result = encode(work.render(recompress=True), "jpeg"), work.render()
    read(usual)
    if result.gray_copy is None:
        try:
            gray_scans(content)
            why = "its profile or its tables"
        except UncopiedError as error:
            why = str(error)
        found["usual way"] += 1
        print(f"usual\t{path}\t{why}")
        return
    made = encode(result, "jpeg")
    read(made)
    found["copied"] += 1
    found["given back"] += rechroma.original(made).content == content
    for name, (module, decode) in DECODERS.items():
        if module in sys.modules or _is_installed(module):
            said = judge(name, decode, content, made)
            found[said] += 1
            if "OTHER" in said:
                print(f"{said}\t{path}")


def examine_color(path: Path, photo: Photo, found: Counter[str]) -> None:
    """Color a JPEG that is stored in color, and count whether decoders read the result alike."""
    result = one_color(photo).render()
    if result.gray_copy is None:
        found["in color: usual way"] += 1
        return
    made = encode(result, "jpeg")
    if read(made).samples.shape != photo.samples.shape:
        print(f"OTHER SIZE\t{path}")
    before, after = by_pillow(made), by_ffmpeg(made) if _is_installed("av") else by_pillow(made)
    # Their inverse transforms may differ by one.
    alike = before.shape == after.shape and np.abs(before.astype(int) - after).max() <= 1
    found[f"in color: gray coded anew, read {'alike' if alike else 'OTHERWISE'}"] += 1
    if not alike:
        print(f"OTHERWISE\t{path}")


def is_gray(content: bytes) -> bool:
    """Tell whether Pillow holds it for gray."""
    try:
        with Image.open(io.BytesIO(content)) as picture:
            return picture.mode == "L"
    except Exception:  # noqa: BLE001
        return False


def _is_installed(module: str) -> bool:
    try:
        import_module(module)
    except ImportError:
        return False
    return True


def flip(paths: list[Path], count: int, found: Counter[str]) -> None:
    """Color files with flipped bits."""
    contents = [path.read_bytes() for path in paths]
    for seed in range(count):
        rng = random.Random(seed)  # noqa: S311 (the same every time)
        content = bytearray(rng.choice(contents))
        for _ in range(rng.choice([1, 3, 10, 40])):
            at = rng.randrange(min(len(content), rng.choice([700, len(content)])))
            content[at] ^= 1 << rng.randrange(8)
        print(seed, file=sys.stderr, end="\r")
        try:
            photo = read(bytes(content), max_pixels=4_000_000)
            result = one_color(photo).render()
            made = encode(result, "jpeg")
        except RechromaError:
            found["refused"] += 1
            continue
        if result.gray_copy is None or not result.gray_copy.is_copied:
            found["usual way"] += 1
            continue
        found["copied"] += 1
        same = np.array_equal(by_pillow(bytes(content)), by_pillow(made))
        found["same Y" if same else "OTHER Y"] += 1
        found["given back"] += rechroma.original(made).content == bytes(content)
        if not same:
            print(f"OTHER Y\tseed {seed}")


# Pictures that are looked at, and pixels a side of what is shown of each.
LOOKED_AT, SHOWN = 10, 320


def look(paths: list[Path], sheets: Path, chromium: str) -> None:
    """Color photographs both ways, compare decoders, and write sheets to look at."""
    colorizer = rechroma.Colorizer(threads=1)
    sheets.mkdir(parents=True, exist_ok=True)
    ranked: list[tuple[float, tuple[int, int], Path, bytes]] = []
    for path in paths:
        with Image.open(path) as picture:
            file = io.BytesIO()
            picture.convert("L").save(file, "JPEG", quality=92)
        strength, place = sharpest_edge(colorizer.predict(file.getvalue()).render().pixels)
        ranked.append((strength, place, path, file.getvalue()))
    ranked.sort(key=lambda each: -each[0])
    print("| picture | way | Chromium, Pillow: mean, most | FFmpeg, Pillow: mean, most |")
    print("|---|---|--:|--:|")
    with browser(chromium) as by_chromium:
        readers = {"Pillow": rgb_by_pillow, "Chromium": by_chromium, "FFmpeg": rgb_by_ffmpeg}
        for _, place, path, gray in ranked[:LOOKED_AT]:
            work = colorizer.predict(gray)
            ways = {
                "copied": encode(work.render(), "jpeg"),
                "coded anew": encode(work.render(recompress=True), "jpeg"),
            }
            tiles: list[np.ndarray[Any, Any]] = []
            for way, made in ways.items():
                seen = {who: reader(made) for who, reader in readers.items()}
                cells = " | ".join(
                    "{:.2f}, {}".format(*far_apart(seen[who], seen["Pillow"]))
                    for who in ("Chromium", "FFmpeg")
                )
                print(f"| {path.name} | {way} | {cells} |")
                tiles += [cut(each, place) for each in seen.values()]
            write_sheet(tiles, sheets / f"{path.stem}.png")


def sharpest_edge(rgb: np.ndarray[Any, Any]) -> tuple[float, tuple[int, int]]:
    """Return how far colors on both sides of an edge are from each other in a and b, and where."""
    lab = rgb_to_lab(rgb[::2, ::2])[..., 1:]
    steps = np.zeros(lab.shape[:2])
    reach = 4
    for axis in (0, 1):
        change = np.linalg.norm(np.roll(lab, reach, axis) - np.roll(lab, -reach, axis), axis=2)
        steps = np.maximum(steps, change)
    steps[:reach] = steps[-reach:] = steps[:, :reach] = steps[:, -reach:] = 0
    row, column = np.unravel_index(int(steps.argmax()), steps.shape)
    return float(np.quantile(steps, 0.999)), (2 * int(row), 2 * int(column))


def rgb_by_pillow(content: bytes) -> np.ndarray[Any, Any]:
    """Return RGB, shape (H, W, 3)."""
    with Image.open(io.BytesIO(content)) as picture:
        return np.asarray(picture.convert("RGB"))


def rgb_by_ffmpeg(content: bytes) -> np.ndarray[Any, Any]:
    """Return RGB of FFmpeg's own decoder; its chroma is enlarged as Pillow would do it."""
    av = import_module("av")
    with av.open(io.BytesIO(content), format="jpeg_pipe") as file:
        frame = next(file.decode(video=0))
        planes = [
            np.frombuffer(each, np.uint8).reshape(each.height, each.line_size)[:, : each.width]
            for each in frame.planes
        ]
    light = Image.fromarray(np.ascontiguousarray(planes[0]))
    chroma = [
        Image.fromarray(np.ascontiguousarray(each)).resize(light.size, Image.Resampling.BILINEAR)
        for each in planes[1:]
    ]
    return np.asarray(Image.merge("YCbCr", [light, *chroma]).convert("RGB"))


@contextmanager
def browser(executable: str) -> Generator[Decoder]:
    """Yield what a browser shows of a JPEG, as a decoder."""
    sync_playwright = import_module("playwright.sync_api").sync_playwright
    with sync_playwright() as playwright:
        # In a container there is no sandbox to be had; the files are our own.
        chromium = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        page = chromium.new_page()

        def shown(content: bytes) -> np.ndarray[Any, Any]:
            address = "data:image/jpeg;base64," + base64.b64encode(content).decode()
            page.set_content(f"<style>body {{ margin: 0 }}</style><img src='{address}'>")
            page.wait_for_function("document.images[0].complete")
            taken = page.locator("img").screenshot(type="png")
            with Image.open(io.BytesIO(taken)) as picture:
                return np.asarray(picture.convert("RGB"))

        yield shown
        chromium.close()


def far_apart(found: np.ndarray[Any, Any], wanted: np.ndarray[Any, Any]) -> tuple[float, int]:
    """Return the mean and the largest difference of 8-bit samples."""
    if found.shape != wanted.shape:
        return float("inf"), 255
    difference = np.abs(found.astype(int) - wanted)
    return float(difference.mean()), int(difference.max())


def cut(rgb: np.ndarray[Any, Any], place: tuple[int, int]) -> np.ndarray[Any, Any]:
    """Return what lies around a place."""
    top, left = (
        max(0, min(at - SHOWN // 2, extent - SHOWN))
        for at, extent in zip(place, rgb.shape[:2], strict=True)
    )
    return rgb[top : top + SHOWN, left : left + SHOWN]


def write_sheet(tiles: list[np.ndarray[Any, Any]], path: Path) -> None:
    """Write tiles, three a row, and below them the middle of each, enlarged twice."""
    height, width = tiles[0].shape[:2]
    half = [each[height // 4 : height // 4 + height // 2, width // 4 :][:, : width // 2]
            for each in tiles]  # fmt: skip
    large = [each.repeat(2, 0).repeat(2, 1) for each in half]
    rows = [np.hstack(group[at : at + 3]) for group in (tiles, large) for at in (0, 3)]
    widest = min(row.shape[1] for row in rows)
    Image.fromarray(np.vstack([row[:, :widest] for row in rows])).save(path)


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--flips", type=int, default=0)
    parser.add_argument("--look", type=Path, metavar="SHEETS", help="write sheets there")
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    asked = parser.parse_args()
    kinds = {".jpg", ".jpeg", ".jpe", ".jfif"} | ({".webp", ".png"} if asked.look else set())
    paths = [
        path for folder in asked.folders for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in kinds and path.is_file()
    ]  # fmt: skip
    if asked.look:
        look(paths, asked.look, asked.chromium)
        return
    found: Counter[str] = Counter()
    if asked.flips:
        gray = [path for path in paths if is_gray(path.read_bytes())]
        flip(gray, asked.flips, found)
    else:
        colorizer = rechroma.Colorizer(threads=1)
        for path in paths:
            try:
                examine(path, colorizer.predict, found)
            except Exception as error:  # noqa: BLE001 - what this looks for
                found["TRACEBACK"] += 1
                print(f"TRACEBACK\t{path}\t{error!r}")
    for what, number in sorted(found.items()):
        print(f"{number:7}  {what}")


if __name__ == "__main__":
    main()
