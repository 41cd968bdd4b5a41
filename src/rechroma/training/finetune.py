"""Going on from an exported model on other pictures."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rechroma.colorizer import find_model, load_card
from rechroma.errors import ConfigError
from rechroma.files import refuse_taken
from rechroma.training.catalog import FIGURES
from rechroma.training.checkpoint import load_checkpoint
from rechroma.training.config import load_config
from rechroma.training.distributed import is_first_process
from rechroma.training.export import card_of, export_onnx
from rechroma.training.onnx_weights import read_trainable
from rechroma.training.sources import find_pictures
from rechroma.training.train import train

if TYPE_CHECKING:
    from rechroma.training.config import TrainConfig

__all__ = ["Finetuning", "finetune_model"]

_SHARE_APART, _MOST_APART = 10, 100


@dataclass(frozen=True, slots=True)
class Finetuning:
    """What is wanted.

    Attributes:
        folder: Color photographs.
        output: The ONNX file to write.
        run: Where checkpoints and the log go.
        name: The new model's name.
        model: What to start from: a registered name or an ONNX file.
        steps: Steps of training; None for the recipe's.
        overrides: `KEY=value` for the recipe `finetune`.
        overwrite: Replace what stands at `output`.
    """

    folder: Path
    output: Path
    run: Path
    name: str
    model: str
    steps: int | None
    overrides: tuple[str, ...]
    overwrite: bool


def finetune_model(tuning: Finetuning) -> Path:
    """Train, and return the new model's file, which the first process writes.

    Raises:
        ConfigError: The pictures or the overrides do not hold.
        ModelError: There is nothing to start from.
        TrainingError: See `rechroma.training.train.train`.
        ToldElsewhereError: In all processes but the first, what stops that one.
        UnwritableFileError: Something stands at `output`.
    """
    # Before hours of training, not after them.
    first = is_first_process()
    if first:
        refuse_taken(tuning.output, overwrite=tuning.overwrite)
    start = find_model(tuning.model)
    config = _config(tuning, start)
    train(config)
    if not first:
        return tuning.output
    before = load_card(start)
    model, facts = load_checkpoint(config, "ckpt_best")
    card = card_of(
        model,
        name=tuning.name,
        license=before.license,
        training_data=f"{before.name}, tuned on {tuning.folder.name}",
        size=before.size,
        chroma_gain=before.chroma_gain,
        chroma_curve=before.chroma_curve,
        log_weights=facts.get("log_weights"),
    )
    export_onnx(model, tuning.output, card, overwrite=tuning.overwrite)
    return tuning.output


def _config(tuning: Finetuning, start: Path) -> TrainConfig:
    network, _ = read_trainable(start)
    if network.output != "bins":
        raise ConfigError(
            f"{start}: its output is {network.output}, not classes", "tune it with `rechroma train`"
        )
    filled: dict[str, object] = {
        "TRAIN_DIR": str(tuning.folder),
        "HOLD_OUT": min(_MOST_APART, max(1, _pictures(tuning) // _SHARE_APART)),
        "OUTPUT_DIR": str(tuning.run),
        "INIT_FROM": str(start),
        "NETWORK": network.model_dump(mode="json", by_alias=True),
    }
    if tuning.steps is not None:
        filled["STEPS"] = tuning.steps
    # JSON's texts are YAML's, whatever characters a path has.
    values = [f"{key}={json.dumps(value)}" for key, value in filled.items()]
    return load_config(Path("finetune"), [*values, *tuning.overrides])


def _pictures(tuning: Finetuning) -> int:
    if not tuning.folder.is_dir():
        raise ConfigError(f"{tuning.folder}: no such folder", "give a folder of color photographs")
    return len(find_pictures(tuning.folder, outside=tuning.run / FIGURES))
