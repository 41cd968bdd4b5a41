from itertools import pairwise

import pytest

from rechroma.training.config import NetworkConfig, OptimizerConfig
from rechroma.training.loop import build_optimizer, rate_at
from rechroma.training.model import ColorizerModel

CONFIG = OptimizerConfig(warmup=10, final=0.1, lr=1e-3, encoder_lr=1e-5)


def test_rates_rise_then_fall():
    rates = [rate_at(step, 100, CONFIG) for step in range(101)]
    assert rates[:10] == pytest.approx([(step + 1) / 10 for step in range(10)])
    assert rates[10] == 1
    assert rates[55] == pytest.approx(0.55)
    assert rates[100] == pytest.approx(0.1)
    assert all(a >= b for a, b in pairwise(rates[10:]))


def test_what_spreads_hints_may_learn_faster():
    model = ColorizerModel(
        NetworkConfig(name="efficientnet_lite0_unet", output="bins", conditioning=True),
        pretrained=False,
    )
    side = model.network.side
    fast = {id(each) for part in (side.spread, side.pull) for each in part.parameters()}
    for group in build_optimizer(model, OptimizerConfig(hint_lr=0.5)).param_groups:
        for parameter in group["params"]:
            assert (group["lr"] == 0.5) == (id(parameter) in fast)


def test_the_encoder_learns_at_its_own_rate_and_norms_do_not_decay():
    model = ColorizerModel(
        NetworkConfig(name="efficientnet_lite0_unet", output="ab"), pretrained=False
    )
    optimizer = build_optimizer(model, CONFIG)
    encoder = {id(parameter) for parameter in model.network.encoder.parameters()}
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            assert group["lr"] == (1e-5 if id(parameter) in encoder else 1e-3)
            assert (group["weight_decay"] > 0) == (parameter.ndim > 1)
    count = sum(len(group["params"]) for group in optimizer.param_groups)
    assert count == len(list(model.parameters()))
