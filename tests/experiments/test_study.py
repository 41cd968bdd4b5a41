"""The whole study on 32 tiny pictures."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from PIL import Image
from skimage import data

from rechroma.cli import main
from rechroma.experiments.recipes import STUDY

pytestmark = pytest.mark.slow
SETTINGS = [
    "BATCH=4",
    "NETWORK.WIDTH=4",
    "DATA={CROP: 64, WORKERS: 0, MIN_CHROMA: 1.0}",
    "VALIDATION.SIZE=64",
    "VALIDATION.COUNT=4",
    "VALIDATION.METRIC=st_lpips",
]


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(0)
    sources = [data.astronaut(), data.coffee(), data.chelsea(), data.rocket()]
    for place, count in (("train", 32), ("val", 5)):
        (folder / place).mkdir()
        for number in range(count):
            photo = sources[number % 4]
            top, left = rng.integers(0, 200), rng.integers(0, 300)
            crop = Image.fromarray(np.ascontiguousarray(photo[top : top + 80, left : left + 96]))
            crop.save(folder / place / f"{number:02d}.png")
    return folder


@pytest.fixture(scope="module")
def study(pictures):
    """The study, run; (folder, the command)."""
    command = ["experiments", "--train", str(pictures / "train"), "--val", str(pictures / "val")]
    command += ["--out", str(pictures / "out"), "--minutes", "0.001", "--steps", "3", "-q"]
    for setting in SETTINGS:
        command += ["--set", setting]
    assert main(command) == 0
    return pictures / "out", command


def test_the_report_is_complete(study):
    folder, _ = study
    html = (folder / "report.html").read_text()
    for heading in ("Scores", "Pictures", "Edges and artifacts", "Paleness", "The top border"):
        assert f"<h2>{heading}</h2>" in html
    for recipe in STUDY:
        # LPIPS or ST-LPIPS, as the machine can.
        assert re.search(re.escape(recipe.title).replace("LPIPS", "(ST-)?LPIPS"), html)
    assert html.count("data:image/png;base64,") == 5
    # Self-contained: nothing is loaded from anywhere.
    assert not re.search(r'(src|href)="(?!data:)', html)
    assert "32.22" in html


def test_the_numbers_are_complete(study):
    content = json.loads((study[0] / "report.json").read_text())
    names = [entry["name"] for entry in content["answers"]]
    assert len(names) == len(STUDY) + 2
    assert sum("raw output" in name for name in names) == 2
    for entry in content["answers"]:
        assert entry["count"] == 5
        assert {"psnr", "psnr_ab", "ssim", "perceptual", "delta_e"} <= entry.keys()
        assert entry["psnr"]["low"] <= entry["psnr"]["mean"] <= entry["psnr"]["high"]
        assert len(entry["findings"]["bands"]) == 9
    assert {cost["samples"] for cost in content["costs"].values()} == {12}


def test_every_recipe_had_the_same_data_seed_and_steps(study):
    import yaml

    configs = [yaml.safe_load((study[0] / r.name / "config.yaml").read_text()) for r in STUDY]
    own = {"OUTPUT_DIR", "LOSS", "NETWORK", "UNIFORM"}
    shared = [{k: v for k, v in config.items() if k not in own} for config in configs]
    assert all(config == shared[0] for config in shared)
    assert all(config["NETWORK"]["WIDTH"] == 4 for config in configs)


def test_the_same_command_trains_nothing_again(study):
    folder, command = study
    checkpoints = [folder / recipe.name / "ckpt_last.safetensors" for recipe in STUDY]
    before = [path.stat().st_mtime_ns for path in checkpoints]
    assert main(command) == 0
    assert [path.stat().st_mtime_ns for path in checkpoints] == before


def test_minutes_give_one_number_of_steps_for_all(pictures, tmp_path):
    from rechroma.experiments.recipes import Study
    from rechroma.experiments.study import _steps

    study = Study(pictures / "train", pictures / "val", tmp_path, tuple(SETTINGS))
    count = _steps(study, 0.05, None)
    assert count >= 1
    # Remembered, whatever the machine is doing the next time.
    assert _steps(study, 500, None) == count
