"""From a checkpoint to the ONNX file that the run-time colorizer reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from rechroma.colorizer.card import CARD_KEY, ModelCard

if TYPE_CHECKING:
    from pathlib import Path

    from rechroma.training.model import ColorizerModel

__all__ = ["ChromaGraph", "card_of", "export_onnx"]

_OPSET = 18
# Smaller tensors (biases, norms, constants) stay in float32: they weigh nothing.
_HALF_FROM = 256


class ChromaGraph(nn.Module):
    """What is exported: L in 0…100 in, a and b in CIELAB units out.

    Args:
        model: Any output kind.
        gain: Factor on a and b that makes up for the paleness of a mean.
    """

    def __init__(self, model: ColorizerModel, gain: float) -> None:
        super().__init__()
        self.model = model
        self.gain = gain

    def forward(self, lightness: Tensor) -> Tensor:
        """Map L (1, 1, H, W) to chroma (1, 2, H/s, W/s)."""
        return self.model.predict_chroma(lightness) * self.gain


def card_of(
    model: ColorizerModel,
    *,
    name: str,
    version: str = "1",
    licence: str = "not stated",
    training_data: str = "not stated",
    size: int = 192,
    scores: dict[str, float] | None = None,
) -> ModelCard:
    """Return the card of a model of ours; see `ModelCard` for the fields."""
    return ModelCard(
        name=name,
        version=version,
        licence=licence,
        input="lightness",
        output="chroma",
        stride=model.network.stride,
        output_stride=model.network.output_stride,
        size=size,
        hints=False,
        training_data=training_data,
        scores=scores or {},
    )


def export_onnx(model: ColorizerModel, path: Path, card: ModelCard, gain: float = 1.0) -> None:
    """Write the model as ONNX with float16 weights, float32 arithmetic and its card inside.

    Args:
        model: Its weights are stored rounded to float16; the model itself is not changed.
        path: The file to write, atomically.
        card: Goes into the file's `metadata_props`.
        gain: See `ChromaGraph`.
    """
    graph = ChromaGraph(model, gain).eval()
    stride = model.network.stride
    example = torch.rand(1, 1, 4 * stride, 6 * stride) * 100
    sides = {
        axis: stride * torch.export.Dim(f"{side}_strides", min=1)
        for axis, side in ((2, "height"), (3, "width"))
    }
    program = torch.onnx.export(
        graph,
        (example,),
        dynamo=True,
        opset_version=_OPSET,
        input_names=["lightness"],
        output_names=["chroma"],
        dynamic_shapes={"lightness": sides},
        verbose=False,
    )
    assert program is not None  # noqa: S101 - only the old exporter returns None
    proto = _with_half_weights(program.model_proto)
    helper.set_model_props(proto, {CARD_KEY: card.to_json()})
    onnx.checker.check_model(proto, full_check=True)
    temporary = path.with_name(f".{path.name}.tmp")
    onnx.save(proto, str(temporary))
    temporary.replace(path)


def _with_half_weights(proto: onnx.ModelProto) -> onnx.ModelProto:
    """Store large float32 weights as float16, each followed by a Cast that a session folds away."""
    casts: list[onnx.NodeProto] = []
    for tensor in proto.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if tensor.data_type != TensorProto.FLOAT or values.size < _HALF_FROM:
            continue
        name = tensor.name
        tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float16), f"{name}.half"))
        casts.append(helper.make_node("Cast", [f"{name}.half"], [name], to=TensorProto.FLOAT))
    # A graph's nodes stand in topological order: the weights come before everything.
    nodes = list(proto.graph.node)
    del proto.graph.node[:]
    proto.graph.node.extend([*casts, *nodes])
    # Shapes inferred for names that are now outputs of Cast nodes stay right; inputs do not list
    # initializers since IR version 4.
    return proto
