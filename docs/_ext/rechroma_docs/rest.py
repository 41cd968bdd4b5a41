"""The HTTP interface, from the OpenAPI document of the service."""

from __future__ import annotations

from typing import Any

from rechroma.web.app import make_app
from rechroma.web.settings import Settings
from rechroma_docs.markdown import code, escaped, table

__all__ = ["write"]

_HEAD = ["name", "values", "default", "meaning"]


def write() -> str:
    """Return a section for each operation, then the JSON that they take and give."""
    document = make_app(Settings()).openapi()
    schemas = document["components"]["schemas"]
    parts = ["## Operations\n"]
    for path, operations in document["paths"].items():
        parts += [_operation(path, verb, each, schemas) for verb, each in operations.items()]
    parts.append("## JSON\n")
    # Bodies of forms are told where they are sent.
    parts += [
        f"### {name}\n\n{schema.get('description', '')}\n\n{_table(_fields(schema))}"
        for name, schema in schemas.items()
        if not name.startswith("Body_")
    ]
    return "\n".join(parts)


def _operation(
    path: str, verb: str, operation: dict[str, Any], schemas: dict[str, dict[str, Any]]
) -> str:
    rows = [_parameter(each) for each in operation.get("parameters", ())]
    parts = [f"### {verb.upper()} {escaped(path)}\n", f"{operation.get('description', '')}\n"]
    for media, content in operation.get("requestBody", {}).get("content", {}).items():
        name = _name(content["schema"])
        if media == "application/json":
            parts.append(f"The body is JSON: {_link(name)}.\n")
        else:
            parts.append(f"The body is a form, {code(media)}.\n")
            rows = [*_fields(schemas[name], "form"), *rows]
    if rows:
        parts.append(_table(rows))
    answers = operation["responses"]
    parts += [f"{status}: {_answer(answers[status])}\n" for status in answers if status < "300"]
    if errors := [status for status in answers if status >= "400"]:
        parts.append(f"Errors: {', '.join(errors)}.\n")
    return "\n".join(parts)


def _answer(answer: dict[str, Any]) -> str:
    """Return what comes back, and in which format."""
    kinds: dict[str, Any] = answer.get("content", {})
    if len(kinds) > 2:
        return f"{answer['description']} In the format that was asked for."
    schema = next(iter(kinds.values()), {}).get("schema", {})
    if "$ref" in schema:
        return f"JSON, {_link(_name(schema))}."
    if "$ref" in schema.get("items", {}):
        return f"JSON, a list of {_link(_name(schema['items']))}."
    description = escaped(answer["description"].replace("Successful Response", "Done."))
    return f"{description} {', '.join(map(code, kinds))}".strip()


def _parameter(value: dict[str, Any]) -> list[str]:
    schema = {"description": value.get("description", ""), **value["schema"]}
    return _row(f"{value['name']} ({value['in']})", schema, needed=value.get("required", False))


def _fields(schema: dict[str, Any], place: str = "") -> list[list[str]]:
    needed = schema.get("required", ())
    where = f" ({place})" if place else ""
    return [
        _row(f"{key}{where}", value, needed=key in needed)
        for key, value in schema.get("properties", {}).items()
    ]


def _row(name: str, schema: dict[str, Any], *, needed: bool) -> list[str]:
    key, _, place = name.partition(" ")
    default = schema.get("default")
    told = "needed" if needed else "" if default is None else code(str(default).lower())
    return [f"{code(key)} {place}".strip(), _kind(schema), told, _meaning(schema)]


def _meaning(schema: dict[str, Any]) -> str:
    return escaped(schema.get("description", "").replace("\n", " "))


def _table(rows: list[list[str]]) -> str:
    return table(_HEAD, rows)


def _name(schema: dict[str, Any]) -> str:
    # Where nothing may be sent, too, it is the first of two.
    return schema.get("anyOf", [schema])[0]["$ref"].rpartition("/")[2]


def _link(name: str) -> str:
    return f"[{name}](#{name.lower()})"


def _kind(schema: dict[str, Any]) -> str:
    """Return what a value may be, in words."""
    if "$ref" in schema:
        return _link(_name(schema))
    if "anyOf" in schema:
        return " or ".join(_kind(each) for each in schema["anyOf"] if each.get("type") != "null")
    if "enum" in schema:
        return ", ".join(map(code, schema["enum"]))
    if media := schema.get("contentMediaType"):
        inside = schema.get("contentSchema")
        return _kind(inside) if inside else "JSON" if media.endswith("json") else "file"
    if schema.get("type") == "array":
        if "prefixItems" in schema:
            return escaped(f"list of {len(schema['prefixItems'])} numbers")
        return f"list of {_kind(schema.get('items', {}))}"
    return escaped(f"{schema.get('type', 'anything')} {_bounds(schema)}".strip())


def _bounds(schema: dict[str, Any]) -> str:
    least, most = schema.get("minimum"), schema.get("maximum")
    if least is not None and most is not None:
        return f"{least:g}…{most:g}"
    return f"≥ {least:g}" if least is not None else f"≤ {most:g}" if most is not None else ""
