"""Runs on a cluster, measured on this machine: `python benchmarks/cluster.py PART…`.

scaling    one worker on one core and two on two, on pictures of one megapixel
overhead   the same pictures by `rechroma colorize FOLDER`, at equal cores
memory     10² … 10⁵ small pictures: seconds a picture, and the driver's memory (--most N)
listing    names alone, up to 10⁷ (--names N): the driver's memory
kills      kill -9 of a worker, a raylet and the driver at random moments (--moments N)
archive    hours and price of 10⁷ scans, from the seconds a picture that `overhead` has found

Times are those of a picture, without the start of Ray: two runs of different length, and their
difference; what the start takes is told apart. Of several rounds (--rounds N) the least counts, and
what is compared is run in turns. CPU seconds count every process that a run has started.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

EXAMPLES = Path(__file__).parents[1] / "examples"
COMMAND = [sys.executable, "-c", "import sys, rechroma.cli; sys.exit(rechroma.cli.main())"]
# Of a virtual core of a common cloud machine, in US dollars an hour; spot prices are a third.
PRICE = 0.045
SUBREAPER = 36


@dataclass(frozen=True)
class Cost:
    """What a command took: wall and CPU seconds, and its first process's peak memory in MiB."""

    wall: float
    cpu: float
    peak: float


def run(*arguments: str, cores: set[int] | None = None) -> Cost:
    """Run a command and everything that it starts to the end, on some cores alone."""
    # Ray's processes outlive their parents, and are ours then.
    ctypes.CDLL(None).prctl(SUBREAPER, 1)
    start = time.perf_counter()
    usual = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores or usual)
    process = subprocess.Popen([*COMMAND, *arguments, "-q"])
    os.sched_setaffinity(0, usual)
    peak, ticks = 0.0, {}
    while process.poll() is None:
        peak = max(peak, peak_memory(process.pid))
        ticks |= ticks_below(os.getpid())
        time.sleep(0.2)
    wall = time.perf_counter() - start
    assert process.returncode == 0, arguments
    ticks |= ticks_below(os.getpid())
    with contextlib.suppress(ChildProcessError):
        while True:
            os.wait()
    return Cost(wall, sum(ticks.values()) / os.sysconf("SC_CLK_TCK"), peak)


def ticks_below(parent: int) -> dict[tuple[int, int], int]:
    """Return the CPU time of all processes below one, by their numbers and starts."""
    found: dict[int, tuple[int, int, int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            # The name, which may hold anything, ends with the last parenthesis.
            words = path.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            ticks = int(words[11]) + int(words[12])
            found[int(path.parent.name)] = int(words[1]), int(words[19]), ticks
    below, waiting = {}, [parent]
    while waiting:
        above = waiting.pop()
        for number, (its_parent, began, ticks) in found.items():
            if its_parent == above:
                below[number, began] = ticks
                waiting.append(number)
    return below


def peak_memory(pid: int) -> float:
    """Return the most memory that a process has had, in MiB."""
    try:
        text = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return 0.0
    lines = [line for line in text.splitlines() if line.startswith("VmHWM")]
    return int(lines[0].split()[1]) / 1024 if lines else 0.0


def megapixels(folder: Path, count: int) -> Path:
    """Make pictures of one megapixel, all different."""
    folder.mkdir()
    with Image.open(EXAMPLES / "louis-armstrong-1946.jpg") as opened:
        source = opened.convert("L").resize((1250, 800))
    for number in range(count):
        source.rotate(number % 7).save(folder / f"{number:05d}.jpg", quality=90 - number % 5)
    return folder


def small_pictures(folder: Path, count: int) -> Path:
    """Make pictures of 48 × 32 pixels, a thousand to a folder."""
    rng = np.random.default_rng(0)
    for number in range(count):
        place = folder / f"{number // 1000:05d}"
        place.mkdir(parents=True, exist_ok=True)
        pixels = rng.integers(0, 256, (32, 48, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(place / f"{number % 1000:03d}.png")
    return folder


@dataclass(frozen=True)
class Share:
    """What a picture takes, and what the start does: wall and CPU seconds."""

    wall: float
    cpu: float
    start_wall: float
    start_cpu: float


def shares(
    folder: Path,
    counts: tuple[int, int],
    rounds: int,
    *commands: tuple[str, ...],
    cores: set[int] | None = None,
) -> list[Share]:
    """Return what pictures and starts take, of some commands in turns."""
    costs: dict[tuple[int, int], list[Cost]] = {}
    for _ in range(rounds):
        for count in counts:
            for number, command in enumerate(commands):
                costs.setdefault((number, count), []).append(once_on(folder, count, command, cores))
    found: list[Share] = []
    for number in range(len(commands)):
        walls, cpus = (
            [min(getattr(cost, name) for cost in costs[number, count]) for count in counts]
            for name in ("wall", "cpu")
        )
        more = counts[1] - counts[0]
        wall, cpu = (walls[1] - walls[0]) / more, (cpus[1] - cpus[0]) / more
        found.append(Share(wall, cpu, walls[0] - counts[0] * wall, cpus[0] - counts[0] * cpu))
    return found


def once_on(folder: Path, count: int, command: tuple[str, ...], cores: set[int] | None) -> Cost:
    """Run a command once on the first pictures of a folder."""
    with tempfile.TemporaryDirectory() as work:
        source = Path(work, "in")
        source.mkdir()
        for path in sorted(folder.iterdir())[:count]:
            os.link(path, source / path.name)
        words = (each.format(source=source, out=Path(work, "out")) for each in command)
        return run(*words, cores=cores)


def bulk(workers: int) -> tuple[str, ...]:
    """Return the command with so many workers."""
    return ("bulk", "colorize", "{source}", "{out}", "--workers", str(workers))


def scaling(work: Path, counts: tuple[int, int], rounds: int) -> None:
    """Print the throughput of one worker and of two, all that a run starts on as many cores."""
    folder = megapixels(work / "scaling", counts[1])
    first, second, *_ = sorted(os.sched_getaffinity(0))
    (one,) = shares(folder, counts, rounds, bulk(1), cores={first})
    (two,) = shares(folder, counts, rounds, bulk(2), cores={first, second})
    print(
        f"1 worker: {1 / one.wall:.2f} pictures/s; 2 workers: {1 / two.wall:.2f}; "
        f"ratio {one.wall / two.wall:.2f}"
    )


def overhead(work: Path, counts: tuple[int, int], rounds: int) -> float:
    """Print what a picture costs here and there, and return a bulk run's CPU seconds."""
    folder = megapixels(work / "overhead", counts[1])
    cores = len(os.sched_getaffinity(0))
    usual = ("colorize", "{source}", "-o", "{out}/", "--jobs", str(cores))
    here, ours = shares(folder, counts, rounds, usual, bulk(cores))
    print("| a picture of one megapixel | wall s | CPU s | start, wall s | start, CPU s |")
    print("|---|--:|--:|--:|--:|")
    for name, each in ((f"colorize FOLDER, {cores} jobs", here), (f"bulk, {cores} workers", ours)):
        print(
            f"| {name} | {each.wall:.3f} | {each.cpu:.3f} | {each.start_wall:.1f} | "
            f"{each.start_cpu:.1f} |"
        )
    print(f"| overhead | {ours.wall / here.wall - 1:+.1%} | {ours.cpu / here.cpu - 1:+.1%} | | |")
    return ours.cpu


def memory(work: Path, most: int) -> None:
    """Print what small pictures take, by their number."""
    look = work / "look.cube"
    corners = [(r, g, b) for b in (0, 1) for g in (0, 1) for r in (0, 1)]
    rows = "\n".join(f"{r} {g * 0.9} {b * 0.8}" for r, g, b in corners)
    look.write_text(f"LUT_3D_SIZE 2\n{rows}\n")
    print(
        "| pictures | wall s a picture | CPU s a picture | driver's peak MiB |\n|--:|--:|--:|--:|"
    )
    count = 100
    while count <= most:
        folder = small_pictures(work / f"small-{count}", count)
        cost = run("bulk", "apply", str(look), str(folder), str(work / f"looks-{count}"))
        print(
            f"| {count:,} | {cost.wall / count:.4f} | {cost.cpu / count:.4f} | {cost.peak:.0f} |",
            flush=True,
        )
        shutil.rmtree(folder)
        shutil.rmtree(work / f"looks-{count}")
        count *= 10


def listing(names: int) -> None:
    """Judge names that no store has: what a driver keeps of them."""
    from rechroma.cluster.index import Index
    from rechroma.cluster.items import Item
    from rechroma.cluster.stores import LocalStore

    print("| names | driver's peak MiB | CPU s | MiB on disk |\n|--:|--:|--:|--:|")
    store, start, next_line = LocalStore(Path("/nowhere")), time.process_time(), 1000
    with Index() as index:
        for number in range(names + 1):
            item = Item(
                "s3://archive", f"box-{number % 997}/{number}.tif", f"{number}.tif", str(number)
            )
            index.judge(item, "signature", store, again=False, retry=False)
            if number == next_line:
                next_line *= 10
                took = time.process_time() - start
                disk = sum(path.stat().st_size for path in Path(index.folder).iterdir()) / (1 << 20)
                print(
                    f"| {number:,} | {peak_memory(os.getpid()):.0f} | {took:.1f} | {disk:.0f} |",
                    flush=True,
                )


def kills(work: Path, moments: int, pictures: int) -> None:
    """Kill something at random moments, run again until nothing is left, and compare."""
    from ray.cluster_utils import Cluster

    os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "RAY_worker_niceness": "0"}
    folder = megapixels(work / "kills", pictures)
    run("bulk", "colorize", str(folder), str(work / "undisturbed"))
    undisturbed = results(work / "undisturbed")
    small = {"object_store_memory": 80 << 20, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, **small})
    for _ in range(2):
        cluster.add_node(num_cpus=1, object_store_memory=80 << 20)
    rng = random.Random(0)  # noqa: S311 (moments)
    for victim in ("worker", "raylet", "driver"):
        good = 0
        for moment in range(moments):
            out = work / f"{victim}-{moment}"
            command = [*COMMAND, "bulk", "colorize", str(folder), str(out), "--address",
                       cluster.address, "-q"]  # fmt: skip
            disturbed(command, out, victim, cluster, rng.uniform(0, 4))
            assert all(undisturbed[name] == content for name, content in results(out).items())
            again = subprocess.run(command, check=False)
            good += again.returncode == 0 and results(out) == undisturbed and once(out, undisturbed)
        print(
            f"kill -9 of a {victim}: {good} of {moments} with every item once and equal bytes",
            flush=True,
        )
    cluster.shutdown()


def disturbed(command: list[str], out: Path, victim: str, cluster: object, seconds: float) -> None:
    """Run a command, and kill something some seconds after its first result."""
    driver = subprocess.Popen(command)
    wait_until(lambda: len(results(out)) >= 1 or driver.poll() is not None)
    time.sleep(seconds)
    kill(victim, driver, cluster)
    driver.wait()


def kill(victim: str, driver: subprocess.Popen[bytes], cluster: object) -> None:
    """Kill a process of a run, as the kernel does it."""
    if victim == "driver":
        driver.kill()
    elif victim == "worker":
        pids = [path.parent for path in Path("/proc").glob("[0-9]*/cmdline") if is_worker(path)]
        if pids:
            os.kill(int(pids[0].name), signal.SIGKILL)
    else:
        node = cluster.worker_nodes.copy().pop()
        node.all_processes["raylet"][0].process.send_signal(signal.SIGKILL)
        cluster.remove_node(node, allow_graceful=False)
        cluster.add_node(num_cpus=1, object_store_memory=80 << 20)


def is_worker(path: Path) -> bool:
    """Tell whether a process is a worker of ours, which Ray calls by its class."""
    try:
        return path.read_bytes().startswith(b"ray::Worker")
    except OSError:
        return False


def wait_until(condition) -> None:  # noqa: ANN001
    """Wait for a condition."""
    while not condition():
        time.sleep(0.05)


def results(folder: Path) -> dict[str, bytes]:
    """Return the results in a folder: name → bytes."""
    return {path.name: path.read_bytes() for path in folder.glob("*.jpg")}


def once(folder: Path, names: dict[str, bytes]) -> bool:
    """Tell whether the ledger has one row for each name, and no other."""
    import pyarrow.dataset as ds

    rows = (
        ds.dataset(folder / "_rechroma/ledger")
        .to_table(columns=["output_name", "status"])
        .to_pylist()
    )
    return len(rows) == len(names) and {row["output_name"] for row in rows} == set(names)


def archive(seconds: float) -> None:
    """Say what ten million scans cost on 100 machines of 16 cores."""
    scans, cores = 10_000_000, 100 * 16
    core_hours = scans * seconds / 3600
    hours = core_hours / cores
    print(
        f"10⁷ scans × {seconds:.3f} CPU s = {core_hours:,.0f} core hours; on {cores:,} cores "
        f"{hours:.2f} h; at ${PRICE} a core hour ${core_hours * PRICE:,.0f}"
    )


def main() -> None:
    """Measure the parts that are asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("parts", nargs="+", choices=["scaling", "overhead", "memory", "listing",
                                                     "kills", "archive"])  # fmt: skip
    parser.add_argument("--short", type=int, default=40)
    parser.add_argument("--long", type=int, default=240)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--most", type=int, default=100_000)
    parser.add_argument("--names", type=int, default=10_000_000)
    parser.add_argument("--moments", type=int, default=10)
    parser.add_argument("--pictures", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=0.0, help="a picture, for archive alone")
    chosen = parser.parse_args()
    seconds = chosen.seconds
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        if "scaling" in chosen.parts:
            scaling(work, (chosen.short, chosen.long), chosen.rounds)
        if "overhead" in chosen.parts:
            seconds = overhead(work, (chosen.short, chosen.long), chosen.rounds)
        if "memory" in chosen.parts:
            memory(work, chosen.most)
        if "listing" in chosen.parts:
            listing(chosen.names)
        if "kills" in chosen.parts:
            kills(work, chosen.moments, chosen.pictures)
        if "archive" in chosen.parts:
            archive(seconds)


if __name__ == "__main__":
    main()
