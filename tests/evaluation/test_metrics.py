import numpy as np
import pytest
import torch
from scipy.ndimage import correlate1d
from skimage import data
from skimage.color import deltaE_ciede2000, rgb2lab
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from rechroma.errors import UsageError
from rechroma.evaluation.scores import (
    Interval,
    Scores,
    colorfulness,
    colorfulness_signed,
    psnr,
    score,
    ssim,
    summarize,
)
from rechroma.evaluation.stlpips import STLPIPS


@pytest.fixture
def pair():
    truth = data.coffee()[:200, :240]
    noise = np.random.default_rng(0).normal(0, 12, truth.shape)
    return np.clip(truth + noise, 0, 255).astype(np.uint8), truth


def test_psnr_agrees_with_scikit_image(pair):
    assert psnr(*pair) == pytest.approx(peak_signal_noise_ratio(pair[1], pair[0], data_range=255))
    assert psnr(pair[0], pair[0]) == 100


def slow_ssim(result, truth):
    """Wang et al. 2004, equation 13, on scipy's filters."""
    taps = np.exp(-(np.arange(-5, 6) ** 2) / (2 * 1.5**2))
    taps /= taps.sum()

    def blur(picture):
        return correlate1d(correlate1d(picture, taps, 0, mode="mirror"), taps, 1, mode="mirror")

    x, y = result.astype(float), truth.astype(float)
    mx, my = blur(x), blur(y)
    vx, vy, cov = blur(x * x) - mx**2, blur(y * y) - my**2, blur(x * y) - mx * my
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    quality = (2 * mx * my + c1) * (2 * cov + c2) / ((mx**2 + my**2 + c1) * (vx + vy + c2))
    return quality.mean()


def test_ssim_agrees_with_a_plain_one_and_with_scikit_image(pair):
    assert ssim(*pair) == pytest.approx(slow_ssim(*pair), abs=2e-5)
    # It leaves five pixels of border out.
    inner = structural_similarity(
        *pair, channel_axis=2, gaussian_weights=True, sigma=1.5, use_sample_covariance=False,
        data_range=255,
    )  # fmt: skip
    assert ssim(*pair) == pytest.approx(inner, abs=0.01)


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


def test_a_score_of_the_truth_itself_is_perfect(pair):
    scores = score(pair[1], pair[1], STLPIPS.load())
    assert scores.psnr == 100
    assert scores.perceptual == pytest.approx(0, abs=1e-6)
    assert scores.delta_e == pytest.approx(0, abs=1e-4)
    assert scores.colorfulness == scores.colorfulness_truth


def test_the_score_of_a_changed_picture(pair):
    result, truth = pair
    metric = STLPIPS.load()
    scores = score(result, truth, metric)
    assert scores.psnr == psnr(result, truth)
    assert scores.ssim == ssim(result, truth)
    assert scores.delta_e == pytest.approx(
        deltaE_ciede2000(rgb2lab(result), rgb2lab(truth)).mean(), abs=0.01
    )
    tensors = [torch.from_numpy(p / np.float32(255)).movedim(-1, 0)[None] for p in pair]
    assert scores.perceptual == pytest.approx(float(metric(*tensors)), rel=1e-4)
    assert (scores.colorfulness, scores.signed) == (
        colorfulness(result),
        colorfulness_signed(result),
    )
    assert (scores.colorfulness_truth, scores.signed_truth) == (
        colorfulness(truth),
        colorfulness_signed(truth),
    )


def test_pictures_of_different_sizes_have_no_score(pair):
    with pytest.raises(UsageError, match=r"\(200, 240, 3\)"):
        score(pair[0], pair[1][:199], STLPIPS.load())


def test_a_summary_is_the_same_every_time():
    entries = [Scores(*row) for row in np.random.default_rng(4).normal(20, 2, (30, 15))]
    assert summarize(entries) == summarize(entries)
    assert summarize(entries) != summarize(entries, seed=1)


# Of a Scores, after the colorfulness.
OTHERS = (0.5, 0.4, 3, 6.0, 4.0, 1)


def test_a_colorfulness_ratio_is_a_ratio_of_means():
    rows = [(10, 20, 3, 4), (30, 20, 3, 12)]
    entries = [Scores(0, 0, 0, 0, 0, *row, *OTHERS) for row in rows]
    summary = summarize(entries)
    assert summary["colorfulness_ratio"].mean == pytest.approx(40 / 40)
    assert summary["signed_ratio"].mean == pytest.approx(6 / 16)


def test_shares_of_even_regions_count_regions_not_pictures():
    rest = (0,) * 9
    entries = [Scores(*rest, 0.1, 0.4, 1, 8, 2, 1), Scores(*rest, 0.3, 0.4, 3, 4, 2, 0)]
    summary = summarize(entries)
    assert summary["even_split_share"].mean == pytest.approx(1 / 4)
    assert summary["even_spread_ratio"].mean == pytest.approx(12 / 4)
    assert summary["neutral_ratio"].mean == pytest.approx(0.4 / 0.8)


@pytest.mark.filterwarnings("error")
def test_what_has_no_even_region_has_no_ratio():
    rest = (0,) * 9
    one = Scores(*rest, 0.1, 0.4, 1, 8, 2, 1)
    none = Scores(*rest, 0, 0, 0, 0, 0, 0)
    # Half of the resamples of one picture each with and without know nothing; the others do.
    assert summarize([one, none])["even_split_share"] == Interval(1, 1, 1)
    assert np.isnan(summarize([none])["neutral_ratio"].mean)


def test_a_summary_holds_means_and_intervals_that_cover():
    rng = np.random.default_rng(3)
    entries = [Scores(*row, *OTHERS) for row in rng.normal(20, 2, (400, 9))]
    summary = summarize(entries)
    mean = np.mean([entry.psnr for entry in entries])
    assert summary["psnr"].mean == pytest.approx(mean)
    half = 1.96 * 2 / 20
    assert summary["psnr"].high - summary["psnr"].low == pytest.approx(2 * half, rel=0.15)
    assert summary["colorfulness_ratio"].low < 1 < summary["colorfulness_ratio"].high
