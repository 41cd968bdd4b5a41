"""The service under load beside the command line on a folder: the same pictures, one run.

    python benchmarks/service.py --pictures examples --requests 200 --concurrency 16
    python benchmarks/service.py --requests 200 --against ../older/src
    python benchmarks/service.py --requests 20 --megapixels 12
    python benchmarks/service.py half-open --connections 1500

Every answer is checked: of all pictures that were sent, its own has the nearest lightness. An older
version, given by the folder that its package is in, takes turns with this one.
"""

from __future__ import annotations

import argparse
import io
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import numpy as np
from PIL import Image

from rechroma.photo.samples import block_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

# Answers are compared in blocks of so many pixels: JPEG's rounding is not seen any more.
BLOCK = 16
MEGAPIXEL = (1152, 868)
ROUNDS = 2


def prepare(folder: Path, target: Path, count: int, megapixels: float) -> list[bytes]:
    """Write `count` different pictures of so many megapixels, and return their bytes."""
    size = tuple(round(side * megapixels**0.5) for side in MEGAPIXEL)
    originals = [Image.open(path).convert("L") for path in sorted(folder.glob("*.jpg"))]
    pictures = []
    for number in range(count):
        picture = originals[number % len(originals)].resize(size)
        # No two are alike: each has another brightness.
        gain = 0.6 + 0.4 * number / count
        file = io.BytesIO()
        picture.point([round(gain * value) for value in range(256)]).save(file, "JPEG", quality=90)
        pictures.append(file.getvalue())
        (target / f"{number:04}.jpg").write_bytes(file.getvalue())
    return pictures


def command_line(folder: Path, out: Path) -> float:
    """Return the seconds of `rechroma colorize` on the folder."""
    start = time.perf_counter()
    command = [sys.executable, "-m", "rechroma", "colorize", str(folder), "-o", str(out), "-q"]
    subprocess.run(command, check=True)
    return time.perf_counter() - start


def memory(process: subprocess.Popen[str]) -> float:
    """Return the megabytes that the service and its workers hold."""
    pid = str(process.pid)
    listed = subprocess.run(
        ["ps", "-o", "rss=", "-p", pid, "--ppid", pid],  # noqa: S607
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return sum(map(int, listed.stdout.split())) / 1024


def seen(data: bytes) -> NDArray[np.float32]:
    """Return the luma of a picture, which a gray JPEG keeps, in blocks, as one row; 0…100."""
    luma = Image.open(io.BytesIO(data)).convert("L")
    return block_mean(np.asarray(luma, np.float32)[..., None] / 2.55, BLOCK).ravel()


def are_own(answers: list[bytes], pictures: list[bytes]) -> bool:
    """Tell whether each answer is nearer to its own picture than to all others, and near enough.

    Pictures of one original differ by a hundredth in brightness alone: being near says little.
    """
    sent = np.stack([seen(each) for each in pictures])
    for number, answer in enumerate(answers):
        apart = np.abs(sent - seen(answer)).mean(1)
        if apart.argmin() != number or apart[number] >= 1:
            return False
    return True


@contextmanager
def serving(package: Path | None) -> Iterator[tuple[subprocess.Popen[str], httpx.Client]]:
    """Run the service of this version, or of the one in a folder; yields it, and a client."""
    command = [sys.executable, "-m", "rechroma", "serve", "--port", "0", "--no-browser"]
    path = {} if package is None else {"PYTHONPATH": str(package.resolve())}
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env={**os.environ, **path}
    )
    base = re.search(r"http://\S+", process.stderr.readline())[0]
    try:
        with httpx.Client(
            base_url=base, timeout=300, limits=httpx.Limits(max_connections=64)
        ) as client:
            while client.get("/readyz").status_code != 200:
                time.sleep(0.1)
            yield process, client
    finally:
        process.terminate()
        process.wait()


def service(
    pictures: list[bytes], concurrency: int, package: Path | None = None
) -> tuple[float, list[float], float]:
    """Return seconds of all, seconds of each, and the peak memory in megabytes."""
    with serving(package) as (process, client):

        def one(sent: bytes) -> tuple[float, bytes]:
            start = time.perf_counter()
            answer = client.post("/v1/colorize", files={"picture": ("a.jpg", sent)})
            assert answer.status_code == 200, answer.text
            return time.perf_counter() - start, answer.content

        for sent in pictures[:4]:
            one(sent)
        peak, done = [0.0], threading.Event()

        def watch() -> None:
            while not done.wait(0.2):
                peak[0] = max(peak[0], memory(process))

        watcher = threading.Thread(target=watch)
        watcher.start()
        start = time.perf_counter()
        with ThreadPoolExecutor(concurrency) as pool:
            answers = list(pool.map(one, pictures))
        total = time.perf_counter() - start
        done.set()
        watcher.join()
    assert are_own([got for _, got in answers], pictures)
    return total, [seconds for seconds, _ in answers], peak[0]


def half_open(count: int) -> None:
    """Print how long the page takes while so many connections have sent half of a request."""
    with serving(None) as (process, client):
        port = client.base_url.port

        def page() -> float:
            start = time.perf_counter()
            with socket.create_connection(("127.0.0.1", port)) as line:
                line.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                answer = b"".join(iter(lambda: line.recv(1 << 16), b""))
            assert answer.startswith(b"HTTP/1.1 200")
            return 1000 * (time.perf_counter() - start)

        quiet = [page() for _ in range(5)]
        before, held = processor_seconds(process), []
        for _ in range(count):
            held.append(socket.create_connection(("127.0.0.1", port)))
            held[-1].sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n")
        first = page()
        took = processor_seconds(process) - before
        then = [page() for _ in range(5)]
    print(f"the page, nobody else there   {statistics.median(quiet):6.1f} ms")
    print(f"just after {count} half requests {first:6.1f} ms; the server's own processor time for "
          f"all of them {1000 * took:.0f} ms")  # fmt: skip
    print(f"then                          {statistics.median(then):6.1f} ms")


def processor_seconds(process: subprocess.Popen[str]) -> float:
    """Return the processor time of the server itself, without its workers."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", nargs="?", choices=["load", "half-open"], default="load")
    parser.add_argument("--pictures", type=Path, default=Path("examples"))
    parser.add_argument("--requests", type=int, default=200)
    parser.add_argument("--concurrency", type=int, default=16)
    parser.add_argument("--megapixels", type=float, default=1.0)
    parser.add_argument("--against", type=Path, help="the folder of an older rechroma package")
    parser.add_argument("--connections", type=int, default=1500)
    given = parser.parse_args()
    if given.what == "half-open":
        half_open(given.connections)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "in")
        folder.mkdir()
        pictures = prepare(given.pictures, folder, given.requests, given.megapixels)
        print(f"{os.cpu_count()} cores, {given.requests} requests of {given.megapixels:g} "
              f"megapixels (JPEG), {given.concurrency} at a time")  # fmt: skip
        if given.against is None:
            beside_the_command_line(pictures, given.concurrency, folder)
        else:
            beside_another(pictures, given.concurrency, given.against)
    print("every answer is nearest to its own picture's luma")


def beside_the_command_line(pictures: list[bytes], concurrency: int, folder: Path) -> None:
    """Print the service's speed and the command line's on the same pictures."""
    alone = [command_line(folder, folder.with_name("a"))]
    measured = service(pictures, concurrency)
    alone.append(command_line(folder, folder.with_name("b")))
    rate = len(pictures) / statistics.mean(alone)
    print(f"command line on the folder   {rate:6.1f} pictures/s")
    tell("service", len(pictures), measured)
    print(f"service over command line    {len(pictures) / measured[0] / rate:.2f} x")


def beside_another(pictures: list[bytes], concurrency: int, package: Path) -> None:
    """Print this version's speed and an older one's, in turns, each the better of its rounds."""
    best: dict[str, tuple[float, list[float], float]] = {}
    for number in range(2 * ROUNDS):
        # Old, new, new, old: what the machine does meanwhile is shared.
        word = "older" if number % 4 in (0, 3) else "this one"
        measured = service(pictures, concurrency, package if word == "older" else None)
        best[word] = min(best.get(word, measured), measured)
    for word in ("older", "this one"):
        tell(word, len(pictures), best[word])
    print(f"this one over the older      {best['older'][0] / best['this one'][0]:.2f} x")


def tell(word: str, count: int, measured: tuple[float, list[float], float]) -> None:
    """Print a service's speed."""
    total, each, peak = measured
    half, most = (1000 * np.quantile(each, part) for part in (0.5, 0.99))
    print(f"{word:<28} {count / total:6.1f} pictures/s   p50 {half:.0f} ms, p99 {most:.0f} ms, "
          f"{peak:.0f} MB at most")  # fmt: skip


if __name__ == "__main__":
    main()
