import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from rechroma.cli import main
from rechroma.color import lightness, rgb_to_lab
from rechroma.colorizer import Colorizer, load_card
from rechroma.colorizer.conditioning import MOOD_SIZE
from rechroma.errors import ConfigError, ModelError, UsageError
from rechroma.photo import read
from rechroma.training.checkpoint import load_average, save_weights
from rechroma.training.config import NetworkConfig
from rechroma.training.export import RunTimeGraph, card_of, export_onnx
from rechroma.training.model import ColorizerModel
from rechroma.training.onnx_weights import read_trainable

KINDS = [
    NetworkConfig(name="base", output="rgb", width=4),
    NetworkConfig(name="base", output="ab", width=4),
    NetworkConfig(name="efficientnet_lite0_unet", output="bins"),
    NetworkConfig(name="efficientnet_lite2_unet", output="bins"),
]


def rounded(model: ColorizerModel) -> ColorizerModel:
    """The same model with its large weights rounded to float16, as the file stores them."""
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.numel() >= 256:
                parameter.copy_(parameter.half().float())
    return model


@pytest.mark.parametrize("config", KINDS, ids=lambda c: f"{c.name}-{c.output}")
def test_onnx_runtime_agrees_with_torch(config, tmp_path):
    torch.manual_seed(0)
    model = ColorizerModel(config, pretrained=False).eval()
    path = tmp_path / "model.onnx"
    gain = 1.0 if config.output == "rgb" else 1.25
    card = card_of(model, name="test", scores={"psnr": 1.0}, chroma_gain=gain)
    export_onnx(model, path, card)
    session = onnxruntime.InferenceSession(path)
    wanted = RunTimeGraph(rounded(model), gain).eval()
    # RGB is about 1 where chroma is about 110.
    peak = 1 if config.output == "rgb" else 110
    for hinted, (height, width) in enumerate([(32, 32), (64, 160), (224, 96)]):
        given = [torch.rand(1, 1, height, width) * 100]
        if card.hints:
            hints = torch.zeros(1, 3, height, width)
            hints[..., :hinted, 5:9] = torch.tensor([0.3, -0.4, 1.0])[:, None, None]
            given += [hints, torch.rand(1, MOOD_SIZE)]
        names = [port.name for port in session.get_inputs()]
        inputs = {name: tensor.numpy() for name, tensor in zip(names, given, strict=True)}
        answer, *more = session.run(None, inputs)
        with torch.no_grad():
            expected, *seen = (output.numpy() for output in wanted(*given))
        assert np.abs(answer - expected).max() / peak < 1e-3
        names = [output.name for output in session.get_outputs()][1:]
        assert names == ["logits"] * bool(card.temperature) + ["features"] * bool(
            card.feature_stride
        )
        for given, true in zip(more, seen, strict=True):
            assert np.abs(given - true).max() < 1e-2 * np.abs(true).max()
        if card.feature_stride:
            assert more[-1].shape[2:] == (height // 16, width // 16)


def test_the_file_carries_its_card_and_half_weights(tmp_path):
    model = ColorizerModel(KINDS[2], pretrained=False).eval()
    path = tmp_path / "model.onnx"
    card = card_of(model, name="test", license="Apache-2.0", scores={"psnr": 23.5})
    export_onnx(model, path, card)
    assert load_card(path) == card
    assert path.stat().st_size < 12e6
    half = sum(
        np.prod(tensor.dims)
        for tensor in onnx.load(path).graph.initializer
        if tensor.data_type == onnx.TensorProto.FLOAT16
    )
    total = sum(parameter.numel() for parameter in model.parameters())
    assert half > 0.95 * total


def test_the_exported_model_colorizes(tmp_path):
    model = ColorizerModel(KINDS[1], pretrained=False).eval()
    export_onnx(model, tmp_path / "model.onnx", card_of(model, name="test", size=64))
    photo = np.random.default_rng(0).integers(0, 256, (50, 70, 3), dtype=np.uint8)
    result = Colorizer(tmp_path / "model.onnx").colorize(photo)
    assert result.pixels.shape == (50, 70, 3)
    np.testing.assert_allclose(lightness(result.pixels), lightness(photo / 255), atol=0.05)
    # Random weights give some color: neither none nor the photograph's own.
    assert np.ptp(result.pixels, axis=-1).mean() > 0.01
    assert np.abs(result.pixels - photo / 255).mean() > 0.05


def test_an_rgb_model_shows_its_raw_output_or_its_colors_on_the_photos_lightness(tmp_path):
    torch.manual_seed(0)
    model = ColorizerModel(KINDS[0], pretrained=False).eval()
    export_onnx(model, tmp_path / "rgb.onnx", card_of(model, name="test", size=64))
    photo = read(np.random.default_rng(0).integers(60, 200, (64, 96, 3), dtype=np.uint8))
    work = Colorizer(tmp_path / "rgb.onnx").predict(photo)
    own = torch.from_numpy(lightness(photo.pixels).astype(np.float32))[None, None]
    with torch.no_grad():
        wanted = rounded(model).answer(own).clamp(0, 1)[0].permute(1, 2, 0).numpy()
    # The network saw the photo at its own size: nothing was enlarged.
    np.testing.assert_allclose(work.render_raw().pixels, wanted, atol=2e-3)
    mended = work.render().pixels
    np.testing.assert_allclose(lightness(mended), lightness(photo.pixels), atol=0.1)
    np.testing.assert_allclose(work.chroma, rgb_to_lab(wanted)[..., 1:], atol=0.5)


def test_raw_output_and_gain_are_refused_where_they_have_no_meaning(tmp_path):
    model = ColorizerModel(KINDS[1], pretrained=False).eval()
    export_onnx(model, tmp_path / "ab.onnx", card_of(model, name="test", size=64))
    with pytest.raises(UsageError, match="no raw RGB"):
        Colorizer(tmp_path / "ab.onnx").predict(np.zeros((8, 8), np.uint8)).render_raw()
    rgb = ColorizerModel(KINDS[0], pretrained=False)
    with pytest.raises(ConfigError, match="gain for a model of RGB"):
        export_onnx(rgb, tmp_path / "x.onnx", card_of(rgb, name="test", chroma_gain=1.25))
    with pytest.raises(ConfigError, match="curve for a model of RGB"):
        export_onnx(rgb, tmp_path / "x.onnx", card_of(rgb, name="test", chroma_curve=10.0))


def checkpoints(tmp_path, *configs):
    for number, config in enumerate(configs):
        torch.manual_seed(number)
        model = ColorizerModel(config, pretrained=False)
        save_weights(model, tmp_path / f"{number}.safetensors", config, {"step": number})
        yield tmp_path / f"{number}.safetensors"


def test_of_several_checkpoints_the_mean_is_exported(tmp_path):
    paths = list(checkpoints(tmp_path, *[KINDS[1]] * 3))
    states = [load_average([path])[0].state_dict() for path in paths]
    model, facts = load_average(paths)
    assert facts["step"] == 2
    for name, tensor in model.state_dict().items():
        if tensor.is_floating_point():
            wanted = np.mean([state[name].numpy() for state in states], axis=0)
            np.testing.assert_allclose(tensor.numpy(), wanted, atol=1e-6)
    files = [*map(str, paths), "-o", str(tmp_path / "mean.onnx"), "--name", "mean"]
    assert main(["export", *files]) == 0
    _, tensors = read_trainable(tmp_path / "mean.onnx")
    head = model.state_dict()["network.head.weight"]
    torch.testing.assert_close(tensors["network.head.weight"], head, atol=1e-3, rtol=1e-3)


def test_checkpoints_of_different_networks_have_no_mean(tmp_path):
    slim, wide = KINDS[1], NetworkConfig(name="base", output="ab", width=8)
    with pytest.raises(ModelError, match=r"WIDTH 4.*not.*WIDTH 8"):
        load_average(list(checkpoints(tmp_path, slim, wide)))
