"""Pictures that show what commands of the pages do, made from `examples/`."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

import rechroma

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sphinx.application import Sphinx

__all__ = ["make_gallery", "make_tutorial"]

# As in the tutorial and in the guides.
_HINTS = (rechroma.Hint(650, 560, "#6b4a2f"), rechroma.Hint(548, 425, "#7a2230"))
_SWATCHES = (
    rechroma.Swatch((560, 160, 200, 80), (195, 40, 30, 40)),
    rechroma.Swatch((20, 370, 70, 80), (260, 70, 90, 70)),
    rechroma.Swatch((400, 520, 60, 60), (307, 494, 150, 60)),
)
_GAP = 6


def make_gallery(app: Sphinx) -> None:
    """Write `docs/gallery/`, which git ignores: every example, gray and in color."""
    folder, examples = Path(app.srcdir, "gallery"), Path(app.srcdir).parent / "examples"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    colorizer = rechroma.Colorizer()
    lines: list[str] = []
    for file in sorted(examples.glob("*.jpg")):
        photo = rechroma.read(file)
        _beside([photo, colorizer.colorize(photo)], 640, folder / file.name)
        lines.append(f"![{file.stem.replace('-', ' ')}](gallery/{file.name})\n")
    (folder / "all.txt").write_text("\n".join(lines), encoding="utf-8")


def make_tutorial(examples: Path, folder: Path) -> None:
    """Write the pictures of the tutorial and the guides: what their commands make."""
    colorizer = rechroma.Colorizer()
    work = colorizer.predict(examples / "louis-armstrong-1946.jpg")
    usual = work.render()
    amounts = [work.render(vividness=0), usual, work.render(strength=1.2)]
    _beside(amounts, 360, folder / "tutorial-amounts.jpg")
    hinted = colorizer.colorize(work.photo, hints=_HINTS)
    _beside([usual, work.confidence(), hinted], 360, folder / "tutorial-hints.jpg")
    source = colorizer.colorize(examples / "buffalo-savings-bank-1908.jpg")
    target = rechroma.read(examples / "saratoga-springs-broadway-1900s.jpg")
    moods = [rechroma.transfer(source, target, swatches=pairs) for pairs in ((), _SWATCHES)]
    _beside([source, target, *moods], 360, folder / "tutorial-moods.jpg")


def _beside(photos: Sequence[rechroma.Photo], width: int, file: Path) -> None:
    """Write photographs side by side, all of the height of the lowest one."""
    height = min(round(photo.height * width / photo.width) for photo in photos)
    tiles = [
        photo.to_pil().resize((round(photo.width * height / photo.height), height))
        for photo in photos
    ]
    total = sum(tile.width for tile in tiles) + _GAP * (len(tiles) - 1)
    sheet, left = Image.new("RGB", (total, height), "white"), 0
    for tile in tiles:
        sheet.paste(tile, (left, 0))
        left += tile.width + _GAP
    sheet.save(file, quality=88)
