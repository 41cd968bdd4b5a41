"""Time and memory of mood transfer: each contender in a process of its own, warm."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rechroma.photo import read, write

if TYPE_CHECKING:
    from collections.abc import Callable

_BARE = "bare LUT pass"
# Seconds for a contender.
_PATIENCE = 120


def speed(megapixels: float) -> dict[str, dict[str, float]]:
    """Measure every contender at that size, 8 bits, and print the table."""
    from mood_contenders import contenders

    results: dict[str, dict[str, float]] = {}
    for name in (_BARE, *contenders()):
        command = [sys.executable, str(Path(__file__)), name, str(megapixels)]
        try:
            child = subprocess.run(
                command, capture_output=True, text=True, check=False, timeout=_PATIENCE
            )
        except subprocess.TimeoutExpired:
            print(f"{name}: not done with four transfers after {_PATIENCE} s")
            continue
        if child.returncode:
            print(f"{name}: failed: {child.stderr.strip().splitlines()[-1]}")
            continue
        results[name] = json.loads(child.stdout.splitlines()[-1])
    bare = results[_BARE]
    print(f"\n{megapixels:g} megapixels, 8 bits, warm, best of 3\n")
    print("| method | wall s | CPU s | wall / bare | extra peak MB |\n|---|---|---|---|---|")
    for name, cost in results.items():
        print(f"| {name} | {cost['wall']:.2f} | {cost['cpu']:.2f} | "
              f"{cost['wall'] / bare['wall']:.2f} | {cost['extra_mb']:.0f} |")  # fmt: skip
    return results


def cold(megapixels: float, of_source: float | None) -> dict[str, float]:
    """Measure `rechroma transfer` from start to the written JPEG, against the least that it does.

    The source has as many megapixels as the target, unless it is told otherwise.

    The least is a process that decodes, applies a table by OpenColorIO, and encodes alike: the
    target alone, and with the source decoded, too. color-matcher's own command, where that package
    is installed, writes a JPEG at Pillow's default quality, 4:2:0.
    """
    with tempfile.TemporaryDirectory() as folder:
        files = [str(Path(folder, name)) for name in ("source.jpg", "target.jpg", "out.jpg")]
        for seed, (file, size) in enumerate(
            zip(files[:2], (of_source or megapixels, megapixels), strict=True)
        ):
            write(read(_picture(size, seed)), file)
        commands = {
            "bare, target alone": [sys.executable, "-c", _BARE_COLD, *files[1:]],
            "bare": [sys.executable, "-c", _BARE_COLD, *files[1:], files[0]],
            "rechroma transfer": [sys.executable, "-m", "rechroma", "transfer", "--src", files[0],
                                  "--target", files[1], "--out", files[2], "--overwrite"],
        }  # fmt: skip
        if find_spec("color_matcher"):
            commands["color-matcher, MKL"] = [
                sys.executable, "-c", "from color_matcher.bin.cli import main; main()",
                "-s", files[1], "-r", files[0], "-m", "mkl",
            ]  # fmt: skip
        costs = {name: [np.inf] * 2 for name in commands}
        for _ in range(5):
            for name, command in commands.items():
                costs[name] = [min(*both) for both in zip(costs[name], _cost(command), strict=True)]
    print(f"\n{megapixels:g} megapixels, JPEG to JPEG, cold, best of 5\n")
    print("| | wall s | CPU s |\n|---|---|---|")
    for name, (wall, cpu) in costs.items():
        print(f"| {name} | {wall:.2f} | {cpu:.2f} |")
    return {f"{name} {unit}": value for name, cost in costs.items()
            for unit, value in zip(("wall", "cpu"), cost, strict=True)}  # fmt: skip


def _cost(command: list[str]) -> tuple[float, float]:
    """Return wall and CPU seconds of a process and its children."""
    start = time.perf_counter()
    with tempfile.TemporaryFile() as said:
        child = subprocess.Popen(command, stdout=said, stderr=said)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            said.seek(0)
            raise SystemExit(f"failed: {command}\n{said.read().decode(errors='replace')}")
    wall = time.perf_counter() - start
    return wall, usage.ru_utime + usage.ru_stime


_BARE_COLD = """
import sys
import numpy as np, OpenImageIO as oiio, PyOpenColorIO as ocio
for other in sys.argv[3:]:
    oiio.ImageInput.open(other).read_image(0, 0, 0, 3, "uint8")
source = oiio.ImageInput.open(sys.argv[1])
spec = source.spec()
pixels = source.read_image(0, 0, 0, 3, "uint8")
axis = np.linspace(0, 1, 33)
table = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1) ** 0.9
transform = ocio.Lut3DTransform(33)
transform.setInterpolation(ocio.INTERP_TETRAHEDRAL)
transform.setData(table.astype(np.float32))
depth = ocio.BIT_DEPTH_UINT8
processor = ocio.Config.CreateRaw().getProcessor(transform)
cpu = processor.getOptimizedCPUProcessor(depth, depth, ocio.OPTIMIZATION_DEFAULT)
width, height = spec.width, spec.height
cpu.apply(ocio.PackedImageDesc(pixels, width, height, 3, depth, 1, 3, 3 * width))
out = oiio.ImageSpec(width, height, 3, "uint8")
out.attribute("Compression", "jpeg:95")
out.attribute("jpeg:subsampling", "4:4:4")
file = oiio.ImageOutput.create("jpeg")
file.open(sys.argv[2], out)
file.write_image(pixels)
file.close()
"""


def _measure(name: str, megapixels: float) -> dict[str, float]:
    source, target = (_picture(megapixels, seed) for seed in (0, 1))
    run = _bare(target) if name == _BARE else _contender(name, source, target)
    # Pictures, imports and models are there: what is added from now on is the transfer's own.
    resting = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    run()
    extra = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - resting) / 1024
    best = {"wall": np.inf, "cpu": np.inf}
    for _ in range(3):
        wall, cpu = time.perf_counter(), time.process_time()
        run()
        best["wall"] = min(best["wall"], time.perf_counter() - wall)
        best["cpu"] = min(best["cpu"], time.process_time() - cpu)
    return best | {"extra_mb": extra}


def _picture(megapixels: float, seed: int) -> np.ndarray:
    """Return a picture, 3 : 2, with structure and grain."""
    height = round((megapixels * 1e6 / 1.5) ** 0.5)
    width = round(height * 1.5)
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 256, (24, 36, 3), dtype=np.uint8)
    from PIL import Image

    picture = np.array(Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC))
    noise = rng.integers(-6, 7, (256, width, 1), dtype=np.int16)
    for top in range(0, height, 256):
        part = picture[top : top + 256]
        part[:] = np.clip(part + noise[: len(part)], 0, 255)
    return picture


def _bare(target: np.ndarray) -> Callable[[], object]:
    import PyOpenColorIO as ocio

    from rechroma.mood.lut import grid

    transform = ocio.Lut3DTransform(33)
    transform.setInterpolation(ocio.INTERP_TETRAHEDRAL)
    transform.setData((grid(33) ** 0.9).astype(np.float32))
    depth = ocio.BIT_DEPTH_UINT8
    processor = ocio.Config.CreateRaw().getProcessor(transform)
    cpu = processor.getOptimizedCPUProcessor(depth, depth, ocio.OPTIMIZATION_DEFAULT)
    height, width, _ = target.shape
    picture = ocio.PackedImageDesc(target, width, height, 3, depth, 1, 3, 3 * width)
    return lambda: cpu.apply(picture)


def _contender(name: str, source: np.ndarray, target: np.ndarray) -> Callable[[], object]:
    from mood_contenders import contenders

    from rechroma.mood import transfer

    ours = name.removeprefix("rechroma ")
    if ours != name:
        # Everybody gets decoded pictures: arrays are theirs, photographs are ours.
        photos = read(source), read(target)
        transfer(*(read(each[:64, :64]) for each in (source, target)), method=ours)
        return lambda: transfer(*photos, method=ours)
    call = contenders()[name]
    call(source[:64, :64].copy(), target[:64, :64].copy())
    return lambda: call(source, target)


if __name__ == "__main__":
    print(json.dumps(_measure(sys.argv[1], float(sys.argv[2]))))
