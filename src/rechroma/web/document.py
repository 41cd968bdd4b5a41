"""The OpenAPI document, as programs that make clients from it need it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from fastapi import FastAPI
    from fastapi.routing import APIRoute

__all__ = ["complete", "operation_id"]

_TOKEN = {
    "type": "http",
    "scheme": "bearer",
    "description": "What the service was started with, if it wants one.",
}
# These want none, whatever the service was started with.
_OPEN = ("/healthz", "/readyz", "/v1/media/{ticket}/{which}")


def operation_id(route: APIRoute) -> str:
    """Return the name that a client's function gets: that of the function here."""
    return route.name


def complete(app: FastAPI, *, token: bool) -> None:
    """Let the application's document say what FastAPI does not: the token, and files as such.

    Args:
        app: Its `openapi` is replaced.
        token: Whether clients have to send one.
    """
    make = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = make()
            document["components"]["securitySchemes"] = {"token": _TOKEN}
            document["security"] = [{"token": []}] if token else [{}, {"token": []}]
            for path in _OPEN:
                document["paths"][path]["get"]["security"] = []
            _mark_files(document)
        return make()

    app.openapi = openapi


def _mark_files(part: object) -> None:
    """Say of files what they are in the words of OpenAPI 3.0, too: most programs know no others."""
    if isinstance(part, dict):
        found = cast("dict[str, object]", part)
        if found.get("contentMediaType") == "application/octet-stream":
            found["format"] = "binary"
        for each in list(found.values()):
            _mark_files(each)
    elif isinstance(part, list):
        for each in cast("list[object]", part):
            _mark_files(each)
