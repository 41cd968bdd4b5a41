"""What the page needs in the browser: memory of its process, and bytes on the line.

    python benchmarks/page_memory.py --pictures /path/of/photographs --count 100

All pictures are added at once, then each is looked at in turn. Memory is what the system counts for
the page's own process (RSS, and PSS, which shares pages with other processes fairly), the script's
heap and the buffers beside it what Chromium says. Needs Linux, and Playwright's Chromium.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image
from playwright.sync_api import expect, sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page, Response

PATIENCE = 600_000


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


def report(page: Page, root: int, word: str) -> None:
    """Print what the page holds now."""
    inspector = page.context.new_cdp_session(page)
    heap: dict[str, Any] = inspector.send("Runtime.getHeapUsage")
    rss, pss = max(map(megabytes, own_processes(root)))
    print(
        f"{word:<28} RSS {rss:5.0f}  PSS {pss:5.0f}  heap {heap['usedSize'] / 1e6:4.0f}"
        f"  buffers {heap['backingStorageSize'] / 1e6:4.0f} MB", flush=True,
    )  # fmt: skip
    inspector.detach()


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--pictures", type=Path, default=Path("examples"))
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--megapixels", type=float, default=2.0)
    asked = parser.parse_args()
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next(filter(None, map(shutil.which, names)), None)
    with (
        tempfile.TemporaryDirectory() as folder,
        serving() as base,
        sync_playwright() as playwright,
    ):
        files = prepare(asked.pictures, Path(folder), asked.count, asked.megapixels)
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu"]
        )
        root = os.getpid()
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(PATIENCE)
        expect.set_options(timeout=PATIENCE)
        sizes: dict[str, list[int]] = {}

        def note(response: Response) -> None:
            kind = re.sub(r"/v1/sessions/[^/?]+", "…", response.url.removeprefix(base))
            if "…" in kind:
                sizes.setdefault(kind, []).append(int(response.headers.get("content-length", 0)))

        page.on("response", note)
        page.goto(base)
        page.wait_for_selector("body[data-ready]")
        report(page, root, "the page, nothing opened")
        page.locator("#chooser").set_input_files(files)
        items = page.locator(".filmstrip li")
        expect(page.locator(".filmstrip li[data-state=ready]")).to_have_count(asked.count)
        report(page, root, f"{asked.count} pictures opened")
        most = 0.0
        for number in range(asked.count):
            items.nth(number).locator(".open").click()
            page.wait_for_timeout(50)
            expect(page.locator("#color-stage .busy")).to_be_hidden()
            most = max(most, max(map(megabytes, own_processes(root)))[0])
            if number + 1 in {1, 20, 50, asked.count}:
                report(page, root, f"{number + 1} of them looked at")
        page.wait_for_timeout(10_000)
        report(page, root, "ten seconds later")
        print(f"RSS at most {most:.0f} MB")
        for kind, lengths in sorted(sizes.items()):
            print(f"{kind:<30} {len(lengths):>4} × {sum(lengths) / len(lengths) / 1e6:.3f} MB")
        browser.close()


if __name__ == "__main__":
    main()
