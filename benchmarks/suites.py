"""Reads whole folders of test pictures and compares every one with an independent reader.

    python benchmarks/suites.py FOLDER... [--names STATUS...]

Any folder will do; made for the public suites: Pillow's `Tests/images`, PngSuite,
exif-orientation-examples, exif-samples, libvips' and OpenImageIO's images, metadata-extractor's.
Each file that the package may read goes through `rechroma.read`, and through Pillow (turned
upright, its profile taken to sRGB by LittleCMS). What comes out is counted:

    same       both read it, and their pixels agree
    differs    both read it, and their pixels do not: a gamma, a negative, a wrong page …
    alone      we read it, Pillow does not
    refused    Pillow reads it, we end with an error of our own
    neither    both refuse it
    traceback  an exception that is not ours
    crash      the process died
    hung       no answer within a minute
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import rechroma
from rechroma.photo import readable_suffixes

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from PIL import Image

SECONDS = 60
# Decoders of lossy files round differently; a fault of meaning is much larger.
TOLERANCE = 4.0
MAX_PIXELS = 100_000_000
# Of a PNG whose numbers are for ordinary screens.
USUAL_GAMMA = 0.45455


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of one file.

    Attributes:
        path: The file.
        status: One of the words above.
        detail: The message, or the mean difference in 1/255.
    """

    path: Path
    status: str
    detail: str


def reference(path: Path) -> np.ndarray | None:
    """Return Pillow's answer: 0…255, shape (H, W, 3); None if it has none."""
    from PIL import Image, ImageOps

    try:
        with Image.open(path) as opened:
            opened.load()
            colors = _colors(ImageOps.exif_transpose(opened), opened.info.get("icc_profile"))
        if path.suffix.lower() == ".png" and not {"icc_profile", "srgb"} & opened.info.keys():
            return in_srgb(colors, float(opened.info.get("gamma", USUAL_GAMMA)))
        return colors
    except Exception:  # noqa: BLE001 - whatever it says, it has no answer
        return None


def _colors(picture: Image.Image, profile: bytes | None) -> np.ndarray:
    import io

    from PIL import ImageCms

    if picture.mode in ("F", "I", "I;16", "I;16B", "I;16L"):
        values = np.asarray(picture, dtype=np.float64)
        top = 255 if values.max() <= 255 else 65535
        return np.repeat((values / top * 255)[..., None], 3, axis=2)
    if profile and picture.mode in ("RGB", "CMYK", "L", "RGBA"):
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        mode = "RGBA" if picture.mode == "RGBA" else "RGB"
        target = ImageCms.createProfile("sRGB")
        picture = ImageCms.profileToProfile(picture, source, target, outputMode=mode)
    return np.asarray(picture.convert("RGBA").convert("RGB"), dtype=np.float64)


def in_srgb(colors: np.ndarray, gamma: float) -> np.ndarray:
    """Return what a PNG's gAMA means (W3C PNG, 11.3.2.2), in sRGB; 0.45455 is near enough to it."""
    if abs(gamma - USUAL_GAMMA) < 0.01:
        return colors
    linear = (colors / 255) ** (1 / gamma)
    curve = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return curve * 255


def examine(path: Path) -> tuple[str, str]:
    """Return a file's status and detail."""
    try:
        photo = rechroma.read(path, max_pixels=MAX_PIXELS)
        ours = photo.to_uint8().astype(np.float64)
    except rechroma.RechromaError as error:
        return ("refused" if reference(path) is not None else "neither"), str(error)
    except Exception as error:  # noqa: BLE001 - that there is none is what is measured
        return "traceback", f"{type(error).__name__}: {error}"
    expected = reference(path)
    if expected is None:
        return "alone", ""
    if expected.shape != ours.shape:
        return "differs", f"shape {ours.shape} instead of {expected.shape}"
    seen = 1.0 if photo.alpha is None else _seen(photo)
    difference = float(np.mean(np.abs(ours - expected) * seen))
    return ("same" if difference <= TOLERANCE else "differs"), f"{difference:.1f}"


def _seen(photo: rechroma.Photo) -> np.ndarray:
    """Return 1 where something is to be seen: colors under full transparency are nobody's."""
    return (np.asarray(photo.alpha) > 0).astype(np.float64)[..., None]


def answer(pipe: Connection) -> None:
    """Examine what comes through the pipe, until nothing does."""
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    # Decoders' own words are not what is counted.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    while (path := pipe.recv()) is not None:
        pipe.send(examine(path))


class Examiner:
    """A process that can die without taking the count along."""

    def __init__(self) -> None:
        self._start()

    def _start(self) -> None:
        self.pipe, other = multiprocessing.Pipe()
        self.process = multiprocessing.Process(target=answer, args=(other,), daemon=True)
        self.process.start()
        other.close()

    def __call__(self, path: Path) -> Finding:
        """Examine a file."""
        self.pipe.send(path)
        try:
            if self.pipe.poll(SECONDS):
                return Finding(path, *self.pipe.recv())
            finding = Finding(path, "hung", f"after {SECONDS} s")
        except EOFError:
            self.process.join()
            finding = Finding(path, "crash", f"exit code {self.process.exitcode}")
        self.process.kill()
        self._start()
        return finding


def main() -> None:
    """Print a line of counts for each folder, and the files that the reader asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--names", nargs="*", default=["traceback", "crash", "hung"])
    arguments = parser.parse_args()
    multiprocessing.set_start_method("spawn")
    examine_file = Examiner()
    for folder in arguments.folders:
        suffixes = readable_suffixes()
        files = sorted(each for each in folder.rglob("*") if each.suffix.lower() in suffixes)
        findings = [examine_file(each) for each in files if each.is_file()]
        counts = Counter(each.status for each in findings)
        print(folder.name, len(findings), dict(counts.most_common()), flush=True)
        for each in findings:
            if each.status in arguments.names:
                print(f"  {each.status}: {each.path}: {each.detail}", flush=True)


if __name__ == "__main__":
    main()
