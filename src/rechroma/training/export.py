"""From a checkpoint to the ONNX file that the run-time colorizer reads."""

from __future__ import annotations

import tempfile
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from rechroma.colorizer.card import CARD_KEY, ModelCard, parse_card
from rechroma.colorizer.conditioning import HINT_CHANNELS, MOOD_SIZE
from rechroma.errors import ConfigError
from rechroma.files import refuse_taken, write_whole
from rechroma.training.checkpoint import checkpoint_path, load_checkpoint
from rechroma.training.networks import Conditioning
from rechroma.training.onnx_shapes import fold_sizes
from rechroma.training.onnx_weights import TRAINABLE_KEY, describe

if TYPE_CHECKING:
    from collections.abc import Generator

    from rechroma.training.config import TrainConfig
    from rechroma.training.model import ColorizerModel

__all__ = ["RunTimeGraph", "card_of", "export_onnx", "exported_checkpoint"]

_OPSET = 18
# Smaller tensors (biases, norms, constants) stay in float32: they weigh nothing.
_HALF_FROM = 256
# Height and width, in strides; of all pairs, no two have a side, a ratio or an area in common.
_TRACED_SIZES = ((4, 6), (7, 5), (3, 11))


class RunTimeGraph(nn.Module):
    """What is exported: from L in 0…100, and conditioning, to a and b in CIELAB units or sRGB.

    Args:
        model: Any output kind.
        gain: See `ModelCard.chroma_gain`; 1 for RGB models.
        curve: See `ModelCard.chroma_curve`; 0 for RGB models.

    Raises:
        ConfigError: A gain or a curve for an RGB model.
    """

    def __init__(self, model: ColorizerModel, gain: float = 1.0, curve: float = 0.0) -> None:
        super().__init__()
        if model.output.kind == "rgb" and (gain != 1 or curve):
            word = "gain" if gain != 1 else "curve"
            raise ConfigError(f"a chroma {word} for a model of RGB", f"leave out --chroma-{word}")
        self.model = model
        self.gain, self.curve = gain, curve

    def forward(
        self, lightness: Tensor, hints: Tensor | None = None, mood: Tensor | None = None
    ) -> tuple[Tensor, ...]:
        """Map L (1, 1, H, W) and conditioning to the answer, (1, 2 or 3, H/s, W/s), and more."""
        conditioning = None if hints is None or mood is None else Conditioning(hints, mood)
        return tuple(self.model.everything(lightness, conditioning, self.gain, self.curve).values())


def card_of(
    model: ColorizerModel,
    *,
    name: str,
    version: str = "1",
    license: str = "not stated",  # noqa: A002 (the key of the card)
    training_data: str = "not stated",
    size: int = 192,
    scores: dict[str, float] | None = None,
    chroma_gain: float = 1.0,
    chroma_curve: float = 0.0,
    log_weights: list[float] | None = None,
) -> ModelCard:
    """Return the card of a model of ours; see `ModelCard` for the fields."""
    return ModelCard(
        name=name,
        version=version,
        license=license,
        input="lightness",
        output=model.output.kind,
        stride=model.network.stride,
        output_stride=model.network.output_stride,
        feature_stride=model.network.feature_stride,
        size=size,
        hints=model.network.takes_conditioning,
        training_data=training_data,
        scores=scores or {},
        temperature=model.temperature,
        chroma_gain=chroma_gain,
        chroma_curve=chroma_curve,
        log_weights=log_weights or [],
    )


def export_onnx(
    model: ColorizerModel,
    path: Path,
    card: ModelCard,
    *,
    overwrite: bool = False,
) -> None:
    """Write the model as ONNX with float16 weights, float32 arithmetic and its card inside.

    Args:
        model: Its weights are stored rounded to float16; the model itself is not changed.
        path: The file to write, atomically.
        card: Goes into the file's `metadata_props`; its `chroma_gain` and `chroma_curve` into
            the graph.
        overwrite: Replace what stands at `path`.

    Raises:
        ConfigError: See `RunTimeGraph`.
        ModelError: The card does not hold.
        UnwritableFileError: Something stands at `path`, or the disk says no.
    """
    refuse_taken(path, overwrite=overwrite)
    # As whoever loads the file will.
    parse_card(card.to_json(), str(path))
    graph = RunTimeGraph(model, card.chroma_gain, card.chroma_curve).eval()
    examples = [_example(model, height, width) for height, width in _TRACED_SIZES]
    traced = _trace(graph, tuple(examples[0].values()))
    traced = fold_sizes(traced, [{n: x.numpy() for n, x in e.items()} for e in examples])
    trainable = describe(model, traced)
    proto = _with_half_weights(traced)
    helper.set_model_props(proto, {CARD_KEY: card.to_json(), TRAINABLE_KEY: trainable})
    onnx.checker.check_model(proto, full_check=True)
    write_whole(path, proto.SerializeToString(), overwrite=overwrite)


@contextmanager
def exported_checkpoint(config: TrainConfig, ckpt_name: str) -> Generator[Path]:
    """Yield a checkpoint of the config's run as an ONNX file that is gone afterwards.

    Raises:
        ModelError: There is no such checkpoint, or it holds another network than the config.
    """
    network, facts = load_checkpoint(config, ckpt_name)
    name = checkpoint_path(config.output_dir, ckpt_name).stem
    with tempfile.TemporaryDirectory(prefix="rechroma-") as folder:
        file = Path(folder, f"{name}.onnx")
        card = card_of(network, name=name, log_weights=facts.get("log_weights"))
        export_onnx(network, file, card)
        yield file


def _example(model: ColorizerModel, height: int, width: int) -> dict[str, Tensor]:
    """Return inputs of the graph by name, of so many strides."""
    height, width = height * model.network.stride, width * model.network.stride
    example = {"lightness": torch.rand(1, 1, height, width) * 100}
    if model.network.takes_conditioning:
        # Not everywhere: how many places are hinted is another number than how many there are.
        example["hints"] = torch.zeros(1, HINT_CHANNELS, height, width)
        example["hints"][:, :, : height // 2, : width // 3] = 1
        example["mood"] = torch.ones(1, MOOD_SIZE)
    return example


def _trace(graph: RunTimeGraph, example: tuple[Tensor, ...]) -> onnx.ModelProto:
    """Record the graph by running it once, with free H and W.

    By the older of torch's two exporters: the newer one reasons about symbolic sizes, and does not
    come to an end within minutes on a U-Net of this depth.
    """
    free = {2: "height", 3: "width"}
    names = ["lightness", "hints", "mood"][: len(example)]
    with torch.no_grad():
        given = graph.model.everything(example[0]).keys()
    axes = {name: free for name in names if name != "mood"}
    axes |= {name: {2: f"{name}_height", 3: f"{name}_width"} for name in given}
    with warnings.catch_warnings(), tempfile.TemporaryDirectory(prefix="rechroma-") as folder:
        # It announces its own end, and warns of shapes read while tracing, all of them constant.
        warnings.simplefilter("ignore")
        file = Path(folder, "graph.onnx")
        torch.onnx.export(
            graph,
            example,
            file,
            dynamo=False,
            opset_version=_OPSET,
            input_names=names,
            output_names=list(given),
            dynamic_axes=axes,
            # Norms stay apart from convolutions, so that training can go on from the file; ONNX
            # Runtime joins them when it loads it.
            training=torch.onnx.TrainingMode.PRESERVE,
            do_constant_folding=False,
        )
        return onnx.load(file)


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
