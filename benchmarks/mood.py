"""How good and how fast mood transfer is, ours and others', on the same pictures.

    python benchmarks/mood.py self-reference --photos photos/val --json self.json --sheets sheets/
    python benchmarks/mood.py pairs --pairs photos/transfer-pairs --sheets sheets/
    python benchmarks/mood.py sky --photos photos/val
    python benchmarks/mood.py accuracy --pairs photos/transfer-pairs
    python benchmarks/mood.py speed --json speed.json
    python benchmarks/mood.py cold [--megapixels 24] [--source-megapixels 1]

The protocols are in `mood_protocols.py`, `speed` is in `mood_speed.py`. The others' packages have
to be installed beside rechroma: see `mood_contenders.py`.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from pathlib import Path

import numpy as np
from mood_contenders import Contender, Picture, contenders
from mood_protocols import self_references, sky_pairs, transfer_pairs
from mood_speed import cold, speed
from scipy import ndimage
from skimage.metrics import structural_similarity

from rechroma.color import ciede2000, rgb_to_lab
from rechroma.evaluation.figure import contact_sheet
from rechroma.evaluation.scores import psnr
from rechroma.mood import METHODS, Swatch, fit_look, transfer
from rechroma.mood.options import LUT_SIZES
from rechroma.photo import read

SEED = 20260101
# On contact sheets: ours, and the best of the others by PSNR and by ΔE2000.
_SHOWN = (
    "rechroma reinhard",
    "rechroma mkl",
    "rechroma swatches",
    "python_color_transfer idt + regrain",
    "color_matcher mkl",
)
_ROWS = 10
_DIRECTIONS = np.random.default_rng(1).normal(size=(64, 3))
_DIRECTIONS /= np.linalg.norm(_DIRECTIONS, axis=1, keepdims=True)
_QUANTILES = np.linspace(0, 1, 513)


def main() -> None:
    """Run what was asked for and print its tables."""
    options = _options()
    match options.what:
        case "self-reference":
            result = _self_reference(options.photos, options.count, options.sheets)
        case "pairs":
            result = _pairs(options.pairs, options.sheets)
        case "accuracy":
            result = _accuracy(options.pairs)
        case "sky":
            result = _sky(options.photos, options.count)
        case "cold":
            result = cold(options.megapixels, options.source_megapixels)
        case _:
            result = speed(options.megapixels)
    if options.json:
        options.json.write_text(json.dumps(result, indent=1, ensure_ascii=False))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Mood transfer, measured")
    commands = parser.add_subparsers(dest="what", required=True)
    halves = commands.add_parser("self-reference")
    halves.add_argument("--count", type=int, default=100)
    pairs = commands.add_parser("pairs")
    accuracy = commands.add_parser("accuracy")
    for command in (pairs, accuracy):
        command.add_argument(
            "--pairs", type=Path, required=True, help="*_source.webp, *_target.webp"
        )
    sky = commands.add_parser("sky")
    sky.add_argument("--count", type=int, default=15)
    for command in (halves, sky):
        command.add_argument("--photos", type=Path, required=True, help="folder of .webp files")
    for command in (halves, pairs):
        command.add_argument("--sheets", type=Path, help="folder for contact sheets")
    fast, from_start = commands.add_parser("speed"), commands.add_parser("cold")
    fast.add_argument("--megapixels", type=float, default=24)
    from_start.add_argument("--megapixels", type=float, default=12)
    from_start.add_argument("--source-megapixels", type=float, help="default: the target's")
    for command in (halves, pairs, accuracy, sky, fast, from_start):
        command.add_argument("--json", type=Path)
    return parser.parse_args()


def _unchanged(source: Picture, target: Picture) -> Picture:
    del source
    return target


def _self_reference(
    folder: Path, count: int, sheets: Path | None
) -> dict[str, dict[str, tuple[float, float]]]:
    """Return, for each method, (PSNR, ΔE2000) by photograph."""
    scores: dict[str, dict[str, tuple[float, float]]] = defaultdict(dict)
    everyone: dict[str, Contender] = {"unchanged": _unchanged} | contenders()
    rows: list[list[Picture]] = []
    for pair in self_references(folder, count, SEED):
        truth = rgb_to_lab(pair.truth / 255.0)
        results = {name: call(pair.source, pair.target) for name, call in everyone.items()}
        for name, found in results.items():
            difference = ciede2000(rgb_to_lab(found / 255.0), truth).mean()
            scores[name][pair.name] = psnr(found, pair.truth), float(difference)
        shown = [results[who] for who in _SHOWN if who in results]
        rows.append([pair.source, pair.target, *shown, pair.truth])
    print(f"\n{count} photographs\n\n| method | PSNR ↑ | ΔE2000 ↓ |\n|---|---|---|")
    for name, values in scores.items():
        decibels, difference = np.mean(list(values.values()), axis=0)
        print(f"| {name} | {decibels:.2f} | {difference:.2f} |")
    if sheets:
        titles = ["source", "target", *(who for who in _SHOWN if who in everyone), "truth"]
        # The best first.
        order = sorted(enumerate(scores["rechroma swatches"].values()), key=lambda v: v[1][1])
        for start in range(0, len(order), _ROWS):
            _sheet([rows[index] for index, _ in order[start : start + _ROWS]], titles,
                   sheets / f"self-reference-{start:03d}.png")  # fmt: skip
    return dict(scores)


def _sheet(rows: list[list[Picture]], titles: list[str], file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    contact_sheet(rows, titles, height=200).save(file)


def sliced_wasserstein(found: np.ndarray, wanted: np.ndarray) -> float:
    """Return the sliced Wasserstein-2 distance of two sets of colors, (N, 3) and (M, 3)."""
    ours, theirs = (np.quantile(lab @ _DIRECTIONS.T, _QUANTILES, axis=0) for lab in (found, wanted))
    return float(np.sqrt(np.square(ours - theirs).mean()))


def grain(found: np.ndarray, before: np.ndarray) -> float:
    """Return the gain of fine detail of L, shape (H, W), where the picture was flat; 1 is ideal."""
    flat = ndimage.gaussian_gradient_magnitude(before, 2) < 1.5
    fine = [light - ndimage.gaussian_filter(light, 1.5) for light in (found, before)]
    spread = [float(np.sqrt(np.square(part[flat]).mean())) if flat.any() else 1 for part in fine]
    return spread[0] / max(spread[1], 1e-3)


def clipped(rgb: Picture) -> float:
    """Return the share of pixels with a channel at its end."""
    return float(((rgb == 0) | (rgb == 255)).any(axis=-1).mean())


def _pairs(folder: Path, sheets: Path | None) -> dict[str, list[float]]:
    everyone: dict[str, Contender] = {"unchanged": _unchanged} | contenders()
    everyone["rechroma swatches, luminance keep"] = lambda source, target: transfer(
        source, target, luminance="keep"
    ).to_uint8()
    scores: dict[str, list[tuple[float, ...]]] = defaultdict(list)
    rows: dict[str, list[list[Picture]]] = defaultdict(list)
    for name, source, target in transfer_pairs(folder):
        wanted, before = (rgb_to_lab(picture / 255.0) for picture in (source, target))
        results = {who: contender(source, target) for who, contender in everyone.items()}
        for who, found in results.items():
            lab = rgb_to_lab(found / 255.0)
            scores[who].append((
                sliced_wasserstein(lab.reshape(-1, 3), wanted.reshape(-1, 3)),
                structural_similarity(lab[..., 0], before[..., 0], data_range=100),
                grain(lab[..., 0], before[..., 0]),
                clipped(found) - clipped(target),
            ))  # fmt: skip
        shown = [results[who] for who in _SHOWN if who in results]
        rows[name.removesuffix(" back")].append([source, target, *shown])
    print(f"\n{len(scores['unchanged'])} transfers\n\n| method | SWD ↓ | SSIM of L | grain | "
          "extra clipped |\n|---|---|---|---|---|")  # fmt: skip
    means = {who: np.mean(values, axis=0).tolist() for who, values in scores.items()}
    for who, (distance, similarity, gain, extra) in means.items():
        print(f"| {who} | {distance:.2f} | {similarity:.3f} | {gain:.2f} | {extra:+.1%} |")
    if sheets:
        titles = ["source", "target", *(who for who in _SHOWN if who in everyone)]
        for name, pictures in rows.items():
            _sheet(pictures, titles, sheets / f"{name}.png")
    return means


def _accuracy(folder: Path) -> dict[str, dict[int, list[float]]]:
    """Return the ΔE2000 of tables against the exact map, by method and size: mean and p99."""
    found: dict[str, dict[int, list[float]]] = defaultdict(dict)
    pairs = [(read(s / 255.0), read(t / 255.0)) for _, s, t in transfer_pairs(folder)]
    print("| method | " + " | ".join(f"{size}³ mean, p99" for size in LUT_SIZES) + " |")
    print("|---|" + "---|" * len(LUT_SIZES))
    for method in METHODS:
        for size in LUT_SIZES:
            errors: list[np.ndarray] = []
            for source, target in pairs:
                look = fit_look(source, target, method=method, size=size)
                both = (look.apply(target, exact=exact).pixels for exact in (False, True))
                errors.append(ciede2000(*map(rgb_to_lab, both)).ravel())
            every = np.concatenate(errors)
            found[method][size] = [float(every.mean()), float(np.percentile(every, 99))]
        cells = " | ".join(f"{mean:.2f}, {p99:.2f}" for mean, p99 in found[method].values())
        print(f"| {method} | {cells} |")
    return dict(found)


def _sky(folder: Path, count: int) -> dict[str, list[float]]:
    everyone: dict[str, Contender] = {"unchanged": _unchanged} | contenders()
    errors: dict[str, list[tuple[float, float]]] = defaultdict(list)
    pairs = sky_pairs(folder, count, SEED)
    for pair in pairs:
        results = {name: call(pair.source, pair.target) for name, call in everyone.items()}
        # Two rectangles, and two masks, as a user would draw them.
        drawn = [
            Swatch(_inside(ours), _inside(theirs))
            for ours, theirs in ((pair.source_sky, pair.target_sky),
                                 (~pair.source_sky, ~pair.target_sky))
        ]  # fmt: skip
        results["rechroma swatches, two pairs drawn"] = transfer(
            pair.source, pair.target, swatches=drawn
        ).to_uint8()
        masks = tuple(_painted(sky) for sky in (pair.source_sky, pair.target_sky))
        results["rechroma swatches, two masks"] = transfer(
            pair.source, pair.target, masks=(masks[0], masks[1])
        ).to_uint8()
        for name, found in results.items():
            skies = pair.target_sky, pair.source_sky
            errors[name].append(_regional_error(found, pair.source, *skies))
    print(f"\n80 % sky to 10 % sky, {len(pairs)} pairs: ΔE2000 of the regions' means\n\n"
          "| method | sky | rest | mean |\n|---|---|---|---|")  # fmt: skip
    means = {name: np.mean(values, axis=0).tolist() for name, values in errors.items()}
    for name, (sky, rest) in means.items():
        print(f"| {name} | {sky:.1f} | {rest:.1f} | {(sky + rest) / 2:.1f} |")
    return means


def _regional_error(
    found: Picture, source: Picture, sky: np.ndarray, source_sky: np.ndarray
) -> tuple[float, float]:
    lab, wanted = rgb_to_lab(found / 255.0), rgb_to_lab(source / 255.0)
    over, under = (
        float(ciede2000(lab[ours].mean(axis=0), wanted[theirs].mean(axis=0)))
        for ours, theirs in ((sky, source_sky), (~sky, ~source_sky))
    )
    return over, under


def _inside(region: np.ndarray) -> tuple[int, int, int, int]:
    """Return the largest square inside of a region: what a careful hand would draw."""
    padded = np.pad(region, 1)
    distance = ndimage.distance_transform_cdt(padded, "chessboard")[1:-1, 1:-1]
    row, column = np.unravel_index(int(distance.argmax()), distance.shape)
    reach = max(0, int(distance.max()) - 1)
    return int(column) - reach, int(row) - reach, 2 * reach + 1, 2 * reach + 1


def _painted(sky: np.ndarray) -> Picture:
    return np.where(sky[..., None], [255, 0, 0], [0, 0, 255]).astype(np.uint8)


if __name__ == "__main__":
    main()
