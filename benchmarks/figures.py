"""Makes the pictures of the README again, after a new model or a change of the page.

    python benchmarks/figures.py --out docs/images

`before-after.jpg` shows three of the examples and their results, `looks.jpg` one of them in the
looks of the package; `page-color.jpg` and `page-mood.jpg` are the page in a browser. Look at them
before they are committed.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
from PIL import Image
from playwright.sync_api import sync_playwright
from skimage import data

import rechroma
from rechroma.evaluation.figure import tile_sheet
from rechroma.mood.named_looks import NAMED_LOOKS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

EXAMPLES = Path(__file__).parents[1] / "examples"
SHOWN = ("buffalo-savings-bank-1908", "pea-pickers-nipomo-1936", "saratoga-springs-broadway-1900s")
PORTRAIT, TARGET = SHOWN[1:]
HEIGHT, GAP = 300, 6
SCREEN = {"width": 1280, "height": 860}
# Where the color spot is placed, as shares of the picture's sides: on the jacket.
SPOT = (0.72, 0.72)


def before_after(target: Path, results: Path) -> None:
    """Write examples and results side by side, all of one height."""
    row: list[Image.Image] = []
    for name in SHOWN:
        for path in (EXAMPLES / f"{name}.jpg", results / f"{name}.jpg"):
            picture = Image.open(path).convert("RGB")
            size = (round(picture.width * HEIGHT / picture.height), HEIGHT)
            row.append(picture.resize(size, Image.Resampling.LANCZOS))
    width = sum(each.width for each in row) + GAP * (len(row) - 1)
    sheet = Image.new("RGB", (width, HEIGHT), "white")
    left = 0
    for each in row:
        sheet.paste(each, (left, 0))
        left += each.width + GAP
    sheet.save(target, quality=92)


def looks(target: Path, photograph: Path) -> None:
    """Write a photograph in each look of the package."""
    photo = rechroma.read(photograph)
    shown = [photo, *(rechroma.Look.load(name).apply(photo) for name in NAMED_LOOKS)]
    tiles = [each.to_uint8() for each in shown]
    tile_sheet(tiles, ["without", *NAMED_LOOKS], height=230).save(target, quality=85)


@contextmanager
def page() -> Iterator[Page]:
    """Start the service and a browser, and open the page."""
    command = [sys.executable, "-m", "rechroma", "serve", "--port", "0", "--no-browser"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as service:
        try:
            base = re.search(r"http://[^/]+", service.stderr.readline())[0]
            while httpx.get(f"{base}/readyz").status_code != 200:
                time.sleep(0.1)
            # Where the system has no Chromium, None takes the one that Playwright has installed.
            found = shutil.which("chromium") or shutil.which("google-chrome")
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
                opened = browser.new_page(viewport=SCREEN)
                opened.goto(base)
                opened.wait_for_selector("body[data-ready]")
                yield opened
                browser.close()
        finally:
            service.terminate()


def shoot(opened: Page, target: Path) -> None:
    """Write what the window shows, once nothing moves and nothing is awaited."""
    opened.wait_for_load_state("networkidle")
    opened.wait_for_timeout(1500)
    opened.screenshot(path=target, type="jpeg", quality=92)


def page_color(opened: Page, target: Path) -> None:
    """Color the sample with the trumpet, and ask for a spot's likely colors."""
    opened.get_by_role("button", name=re.compile("Louis Armstrong")).click()
    opened.locator(".answers button").nth(4).wait_for()
    box = opened.locator("#color-stage .world").bounding_box()
    opened.mouse.click(box["x"] + SPOT[0] * box["width"], box["y"] + SPOT[1] * box["height"])
    opened.locator(".popover button").nth(3).wait_for()
    shoot(opened, target)


def page_mood(opened: Page, target: Path, source: Path, photograph: Path) -> None:
    """Give one photograph the mood of another."""
    opened.goto(f"{opened.url.partition('#')[0]}#mood")
    for role, path in (("source", source), ("target", photograph)):
        with opened.expect_file_chooser() as chooser:
            opened.locator(f"[data-take={role}] button").first.click()
        chooser.value.set_files(path)
        opened.locator(f"[data-take={role}]").get_by_text(path.name).wait_for()
    opened.locator("#mood-stage .busy").wait_for(state="hidden")
    opened.locator(".method img[src^=blob]").nth(5).wait_for()
    shoot(opened, target)


def main() -> None:
    """Write the pictures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("docs/images"))
    out = parser.parse_args().out
    with tempfile.TemporaryDirectory() as name:
        results = Path(name)
        for shown in SHOWN:
            rechroma.colorize(EXAMPLES / f"{shown}.jpg").save(results / f"{shown}.jpg")
        before_after(out / "before-after.jpg", results)
        looks(out / "looks.jpg", results / f"{PORTRAIT}.jpg")
        coffee = results / "coffee.png"
        Image.fromarray(data.coffee()).save(coffee)
        with page() as opened:
            page_color(opened, out / "page-color.jpg")
            page_mood(opened, out / "page-mood.jpg", coffee, results / f"{TARGET}.jpg")


if __name__ == "__main__":
    main()
