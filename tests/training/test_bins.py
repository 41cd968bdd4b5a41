import numpy as np
import pytest
import torch
import torch.nn.functional as F
from skimage.color import rgb2lab

from rechroma.color.bins import BINS, GRID, bin_centers
from rechroma.training.bins import (
    NEIGHBORS,
    SIGMA,
    BinCodec,
    class_weights,
    smoothed_prior,
)


@pytest.fixture(scope="module")
def codec():
    return BinCodec()


def chroma_of_colors(count: int) -> torch.Tensor:
    rgb = np.random.default_rng(0).random((count, 3))
    return torch.from_numpy(rgb2lab(rgb)[:, 1:]).float().T.reshape(1, 2, 1, count)


def test_every_color_has_its_bin_and_every_bin_a_color():
    levels = np.linspace(0, 1, 52)
    cube = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(-1, 3)
    reached = {tuple(cell) for cell in np.round(rgb2lab(cube)[:, 1:] / GRID).astype(int) * GRID}
    bins = {tuple(center) for center in bin_centers().astype(int)}
    # The coarse cube of the oracle misses slivers of cells, and its white differs in the third
    # digit; nothing that it reaches may be missing by more than that.
    assert reached <= bins
    assert len(bins - reached) < 12


def dense_encoding(codec: BinCodec, chroma: torch.Tensor) -> torch.Tensor:
    """The paper's soft encoding, plainly: (pixels, Q)."""
    points = chroma[0, :, 0].T
    distance = torch.cdist(points, codec.centers)
    nearest = distance.topk(NEIGHBORS, largest=False).indices
    kept = torch.zeros_like(distance).scatter(1, nearest, 1.0)
    weights = kept * torch.exp(-(distance**2) / (2 * SIGMA**2))
    return weights / weights.sum(1, keepdim=True)


def test_encoding_agrees_with_the_dense_form(codec):
    chroma = chroma_of_colors(500)
    index, weights = codec.encode(chroma)
    sparse = torch.zeros(500, len(codec.centers))
    sparse.scatter_(1, index[0, :, 0].T, weights[0, :, 0].T)
    plain = dense_encoding(codec, chroma)
    same = ((sparse > 0) == (plain > 0)).all(1)
    assert (sparse - plain)[same].abs().max() < 1e-5
    # Neighbors are looked up at the nearest whole unit, at most 0.71 away: where the fifth and the
    # sixth are about equally far, the sixth may be taken.
    distance = torch.cdist(chroma[0, :, 0].T, codec.centers)
    fifth = distance.topk(NEIGHBORS, largest=False).values[:, -1]
    taken = distance.gather(1, index[0, :, 0].T).amax(1)
    assert (taken - fifth).max() < 1.42
    assert same.float().mean() > 0.7
    assert torch.allclose(sparse.sum(1), torch.ones(500))


def test_cross_entropy_agrees_with_the_dense_form(codec):
    chroma = chroma_of_colors(200)
    logits = torch.randn(1, len(codec.centers), 1, 200)
    weights = torch.rand(len(codec.centers)) + 0.5
    index, share = codec.encode(chroma)
    target = torch.zeros(200, len(codec.centers))
    target.scatter_(1, index[0, :, 0].T, share[0, :, 0].T)
    log_probability = F.log_softmax(logits[0, :, 0].T, dim=1)
    plain = -(weights[target.argmax(1)] * (target * log_probability).sum(1)).mean()
    assert torch.allclose(codec.cross_entropy(logits, chroma, weights), plain, atol=1e-5)


def test_decoding_a_sure_answer_gives_its_center(codec):
    for bin_ in (0, 100, 200):
        logits = torch.zeros(1, len(codec.centers), 2, 3)
        logits[:, bin_] = 100
        decoded = codec.decode(logits, 0.38)
        assert torch.allclose(decoded[0, :, 1, 2], codec.centers[bin_], atol=1e-4)


def test_decoding_sharpens_with_temperature():
    logits = torch.randn(1, len(bin_centers()), 1, 1)
    mean = torch.softmax(logits[0, :, 0, 0], 0) @ torch.from_numpy(bin_centers())
    assert torch.allclose(BinCodec().decode(logits, 1.0)[0, :, 0, 0], mean, atol=1e-3)
    mode = torch.from_numpy(bin_centers())[logits.argmax()]
    assert torch.allclose(BinCodec().decode(logits, 1e-3)[0, :, 0, 0], mode, atol=1e-2)


def test_counting_finds_the_nearest_bin(codec):
    chroma = codec.centers[[3, 3, 50]].T.reshape(1, 2, 1, 3)
    counts = codec.count(chroma)
    assert counts[3] == 2
    assert counts[50] == 1
    assert counts.sum() == 3


@pytest.mark.parametrize("uniform", [0.0, 0.5, 1.0])
def test_class_weights_have_mean_one_and_favor_rare_bins(uniform):
    counts = np.random.default_rng(1).integers(1, 10_000, len(bin_centers())).astype(float)
    prior = smoothed_prior(counts)
    assert prior.sum() == pytest.approx(1)
    weights = class_weights(prior, uniform)
    assert (prior * weights).sum() == pytest.approx(1)
    if uniform == 1.0:
        assert np.allclose(weights, 1)
    else:
        assert weights[prior.argmin()] > weights[prior.argmax()]


def test_the_number_of_bins_is_what_is_found():
    assert len(bin_centers()) == BINS
