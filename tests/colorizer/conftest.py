"""Colorizers of one layer: their chroma is a known function of L, so tests can tell what is due."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper


def affine_graph(slope, offset, *, names=("lightness", "chroma"), stride=4):
    """chroma = offset + slope · (mean of L over stride × stride pixels), one convolution."""
    weights = np.empty((2, 1, stride, stride), np.float32)
    weights[:] = np.reshape(slope, (2, 1, 1, 1)) / stride**2
    source, target = names
    return helper.make_graph(
        [helper.make_node("Conv", [source, "w", "b"], [target], strides=[stride, stride])],
        "affine",
        [helper.make_tensor_value_info(source, TensorProto.FLOAT, ["n", 1, "h", "w0"])],
        [helper.make_tensor_value_info(target, TensorProto.FLOAT, ["n", 2, "h4", "w4"])],
        [
            numpy_helper.from_array(weights, "w"),
            numpy_helper.from_array(np.asarray(offset, np.float32), "b"),
        ],
    )


@pytest.fixture(scope="session")
def card(make_card):
    return make_card("affine")


@pytest.fixture
def make_model(tmp_path, card, save_model):
    """make_model(slope, offset, **changes of the card) → path of an affine colorizer."""

    def make(slope=(0.0, 0.0), offset=(0.0, 0.0), **changes):
        return save_model(
            tmp_path / "affine.onnx", affine_graph(slope, offset), replace(card, **changes)
        )

    return make


@pytest.fixture
def make_broken_model(tmp_path, card, save_model):
    """make_broken_model(graph=…, card=…): a file that does not keep what its card promises."""

    def make(graph=None, card=card):
        graph = affine_graph((0, 0), (0, 0)) if graph is None else graph
        return save_model(tmp_path / "broken.onnx", graph, card)

    return make


@pytest.fixture(scope="session")
def make_graph():
    return affine_graph
