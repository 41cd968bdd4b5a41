import pytest
import torch

from rechroma.errors import ConfigError
from rechroma.training.config import NetworkConfig
from rechroma.training.model import ColorizerModel

KINDS = [
    NetworkConfig(name="base", output="rgb", width=4),
    NetworkConfig(name="base", output="ab", width=4),
    NetworkConfig(name="base", output="bins", width=4),
    NetworkConfig(name="efficientnet_lite0_unet", output="ab"),
    NetworkConfig(name="efficientnet_lite0_unet", output="bins"),
    NetworkConfig(name="efficientnet_lite2_unet", output="ab"),
    NetworkConfig(name="efficientnet_lite2_unet", output="bins"),
]


@pytest.mark.parametrize("config", KINDS, ids=lambda c: f"{c.name}-{c.output}")
def test_shapes_and_ranges(config):
    model = ColorizerModel(config, pretrained=False).eval()
    stride = model.network.output_stride
    lightness = torch.rand(2, 1, 64, 96) * 100
    with torch.no_grad():
        answer = model.answer(lightness)
        rgb = model.predict_rgb(lightness)
    channels = 3 if config.output == "rgb" else 2
    assert answer.shape == (2, channels, 64 // stride, 96 // stride)
    assert rgb.shape == (2, 3, 64, 96)
    assert rgb.min() >= 0
    assert rgb.max() <= 1


@pytest.mark.parametrize("config", [KINDS[1], KINDS[3]], ids=lambda c: f"{c.name}-{c.output}")
def test_every_parameter_learns(config):
    model = ColorizerModel(config, pretrained=False)
    model(torch.rand(2, 1, 64, 64) * 100).square().sum().backward()
    idle = [n for n, p in model.named_parameters() if p.grad is None or not p.grad.any()]
    assert not idle


@pytest.mark.parametrize(("config", "most"), [(KINDS[4], 4e6), (KINDS[-1], 7e6)])
def test_networks_are_small(config, most):
    model = ColorizerModel(config, pretrained=False)
    assert sum(parameter.numel() for parameter in model.parameters()) < most


def test_a_missing_encoder_file_is_named(tmp_path):
    config = NetworkConfig(
        name="efficientnet_lite0_unet", output="ab", encoder_weights=tmp_path / "none.safetensors"
    )
    with pytest.raises(ConfigError, match=r"none\.safetensors"):
        ColorizerModel(config, pretrained=True)


def test_the_stem_adds_up_the_three_colors(tmp_path):
    """One channel in equals the same channel fed three times into the original stem."""
    import timm
    from safetensors.torch import save_file

    torch.manual_seed(0)
    color = timm.create_model("tf_efficientnet_lite0", pretrained=False, num_classes=10)
    weights = {k: v for k, v in color.state_dict().items() if not k.startswith("classifier")}
    save_file(weights, tmp_path / "encoder.safetensors")
    gray = ColorizerModel(
        NetworkConfig(
            name="efficientnet_lite0_unet",
            output="ab",
            encoder_weights=tmp_path / "encoder.safetensors",
        ),
        pretrained=True,
    ).network.encoder
    x = torch.randn(1, 1, 64, 64)
    with torch.no_grad():
        wanted = color.conv_stem(x.expand(-1, 3, -1, -1))
        assert torch.allclose(gray.conv_stem(x), wanted, atol=1e-5)
