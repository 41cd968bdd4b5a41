"""Two photographs that differ in mood, and palettes with known moments."""

from __future__ import annotations

import numpy as np
import pytest
from skimage import data

from rechroma.mood.palette import Palette
from rechroma.photo import read


@pytest.fixture(scope="session")
def warm():
    return read(data.coffee())


@pytest.fixture(scope="session")
def cool():
    return read(data.rocket())


@pytest.fixture(scope="session")
def palettes():
    """(source, target): correlated colors, inside of what L, a and b can be."""
    rng = np.random.default_rng(0)
    spread = rng.normal(size=(2, 3, 3)) * 6
    points = rng.normal(size=(2, 4000, 3))
    centers = np.array([[60.0, 15, 25], [40.0, -5, -15]])
    return tuple(Palette(p @ s + c) for p, s, c in zip(points, spread, centers, strict=True))
