"""The training config: YAML with upper-case keys as in the original, checked strictly."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import (
    Field,
    PositiveInt,
    ValidationError,
    field_validator,
    model_validator,
)

from rechroma.errors import ConfigError
from rechroma.files import reason_of
from rechroma.training.networks import NETWORKS, Network
from rechroma.training.networks.options import ConfigSection, NetworkOptions
from rechroma.training.recipes import RECIPES, find_config

__all__ = [
    "DataConfig",
    "LossTerm",
    "NetworkConfig",
    "OptimizerConfig",
    "TrainConfig",
    "ValidationConfig",
    "load_config",
    "refuse_other_run",
    "save_config",
]

# What a run may go on with otherwise; STEPS, since the end of a run is not its beginning.
_MAY_CHANGE = frozenset(
    (
        "STEPS",
        "MINUTES",
        "KEEP_MINUTES",
        "OUTPUT_DIR",
        "LOG_EVERY",
        "CHECKPOINT_EVERY",
        "DATA.WORKERS",
        "VALIDATION.SAMPLES",
    )
)

Share = Annotated[float, Field(ge=0, lt=1)]
LossTerm = Literal["l2", "cross_entropy", "lpips", "st_lpips", "evenness"]


class NetworkConfig(NetworkOptions):
    """Which network, and what its output means; a network that there is."""

    @field_validator("name")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in NETWORKS:
            raise ValueError(f"no network {name!r}: there are {', '.join(NETWORKS)}")
        return name

    def unheeded(self) -> str | None:
        """Return a field that has a value, and that the network does not heed."""
        heeded = {"name", "output", "temperature", *NETWORKS[self.name].options}
        for name, field in type(self).model_fields.items():
            if name not in heeded and getattr(self, name) != field.default:
                return name
        return None


class DataConfig(ConfigSection):
    """What a training sample is."""

    crop: PositiveInt = Field(128, description="side of the square crop, pixels")
    min_scale: float = Field(0.4, gt=0, le=1, description="least share of the area in a crop")
    min_chroma: float = Field(
        6.0, ge=0, description="pictures with a lower mean CIELAB chroma are left out"
    )
    degraded: float = Field(0.0, ge=0, le=1, description="share seen as old prints are")
    recompressed: float = Field(
        0.0, ge=0, le=1, description="share seen as copies are: small, noisy"
    )
    sources: dict[str, Annotated[float, Field(ge=0)]] = Field(
        default_factory=dict,
        description="pattern of names, such as `sports_*` or `*/minilow_*`: how often these "
        "pictures are drawn, beside 1 for all others; the first that fits counts",
    )
    workers: int = Field(2, ge=0, description="processes that decode")


class OptimizerConfig(ConfigSection):
    """AdamW with a warm-up and a cosine."""

    lr: float = Field(1e-3, gt=0, description="the rate after the warm-up")
    encoder_lr: float = Field(3e-4, ge=0, description="for pretrained parts; 0: frozen")
    hint_lr: float | None = Field(None, gt=0, description="for what spreads hints; LR if absent")
    betas: tuple[Share, Share] = Field((0.9, 0.999), description="of AdamW's two moving averages")
    weight_decay: float = Field(1e-2, ge=0, description="of all weights but biases and norms")
    warmup: int = Field(200, ge=0, description="steps of linear warm-up")
    final: float = Field(0.02, ge=0, le=1, description="the last rate, as a share of the first")
    clip: float = Field(1.0, gt=0, description="gradient norm")


class ValidationConfig(ConfigSection):
    """How checkpoints are compared."""

    every: PositiveInt = Field(500, description="steps between validations")
    count: PositiveInt = Field(256, description="pictures, the first ones in the order of names")
    size: PositiveInt = Field(192, description="side of the center crop, pixels; 32 divides it")
    samples: int = Field(8, ge=0, description="rows in the figure gray | prediction | truth")
    metric: Literal["lpips", "st_lpips"] = Field("st_lpips", description="lowest: ckpt_best")


class TrainConfig(ConfigSection):
    """One training run, complete: the same file and seed give the same weights."""

    train_dir: Path = Field(description="a folder of pictures, of .tar or .zip shards, or of both")
    val_dir: Path | None = Field(None, description="as TRAIN_DIR, to validate on")
    hold_out: int = Field(
        0,
        ge=0,
        description="without VAL_DIR and VAL_STEMS: pictures of TRAIN_DIR kept apart for "
        "validation",
    )
    exclude: Path | None = Field(
        None, description="a text file of stems, one a line, that are never trained on"
    )
    val_stems: Path | None = Field(
        None,
        description="a text file of stems, one a line: those of VAL_DIR, or of TRAIN_DIR without "
        "one, that are validated on; they are never trained on",
    )
    output_dir: Path = Field(description="checkpoints, figures and the log; a run goes on there")
    init_from: Path | None = Field(
        None, description="weights to start from: a checkpoint, or a model's .onnx"
    )
    seed: int = Field(0, description="of weights, crops and order")
    steps: PositiveInt = Field(
        10_000, description="of the whole run, one batch each; not heeded with MINUTES"
    )
    minutes: float | None = Field(
        None, gt=0, description="the run ends after so many, whatever its steps; pauses don't count"
    )
    keep_minutes: float = Field(
        5.0, gt=0, description="with MINUTES: between checkpoints that stay, ckpt_0001 and so on"
    )
    batch: PositiveInt = Field(32, description="samples of a step, on each device")
    precision: Literal["auto", "no", "bf16", "fp16"] = Field(
        "auto", description="mixed precision; no: none; auto: bf16 on CUDA, none elsewhere"
    )
    ema: float = Field(0.998, ge=0, lt=1, description="decay of the averaged weights; 0: none")
    checkpoint_every: PositiveInt = Field(200, description="steps between checkpoints")
    log_every: PositiveInt = Field(20, description="steps between lines of the log")
    network: NetworkConfig = Field(default_factory=NetworkConfig)  # pyright: ignore[reportArgumentType]
    data: DataConfig = Field(default_factory=DataConfig)  # pyright: ignore[reportArgumentType]
    loss: dict[LossTerm, float] = Field(description="term: weight", min_length=1)
    perceptual_share: float = Field(
        1.0, gt=0, le=1, description="share of each batch that lpips and st_lpips look at"
    )
    steady: float = Field(
        0.0, ge=0, description="weight of the distance to the answer for the clean picture"
    )
    uniform: float = Field(
        0.5, ge=0, le=1, description="bins: λ of the class rebalancing; 1: all bins weigh alike"
    )
    optimizer: OptimizerConfig = Field(default_factory=OptimizerConfig)  # pyright: ignore[reportArgumentType]
    validation: ValidationConfig = Field(default_factory=ValidationConfig)  # pyright: ignore[reportArgumentType]

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if ("cross_entropy" in self.loss) != (self.network.output == "bins"):
            raise ValueError("LOSS cross_entropy and NETWORK OUTPUT bins go together")
        if "evenness" in self.loss and self.network.output == "rgb":
            raise ValueError("LOSS evenness compares chroma: OUTPUT rgb has none")
        if self.val_dir is None and self.val_stems is None and self.hold_out == 0:
            raise ValueError(
                "give VAL_DIR, or HOLD_OUT or VAL_STEMS to keep pictures of TRAIN_DIR apart"
            )
        if self.data.degraded + self.data.recompressed > 1:
            raise ValueError("DATA DEGRADED and RECOMPRESSED share the samples: together at most 1")
        if self.steady and not (self.data.degraded or self.data.recompressed):
            raise ValueError("STEADY needs degraded samples: set DATA DEGRADED or RECOMPRESSED")
        if self.steady and self.network.output == "rgb":
            raise ValueError("STEADY compares chroma: OUTPUT rgb has none")
        if self.validation.size % 32 or self.data.crop % 32:
            raise ValueError("DATA CROP and VALIDATION SIZE must be multiples of 32")
        return self

    @model_validator(mode="after")
    def _fits_the_network(self) -> Self:
        name, output = self.network.name, self.network.output
        if output not in NETWORKS[name].outputs:
            others = _networks(lambda network: output in network.outputs)
            raise ValueError(f"{name} has no OUTPUT {output}: only NETWORK NAME {others}")
        if (key := self.network.unheeded()) is not None:
            others = _networks(lambda network: key in network.options)
            raise ValueError(f"{name} has no {key.upper()}: only NETWORK NAME {others}")
        if not self.optimizer.encoder_lr and not NETWORKS[name].pretrained_parts:
            others = _networks(lambda network: bool(network.pretrained_parts))
            raise ValueError(f"{name} has no encoder for ENCODER_LR 0: only NETWORK NAME {others}")
        return self


def _networks(able: Callable[[type[Network]], bool]) -> str:
    return " or ".join(name for name, network in NETWORKS.items() if able(network))


def load_config(path: Path, overrides: list[str] | None = None) -> TrainConfig:
    """Read a YAML config and apply `KEY=value` or `SECTION.KEY=value` overrides.

    Args:
        path: A file, or the name of a recipe of the package.
        overrides: Applied in their order.

    Raises:
        ConfigError: The file can't be read, a key is unknown (the nearest known one is named), a
            value is out of range, or two values don't fit together.
    """
    path = find_config(path)
    try:
        raw: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(
            f"{path}: {reason_of(error)}", "give a readable YAML file with --cfg"
        ) from error
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"{path}: {_in_one_line(error)}", "give YAML with --cfg") from error
    if not isinstance(raw, dict):
        raise ConfigError(f"{path}: not a mapping", "write one `KEY: value` a line")
    for override in overrides or []:
        _apply(raw, override)
    try:
        return TrainConfig.model_validate(raw)
    except ValidationError as error:
        raise ConfigError(
            f"{path}: {_first_problem(error)}", f"the recipes are examples: {', '.join(RECIPES)}"
        ) from None


def save_config(config: TrainConfig, path: Path) -> None:
    """Write the config with every default spelled out."""
    content = config.model_dump(mode="json", by_alias=True)
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")


def refuse_other_run(config: TrainConfig, saved: Path) -> None:
    """Refuse to go on with a run that was started otherwise: its weights would be a mixture.

    Args:
        config: As the run would go on.
        saved: What `save_config` wrote when it began.

    Raises:
        ConfigError: A key differs that makes a difference to the weights: it is named.
    """
    before, now = _flat(load_config(saved)), _flat(config)
    changed = [key for key in now if before[key] != now[key] and key not in _MAY_CHANGE]
    if changed:
        raise ConfigError(
            f"{saved}: that run was started with another {changed[0]}: "
            f"{before[changed[0]]}, not {now[changed[0]]}",
            "choose another OUTPUT_DIR, or give the values that it was started with",
        )


def _flat(config: TrainConfig) -> dict[str, Any]:
    """Return the config's values by `KEY` or `SECTION.KEY`."""
    flat: dict[str, Any] = {}
    for key, value in config.model_dump(mode="json", by_alias=True).items():
        inside = value.items() if isinstance(value, dict) and key != "LOSS" else ()
        flat |= {f"{key}.{name}": each for name, each in inside} or {key: value}
    return flat


def _apply(raw: dict[str, Any], override: str) -> None:
    key, equals, value = override.partition("=")
    if not equals:
        raise ConfigError(f"--set {override!r} has no '='", "write --set SECTION.KEY=value")
    *sections, name = key.strip().split(".")
    for section in sections:
        below: Any = raw.setdefault(section.upper(), {})
        if not isinstance(below, dict):
            raise ConfigError(f"--set {override!r}: {section} has no keys below it")
        raw = below
    # The terms of LOSS are names of functions, not keys of ours: they stay in lower case.
    in_loss = [s.upper() for s in sections] == ["LOSS"]
    try:
        raw[name if in_loss else name.upper()] = yaml.safe_load(value)
    except yaml.YAMLError as error:
        raise ConfigError(
            f"--set {override!r}: {_in_one_line(error)}", "write the value as in YAML"
        ) from error


def _in_one_line(error: Exception) -> str:
    """Return what a parser of YAML says and where, without the lines that it quotes."""
    if isinstance(error, yaml.MarkedYAMLError) and error.problem and error.problem_mark:
        mark = error.problem_mark
        return f"line {mark.line + 1}, column {mark.column + 1}: {error.problem}"
    return " ".join(str(error).split())


def _first_problem(error: ValidationError) -> str:
    problem = error.errors()[0]
    place = ".".join(str(part) for part in problem["loc"] if part != "[key]")
    if problem["type"] == "extra_forbidden":
        near = difflib.get_close_matches(place.split(".")[-1].upper(), _all_keys(), n=1)
        return f"unknown key {place}" + (f", did you mean {near[0]}?" if near else "")
    return f"{place}: {problem['msg']}" if place else str(problem["msg"])


def _all_keys() -> list[str]:
    sections = (TrainConfig, NetworkConfig, DataConfig, OptimizerConfig, ValidationConfig)
    return sorted({name.upper() for section in sections for name in section.model_fields})
