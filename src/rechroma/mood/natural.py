"""The colors that photographs have on the average: what a look is fitted from without a target."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from rechroma.mood.palette import Palette

__all__ = ["natural_palette"]

# Means over 1,007 color photographs, every 18th of the project's training pictures: of their mean
# CIELAB color, and of their covariance.
_MEAN = np.array([49.0, 1.9, 7.7])
_COVARIANCE = np.array([[520.4, -18.1, 21.7], [-18.1, 80.8, 10.0], [21.7, 10.0, 176.3]])
_COLORS = 4096


@lru_cache(maxsize=1)
def natural_palette() -> Palette:
    """Return colors with the average photograph's mean and covariance, the same at every call."""
    points = np.random.default_rng(0).normal(size=(_COLORS, 3))
    points -= points.mean(axis=0)
    # Whitened first, so that the moments are exact.
    whitening = np.linalg.inv(np.linalg.cholesky(points.T @ points / _COLORS)).T
    return Palette(points @ whitening @ np.linalg.cholesky(_COVARIANCE).T + _MEAN)
