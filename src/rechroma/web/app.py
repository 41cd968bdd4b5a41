"""The application: routes, the page, and what every request passes first."""

from __future__ import annotations

from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, HTMLResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from rechroma import __version__
from rechroma.errors import RechromaError
from rechroma.photo.formats import FORMATS
from rechroma.web.access import AccessControl, Forwarded
from rechroma.web.access_log import AccessLog
from rechroma.web.document import complete, operation_id
from rechroma.web.drain import Drain, DrainGate
from rechroma.web.metrics import Metrics, RequestMetrics
from rechroma.web.middleware import BodyLimit, HeadAsGet, SecurityHeaders, lacks_form
from rechroma.web.problems import Problem, UnhandledErrors, no_room, problem_of, problem_response
from rechroma.web.routes import archive, films, moods, pictures, sessions, status
from rechroma.web.routes.parts import invalid
from rechroma.web.service import Service
from rechroma.web.viewer import add_viewer
from rechroma.web.worker import is_full

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from rechroma.web.settings import Settings

__all__ = ["make_app"]

_STATIC = Path(__file__).with_name("static")
_DESCRIPTION = (
    "Gives photographs their color back, and gives one photograph the mood of another. "
    "Errors are RFC 9457 problem documents; `mend` says what to do."
)


def make_app(settings: Settings) -> FastAPI:
    """Return the application; its workers start with it, and end with it."""
    metrics, drain, limits = Metrics(), Drain(), settings.limits

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        service = Service(settings, drain)
        app.state.service, app.state.metrics = service, metrics
        metrics.watch(service)
        async with service.run():
            yield

    # FastAPI's own pages of documentation load scripts from elsewhere; see `viewer`.
    app = FastAPI(
        title="Rechroma", version=__version__, description=_DESCRIPTION, lifespan=lifespan,
        docs_url=None, redoc_url=None, root_path_in_servers=False,
        servers=[{"url": f"{settings.root_path}/"}], generate_unique_id_function=operation_id,
    )  # fmt: skip
    for module in (pictures, sessions, moods, archive, films, status):
        app.include_router(module.router)
    add_viewer(app)
    app.mount("/static", StaticFiles(directory=_STATIC), name="static")
    app.add_api_route("/", _page, include_in_schema=False)
    # Where it lies says which pages it is for.
    app.add_api_route("/sw.js", _page_keeper, include_in_schema=False)
    app.add_api_route("/favicon.ico", _icon, include_in_schema=False)
    complete(app, token=settings.token is not None)
    # The server asks for it, also before the service has begun.
    app.state.drain = drain
    _tell_problems(app)
    # The last one added stands first.
    app.add_middleware(HeadAsGet)
    app.add_middleware(BodyLimit, limits=limits, drain=drain)
    app.add_middleware(DrainGate, drain=drain)
    app.add_middleware(AccessControl, settings=settings)
    app.add_middleware(UnhandledErrors)
    app.add_middleware(RequestMetrics, metrics=metrics)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(AccessLog, style=settings.access_log)
    app.add_middleware(Forwarded, settings=settings)
    return app


async def _page() -> HTMLResponse:
    return HTMLResponse(_page_text())


@cache
def _page_text() -> str:
    """Return the page, which lets people choose what can be sent."""
    return (_STATIC / "index.html").read_text(encoding="utf-8").replace("{accept}", _accepted())


def _accepted() -> str:
    """Return the kinds of a file chooser; browsers know not all of them as pictures."""
    others = (each for each in FORMATS.values() if each.signature and not each.in_browsers)
    return ",".join(["image/*", *(suffix for each in others for suffix in each.suffixes)])


async def _page_keeper() -> FileResponse:
    headers = {"Cache-Control": "no-cache"}
    return FileResponse(_STATIC / "sw.js", media_type="text/javascript", headers=headers)


async def _icon() -> FileResponse:
    return FileResponse(_STATIC / "icon.svg", media_type="image/svg+xml")


def _tell_problems(app: FastAPI) -> None:
    @app.exception_handler(Problem)
    async def _(_: Request, error: Problem) -> Response:
        return problem_response(error)

    @app.exception_handler(RechromaError)
    async def _(_: Request, error: RechromaError) -> Response:
        return problem_response(problem_of(error))

    @app.exception_handler(RequestValidationError)
    async def _(request: Request, error: RequestValidationError) -> Response:
        return problem_response(invalid(error.errors(), wants_form=lacks_form(request.scope)))

    @app.exception_handler(HTTPException)
    async def _(_: Request, error: HTTPException) -> Response:
        # Reading the form wraps whatever stopped it, such as a body that is too large.
        if isinstance(error.__cause__, Problem):
            return problem_response(error.__cause__)
        if is_full(error.__cause__):
            return problem_response(no_room())
        problem = Problem(error.status_code, str(error.detail), headers=error.headers)
        return problem_response(problem)
