"""The card of a colorizer: what it is and how to feed it.

Ours carry it inside the ONNX file. For any other ONNX file it stands beside it as `NAME.toml`.
"""

from __future__ import annotations

import json
import math
from dataclasses import MISSING, asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any, cast

from rechroma.color.bins import BINS
from rechroma.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = [
    "CARD_KEY",
    "FEATURES",
    "INPUT_CHANNELS",
    "LOGITS",
    "OUTPUT_CHANNELS",
    "ModelCard",
    "parse_card",
    "parse_toml_card",
]

# The entry of the ONNX file's `metadata_props` that holds the card as JSON.
CARD_KEY = "rechroma.card"
# Kind of input → its channels.
INPUT_CHANNELS = {"lightness": 1, "gray": 1, "rgb": 3}
# Kind of output → its channels.
OUTPUT_CHANNELS = {"chroma": 2, "rgb": 3}
# The output of a model that tells what it sees.
FEATURES = "features"
# The output of a model that tells how likely colors are.
LOGITS = "logits"

_MEND = "export the model again with this version of rechroma"


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What a colorizer says about itself.

    Attributes:
        name: Its name, such as "rechroma-v2".
        version: Its version.
        license: The license of the weights, as an SPDX identifier.
        input: What the graph takes, float32 (N, C, H, W): "lightness", CIELAB's L, C = 1; "gray",
            the sRGB gray of that L, C = 1; or "rgb", that gray three times, C = 3.
        output: What it gives: "chroma", float32 (N, 2, H/s, W/s), a and b; or "rgb", float32
            (N, 3, H/s, W/s), sRGB, of which a and b are used as a rule.
        stride: H and W have to be multiples of it.
        output_stride: s above.
        feature_stride: f of a second output "features", float32 (N, C, H/f, W/f), in which places
            that show the same kind of thing are alike; 0 for a model without.
        size: Pixels of the shorter side at which the model works best.
        hints: Whether it takes color hints and moods, as inputs "hints" and "mood"; see
            `rechroma.colorizer.conditioning`.
        training_data: What it was trained on, in words.
        scores: Metric name → value on the project's validation pictures.
        input_black: The number that stands for black.
        input_white: The number that stands for white.
        output_zero: The number that stands for a = b = 0, or for an RGB channel of 0.
        output_scale: CIELAB units, or sRGB in 0…1, for each 1 of the output.
        fixed: Whether the graph takes inputs of size × size alone.
        temperature: T of the annealed mean by which an output "logits", float32 (N, Q, H/s, W/s),
            over the bins of `rechroma.color.bins` becomes the chroma; 0 for a model without.
        chroma_gain: Factor on that mean, which the graph's chroma has had already, but for what is
            a hint's color.
        chroma_curve: r of a curve on that mean's chroma c, which the graph's chroma has had too:
            c · c² / (c² + r²), before the gain. What is nearly gray becomes grayer. 0: no curve.
        log_weights: What training added to the logits, by weighing rare colors more: Q numbers, or
            none. Without them logits tell how likely colors are.

    Examples:
        >>> from rechroma import Colorizer
        >>> card = Colorizer().card
        >>> card.license, card.input, card.output, card.hints
        ('Apache-2.0', 'lightness', 'chroma', True)
    """

    name: str
    version: str
    license: str
    input: str
    output: str
    stride: int
    output_stride: int
    feature_stride: int
    size: int
    hints: bool
    training_data: str
    scores: dict[str, float]
    input_black: float = 0.0
    input_white: float = 100.0
    output_zero: float = 0.0
    output_scale: float = 1.0
    fixed: bool = False
    temperature: float = 0.0
    chroma_gain: float = 1.0
    chroma_curve: float = 0.0
    log_weights: list[float] = field(default_factory=list)

    @property
    def tells_things_apart(self) -> bool:
        """Whether it knows where a thing ends: what a hint's reach needs, beside hints."""
        return bool(self.feature_stride and self.temperature)

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
    card = _translated(cast("dict[str, object]", data))
    _check_keys(card, _KEYS, where, "the model may need a newer rechroma")
    return _checked(card, where, _MEND)


def parse_toml_card(text: str, where: str) -> ModelCard:
    """Read the card of somebody else's model from TOML; see docs/models/other-models.md.

    Args:
        text: The TOML text. `name`, `input`, `output` and `size` are needed.
        where: The card's path, for messages.

    Raises:
        ModelError: Not TOML, a key that is unknown or missing, or a value that can't be.
    """
    import tomllib  # cards of ours are JSON

    try:
        values = _translated(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ModelError(f"{where}: not TOML ({error})", "mend the card") from error
    if values.get("input") in ("gray", "rgb"):
        values = {"input_white": 1.0, **values}
    mend = "mend the card; docs/models/other-models.md has one"
    _check_keys(values, _KEYS - _OURS_ALONE, where, mend)
    return _checked({**_UNSTATED, **values}, where, mend)


_KEYS = frozenset(each.name for each in fields(ModelCard))
_NEEDED = frozenset(
    each.name
    for each in fields(ModelCard)
    if each.default is MISSING and each.default_factory is MISSING
)
# What graphs of others do not have.
_OURS_ALONE = frozenset(
    {"feature_stride", "hints", "temperature", "chroma_gain", "chroma_curve", "log_weights"}
)
# What a card of somebody else's model may leave out.
_UNSTATED: Mapping[str, object] = {
    "version": "not stated",
    "license": "not stated",
    "training_data": "not stated",
    "scores": {},
    "stride": 1,
    "output_stride": 1,
    "feature_stride": 0,
    "hints": False,
}


# Words of cards that were written before version 0.2, and what they are now.
_OLD_KEYS = {"licence": "license"}
_OLD_INPUTS = {"grey": "gray"}


def _translated(values: dict[str, object]) -> dict[str, object]:
    modern = {_OLD_KEYS.get(key, key): value for key, value in values.items()}
    given = modern.get("input")
    if isinstance(given, str):
        modern["input"] = _OLD_INPUTS.get(given, given)
    return modern


def _checked(values: dict[str, object], where: str, mend: str) -> ModelCard:
    missing = sorted(_NEEDED - values.keys())
    if missing:
        raise ModelError(f"{where}: its card lacks the key {missing[0]!r}", mend)
    for key, value in values.items():
        is_valid, wanted = _RULES[key]
        if not is_valid(value):
            raise ModelError(f"{where}: card key {key!r} is {value!r}, not {wanted}", mend)
    card = ModelCard(**cast("dict[str, Any]", values))
    if card.input_black == card.input_white:
        raise ModelError(f"{where}: input_black and input_white are both {card.input_black}", mend)
    for key, part in (
        ("output_stride", card.output_stride),
        ("feature_stride", card.feature_stride or card.stride),
    ):
        if card.stride % part:
            raise ModelError(f"{where}: stride {card.stride} is no multiple of {key} {part}", mend)
    if card.fixed and card.size % card.stride:
        raise ModelError(f"{where}: size {card.size} is no multiple of {card.stride}", mend)
    return card


def _check_keys(values: Mapping[str, object], known: frozenset[str], where: str, mend: str) -> None:
    unknown = sorted(values.keys() - known)
    if unknown:
        raise ModelError(f"{where}: its card has the unknown key {unknown[0]!r}", mend)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_not_negative(value: object) -> bool:
    return isinstance(value, int | float) and _is_number(value) and value >= 0


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


def _is_scores(value: object) -> bool:
    return isinstance(value, dict) and all(
        map(_is_number, cast("dict[str, object]", value).values())
    )


def _is_weights(value: object) -> bool:
    return isinstance(value, list) and (
        not value or (len(value) == BINS and all(map(_is_number, cast("list[object]", value))))
    )


_TEXT = (_is_text, "a text")
_COUNT = (_is_count, "a positive whole number")
_RULES: Mapping[str, tuple[Callable[[object], bool], str]] = {
    "name": _TEXT,
    "version": _TEXT,
    "license": _TEXT,
    "input": (lambda value: value in [*INPUT_CHANNELS], '"lightness", "gray" or "rgb"'),
    "output": (lambda value: value in [*OUTPUT_CHANNELS], '"chroma" or "rgb"'),
    "stride": _COUNT,
    "output_stride": _COUNT,
    "feature_stride": (lambda value: value == 0 or _is_count(value), "a whole number"),
    "size": _COUNT,
    "hints": (_is_flag, "true or false"),
    "training_data": _TEXT,
    "scores": (_is_scores, "numbers by name"),
    "input_black": (_is_number, "a number"),
    "input_white": (_is_number, "a number"),
    "output_zero": (_is_number, "a number"),
    "output_scale": (lambda value: _is_number(value) and value != 0, "a number that is not 0"),
    "fixed": (_is_flag, "true or false"),
    "temperature": (_is_not_negative, "a number, 0 or more"),
    "chroma_gain": (lambda value: _is_number(value) and value != 0, "a number that is not 0"),
    "chroma_curve": (_is_not_negative, "a number, 0 or more"),
    "log_weights": (_is_weights, f"{BINS} numbers, or none"),
}
