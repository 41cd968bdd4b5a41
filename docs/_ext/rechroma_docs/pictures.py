"""Pictures that show what commands of the pages do, made from `examples/`."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

import rechroma
from rechroma.colorizer import parse_hint

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
# As in the gallery's commands: the picture, and what somebody knows about it.
_KNOWN = {
    "louis-armstrong-1946": (
        "650,560,#6b4a2f", "548,425,#7a2230,here", "200,545,#b8943c,here", "460,180,#7d8f86",
    ),
    "pea-pickers-nipomo-1936": (
        "264,740,#857a68", "705,793,#857a68", "414,635,#b98767", "414,917,#b98767",
        "502,793,#b98767", "758,679,#5d5a52", "106,705,#a39a86", "617,1005,#cfc7b4",
        "776,282,#6b5138", "700,80,#8a866f",
    ),
}  # fmt: skip
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
    _two_minutes(colorizer, examples, folder)


def _two_minutes(colorizer: rechroma.Colorizer, examples: Path, folder: Path) -> None:
    """Write pictures before, automatically, and after what a person says."""
    for name, known in _KNOWN.items():
        photo = rechroma.read(examples / f"{name}.jpg")
        hints = [parse_hint(each) for each in known]
        answers = [colorizer.colorize(photo), colorizer.colorize(photo, hints=hints)]
        _beside([photo, *answers], 480, folder / f"two-minutes-{name}.jpg")
    print_ = _old_print(rechroma.read(examples / "saratoga-springs-broadway-1900s.jpg"))
    ready = rechroma.colorize(print_, prepare=True, prepared_lightness=True)
    _beside([print_, colorizer.colorize(print_), ready], 480, folder / "two-minutes-print.jpg")


def _old_print(photo: rechroma.Photo) -> rechroma.Photo:
    """Return a photograph as a faded sepia print on yellowed paper."""
    gray = photo.to_uint8()[..., 0] / 255
    tones = np.array([[0.26, 0.2, 0.14], [0.56, 0.46, 0.34], [0.85, 0.78, 0.63]])
    picture = np.dstack([np.interp(gray, [0, 0.5, 1], tones[:, each]) for each in range(3)])
    sheet = np.empty((photo.height + 110, photo.width + 110, 3))
    sheet[:] = (0.93, 0.89, 0.79)
    sheet[50:-60, 55:-55] = picture
    sheet += np.random.default_rng(0).normal(0, 0.006, sheet.shape[:2])[..., None]
    return rechroma.read((np.clip(sheet, 0, 1) * 255).astype(np.uint8))


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
