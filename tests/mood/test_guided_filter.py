"""The guided filter against a slow one, window by window."""

from __future__ import annotations

import numpy as np
import pytest

from rechroma.mood.regional import guided_filter


def slow(plane, guide, radius, epsilon):
    """Fit a line in every window, and average at each pixel the lines of all windows over it."""
    rows, columns = plane.shape
    total, count = np.zeros(plane.shape), np.zeros(plane.shape)

    def window(i, j):
        return (
            slice(max(0, i - radius), i + radius + 1),
            slice(max(0, j - radius), j + radius + 1),
        )

    for i in range(rows):
        for j in range(columns):
            part = window(i, j)
            light, value = guide[part].ravel(), plane[part].ravel()
            covariance = ((light - light.mean()) * (value - value.mean())).mean()
            slope = covariance / (light.var() + epsilon)
            total[part] += slope * guide[part] + value.mean() - slope * light.mean()
            count[part] += 1
    return total / count


@pytest.mark.parametrize(("shape", "radius"), [((9, 14), 2), ((5, 4), 6), ((1, 12), 1)])
def test_agrees_with_the_slow_one(shape, radius):
    rng = np.random.default_rng(0)
    planes = rng.random((2, *shape)).astype(np.float32)
    guide = (rng.random(shape) * 100).astype(np.float32)
    found = guided_filter(planes, guide, radius, 25.0)
    for plane, result in zip(planes, found, strict=True):
        np.testing.assert_allclose(result, slow(plane, guide, radius, 25.0), atol=1e-4)


def test_a_border_moves_to_the_edge_nearby():
    """The mask ends two pixels beside the guide's edge: afterwards it ends at the edge."""
    guide = np.repeat(np.array([20.0] * 16 + [80.0] * 16)[None], 20, axis=0).astype(np.float32)
    mask = np.zeros((1, 20, 32), np.float32)
    mask[:, :, :14] = 1
    found = guided_filter(mask, guide, 6, 25.0)[0, 10]
    assert found[15] - found[16] > 0.5
