"""Hints, moods, vividness, variants and confidence, from a network to the command line.

The network is not trained; its conditioning layers have random weights, so that they
change something.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from skimage.color import rgb2lab

from rechroma.cli import main
from rechroma.color import lightness
from rechroma.colorizer import Colorizer, Distribution, Hint, load_card
from rechroma.colorizer.conditioning import HINT_CHANNELS, MOOD_SIZE, Patch, hint_map, mood_vector
from rechroma.colorizer.distribution import before_curve, chroma_factor
from rechroma.errors import ModelError, UsageError
from rechroma.mood import predict_in_mood
from rechroma.photo import read
from rechroma.training.bins import BinCodec
from rechroma.training.config import NetworkConfig
from rechroma.training.export import card_of, export_onnx
from rechroma.training.model import ColorizerModel
from rechroma.training.networks import Conditioning

CONFIGS = [
    NetworkConfig(name="efficientnet_lite0_unet", output="bins", conditioning=True, queries=3),
    NetworkConfig(name="efficientnet_lite2_unet", output="bins"),
]


@pytest.fixture(scope="module", params=CONFIGS, ids=lambda config: config.name)
def conditioned(request, tmp_path_factory):
    torch.manual_seed(0)
    model = ColorizerModel(request.param, pretrained=False).eval()
    network, first = model.network, request.param is CONFIGS[0]
    for parameter in (network.side if first else network.conditioning).parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    with torch.no_grad():
        # Weights as the file stores them, and logits as wide as a trained network's.
        if first:
            network.head.weight *= 10
        else:
            network.head.weight[:, :-HINT_CHANNELS] *= 40
        for parameter in model.parameters():
            parameter.copy_(parameter.half().float())
    path = tmp_path_factory.mktemp("conditioned") / "conditioned.onnx"
    export_onnx(model, path, card_of(model, name="conditioned", size=64))
    return model, path


def test_a_gain_leaves_hints_and_moods_as_they_are_given(conditioned, photo, tmp_path):
    model, path = conditioned
    card = card_of(model, name="lively", size=64, chroma_gain=1.5)
    export_onnx(model, tmp_path / "lively.onnx", card)
    plain, lively = Colorizer(path), Colorizer(tmp_path / "lively.onnx")
    before, after = plain.predict(photo).chroma, lively.predict(photo).chroma
    np.testing.assert_allclose(after, 1.5 * before, atol=0.05)
    hints = [Hint(30, 20, "#ff0000", "alike")]
    before, after = (each.predict(photo, hints=hints).chroma for each in (plain, lively))
    own = torch.from_numpy(lightness(photo.pixels).astype(np.float32))[None, None]
    conditioning = Conditioning(
        torch.from_numpy(hint_map([Patch(18, 23, 28, 33, *hints[0].chroma)], 64, 96))[None],
        torch.zeros(1, MOOD_SIZE),
    )
    with torch.no_grad():
        hinted = model.network(own, conditioning).hinted[0].movedim(0, -1).numpy()
    assert hinted.max() - hinted.min() > 0.1
    np.testing.assert_allclose(after, before * (1.5 - 0.5 * hinted), atol=0.05)
    # A mood is what the answer is to be like, not what comes before the gain.
    mood = np.zeros((40, 50, 3), np.uint8) + np.array([150, 110, 110], np.uint8)
    _, *rose = rgb2lab(mood[:1, :1])[0, 0]
    told = torch.from_numpy(mood_vector(np.full((4, 4, 2), rose) / 1.5))[None]
    with torch.no_grad():
        moody = Conditioning(torch.zeros(1, 3, 64, 96), told)
        wanted = model.everything(own, moody, 1.5)["chroma"][0].permute(1, 2, 0).numpy()
    np.testing.assert_allclose(lively.predict(photo, mood=mood).chroma, wanted, atol=0.5)


def test_a_curve_is_in_the_graph_and_spares_hints(conditioned, photo, tmp_path):
    """c becomes 1.2 · c · c² / (c² + 10²), written out here once more."""
    model, path = conditioned
    card = card_of(model, name="curved", size=64, chroma_gain=1.2, chroma_curve=10.0)
    export_onnx(model, tmp_path / "curved.onnx", card)
    assert load_card(tmp_path / "curved.onnx") == card
    plain, curved = Colorizer(path), Colorizer(tmp_path / "curved.onnx")
    before, work = plain.predict(photo).chroma, curved.predict(photo)
    square = (before.astype(np.float64) ** 2).sum(-1, keepdims=True)
    assert np.ptp(square / (square + 100)) > 0.05
    np.testing.assert_allclose(work.chroma, before * 1.2 * square / (square + 100), atol=0.05)
    # The run-time's own arithmetic: other answers have the same curve.
    same = before.transpose(2, 0, 1)
    factor = chroma_factor(same, work.distribution.gain, work.distribution.curve)
    np.testing.assert_allclose(work.chroma, (same * factor).transpose(1, 2, 0), atol=0.05)
    push = np.full_like(same, 0.02)
    first = plain.predict(photo).distribution.pushed(push)
    wanted = first * chroma_factor(first, 1.2, 10.0)
    np.testing.assert_allclose(work.distribution.pushed(push), wanted, atol=0.05)
    own = torch.from_numpy(lightness(photo.pixels).astype(np.float32))[None, None]
    hints = hint_map([Patch(18, 23, 28, 33, 70.0, 40.0)], 64, 96)
    given = Conditioning(torch.from_numpy(hints)[None], torch.zeros(1, MOOD_SIZE))
    with torch.no_grad():
        before, after = (model.everything(own, given, *p)["chroma"] for p in ((), (1.2, 10.0)))
        hinted = model.network(own, given).hinted
        square = before.square().sum(1, keepdim=True)
        wanted = before * (hinted + (1 - hinted) * 1.2 * square / (square + 100))
    assert hinted.max() - hinted.min() > 0.1
    torch.testing.assert_close(after, wanted, atol=1e-3, rtol=1e-4)


def test_a_curve_rises_and_has_an_inverse():
    chroma = np.linspace(0, 120, 2001)
    for gain, curve in [(1.0, 0.0), (1.3, 10.0), (0.8, 40.0)]:
        planes = np.stack([0.6 * chroma, -0.8 * chroma])[:, None].astype(np.float32)
        answer = planes * chroma_factor(planes, gain, curve)
        size = np.linalg.norm(answer[:, 0], axis=0)
        assert (np.diff(size) > 0).all()
        assert (size <= gain * chroma + 1e-4).all()
        back = before_curve(np.moveaxis(answer, 0, -1), gain, curve)
        np.testing.assert_allclose(back, np.moveaxis(planes, 0, -1), atol=1e-2)


@pytest.fixture
def photo():
    # The network sees it at its own size.
    return read(np.random.default_rng(0).integers(0, 256, (64, 96), dtype=np.uint8))


def test_the_card_says_what_it_takes(conditioned):
    card = load_card(conditioned[1])
    assert (card.hints, card.temperature) == (True, 0.38)


def test_conditioning_reaches_the_network_as_it_was_trained(conditioned, photo):
    model, path = conditioned
    colorizer = Colorizer(path)
    mood = np.zeros((40, 50, 3), np.uint8) + np.array([200, 60, 60], np.uint8)
    work = colorizer.predict(photo, hints=[Hint(30, 20, "#ff0000", "alike")], mood=mood)
    _, *red = rgb2lab([[[1.0, 0.0, 0.0]]])[0, 0]
    hints = hint_map([Patch(18, 23, 28, 33, *red)], 64, 96)
    _, *rose = rgb2lab(mood[:1, :1])[0, 0]
    vector = mood_vector(np.full((4, 4, 2), rose))
    own = torch.from_numpy(lightness(photo.pixels).astype(np.float32))[None, None]
    with torch.no_grad():
        conditioning = Conditioning(torch.from_numpy(hints)[None], torch.from_numpy(vector)[None])
        wanted = model.everything(own, conditioning)["chroma"][0].permute(1, 2, 0).numpy()
        unconditioned = model.everything(own)["chroma"][0].permute(1, 2, 0).numpy()
    assert np.abs(work.chroma - wanted).mean() < 0.5
    assert np.abs(wanted - unconditioned).mean() > 3
    assert np.abs(colorizer.predict(photo).chroma - unconditioned).mean() < 0.05


def test_vividness_goes_from_the_mean_to_the_answer(conditioned, photo):
    work = Colorizer(conditioned[1]).predict(photo)
    logits = torch.from_numpy(work.distribution.logits)[None]
    mean = conditioned[0].output.mean(logits)[0].numpy()
    assert np.allclose(work.distribution.mean(), mean, atol=1e-2)
    ends = [
        work.with_chroma(planes).enlarged() for planes in (mean, work.chroma.transpose(2, 0, 1))
    ]
    assert np.abs(ends[1] - ends[0]).mean() > 1
    for vividness in (0, 0.3, 1, 1.4):
        between = ends[0] + vividness * (ends[1] - ends[0])
        assert np.allclose(work.enlarged(vividness=vividness), between, atol=0.05)
    chroma = [np.abs(_ab(work.render(vividness=v))).mean() for v in (0, 0.5, 1, 1.4)]
    assert chroma == sorted(chroma)
    assert np.array_equal(work.render(vividness=1).samples, work.render().samples)


def _ab(photo):
    return rgb2lab(photo.pixels)[..., 1:]


def test_variants_differ_and_keep_the_lightness(conditioned, photo):
    work = Colorizer(conditioned[1]).predict(photo)
    others = list(work.variants(4))
    answers = [_ab(each) for each in (work.render(), *others)]
    for number, answer in enumerate(answers):
        for other in answers[:number]:
            assert np.abs(answer - other).mean() > 0.5
    for each in others:
        assert np.abs(lightness(each.pixels) - lightness(photo.pixels)).max() < 0.2


def test_confidence_is_one_where_the_network_is_as_sure_as_what_it_was_taught(conditioned, photo):
    work = Colorizer(conditioned[1]).predict(photo)
    logits = torch.from_numpy(work.distribution.logits).double()
    entropy = torch.distributions.Categorical(logits=logits.movedim(0, -1)).entropy()
    _, taught = BinCodec().encode(torch.zeros(1, 2, 1, 1))
    surest = torch.distributions.Categorical(probs=taught.flatten()).entropy().item()
    wanted = 1 - (entropy.numpy() - surest) / (np.log(len(logits)) - surest)
    assert np.allclose(work.distribution.confidence(), wanted.clip(0, 1), atol=1e-3)
    sure = Distribution(np.full((261, 1, 1), -9, np.float32), 0.38)
    assert sure.confidence().max() < 1e-6
    sure.logits[7] = 9
    assert sure.confidence().min() == 1
    shown = work.confidence()
    assert (shown.height, shown.width) == (64, 96)
    assert abs(shown.pixels.mean() - wanted.mean()) < 0.02


def test_what_training_weighed_more_is_no_likelier():
    """Logits of a sure network that was taught with weights w are log p + log w."""
    rng = np.random.default_rng(0)
    likely, weights = rng.dirichlet(np.ones(261), 6).T, rng.uniform(0.5, 20, 261)
    logits = np.log(likely * weights[:, None]).reshape(261, 2, 3).astype(np.float32)
    plain = Distribution(np.log(likely).reshape(261, 2, 3).astype(np.float32), 0.38)
    found = Distribution(logits, 0.38, log_weights=np.log(weights).astype(np.float32))
    assert np.allclose(found.probability, plain.probability, atol=1e-5)
    assert np.allclose(found.mean(), plain.mean(), atol=1e-3)
    assert np.allclose(
        [each.probability for each in found.likely(1, 2, 3)],
        [each.probability for each in plain.likely(1, 2, 3)],
        atol=1e-4,
    )
    # Other answers are as vivid as the answer itself.
    strong = Distribution(logits, 0.38, gain=1.5)
    push = np.full((2, 2, 3), 0.02, np.float32)
    assert np.allclose(strong.pushed(push), 1.5 * found.pushed(push), atol=1e-3)


def test_likely_colors_are_apart_and_in_order(conditioned, photo):
    found = Colorizer(conditioned[1]).predict(photo).distribution.likely(3, 4, 5)
    assert [each.probability for each in found] == sorted(
        (e.probability for e in found), reverse=True
    )
    assert sum(each.probability for each in found) <= 1 + 1e-5
    assert len({(each.a, each.b) for each in found}) == len(found) == 5


@pytest.mark.parametrize(
    ("hint", "message"),
    [
        (Hint(96, 0, "#000000"), "outside of"),
        (Hint(0, 64.0, "#000000"), "96 × 64 pixels"),
    ],
)
def test_a_hint_outside_is_refused(conditioned, photo, hint, message):
    with pytest.raises(UsageError, match=message):
        Colorizer(conditioned[1]).predict(photo, hints=[hint])


@pytest.mark.parametrize(
    "bad", [(-1, 0, "#000000"), (0, float("nan"), "#000000"), (0, 0, "reddish")]
)
def test_a_hint_that_is_none_is_refused(bad):
    with pytest.raises(UsageError, match="hint"):
        Hint(*bad)


@pytest.fixture
def call(tmp_path, monkeypatch, capfd, conditioned):
    monkeypatch.chdir(tmp_path)
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 96), dtype=np.uint8)).save(
        "in.png"
    )

    def run(*arguments):
        code = main(
            ["colorize", "in.png", "--model", str(conditioned[1]), "-o", "out.png", *arguments]
        )
        return code, capfd.readouterr().err

    return run


def test_everything_from_the_command_line(tmp_path, call, conditioned):
    """All options at once are what the package makes of them, beside its answer, too."""
    Image.new("RGB", (30, 20), (200, 60, 60)).save("mood.png")
    hints = [{"x": 10, "y": 12, "color": "#3355aa"}]
    (tmp_path / "hints.json").write_text(json.dumps(hints))
    code, err = call(
        "--hint", "30,20,#ff0000", "--hints", "hints.json", "--mood", "mood.png",
        "--vividness", "0.5", "--variants", "2", "--confidence", "sure.png",
    )  # fmt: skip
    assert (code, "1 colorized" in err) == (0, True)
    written = sorted(path.name for path in tmp_path.glob("*.png"))
    assert written == ["in.png", "mood.png", "out.1.png", "out.2.png", "out.png", "sure.png"]
    given = [Hint(30, 20, "#ff0000"), Hint(10, 12, "#3355aa")]
    work = predict_in_mood(Colorizer(conditioned[1]), read("in.png"), read("mood.png"), given)
    wanted = [*work.variants(2, vividness=0.5), work.render(vividness=0.5), work.confidence()]
    names = ("out.1.png", "out.2.png", "out.png", "sure.png")
    for name, photo in zip(names, wanted, strict=True):
        assert np.array_equal(read(name).to_uint8(), photo.to_uint8()), name
    assert len({Path(name).read_bytes() for name in names}) == 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--hint", "10,20"], "write x,y,color"),
        (["--hint", "10,20,bluish"], "#rrggbb"),
        (["--hint", "500,20,#112233"], "outside of in.png"),
        (["--hints", "none.json"], "none.json"),
        (["--raw-output", "--variants", "2"], "--raw-output"),
        (["--raw-output", "--hint", "1,1,#112233"], "--raw-output"),
        (["--no-recolor", "--variants", "2"], "--no-recolor"),
        (["--confidence", "in.png", "--overwrite"], "in.png would be written over"),
        (["--confidence", "./out.png"], "out.png would be written over"),
        (["--confidence", "out.2.png", "--variants", "2"], "out.2.png would be written over"),
        (["other.png", "-o", "new/", "--confidence", "c.png"], "--confidence is about one"),
    ],
)
def test_bad_conditioning_is_one_clear_line(call, arguments, message):
    Image.new("L", (9, 9)).save("other.png")
    code, err = call(*arguments)
    assert code != 0
    assert message in err
    assert "Traceback" not in err


def pixels(name):
    with Image.open(name) as picture:
        return np.asarray(picture).astype(int)


def test_what_is_missing_beside_a_result_is_made_later(tmp_path, call):
    assert call("-o", "new/out.png")[0] == 0
    first = (tmp_path / "new" / "out.png").stat()
    (tmp_path / "new" / "out.1.png").write_bytes(b"mine")
    code, err = call("-o", "new/out.png", "--variants", "2", "--confidence", "new/deep/sure.png")
    assert (code, "1 completed" in err) == (0, True)
    assert (tmp_path / "new" / "out.png").stat() == first
    assert (tmp_path / "new" / "out.1.png").read_bytes() == b"mine"
    assert (tmp_path / "new" / "out.2.png").exists()
    assert (tmp_path / "new" / "deep" / "sure.png").exists()
    _, err = call("-o", "new/out.png", "--variants", "2", "--confidence", "new/deep/sure.png")
    assert "1 skipped" in err


def test_variants_in_a_folder_stand_beside_each_result(tmp_path, call):
    Image.linear_gradient("L").resize((96, 64)).save("other.png")
    code, err = call("other.png", "-o", "new/", "--variants", "2")
    assert (code, "2 colorized" in err) == (0, True)
    names = {"in.png", "in.1.png", "in.2.png", "other.png", "other.1.png", "other.2.png"}
    assert {path.name for path in (tmp_path / "new").iterdir()} == names
    for name in ("in", "other"):
        one, other = (lightness(pixels(f"new/{name}{n}.png") / 255) for n in ("", ".1"))
        assert np.abs(one - other).max() < 1, "a variant is of the same picture"
    assert "2 skipped" in call("other.png", "-o", "new/", "--variants", "2")[1]


def test_variants_are_as_vivid_as_the_result(call):
    call("--variants", "1")
    call("--variants", "1", "--vividness", "0", "-o", "pale.png")
    assert np.abs(pixels("out.1.png") - pixels("pale.1.png")).mean() > 0.5


def test_a_mood_leaves_lightness_and_grays_to_the_other_options(call):
    Image.new("RGB", (30, 20), (200, 60, 60)).save("mood.png")
    call("--mood", "mood.png")
    grays = np.asarray(Image.open("in.png")) / 255
    own = lightness(np.repeat(grays[..., None], 3, axis=-1))
    assert np.abs(lightness(pixels("out.png") / 255) - own).max() < 0.5
    call("--mood", "mood.png", "--strength", "0", "-o", "gray.png")
    assert np.ptp(pixels("gray.png"), axis=-1).max() == 0


@pytest.mark.parametrize("option", [["--vividness", "0.5"], ["--hint", "1,1,#112233"]])
def test_what_a_model_can_t_do_is_said_once(tmp_path, call, option):
    config = NetworkConfig(name="base", output="ab", width=4)
    model = ColorizerModel(config, pretrained=False).eval()
    export_onnx(model, tmp_path / "plain.onnx", card_of(model, name="plain", size=64))
    code, err = call("--model", "plain.onnx", *option)
    assert code == 2
    assert "in.png" not in err


@pytest.mark.parametrize(
    "content", ["{", "{}", '[{"x": 1}]', '[{"x": 1, "y": "2", "color": "#112233"}]']
)
def test_a_bad_file_of_hints_is_named(tmp_path, call, content):
    (tmp_path / "hints.json").write_text(content)
    code, err = call("--hints", "hints.json")
    # What is no JSON can't be read; what is, but has no hints in it, is used wrongly.
    assert code == (3 if content == "{" else 2)
    assert "hints.json" in err


def test_a_model_without_them_says_so(tmp_path, photo):
    config = NetworkConfig(name="base", output="ab", width=4)
    model = ColorizerModel(config, pretrained=False).eval()
    export_onnx(model, tmp_path / "plain.onnx", card_of(model, name="plain", size=64))
    colorizer = Colorizer(tmp_path / "plain.onnx")
    with pytest.raises(UsageError, match="plain takes neither hints nor moods"):
        colorizer.predict(photo, hints=[Hint(1, 1, "#112233")])
    with pytest.raises(UsageError, match="gives one answer"):
        colorizer.predict(photo).render(vividness=0.5)


def test_a_card_that_promises_hints_in_vain(tmp_path):
    config = NetworkConfig(name="base", output="ab", width=4)
    model = ColorizerModel(config, pretrained=False).eval()
    card = replace(card_of(model, name="plain"), hints=True)
    export_onnx(model, tmp_path / "plain.onnx", card)
    with pytest.raises(ModelError, match="no input mood"):
        Colorizer(tmp_path / "plain.onnx")
