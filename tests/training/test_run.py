import json
import subprocess
import sys

import pytest
import torch
import yaml
from safetensors.torch import load_file

from rechroma.cli import main
from rechroma.errors import ConfigError, ModelError
from rechroma.training.checkpoint import load_model
from rechroma.training.train import train


def weights_of(folder, name="ckpt_last"):
    return load_file(folder / f"{name}.safetensors")


def test_a_run_leaves_everything_behind(make_config):
    folder = train(make_config())
    records = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    validations = [r for r in records if r["kind"] == "validation"]
    assert [r["step"] for r in validations] == [3, 6]
    assert {"psnr", "st_lpips", "colorfulness_ratio"} <= validations[0].keys()
    assert {r["step"] for r in records if r["kind"] == "train"} == {4, 6}
    assert (folder / "samples" / "step-0000003.png").exists()
    assert any((folder / "tensorboard").iterdir())
    assert json.loads((folder / "run.json").read_text())["seed"] == 0
    assert yaml.safe_load((folder / "config.yaml").read_text())["STEPS"] == 6
    model, facts = load_model(folder / "ckpt_best.safetensors")
    assert facts["st_lpips"] == min(r["st_lpips"] for r in validations)
    assert not model.training


def test_a_run_by_the_clock_from_the_command_line(make_config, tmp_path):
    config = make_config()
    assert main(["train", "--cfg", str(tmp_path / "config.yaml"), "--minutes", "0.0001"]) == 0
    saved = yaml.safe_load((config.output_dir / "config.yaml").read_text())
    assert saved["MINUTES"] == 0.0001
    _, facts = load_model(config.output_dir / "ckpt_last.safetensors")
    # It was over after its first step, not after STEPS.
    assert facts["step"] == 1


def test_the_same_seed_gives_the_same_weights_and_another_one_others(make_config, tmp_path):
    first = weights_of(train(make_config(f"OUTPUT_DIR={tmp_path / 'a'}")))
    again = weights_of(train(make_config(f"OUTPUT_DIR={tmp_path / 'b'}")))
    other = weights_of(train(make_config(f"OUTPUT_DIR={tmp_path / 'c'}", "SEED=1")))
    assert all(torch.allclose(first[name], again[name], atol=1e-6) for name in first)
    assert not all(torch.allclose(first[name], other[name], atol=1e-3) for name in first)


# Ends its own process as `kill -9` does, in the midst of the eighth step.
KILLED = """
import os, signal, sys
import rechroma.cli
from rechroma.training.losses import Criterion

forward, steps = Criterion.forward, []

def last(self, raw, truth, part):
    steps.append(None)
    if len(steps) == 8:
        os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
    return forward(self, raw, truth, part)

Criterion.forward = last
sys.exit(rechroma.cli.main(sys.argv[1:]))
"""


@pytest.mark.slow
def test_a_killed_run_ends_where_an_uninterrupted_one_does(make_config, tmp_path):
    """`kill -9` in the middle, start again, and compare all weights."""
    whole = weights_of(train(make_config("STEPS=14", f"OUTPUT_DIR={tmp_path / 'whole'}")))
    folder = tmp_path / "killed"
    make_config()
    command = [
        "train", "--cfg", str(tmp_path / "config.yaml"),
        "--set", "STEPS=14", "--set", f"OUTPUT_DIR={folder}",
    ]  # fmt: skip
    killed = subprocess.run([sys.executable, "-c", KILLED, *command], capture_output=True)
    assert killed.returncode not in (0, 1), killed.stderr
    assert torch.load(folder / "resume.pt", weights_only=True)["step"] == 6
    assert main(command) == 0
    resumed = weights_of(folder)
    assert resumed.keys() == whole.keys()
    for name, tensor in whole.items():
        assert torch.allclose(tensor.float(), resumed[name].float(), atol=1e-5), name


def test_another_run_starts_from_its_weights(make_config, tmp_path):
    first = train(make_config(f"OUTPUT_DIR={tmp_path / 'a'}"))
    second = make_config(
        f"OUTPUT_DIR={tmp_path / 'b'}", f"INIT_FROM={first / 'ckpt_last.safetensors'}",
        "OPTIMIZER.LR=1e-12", "EMA=0",
    )  # fmt: skip
    before, after = weights_of(first), weights_of(train(second))
    name = "network.head.weight"
    assert torch.allclose(before[name], after[name], atol=1e-6)


def test_a_checkpoint_of_another_network_is_refused(make_config, tmp_path):
    first = train(make_config(f"OUTPUT_DIR={tmp_path / 'a'}", "STEPS=2"))
    wrong = make_config(
        f"OUTPUT_DIR={tmp_path / 'b'}", f"INIT_FROM={first / 'ckpt_last.safetensors'}",
        "NETWORK.WIDTH=8",
    )  # fmt: skip
    with pytest.raises(ModelError, match="ckpt_last"):
        train(wrong)


def test_a_broken_resume_file_is_named(make_config):
    config = make_config("STEPS=2")
    train(config)
    (config.output_dir / "resume.pt").write_bytes(b"broken")
    with pytest.raises(ConfigError, match=r"resume\.pt"):
        train(config)


def test_training_lowers_the_loss(make_config):
    folder = train(
        make_config("STEPS=120", "LOG_EVERY=10", "OPTIMIZER.LR=3e-3", "VALIDATION.EVERY=120")
    )
    records = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    losses = [r["loss"] for r in records if r["kind"] == "train"]
    assert sum(losses[-3:]) < 0.5 * sum(losses[:3])


@pytest.mark.slow
def test_steady_brings_the_answers_for_a_picture_and_its_copies_together(make_config, tmp_path):
    """The same run with hardly any weight and with much: what is logged is the distance itself."""
    common = (
        "STEPS=80",
        "LOG_EVERY=4",
        "VALIDATION.EVERY=80",
        "OPTIMIZER.LR=3e-3",
        "DATA.DEGRADED=1",
    )
    apart = {}
    for weight in ("1e-9", "1"):
        folder = train(make_config(*common, f"STEADY={weight}", f"OUTPUT_DIR={tmp_path / weight}"))
        records = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
        values = [r["unsteady"] for r in records if r["kind"] == "train"]
        apart[weight] = sum(values[-10:])
    assert apart["1"] < 0.7 * apart["1e-9"]
