"""Measures `is_color` on color photographs and on toned prints made of them, and fits it anew.

    python benchmarks/color_detection.py FOLDER-OR-ZIP... [--every N] [--fit]

Each photograph is taken as it is, and as black-and-white prints of two kinds that are saved as
JPEG: toned, yellowed, stained or mounted, some with a large stamp of one ink (`PRINTS`); and with
what people do to prints (`MARKED`): stamps, writing, colored borders, foxing, cracks, tape. A
stamp's ink covers 0.2 to 3.3 % of a print, and 1 % on average; a round stamp and writing together
5 % at most. With `--fit` the numbers of `rechroma.colorizer.color_detection` are printed, by
Newton's method on the logistic likelihood. The shipped ones come from 1,500 training photographs,
500 each of three shards, and 3,000 prints of them; nothing that is measured was among them.
"""

from __future__ import annotations

import argparse
import io
import zipfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from rechroma.colorizer import color_detection as rule
from rechroma.photo import read

if TYPE_CHECKING:
    from collections.abc import Iterator

PRINTS = ("sepia", "cyanotype", "selenium", "red", "faded", "yellowed", "stained", "mounted",
          "stamp", "tilted stamp", "tilted stamp", "uneven sepia")  # fmt: skip
MARKED = ("round stamp", "boxed stamp", "lines of stamp", "writing", "stamp and writing",
          "border", "foxing", "cracks", "tape", "any hue")  # fmt: skip
# Dark, middle and light tones.
TONES = {
    "sepia": ((20, 10, 0), (150, 115, 70), (255, 240, 210)),
    "cyanotype": ((5, 15, 60), (60, 110, 160), (235, 245, 250)),
    "selenium": ((25, 15, 25), (125, 115, 125), (250, 245, 245)),
    "red": ((40, 10, 5), (170, 100, 80), (255, 235, 220)),
}
STAMP_INKS = ((0.2, 0.15, 0.5), (0.55, 0.1, 0.15), (0.35, 0.15, 0.5))
# What an ink lets pass of red, green and blue.
INKS = ((0.25, 0.22, 0.62), (0.15, 0.3, 0.65), (0.75, 0.18, 0.2), (0.5, 0.2, 0.6),
        (0.2, 0.5, 0.3), (0.1, 0.15, 0.45), (0.85, 0.3, 0.25))  # fmt: skip
BORDERS = ((0.93, 0.88, 0.75), (0.55, 0.1, 0.12), (0.15, 0.25, 0.5), (0.95, 0.94, 0.9),
           (0.2, 0.35, 0.25), (0.1, 0.1, 0.1))  # fmt: skip
LONGEST = 500


def tone(gray: np.ndarray, name: str) -> np.ndarray:
    """Return a toned picture, shape (H, W, 3), of a gray one in 0…1."""
    dark, middle, light = (np.array(color) / 255 for color in TONES[name])
    level = gray[..., None]
    lower = dark + (middle - dark) * level * 2
    return np.where(level < 0.5, lower, middle + (light - middle) * (2 * level - 1))


def place(shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Return rows and columns in 0…1."""
    height, width = shape
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    return y, x


def printed(gray: np.ndarray, kind: str, chance: np.random.Generator) -> np.ndarray:
    """Return a print of one of `PRINTS`, in 0…1."""
    y, x = place(gray.shape)
    aspect = gray.shape[0] / gray.shape[1]
    plain = np.repeat(gray[..., None], 3, axis=2)
    strength = chance.uniform(0.5, 1.2)
    if kind in TONES:
        return tone(gray, kind)
    if kind == "faded":
        return 0.25 + 0.6 * plain * np.array([1, 0.95, 0.8]) + np.array([0.06, 0.03, 0])
    if kind == "yellowed":
        slope = x * chance.uniform(-1, 1) + y * chance.uniform(-1, 1)
        slope = ((slope - slope.min()) / (np.ptp(slope) + 1e-9))[..., None]
        return plain * (1 - slope * np.array([0.02, 0.12, 0.45]) * strength)
    if kind == "stained":
        for _ in range(chance.integers(1, 4)):
            column, row, radius = chance.random(), chance.random(), chance.uniform(0.1, 0.35)
            edge = chance.uniform(0.02, 0.1)
            away = np.hypot(x - column, (y - row) * aspect) - radius
            stain = 1 / (1 + np.exp(away / edge))
            plain = plain * (1 - stain[..., None] * np.array([0.1, 0.25, 0.5]) * strength * 0.8)
        return plain
    if kind == "mounted":
        side = chance.uniform(0.04, 0.14)
        mount = (x < side) | (x > 1 - side) | (y < side) | (y > 1 - side)
        paper = np.array([240, 225, 190]) / 255
        plain[mount] = paper + chance.normal(0, 0.01, (mount.sum(), 1))
        return plain
    if kind == "uneven sepia":
        slope = ((x**2 + y) / 2)[..., None]
        return tone(gray, "sepia") * (1 - 0.3 * slope * np.array([0, 0.1, 0.4]))
    if kind == "stamp":
        row_ink = np.array(STAMP_INKS[0])
        plain = plain * np.array([1, 0.96, 0.86])
        column, row = chance.uniform(0.6, 0.85), chance.uniform(0.7, 0.9)
        inked = (np.abs(x - column) < 0.1) & (np.abs(y - row) < 0.04) & ((x * 40 % 1) < 0.5)
        plain[inked] = plain[inked] * 0.3 + row_ink * 0.7
        return plain
    plain = plain * np.array([1, 0.95, 0.82])
    column, row = chance.uniform(0.2, 0.8), chance.uniform(0.2, 0.85)
    half, high = chance.uniform(0.08, 0.2), chance.uniform(0.03, 0.08)
    ink = np.array(STAMP_INKS[chance.integers(3)])
    angle = chance.uniform(-0.4, 0.4)
    along = (x - column) * np.cos(angle) + (y - row) * np.sin(angle)
    across = (y - row) * np.cos(angle) - (x - column) * np.sin(angle)
    frame = np.abs(np.abs(across) - high) < 0.008
    inside = (np.abs(along) < half) & (np.abs(across) < high)
    inked = inside & (((along * 40 % 1) < 0.5) | frame)
    plain[inked] = plain[inked] * 0.3 + ink * 0.7
    return plain


def text_line(
    draw: ImageDraw.ImageDraw, box: tuple[float, float, float, float], width: int,
    chance: np.random.Generator,
) -> None:  # fmt: skip
    """Draw what looks like letters from the left to the right of a box, its height apart."""
    x, top, right, high = box
    while x < right:
        wide = high * chance.uniform(0.35, 0.7)
        if chance.random() < 0.85:
            letter = chance.integers(3)
            if letter == 0:
                draw.ellipse((x, top, x + wide * 0.8, top + high), outline=255, width=width)
            elif letter == 1:
                draw.line((x, top, x, top + high), fill=255, width=width)
                ends = top + high * chance.random(), top + high * chance.random()
                draw.line((x, ends[0], x + wide * 0.7, ends[1]), fill=255, width=width)
            else:
                stroke = (x, top + high, x + wide * 0.4, top, x + wide * 0.8, top + high)
                draw.line(stroke, fill=255, width=width)
        x += wide


def coverage(shape: tuple[int, int], kind: str, chance: np.random.Generator) -> np.ndarray:
    """Return how much of each pixel ink covers, 0…1."""
    larger = 4 if max(shape) < 300 else 2
    wide, high = shape[1] * larger, shape[0] * larger
    sheet, side = Image.new("L", (wide, high), 0), min(wide, high)
    draw = ImageDraw.Draw(sheet)
    width = max(1, int(side * chance.uniform(0.006, 0.014)))
    if kind == "round stamp":
        radius = side * chance.uniform(0.07, 0.14)
        x, y = chance.uniform(radius, wide - radius), chance.uniform(radius, high - radius)
        for part in (1, 0.68):
            r = radius * part
            draw.ellipse((x - r, y - r, x + r, y + r), outline=255, width=width)
        letters = int(chance.integers(12, 24))
        for letter in range(letters):
            turn = letter / letters * 6.283
            inner = x + radius * 0.74 * np.cos(turn), y + radius * 0.74 * np.sin(turn)
            outer = x + radius * 0.92 * np.cos(turn + 0.1), y + radius * 0.92 * np.sin(turn + 0.1)
            draw.line((*inner, *outer), fill=255, width=width)
        box = (x - radius * 0.5, y - radius * 0.15, x + radius * 0.5, radius * 0.3)
        text_line(draw, box, width, chance)
    elif kind in ("boxed stamp", "lines of stamp"):
        box_wide, rows = side * chance.uniform(0.15, 0.36), int(chance.integers(1, 4))
        row_high = side * chance.uniform(0.025, 0.05)
        box_high = rows * row_high * 1.5 + row_high * 0.6
        size = int(box_wide + 2 * width) + 2, int(box_high + 2 * width) + 2
        stamp = Image.new("L", size, 0)
        on_stamp = ImageDraw.Draw(stamp)
        if kind == "boxed stamp":
            on_stamp.rectangle((0, 0, box_wide, box_high), outline=255, width=width)
        for row in range(rows):
            top = row_high * 0.5 + row * row_high * 1.5
            box = (row_high * 0.5, top, box_wide - row_high * 0.5, row_high)
            text_line(on_stamp, box, width, chance)
        stamp = stamp.rotate(
            chance.uniform(-25, 25), expand=True, resample=Image.Resampling.BILINEAR
        )
        left = int(chance.uniform(0, max(1, wide - stamp.width)))
        sheet.paste(stamp, (left, int(chance.uniform(0, max(1, high - stamp.height)))))
    else:
        for _ in range(int(chance.integers(1, 4))):
            pen(draw, (wide, high), width, chance)
    small = sheet.resize((shape[1], shape[0]), Image.Resampling.BOX)
    return np.asarray(small).astype(float) / 255


def pen(
    draw: ImageDraw.ImageDraw, size: tuple[int, int], width: int, chance: np.random.Generator
) -> None:
    """Draw a line of writing."""
    side = min(size)
    x, y = chance.uniform(0.05, 0.5) * size[0], chance.uniform(0.08, 0.95) * size[1]
    step, phase = side * chance.uniform(0.012, 0.022), chance.random() * 6
    letters, tall = int(chance.integers(15, 60)), side * chance.uniform(0.012, 0.03)
    slope = chance.uniform(-0.15, 0.15)
    points: list[tuple[float, float]] = []
    for number in range(letters * 4):
        phase += chance.uniform(0.8, 1.8) / 2
        across = x + number * step / 4 + tall * 0.5 * np.sin(phase * 1.3)
        down = y + slope * number * step / 4 + tall * np.sin(phase) * chance.uniform(0.7, 1)
        points.append((across, down))
    draw.line(points, fill=255, width=max(1, int(width * 0.7)))


def inked(paper: np.ndarray, cover: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    """Return a print with one ink on it: it absorbs, and more or less hides what is below."""
    color = np.array(INKS[chance.integers(len(INKS))]) * chance.uniform(0.8, 1.2)
    share = (cover * chance.uniform(0.55, 1))[..., None]
    hiding = chance.uniform(0, 0.5)
    wet = np.clip(paper * color * 1.05 * (1 - hiding) + color * hiding, 0, 1)
    return paper * (1 - share) + share * wet


def paper_of(gray: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    """Return an ordinary print: neutral, warm, sepia, faded or a little tinted."""
    plain = np.repeat(gray[..., None], 3, axis=2)
    kind = chance.integers(5)
    if kind == 0:
        return plain
    if kind == 1:
        return plain * np.array([1, chance.uniform(0.93, 0.99), chance.uniform(0.75, 0.93)])
    if kind == 2:
        return tone(gray, "sepia")
    if kind == 3:
        return 0.2 + 0.65 * plain * np.array([1, 0.95, 0.82])
    return plain * np.array([chance.uniform(low, 1) for low in (0.9, 0.93, 0.85)])


def marked(gray: np.ndarray, kind: str, chance: np.random.Generator) -> np.ndarray:
    """Return a print of one of `MARKED`, in 0…1."""
    paper = paper_of(gray, chance)
    y, x = place(gray.shape)
    aspect = gray.shape[0] / gray.shape[1]
    if "stamp" in kind or kind == "writing":
        for each in ("round stamp", "writing") if kind == "stamp and writing" else (kind,):
            paper = inked(paper, coverage(gray.shape, each, chance), chance)
    elif kind == "border":
        side = chance.uniform(0.02, 0.12)
        down = side / aspect
        border = (x < side) | (x > 1 - side) | (y < down) | (y > 1 - down)
        color = np.array(BORDERS[chance.integers(len(BORDERS))])
        paper[border] = color + chance.normal(0, 0.01, (border.sum(), 1))
    elif kind == "foxing":
        for _ in range(int(chance.integers(10, 60))):
            column, row, radius = chance.random(), chance.random(), chance.uniform(0.004, 0.02)
            spot = np.clip(1.5 - np.hypot(x - column, (y - row) * aspect) / radius, 0, 1)
            spot = (spot * chance.uniform(0.3, 0.9))[..., None]
            paper = paper * (1 - spot * np.array([0.15, 0.35, 0.6]))
    elif kind == "cracks":
        for _ in range(3):
            slope, row = chance.uniform(-2, 2), chance.random()
            paper[np.abs(y - row - slope * (x - 0.5)) < 0.004] = (0.9, 0.86, 0.75)
    elif kind == "tape":
        angle, row = chance.uniform(-0.6, 0.6), chance.uniform(0.1, 0.9)
        across = np.abs((y - row) * np.cos(angle) * aspect - (x - 0.5) * np.sin(angle))
        tape = across < chance.uniform(0.02, 0.05)
        tape &= np.abs(x - chance.random()) < chance.uniform(0.1, 0.3)
        paper = np.where(tape[..., None], paper * np.array([0.97, 0.85, 0.55]), paper)
    else:
        turn, strength = chance.uniform(0, 6.28), chance.uniform(0.05, 0.25)
        middle = (4 * gray * (1 - gray))[..., None]
        hue = np.array([np.cos(turn), np.cos(turn + 2.1), np.cos(turn + 4.2)])
        paper = paper + strength * middle * hue * 0.6
    return paper


def as_jpeg(picture: np.ndarray, quality: int) -> np.ndarray:
    """Return what a JPEG makes of a picture in 0…1: uint8."""
    stream = io.BytesIO()
    values = (np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8)
    Image.fromarray(values).save(stream, "JPEG", quality=quality)
    return np.asarray(Image.open(stream))


def photographs(source: Path, every: int) -> Iterator[Image.Image]:
    """Open the pictures of a folder or of a ZIP, one of so many, in the order of their names."""
    if source.is_dir():
        for path in sorted(source.iterdir())[::every]:
            yield Image.open(path)
        return
    with zipfile.ZipFile(source) as shard:
        for name in sorted(each for each in shard.namelist() if not each.endswith("/"))[::every]:
            yield Image.open(io.BytesIO(shard.read(name)))


def cases(sources: list[Path], every: int) -> Iterator[tuple[str, np.ndarray]]:
    """Give each photograph and two prints of it, with what they are."""
    first, second = np.random.default_rng(7), np.random.default_rng(11)
    pictures = (each for source in sources for each in photographs(source, every))
    for number, opened in enumerate(pictures):
        picture = opened.convert("RGB")
        picture.thumbnail((LONGEST, LONGEST))
        gray = np.asarray(picture.convert("L")).astype(float) / 255
        yield "color", np.asarray(picture)
        kind = PRINTS[number % len(PRINTS)]
        yield kind, as_jpeg(printed(gray, kind, first), 85)
        kind = MARKED[number % len(MARKED)]
        yield f"{kind} (2)", as_jpeg(marked(gray, kind, second), int(second.integers(75, 96)))


def fit(measures: np.ndarray, colored: np.ndarray) -> None:
    """Print the numbers of the regression; see `rechroma.colorizer.color_detection`."""
    values = np.log(rule._OFFSET + measures)
    mean, deviation = values.mean(axis=0), values.std(axis=0)
    rows = np.array([rule._expanded(each) for each in (values - mean) / deviation])
    terms = np.concatenate([rows, np.ones((len(rows), 1))], axis=1)
    ridge = np.diag([*[3.0] * rows.shape[1], 0.0])
    weights = np.zeros(terms.shape[1])
    for _ in range(30):
        odds = 1 / (1 + np.exp(-np.clip(terms @ weights, -30, 30)))
        slope = terms.T @ (odds - colored) + ridge @ weights
        curvature = (terms * (odds * (1 - odds))[:, None]).T @ terms + ridge
        weights -= np.linalg.solve(curvature, slope)
    parts = {"MEAN": mean, "DEVIATION": deviation, "BIAS": weights[-1:],
             "LINEAR": weights[:6], "PRODUCTS": weights[6:-1]}  # fmt: skip
    for name, numbers in parts.items():
        print(f"_{name} = ({', '.join(f'{each:.3f}' for each in numbers)})")
    scores = terms @ weights
    for limit in (-2, -1.75, -1.5, -1, -0.5, 0):
        missed = int((scores[colored] <= limit).sum())
        print(f"limit {limit}: {missed} color, {int((scores[~colored] > limit).sum())} prints")


def main() -> None:
    """Print how often `is_color` errs, or the numbers that it is made of."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sources", nargs="+", type=Path)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--fit", action="store_true")
    arguments = parser.parse_args()
    found = [(kind, rule._examined(rule._thumbnail(read(picture))))
             for kind, picture in cases(arguments.sources, arguments.every)]  # fmt: skip
    if arguments.fit:
        measures = np.array([each.measures for _, each in found])
        fit(measures, np.array([kind == "color" for kind, _ in found]))
        return
    wrong, total = Counter[str](), Counter[str]()
    for kind, each in found:
        total[kind] += 1
        wrong[kind] += rule._says_color(each) != (kind == "color")
    for kind, count in total.items():
        print(f"{wrong[kind]:4} of {count:4} wrong: {kind}")


if __name__ == "__main__":
    main()
