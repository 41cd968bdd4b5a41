"""What advice is worth, and how steady the answer is, through the run-time path.

    python benchmarks/advice.py hints --photos photos/val
    python benchmarks/advice.py mood --photos photos/val
    python benchmarks/advice.py stability --photos photos/val --model rechroma-v0
    python benchmarks/advice.py sizes --photos photos/val

`hints`: 0 to 20 points at random places, each with the truth's mean colour of 7 × 7 pixels there,
as Zhang et al. 2017 simulate them (theirs are 6 × 6 at 256²). `mood`: the truth's own colours, in
no order. `stability`: ΔE2000 between the answer to a picture and to the same picture, changed a
little.
"""

from __future__ import annotations

import argparse
import io
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from rechroma import Colorizer, Hint, Photo, read
from rechroma.color import ciede2000, lightness, rgb_to_lab
from rechroma.evaluation.colorfulness import colorfulness
from rechroma.evaluation.perceptual import load_perceptual

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_COUNTS = (0, 1, 2, 5, 10, 20)
_REACH = 3
_SIZES = (128, 160, 192, 224, 256, 320, 384, 512)


def main() -> None:
    """Run what was asked for and print its table."""
    parser = argparse.ArgumentParser(description="Advice and steadiness, measured")
    parser.add_argument("what", choices=("hints", "mood", "stability", "sizes"))
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--model", default="default")
    parser.add_argument("--limit", type=int)
    options = parser.parse_args()
    photos = [read(path) for path in sorted(options.photos.iterdir())[: options.limit]]
    tables = {"hints": _hints, "mood": _mood, "stability": _stability, "sizes": _sizes}
    print(f"{len(photos)} photographs\n")
    tables[options.what](options.model, photos)


def _errors(answer: Photo, truth: Photo) -> tuple[float, float]:
    """Return PSNR of 8-bit sRGB, dB, and the mean ΔE2000."""
    squared = np.square(answer.to_uint8().astype(float) - truth.to_uint8()).mean()
    psnr = 10 * np.log10(255**2 / max(squared, 1e-3))
    both = (rgb_to_lab(photo.to_uint8() / 255.0) for photo in (answer, truth))
    return float(psnr), float(ciede2000(*both).mean())


def _hints(model: str, photos: list[Photo]) -> None:
    colorizer = Colorizer(model)
    found: dict[int, list[tuple[float, float]]] = defaultdict(list)
    for number, truth in enumerate(photos):
        places = _places(np.random.default_rng(number), truth)
        for count in _COUNTS:
            answer = colorizer.predict(truth, hints=places[:count]).render()
            found[count].append(_errors(answer, truth))
    none = np.mean(found[0], axis=0)
    print("| hints | PSNR | gain | ΔE2000 |\n|---|---|---|---|")
    for count, values in found.items():
        psnr, difference = np.mean(values, axis=0)
        print(f"| {count} | {psnr:.2f} | {psnr - none[0]:+.2f} | {difference:.2f} |")


def _places(rng: np.random.Generator, truth: Photo) -> list[Hint]:
    hints: list[Hint] = []
    for _ in range(max(_COUNTS)):
        x, y = int(rng.integers(truth.width)), int(rng.integers(truth.height))
        window = truth.pixels[
            max(0, y - _REACH) : y + _REACH + 1, max(0, x - _REACH) : x + _REACH + 1
        ]
        colour = np.round(window.mean(axis=(0, 1)) * 255).astype(int)
        hints.append(Hint(x, y, "#{:02x}{:02x}{:02x}".format(*colour)))
    return hints


def _mood(model: str, photos: list[Photo]) -> None:
    colorizer = Colorizer(model)
    print("| mood | PSNR | ΔE2000 |\n|---|---|---|")
    for name, own in (("none", False), ("the truth's own", True)):
        values = [
            _errors(colorizer.predict(truth, mood=truth if own else None).render(), truth)
            for truth in photos
        ]
        psnr, difference = np.mean(values, axis=0)
        print(f"| {name} | {psnr:.2f} | {difference:.2f} |")


def _changes(photo: Photo, rng: np.random.Generator) -> Iterator[tuple[str, Photo, Callable]]:
    """Yield name, the changed picture, and what brings its answer back to the original's pixels."""
    grey = np.round(_grey_of(photo) * 255).astype(np.uint8)

    def resized(factor: float) -> Photo:
        size = round(photo.width * factor), round(photo.height * factor)
        return read(np.asarray(Image.fromarray(grey).resize(size, Image.Resampling.LANCZOS)))

    def back(answer: Photo) -> Photo:
        size = photo.width, photo.height
        return read(np.asarray(answer.to_pil().resize(size, Image.Resampling.LANCZOS)))

    yield "half the size", resized(0.5), back
    yield "twice the size", resized(2), back
    yield (
        "shifted by a pixel",
        read(np.roll(grey, (1, 1), (0, 1))),
        lambda answer: read(np.roll(answer.to_uint8(), (-1, -1), (0, 1))),
    )
    file = io.BytesIO()
    Image.fromarray(grey).save(file, "JPEG", quality=75)
    yield "JPEG 75", read(file.getvalue()), lambda answer: answer
    noisy = np.clip(np.round(grey + rng.normal(0, 5, grey.shape)), 0, 255).astype(np.uint8)
    yield "noise σ = 5", read(noisy), lambda answer: answer


def _grey_of(photo: Photo) -> np.ndarray:
    """Return the sRGB grey of a photo's L, 0…1, shape (H, W)."""
    levels = np.linspace(0, 1, 1024)
    known = lightness(levels[:, None].repeat(3, axis=1))
    return np.interp(lightness(photo.pixels), known, levels)


def _stability(model: str, photos: list[Photo]) -> None:
    colorizer = Colorizer(model)
    found: dict[str, list[float]] = defaultdict(list)
    for number, photo in enumerate(photos):
        grey = read(np.round(_grey_of(photo) * 255).astype(np.uint8))
        first = rgb_to_lab(colorizer.colorize(grey).pixels)
        for name, changed, back in _changes(photo, np.random.default_rng(number)):
            again = rgb_to_lab(back(colorizer.colorize(changed)).pixels)
            # Colours are compared, not the lightness that the change itself has changed.
            again[..., 0] = first[..., 0]
            found[name].append(float(ciede2000(first, again).mean()))
    print("| change | ΔE2000 |\n|---|---|")
    for name, values in found.items():
        print(f"| {name} | {np.mean(values):.2f} |")
    print(f"| mean | {np.mean([np.mean(values) for values in found.values()]):.2f} |")


def _sizes(model: str, photos: list[Photo]) -> None:
    import torch

    distance = load_perceptual("st_lpips")
    print("| size | PSNR | ΔE2000 | ST-LPIPS | colorfulness ratio |\n|---|---|---|---|---|")
    for size in _SIZES:
        colorizer = Colorizer(model, size=size)
        values: list[tuple[float, ...]] = []
        for truth in photos:
            answer = colorizer.colorize(truth)
            planes = [
                torch.from_numpy(p.to_uint8().transpose(2, 0, 1)[None] / np.float32(255))
                for p in (answer, truth)
            ]
            with torch.inference_mode():
                far = float(distance(*planes))
            ratio = [colorfulness(p.to_uint8().astype(np.float32)) for p in (answer, truth)]
            values.append((*_errors(answer, truth), far, *ratio))
        psnr, difference, far, ours, theirs = np.mean(values, axis=0)
        print(f"| {size} | {psnr:.2f} | {difference:.2f} | {far:.4f} | {ours / theirs:.3f} |")


if __name__ == "__main__":
    main()
