"""Checkpoints: weights as safetensors, what only a resume needs apart, both written atomically."""

from __future__ import annotations

import json
from pickle import UnpicklingError
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from rechroma.errors import ConfigError, ModelError
from rechroma.training.config import NetworkConfig
from rechroma.training.model import ColorizerModel

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["load_model", "load_weights", "read_state", "save_weights", "write_state"]

SUFFIX = ".safetensors"


def save_weights(
    model: nn.Module, path: Path, network: NetworkConfig, facts: dict[str, Any]
) -> None:
    """Write a model's weights with the config of its network and `facts` (step, scores) inside."""
    tensors = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
    header = {
        "network": network.model_dump_json(by_alias=True, exclude={"encoder_weights"}),
        "facts": json.dumps(facts),
    }
    temporary = path.with_name(f".{path.name}.tmp")
    save_file(tensors, temporary, metadata=header)
    temporary.replace(path)


def load_weights(model: nn.Module, path: Path) -> None:
    """Load weights into a model of the same shape.

    Raises:
        ModelError: The file is missing or broken, or its tensors are not the model's.
    """
    tensors, _ = _read(path)
    try:
        model.load_state_dict(tensors)
    except RuntimeError as error:
        raise ModelError(
            f"{path}: not the weights of this network: {error}",
            "NETWORK must be as it was when the checkpoint was made",
        ) from error


def load_model(path: Path) -> tuple[ColorizerModel, dict[str, Any]]:
    """Return the model in eval mode, built from the config inside of the file, and its facts."""
    _, header = _read(path)
    model = ColorizerModel(NetworkConfig.model_validate_json(header["network"]), pretrained=False)
    load_weights(model, path)
    return model.eval(), json.loads(header["facts"])


def write_state(path: Path, state: Mapping[str, Any]) -> None:
    """Write everything that a resumed run needs, in one file, so that its parts always agree."""
    temporary = path.with_name(f".{path.name}.tmp")
    torch.save(dict(state), temporary)
    temporary.replace(path)


def read_state(path: Path) -> dict[str, Any]:
    """Read what `write_state` wrote; tensors and plain values only, never code."""
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, ValueError, LookupError, EOFError, UnpicklingError) as error:
        # All that a damaged pickle was seen to raise.
        raise ConfigError(
            f"{path}: can't resume: {error}", "move the file away to start from the beginning"
        ) from error


def _read(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            return tensors, file.metadata()
    except (OSError, SafetensorError) as error:
        raise ModelError(
            f"{path}: not a readable checkpoint: {error}", "give a .safetensors file of a run"
        ) from error
