"""Weights that training can go on from, out of an ONNX file that `export_onnx` made."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import torch
from google.protobuf.message import DecodeError
from onnx import numpy_helper
from pydantic import ValidationError

from rechroma.errors import ModelError
from rechroma.training.config import NetworkConfig

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

    from rechroma.training.model import ColorizerModel

__all__ = ["TRAINABLE_KEY", "current_keys", "current_name", "describe", "read_trainable"]

# The entry of `metadata_props` that holds the network's config, and which weights are stored once.
TRAINABLE_KEY = "rechroma.trainable"
_PREFIX = "model."
_HALF = ".half"
# Keys and parts of names in files that versions up to 0.1 made, and what they are now.
_OLD_KEYS = {"ADVICE": "CONDITIONING"}
_OLD_NAMES = (
    (".spread.asking.", ".spread.query."),
    (".spread.answering.", ".spread.key."),
    (".queries.pixels.", ".queries.pixel_embedding."),
    (".keys.", ".cross_key_value."),
    (".look.", ".cross_query."),
    (".looked.", ".cross_output."),
    (".talk.", ".self_query_key_value."),
    (".talked.", ".self_output."),
    (".think.", ".mlp."),
    (".norms.0.", ".cross_norm."),
    (".norms.1.", ".self_norm."),
    (".norms.2.", ".mlp_norm."),
)


def describe(model: ColorizerModel, proto: onnx.ModelProto) -> str:
    """Return the entry for a model that was just traced, as JSON.

    The exporter stores equal tensors once, under the name of one of them: the others' are told.
    """
    stored = {tensor.name: numpy_helper.to_array(tensor) for tensor in proto.graph.initializer}
    same: dict[str, str] = {}
    for name, tensor in model.state_dict().items():
        if _PREFIX + name in stored or not tensor.is_floating_point():
            continue
        values = tensor.numpy()
        twins = (n for n, other in stored.items() if np.array_equal(other, values))
        same[name] = next(twins).removeprefix(_PREFIX)
    network = model.config.model_dump(mode="json", by_alias=True, exclude={"encoder_weights"})
    return json.dumps({"network": network, "same": same})


def read_trainable(path: Path) -> tuple[NetworkConfig, dict[str, Tensor]]:
    """Return the network's config and its weights, named as in `ColorizerModel.state_dict`.

    Raises:
        ModelError: The file is missing or broken, or was not made by `export_onnx`.
    """
    mend = "give a file that this version of `rechroma export` made"
    try:
        proto = onnx.load(path)
        entries = {entry.key: entry.value for entry in proto.metadata_props}
        told = json.loads(entries[TRAINABLE_KEY])
        network = NetworkConfig.model_validate(current_keys(told["network"]))
    except FileNotFoundError as error:
        raise ModelError(f"{path}: no such model file", mend) from error
    except (DecodeError, KeyError, ValueError, ValidationError) as error:
        raise ModelError(f"{path}: holds no weights that can be trained on", mend) from error
    stored = {
        current_name(tensor.name.removeprefix(_PREFIX).removesuffix(_HALF)): torch.from_numpy(
            numpy_helper.to_array(tensor).astype(np.float32)
        )
        for tensor in proto.graph.initializer
    }
    same = {current_name(name): stored[current_name(other)] for name, other in told["same"].items()}
    return network, stored | same


def current_keys(network: dict[str, Any]) -> dict[str, Any]:
    """Return the entries of a network's config under the names that they have today."""
    return {_OLD_KEYS.get(key, key): value for key, value in network.items()}


def current_name(name: str) -> str:
    """Return what a weight is called today."""
    for old, new in _OLD_NAMES:
        name = name.replace(old, new)
    return name
