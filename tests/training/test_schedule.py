from itertools import pairwise

import pytest

from rechroma.training.config import NetworkConfig, OptimizerConfig
from rechroma.training.loop import build_optimizer
from rechroma.training.model import ColorizerModel
from rechroma.training.schedule import Clock, StepCount, rate_at

CONFIG = OptimizerConfig(warmup=10, final=0.1, lr=1e-3, encoder_lr=1e-5)


def test_rates_rise_then_fall():
    length = StepCount(100)
    rates = [rate_at(step, length.progress(step), CONFIG) for step in range(101)]
    assert rates[0] == pytest.approx(0.1)
    assert rates[50] == pytest.approx(0.55)
    assert rates[100] == pytest.approx(0.1)
    assert all(a < b for a, b in pairwise(rates[:10]))
    assert all(a >= b for a, b in pairwise(rates[10:]))


def test_the_clock_counts_what_was_spent_before_and_no_steps():
    times = iter([1000.0, 1000.0, 1060.0, 1090.0, 9999.0])
    clock = Clock(minutes=2, spent=30.0, now=lambda: next(times))
    assert [clock.progress(step) for step in (5, 700, 701, 702)] == [0.25, 0.75, 1.0, 1.0]


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


def test_adam_gets_its_betas():
    model = ColorizerModel(NetworkConfig(name="base", output="ab", width=4), pretrained=False)
    assert build_optimizer(model, OptimizerConfig(betas=(0.8, 0.95))).defaults["betas"] == (
        0.8,
        0.95,
    )
