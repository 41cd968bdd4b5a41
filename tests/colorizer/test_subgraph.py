"""The part of a model that an output needs, compared with ONNX's own reading of the whole."""

from __future__ import annotations

import threading

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from rechroma.colorizer import Colorizer, find_model, shared
from rechroma.colorizer.card import FEATURES
from rechroma.colorizer.session import open_model_session
from rechroma.colorizer.subgraph import part_of
from rechroma.errors import ModelError


@pytest.fixture(scope="module")
def shipped():
    return find_model("default").read_bytes()


def needed(model, output):
    """The nodes that lead to an output, by ONNX's own classes."""
    makers = {name: node for node in model.graph.node for name in node.output}
    found, waiting = {}, [output]
    while waiting:
        node = makers.get(waiting.pop())
        if node is not None and node.output[0] not in found:
            found[node.output[0]] = node
            waiting += node.input
    return [node for node in model.graph.node if node.output[0] in found]


@pytest.mark.parametrize("output", [FEATURES, "chroma"])
def test_the_part_has_the_nodes_that_are_needed_and_no_others(shipped, output):
    whole = onnx.load_from_string(shipped)
    part = onnx.load_from_string(part_of(shipped, output))
    onnx.checker.check_model(part, full_check=True)
    nodes = needed(whole, output)
    assert list(part.graph.node) == nodes
    used = {name for node in nodes for name in node.input}
    weights = [each for each in whole.graph.initializer if each.name in used]
    assert list(part.graph.initializer) == weights
    assert list(part.graph.input) == list(whole.graph.input)
    assert [port.name for port in part.graph.output] == [output]
    assert part.metadata_props == whole.metadata_props
    assert part.opset_import == whole.opset_import


@pytest.mark.parametrize(
    "broken", [b"", b"\x3a", b"\x3a\x05\x0a", b"\xff" * 20, b"\x0b\x00", b"GIF89a"]
)
def test_what_is_no_model_has_no_part(broken):
    assert part_of(broken, FEATURES) is None


def test_an_output_that_is_not_there_has_no_part(shipped):
    assert part_of(shipped, "depth") is None
    assert part_of(shipped[: len(shipped) // 2], FEATURES) is None


def test_nodes_with_graphs_inside_are_left_whole():
    def branch(name, value):
        constant = helper.make_node("Constant", [], [name], value_float=value)
        return helper.make_graph([constant], name, [], [port(name)])

    def port(name, kind=TensorProto.FLOAT):
        return helper.make_tensor_value_info(name, kind, None)

    node = helper.make_node(
        "If", ["which"], ["out"], then_branch=branch("a", 1.0), else_branch=branch("b", 2.0)
    )
    graph = helper.make_graph([node], "g", [port("which", TensorProto.BOOL)], [port("out")])
    assert part_of(helper.make_model(graph).SerializeToString(), "out") is None


def test_sizes_of_any_length_are_written_and_read():
    """A graph of more than 2²¹ bytes, whose part has fewer than 2⁷."""
    large = numpy_helper.from_array(np.zeros(1 << 19, np.float32), "large")
    port = helper.make_tensor_value_info
    nodes = [
        helper.make_node("Neg", ["x"], ["y"]),
        helper.make_node("Add", ["x", "large"], ["z"]),
    ]
    ports = [port(name, TensorProto.FLOAT, [None]) for name in "xyz"]
    model = helper.make_model(helper.make_graph(nodes, "g", ports[:1], ports[1:], [large]))
    part = part_of(model.SerializeToString(), "y")
    assert len(part) < 200
    assert list(onnx.load_from_string(part).graph.node) == nodes[:1]
    whole = onnx.load_from_string(part_of(model.SerializeToString(), "z"))
    assert list(whole.graph.initializer) == [large]


def test_the_encoder_alone_sees_what_the_whole_model_sees():
    lightness = np.random.default_rng(0).uniform(0, 100, (64, 96)).astype(np.float32)
    encoder = open_model_session("default", encoder_alone=True)
    whole = Colorizer()
    assert encoder.card == whole.card
    np.testing.assert_allclose(
        encoder.features(lightness), whole.features(lightness), rtol=1e-4, atol=1e-4
    )
    with pytest.raises(ModelError):
        encoder.run(lightness)


def test_a_model_without_features_is_loaded_whole(make_model):
    session = open_model_session(make_model(), encoder_alone=True)
    assert session.run(np.full((32, 32), 50, np.float32)).shape[0] == 2
    with pytest.raises(ModelError, match="no such model"):
        open_model_session("/nowhere/a.onnx", encoder_alone=True)


def test_the_encoder_is_loaded_once_and_the_process_s_own_model_is_taken(monkeypatch):
    monkeypatch.setattr(shared, "_shared", [])
    shared._encoder.cache_clear()
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(shared.default_encoder())) for _ in range(4)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(set(map(id, found))) == 1
    mine = Colorizer()
    shared.share_colorizer(mine, "default")
    assert shared.default_encoder() is mine
