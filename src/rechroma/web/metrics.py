"""What Prometheus asks for."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from rechroma.web.service import Service

__all__ = ["CONTENT_TYPE", "Metrics", "RequestMetrics"]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """The counters of one service."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "rechroma_requests", "Requests answered.", ["route", "status"], registry=self._registry
        )
        self._seconds = Histogram(
            "rechroma_request_seconds", "Time to an answer's end.", ["route"],
            registry=self._registry,
        )  # fmt: skip

    def watch(self, service: Service) -> None:
        """Show the state of a service, read when somebody asks."""
        shown = {
            "rechroma_queue_length": ("Jobs that wait.", lambda: service.pool.waiting),
            "rechroma_jobs_running": ("Jobs under way.", lambda: service.pool.running),
            "rechroma_workers_ready": (
                "Workers that have their model.", lambda: service.pool.workers,
            ),
            "rechroma_worker_restarts": (
                "Workers started anew.", lambda: service.pool.restarts,
            ),
            "rechroma_sessions": ("Pictures open.", lambda: len(service.sessions)),
            "rechroma_stored_bytes": ("Bytes of uploads and results.", lambda: service.store.used),
        }  # fmt: skip
        for name, (text, value) in shown.items():
            Gauge(name, text, registry=self._registry).set_function(value)

    def count(self, route: str, status: int, seconds: float) -> None:
        """Count one request."""
        self._requests.labels(route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def text(self) -> bytes:
        """Return everything in Prometheus's text format."""
        return generate_latest(self._registry)


class RequestMetrics:
    """Counts requests by route, not by path: what clients type makes no new series."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start, status = time.perf_counter(), 499

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            route = getattr(scope.get("route"), "path", "other")
            self._metrics.count(route, status, time.perf_counter() - start)
