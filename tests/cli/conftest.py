"""A model of one layer and an album of small pictures: enough to try every path of the commands."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper
from PIL import Image

from rechroma.cli import main
from rechroma.colorizer.card import CARD_KEY, ModelCard

# Every picture turns this color: a, b in CIELAB.
TINT = (30.0, 20.0)


@pytest.fixture(scope="session")
def model(tmp_path_factory):
    """An ONNX colorizer that answers `TINT` everywhere, at a quarter of the size."""
    weights = helper.make_tensor("w", TensorProto.FLOAT, (2, 1, 4, 4), [0.0] * 32)
    bias = helper.make_tensor("b", TensorProto.FLOAT, (2,), TINT)
    graph = helper.make_graph(
        [helper.make_node("Conv", ["lightness", "w", "b"], ["chroma"], strides=[4, 4])],
        "tint",
        [helper.make_tensor_value_info("lightness", TensorProto.FLOAT, ["n", 1, "h", "w"])],
        [helper.make_tensor_value_info("chroma", TensorProto.FLOAT, ["n", 2, "h4", "w4"])],
        [weights, bias],
    )
    built = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    card = ModelCard(
        name="tint",
        version="1",
        license="CC0-1.0",
        input="lightness",
        output="chroma",
        stride=32,
        output_stride=4,
        feature_stride=0,
        size=64,
        hints=False,
        training_data="nothing",
        scores={},
    )
    helper.set_model_props(built, {CARD_KEY: card.to_json()})
    path = tmp_path_factory.mktemp("model") / "tint.onnx"
    onnx.save(built, path)
    return str(path)


@pytest.fixture
def album(tmp_path, monkeypatch):
    """The current folder with `in/0.jpg` … `in/5.jpg` and `in/sub/0.jpg`, all gray."""
    monkeypatch.chdir(tmp_path)
    Path("in/sub").mkdir(parents=True)
    for number in range(6):
        Image.new("L", (48, 32), 100 + 10 * number).save(f"in/{number}.jpg")
    Image.new("L", (48, 32), 90).save("in/sub/0.jpg")
    return tmp_path


@pytest.fixture
def colorize(model, capfd):
    """Call `rechroma colorize --model tint …`: (exit code, stdout, stderr)."""

    def call(*arguments):
        capfd.readouterr()
        code = main(["colorize", "--model", model, *arguments])
        return code, *capfd.readouterr()

    return call


@pytest.fixture(scope="session")
def command():
    """The command line as a program of its own, for `subprocess`."""
    return [sys.executable, "-c", "import sys, rechroma.cli; sys.exit(rechroma.cli.main())"]


@pytest.fixture
def in_fresh_python():
    """Run code in a new interpreter and return what it prints."""

    def run(code):
        return subprocess.run(
            [sys.executable, "-c", code], check=True, capture_output=True, text=True
        ).stdout

    return run
