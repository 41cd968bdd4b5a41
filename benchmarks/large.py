"""What large pictures cost: our commands beside a library that opens a file and saves it again.

    python benchmarks/large.py --json large.json
    python benchmarks/large.py --megapixels 100 --only gray.jpg color.jpg

The pictures are made here, from the shipped examples, enlarged and with grain as scans have it: a
smooth picture would be compressed faster than a real one. Every number is a process of its own,
measured by the kernel: CPU seconds (user and system), the peak of its memory, and the size of what
it writes. *Bare* is Pillow, or OpenImageIO for TIFF, that decodes the same file and saves it in the
same format, in color and as we do (JPEG 95, 4:2:0; others at the library's own defaults). In turns,
the least of the repetitions: everything else on the machine only ever adds. Modules are compiled
first, as an installed package's are.

The input of *bare* is saved as it is. A colored result holds more than a gray one, and takes longer
to deflate: so *bare, result* saves our result instead.
"""

from __future__ import annotations

import argparse
import compileall
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

EXAMPLES = Path(__file__).parents[1] / "examples"
KINDS = ["gray.jpg", "rgb.jpg", "tint.jpg", "color.jpg", "rgb.png", "gray.png", "rgb16.tif"]
COMMAND = [sys.executable, "-c", "import sys; from rechroma.cli import main; sys.exit(main())"]
MEBIBYTE = 1 << 20


@dataclass(frozen=True)
class Cost:
    """What one run of a process took, and what it wrote."""

    cpu_s: float
    wall_s: float
    peak_mib: float
    megabytes: float


def main() -> None:
    """Measure what is asked for, and print the tables."""
    options = _options()
    if options.task:
        {"make": make, "bare": bare}[options.task](*options.arguments)
        return
    compileall.compile_dir(Path(__file__).parents[1] / "src", quiet=2)
    with tempfile.TemporaryDirectory() as name:
        rows = _measured(Path(name), options)
    print(_table(rows))
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="What large pictures cost")
    parser.add_argument("--megapixels", type=float, default=24)
    parser.add_argument("--only", nargs="+", default=KINDS, choices=KINDS)
    parser.add_argument("--folder", type=int, default=20, help="pictures in the folder; 0: none")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", type=Path, help="write the numbers there, too")
    # This file is also its own children.
    parser.add_argument("--task", choices=["make", "bare"], help=argparse.SUPPRESS)
    parser.add_argument("arguments", nargs="*", help=argparse.SUPPRESS)
    return parser.parse_args()


def make(path: str, kind: str, megapixels: str) -> None:
    """Write one picture of 3:2."""
    import numpy as np
    import OpenImageIO as oiio
    from PIL import Image

    import rechroma

    height = round((float(megapixels) * 1e6 / 1.5) ** 0.5)
    width = round(height * 1.5)
    small = rechroma.colorize(EXAMPLES / "louis-armstrong-1946.jpg").to_pil()
    rng = np.random.default_rng(0)
    large = small.resize((width, height), Image.Resampling.BICUBIC)
    # Grain of two pixels, and the scanner's noise; a band at a time.
    result = np.empty((height, width, 3), np.uint16 if "16" in kind else np.uint8)
    for top in range(0, height, 500):
        band = np.asarray(large.crop((0, top, width, min(top + 500, height))), np.float32)
        rows, columns = band.shape[:2]
        coarse = rng.normal(0, 8, (-(-rows // 2), -(-columns // 2))).repeat(2, 0).repeat(2, 1)
        noise = coarse[:rows, :columns] + rng.normal(0, 2, (rows, columns))
        band = band + noise.astype(np.float32)[..., None]
        if "color" not in kind:
            band = band @ np.array([[0.299], [0.587], [0.114]], np.float32)
            paper = ([1, 0.93, 0.8], [0, 6, 10]) if kind == "tint.jpg" else ([1, 1, 1], [0, 0, 0])
            band = band * np.array(paper[0], np.float32) + np.array(paper[1], np.float32)
        top_code = np.iinfo(result.dtype).max
        scaled = np.clip(band / 255 * top_code + 0.5, 0, top_code)
        result[top : top + rows] = scaled
    if kind.endswith(".tif"):
        spec = oiio.ImageSpec(width, height, 3, "uint16")
        spec.attribute("compression", "zip")
        output = oiio.ImageOutput.create(path)
        output.open(path, spec)
        output.write_image(result)
        output.close()
        return
    picture = Image.fromarray(result[..., 0] if kind.startswith("gray") else result)
    picture.save(path, quality=90)


def bare(source: str, target: str, *more: str) -> None:
    """Decode and encode pictures, one after the other: sources and targets in turns."""
    pairs = [(source, target), *zip(more[::2], more[1::2], strict=True)]
    for each, out in pairs:
        if out.endswith(".tif"):
            _bare_tiff(each, out)
            continue
        from PIL import Image

        Image.MAX_IMAGE_PIXELS = None
        with Image.open(each) as picture:
            color = picture.convert("RGB")
            how = {"quality": 95, "subsampling": "4:2:0"} if out.endswith("jpg") else {}
            color.save(out, **how)


def _bare_tiff(source: str, target: str) -> None:
    import OpenImageIO as oiio

    file = oiio.ImageInput.open(source)
    spec = file.spec()
    pixels = file.read_image(0, 0, 0, spec.nchannels, oiio.UNKNOWN)
    file.close()
    wanted = oiio.ImageSpec(spec.width, spec.height, spec.nchannels, spec.format)
    wanted.attribute("compression", "zip")
    output = oiio.ImageOutput.create(target)
    output.open(target, wanted)
    output.write_image(pixels)
    output.close()


def _measured(folder: Path, options: argparse.Namespace) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    files = {kind: folder / kind for kind in options.only}
    for kind, file in files.items():
        _child("make", file, kind, options.megapixels)
        out, plain = folder / f"out-{kind}", folder / f"bare-{kind}"
        ours = [*COMMAND, "colorize", str(file), "-o", str(out), "--recolor", "--overwrite", "-q"]
        rows += _pair(f"colorize {kind}", ours, [file, plain], out, plain, options)
        if kind == "color.jpg":
            rows += _moods(file, folder, options)
        rows += _row(
            f"bare, result {kind}",
            [_run(_bare([out, plain]), plain) for _ in range(options.repeats)],
        )
        out.unlink()
        plain.unlink()
    if options.folder and "gray.jpg" in files:
        rows += _folder(files["gray.jpg"], folder, options)
    return rows


def _moods(file: Path, folder: Path, options: argparse.Namespace) -> list[dict[str, object]]:
    source, cube = folder / "mood.jpg", folder / "mood.cube"
    _child("make", source, "tint.jpg", 1)
    out, plain = folder / "mood-out.jpg", folder / "mood-bare.jpg"
    transfer = [*COMMAND, "transfer", "--src", str(source), "--target", str(file), "-o", str(out)]
    subprocess.run([*transfer, "--lut", str(cube), "-q"], check=True)
    apply = [*COMMAND, "apply", str(cube), str(file), "-o", str(out)]
    end = ["--overwrite", "-q"]
    return [
        *_pair("transfer color.jpg", transfer + end, [file, plain], out, plain, options),
        *_pair("apply color.jpg", apply + end, [file, plain], out, plain, options),
    ]


def _folder(file: Path, folder: Path, options: argparse.Namespace) -> list[dict[str, object]]:
    album, out, plain = folder / "album", folder / "album-out", folder / "album-bare"
    plain.mkdir()
    album.mkdir()
    pairs: list[Path] = []
    for number in range(options.folder):
        shutil.copyfile(file, album / f"{number:03}.jpg")
        pairs += [album / f"{number:03}.jpg", plain / f"{number:03}.jpg"]
    ours = [*COMMAND, "colorize", str(album), "-o", str(out), "--overwrite", "-q"]
    costs = (_run(ours, out), _run(_bare(pairs), plain))
    count = options.folder
    shared = [
        Cost(each.cpu_s / count, each.wall_s / count, each.peak_mib, each.megabytes / count)
        for each in costs
    ]
    return [
        *_row(f"folder of {count} gray.jpg, each", shared[:1], shared[1]),
        *_row("bare", shared[1:]),
    ]


def _pair(
    name: str,
    ours: list[str],
    pair: list[Path],
    out: Path,
    plain: Path,
    options: argparse.Namespace,
) -> list[dict[str, object]]:
    runs: list[Cost] = []
    bares: list[Cost] = []
    for _ in range(options.repeats):
        runs.append(_run(ours, out))
        bares.append(_run(_bare(pair), plain))
    best = min(bares, key=lambda cost: cost.cpu_s)
    return [*_row(name, runs, best), *_row("bare", bares)]


def _row(name: str, costs: list[Cost], beside: Cost | None = None) -> list[dict[str, object]]:
    best = min(costs, key=lambda cost: cost.cpu_s)
    ratio = None if beside is None else best.cpu_s / beside.cpu_s
    print(name, best, ratio, file=sys.stderr, flush=True)
    return [{"what": name, **asdict(best), "ratio": ratio}]


def _child(task: str, *arguments: object) -> None:
    subprocess.run([sys.executable, __file__, "--task", task, *map(str, arguments)], check=True)


def _bare(pairs: list[Path]) -> list[str]:
    return [sys.executable, __file__, "--task", "bare", *map(str, pairs)]


def _run(command: list[str], result: Path) -> Cost:
    start = time.perf_counter()
    child = subprocess.Popen(command)
    # With the children of the child.
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.perf_counter() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"failed: {command}")
    written = [result] if result.is_file() else list(result.iterdir())
    megabytes = sum(file.stat().st_size for file in written) / 1e6
    cpu = usage.ru_utime + usage.ru_stime
    return Cost(cpu, wall, usage.ru_maxrss * 1024 / MEBIBYTE, megabytes)


def _table(rows: list[dict[str, object]]) -> str:
    lines = ["| | CPU s | × bare | wall s | peak MiB | MB |", "|---|--:|--:|--:|--:|--:|"]
    for row in rows:
        ratio = "" if row["ratio"] is None else f"{row['ratio']:.2f}"
        lines.append(
            f"| {row['what']} | {row['cpu_s']:.2f} | {ratio} | {row['wall_s']:.2f} "
            f"| {row['peak_mib']:.0f} | {row['megabytes']:.1f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
