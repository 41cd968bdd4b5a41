import numpy as np
import pytest
import timm
import torch
from PIL import Image
from safetensors.torch import save_file
from skimage import data
from torch import nn

from rechroma.errors import ModelError, UsageError
from rechroma.evaluation.kid import Lite0Features, central_square, kid


class PooledColor(nn.Module):
    """A feature that needs no weights."""

    def forward(self, rgb):
        return nn.functional.adaptive_avg_pool2d(rgb, 2).flatten(1)


def photos(count, side=180):
    sources = [data.astronaut(), data.coffee(), data.chelsea()]
    step = 100 // count + 1
    return [sources[i % 3][i * step :, i * step :][:side, : side + 20].copy() for i in range(count)]


def gray(picture):
    return np.repeat(picture.mean(-1, keepdims=True), 3, -1).astype(np.uint8)


def slow_kid(results, truths):
    """Unbiased MMD² with the kernel (x·y / d + 1)³, pair by pair, over all pictures."""
    features = PooledColor()
    fake, real = (
        [features(central_square(p))[0].double().numpy() for p in pictures]
        for pictures in (results, truths)
    )

    def kernel(x, y):
        return (x @ y / len(x) + 1) ** 3

    def within(group):
        n = len(group)
        pairs = [kernel(group[i], group[j]) for i in range(n) for j in range(n) if i != j]
        return sum(pairs) / (n * (n - 1))

    across = [kernel(x, y) for x in fake for y in real]
    return within(fake) + within(real) - 2 * sum(across) / len(across)


def test_it_agrees_with_a_plain_mmd():
    truths = photos(9)
    results = [gray(picture) for picture in truths]
    wanted = slow_kid(results, truths)
    assert kid(results, truths, PooledColor()) == pytest.approx(wanted, rel=1e-3)
    assert kid(truths, truths, PooledColor()) < wanted


def test_subsets_are_seeded_and_leave_the_generator_alone():
    pictures = np.random.default_rng(0).integers(0, 256, (240, 4, 4, 3), dtype=np.uint8)
    results, truths = list(pictures[:120] // 2), list(pictures[120:])
    torch.manual_seed(5)
    state = torch.get_rng_state()
    value = kid(results, truths, PooledColor())
    assert torch.equal(torch.get_rng_state(), state)
    torch.manual_seed(6)
    assert kid(results, truths, PooledColor()) == value
    other = kid(results, truths, PooledColor(), seed=1)
    assert other != value
    assert other == pytest.approx(value, rel=0.02)
    assert value == pytest.approx(slow_kid(results, truths), rel=0.02)


@pytest.mark.parametrize(("results", "truths"), [(1, 3), (3, 1)])
def test_one_picture_is_no_distribution(results, truths):
    with pytest.raises(UsageError, match="two pictures"):
        kid(photos(results), photos(truths), PooledColor())


@pytest.mark.parametrize("shape", [(300, 400), (401, 230), (100, 160), (224, 224)])
def test_the_square_agrees_with_pillow(shape):
    picture = data.coffee()[: shape[0], : shape[1]]
    height, width = picture.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = picture[top : top + side, left : left + side].astype(np.float32)
    ours = central_square(picture)
    assert ours.shape == (1, 3, 224, 224)
    for channel, plane in enumerate(np.moveaxis(square, -1, 0)):
        scaled = Image.fromarray(plane).resize((224, 224), Image.Resampling.BICUBIC)
        wanted = np.clip(np.asarray(scaled), 0, 255)
        assert np.abs(ours[0, channel].numpy() * 255 - wanted).max() < 0.01


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return timm.create_model("tf_efficientnet_lite0", pretrained=False).eval()


def save(network, path, keep=lambda _: True):
    """Write the weights as published files hold them: without the counters of the norms."""
    weights = {
        name: tensor
        for name, tensor in network.state_dict().items()
        if keep(name) and not name.endswith("num_batches_tracked")
    }
    save_file(weights, path)
    return path


@torch.no_grad()
@pytest.mark.parametrize("classifier", [True, False])
def test_features_are_timms_pooled_ones(network, tmp_path, classifier):
    keep = lambda name: classifier or not name.startswith("classifier")  # noqa: E731
    features = Lite0Features(save(network, tmp_path / "w.safetensors", keep))
    rgb = torch.rand(2, 3, 224, 224)
    config = timm.data.resolve_data_config({}, model=network)
    mean, std = (torch.tensor(config[key]).view(1, 3, 1, 1) for key in ("mean", "std"))
    wanted = network.forward_head(network.forward_features((rgb - mean) / std), pre_logits=True)
    assert features(rgb).shape == (2, 1280)
    assert torch.allclose(features(rgb), wanted, atol=1e-5)
    assert not any(parameter.requires_grad for parameter in features.parameters())


def test_a_file_that_lacks_weights_is_refused(network, tmp_path):
    """It would give features, of an encoder that is random in part."""
    file = save(network, tmp_path / "w.safetensors", lambda name: not name.startswith("bn2"))
    with pytest.raises(ModelError, match=r"4 names differ, such as bn2\.bias"):
        Lite0Features(file)


@pytest.mark.parametrize("other", ["tf_efficientnet_lite1", "tf_efficientnet_b0"])
def test_a_file_of_another_network_is_refused(tmp_path, other):
    """Lite1 has all of lite0's names and more, in the same shapes."""
    file = save(timm.create_model(other, pretrained=False), tmp_path / "w.safetensors")
    with pytest.raises(ModelError, match="not the weights of tf_efficientnet_lite0"):
        Lite0Features(file)


def test_no_file_and_no_weights_in_it(tmp_path):
    with pytest.raises(ModelError, match=r"none\.safetensors"):
        Lite0Features(tmp_path / "none.safetensors")
    (tmp_path / "text.safetensors").write_text("not weights")
    with pytest.raises(ModelError, match="can't be had"):
        Lite0Features(tmp_path / "text.safetensors")
