"""Makes one picture to measure with.

    python pictures.py TARGET MEGAPIXELS

A process of its own, because the kernel counts the memory of whoever starts a process as that
process's peak: what measures has to stay small.
"""

from __future__ import annotations

import sys

import numpy as np
from PIL import Image
from skimage import data


def main() -> None:
    """Write a black-and-white JPEG of 3:2 from a photograph."""
    target, megapixels = sys.argv[1], float(sys.argv[2])
    height = round((megapixels * 1e6 / 1.5) ** 0.5)
    gray = Image.fromarray(data.coffee()).convert("L")
    large = gray.resize((round(height * 1.5), height), Image.Resampling.LANCZOS)
    # Grain, as scans have: a smooth picture would decode faster than a real one.
    noise = np.random.default_rng(0).normal(0, 4, (large.height, large.width))
    grain = np.clip(np.asarray(large) + noise, 0, 255).astype(np.uint8)
    Image.fromarray(grain).convert("RGB").save(target, quality=92)


if __name__ == "__main__":
    main()
