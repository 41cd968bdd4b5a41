"""Every recipe of the study can learn eight pictures by heart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from skimage import data
from skimage.color import deltaE_ciede2000, rgb2lab

from rechroma.color.bins import bin_centers
from rechroma.training.config import load_config
from rechroma.training.losses import Criterion
from rechroma.training.model import ColorizerModel
from rechroma.training.outputs import truth_of

# As little as each recipe can show that it learns on.
SIDE, STEPS, RATE = 32, 150, 2e-2


@pytest.fixture(scope="module")
def eight_pictures():
    """The corners of four of scikit-image's photographs: uint8, (8, 3, SIDE, SIDE)."""
    pictures = []
    for pixels in (data.astronaut(), data.coffee(), data.chelsea(), data.rocket()):
        photo = Image.fromarray(pixels)
        side = min(photo.size) // 3
        for left, top in ((20, 10), (photo.width - side - 10, photo.height - side - 5)):
            box = (left, top, left + side, top + side)
            pictures.append(np.asarray(photo.resize((SIDE, SIDE), box=box)))
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).contiguous()


def floor_of(model, truth):
    """The least loss there is: of classes, the entropy of their soft truth."""
    if model.output.kind == "rgb" or not hasattr(model.output, "codec"):
        return 0.0
    stride = model.network.output_stride
    _, share = model.output.codec.encode(truth.chroma(stride))
    return float(-(share * share.clamp(min=1e-12).log()).sum(1).mean())


@pytest.mark.slow
@pytest.mark.parametrize(
    "recipe",
    [
        "train_base_l2",
        "train_base",
        "train_base_lab",
        "train_base_lab_lpips",
        "train_base_lab_bins",
    ],
)
def test_a_recipe_learns_eight_pictures_by_heart(recipe, eight_pictures):
    config = load_config(Path(recipe), ["NETWORK.WIDTH=8"])
    terms = {("st_lpips" if name == "lpips" else name): w for name, w in config.loss.items()}
    torch.manual_seed(0)
    model = ColorizerModel(config.network, pretrained=False)
    criterion = Criterion(terms, model.output, np.ones(len(bin_centers())))
    optimizer = torch.optim.Adam(model.parameters(), RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=STEPS)
    truth = truth_of(eight_pictures)
    losses = []
    for _ in range(STEPS):
        loss, _ = criterion(model(truth.lightness), truth)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
    floor = floor_of(model, truth)
    assert losses[0] - floor > 10 * (losses[-1] - floor)

    with torch.no_grad():
        rgb = model.eval().predict_rgb(truth.lightness)
    lab, lab_truth = (rgb2lab(x.permute(0, 2, 3, 1).numpy()) for x in (rgb, truth.rgb))
    # The perceptual loss alone leaves lightness free: the post-process mends it.
    lab[..., 0] = lab_truth[..., 0]
    assert deltaE_ciede2000(lab, lab_truth).mean() < 6
