import numpy as np
import pytest
import torch

from rechroma.color.bins import bin_centers
from rechroma.errors import ConfigError
from rechroma.training.calibration import OperatingPoint, calibrate
from rechroma.training.config import NetworkConfig
from rechroma.training.model import ColorizerModel

CONFIGS = [
    NetworkConfig(name="base", output="bins", width=4),
    NetworkConfig(name="efficientnet_lite0_unet", output="bins", queries=4),
]


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.name)
def test_an_answer_is_the_annealed_mean_of_what_is_left(config):
    torch.manual_seed(0)
    model = ColorizerModel(config, pretrained=False).eval()
    lightness = torch.rand(1, 1, 64, 64) * 100
    weights = np.random.default_rng(0).normal(0, 1, len(bin_centers()))
    with torch.no_grad():
        raw = model(lightness).double().numpy()
        left = calibrate(model, weights.tolist(), OperatingPoint(0.55, 0.25))
        answer = model.answer(lightness).numpy()
    likelihood = np.exp((raw - 0.25 * weights[:, None, None]) / 0.55)
    wanted = np.einsum(
        "nqhw,qc->nchw", likelihood / likelihood.sum(1, keepdims=True), bin_centers()
    )
    np.testing.assert_allclose(answer, wanted, atol=1e-3)
    np.testing.assert_allclose(left, 0.75 * weights)
    assert model.config.temperature == 0.55


def test_nothing_asked_is_nothing_changed():
    model = ColorizerModel(NetworkConfig(name="base", output="ab", width=4), pretrained=False)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    assert calibrate(model, [], OperatingPoint(chroma_curve=10)) == []
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())


@pytest.mark.parametrize(
    ("output", "message"), [("ab", "OUTPUT ab"), ("bins", "does not tell its class weights")]
)
def test_what_has_no_operating_point_is_refused(output, message):
    model = ColorizerModel(NetworkConfig(name="base", output=output, width=4), pretrained=False)
    with pytest.raises(ConfigError, match=message):
        calibrate(model, [], OperatingPoint(unweighed=0.5))
