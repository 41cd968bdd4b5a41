"""Scores on the validation crops while a run goes on, and the figure to look at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from rechroma.evaluation.figure import contact_sheet
from rechroma.evaluation.scores import colorfulness, psnr
from rechroma.training.outputs import truth_of

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from rechroma.evaluation.perceptual import PerceptualDistance
    from rechroma.training.distributed import Processes
    from rechroma.training.model import ColorizerModel

__all__ = ["Validator", "save_samples"]

_BATCH = 16


@dataclass(frozen=True, slots=True)
class Validator:
    """Scores a model on fixed crops, which several processes share.

    Args:
        crops: 8-bit sRGB, shape (N, 3, S, S): those of this process, which may be none.
        shown: The same, of the figure.
        perceptual: The metric that chooses the best checkpoint.
        name: What the metric is called in logs.
        processes: Who has the other crops.
    """

    crops: Tensor
    shown: Tensor
    perceptual: PerceptualDistance
    name: str
    processes: Processes

    def score(self, model: ColorizerModel, device: torch.device) -> dict[str, float]:
        """Return PSNR (dB, RGB), the perceptual distance and the colorfulness ratio to the truth.

        Means over the pictures of all processes; predictions are clipped and rounded to 8 bits
        first, as a viewer would see them.
        """
        ratio, distance, color, color_truth = 0.0, 0.0, 0.0, 0.0
        for batch in self.crops.split(_BATCH) if len(self.crops) else ():
            truth = truth_of(batch.to(device))
            rgb = (predict(model, truth.lightness) * 255).round() / 255
            with torch.inference_mode():
                distance += float(self.perceptual(rgb, truth.rgb).sum())
            results, truths = _arrays(rgb), _arrays(truth.rgb)
            ratio += sum(map(psnr, results, truths))
            color += sum(map(colorfulness, results))
            color_truth += sum(map(colorfulness, truths))
        sums = ratio, distance, color, color_truth, len(self.crops)
        ratio, distance, color, color_truth, count = self.processes.totals(sums)
        return {
            "psnr": ratio / count,
            self.name: distance / count,
            "colorfulness_ratio": color / color_truth,
        }


@torch.inference_mode()
def predict(model: ColorizerModel, lightness: Tensor) -> Tensor:
    """Return the model's RGB in eval mode; the mode it was in comes back afterwards."""
    was_training = model.training
    model.eval()
    try:
        return model.predict_rgb(lightness)
    finally:
        model.train(was_training)


def save_samples(model: ColorizerModel, crops: Tensor, device: torch.device, path: Path) -> None:
    """Write the figure gray | prediction | truth, a row a picture, as PNG."""
    truth = truth_of(crops.to(device))
    gray = (truth.lightness / 100).expand(-1, 3, -1, -1)
    columns = torch.stack([gray, predict(model, truth.lightness), truth.rgb], dim=1)
    pixels = (columns * 255).round().byte().movedim(2, -1).cpu().numpy()
    titles = ["gray", "prediction", "truth"]
    contact_sheet([list(row) for row in pixels], titles, height=crops.shape[-1]).save(path)


def _arrays(rgb: Tensor) -> NDArray[np.float32]:
    return (rgb * 255).movedim(1, -1).cpu().numpy()
