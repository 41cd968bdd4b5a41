"""Colorizes thousands of damaged files, and tells whether the batch went through all of them.

    python benchmarks/fuzz.py [--count 10000] [--seed 0]

One small photograph is written in every format that can be written. Copies get one to eight
flipped bits each, or lose their end, and all of them go through `rechroma colorize FOLDER` at
once. Nothing may end the batch; every file must have a result that can be read or a line in the
report; nothing else may be left.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np

import rechroma
from rechroma.photo import encode
from rechroma.photo.formats import FORMATS


def originals() -> dict[str, bytes]:
    """Return one file of each format: suffix → bytes."""
    rows, columns = np.mgrid[0:48, 0:64].astype(np.float64)
    gray = (128 + 90 * np.sin(rows / 7) * np.cos(columns / 9)).astype(np.uint8)
    photo = rechroma.read(gray)
    return {
        each.suffixes[0]: encode(photo, each.name) for each in FORMATS.values() if each.writable
    }


def damaged(content: bytes, random: np.random.Generator) -> bytes:
    """Return a file with flipped bits, or one of four times without its end."""
    if random.random() < 0.25:
        return content[: random.integers(1, len(content))]
    values = np.frombuffer(content, np.uint8).copy()
    places = random.integers(0, len(values), random.integers(1, 9))
    values[places] ^= np.uint8(1) << random.integers(0, 8, len(places)).astype(np.uint8)
    return values.tobytes()


def main() -> int:
    """Return 0 if nothing was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    random = np.random.default_rng(arguments.seed)
    files = originals()
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "damaged"), Path(folder, "out")
        source.mkdir()
        for number in range(arguments.count):
            suffix = list(files)[number % len(files)]
            content = damaged(files[suffix], random)
            (source / f"{suffix[1:]}-{number}{suffix}").write_bytes(content)
        command = [sys.executable, "-m", "rechroma", "colorize", str(source), "-o", str(target)]
        started = time.monotonic()
        ended = subprocess.run([*command, "--json"], capture_output=True, check=False)
        return _tell(ended, source, target, time.monotonic() - started)


def _tell(
    ended: subprocess.CompletedProcess[bytes], source: Path, target: Path, seconds: float
) -> int:
    report = [json.loads(line) for line in ended.stdout.splitlines() if line.startswith(b"{")]
    told = Counter(str(each.get("status")) for each in report if "input" in each)
    results = [each for each in target.rglob("*") if each.is_file()]
    broken = [each for each in results if not _readable(each)]
    left = [*source.rglob(".*"), *target.rglob(".*")]
    inputs = sum(1 for _ in source.iterdir())
    print(f"{inputs} damaged files in {seconds:.0f} s: exit code {ended.returncode}, {dict(told)}")
    print(f"{len(results)} results, {len(broken)} of them unreadable, {len(left)} left-overs")
    lost = inputs - sum(told.values())
    print(f"{lost} files without a word")
    if ended.returncode not in (0, 1):
        print(ended.stderr[-500:].decode(errors="replace"))
    return int(bool(broken or left or lost or ended.returncode not in (0, 1)))


def _readable(path: Path) -> bool:
    try:
        rechroma.read(path)
    except rechroma.RechromaError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
