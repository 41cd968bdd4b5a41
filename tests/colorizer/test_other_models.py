"""Models of others, by a card beside them: every kind of input and output."""

from __future__ import annotations

import json

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from skimage import color

from rechroma.colorizer import Colorizer, load_card
from rechroma.errors import ModelError, UsageError
from rechroma.photo import read

A, B = 20.0, -30.0


def save(path, inputs, weights, offset, *, side=None, stride=1):
    """output = offset + weights · input, weights of shape (outputs, inputs)."""
    outputs = len(weights)
    kernel = np.asarray(weights, np.float32)[:, :, None, None] / stride**2
    sides = (side, side) if side else ("h", "w")
    kernel = np.tile(kernel, (1, 1, stride, stride))
    graph = helper.make_graph(
        [helper.make_node("Conv", ["x", "w", "b"], ["y"], strides=[stride, stride])],
        "other",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, inputs, *sides])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, outputs, None, None])],
        [
            numpy_helper.from_array(kernel, "w"),
            numpy_helper.from_array(np.asarray(offset, np.float32), "b"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, path)
    return path


def card(path, **keys):
    values = {"name": "other", "size": 64} | keys
    # JSON's texts, numbers and truth values are TOML's.
    lines = [f"{key} = {json.dumps(value)}" for key, value in values.items()]
    path.with_suffix(".toml").write_text("\n".join(lines))


@pytest.fixture
def photo():
    return read(np.full((60, 90, 3), 119, np.uint8))


INPUTS = {
    "lightness": (1, {}),
    "gray": (1, {}),
    "rgb": (3, {}),
    "gray in -1…1": (1, {"input": "gray", "input_black": -1}),
    "lightness in 0…1": (1, {"input": "lightness", "input_white": 1}),
}
# The number that a gray of 119 becomes.
L = float(color.rgb2lab(np.full((1, 1, 3), 119 / 255))[0, 0, 0])
SEEN = {
    "lightness": L,
    "gray": 119 / 255,
    "rgb": 119 / 255,
    "gray in -1…1": 2 * 119 / 255 - 1,
    "lightness in 0…1": L / 100,
}


@pytest.mark.parametrize("kind", INPUTS)
@pytest.mark.parametrize("fixed", [False, True])
def test_inputs(tmp_path, photo, kind, fixed):
    """a is a known multiple of what the graph has seen."""
    channels, keys = INPUTS[kind]
    weights = np.zeros((2, channels))
    weights[0] = A / SEEN[kind] / channels
    side = 64 if fixed else None
    path = save(tmp_path / "net.onnx", channels, weights, [0, B], side=side)
    card(path, **({"input": kind} | keys), output="chroma", fixed=fixed)
    work = Colorizer(path).predict(photo)
    assert np.abs(work.chroma - [A, B]).max() < 0.05
    assert work.chroma.shape == ((43, 64, 2) if fixed else (64, 96, 2))


@pytest.mark.parametrize(
    ("output", "values", "keys"),
    [
        ("chroma", [A, B], {}),
        ("chroma", [A / 220 + 0.5, B / 220 + 0.5], {"output_zero": 0.5, "output_scale": 220}),
        ("chroma", [A / 110, B / 110], {"output_scale": 110.0}),
        ("rgb", [0.5, 0.4, 0.6], {}),
        ("rgb", [0.0, -0.2, 0.2], {"output_zero": -1, "output_scale": 0.5}),
    ],
)
@pytest.mark.parametrize(("stride", "kind"), [(1, "lightness"), (4, "gray"), (4, "rgb")])
def test_outputs(tmp_path, photo, output, values, keys, stride, kind):
    channels, _ = INPUTS[kind]
    weights = np.zeros((len(values), channels))
    path = save(tmp_path / "net.onnx", channels, weights, values, stride=stride)
    card(path, input=kind, output=output, stride=stride, output_stride=stride, **keys)
    rgb = [0.5, 0.4, 0.6]
    wanted = [A, B] if output == "chroma" else color.rgb2lab([[rgb]])[0, 0, 1:]
    colorizer = Colorizer(path)
    assert np.abs(colorizer.predict(photo).chroma - wanted).max() < 0.05
    own = color.rgb2lab(colorizer.colorize(photo).pixels)
    assert np.abs(own[..., 0] - L).max() < 0.1
    assert np.abs(own[..., 1:] - wanted).max() < 0.2


def test_ddcolors_card_in_the_documentation_is_read(tmp_path):
    from pathlib import Path

    text = Path(__file__).parents[2].joinpath("docs/models/other-models.md").read_text()
    path = save(tmp_path / "ddcolor.onnx", 3, np.zeros((2, 3)), [0, 0], side=512)
    path.with_suffix(".toml").write_text(text.split("```toml\n")[1].split("```")[0])
    found = load_card(path)
    assert (found.name, found.input, found.size, found.fixed) == ("ddcolor-512", "rgb", 512, True)
    assert (found.input_black, found.input_white) == (0, 1)


def test_a_fixed_size_is_no_choice(tmp_path):
    path = save(tmp_path / "net.onnx", 1, np.zeros((2, 1)), [0, 0], side=64)
    card(path, input="gray", output="chroma", fixed=True)
    with pytest.raises(UsageError, match="64 pixels a side alone"):
        Colorizer(path, size=128)


@pytest.mark.parametrize("keys", [{}, {"fixed": True, "size": 128}])
def test_a_graph_of_one_size_needs_a_card_that_says_so(tmp_path, keys):
    path = save(tmp_path / "net.onnx", 1, np.zeros((2, 1)), [0, 0], side=64)
    card(path, **({"input": "gray", "output": "chroma"} | keys))
    with pytest.raises(ModelError, match=r"takes 64 × 64 alone.*fixed = true and size = 64"):
        Colorizer(path)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"input": "lab"}, "'input' is 'lab'"),
        ({"input": "rgb"}, r"where its card says .*\[N, 3, H, W\]"),
        ({"output": "rgb"}, r"where its card says .*\[N, 3, H, W\]"),
        ({"input_black": 1}, "both 1"),
        ({"output_scale": 0}, "'output_scale'"),
        ({"colors": "many"}, "unknown key 'colors'.*mend the card"),
        ({"hints": True}, "unknown key 'hints'"),
        ({"input": ["rgb"]}, "'input' is"),
        ({"stride": 48, "fixed": True}, "no multiple of 48"),
    ],
)
def test_a_mistake_in_the_card_is_named(tmp_path, keys, message):
    path = save(tmp_path / "net.onnx", 1, np.zeros((2, 1)), [0, 0])
    card(path, **({"input": "gray", "output": "chroma"} | keys))
    with pytest.raises(ModelError, match=message):
        Colorizer(path)


def test_a_card_that_is_no_toml_and_none_at_all(tmp_path):
    path = save(tmp_path / "net.onnx", 1, np.zeros((2, 1)), [0, 0])
    with pytest.raises(ModelError, match=r"none beside it \(net\.toml\)"):
        Colorizer(path)
    path.with_suffix(".toml").write_text("name = ")
    with pytest.raises(ModelError, match=r"net\.toml: not TOML"):
        Colorizer(path)
