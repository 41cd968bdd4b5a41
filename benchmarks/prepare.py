"""Measures `rechroma.prepare` on made damage whose truth is known, and on photographs without any.

    python benchmarks/prepare.py damage FOLDER-OR-ZIP... [--count 30] [--sheet SHEET.png]
    python benchmarks/prepare.py clean FOLDER-OR-ZIP... [--count 100] [--sheet SHEET.png]
    python benchmarks/prepare.py fit FOLDER-OR-ZIP... [--count 900]

`damage` takes black-and-white versions of photographs and makes five prints of each: with a paper
border, faded, sepia, stained, scratched. For the border it tells the intersection over union of the
rectangle that was found with the true one. For all kinds it colorizes the print as it is, made
ready by `rechroma.prepare`, and undamaged, and tells the mean CIEDE2000 of the first two to the
third, inside of the picture: of the whole color, and of what chroma alone does to it, with the
undamaged picture's lightness everywhere. Pictures are enlarged twice first, as scans are softer
than small photographs. Prints are not straightened, so that pixels can be compared.

`clean` counts in how many photographs, in color and in black and white, something is found and
changed that is not there.

`fit` prints the regressions of scratches, dust and negatives. These and all other numbers in the
room's code were chosen on training photographs.
"""

from __future__ import annotations

import argparse
import io
import math
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from rechroma.color import ciede2000, lightness, rgb_to_lab
from rechroma.colorizer import Colorizer
from rechroma.evaluation.figure import contact_sheet
from rechroma.photo import read
from rechroma.preparation import PrepareOptions, predict_prepared, prepare
from rechroma.preparation import scratches as rule
from rechroma.preparation.negative import negative_terms
from rechroma.preparation.tone import stretched

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rechroma.colorizer import Colorization
    from rechroma.preparation import Preparation

KINDS = ("border", "fade", "sepia", "stains", "scratches")
PAPERS = ((0.96, 0.95, 0.92), (0.93, 0.88, 0.75), (0.85, 0.8, 0.7), (0.12, 0.11, 0.1),
          (0.55, 0.5, 0.42))  # fmt: skip
LIDS = ((0.98, 0.98, 0.98), (0.05, 0.05, 0.05), (0.4, 0.4, 0.42))
SEPIA = ((0.08, 0.04, 0.0), (0.59, 0.45, 0.27), (1.0, 0.94, 0.82))


@dataclass(frozen=True)
class Damaged:
    """A print and its truth.

    Attributes:
        rgb: The print, uint8, shape (H, W, 3).
        truth: The undamaged gray picture where it lies in the print, uint8, shape (H, W).
        inside: Where the picture is, shape (H, W).
        corners: x and y of its corners, from the top left on, clockwise.
        scratched: What was scratched, shape (H, W).
    """

    rgb: np.ndarray
    truth: np.ndarray
    inside: np.ndarray
    corners: tuple[tuple[float, float], ...]
    scratched: np.ndarray


def as_codes(values: np.ndarray) -> np.ndarray:
    """Return 0…1 as uint8."""
    return (np.clip(values, 0, 1) * 255 + 0.5).astype(np.uint8)


def as_jpeg(rgb: np.ndarray, quality: int) -> np.ndarray:
    """Return what a JPEG makes of a picture."""
    stream = io.BytesIO()
    Image.fromarray(rgb).save(stream, "JPEG", quality=quality, subsampling=0)
    return np.asarray(Image.open(stream).convert("RGB"))


def whole(gray: np.ndarray) -> tuple[tuple[float, float], ...]:
    """Return the corners of a picture without a border."""
    height, width = gray.shape
    return (0, 0), (width, 0), (width, height), (0, height)


def bordered(gray: np.ndarray, chance: np.random.Generator) -> Damaged:
    """Return a print on paper, at times slanted, at times on a scanner's lid."""
    height, width = gray.shape
    short = min(height, width)
    sides = [round(short * chance.uniform(0.03, 0.14)) for _ in range(4)]
    lid = [round(short * chance.uniform(0.03, 0.08)) for _ in range(4)]
    lid = lid if chance.random() < 0.4 else [0] * 4
    angle = math.radians(chance.uniform(-3, 3) if chance.random() < 0.5 else 0)
    left, top = sides[0] + lid[0], sides[1] + lid[1]
    full = (height + top + sides[3] + lid[3], width + left + sides[2] + lid[2])
    larger = 4
    middle = full[1] / 2, full[0] / 2

    def turned(x: float, y: float) -> tuple[float, float]:
        x, y = x - middle[0], y - middle[1]
        turned_x = x * math.cos(angle) - y * math.sin(angle)
        return turned_x + middle[0], x * math.sin(angle) + y * math.cos(angle) + middle[1]

    def shape(x0: float, y0: float, x1: float, y1: float) -> list[tuple[float, float]]:
        return [turned(*each) for each in ((x0, y0), (x1, y0), (x1, y1), (x0, y1))]

    def cover(corners: list[tuple[float, float]]) -> np.ndarray:
        sheet = Image.new("L", (full[1] * larger, full[0] * larger), 0)
        ImageDraw.Draw(sheet).polygon([(x * larger, y * larger) for x, y in corners], fill=255)
        return np.asarray(sheet.resize(full[::-1], Image.Resampling.BOX)).astype(float) / 255

    corners = shape(left, top, left + width, top + height)
    paper = np.array(PAPERS[chance.integers(len(PAPERS))]) * np.ones((*full, 3))
    y, x = np.mgrid[0 : 1 : full[0] * 1j, 0 : 1 : full[1] * 1j]
    paper *= 1 - 0.06 * (x * chance.uniform(-1, 1) + y * chance.uniform(-1, 1))[..., None]
    if any(lid):
        on_paper = cover(shape(lid[0], lid[1], full[1] - lid[2], full[0] - lid[3]))[..., None]
        lids = [each for each in LIDS if abs(each[1] - paper.mean()) > 0.15]
        paper = paper * on_paper + (1 - on_paper) * np.array(lids[chance.integers(len(lids))])
    canvas = np.pad(gray, ((top, full[0] - height - top), (left, full[1] - width - left)), "edge")
    c, s = math.cos(angle), math.sin(angle)
    back = (c, s, middle[0] - c * middle[0] - s * middle[1],
            -s, c, middle[1] + s * middle[0] - c * middle[1])  # fmt: skip
    truth = np.asarray(
        Image.fromarray(canvas).transform(
            full[::-1], Image.Transform.AFFINE, back, Image.Resampling.BICUBIC
        )
    )
    share = cover(corners)
    rgb = paper * (1 - share[..., None]) + truth[..., None] / 255 * share[..., None]
    rgb = as_jpeg(as_codes(rgb + chance.normal(0, 0.008, (*full, 1))), 92)
    return Damaged(rgb, truth, share > 0.5, tuple(corners), np.zeros(full, bool))


def faded(gray: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    """Return a print whose blacks are gray and whose whites are gray and warm."""
    low, high = chance.uniform(0.2, 0.34), chance.uniform(0.66, 0.85)
    warm = np.array([1, chance.uniform(0.95, 1), chance.uniform(0.84, 1)])
    return (low + (high - low) * gray[..., None] / 255) * warm


def toned(gray: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    """Return a sepia print: its blacks are brown, its whites yellow."""
    level = gray[..., None] / 255
    dark, middle, light = (np.array(each) for each in SEPIA)
    dark = dark + chance.uniform(0, 0.15)
    below = dark + (middle - dark) * level * 2
    full = np.where(level < 0.5, below, middle + (light - middle) * (2 * level - 1))
    return level + (full - level) * chance.uniform(0.6, 1)


def stained(gray: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    """Return a print with brown stains, on paper that has yellowed unevenly."""
    height, width = gray.shape
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    rgb = np.repeat(gray[..., None] / 255, 3, axis=2)
    yellow = np.clip(0.5 + x * chance.uniform(-1, 1) + y * chance.uniform(-1, 1), 0, 1)[..., None]
    rgb = rgb * (1 - yellow * np.array([0.02, 0.08, 0.25]) * chance.uniform(0.2, 0.7))
    for _ in range(chance.integers(1, 4)):
        column, row, radius = chance.random(), chance.random(), chance.uniform(0.1, 0.25)
        edge = chance.uniform(0.015, 0.08)
        away = np.hypot(x - column, (y - row) * height / width) - radius
        stain = 1 / (1 + np.exp(np.clip(away / edge, -50, 50)))
        brown = np.array([0.12, 0.28, 0.5]) * chance.uniform(0.5, 1.1)
        rgb = rgb * (1 - stain[..., None] * brown)
    return rgb


def scratched(gray: np.ndarray, chance: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return a print with light scratches and dust, and where they are.

    A scratch is 1 to 2.5 pixels wide and shows the paper; a sixth of them are dark hairs.
    """
    height, width = gray.shape
    larger = 4
    sheets = [Image.new("L", (width * larger, height * larger), 0) for _ in range(2)]
    draws = [ImageDraw.Draw(each) for each in sheets]
    for _ in range(chance.integers(4, 9)):
        draw = draws[int(chance.random() < 1 / 6)]
        x, y = chance.uniform(0, width), chance.uniform(0, height)
        turn, bend = chance.uniform(0, math.pi), chance.normal(0, 0.002)
        points: list[tuple[float, float]] = []
        for _ in range(int(chance.uniform(0.15, 0.8) * max(height, width))):
            points.append((x * larger, y * larger))
            turn += chance.normal(bend, 0.01)
            x, y = x + math.cos(turn), y + math.sin(turn)
        draw.line(points, fill=255, width=round(chance.uniform(1, 2.5) * larger))
    for _ in range(chance.integers(20, 60)):
        x, y = chance.uniform(0, width * larger), chance.uniform(0, height * larger)
        r, s = (chance.uniform(0.6, 1.8) * larger for _ in range(2))
        draws[0].ellipse((x - r, y - s, x + r, y + s), fill=255)
    light, dark = (
        np.asarray(each.resize((width, height), Image.Resampling.BOX)).astype(float) / 255
        for each in sheets
    )
    level = gray / 255
    level = level * (1 - light) + light * chance.uniform(0.94, 1)
    level = level * (1 - 0.85 * dark)
    return level, (light > 0.05) | (dark > 0.05)


def damaged(gray: np.ndarray, kind: str, chance: np.random.Generator) -> Damaged:
    """Return a print of one of `KINDS` of a picture, uint8, shape (H, W)."""
    everywhere, nowhere = np.ones(gray.shape, bool), np.zeros(gray.shape, bool)
    if kind == "border":
        return bordered(gray, chance)
    if kind == "scratches":
        level, nowhere = scratched(gray, chance)
        rgb = np.repeat(level[..., None], 3, axis=2)
    else:
        rgb = {"fade": faded, "sepia": toned, "stains": stained}[kind](gray, chance)
    rgb = as_jpeg(as_codes(rgb), int(chance.integers(88, 96)))
    return Damaged(rgb, gray, everywhere, whole(gray), nowhere)


def pictures(sources: list[Path], count: int, offset: int) -> Iterator[tuple[str, Image.Image]]:
    """Open pictures from all over folders or ZIPs."""
    names: list[tuple[Path, str]] = []
    for source in sources:
        if source.is_dir():
            names += [(source, path.name) for path in sorted(source.iterdir())]
        else:
            with zipfile.ZipFile(source) as shard:
                names += [(source, each) for each in sorted(shard.namelist())]
    step = max(1, len(names) // count)
    for source, name in names[offset::step][:count]:
        if source.is_dir():
            yield name, Image.open(source / name).convert("RGB")
        else:
            with zipfile.ZipFile(source) as shard:
                yield name, Image.open(io.BytesIO(shard.read(name))).convert("RGB")


def print_fit(name: str, rows: list[np.ndarray], true: list[bool]) -> None:
    """Print the numbers of a logistic regression, found by Newton's method on its likelihood."""
    values, truth = np.array(rows), np.array(true, float)
    mean, deviation = values.mean(axis=0), values.std(axis=0)
    terms = np.concatenate([(values - mean) / deviation, np.ones((len(values), 1))], axis=1)
    weights = np.zeros(terms.shape[1])
    for _ in range(60):
        likely = 1 / (1 + np.exp(-terms @ weights))
        curve = (terms * (likely * (1 - likely))[:, None]).T @ terms + 0.5 * np.eye(len(weights))
        weights += np.linalg.solve(curve, terms.T @ (truth - likely) - 0.5 * weights)
    shown = {"MEAN": mean, "DEVIATION": deviation, "WEIGHTS": weights[:-1]}
    for each, numbers in shown.items():
        print(f"_{name}_{each} = ({', '.join(f'{number:.3f}' for number in numbers)})")
    print(f"_{name}_BIAS = {weights[-1]:.3f}  # {len(values)} of them, {truth.sum():.0f} true")


def fit(sources: list[Path], count: int) -> None:
    """Fit what tells scratches and dust from things, and negatives from positives.

    One picture of four gets made scratches.
    """
    chance = np.random.default_rng(21)
    lines: list[tuple[np.ndarray, bool]] = []
    specks: list[tuple[np.ndarray, bool]] = []
    negatives: list[tuple[np.ndarray, bool]] = []
    for number, (_, opened) in enumerate(pictures(sources, count, 0)):
        # As sharp as small photographs are, and as soft as most scans.
        larger = (1, 1, 1.5, 2)[number // 4 % 4]
        opened = opened.resize((round(opened.width * larger), round(opened.height * larger)))
        gray = np.asarray(opened.convert("L"))
        for inverted in (False, True):
            values = (255 - gray if inverted else gray) / np.float32(255)
            negatives.append((negative_terms(values), inverted))
        versions = [(gray, np.zeros(gray.shape, bool))]
        if number % 4 == 0:
            level, mask = scratched(gray, chance)
            codes = as_codes(np.repeat(level[..., None], 3, axis=2))
            versions.append((as_jpeg(codes, 92)[..., 0], mask))
        for shown, mask in versions:
            everywhere = np.ones(gray.shape, bool)
            looks = rule._looks_of(stretched(shown / np.float32(255), everywhere))
            found = rule._lines(looks, rule._share_along(looks), everywhere)
            dust = zip(*rule.speck_terms(looks, everywhere), strict=True)
            for kind, rows in ((lines, found), (specks, dust)):
                shares = [(terms, mask.flat[places].mean()) for terms, places in rows]
                # Of pictures with made damage only what is surely that counts.
                kind += [(terms, bool(mask.any())) for terms, share in shares
                         if not mask.any() or share > 0.65]  # fmt: skip
    for name, kind in (("LINE", lines), ("SPECK", specks), ("NEGATIVE", negatives)):
        print_fit(name, [terms for terms, _ in kind], [true for _, true in kind])


def overlap(first: tuple, second: tuple, shape: tuple[int, ...]) -> float:
    """Return the intersection over union of two quadrilaterals."""
    masks: list[np.ndarray] = []
    for corners in (first, second):
        sheet = Image.new("1", (shape[1] * 4, shape[0] * 4))
        ImageDraw.Draw(sheet).polygon([(x * 4, y * 4) for x, y in corners], fill=1)
        masks.append(np.asarray(sheet))
    return float((masks[0] & masks[1]).sum() / (masks[0] | masks[1]).sum())


def difference(first: np.ndarray, second: np.ndarray, inside: np.ndarray) -> float:
    """Return the mean CIEDE2000 of two pictures, float in 0…1, over a mask."""
    labs = [rgb_to_lab(each.astype(np.float64))[inside] for each in (first, second)]
    return float(ciede2000(*labs).mean())


def placed(colorization: Colorization, print_: Damaged, ready: Preparation | None) -> np.ndarray:
    """Return a, b of a print at its pixels, shape (H, W, 2); where it was cropped away, 0."""
    chroma = np.moveaxis(colorization.enlarged(), 0, -1)
    if ready is None or ready.frame is None:
        return chroma
    left, top, right, bottom = ready.frame
    whole_ = np.zeros((*print_.truth.shape, 2), np.float32)
    whole_[top:bottom, left:right] = chroma
    return whole_


def damage(sources: list[Path], count: int, sheet: Path | None) -> None:
    """Print what preparing does to made damage."""
    colorizer = Colorizer(threads=1)
    chance = np.random.default_rng(2026)
    options = PrepareOptions(straighten=False)
    rows: dict[str, list[list[float]]] = {kind: [] for kind in KINDS}
    overlaps: list[float] = []
    tiles: list[list[np.ndarray]] = []
    for number, (_, opened) in enumerate(pictures(sources, count, 1)):
        larger = opened.resize((opened.width * 2, opened.height * 2), Image.Resampling.BICUBIC)
        gray = np.asarray(larger.convert("L"))
        for kind in KINDS:
            print_ = damaged(gray, kind, chance)
            # The undamaged picture, upright and inside of a slanted print.
            x = [corner[0] for corner in print_.corners]
            y = [corner[1] for corner in print_.corners]
            left, right = math.ceil(max(x[0], x[3])), math.floor(min(x[1], x[2]))
            top, bottom = math.ceil(max(y[0], y[1])), math.floor(min(y[2], y[3]))
            truth = print_.truth[top:bottom, left:right]
            best = colorizer.predict(read(Image.fromarray(truth)))
            photo = read(Image.fromarray(print_.rgb))
            ready = prepare(photo, options)
            answers = (
                (colorizer.predict(photo), None),
                (predict_prepared(ready, colorizer.predict, prepared_lightness=True), ready),
            )
            box = slice(top, bottom), slice(left, right)
            everywhere = np.ones(truth.shape, bool)
            level = lightness(np.repeat(truth[..., None] / 255, 3, axis=2))
            wanted, result = best.render().pixels, [0.0] * 4
            chroma = np.moveaxis(best.enlarged(), 0, -1)
            for index, (answer, made) in enumerate(answers):
                shown = answer.render()
                shown = shown if made is None else made.framed(shown)
                result[index] = difference(shown.pixels[box], wanted, everywhere)
                own = placed(answer, print_, made)[box]
                labs = [np.concatenate([level[..., None], ab], axis=2) for ab in (own, chroma)]
                result[2 + index] = float(ciede2000(*labs).mean())
            rows[kind].append([*result, float(ready.is_changed)])
            if kind == "border":
                found = ready.border
                overlaps.append(
                    0 if found is None else overlap(found.corners, print_.corners, print_.rgb.shape)
                )
            if number < 4:
                tiles.append([print_.rgb, ready.photo.to_uint8(), answers[0][0].render().to_uint8(),
                              ready.framed(answers[1][0].render()).to_uint8()])  # fmt: skip
    found = np.array(overlaps)
    print(f"border: IoU {found.mean():.3f} on the average, {(found >= 0.9).sum()} of {len(found)} "
          f"are 0.9 or more, {(found == 0).sum()} not found")  # fmt: skip
    print("CIEDE2000 to the undamaged picture in color, as it is → made ready (their ratio)")
    everything = np.concatenate([np.array(each) for each in rows.values()])
    for kind, values in [*rows.items(), ("all", everything)]:
        whole_, ready_, chroma_, chroma_ready, changed = np.mean(values, axis=0)
        print(f"{kind:10} whole {whole_:5.2f} → {ready_:5.2f} ({ready_ / whole_:.2f})   chroma "
              f"{chroma_:5.2f} → {chroma_ready:5.2f} ({chroma_ready / chroma_:.2f})   "
              f"changed {changed:.0%}")  # fmt: skip
    if sheet is not None:
        titles = ["print", "made ready", "colorized as it is", "colorized, made ready"]
        contact_sheet(tiles, titles, height=240).save(sheet)


def clean(sources: list[Path], count: int, sheet: Path | None) -> None:
    """Print how many photographs without damage are changed, in color and in black and white."""
    tiles: list[list[np.ndarray]] = []
    for mode, said in (("RGB", "in color"), ("L", "black and white")):
        changed = cropped = negative = 0
        for name, opened in pictures(sources, count, 3):
            photo = read(opened.convert(mode))
            ready = prepare(photo, PrepareOptions(border="crop"))
            kinds = {each.kind for each in ready.findings if each.done}
            cropped += "border" in kinds
            changed += bool(kinds)
            negative += any(each.kind == "negative" for each in ready.findings)
            if kinds:
                print(f"{name} {said}: {'; '.join(map(str, ready.findings))}")
                tiles.append([photo.to_uint8(), ready.photo.to_uint8()])
        print(
            f"{said}: of {count} photographs {changed} are changed, {cropped} of them cropped, and "
            f"{negative} are called negatives"
        )
    if sheet is not None and tiles:
        contact_sheet(tiles, ["before", "after"], height=240).save(sheet)


def main() -> None:
    """Measure, or fit."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("damage", "clean", "fit"))
    parser.add_argument("sources", nargs="+", type=Path)
    parser.add_argument("--count", type=int)
    parser.add_argument("--sheet", type=Path)
    given = parser.parse_args()
    if given.what == "damage":
        damage(given.sources, given.count or 30, given.sheet)
    elif given.what == "clean":
        clean(given.sources, given.count or 100, given.sheet)
    else:
        fit(given.sources, given.count or 900)


if __name__ == "__main__":
    main()
