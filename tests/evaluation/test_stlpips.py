import sys
import types
import warnings
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch

from rechroma.errors import MissingExtraError, UsageError
from rechroma.evaluation.stlpips import STLPIPS

# Even, odd, mixed, oblong, the smallest that works, and a typical photograph.
SIZES = [(21, 21), (21, 22), (34, 21), (64, 64), (65, 97), (98, 131), (224, 150), (300, 201)]


@pytest.fixture(scope="module")
def package():
    """The published package, with stand-ins for what it imports for show."""
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, attribute in (("IPython", "embed"), ("torchsummary", "summary")):
            stand_in = types.ModuleType(name)
            setattr(stand_in, attribute, None)
            patch.setitem(sys.modules, name, stand_in)
        before = set(sys.modules)
        from stlpips_pytorch import stlpips

        yield stlpips.LPIPS(net="alex", variant="shift_tolerant", verbose=False)
        for name in set(sys.modules) - before:
            if name.startswith("stlpips_pytorch"):
                del sys.modules[name]


@pytest.fixture(scope="module")
def metric():
    return STLPIPS.load()


def pair(height, width, low=0.0, high=1.0):
    """Two batches of pictures that have something in common."""
    rng = torch.Generator().manual_seed(height * width)
    x = torch.rand(2, 3, height, width, generator=rng)
    y = (x + torch.randn(2, 3, height, width, generator=rng) / 4).clamp(0, 1)
    return x * (high - low) + low, y * (high - low) + low


@pytest.mark.parametrize("size", SIZES)
def test_it_equals_the_package(metric, package, size):
    x, y = pair(*size)
    with torch.no_grad():
        wanted = package(x, y, normalize=True).flatten()
    assert wanted.min() > 1e-3
    assert torch.allclose(metric(x, y), wanted, rtol=0, atol=1e-6)


def test_out_of_range_it_still_equals_the_package(metric, package):
    x, y = pair(48, 64, low=-0.3, high=1.4)
    with torch.no_grad():
        wanted = package(x, y, normalize=True).flatten()
    assert torch.allclose(metric(x, y), wanted, rtol=0, atol=1e-6)


def test_its_gradient_equals_the_packages(metric, package):
    x, y = pair(48, 65)
    gradients = []
    for distance in (metric, lambda x, y: package(x, y, normalize=True)):
        leaf = x.clone().requires_grad_()
        distance(leaf, y).sum().backward()
        gradients.append(leaf.grad)
    ours, wanted = gradients
    assert wanted.abs().max() > 1e-5
    assert (ours - wanted).norm() < 1e-4 * wanted.norm()


def test_every_number_of_the_weight_file_is_in_use(metric):
    """The package itself loads with `strict=False`, which would hide a surplus or a lack."""
    folder = Path(find_spec("stlpips_pytorch").submodule_search_locations[0])
    file = folder / "weights" / "vST0.0" / "alex_shift_tolerant.pth"
    published = torch.load(file, map_location="cpu", weights_only=True)
    ours = metric.state_dict()
    filters = [name for name in published if name.endswith(".filt")]
    assert len(filters) == 3
    for name in filters:
        for kernel in published.pop(name)[:, 0]:
            assert torch.equal(kernel, ours["blur"])
    del ours["blur"]
    for name, tensor in published.items():
        found = [n for n, t in ours.items() if t.shape == tensor.shape and torch.equal(t, tensor)]
        assert len(found) == 1, name
        del ours[found[0]]
    assert not ours


def test_features_and_distance_apart_are_the_whole(metric):
    x, y = pair(40, 50)
    truth = metric.features(y)
    assert torch.equal(metric.distance(metric.features(x), truth), metric(x, y))
    assert (metric(x, x) == 0).all()


def test_it_is_a_loss(metric):
    """Only the picture learns, and colors out of range or all black do not stop it."""
    x = torch.zeros(1, 3, 64, 64)
    x[..., 32:] = 1.3
    x.requires_grad_()
    metric(x, torch.rand(1, 3, 64, 64)).sum().backward()
    assert x.grad.isfinite().all()
    assert (x.grad != 0).float().mean() > 0.9
    assert not any(parameter.requires_grad for parameter in metric.parameters())
    assert not metric.training


def test_places_without_any_feature_have_a_gradient_too():
    metric = STLPIPS.load()
    metric.convolutions[0].bias.fill_(-1e6)
    x = torch.rand(1, 3, 32, 32, requires_grad=True)
    assert (metric.features(x)[0] == 0).all()
    metric(x, torch.rand(1, 3, 32, 32)).sum().backward()
    assert x.grad.isfinite().all()


@pytest.mark.parametrize("size", [(20, 64), (64, 20), (1, 1)])
def test_a_picture_below_21_px_is_refused(metric, size):
    with pytest.raises(UsageError, match="at least 21 px"):
        metric(*pair(*size))


def test_the_package_refuses_below_21_px_too(package):
    with pytest.raises(RuntimeError, match="Padding size"):
        package(*pair(20, 64))


def test_loading_does_not_import_the_package(monkeypatch):
    for name in [name for name in sys.modules if name.startswith("stlpips_pytorch")]:
        monkeypatch.delitem(sys.modules, name)
    STLPIPS.load()
    assert not [name for name in sys.modules if name.startswith("stlpips_pytorch")]


def test_a_missing_wheel_names_the_way_out(monkeypatch):
    monkeypatch.setattr("rechroma.evaluation.stlpips.find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match="pip install"):
        STLPIPS.load()
