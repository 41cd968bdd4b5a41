"""Scores of one picture against its truth, and their summary over many."""

from __future__ import annotations

from dataclasses import astuple, dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torchmetrics.functional.image import structural_similarity_index_measure

from rechroma.color import ciede2000, rgb_to_lab
from rechroma.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rechroma.evaluation.perceptual import PerceptualDistance

__all__ = [
    "Interval",
    "Scores",
    "colorfulness",
    "colorfulness_signed",
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
    )


def summarize(scores: Sequence[Scores], seed: int = 0) -> dict[str, Interval]:
    """Return means with 95 % bootstrap intervals over pictures.

    `colorfulness_ratio` and `signed_ratio` are ratios of means, not means of ratios.
    """
    table = np.array([astuple(entry) for entry in scores])
    rng = np.random.default_rng(seed)
    samples = table[rng.integers(0, len(table), (_RESAMPLES, len(table)))].mean(axis=1)
    mean = table.mean(axis=0)
    column = {field.name: index for index, field in enumerate(fields(Scores))}

    def of(name: str, by: str | None = None) -> Interval:
        value, spread = mean[column[name]], samples[:, column[name]]
        if by is not None:
            value, spread = value / mean[column[by]], spread / samples[:, column[by]]
        low, high = np.percentile(spread, [2.5, 97.5])
        return Interval(float(value), float(low), float(high))

    return {
        **{name: of(name) for name in ("psnr", "psnr_ab", "ssim", "perceptual", "delta_e")},
        "colorfulness_ratio": of("colorfulness", "colorfulness_truth"),
        "signed_ratio": of("signed", "signed_truth"),
    }


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
