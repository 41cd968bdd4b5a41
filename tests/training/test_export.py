import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from rechroma.colorizer import Colorizer, load_card
from rechroma.training.config import NetworkConfig
from rechroma.training.export import ChromaGraph, card_of, export_onnx
from rechroma.training.model import ColorizerModel

KINDS = [
    NetworkConfig(name="base", output="rgb", width=4),
    NetworkConfig(name="base", output="ab", width=4),
    NetworkConfig(name="efficientnet_lite0_unet", output="bins"),
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
    card = card_of(model, name="test", scores={"psnr": 1.0})
    export_onnx(model, path, card, gain=1.25)
    session = onnxruntime.InferenceSession(path)
    wanted = ChromaGraph(rounded(model), 1.25).eval()
    for height, width in [(32, 32), (64, 160), (224, 96)]:
        lightness = torch.rand(1, 1, height, width) * 100
        (chroma,) = session.run(None, {"lightness": lightness.numpy()})
        with torch.no_grad():
            expected = wanted(lightness).numpy()
        assert np.abs(chroma - expected).max() / 110 < 1e-3


def test_the_file_carries_its_card_and_half_weights(tmp_path):
    model = ColorizerModel(KINDS[2], pretrained=False).eval()
    path = tmp_path / "model.onnx"
    card = card_of(model, name="test", licence="Apache-2.0", scores={"psnr": 23.5})
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
