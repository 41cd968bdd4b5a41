"""The original's commands, and the words that a run leaves for its successors."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image
from skimage.color import rgb2lab

from rechroma.cli import main
from rechroma.errors import ModelError
from rechroma.training.checkpoint import checkpoint_path, load_checkpoint
from rechroma.training.config import load_config

SPELLINGS = ["ckpt_best", "ckpt_best.safetensors", "ckpt_best.pth.tar"]


@pytest.fixture
def here(make_config, tmp_path, monkeypatch):
    """`config.yaml` with a VAL_DIR, in the current folder."""
    make_config()
    val = tmp_path / "val"
    val.mkdir()
    for number in range(2):
        pixels = np.random.default_rng(number).integers(0, 256, (48, 64, 3), np.uint8)
        Image.fromarray(pixels).save(val / f"{number}.png")
    file = tmp_path / "config.yaml"
    content = yaml.safe_load(file.read_text()) | {"VAL_DIR": "val", "OUTPUT_DIR": "run"}
    file.write_text(yaml.safe_dump(content))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def call(capfd):
    """Call `rechroma …`; return stdout and stderr of what succeeded."""

    def run(*arguments):
        capfd.readouterr()
        code = main([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        assert code == 0, err
        return out, err

    return run


def words_of(err):
    """The commands that `train` printed, each as a list of words after `rechroma`."""
    lines = [line for line in err.splitlines() if line.startswith("rechroma ")]
    return [shlex.split(line)[1:] for line in lines]


def test_the_original_s_three_commands(here, call):
    """`main.py --cfg`, `main.py --cfg --evaluate --ckpt_name`, `inference.py --cfg --inp --out`."""
    call("train", "--cfg", "config.yaml")
    given = ["--cfg", "config.yaml", "--ckpt_name", "ckpt_best.pth.tar"]
    evaluated, _ = call("train", *given, "--evaluate")
    assert evaluated == call("evaluate", *given)[0]
    assert evaluated.startswith("| 2 pictures | PSNR")
    assert "ckpt_best |" in evaluated
    gray = here / "test" / "old.png"
    gray.parent.mkdir()
    Image.open("val/0.png").convert("L").save(gray)
    call("colorize", "--inp", "test", "--out", "output", *given)
    lab = rgb2lab(np.asarray(Image.open("output/old.png").convert("RGB")))
    # It keeps the photograph's lightness, up to eight bits.
    wanted = rgb2lab(np.asarray(Image.open(gray).convert("RGB")))[..., 0]
    assert np.abs(lab[..., 0] - wanted).max() < 1


@pytest.mark.usefixtures("here")
def test_every_spelling_names_the_same_checkpoint(call):
    call("train", "--cfg", "config.yaml")
    rows = []
    for spelling in SPELLINGS:
        out, _ = call("evaluate", "--json", "--cfg", "config.yaml", "--ckpt_name", spelling)
        rows.append(json.loads(out))
        assert rows[-1]["name"] == "ckpt_best"
        call("colorize", "val/0.png", "-o", f"{spelling}.png",
             "--cfg", "config.yaml", "--ckpt_name", spelling)  # fmt: skip
        load_checkpoint(load_config(Path("config.yaml")), spelling)
    assert rows[0] == rows[1] == rows[2]
    assert len({Path(f"{spelling}.png").read_bytes() for spelling in SPELLINGS}) == 1
    assert len({checkpoint_path(Path("run"), spelling) for spelling in SPELLINGS}) == 1
    with pytest.raises(ModelError, match=r"there are: ckpt_best, ckpt_last"):
        load_checkpoint(load_config(Path("config.yaml")), "ckpt_bets.pth.tar")


@pytest.mark.usefixtures("here")
def test_a_run_ends_with_the_words_that_come_next(call):
    """Only what matters is said, quoted, and the words work as they are."""
    given = ["OUTPUT_DIR=my run", "STEPS=2", "NETWORK.WIDTH=8", "SEED=3", "NETWORK.WIDTH=6"]
    sets = [word for each in given for word in ("--set", each)]
    _, err = call("train", "--cfg", "config.yaml", *sets)
    needed = ["--cfg", "config.yaml", "--set", "OUTPUT_DIR=my run", "--set", "NETWORK.WIDTH=6",
              "--ckpt_name", "ckpt_best"]  # fmt: skip
    evaluate, colorize = words_of(err)
    assert evaluate == ["evaluate", *needed]
    assert colorize == ["colorize", "PHOTOS", *needed]
    call(*evaluate)
    call(*["val/0.png" if word == "PHOTOS" else word for word in colorize])
    assert Path("val/0.color.png").exists()


@pytest.mark.usefixtures("here")
def test_what_evaluate_and_colorize_need_differs(call):
    Path("val").rename("other")
    _, err = call("train", "--cfg", "config.yaml", "--set", "VAL_DIR=other", "--set", "STEPS=2")
    evaluate, colorize = words_of(err)
    common = ["--ckpt_name", "ckpt_best"]
    assert evaluate == ["evaluate", "--cfg", "config.yaml", "--set", "VAL_DIR=other", *common]
    assert colorize == ["colorize", "PHOTOS", "--cfg", "config.yaml", *common]


@pytest.mark.usefixtures("here")
def test_what_a_config_needs_to_hold_is_said(call):
    """The classes' loss tells nothing of the network, but the config does not hold without it."""
    sets = ["NETWORK.OUTPUT=bins", "LOSS={cross_entropy: 1.0}", "STEPS=2", "VAL_DIR=", "HOLD_OUT=2"]
    given = [word for each in sets for word in ("--set", each)]
    _, err = call("train", "--cfg", "config.yaml", *given)
    evaluate, colorize = words_of(err)
    assert colorize[3] == "config.yaml"
    assert colorize[4:8] == ["--set", sets[0], "--set", sets[1]]
    assert evaluate[:2] == ["evaluate", "PHOTOS"]
    call(*["val" if word == "PHOTOS" else word for word in evaluate])


@pytest.mark.usefixtures("here")
def test_a_checkpoint_to_train_is_a_usage_error(capfd):
    assert main(["train", "--cfg", "config.yaml", "--ckpt_name", "ckpt_best"]) == 2
    assert "add --evaluate" in capfd.readouterr().err
    assert main(["train", "--evaluate"]) == 2


@pytest.mark.usefixtures("here")
def test_a_checkpoint_is_not_asked_for_when_every_picture_is_there(call):
    Path("val/0.color.png").write_bytes(b"done")
    call("colorize", "val/0.png", "--cfg", "config.yaml", "--ckpt_name", "not_there")


def test_the_original_s_place_of_a_recipe(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    recipe = load_config(Path("train_base_lab"))
    assert load_config(Path("configs/train_base_lab.yaml")) == recipe
    Path("configs").mkdir()
    own = recipe.model_copy(update={"steps": 7}).model_dump(mode="json", by_alias=True)
    Path("configs/train_base_lab.yaml").write_text(yaml.safe_dump(own))
    assert load_config(Path("configs/train_base_lab.yaml")).steps == 7
