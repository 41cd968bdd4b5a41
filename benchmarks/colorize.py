"""How much time and memory colorizing takes: ours beside others, on the same pictures and cores.

    python benchmarks/colorize.py --peers-python /path/to/peers/bin/python --json speed.json

The others are measured with random weights, which cost the same as trained ones. They live in an
environment of their own:

    python -m venv peers
    peers/bin/pip install torch torchvision pillow scikit-image spandrel
    peers/bin/pip install spandrel_extra_arches rz-colorization

Every number is a child process of its own (`colorize_child.py`), measured by the kernel. *Cold* is
the whole process for one picture: start, imports, loading the network, decoding, colorizing,
encoding. *Warm* is one more picture in a process that has done one; `bare` decodes, runs our
network and encodes, and nothing else. The best of the repetitions is reported: everything else on
the machine only ever adds.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from rechroma.colorizer import find_model

CHILD = Path(__file__).with_name("colorize_child.py")
PICTURES = Path(__file__).with_name("pictures.py")
OURS = "rechroma colorize"
LOCAL = [OURS, "rechroma (Python)", "bare"]
PEERS = ["ECCV16", "SIGGRAPH17", "DDColor-tiny"]
MEBIBYTE = 1 << 20


@dataclass(frozen=True)
class Cost:
    """What one run of a process took."""

    cpu_s: float
    wall_s: float
    peak_mib: float


def main() -> None:
    """Measure everything and print the table."""
    options = _options()
    contenders = LOCAL + (PEERS if options.peers_python else [])
    with tempfile.TemporaryDirectory() as folder:
        results = [
            row
            for megapixels in options.megapixels
            for row in _compare(contenders, megapixels, Path(folder), options)
        ]
        folders = [
            _folder_rate(contender, Path(folder), options)
            for contender in contenders
            if contender != "bare"
        ]
    print(_table(results, folders, options))
    if options.json:
        options.json.write_text(json.dumps({"single": results, "folder": folders}, indent=1))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Colorizing: time and memory, ours and others'")
    parser.add_argument("--model", default="default", help="our model: a name or an ONNX file")
    parser.add_argument("--peers-python", type=Path, help="Python of the others' environment")
    parser.add_argument("--megapixels", type=float, nargs="+", default=[1, 12, 24])
    parser.add_argument("--folder", type=int, default=24, help="pictures of 1 MP in the folder")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", type=Path, help="write the numbers there, too")
    return parser.parse_args()


def _compare(
    contenders: list[str], megapixels: float, folder: Path, options: argparse.Namespace
) -> list[dict[str, object]]:
    picture = _picture(folder / f"{megapixels:g}.jpg", megapixels)
    rows: list[dict[str, object]] = []
    for contender in contenders:
        cold = _best(
            [_run(contender, [picture], folder, options)[0] for _ in range(options.repeats)]
        )
        # The command line is cold by nature.
        warm = None if contender == OURS else _run(contender, [picture] * 3, folder, options)[1]
        rows.append(
            {"contender": contender, "megapixels": megapixels, **asdict(cold), "warm_cpu_s": warm}
        )
    return rows


def _best(costs: list[Cost]) -> Cost:
    return Cost(
        min(cost.cpu_s for cost in costs),
        min(cost.wall_s for cost in costs),
        min(cost.peak_mib for cost in costs),
    )


def _folder_rate(contender: str, folder: Path, options: argparse.Namespace) -> dict[str, object]:
    album = folder / "album"
    album.mkdir(exist_ok=True)
    pictures = [_picture(album / f"{i:03}.jpg", 1.0) for i in range(options.folder)]
    cost, _ = _run(contender, pictures, folder, options)
    return {"contender": contender, "pictures_per_s": len(pictures) / cost.wall_s, **asdict(cost)}


def _run(
    contender: str, pictures: list[Path], folder: Path, options: argparse.Namespace
) -> tuple[Cost, float | None]:
    """Run one child on the pictures: its cost, and the CPU time of the last picture if it tells."""
    out = folder / "out"
    out.mkdir(exist_ok=True)
    command = _command(contender, pictures, out, options)
    start = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    said = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.perf_counter() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{contender} failed: {command}")
    cost = Cost(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss * 1024 / MEBIBYTE)
    return cost, json.loads(said)["last_cpu_s"] if said else None


def _command(
    contender: str, pictures: list[Path], out: Path, options: argparse.Namespace
) -> list[str]:
    paths = [str(picture) for picture in pictures]
    model = str(find_model(options.model))
    if contender == OURS:
        start = "import sys; from rechroma.cli import main; sys.exit(main())"
        flags = ["-o", f"{out}/{{name}}", "--model", model, "--overwrite", "-q"]
        return [sys.executable, "-c", start, "colorize", *paths, *flags]
    python = options.peers_python if contender in PEERS else sys.executable
    return [str(python), str(CHILD), contender, model, str(out), *paths]


def _picture(path: Path, megapixels: float) -> Path:
    if not path.exists():
        subprocess.run([sys.executable, PICTURES, path, str(megapixels)], check=True)
    return path


def _table(
    results: list[dict[str, object]],
    folders: list[dict[str, object]],
    options: argparse.Namespace,
) -> str:
    lines = [
        "| | megapixels | cold CPU s | × ours | cold wall s | peak MiB | warm CPU s |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    ours = {row["megapixels"]: row["cpu_s"] for row in results if row["contender"] == OURS}
    for row in results:
        warm = f"{row['warm_cpu_s']:.2f}" if row["warm_cpu_s"] else "–"
        lines.append(
            f"| {row['contender']} | {row['megapixels']:g} | {row['cpu_s']:.2f} "
            f"| {row['cpu_s'] / ours[row['megapixels']]:.2f} | {row['wall_s']:.2f} "
            f"| {row['peak_mib']:.0f} | {warm} |"
        )
    lines += [
        "",
        f"| folder of {options.folder} × 1 megapixel | pictures/s | CPU s per picture | peak MiB |",
        "|---|--:|--:|--:|",
    ]
    lines += [
        f"| {row['contender']} | {row['pictures_per_s']:.2f} "
        f"| {row['cpu_s'] / options.folder:.2f} | {row['peak_mib']:.0f} |"
        for row in folders
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
