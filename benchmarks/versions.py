"""How far a picture's versions are from each other.

    python benchmarks/versions.py --photos photos/val [--first 29] [--every 47] [--count 10]
        [--sheet versions.png]

Versions of photographs of a folder, in the order of their names: mean CIEDE2000 from natural for
each, for plausible ones the least to any other of them or to natural, and the seconds that they
take. Means at the end.
"""

from __future__ import annotations

import argparse
import time
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rechroma import Colorizer, read
from rechroma.color import ciede2000, rgb_to_lab
from rechroma.evaluation.figure import contact_sheet

if TYPE_CHECKING:
    from rechroma import Photo
    from rechroma.color import FloatArray

_NAMED = ("faithful", "natural", "vivid", "warm", "cool")
_MOST = len(_NAMED) + 3
_HEIGHT = 160


def main() -> None:
    """Print a line a picture, and the means."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--first", type=int, default=29)
    parser.add_argument("--every", type=int, default=47)
    parser.add_argument("--count", type=int, default=10)
    parser.add_argument("--sheet", type=Path)
    options = parser.parse_args()
    colorizer = Colorizer()
    paths = sorted(path for path in options.photos.iterdir() if path.is_file())
    chosen = paths[options.first :: options.every][: options.count]
    far: dict[str, list[float]] = {name: [] for name in _NAMED}
    pairs: list[float] = []
    counts: list[int] = []
    rows: list[list[np.ndarray]] = []
    for path in chosen:
        work = colorizer.predict(read(path))
        start = time.perf_counter()
        versions = work.versions()
        seconds = time.perf_counter() - start
        made = {version.name: version.render() for version in versions}
        lab = {name: rgb_to_lab(photo.pixels) for name, photo in made.items()}
        plausible = [name for name in lab if name not in _NAMED]
        for name in _NAMED:
            far[name].append(_apart(lab, name, "natural"))
        found = [_apart(lab, *pair) for pair in combinations(("natural", *plausible), 2)]
        pairs += found
        counts.append(len(plausible))
        rows.append(_row(made))
        told = " ".join(f"{name} {_apart(lab, name, 'natural'):.1f}" for name in lab)
        print(
            f"{path.name}: {told}; least {min(found, default=0):.1f}; {seconds:.2f} s", flush=True
        )
    print("from natural:", " ".join(f"{name} {np.mean(far[name]):.2f}" for name in _NAMED))
    print(f"plausible: {np.mean(counts):.1f} a picture, pairs {np.mean(pairs):.2f} on the mean, "
          f"{min(pairs):.2f} at least")  # fmt: skip
    if options.sheet:
        contact_sheet(rows, height=_HEIGHT).save(options.sheet)


def _apart(lab: dict[str, FloatArray], one: str, other: str) -> float:
    return float(ciede2000(lab[one], lab[other]).mean())


def _row(made: dict[str, Photo]) -> list[np.ndarray]:
    shown = [photo.to_uint8() for photo in made.values()]
    return shown + [np.full_like(shown[0], 255)] * (_MOST - len(shown))


if __name__ == "__main__":
    main()
