"""How well a point stands for a thing, and how far its color goes.

    python benchmarks/segments.py clicks --photos photos/val
    python benchmarks/segments.py spill --photos photos/val

`data/things.json` has the outlines, in hundredths of width and height, of 22 things in photographs
of the validation data, drawn by hand; nothing was chosen on them. `clicks`: the intersection over
union after up to three points, each at the middle of the largest part that is still wrong; who is
content stops, so that the best of the three counts (`last`: with all three, whatever they do).
`spill`: ΔE2000 that one hint at the middle of the thing makes inside and outside of it, the mean of
four colors; and the same of the thing's outline as a mask.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

import rechroma
from rechroma import Colorizer, Hint, Photo, read
from rechroma.color import ciede2000, lightness, rgb_to_lab
from rechroma.colorizer import REACHES
from rechroma.colorizer.graph_io import lightness_to_gray

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]

_THINGS = Path(__file__).parent / "data" / "things.json"
_COLORS = ("#b03030", "#3050a0", "#3a7a3a", "#808080")
_CLICKS = 3
# Outlines are drawn so many times larger, and averaged.
_FINER = 4


def main() -> None:
    """Run what was asked for and print its table."""
    parser = argparse.ArgumentParser(description="Segments and spill, measured")
    parser.add_argument("what", choices=("clicks", "spill"))
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--model", default="default")
    options = parser.parse_args()
    colorizer = Colorizer(options.model)
    {"clicks": _clicks, "spill": _spill}[options.what](colorizer, options.photos)


def _things(folder: Path) -> Iterator[tuple[str, Photo, Mask]]:
    """Yield a name, the photograph in gray, and where its thing is."""
    for entry in json.loads(_THINGS.read_text(encoding="utf-8")):
        (path,) = folder.glob(f"{entry['photo']}.*")
        gray = lightness_to_gray(lightness(read(path).pixels).astype(np.float32))
        height, width = gray.shape
        canvas = Image.new("L", (width * _FINER, height * _FINER))
        outline = [(x / 100 * canvas.width, y / 100 * canvas.height) for x, y in entry["outline"]]
        ImageDraw.Draw(canvas).polygon(outline, fill=255)
        mask = np.asarray(canvas.resize((width, height), Image.Resampling.BOX)) > 127
        photo = read(np.round(gray * 255).astype(np.uint8))
        yield f"{entry['photo']}, {entry['thing']}", photo, mask


def _clicks(colorizer: Colorizer, folder: Path) -> None:
    print("| thing | 1 | 2 | 3 |\n|---|---|---|---|")
    rows, seconds = [], []
    for name, photo, truth in _things(folder):
        values = []
        found = np.zeros_like(truth)
        inside: list[tuple[float, float]] = []
        outside: list[tuple[float, float]] = []
        for _ in range(_CLICKS):
            missed, wrong = (_largest(part) for part in (truth & ~found, found & ~truth))
            chosen, part = (inside, missed) if missed.sum() >= wrong.sum() else (outside, wrong)
            chosen.append(_middle(part))
            start = time.perf_counter()
            mask = colorizer.segment(photo, inside, outside)
            seconds.append(time.perf_counter() - start)
            found = mask
            values.append((found & truth).sum() / (found | truth).sum())
        rows.append(values)
        print(f"| {name} | {' | '.join(f'{value:.2f}' for value in values)} |")
    table = np.array(rows)
    best = np.maximum.accumulate(table, axis=1).mean(axis=0)
    print(f"\nmean of the best so far: {', '.join(f'{value:.3f}' for value in best)}")
    print(f"last: {table[:, -1].mean():.3f}")
    first, rest = seconds[::_CLICKS], [s for n, s in enumerate(seconds) if n % _CLICKS]
    print(f"seconds: {np.median(first):.3f} for the first point, {np.median(rest):.3f} for others")


def _largest(mask: Mask) -> Mask:
    labels, count = ndimage.label(mask)
    if not count:
        return mask
    sizes = np.bincount(labels.reshape(-1))
    sizes[0] = 0
    return labels == sizes.argmax()


def _middle(mask: Mask) -> tuple[float, float]:
    """Return the point that is farthest from the border, as parts of height and width."""
    depth = ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
    row, column = np.unravel_index(depth.argmax(), mask.shape)
    return (row + 0.5) / mask.shape[0], (column + 0.5) / mask.shape[1]


def _spill(colorizer: Colorizer, folder: Path) -> None:
    found: dict[str, list[tuple[float, float]]] = {told: [] for told in (*REACHES, "mask")}
    missed: list[float] = []
    for _, photo, truth in _things(folder):
        before = rgb_to_lab(colorizer.predict(photo).render().pixels)
        row, column = _middle(truth)
        for color in _COLORS:
            for reach in REACHES:
                hint = Hint(column * photo.width, row * photo.height, color, reach)
                after = rgb_to_lab(colorizer.predict(photo, hints=[hint]).render().pixels)
                change = ciede2000(before, after)
                found[reach].append((change[truth].mean(), change[~truth].mean()))
            masked = colorizer.predict(photo, masks=[rechroma.Mask(truth, color=color)])
            change = ciede2000(before, rgb_to_lab(masked.render().pixels))
            found["mask"].append((change[truth].mean(), change[~truth].mean()))
            reached = masked.enlarged()[:, truth].mean(axis=1)
            missed.append(float(np.hypot(*(reached - Hint(0, 0, color).chroma))))
    print("| reach | ΔE2000 inside | outside |\n|---|---|---|")
    for reach, values in found.items():
        inside, outside = np.mean(values, axis=0)
        print(f"| {reach} | {inside:.2f} | {outside:.2f} |")
    print(f"with a mask the mean a and b are {np.mean(missed):.1f} from the color's")


if __name__ == "__main__":
    main()
