"""The session holds the graph to its card, and says so when it doesn't."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper
from skimage.measure import block_reduce

from rechroma.colorizer import available_devices, load_card
from rechroma.colorizer.session import DEVICES, open_model_session
from rechroma.errors import ModelError, OutOfMemoryError


@pytest.fixture
def lightness():
    return np.random.default_rng(0).uniform(0, 100, (64, 96)).astype(np.float32)


def test_run_gives_what_the_graph_says(make_model, lightness):
    chroma = open_model_session(make_model((0.5, -0.25), (1, 2))).run(lightness)
    mean = block_reduce(lightness, (4, 4), np.mean)
    assert chroma.dtype == np.float32
    np.testing.assert_allclose(chroma, [0.5 * mean + 1, -0.25 * mean + 2], atol=1e-4)


def test_threads_share_a_session(make_model, lightness):
    session = open_model_session(make_model((0.5, -0.25), (1, 2)), threads=1)
    inputs = [lightness * factor for factor in np.linspace(0, 1, 40, dtype=np.float32)]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(session.run, inputs))
    for chroma, single in zip(together, inputs, strict=True):
        np.testing.assert_array_equal(chroma, session.run(single))


def test_load_card(make_model, card):
    assert load_card(make_model(name="other", size=96)) == replace(card, name="other", size=96)


def test_no_card(make_broken_model):
    with pytest.raises(ModelError, match=r"broken\.onnx: no card in this ONNX file"):
        open_model_session(make_broken_model(card=None))


@pytest.mark.parametrize("names", [("image", "chroma"), ("lightness", "ab")])
def test_other_names_than_the_card_says(make_broken_model, make_graph, names):
    with pytest.raises(ModelError, match="where its card says"):
        open_model_session(make_broken_model(make_graph((0, 0), (0, 0), names=names)))


def test_another_output_size_than_the_card_says(make_broken_model, make_graph, lightness):
    session = open_model_session(make_broken_model(make_graph((0, 0), (0, 0), stride=2)))
    with pytest.raises(ModelError, match=r"96×64 .*\(1, 2, 32, 48\), not \(1, 2, 16, 24\)"):
        session.run(lightness)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_numbers_that_are_none(make_model, lightness, value):
    session = open_model_session(make_model(offset=(0, value)))
    with pytest.raises(ModelError, match="NaN or infinity"):
        session.run(lightness)


@pytest.mark.parametrize("content", [b"", b"not a model", b"\x08\x08" * 50])
def test_not_an_onnx_file(tmp_path, content, capfd):
    path = tmp_path / "junk.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"junk\.onnx: ONNX Runtime says"):
        open_model_session(path)
    assert capfd.readouterr() == ("", "")


def test_a_graph_that_fails_while_it_runs(make_broken_model, lightness, capfd):
    session = open_model_session(make_broken_model(_reshaping_to([2, 7])))
    with pytest.raises(ModelError, match="ONNX Runtime says"):
        session.run(lightness)
    assert capfd.readouterr() == ("", "")


def test_a_graph_that_needs_too_much_memory(make_broken_model, lightness):
    session = open_model_session(make_broken_model(_growing_by(1 << 50)))
    with pytest.raises(OutOfMemoryError, match="don't fit into memory"):
        session.run(lightness)


def test_an_unknown_device_gets_the_list(make_model):
    with pytest.raises(ModelError, match="'quantum' is not available here: use one of: auto, cpu"):
        open_model_session(make_model(), device="quantum")


def test_a_device_that_does_not_start(make_model, monkeypatch):
    """As with a CUDA build on a machine without a driver: ONNX Runtime falls back to the CPU."""
    offered = ["CUDAExecutionProvider", "CPUExecutionProvider"]
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: offered)
    model = make_model()
    with (
        pytest.warns(UserWarning, match="CUDAExecutionProvider"),
        pytest.raises(ModelError, match="'cuda' is there but does not start"),
    ):
        open_model_session(model, device="cuda")
    with pytest.warns(UserWarning, match="CUDAExecutionProvider"):
        assert open_model_session(model, device="auto").card.name == "affine"


def test_devices():
    assert "cpu" in available_devices()
    assert set(available_devices()) <= set(DEVICES)


def _ports():
    return (
        [helper.make_tensor_value_info("lightness", TensorProto.FLOAT, ["n", 1, "h", "w"])],
        [helper.make_tensor_value_info("chroma", TensorProto.FLOAT, ["n", 2, "h4", "w4"])],
    )


def _reshaping_to(shape):
    target = numpy_helper.from_array(np.array([1, 2, *shape], np.int64), "shape")
    node = helper.make_node("Reshape", ["lightness", "shape"], ["chroma"])
    return helper.make_graph([node], "reshape", *_ports(), [target])


def _growing_by(count):
    """A graph whose output would take more than a process can address."""
    shape = numpy_helper.from_array(np.array([1, 2, count, 1], np.int64), "shape")
    nodes = [
        helper.make_node("ReduceMean", ["lightness"], ["mean"], axes=[2, 3], keepdims=1),
        helper.make_node("Expand", ["mean", "shape"], ["chroma"]),
    ]
    return helper.make_graph(nodes, "expand", *_ports(), [shape])
