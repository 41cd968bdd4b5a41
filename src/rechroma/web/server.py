"""Running the service."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import uvicorn

from rechroma.colorizer import load_card
from rechroma.errors import UsageError
from rechroma.web.app import make_app

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from fastapi import FastAPI

    from rechroma.web.settings import Settings

__all__ = ["serve"]

_DRAIN_SECONDS = 30


class _Server(uvicorn.Server):
    """Says that it stops as soon as it is told to, so that probes send nobody here any more."""

    def __init__(self, config: uvicorn.Config, app: FastAPI) -> None:
        super().__init__(config)
        self._app = app

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Note the signal."""
        self._app.state.service.draining = True
        super().handle_exit(sig, frame)


def serve(settings: Settings, *, tell: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM; requests that are under way are finished then.

    Args:
        settings: How.
        tell: Called with the address, once it is known.

    Raises:
        UsageError: The address is taken or isn't this machine's.
        ModelError: The model isn't there.
    """
    load_card(settings.model)
    app = make_app(settings)
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, server_header=False,
        timeout_graceful_shutdown=_DRAIN_SECONDS,
    )  # fmt: skip
    with _bound(settings) as listener:
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        tell(f"http://{host}:{listener.getsockname()[1]}/")
        _Server(config, app).run(sockets=[listener])


def _bound(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as error:
        listener.close()
        raise UsageError(
            f"{settings.host}:{settings.port}: {error.strerror}", "choose another --port or --host"
        ) from error
    return listener
