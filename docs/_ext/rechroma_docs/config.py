"""The keys of a training config, from the model that checks them."""

from __future__ import annotations

from typing import Any

from sphinx.ext.autodoc.mock import mock

from rechroma_docs.markdown import code, escaped, table

__all__ = ["write"]

_BOUNDS = {
    "minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<",
}  # fmt: skip


def write() -> str:
    """Return a table of the keys outside of sections, and one for each section."""
    # The table of networks is theirs, and they are PyTorch's: their names are enough here.
    with mock(["torch", "torchvision", "timm"]):
        from rechroma.training.config import TrainConfig
    schema = TrainConfig.model_json_schema(by_alias=True)
    parts = ["## Keys of the run\n", _keys(schema)]
    for key, value in schema["properties"].items():
        if "$ref" in value:
            section = schema["$defs"][value["$ref"].rpartition("/")[2]]
            parts += [f"## {key}\n", f"{section['description']}\n", _keys(section)]
    return "\n".join(parts)


def _keys(section: dict[str, Any]) -> str:
    rows = [
        [code(key), _values(value), _default(value, key in section.get("required", ())),
         escaped(value.get("description", ""))]
        for key, value in section["properties"].items()
        if "$ref" not in value
    ]  # fmt: skip
    return table(["key", "values", "default", "meaning"], rows)


def _default(value: dict[str, Any], required: bool) -> str:  # noqa: FBT001 (one caller)
    if required:
        return "needed"
    default = value.get("default")
    return "none" if default is None else code(str(default).lower())


def _values(value: dict[str, Any]) -> str:
    if "anyOf" in value:
        return " or ".join(_values(each) for each in value["anyOf"] if each.get("type") != "null")
    if "enum" in value:
        return ", ".join(map(code, value["enum"]))
    if value.get("type") == "object":
        names = value.get("propertyNames", {}).get("enum", ())
        return f"numbers by {', '.join(map(code, names))}"
    words = {"integer": "whole number", "boolean": "`true`, `false`", "string": "text"}
    kind = "path" if value.get("format") == "path" else words.get(value["type"], value["type"])
    bounds = [f"{sign} {value[key]:g}" for key, sign in _BOUNDS.items() if key in value]
    return escaped(" ".join([kind, ", ".join(bounds)]).strip())
