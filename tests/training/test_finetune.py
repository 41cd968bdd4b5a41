from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from rechroma.cli import main
from rechroma.colorizer import load_card
from rechroma.errors import ModelError
from rechroma.training.checkpoint import start_from
from rechroma.training.config import NetworkConfig
from rechroma.training.export import card_of, export_onnx
from rechroma.training.model import ColorizerModel
from rechroma.training.onnx_weights import read_trainable

CONFIG = NetworkConfig(name="efficientnet_lite0_unet", output="bins", conditioning=True, queries=2)
SMALL = [
    word
    for each in ("BATCH=2", "DATA.CROP=64", "DATA.WORKERS=0", "DATA.MIN_CHROMA=1.0",
                 "VALIDATION.SIZE=64", "VALIDATION.EVERY=2", "LOG_EVERY=1")
    for word in ("--set", each)
]  # fmt: skip


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    torch.manual_seed(0)
    model = ColorizerModel(CONFIG, pretrained=False)
    # Running statistics of their own.
    model.train()(torch.rand(4, 1, 64, 64) * 100)
    model.eval()
    path = tmp_path_factory.mktemp("exported") / "start.onnx"
    export_onnx(model, path, card_of(model, name="start", size=64, license="CC0-1.0"))
    return model, path


def test_an_exported_model_can_be_trained_on(exported):
    model, path = exported
    network, _ = read_trainable(path)
    assert network == CONFIG
    torch.manual_seed(1)
    other = ColorizerModel(CONFIG, pretrained=False).eval()
    start_from(other, CONFIG, path)
    for (name, wanted), found in zip(
        model.state_dict().items(), other.state_dict().values(), strict=True
    ):
        if wanted.is_floating_point():
            # Large weights were rounded to float16.
            assert torch.allclose(found, wanted, rtol=1e-3, atol=1e-6), name


def test_finetune_makes_a_model(exported, photos, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    code = main([
        "finetune", str(photos), "-o", "mine.onnx", "--model", str(exported[1]), "--steps", "2",
        *SMALL,
    ])  # fmt: skip
    assert code == 0, capfd.readouterr().err
    card = load_card(tmp_path / "mine.onnx")
    assert (card.name, card.license, card.hints) == ("mine", "CC0-1.0", True)
    assert "start, tuned on" in card.training_data
    _, before = read_trainable(exported[1])
    _, after = read_trainable(tmp_path / "mine.onnx")
    # Norms' statistics follow the pictures; weights take two small steps.
    weights = [name for name, tensor in before.items() if tensor.ndim > 1]
    moved = [np.abs((after[name] - before[name]).numpy()).max() for name in weights]
    assert 0 < max(moved) < 0.01


@pytest.mark.parametrize(
    ("folder", "model", "message"),
    [("none", None, "none: no such folder"), (".", "other.onnx", "no such model file")],
)
def test_what_can_not_be_tuned(exported, tmp_path, monkeypatch, capfd, folder, model, message):
    monkeypatch.chdir(tmp_path)
    assert main(["finetune", folder, "-o", "m.onnx", "--model", model or str(exported[1])]) != 0
    assert message in capfd.readouterr().err


def test_a_file_of_others_holds_nothing_to_train_on(tmp_path):
    (tmp_path / "other.onnx").write_bytes(b"no model")
    with pytest.raises(ModelError, match="no weights that can be trained on"):
        read_trainable(tmp_path / "other.onnx")


@pytest.mark.slow
def test_a_run_is_not_gone_on_with_otherwise(exported, photos, tmp_path, monkeypatch, capfd):
    """Among its own pictures, too: a run's figures are no photographs."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(photos, "photos")
    command = ["finetune", "photos", "-o", "photos/m.onnx", "--model", str(exported[1]), *SMALL]
    assert main([*command, "--steps", "2"]) == 0
    assert list(Path("photos/m.run/samples").iterdir())
    capfd.readouterr()
    assert main([*command, "--steps", "2"]) != 0
    assert "photos/m.onnx: exists already" in capfd.readouterr().err
    # The same run, longer.
    assert main([*command, "--steps", "3", "--overwrite"]) == 0
    assert "12 pictures" in capfd.readouterr().err.replace(
        "11 pictures to train on, 1", "12 pictures"
    )
    assert main([*command, "--steps", "3", "--overwrite", "--set", "OPTIMIZER.LR=1e-5"]) == 2
    assert "started with another OPTIMIZER.LR: 0.0001, not 1e-05" in capfd.readouterr().err
