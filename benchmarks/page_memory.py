"""What the page needs in the browser: memory of its process, and bytes on the line.

    python benchmarks/page_memory.py --pictures /path/of/photographs --count 100

All pictures are added at once, then each is looked at in turn. Memory is what the system counts for
the page's own process (RSS, and PSS, which shares pages with other processes fairly), the script's
heap and the buffers beside it what Chromium says. Chromium is told what to do through a pipe: the
libraries that drive browsers let it keep the bodies of all answers in the page's process, as its
developer tools do, up to 100 MB that no user's page has. Needs Linux and Chromium.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE = 600
# Notes every answer of the service, as the browser itself counts it.
WATCH = """
  window.sizes = {};
  new PerformanceObserver((list) => {
    for (const { name, encodedBodySize } of list.getEntries()) {
      if (!name.includes("v1/sessions/")) continue;
      const kind = name.replace(/.*v1.sessions.[^/?]+/, "…");
      (window.sizes[kind] ??= []).push(encodedBodySize);
    }
  }).observe({ type: "resource" });
"""


def prepare(folder: Path, target: Path, count: int, megapixels: float) -> list[Path]:
    """Write `count` gray JPEGs of about so many megapixels."""
    found = sorted(path for path in folder.rglob("*") if path.suffix in {".jpg", ".webp", ".png"})
    paths = []
    for number in range(count):
        picture = Image.open(found[number % len(found)]).convert("L")
        scale = (megapixels * 1e6 / (picture.width * picture.height)) ** 0.5
        picture = picture.resize((round(picture.width * scale), round(picture.height * scale)))
        paths.append(target / f"{number:04}.jpg")
        picture.save(paths[-1], quality=88)
    return paths


@contextmanager
def serving() -> Iterator[str]:
    """Run the service; gives its address."""
    command = [sys.executable, "-m", "rechroma", "serve", "--port", "0", "--no-browser"]
    with subprocess.Popen(
        [*command, "--workers", "1"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            for line in process.stdout or ():
                if found := re.search(r"http://[\w.:]+", line):
                    yield found[0]
                    return
            raise SystemExit("the service does not start")
        finally:
            process.terminate()


def own_processes(root: int) -> list[int]:
    """Return the processes that show pages, of all below this one."""
    listed = subprocess.run(
        ["ps", "-eo", "pid=,ppid=,args="],  # noqa: S607
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    rows = [line.split(None, 2) for line in listed.stdout.splitlines()]
    below = {root}
    for _ in range(6):
        below |= {int(pid) for pid, parent, _ in rows if int(parent) in below}
    return [int(pid) for pid, _, args in rows if int(pid) in below and "--type=renderer" in args]


def megabytes(pid: int) -> tuple[float, float]:
    """Return a process's RSS and PSS."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return tuple(
        int(re.search(rf"^{key}:\s+(\d+)", text, re.M)[1]) / 1024 for key in ("Rss", "Pss")
    )


class Page:
    """A page of a browser, which is told what to do through a pipe: Chromium's own protocol."""

    def __init__(self, process: subprocess.Popen[bytes], out: int, back: int) -> None:
        self.process = process
        self._out = os.fdopen(out, "wb", buffering=0)
        self._back = os.fdopen(back, "rb", buffering=0)
        self._rest = b""
        self._numbers = itertools.count(1)
        self._session: str | None = None
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        found = self.ask("Target.attachToTarget", targetId=target, flatten=True)
        self._session = found["sessionId"]

    def ask(self, method: str, **parameters: object) -> dict[str, Any]:
        """Ask the browser, or its page once there is one, and wait for the answer."""
        number = next(self._numbers)
        asked = {"id": number, "method": method, "params": parameters}
        if self._session:
            asked["sessionId"] = self._session
        self._out.write(json.dumps(asked).encode() + b"\0")
        while True:
            answer = self._message()
            if answer.get("id") == number:
                if "error" in answer:
                    raise SystemExit(f"{method}: {answer['error']}")
                return answer["result"]

    def _message(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            self._rest += self._back.read(1 << 16)
        message, _, self._rest = self._rest.partition(b"\0")
        return json.loads(message)

    def run(self, script: str) -> object:
        """Run a script in the page; returns its value."""
        told = self.ask("Runtime.evaluate", expression=script, returnByValue=True)
        if "exceptionDetails" in told:
            raise SystemExit(f"{script}: {told['exceptionDetails']}")
        return told["result"].get("value")

    def until(self, script: str) -> None:
        """Wait until a script says yes."""
        end = time.monotonic() + PATIENCE
        while not self.run(script):
            if time.monotonic() > end:
                raise SystemExit(f"this does not happen: {script}")
            time.sleep(0.05)

    def choose(self, selector: str, files: list[Path]) -> None:
        """Choose files in a field."""
        root = self.ask("DOM.getDocument")["root"]["nodeId"]
        node = self.ask("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.ask("DOM.setFileInputFiles", nodeId=node, files=[str(path) for path in files])


@contextmanager
def browsing(folder: Path) -> Iterator[Page]:
    """Run Chromium with a profile of its own."""
    names = ("chromium", "chromium-browser", "google-chrome")
    program = next(filter(None, map(shutil.which, names)), None)
    if program is None:
        raise SystemExit("there is no Chromium")
    (their_in, out), (back, their_out) = os.pipe(), os.pipe()
    # Chromium reads what it is told from number 3, and answers to number 4.
    wiring = f'exec 3<&{their_in} 4>&{their_out}; exec "$0" "$@"'
    options = (
        "--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe", "--no-first-run",
        "--window-size=1280,900", f"--user-data-dir={folder}",
    )  # fmt: skip
    with subprocess.Popen(
        ["/bin/bash", "-c", wiring, program, *options],
        pass_fds=(their_in, their_out), stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        os.close(their_in)
        os.close(their_out)
        try:
            yield Page(process, out, back)
        finally:
            process.terminate()


def report(page: Page, word: str) -> None:
    """Print what the page holds now."""
    heap = page.ask("Runtime.getHeapUsage")
    rss, pss = max(map(megabytes, own_processes(page.process.pid)))
    print(
        f"{word:<28} RSS {rss:5.0f}  PSS {pss:5.0f}  heap {heap['usedSize'] / 1e6:4.0f}"
        f"  buffers {heap['backingStorageSize'] / 1e6:4.0f} MB", flush=True,
    )  # fmt: skip


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--pictures", type=Path, default=Path("examples"))
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--megapixels", type=float, default=2.0)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, serving() as base:
        files = prepare(asked.pictures, Path(folder), asked.count, asked.megapixels)
        with browsing(Path(folder, "profile")) as page:
            measure(page, base, files)


def measure(page: Page, base: str, files: list[Path]) -> None:
    """Open all files, look at each, and print what the page holds."""
    count = len(files)
    page.ask("Page.enable")
    page.ask("Page.addScriptToEvaluateOnNewDocument", source=WATCH)
    page.ask("Page.navigate", url=base)
    page.until("Boolean(document.body?.dataset.ready)")
    report(page, "the page, nothing opened")
    page.choose("#chooser", files)
    opened = "document.querySelectorAll('.filmstrip li[data-state=ready]').length"
    page.until(f"{opened} === {count}")
    report(page, f"{count} pictures opened")
    most = 0.0
    for number in range(count):
        page.run(f"document.querySelectorAll('.filmstrip .open')[{number}].click()")
        time.sleep(0.05)
        page.until("document.querySelector('#color-stage .busy').hidden")
        most = max(most, max(map(megabytes, own_processes(page.process.pid)))[0])
        if number + 1 in {1, 20, 50, count}:
            report(page, f"{number + 1} of them looked at")
    time.sleep(10)
    report(page, "ten seconds later")
    print(f"RSS at most {most:.0f} MB")
    sizes = page.run("window.sizes")
    for kind, lengths in sorted(sizes.items()):
        print(f"{kind:<30} {len(lengths):>4} × {sum(lengths) / len(lengths) / 1e6:.3f} MB")


if __name__ == "__main__":
    main()
