"""What the original told of its pictures, measured: edges, artifacts, paleness, the top border."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from rechroma.color import ciede2000, rgb_to_lab

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Plane = NDArray[np.floating]

__all__ = ["BANDS", "PERIODS", "SECTORS", "Findings", "FindingsOf", "high_frequency_energy"]

# The periods, in pixels, at which a U-Net of four levels enlarges its features.
PERIODS = (2, 4, 8, 16)
# Hue sectors of 45°, by the colors of their middles in CIELAB: 0° pink, 45° orange and so on.
SECTORS = ("pink", "orange", "yellow", "green", "teal", "sky", "blue", "purple")
# Borders of the row bands, as parts of the height: narrow at the top and at the bottom.
BANDS = (0.0, 0.02, 0.05, 0.1, 0.25, 0.75, 0.9, 0.95, 0.98, 1.0)
# Half of the Nyquist frequency: what a picture loses when it is shrunk to a half.
_HIGH = 0.25
# Below this chroma a hue is mostly noise.
_MIN_CHROMA = 8.0


@dataclass(frozen=True, slots=True)
class Findings:
    """The measurements of one way to colorize, over all pictures.

    Attributes:
        edges_lightness: Energy of L above 1/4 cycle per pixel, prediction to truth: below 1 edges
            are lost, above 1 there is something that the truth has not.
        edges_chroma: The same of a and b.
        lattice: Period in pixels → power of the error at that period, to the power beside it: 1
            without artifacts.
        chroma_by_hue: Mean chroma, prediction to truth, by the truth's hue; see `SECTORS`. NaN
            where the truth has no such hue.
        bands: For each of `BANDS` from the top: mean error of a, mean error of b, mean ΔE2000.
    """

    edges_lightness: float
    edges_chroma: float
    lattice: dict[int, float]
    chroma_by_hue: list[float]
    bands: list[tuple[float, float, float]]


@dataclass(slots=True)
class FindingsOf:
    """Adds up pictures; `result` gives the findings."""

    _energy: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    _peaks: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))
    _chroma: NDArray[np.float64] = field(default_factory=lambda: np.zeros((2, len(SECTORS))))
    _bands: NDArray[np.float64] = field(default_factory=lambda: np.zeros((len(BANDS) - 1, 4)))

    def add(self, result: NDArray[np.uint8], truth: NDArray[np.uint8]) -> None:
        """Measure one picture, 8-bit sRGB of shape (H, W, 3), against its truth."""
        lab, lab_truth = (rgb_to_lab(rgb.astype(np.float32) / 255) for rgb in (result, truth))
        for name, planes in (("result", lab), ("truth", lab_truth)):
            self._energy[f"{name} L"] += high_frequency_energy(planes[..., 0])
            self._energy[f"{name} ab"] += sum(
                high_frequency_energy(planes[..., channel]) for channel in (1, 2)
            )
        error = lab - lab_truth
        for period in PERIODS:
            self._peaks[period] += lattice_peaks(error, period)
        self._chroma += _chroma_by_sector(lab, lab_truth)
        self._bands += _band_sums(error, ciede2000(lab, lab_truth))

    def result(self) -> Findings:
        """Return the findings over all pictures so far; there is at least one."""
        energy, sums = self._energy, self._bands
        return Findings(
            edges_lightness=_ratio(energy["result L"], energy["truth L"]),
            edges_chroma=_ratio(energy["result ab"], energy["truth ab"]),
            lattice={period: _geometric_mean(peaks) for period, peaks in self._peaks.items()},
            chroma_by_hue=[_ratio(own, truth) for own, truth in zip(*self._chroma, strict=True)],
            bands=[(a / n, b / n, delta / n) for a, b, delta, n in sums.tolist()],
        )


def high_frequency_energy(plane: Plane) -> float:
    """Return the energy above 1/4 cycle per pixel, under a Hann window that hides the borders."""
    height, width = plane.shape
    window = np.hanning(height)[:, None] * np.hanning(width)
    spectrum = np.abs(np.fft.rfft2((plane - plane.mean()) * window)) ** 2
    # Of a real picture's spectrum half is stored: all columns but the first and Nyquist's stand
    # for two.
    spectrum[:, 1 : (width + 1) // 2] *= 2
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width))
    return float(spectrum[frequency > _HIGH].sum() / plane.size)


def lattice_peaks(error: NDArray[np.floating], period: int) -> list[float]:
    """Return the error's power at a period over the mean power beside it, along x and along y.

    Args:
        error: Result minus truth, shape (H, W, C).
        period: In pixels.

    Returns:
        Up to two numbers; none for an axis that is too short or has no error.
    """
    peaks: list[float] = []
    for axis in (0, 1):
        planes = np.moveaxis(error, axis, 0)
        # Whole periods, so that the frequency falls on one bin of the transform.
        length = len(planes) // PERIODS[-1] * PERIODS[-1]
        middle = length // period
        beside = [middle + step for step in (-4, -3, -2, 2, 3, 4)]
        if length < 4 * PERIODS[-1] or min(beside) < 1:
            continue
        power = (np.abs(np.fft.rfft(planes[:length], axis=0)) ** 2).sum(axis=(1, 2))
        around = power[[index for index in beside if index < len(power)]].mean()
        if around > 0:
            peaks.append(float(power[middle] / around))
    return peaks


def _chroma_by_sector(lab: Plane, truth: Plane) -> NDArray[np.float64]:
    """Return summed chroma, shape (2, sectors): of the result and of the truth."""
    own, wanted = (np.hypot(p[..., 1], p[..., 2]) for p in (lab, truth))
    clear = wanted > _MIN_CHROMA
    hue = np.degrees(np.arctan2(truth[..., 2], truth[..., 1]))[clear]
    sector = np.round(hue / 45).astype(int) % len(SECTORS)
    sums = [np.bincount(sector, values[clear], len(SECTORS)) for values in (own, wanted)]
    return np.stack(sums).astype(np.float64)


def _band_sums(error: Plane, delta_e: Plane) -> NDArray[np.float64]:
    """Return, for each band, the sums of the errors in a and b and of ΔE2000, and the pixels."""
    height = len(error)
    borders = np.round(np.array(BANDS) * height).astype(int)
    sums = np.zeros((len(BANDS) - 1, 4))
    for band, (top, bottom) in enumerate(pairwise(borders)):
        part, delta = error[top:bottom], delta_e[top:bottom]
        sums[band] = part[..., 1].sum(), part[..., 2].sum(), delta.sum(), delta.size
    return sums


def _ratio(value: float, by: float) -> float:
    return float(value / by) if by else float("nan")


def _geometric_mean(values: list[float]) -> float:
    positive = [value for value in values if value > 0]
    return float(np.exp(np.mean(np.log(positive)))) if positive else float("nan")
