"""The service under load beside the command line on a folder: the same pictures, one run.

    python benchmarks/service.py --pictures examples --requests 200 --concurrency 16

Every answer is checked: of all pictures that were sent, its own has the nearest lightness.
"""

from __future__ import annotations

import argparse
import io
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import numpy as np
from PIL import Image

from rechroma.color import lightness
from rechroma.photo import read
from rechroma.photo.samples import block_mean

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Answers are compared in blocks of so many pixels: JPEG's rounding is not seen any more.
BLOCK = 16
MEGAPIXEL = (1152, 868)


def prepare(folder: Path, target: Path, count: int) -> list[bytes]:
    """Write `count` different pictures of one megapixel, and return their bytes."""
    originals = [Image.open(path).convert("L") for path in sorted(folder.glob("*.jpg"))]
    pictures = []
    for number in range(count):
        picture = originals[number % len(originals)].resize(MEGAPIXEL)
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
    """Return the lightness of a picture, in blocks, as one row."""
    return block_mean(lightness(read(data).pixels)[..., None], BLOCK).ravel()


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


def service(pictures: list[bytes], concurrency: int) -> tuple[float, list[float], float]:
    """Return seconds of all, seconds of each, and the peak memory in megabytes."""
    command = [sys.executable, "-m", "rechroma", "serve", "--port", "0", "--no-browser"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    base = re.search(r"http://\S+", process.stderr.readline())[0]
    with httpx.Client(
        base_url=base, timeout=300, limits=httpx.Limits(max_connections=64)
    ) as client:
        while client.get("/readyz").status_code != 200:
            time.sleep(0.1)

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
    process.terminate()
    process.wait()
    assert are_own([got for _, got in answers], pictures)
    return total, [seconds for seconds, _ in answers], peak[0]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=Path, default=Path("examples"))
    parser.add_argument("--requests", type=int, default=200)
    parser.add_argument("--concurrency", type=int, default=16)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "in")
        folder.mkdir()
        pictures = prepare(given.pictures, folder, given.requests)
        alone = [command_line(folder, Path(name, "a"))]
        total, each, peak = service(pictures, given.concurrency)
        alone.append(command_line(folder, Path(name, "b")))
    folder_rate = given.requests / statistics.mean(alone)
    rate = given.requests / total
    print(f"{os.cpu_count()} cores, {given.requests} requests of 1 megapixel (JPEG), "
          f"{given.concurrency} at a time")  # fmt: skip
    print(f"command line on the folder   {folder_rate:6.1f} pictures/s")
    print(f"service                      {rate:6.1f} pictures/s   {rate / folder_rate:.2f} x")
    print(f"latency                      p50 {1000 * np.quantile(each, 0.5):.0f} ms, "
          f"p99 {1000 * np.quantile(each, 0.99):.0f} ms")  # fmt: skip
    print(f"memory of service + workers  {peak:.0f} MB at most")
    print("every answer is nearest to its own picture's lightness")


if __name__ == "__main__":
    main()
