"""The card that every colorizer carries inside its ONNX file: what it is and how to feed it."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, cast

from rechroma.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["CARD_KEY", "FEATURES", "OUTPUT_CHANNELS", "ModelCard", "parse_card"]

# The entry of the ONNX file's `metadata_props` that holds the card as JSON.
CARD_KEY = "rechroma.card"
# Kind of output → its channels.
OUTPUT_CHANNELS = {"chroma": 2, "rgb": 3}
# The second output of a model that also tells what it sees.
FEATURES = "features"

_MEND = "export the model again with this version of rechroma"


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What a colorizer says about itself.

    Attributes:
        name: Its name, such as "rechroma-v0".
        version: Its version.
        licence: The licence of the weights, as an SPDX identifier.
        input: What the graph takes: "lightness", float32 (N, 1, H, W), L in 0…100.
        output: What it gives: "chroma", float32 (N, 2, H/s, W/s), a and b in CIELAB units; or
            "rgb", float32 (N, 3, H/s, W/s), sRGB in 0…1, of which a and b are used as a rule.
        stride: H and W have to be multiples of it.
        output_stride: s above.
        feature_stride: f of a second output "features", float32 (N, C, H/f, W/f), in which places
            that show the same kind of thing are alike; 0 for a model without.
        size: Pixels of the shorter side at which the model works best.
        hints: Whether it takes colour hints.
        training_data: What it was trained on, in words.
        scores: Metric name → value on the project's validation pictures.
    """

    name: str
    version: str
    licence: str
    input: str
    output: str
    stride: int
    output_stride: int
    feature_stride: int
    size: int
    hints: bool
    training_data: str
    scores: dict[str, float]

    def to_json(self) -> str:
        """Return the card as JSON text, as it stands in the ONNX file."""
        return json.dumps(asdict(self), ensure_ascii=False, allow_nan=False)


def parse_card(text: str, where: str) -> ModelCard:
    """Read a card from JSON.

    Args:
        text: The JSON text.
        where: The model's path or name, for messages.

    Raises:
        ModelError: Not JSON, a key that is unknown or missing, or a value that can't be.
    """
    try:
        data = json.loads(text)
    except ValueError as error:
        raise ModelError(f"{where}: its card is not JSON ({error})", _MEND) from error
    if not isinstance(data, dict):
        raise ModelError(f"{where}: its card is not a JSON object", _MEND)
    values = cast("dict[str, object]", data)
    _check_keys(values, where)
    for key, (is_valid, wanted) in _RULES.items():
        if not is_valid(values[key]):
            raise ModelError(f"{where}: card key {key!r} is {values[key]!r}, not {wanted}", _MEND)
    card = ModelCard(**data)
    for key, part in (
        ("output_stride", card.output_stride),
        ("feature_stride", card.feature_stride or card.stride),
    ):
        if card.stride % part:
            raise ModelError(f"{where}: stride {card.stride} is no multiple of {key} {part}", _MEND)
    return card


def _check_keys(values: Mapping[str, object], where: str) -> None:
    known = {field.name for field in fields(ModelCard)}
    unknown, missing = sorted(values.keys() - known), sorted(known - values.keys())
    if unknown:
        raise ModelError(
            f"{where}: its card has the unknown key {unknown[0]!r}",
            "the model may need a newer rechroma",
        )
    if missing:
        raise ModelError(f"{where}: its card lacks the key {missing[0]!r}", _MEND)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _is_scores(value: object) -> bool:
    return isinstance(value, dict) and all(
        isinstance(score, int | float) and not isinstance(score, bool) and math.isfinite(score)
        for score in cast("dict[str, object]", value).values()
    )


_TEXT = (_is_text, "a text")
_COUNT = (_is_count, "a positive whole number")
_RULES: Mapping[str, tuple[Callable[[object], bool], str]] = {
    "name": _TEXT,
    "version": _TEXT,
    "licence": _TEXT,
    "input": (lambda value: value == "lightness", '"lightness"'),
    "output": (lambda value: value in OUTPUT_CHANNELS, '"chroma" or "rgb"'),
    "stride": _COUNT,
    "output_stride": _COUNT,
    "feature_stride": (lambda value: value == 0 or _is_count(value), "a whole number"),
    "size": _COUNT,
    "hints": (lambda value: isinstance(value, bool), "true or false"),
    "training_data": _TEXT,
    "scores": (_is_scores, "numbers by name"),
}
