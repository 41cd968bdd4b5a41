"""The mixture against SciPy's normal density, and against clusters that are known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import softmax
from scipy.stats import multivariate_normal

from rechroma.mood.methods.mixture import Mixture, fit_mixture

CENTERS = np.array([[30.0, 0, 0], [60.0, 40, 10], [80.0, -20, 50]])


@pytest.fixture(scope="module")
def clusters():
    """Colors of three clusters, 600, 300 and 100 of them."""
    rng = np.random.default_rng(0)
    return np.concatenate(
        [
            rng.normal(center, 3, (count, 3))
            for center, count in zip(CENTERS, (600, 300, 100), strict=True)
        ]
    )


def test_memberships_are_bayes_rule():
    rng = np.random.default_rng(1)
    roots = rng.normal(size=(4, 3, 3)) * 5
    mixture = Mixture(
        rng.normal(size=(4, 3)) * 20,
        roots @ roots.transpose(0, 2, 1) + np.eye(3),
        np.array([0.1, 0.2, 0.3, 0.4]),
    )
    lab = rng.normal(size=(50, 3)) * 20
    logarithm = np.stack([
        np.log(share) + multivariate_normal(mean, covariance).logpdf(lab)
        for mean, covariance, share in zip(
            mixture.means, mixture.covariances, mixture.shares, strict=True
        )
    ], axis=1)  # fmt: skip
    np.testing.assert_allclose(mixture.memberships(lab), softmax(logarithm, axis=1), atol=1e-9)


def test_known_clusters_are_found(clusters):
    mixture = fit_mixture(clusters, np.ones(len(clusters)), 3)
    order = np.argsort(-mixture.shares)
    np.testing.assert_allclose(mixture.means[order], CENTERS, atol=1)
    np.testing.assert_allclose(mixture.shares[order], [0.6, 0.3, 0.1], atol=0.01)


def test_weights_count_like_repeated_colors(clusters):
    weights = np.ones(len(clusters))
    weights[:600] = 2
    twice = fit_mixture(np.concatenate([clusters, clusters[:600]]), np.ones(1600), 3)
    weighted = fit_mixture(clusters, weights, 3)
    np.testing.assert_allclose(np.sort(weighted.shares), np.sort(twice.shares), atol=1e-3)


def test_regions_without_colors_are_given_up(clusters):
    assert 2 <= len(fit_mixture(clusters, np.ones(len(clusters))).shares) < 8
    assert (fit_mixture(clusters, np.ones(len(clusters))).shares > 0.05).all()
    flat = np.tile([50.0, 0, 0], (100, 1))
    assert len(fit_mixture(flat, np.ones(100)).shares) >= 2
