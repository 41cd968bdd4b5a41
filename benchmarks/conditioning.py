"""What conditioning is worth, and how steady the answer is, through the run-time path.

    python benchmarks/conditioning.py hints --photos photos/val
    python benchmarks/conditioning.py mood --photos photos/val
    python benchmarks/conditioning.py stability --photos photos/val --model rechroma-v2
    python benchmarks/conditioning.py sizes --photos photos/val

`hints`: 0 to 20 points at random places, each with the truth's mean color of 7 × 7 pixels there,
as Zhang et al. 2017 simulate them (theirs are 6 × 6 at 256²); `--reach thing` for another reach
than theirs. `mood`: the truth's own colors, in
no order. `stability`: ΔE2000 between the answer to a picture and to the same picture, changed a
little.
"""

from __future__ import annotations

import argparse
import io
from collections import defaultdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from rechroma import Colorizer, Hint, Photo, read
from rechroma.color import ciede2000, lightness, rgb_to_lab
from rechroma.colorizer import REACHES, load_card
from rechroma.colorizer.graph_io import lightness_to_gray
from rechroma.evaluation.perceptual import load_perceptual
from rechroma.evaluation.scores import psnr, score, summarize

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from rechroma.colorizer import Reach

_COUNTS = (0, 1, 2, 5, 10, 20)
_REACH = 3
_SIZES = (128, 160, 192, 224, 256, 320, 384, 512)


def main() -> None:
    """Run what was asked for and print its table."""
    parser = argparse.ArgumentParser(description="Conditioning and steadiness, measured")
    parser.add_argument("what", choices=("hints", "mood", "stability", "sizes"))
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--model", default="default")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--reach", choices=REACHES, default="alike", help="of hints")
    options = parser.parse_args()
    photos = [read(path) for path in sorted(options.photos.iterdir())[: options.limit]]
    tables = {
        "hints": partial(_hints, reach=options.reach),
        "mood": _mood,
        "stability": _stability,
        "sizes": _sizes,
    }
    print(f"{load_card(options.model).name}, {len(photos)} photographs\n")
    tables[options.what](options.model, photos)


def _errors(answer: Photo, truth: Photo) -> tuple[float, float]:
    """Return PSNR of 8-bit sRGB, dB, and the mean ΔE2000."""
    pictures = answer.to_uint8(), truth.to_uint8()
    return psnr(*pictures), float(ciede2000(*(rgb_to_lab(p / 255.0) for p in pictures)).mean())


def _hints(model: str, photos: list[Photo], reach: Reach) -> None:
    colorizer = Colorizer(model)
    found: dict[int, list[tuple[float, float]]] = defaultdict(list)
    for number, truth in enumerate(photos):
        places = _places(np.random.default_rng(number), truth, reach)
        for count in _COUNTS:
            answer = colorizer.predict(truth, hints=places[:count]).render()
            found[count].append(_errors(answer, truth))
    none = np.mean(found[0], axis=0)
    print("| hints | PSNR | gain | ΔE2000 |\n|---|---|---|---|")
    for count, values in found.items():
        mean, difference = np.mean(values, axis=0)
        print(f"| {count} | {mean:.2f} | {mean - none[0]:+.2f} | {difference:.2f} |")


def _places(rng: np.random.Generator, truth: Photo, reach: Reach) -> list[Hint]:
    hints: list[Hint] = []
    for _ in range(max(_COUNTS)):
        x, y = int(rng.integers(truth.width)), int(rng.integers(truth.height))
        window = truth.pixels[
            max(0, y - _REACH) : y + _REACH + 1, max(0, x - _REACH) : x + _REACH + 1
        ]
        color = np.round(window.mean(axis=(0, 1)) * 255).astype(int)
        hints.append(Hint(x, y, "#{:02x}{:02x}{:02x}".format(*color), reach))
    return hints


def _mood(model: str, photos: list[Photo]) -> None:
    colorizer = Colorizer(model)
    print("| mood | PSNR | ΔE2000 |\n|---|---|---|")
    for name, own in (("none", False), ("the truth's own", True)):
        values = [
            _errors(colorizer.predict(truth, mood=truth if own else None).render(), truth)
            for truth in photos
        ]
        mean, difference = np.mean(values, axis=0)
        print(f"| {name} | {mean:.2f} | {difference:.2f} |")


def _changes(gray: NDArray[np.uint8], rng: np.random.Generator) -> Iterator[tuple[str, Photo]]:
    """Yield names, and the picture changed a little; its sides may differ, its content does not."""
    height, width = gray.shape
    for name, factor in (("half the size", 0.5), ("twice the size", 2)):
        size = round(width * factor), round(height * factor)
        yield name, read(np.asarray(Image.fromarray(gray).resize(size, Image.Resampling.LANCZOS)))
    file = io.BytesIO()
    Image.fromarray(gray).save(file, "JPEG", quality=75)
    yield "JPEG 75", read(file.getvalue())
    noisy = np.clip(np.round(gray + rng.normal(0, 5, gray.shape)), 0, 255).astype(np.uint8)
    yield "noise σ = 5", read(noisy)


def _stability(model: str, photos: list[Photo]) -> None:
    colorizer = Colorizer(model)
    found: dict[str, list[float]] = defaultdict(list)
    for number, photo in enumerate(photos):
        own = lightness(photo.pixels).astype(np.float32)
        gray = np.round(lightness_to_gray(own) * 255).astype(np.uint8)
        plain = read(gray)
        first = rgb_to_lab(colorizer.colorize(plain).pixels)
        for name, changed in _changes(gray, np.random.default_rng(number)):
            # On the picture itself: colors are compared, not what the change did to lightness.
            again = rgb_to_lab(colorizer.predict(changed).on(plain).render().pixels)
            found[name].append(float(ciede2000(first, again).mean()))
        moved = rgb_to_lab(colorizer.colorize(read(np.ascontiguousarray(gray[1:, 1:]))).pixels)
        found["shifted by a pixel"].append(float(ciede2000(first[1:, 1:], moved).mean()))
    print("| change | ΔE2000 |\n|---|---|")
    for name, values in found.items():
        print(f"| {name} | {np.mean(values):.2f} |")
    print(f"| mean | {np.mean([np.mean(values) for values in found.values()]):.2f} |")


def _sizes(model: str, photos: list[Photo]) -> None:
    distance = load_perceptual("st_lpips")
    print("| size | PSNR | ΔE2000 | ST-LPIPS | colorfulness ratio |\n|---|---|---|---|---|")
    for size in _SIZES:
        colorizer = Colorizer(model, size=size)
        mean = {
            name: interval.mean
            for name, interval in summarize(
                [score(colorizer.colorize(p).to_uint8(), p.to_uint8(), distance) for p in photos]
            ).items()
        }
        print(
            f"| {size} | {mean['psnr']:.2f} | {mean['delta_e']:.2f} | {mean['perceptual']:.4f} | "
            f"{mean['colorfulness_ratio']:.3f} |"
        )


if __name__ == "__main__":
    main()
