import sys
import types

import numpy as np
import pytest
import torch
from skimage import data
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from torch import nn

from rechroma.errors import UsageError
from rechroma.evaluation.colorfulness import colorfulness, colorfulness_signed
from rechroma.evaluation.kid import central_square, kid
from rechroma.evaluation.scores import Scores, psnr, score, ssim, summarise
from rechroma.evaluation.stlpips import STLPIPS


@pytest.fixture
def pair():
    truth = data.coffee()[:200, :240]
    noise = np.random.default_rng(0).normal(0, 12, truth.shape)
    return np.clip(truth + noise, 0, 255).astype(np.uint8), truth


def test_psnr_agrees_with_scikit_image(pair):
    assert psnr(*pair) == pytest.approx(peak_signal_noise_ratio(pair[1], pair[0], data_range=255))
    assert psnr(pair[0], pair[0]) == 100


def test_ssim_agrees_with_scikit_image(pair):
    plain = structural_similarity(
        *pair, channel_axis=2, gaussian_weights=True, sigma=1.5, use_sample_covariance=False,
        data_range=255,
    )  # fmt: skip
    # The two cut and pad the borders differently.
    assert ssim(*pair) == pytest.approx(plain, abs=0.01)


def slow_colorfulness(rgb, *, absolute):
    values = [(float(r) - float(g), (float(r) + float(g)) / 2 - float(b)) for r, g, b in
              rgb.reshape(-1, 3)]  # fmt: skip
    if absolute:
        values = [(abs(x), abs(y)) for x, y in values]
    n = len(values)
    mx, my = sum(x for x, _ in values) / n, sum(y for _, y in values) / n
    sx = (sum((x - mx) ** 2 for x, _ in values) / n) ** 0.5
    sy = (sum((y - my) ** 2 for _, y in values) / n) ** 0.5
    return (sx**2 + sy**2) ** 0.5 + 0.3 * (mx**2 + my**2) ** 0.5


def test_colorfulness_agrees_with_a_plain_loop():
    picture = data.astronaut()[::16, ::16]
    assert colorfulness(picture) == pytest.approx(slow_colorfulness(picture, absolute=True))
    assert colorfulness_signed(picture) == pytest.approx(slow_colorfulness(picture, absolute=False))
    assert colorfulness(np.full((4, 4, 3), 99)) == 0


@pytest.fixture
def package(monkeypatch):
    """The published package, with stand-ins for what it imports for show."""
    for name, attribute in (("IPython", "embed"), ("torchsummary", "summary")):
        stand_in = types.ModuleType(name)
        setattr(stand_in, attribute, None)
        monkeypatch.setitem(sys.modules, name, stand_in)
    before = set(sys.modules)
    from stlpips_pytorch import stlpips

    yield stlpips.LPIPS(net="alex", variant="shift_tolerant", verbose=False)
    for name in set(sys.modules) - before:
        if name.startswith("stlpips_pytorch"):
            monkeypatch.delitem(sys.modules, name)


@pytest.mark.filterwarnings("ignore")
def test_st_lpips_equals_the_package(package):
    ours = STLPIPS.load()
    for height, width in [(64, 64), (65, 97), (130, 224), (300, 201)]:
        x, y = torch.rand(2, 3, height, width), torch.rand(2, 3, height, width)
        with torch.no_grad():
            wanted = package(x, y, normalize=True).flatten()
        assert torch.allclose(ours(x, y), wanted, atol=1e-5)


def test_st_lpips_is_a_loss():
    metric = STLPIPS.load()
    x = torch.full((1, 3, 64, 64), 1.2, requires_grad=True)
    metric(x, torch.rand(1, 3, 64, 64)).sum().backward()
    assert x.grad is not None
    assert x.grad.isfinite().all()
    assert x.grad.any()
    assert not any(parameter.requires_grad for parameter in metric.parameters())
    with pytest.raises(UsageError, match="32"):
        metric(torch.rand(1, 3, 16, 64), torch.rand(1, 3, 16, 64))


class PooledColour(nn.Module):
    """A feature that needs no weights."""

    num_features = 12

    def forward(self, rgb):
        return nn.functional.adaptive_avg_pool2d(rgb, 2).flatten(1)


def slow_kid(fake, real):
    """Unbiased MMD² with the kernel (x·y / d + 1)³, over all pictures."""

    def kernel(x, y):
        return (x @ y.T / x.shape[1] + 1) ** 3

    m, k_ff, k_rr, k_fr = len(fake), kernel(fake, fake), kernel(real, real), kernel(fake, real)
    within = (k_ff.sum() - np.trace(k_ff) + k_rr.sum() - np.trace(k_rr)) / (m * (m - 1))
    return within - 2 * k_fr.mean()


def test_kid_agrees_with_a_plain_mmd():
    sources = [data.astronaut(), data.coffee(), data.chelsea()]
    truths = [sources[i % 3][i * 9 : i * 9 + 180, i * 7 : i * 7 + 200] for i in range(9)]
    results = [np.repeat(t.mean(-1, keepdims=True), 3, -1).astype(np.uint8) for t in truths]
    features = PooledColour()
    fake = torch.cat([features(central_square(p)) for p in results]).double().numpy()
    real = torch.cat([features(central_square(p)) for p in truths]).double().numpy()
    ours = kid(results, truths, features)
    assert ours == pytest.approx(slow_kid(fake, real), rel=1e-3)
    assert ours == kid(results, truths, features)


def test_a_score_of_the_truth_itself_is_perfect(pair):
    scores = score(pair[1], pair[1], STLPIPS.load())
    assert scores.psnr == 100
    assert scores.perceptual == pytest.approx(0, abs=1e-6)
    assert scores.delta_e == pytest.approx(0, abs=1e-4)
    assert scores.colorfulness == scores.colorfulness_truth


def test_a_summary_holds_means_and_intervals_that_cover():
    rng = np.random.default_rng(3)
    entries = [Scores(*row) for row in rng.normal(20, 2, (400, 8))]
    summary = summarise(entries)
    mean = np.mean([entry.psnr for entry in entries])
    assert summary["psnr"].mean == pytest.approx(mean)
    half = 1.96 * 2 / 20
    assert summary["psnr"].high - summary["psnr"].low == pytest.approx(2 * half, rel=0.15)
    assert summary["colorfulness_ratio"].low < 1 < summary["colorfulness_ratio"].high
