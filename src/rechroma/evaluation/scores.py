"""Scores of one picture against its truth, and their summary over many."""

from __future__ import annotations

from dataclasses import astuple, dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from PIL import Image
from torchmetrics.functional.image import structural_similarity_index_measure

from rechroma.color import ciede2000, rgb_to_lab
from rechroma.errors import UsageError
from rechroma.evaluation.evenness import unevenness

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rechroma.evaluation.perceptual import PerceptualDistance

__all__ = [
    "HUES",
    "Interval",
    "Scores",
    "colorfulness",
    "colorfulness_signed",
    "hue_shares",
    "psnr",
    "score",
    "ssim",
    "summarize",
]

_RESAMPLES = 2000
# Identical pictures would be infinitely good; this is a quarter of a level in one pixel of 10⁴.
_MAX_PSNR = 100.0
# a and b of sRGB lie within ±110.
_AB_RANGE = 220.0
# A chroma of that much or less is neutral; what has more has one of so many hues.
_NEUTRAL = 10.0
HUES = 12
# The shorter side at which pictures are searched for blotches.
_SMALL_SIDE = 128


@dataclass(frozen=True, slots=True)
class Scores:
    """One picture's scores, on 8-bit sRGB.

    Attributes:
        psnr: dB, over all pixels and channels.
        psnr_ab: dB, of a and b normalized to 0…1 as the LAB recipes train on them (range 220).
        ssim: Structural similarity, mean of the channels.
        perceptual: LPIPS or ST-LPIPS, whichever the caller gave.
        delta_e: Mean CIEDE2000.
        colorfulness: Absolute convention (DDColor, CT2), of the result.
        colorfulness_truth: The same, of the truth.
        signed: Colorfulness as Hasler & Süsstrunk have it, of the result.
        signed_truth: The same, of the truth.
        neutral: Share of the result's pixels with a CIELAB chroma of at most 10.
        neutral_truth: The same, of the truth's.
        even_regions: Regions in which the truth is even; see `rechroma.evaluation.evenness`.
        even_spread: The sum of the result's spreads there.
        even_spread_truth: The sum of the truth's.
        even_split: In how many of them the result has two colors.
    """

    psnr: float
    psnr_ab: float
    ssim: float
    perceptual: float
    delta_e: float
    colorfulness: float
    colorfulness_truth: float
    signed: float
    signed_truth: float
    neutral: float
    neutral_truth: float
    even_regions: int
    even_spread: float
    even_spread_truth: float
    even_split: int


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean and its 95 % bootstrap interval."""

    mean: float
    low: float
    high: float


def psnr(result: NDArray[Any], truth: NDArray[Any], peak: float = 255) -> float:
    """Return PSNR in dB, at most 100, with the squared error averaged over pixels and channels.

    Args:
        result: Any shape.
        truth: The same shape.
        peak: The range of values.
    """
    error = np.mean((result.astype(np.float64) - truth.astype(np.float64)) ** 2)
    return _MAX_PSNR if error == 0 else float(min(_MAX_PSNR, 10 * np.log10(peak**2 / error)))


def ssim(result: NDArray[np.uint8], truth: NDArray[np.uint8]) -> float:
    """Return SSIM (Wang et al. 2004) with a Gaussian window of σ = 1.5, mean of the channels.

    Every pixel counts; at the borders the window sees the picture reflected.
    """
    value = structural_similarity_index_measure(_tensor(result), _tensor(truth), data_range=1.0)
    assert isinstance(value, torch.Tensor)  # noqa: S101 - without options there is one answer
    return float(value)


def score(
    result: NDArray[np.uint8], truth: NDArray[np.uint8], perceptual: PerceptualDistance
) -> Scores:
    """Return all scores of a picture, both of shape (H, W, 3).

    Raises:
        UsageError: The shapes differ, or the picture is too small for the perceptual distance.
    """
    if result.shape != truth.shape:
        raise UsageError(
            f"a picture of shape {result.shape} against a truth of shape {truth.shape}",
            "compare pictures of the same size",
        )
    with torch.inference_mode():
        distance = float(perceptual(_tensor(result), _tensor(truth)))
    lab_result = rgb_to_lab(result.astype(np.float32) / np.float32(255))
    lab_truth = rgb_to_lab(truth.astype(np.float32) / np.float32(255))
    uneven = unevenness(_small_chroma(result), _small_chroma(truth))
    return Scores(
        psnr=psnr(result, truth),
        psnr_ab=psnr(lab_result[..., 1:], lab_truth[..., 1:], _AB_RANGE),
        ssim=ssim(result, truth),
        perceptual=distance,
        delta_e=float(ciede2000(lab_result, lab_truth).mean()),
        colorfulness=colorfulness(result),
        colorfulness_truth=colorfulness(truth),
        signed=colorfulness_signed(result),
        signed_truth=colorfulness_signed(truth),
        neutral=_neutral_share(lab_result),
        neutral_truth=_neutral_share(lab_truth),
        even_regions=uneven.regions,
        even_spread=uneven.spread,
        even_spread_truth=uneven.spread_truth,
        even_split=uneven.split,
    )


def hue_shares(picture: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return which share of a picture's pixels is of each of 12 hues, shape (12,).

    A hue is 30° of the (a, b) plane, the first from 0°, toward red, on. Neutral pixels have none,
    so that the shares of all hues and of `Scores.neutral` sum up to 1.

    Args:
        picture: 8-bit sRGB, shape (H, W, 3).
    """
    a, b = np.moveaxis(rgb_to_lab(picture.astype(np.float32) / np.float32(255)), -1, 0)[1:]
    angle = np.degrees(np.arctan2(b, a))[np.hypot(a, b) > _NEUTRAL] % 360
    number = np.minimum((angle * (HUES / 360)).astype(int), HUES - 1)
    return np.bincount(number, minlength=HUES) / a.size


def _neutral_share(lab: NDArray[Any]) -> float:
    return float((np.hypot(lab[..., 1], lab[..., 2]) <= _NEUTRAL).mean())


def _small_chroma(picture: NDArray[np.uint8]) -> NDArray[Any]:
    """Return a and b of a picture whose shorter side is 128 pixels at most, (h, w, 2)."""
    image = Image.fromarray(picture)
    share = min(1.0, _SMALL_SIDE / min(image.size))
    width, height = (max(1, round(side * share)) for side in image.size)
    small = np.asarray(image.resize((width, height), Image.Resampling.BOX), np.float32)
    return rgb_to_lab(small / np.float32(255))[..., 1:]


def summarize(scores: Sequence[Scores], seed: int = 0) -> dict[str, Interval]:
    """Return means with 95 % bootstrap intervals over pictures.

    `colorfulness_ratio`, `signed_ratio`, `neutral_ratio` (to the truth), `even_spread_ratio` (to
    the truth) and `even_split_share` (of all even regions) are ratios of means, not means of
    ratios. What would be divided by zero is NaN.
    """
    table = np.array([astuple(entry) for entry in scores])
    rng = np.random.default_rng(seed)
    samples = table[rng.integers(0, len(table), (_RESAMPLES, len(table)))].mean(axis=1)
    mean = table.mean(axis=0)
    column = {field.name: index for index, field in enumerate(fields(Scores))}

    def of(name: str, by: str | None = None) -> Interval:
        value, spread = mean[column[name]], samples[:, column[name]]
        if by is not None:
            value, spread = _ratio(value, mean[column[by]]), _ratio(spread, samples[:, column[by]])
        # A drawing without any of what is divided by tells nothing.
        known = spread[~np.isnan(spread)]
        low, high = np.percentile(known, [2.5, 97.5]) if known.size else (np.nan, np.nan)
        return Interval(float(value), float(low), float(high))

    return {
        **{name: of(name) for name in ("psnr", "psnr_ab", "ssim", "perceptual", "delta_e")},
        "colorfulness_ratio": of("colorfulness", "colorfulness_truth"),
        "signed_ratio": of("signed", "signed_truth"),
        "neutral_ratio": of("neutral", "neutral_truth"),
        "even_spread_ratio": of("even_spread", "even_spread_truth"),
        "even_split_share": of("even_split", "even_regions"),
    }


def _ratio(over: NDArray[np.float64], under: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.divide(over, under, out=np.full_like(over, np.nan), where=under > 0)


def _tensor(picture: NDArray[Any]) -> torch.Tensor:
    values = np.ascontiguousarray(picture.transpose(2, 0, 1)[None])
    return torch.from_numpy(values).float() / 255


def colorfulness(rgb: NDArray[Any]) -> float:
    """Return colorfulness with absolute opponent channels, as in DDColor and CT2.

    Args:
        rgb: sRGB, 0…255, shape (H, W, 3).
    """
    red_green, yellow_blue = _opponents(rgb)
    return _colorfulness(np.abs(red_green), np.abs(yellow_blue))


def colorfulness_signed(rgb: NDArray[Any]) -> float:
    """Return colorfulness as the paper has it; see `colorfulness`."""
    return _colorfulness(*_opponents(rgb))


def _opponents(rgb: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    red, green, blue = np.moveaxis(np.asarray(rgb, dtype=np.float64), -1, 0)
    return red - green, (red + green) / 2 - blue


def _colorfulness(red_green: NDArray[np.float64], yellow_blue: NDArray[np.float64]) -> float:
    spread = np.hypot(red_green.std(), yellow_blue.std())
    return float(spread + 0.3 * np.hypot(red_green.mean(), yellow_blue.mean()))
