"""Graphs without their arithmetic on sizes give what they gave before, at every size."""

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from rechroma.training.onnx_shapes import fold_sizes

SIZES = ((4, 6), (7, 5), (3, 11))


class Heads(nn.Module):
    """All sizes follow from the input's: nothing has to be computed."""

    def forward(self, x):
        tokens = F.pad(x, (0, x.shape[1] - 1)).flatten(2).transpose(1, 2)
        a, b = tokens.unflatten(-1, (2, -1)).transpose(1, 2).chunk(2, dim=-1)
        return (a @ b.transpose(-1, -2)).softmax(-1) @ b


class Positions(nn.Module):
    """What is computed from the sizes differs between them."""

    def forward(self, x):
        height, width = x.shape[-2:]
        rows = torch.arange(height)[:, None] * width
        tokens = (x * rows).flatten(2)
        return F.interpolate(tokens.reshape(x.shape), scale_factor=2) + width


def traced(module, path):
    torch.onnx.export(
        module, (torch.rand(1, 8, 4, 6),), path, dynamo=False, opset_version=18,
        input_names=["x"], output_names=["y"], do_constant_folding=False,
        dynamic_axes={"x": {2: "height", 3: "width"}},
    )  # fmt: skip
    return onnx.load(path)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("module", "varies"), [(Heads(), False), (Positions(), True)])
def test_a_folded_graph_gives_the_same(module, varies, tmp_path):
    before = traced(module, tmp_path / "x.onnx")
    examples = [{"x": np.zeros((1, 8, *size), np.float32)} for size in SIZES]
    operations = [node.op_type for node in before.graph.node]
    after = fold_sizes(before, examples)
    left = [node.op_type for node in after.graph.node]
    assert ("Shape" in left) == varies
    assert left.count("Shape") < operations.count("Shape")
    constants = [n.attribute[0].t for n in after.graph.node if n.op_type == "Constant"]
    assert len({(t.data_type, *t.dims, t.raw_data) for t in constants}) == len(constants)
    onnx.checker.check_model(after, full_check=True)
    session = onnxruntime.InferenceSession(after.SerializeToString())
    for size in [*SIZES, (1, 1), (2, 9), (16, 3), (5, 5)]:
        x = torch.rand(1, 8, *size)
        (found,) = session.run(None, {"x": x.numpy()})
        np.testing.assert_allclose(found, module(x).numpy(), atol=1e-5)


@pytest.mark.filterwarnings("ignore")
def test_weights_stay_as_they_are(tmp_path):
    class Weighed(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.rand(8, 8))

        def forward(self, x):
            return x * self.weight.sum(1).exp()[:, None, None]

    graph = fold_sizes(
        traced(Weighed(), tmp_path / "x.onnx"),
        [{"x": np.zeros((1, 8, *size), np.float32)} for size in SIZES],
    ).graph
    assert [tensor.name for tensor in graph.initializer] == ["weight"]
    assert {"ReduceSum", "Exp"} <= {node.op_type for node in graph.node}
