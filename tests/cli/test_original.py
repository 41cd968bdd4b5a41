"""The options of the original's `inference.py`, where they need no PyTorch."""

from __future__ import annotations

from pathlib import Path

import pytest

from rechroma.cli import main

pytestmark = pytest.mark.usefixtures("album")


def test_inp_and_out_are_other_names_of_the_inputs_and_the_output(colorize):
    assert colorize("--inp", "in", "--out", "output/test")[0] == 0
    assert colorize("in", "-o", "plain")[0] == 0
    made = sorted(p.relative_to("output/test") for p in Path("output/test").rglob("*.jpg"))
    assert made == sorted(p.relative_to("in") for p in Path("in").rglob("*.jpg"))
    assert len(made) == 7
    for name in made:
        assert Path("output/test", name).read_bytes() == Path("plain", name).read_bytes()


def test_inputs_of_both_kinds_go_together(colorize):
    assert colorize("in/0.jpg", "--inp", "in/1.jpg", "--inp", "in/2.jpg", "--out", "new")[0] == 0
    assert sorted(p.name for p in Path("new").iterdir()) == ["0.jpg", "1.jpg", "2.jpg"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (["--model", "default", "--cfg", "train_base"], "--model and --cfg both name a model"),
        (["--ckpt_name", "ckpt_best.pth.tar"], "--ckpt_name without --cfg"),
        (["--set", "NETWORK.WIDTH=8"], "--set without --cfg"),
    ],
)
@pytest.mark.parametrize("words", [["colorize"], ["colorize", "--dry-run"], ["evaluate"]])
def test_what_contradicts_itself_is_a_usage_error(capfd, words, wrong, said):
    assert main([*words, "in", *wrong]) == 2
    err = capfd.readouterr().err
    assert err.startswith(f"error: {said}")
    assert err.count("\n") == 1
    assert len(list(Path().rglob("*.jpg"))) == 7, "nothing may be written"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["colorize", "in", "-o", "new", "--cfg", "train_base"], 4, "needs PyTorch"),
        (["train", "--cfg", "train_base", "--evaluate"], 4, "needs PyTorch"),
        (["colorize", "in", "-o", "new"], 0, "7 colorized"),
    ],
)
def test_without_pytorch(in_fresh_python, model, arguments, code, said):
    """Only `--cfg` asks for it, and says in one line what to install."""
    given = arguments if "--cfg" in arguments else [*arguments, "--model", model]
    printed = in_fresh_python(f"""
import contextlib, io, sys
sys.modules.update(dict.fromkeys(("torch", "timm", "pydantic", "yaml")))
from rechroma.cli import main
said = io.StringIO()
with contextlib.redirect_stderr(said):
    code = main({given!r})
print(code, said.getvalue())
""")
    assert printed.startswith(f"{code} ")
    assert said in printed
    if code:
        assert "pip install 'rechroma[train]'" in printed
        assert printed.strip().count("\n") == 0
        assert not Path("new").exists()
