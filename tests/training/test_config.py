from pathlib import Path

import pytest

from rechroma.errors import ConfigError, ExitCode
from rechroma.training import recipes
from rechroma.training.config import load_config, save_config

RECIPES = list(recipes.RECIPES.values())


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.stem)
def test_every_recipe_loads_and_survives_being_saved(recipe, tmp_path):
    config = load_config(recipe)
    save_config(config, tmp_path / "again.yaml")
    assert load_config(tmp_path / "again.yaml") == config


def test_the_originals_recipes_mean_what_they_meant():
    by_name = {path.stem: load_config(path) for path in RECIPES}
    assert by_name["train_base_l2"].network.output == "rgb"
    assert by_name["train_base_l2"].loss == {"l2": 1.0}
    assert by_name["train_base"].network.output == "rgb"
    assert by_name["train_base"].loss == {"lpips": 1.0}
    assert by_name["train_base_lab"].network.output == "ab"
    assert by_name["train_base_lab"].loss == {"l2": 1.0}


@pytest.mark.parametrize(
    ("override", "word"),
    [
        ("STEPZ=3", "did you mean STEPS"),
        ("OPTIMIZER.LRR=3", "did you mean LR"),
        ("STEPS=0", "STEPS"),
        ("STEPS=many", "STEPS"),
        ("LOSS.l3=1", "LOSS"),
        ("HOLD_OUT=0", "VAL_DIR"),
        ("NETWORK.OUTPUT=bins", "cross_entropy"),
        ("DATA.CROP=100", "multiples of 32"),
        ("STEPS.DEEPER=1", "STEPS"),
        ("no equals sign", "="),
    ],
)
def test_a_wrong_override_is_named(make_config, override, word):
    with pytest.raises(ConfigError, match=word) as caught:
        make_config(override)
    assert caught.value.exit_code == ExitCode.USAGE


def test_overrides_reach_sections_and_terms(make_config):
    config = make_config("optimizer.lr=0.5", "LOSS.st_lpips=2", "SEED=7")
    assert config.optimizer.lr == 0.5
    assert config.loss == {"l2": 1.0, "st_lpips": 2.0}
    assert config.seed == 7


@pytest.mark.parametrize("content", ["a: b: c", "SEED: [1,\nSTEPS: 2\n", "a: 1\n\tb: 2\n"])
def test_bad_yaml_is_told_in_one_line(tmp_path, make_config, content):
    file = tmp_path / "broken.yaml"
    file.write_text(content)
    with pytest.raises(ConfigError, match=r"broken\.yaml: line \d+, column \d+: ") as caught:
        load_config(file)
    assert "\n" not in str(caught.value)
    with pytest.raises(ConfigError, match="--set 'SEED=\\[1': line") as caught:
        make_config("SEED=[1")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", ["[1, 2]", "a: b: c", ""])
def test_a_file_that_is_no_config(tmp_path, content):
    file = tmp_path / "broken.yaml"
    file.write_text(content)
    with pytest.raises(ConfigError, match=r"broken\.yaml"):
        load_config(file)


def test_a_missing_file():
    with pytest.raises(ConfigError, match=r"nowhere\.yaml"):
        load_config(Path("nowhere.yaml"))


def test_the_original_s_paths_name_recipes_unless_there_is_such_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = Path("configs/train_base.yaml")
    assert load_config(path) == load_config(Path("train_base"))
    with pytest.raises(ConfigError, match=r"none\.yaml"):
        load_config(Path("configs/none.yaml"))
    path.parent.mkdir()
    path.write_text("broken", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"train_base\.yaml"):
        load_config(path)
