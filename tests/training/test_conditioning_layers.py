import pytest
import torch

from rechroma.colorizer.conditioning import MOOD_SIZE
from rechroma.errors import ConfigError, ModelError
from rechroma.training.checkpoint import load_weights, save_weights, start_from
from rechroma.training.config import NetworkConfig
from rechroma.training.losses import Criterion
from rechroma.training.model import ColorizerModel
from rechroma.training.networks import Conditioning
from rechroma.training.networks.hint_propagation import HintPropagation
from rechroma.training.outputs import build_output
from rechroma.training.train import train

PLAIN = NetworkConfig(name="efficientnet_lite0_unet", output="bins")
FULL = NetworkConfig(name="efficientnet_lite0_unet", output="bins", conditioning=True, queries=5)
LITE2 = NetworkConfig(name="efficientnet_lite2_unet", output="bins")
both = pytest.mark.parametrize("config", [FULL, LITE2], ids=lambda config: config.name)


@pytest.fixture
def lightness():
    return torch.rand(2, 1, 64, 96) * 100


def conditioning(hinted=True, mood=True):
    hints = torch.zeros(2, 3, 64, 96)
    if hinted:
        hints[:, :, 20:25, 30:35] = torch.tensor([0.4, 0.3, 1.0])[:, None, None]
    vector = torch.rand(2, MOOD_SIZE) if mood else torch.zeros(2, MOOD_SIZE)
    vector[:, -1] = float(mood)
    return Conditioning(hints, vector)


def trained(config):
    """A model whose zero-initialized layers have learnt something."""
    torch.manual_seed(0)
    model = ColorizerModel(config, pretrained=False)
    network = model.network
    layers = network.side if config is FULL else network.conditioning
    for parameter in layers.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    return model.eval()


def test_side_inputs_change_nothing_before_they_have_learnt(tmp_path, lightness):
    plain = ColorizerModel(PLAIN, pretrained=False).eval()
    save_weights(plain, tmp_path / "plain.safetensors", PLAIN, {})
    # As rounded as the file is.
    load_weights(plain, PLAIN, tmp_path / "plain.safetensors")
    full = ColorizerModel(FULL, pretrained=False).eval()
    start_from(full, FULL, tmp_path / "plain.safetensors")
    with torch.no_grad():
        wanted = plain(lightness)
        for given in (None, conditioning(hinted=False), conditioning(hinted=False, mood=False)):
            assert torch.allclose(full(lightness, given), wanted, atol=1e-6)


@both
def test_a_hint_pulls_to_its_color_from_the_start(lightness, config):
    torch.manual_seed(0)
    model = ColorizerModel(config, pretrained=False).eval()
    with torch.no_grad():
        before, after = (
            model.output.answer(model(lightness, given))
            for given in (None, conditioning(mood=False))
        )
    wanted = torch.tensor([44.0, 33.0])
    at_hint = after[:, :, 5, 8]
    assert (at_hint - wanted).norm(dim=1).max() < 8
    assert (before[:, :, 5, 8] - wanted).norm(dim=1).min() > 30


def test_hints_spread_to_what_is_near_and_alike():
    torch.manual_seed(0)
    spread = HintPropagation(4)
    with torch.no_grad():
        # Likeness is the features' own cosine.
        for layer in (spread.query, spread.key):
            layer.weight.zero_()
            layer.bias.zero_()
            layer.weight[:4, :, 0, 0] = 8 * torch.eye(4)
    features = torch.zeros(1, 4, 12, 12)
    features[:, 0, :, :6], features[:, 1, :, 6:] = 1, 1
    hints = torch.zeros(1, 3, 12, 12)
    hints[0, :, 6, 4] = torch.tensor([0.3, -0.2, 1.0])
    with torch.no_grad():
        assert not spread(features, torch.zeros_like(hints)).any()
        taken = spread(features, hints)[0]
    weight = taken[2]
    # The color is the hint's wherever it is taken; how much of it falls with the distance.
    assert torch.allclose(taken[0], 0.3 * weight, atol=1e-6)
    assert torch.allclose(taken[1], -0.2 * weight, atol=1e-6)
    assert weight[6, 4] > weight[6, 2] > weight[6, 0] > 0.5
    # Just beyond the border, at the same distance, it is another thing.
    assert weight[6, 6] < weight[6, 2] - 0.2


def test_hints_spread_over_the_same_share_of_a_picture_at_every_size():
    spread = HintPropagation(4)
    weights = []
    with torch.no_grad():
        spread.log_likeness.fill_(-1)
        for height, width in ((16, 24), (64, 96)):
            hints = torch.zeros(1, 3, height, width)
            hints[0, :, height // 2, width // 4] = 1.0
            taken = spread(torch.ones(1, 4, height, width), hints)[0, 2]
            weights.append(taken[height // 2, width // 4 :: width // 8])
    small, large = weights
    assert small[0] > 2 * small[-1]
    assert torch.allclose(small[1:], large[1:], atol=0.02)


def test_what_is_missing_elsewhere_is_refused(tmp_path):
    save_weights(trained(FULL), tmp_path / "full.safetensors", FULL, {})
    plain = ColorizerModel(PLAIN, pretrained=False)
    with pytest.raises(ModelError, match=r"full\.safetensors"):
        start_from(plain, PLAIN, tmp_path / "full.safetensors")
    save_weights(plain, tmp_path / "plain.safetensors", PLAIN, {})
    with pytest.raises(ModelError, match=r"plain\.safetensors"):
        load_weights(trained(FULL), FULL, tmp_path / "plain.safetensors")


@both
def test_no_conditioning_is_silent_also_after_it_has_learnt(lightness, config):
    model = trained(config)
    with torch.no_grad():
        silent = model(lightness, conditioning(hinted=False, mood=False))
        assert torch.allclose(silent, model(lightness), atol=1e-5)
        assert not torch.allclose(silent, model(lightness, conditioning(hinted=False)), atol=1e-2)
        assert not torch.allclose(silent, model(lightness, conditioning(mood=False)), atol=1e-2)


@both
def test_every_part_can_learn(lightness, config):
    model = trained(config).train()
    # Layers that start at zero let no gradient through.
    for parameter in model.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.1)
    model(lightness, conditioning()).square().sum().backward()
    idle = [n for n, p in model.named_parameters() if p.grad is None or not p.grad.any()]
    assert not idle


def test_the_mean_is_paler_than_the_annealed_mean():
    output = build_output(NetworkConfig(output="bins"))
    raw = torch.randn(4, output.channels, 8, 8) * 3
    assert output.mean(raw).norm(dim=1).mean() < output.answer(raw).norm(dim=1).mean()


def interrupted(monkeypatch, at):
    """In the midst of this step of the first run from now on."""
    forward, steps = Criterion.forward, []

    def stopping(criterion, raw, truth, *part, **rest):
        steps.append(None)
        if len(steps) == at:
            raise KeyboardInterrupt
        return forward(criterion, raw, truth, *part, **rest)

    monkeypatch.setattr(Criterion, "forward", stopping)


def test_a_run_with_everything_resumes(make_config, monkeypatch):
    everything = [
        "NETWORK={NAME: efficientnet_lite2_unet, OUTPUT: bins}", "DATA.DEGRADED=0.5", "STEADY=2.0",
        "LOSS={cross_entropy: 1.0, st_lpips: 1.0, evenness: 5.0}", "EMA=0.5",
    ]  # fmt: skip
    start = make_config(*everything)
    # An encoder without a download: random weights to start from.
    weights = start.output_dir.parent / "start.safetensors"
    save_weights(ColorizerModel(start.network, pretrained=False), weights, start.network, {})
    everything.append(f"INIT_FROM={weights}")
    whole = train(make_config(*everything, f"OUTPUT_DIR={weights.parent / 'whole'}"))
    interrupted(monkeypatch, at=5)
    with pytest.raises(KeyboardInterrupt):
        train(make_config(*everything))
    parts = train(make_config(*everything))
    final = [torch.load(folder / "resume.pt") for folder in (whole, parts)]
    assert [state["step"] for state in final] == [6, 6]
    for part in ("model", "averaged"):
        wanted, found = (state[part] for state in final)
        assert wanted.keys() == found.keys()
        for name, tensor in wanted.items():
            assert torch.allclose(found[name].float(), tensor.float(), atol=1e-5), (part, name)


def test_a_frozen_encoder_stays(make_config):
    torch.manual_seed(0)
    overrides = ["NETWORK={NAME: efficientnet_lite0_unet}", "OPTIMIZER.ENCODER_LR=0", "EMA=0.1"]
    config = make_config(*overrides)
    model = ColorizerModel(config.network, pretrained=False)
    weights = config.output_dir.parent / "start.safetensors"
    save_weights(model, weights, config.network, {})
    load_weights(model, config.network, weights)
    folder = train(make_config(*overrides, f"INIT_FROM={weights}"))
    after = torch.load(folder / "resume.pt")["model"]
    moved = {n for n, tensor in model.state_dict().items() if not torch.equal(tensor, after[n])}
    assert moved
    assert not [name for name in moved if name.startswith("network.encoder")]


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (
            ["NETWORK.CONDITIONING=true"],
            "base has no CONDITIONING: only .* efficientnet_lite0_unet:",
        ),
        (["NETWORK.QUERIES=3"], "base has no QUERIES"),
        (["NETWORK.NAME=efficientnet_lite0_unet"], "has no WIDTH: only NETWORK NAME base:"),
        (
            ["NETWORK={NAME: efficientnet_lite2_unet, QUERIES: 3}"],
            "has no QUERIES: only NETWORK NAME efficientnet_lite0_unet:",
        ),
        (["NETWORK={NAME: efficientnet_lite2_unet, OUTPUT: rgb}"], "only NETWORK NAME base:"),
        (["NETWORK.NAME=resnet"], "no network 'resnet': there are base, eff"),
        (["OPTIMIZER.ENCODER_LR=0"], "base has no encoder .* efficientnet_lite2_unet:"),
        (["NETWORK.OUTPUT=bins"], "go together"),
        (["NETWORK.OUTPUT=rgb", "STEADY=1", "DATA.RECOMPRESSED=1"], "OUTPUT rgb"),
        (["NETWORK.OUTPUT=rgb", "LOSS={l2: 1.0, evenness: 1.0}"], "evenness compares chroma"),
        (["STEADY=1"], "DATA DEGRADED or RECOMPRESSED"),
        (["DATA.DEGRADED=0.6", "DATA.RECOMPRESSED=0.6"], "at most 1"),
    ],
)
def test_what_does_not_go_together_is_refused(make_config, overrides, message):
    with pytest.raises(ConfigError, match=message):
        make_config(*overrides)
