from pathlib import Path
from urllib.error import URLError

import pytest
import torch
import torchmetrics
import torchvision

from rechroma.errors import MissingExtraError
from rechroma.evaluation.perceptual import LPIPSAlex, load_perceptual
from rechroma.evaluation.stlpips import STLPIPS

# Where AlexNet's five ReLUs end in torchvision's `features`.
RELUS = (1, 4, 7, 9, 11)


@pytest.fixture
def alexnet(monkeypatch):
    """AlexNet with random weights in the place of the download."""
    torch.manual_seed(0)
    network = torchvision.models.alexnet(weights=None).eval()
    monkeypatch.setattr(torchvision.models, "alexnet", lambda **_: network)
    return network


def slow_lpips(alexnet, x, y):
    """Zhang et al. 2018, equation 1, step by step; x and y in 0…1."""
    folder = Path(torchmetrics.__file__).parent / "functional" / "image" / "lpips_models"
    linear = torch.load(folder / "alex.pth", map_location="cpu", weights_only=True)
    mean = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
    std = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)
    x, y = (x - mean) / std, (y - mean) / std
    total = torch.zeros(len(x))
    for index, layer in enumerate(alexnet.features[: RELUS[-1] + 1]):
        x, y = layer(x.clone()), layer(y.clone())
        if index in RELUS:
            weight = linear[f"lin{RELUS.index(index)}.model.1.weight"]
            unit_x, unit_y = x / x.norm(dim=1, keepdim=True), y / y.norm(dim=1, keepdim=True)
            total += (weight * (unit_x - unit_y) ** 2).sum(1).mean((1, 2))
    return total


@torch.no_grad()
@pytest.mark.parametrize(("low", "high"), [(0, 1), (-0.3, 1.5)])
def test_lpips_agrees_with_its_equation(alexnet, low, high):
    x, y = torch.rand(2, 3, 80, 97), torch.rand(2, 3, 80, 97)
    x = x * (high - low) + low
    ours = load_perceptual("lpips")(x, y)
    assert ours.shape == (2,)
    assert ours.min() > 1e-3
    # The network's constants are rounded to three digits on −1…1.
    assert torch.allclose(ours, slow_lpips(alexnet, x, y), rtol=5e-3)


@pytest.mark.usefixtures("alexnet")
def test_lpips_is_a_loss():
    metric = LPIPSAlex()
    x = torch.full((1, 3, 64, 64), 1.2, requires_grad=True)
    metric(x, torch.rand(1, 3, 64, 64)).sum().backward()
    assert x.grad.isfinite().all()
    assert x.grad.any()
    assert not any(parameter.requires_grad for parameter in metric.parameters())


def test_lpips_without_a_download_says_what_to_use_instead(monkeypatch):
    def offline(**_):
        raise URLError("no route to host")

    monkeypatch.setattr(torchvision.models, "alexnet", offline)
    with pytest.raises(MissingExtraError, match=r"no route to host.*st_lpips"):
        load_perceptual("lpips")


def test_st_lpips_by_name():
    assert isinstance(load_perceptual("st_lpips"), STLPIPS)
