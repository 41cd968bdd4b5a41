"""What goes wrong in a training run: one clear error, and the last good checkpoint is kept."""

from __future__ import annotations

import logging
import re
import shutil
from contextlib import contextmanager

import pytest
import torch
import yaml
from safetensors.torch import load_file

from rechroma.cli import main
from rechroma.errors import ConfigError, MissingExtraError, ModelError, TrainingError
from rechroma.training import losses
from rechroma.training.checkpoint import load_checkpoint
from rechroma.training.losses import Criterion
from rechroma.training.train import train


def test_an_empty_folder(make_config, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError, match="empty: no pictures"):
        train(make_config(f"TRAIN_DIR={tmp_path / 'empty'}"))


@pytest.mark.parametrize("key", ["TRAIN_DIR", "VAL_DIR", "EXCLUDE", "VAL_STEMS"])
def test_what_is_missing_is_told_before_anything_is_written(make_config, tmp_path, key):
    config = make_config(f"{key}={tmp_path / 'nowhere'}")
    with pytest.raises(ConfigError, match="nowhere"):
        train(config)
    assert not config.output_dir.exists()


def test_one_unreadable_picture_among_many(make_config, photos, tmp_path):
    shutil.copytree(photos, tmp_path / "mixed")
    (tmp_path / "mixed" / "torn.jpg").write_bytes(b"\xff\xd8\xff\xe0 torn")
    with pytest.raises(ConfigError, match=r"1 unreadable pictures .*torn\.jpg"):
        train(make_config(f"TRAIN_DIR={tmp_path / 'mixed'}"))


def test_fewer_pictures_than_a_batch(make_config):
    with pytest.raises(ConfigError, match="9 pictures to train on, and BATCH is 10"):
        train(make_config("BATCH=10"))


def test_a_run_of_an_earlier_version(make_config):
    """BATCH was each process's there: it is not gone on with in another meaning."""
    saved = train(make_config("STEPS=1")) / "config.yaml"
    values = yaml.safe_load(saved.read_text())
    for key in ("ACCUMULATE", "NORM_BATCH", "BACKEND", "TIMEOUT"):
        del values[key]
    saved.write_text(yaml.safe_dump(values))
    with pytest.raises(ConfigError, match="earlier version began that run: its BATCH was each"):
        train(make_config("STEPS=2"))
    assert yaml.safe_load(saved.read_text()) == values


@pytest.mark.parametrize("inner", ["TRAIN_DIR", "VAL_DIR"])
def test_validation_inside_of_training(make_config, photos, inner):
    places = {"TRAIN_DIR": photos, "VAL_DIR": photos} | {inner: photos / "deep"}
    with pytest.raises(ConfigError, match="lie in each other"):
        train(make_config(*(f"{key}={place}" for key, place in places.items())))


def test_the_same_pictures_on_both_sides(make_config, photos, tmp_path):
    (tmp_path / "val").mkdir()
    shutil.copy(photos / "01.png", tmp_path / "val" / "renamed.png")
    with pytest.raises(ConfigError, match=r"renamed\.png is .*01\.png"):
        train(make_config(f"VAL_DIR={tmp_path / 'val'}"))


def test_nan_stops_the_run_names_the_batch_and_keeps_the_checkpoint(make_config, monkeypatch):
    config = make_config("STEPS=8")
    forward = Criterion.forward
    calls = 0

    def poisoned(self, raw, truth, part):
        nonlocal calls
        calls += 1
        total, values = forward(self, raw, truth, part)
        return (total * float("nan") if calls == 6 else total), values

    monkeypatch.setattr(Criterion, "forward", poisoned)
    with pytest.raises(TrainingError, match=r"NaN at step 6, on \S+\.(png|jpg), \S+") as caught:
        train(config)
    folder = config.output_dir
    named = caught.value.what.split(", on ")[1].split(", ")
    assert len(named) == 2
    kept = load_file(folder / "ckpt_last.safetensors")
    assert all(tensor.isfinite().all() for tensor in kept.values() if tensor.is_floating_point())
    assert torch.load(folder / "resume.pt", weights_only=True)["step"] == 4
    # The same command goes on from there.
    train(config)
    assert torch.load(folder / "resume.pt", weights_only=True)["step"] == 8


def test_a_nan_gradient_behind_a_finite_loss(make_config, monkeypatch):
    forward = Criterion.forward

    def poisoned(self, raw, truth, part):
        total, values = forward(self, raw, truth, part)
        # √ at 0: the value is 0, its slope is 0·∞.
        return total + (0 * raw.sum()).sqrt(), values

    monkeypatch.setattr(Criterion, "forward", poisoned)
    with pytest.raises(TrainingError, match="its gradient is NaN at step 1"):
        train(make_config())


def test_a_checkpoint_of_another_network_names_both(make_config):
    train(make_config("STEPS=2"))
    with pytest.raises(ModelError, match=r"base \(OUTPUT ab, WIDTH 4\), not base .*WIDTH 8"):
        load_checkpoint(make_config("NETWORK.WIDTH=8"), "ckpt_last")


def test_a_checkpoint_that_is_not_there_names_those_that_are(make_config):
    config = make_config("STEPS=2")
    with pytest.raises(ModelError, match="no such checkpoint: train first"):
        load_checkpoint(config, "ckpt_best")
    train(config)
    with pytest.raises(ModelError, match="there are: ckpt_best, ckpt_last"):
        load_checkpoint(config, "ckpt_bets")


@pytest.fixture
def small_files_only():
    """No file may grow beyond 200 kB, as if the disk were full."""
    resource = pytest.importorskip("resource", reason="Windows has no limit on files' sizes")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    @contextmanager
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    return limit


def test_a_full_disk_keeps_the_checkpoint_before(make_config, tmp_path, small_files_only, capfd):
    """A limit on the size of files stands for the full disk."""
    folder = train(make_config("STEPS=2"))
    before = {p.name: p.read_bytes() for p in folder.glob("*.safetensors")}
    capfd.readouterr()
    with small_files_only():
        code = main(["train", "--cfg", str(tmp_path / "config.yaml"), "--set", "STEPS=6"])
    assert code == 1
    err = capfd.readouterr().err
    lines = [line for line in err.splitlines() if line.startswith("error:")]
    assert len(lines) == 1, err
    assert re.search(r"ckpt_(best|last)\.safetensors: ", lines[0])
    assert "too large" in lines[0]
    assert "the same command goes on" in lines[0]
    assert {p.name: p.read_bytes() for p in folder.glob("*.safetensors")} == before
    assert not list(folder.glob(".rechroma-*"))


def test_without_alexnet_the_perceptual_loss_is_st_lpips_and_says_so(
    make_config, monkeypatch, caplog
):
    def load(name):
        if name == "lpips":
            raise MissingExtraError("AlexNet's ImageNet weights can't be downloaded for LPIPS")
        return real(name)

    real = losses.load_perceptual
    monkeypatch.setattr(losses, "load_perceptual", load)
    with caplog.at_level(logging.INFO, "rechroma.training"):
        folder = train(make_config("LOSS={lpips: 0.5, l2: 2.0}", "STEPS=2"))
    assert "ST-LPIPS takes the place of LPIPS" in caplog.text
    assert "lowest ST-LPIPS-Alex" in caplog.text
    assert yaml.safe_load((folder / "config.yaml").read_text())["LOSS"] == {
        "st_lpips": 0.5,
        "l2": 2.0,
    }
    assert '"st_lpips"' in (folder / "metrics.jsonl").read_text()
