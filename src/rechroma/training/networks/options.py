"""What a network may be built from: NETWORK of a config, before it is held to one network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveInt

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["ConfigSection", "NetworkOptions"]


class ConfigSection(BaseModel):
    """A part of a config: upper-case keys, and none that is unknown."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, alias_generator=str.upper, populate_by_name=True
    )


class NetworkOptions(ConfigSection):
    """Which network, and what its output means."""

    name: str = Field("base", description="a key of `rechroma.training.networks.NETWORKS`")
    output: Literal["rgb", "ab", "bins"] = Field("ab", description="what the last layer gives")
    temperature: float = Field(0.38, gt=0, description="bins: T of the annealed mean (Zhang 2016)")
    # The others are options of some networks: each says by `options` which it heeds.
    width: PositiveInt = Field(32, description="channels of the first level")
    encoder_weights: Path | None = Field(
        None, description="a safetensors file with timm's names; absent: timm's own download"
    )
    conditioning: bool = Field(default=False, description="side inputs for hints and moods")
    queries: int = Field(0, ge=0, description="color queries; 0: none")
