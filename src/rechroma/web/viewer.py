"""`/docs`: the interface to be read and tried, by Swagger UI, with nothing from elsewhere."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles

from rechroma.web.middleware import POLICY

if TYPE_CHECKING:
    from fastapi import FastAPI

__all__ = ["add_viewer"]

# Swagger UI sets styles in tags, and has its icons in them.
_POLICY = (
    POLICY.replace("img-src 'self'", "img-src 'self' data:") + "; style-src 'self' 'unsafe-inline'"
)
# Addresses are relative: the service may stand under a prefix.
_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Rechroma: the interface</title>
<link rel="icon" href="static/icon.svg">
<link rel="stylesheet" href="static/swagger/swagger-ui.css">
<main id="interface"></main>
<script src="static/swagger/swagger-ui-bundle.js"></script>
<script type="module" src="static/js/interface.js"></script>
"""


def add_viewer(app: FastAPI) -> None:
    """Add the page and Swagger UI's files, which `fastapi-swagger` brings; before `/static`."""
    resources = StaticFiles(directory=str(files("fastapi_swagger") / "resources"))
    app.mount("/static/swagger", resources, name="swagger")
    app.add_api_route("/docs", _page, include_in_schema=False)


async def _page() -> HTMLResponse:
    return HTMLResponse(_PAGE, headers={"Content-Security-Policy": _POLICY})
