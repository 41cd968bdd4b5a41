"""Checkpoints: weights as safetensors, what only a resume needs apart, both written atomically."""

from __future__ import annotations

import json
from contextlib import contextmanager
from pickle import UnpicklingError
from typing import TYPE_CHECKING, Any

import torch
from pydantic import ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from rechroma.errors import ConfigError, ModelError, TrainingError, UnwritableFileError
from rechroma.files import atomic_target, reason_of
from rechroma.training.config import NetworkConfig
from rechroma.training.model import ColorizerModel
from rechroma.training.networks import NETWORKS
from rechroma.training.onnx_weights import current_keys, current_name, read_trainable

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence
    from pathlib import Path

    from rechroma.training.config import TrainConfig

__all__ = [
    "checkpoint_path",
    "load_average",
    "load_checkpoint",
    "load_model",
    "load_weights",
    "read_state",
    "save_weights",
    "start_from",
    "write_state",
]

_SUFFIX = ".safetensors"
# How the original's checkpoints end; the names of ours may be typed like theirs.
_ORIGINAL_SUFFIX = ".pth.tar"
# How to mend it where a file holds another network than the model.
_AS_MADE = "NETWORK must be as it was when the checkpoint was made"


def checkpoint_path(folder: Path, name: str) -> Path:
    """Return the file of a checkpoint in a run's folder.

    `ckpt_best`, `ckpt_best.safetensors` and, as the original has it, `ckpt_best.pth.tar` are one.
    """
    return folder / (name.removesuffix(_ORIGINAL_SUFFIX).removesuffix(_SUFFIX) + _SUFFIX)


def save_weights(
    model: nn.Module, path: Path, network: NetworkConfig, facts: dict[str, Any]
) -> None:
    """Write a model's weights with the config of its network and `facts` (step, scores) inside.

    Weights are rounded to float16, as they are when a model is exported; biases and what belongs to
    norms stay in float32.
    """
    tensors = {name: _stored(tensor) for name, tensor in model.state_dict().items()}
    header = {
        "network": network.model_dump_json(by_alias=True, exclude={"encoder_weights"}),
        "facts": json.dumps(facts),
    }
    with _whole(path) as temporary:
        save_file(tensors, temporary, metadata=header)


def _stored(tensor: Tensor) -> Tensor:
    tensor = tensor.contiguous()
    return tensor.half() if tensor.is_floating_point() and tensor.ndim > 1 else tensor


def load_weights(
    model: nn.Module, network: NetworkConfig, path: Path, mend: str = _AS_MADE
) -> None:
    """Load a checkpoint's weights into a model that was built from `network`.

    Args:
        model: Is filled.
        network: What it was built from.
        path: The checkpoint.
        mend: What to tell where it holds another network.

    Raises:
        ModelError: The file is missing or broken, or holds another network: both are named.
    """
    tensors, header = _read(path)
    _fill(model, tensors, network, _network_of(header, path), path, mend)


def start_from(model: ColorizerModel, network: NetworkConfig, path: Path) -> None:
    """Load a checkpoint, or an exported ONNX file, into a model that may have more parts.

    Parts that it lacks, of those that change nothing before they have learnt
    (`Network.optional_parts`), stay as they are: the model answers as the file does.

    Raises:
        ModelError: The file is missing or broken, or holds another network: both are named.
    """
    own = model.state_dict()
    if path.suffix == ".onnx":
        found, tensors = read_trainable(path)
        # Counters of batches, which nothing here depends on, are not in the file.
        counters = own.keys() - tensors.keys()
        tensors |= {name: own[name] for name in counters if not own[name].is_floating_point()}
    else:
        tensors, header = _read(path)
        found = _network_of(header, path)
    parts = tuple(f"network.{part}." for part in model.network.optional_parts)
    added = {name: own[name] for name in own.keys() - tensors.keys() if name.startswith(parts)}
    _fill(model, tensors | added, network, found, path)


def load_model(path: Path) -> tuple[ColorizerModel, dict[str, Any]]:
    """Return the model in eval mode, built from the config inside of the file, and its facts.

    Raises:
        ModelError: The file is missing or broken.
    """
    tensors, header = _read(path)
    network = _network_of(header, path)
    model = ColorizerModel(network, pretrained=False)
    _fill(model, tensors, network, network, path)
    return model.eval(), json.loads(header["facts"])


def load_average(paths: Sequence[Path]) -> tuple[ColorizerModel, dict[str, Any]]:
    """Return the mean of checkpoints' weights as a model in eval mode, and the last one's facts.

    Checkpoints of one line of training, each tuned on from another, lie in one valley of the loss:
    their mean answers better than any of them, at no cost (Wortsman et al., "Model soups", 2022).

    Args:
        paths: One or more, all of the same network; each weighs alike.

    Raises:
        ModelError: A file is missing or broken, or holds another network than the last: both are
            named.
    """
    *others, last = paths
    model, facts = load_model(last)
    states = [_numbers(model)]
    for path in others:
        load_weights(model, model.config, path, "only checkpoints of one network have a mean")
        states.append(_numbers(model))
    mean = {name: torch.stack([s[name] for s in states]).mean(dim=0) for name in states[0]}
    model.load_state_dict(mean, strict=False)
    return model, facts


def load_checkpoint(config: TrainConfig, name: str) -> tuple[ColorizerModel, dict[str, Any]]:
    """Return a checkpoint of the config's run in eval mode, and its facts.

    Raises:
        ModelError: There is none of that name, or it holds another network than the config.
    """
    path = checkpoint_path(config.output_dir, name)
    model = ColorizerModel(config.network, pretrained=False)
    tensors, header = _read(path)
    _fill(model, tensors, config.network, _network_of(header, path), path)
    return model.eval(), json.loads(header["facts"])


def write_state(path: Path, state: Mapping[str, Any]) -> None:
    """Write everything that a resumed run needs, in one file, so that its parts always agree."""
    with _whole(path) as temporary:
        torch.save(dict(state), temporary)


def read_state(path: Path) -> dict[str, Any]:
    """Read what `write_state` wrote; tensors and plain values only, never code."""
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, ValueError, LookupError, EOFError, UnpicklingError) as error:
        # All that a damaged pickle was seen to raise.
        raise ConfigError(
            f"{path}: can't resume: {reason_of(error)}",
            "move the file away to start from the beginning",
        ) from error


@contextmanager
def _whole(path: Path) -> Generator[Path]:
    """Yield a name to write to; what stands at `path` is replaced by a whole file or not at all."""
    try:
        with atomic_target(path, overwrite=True) as temporary:
            yield temporary
    except (UnwritableFileError, SafetensorError, RuntimeError) as error:
        # torch and safetensors have their own words for a full disk.
        reason = error.what if isinstance(error, UnwritableFileError) else f"{path}: {error}"
        raise TrainingError(
            f"{reason}; the checkpoint before it is whole",
            "free some space; the same command goes on from there",
        ) from error


def _fill(
    model: nn.Module,
    tensors: dict[str, Tensor],
    wanted: NetworkConfig,
    found: NetworkConfig,
    path: Path,
    mend: str = _AS_MADE,
) -> None:
    try:
        model.load_state_dict(tensors)
    except RuntimeError as error:
        raise ModelError(
            f"{path}: holds a network {_in_words(found)}, not {_in_words(wanted)}", mend
        ) from error


def _numbers(model: nn.Module) -> dict[str, Tensor]:
    """Return a copy of all that has a mean: weights and running statistics, no counters."""
    return {n: t.clone() for n, t in model.state_dict().items() if t.is_floating_point()}


def _network_of(header: dict[str, str], path: Path) -> NetworkConfig:
    try:
        return NetworkConfig.model_validate(current_keys(json.loads(header["network"])))
    except (KeyError, ValueError, AttributeError, ValidationError) as error:
        raise ModelError(
            f"{path}: does not say which network it holds", "give a checkpoint of rechroma train"
        ) from error


def _in_words(network: NetworkConfig) -> str:
    heeded = sorted(NETWORKS[network.name].options - {"encoder_weights"})
    options = [f"{key.upper()} {getattr(network, key)}" for key in ("output", *heeded)]
    return f"{network.name} ({', '.join(options)})"


def _read(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {current_name(n): file.get_tensor(n) for n in file.keys()}  # noqa: SIM118
            return tensors, file.metadata() or {}
    except FileNotFoundError as error:
        there = ", ".join(sorted(other.stem for other in path.parent.glob(f"*{_SUFFIX}")))
        raise ModelError(
            f"{path}: no such checkpoint", f"there are: {there}" if there else "train first"
        ) from error
    except (OSError, SafetensorError) as error:
        raise ModelError(
            f"{path}: not a readable checkpoint: {reason_of(error)}",
            "give a .safetensors file of a run",
        ) from error
