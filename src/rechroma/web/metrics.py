"""What Prometheus asks for."""

from __future__ import annotations

import platform
import time
from typing import TYPE_CHECKING

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from rechroma import __version__
from rechroma.web.problems import GONE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from rechroma.web.service import Service

__all__ = ["CONTENT_TYPE", "Metrics", "RequestMetrics", "route_of"]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
# Up to what one picture may take, by default.
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
# What clients type makes no new series.
_METHODS = ("GET", "HEAD", "POST", "DELETE", "OPTIONS", "PUT", "PATCH")


class Metrics:
    """The counters of one service."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "rechroma_requests_total", "Requests answered.", ["method", "route", "status"],
            registry=self._registry,
        )  # fmt: skip
        self._seconds = Histogram(
            "rechroma_request_duration_seconds", "Time to an answer's end.", ["method", "route"],
            buckets=_BUCKETS, registry=self._registry,
        )  # fmt: skip
        self._waits = Histogram(
            "rechroma_queue_wait_seconds", "Time that a job waited for a worker.",
            buckets=_BUCKETS, registry=self._registry,
        )  # fmt: skip
        build = Info("rechroma_build", "What runs here.", registry=self._registry)
        build.info({"version": __version__, "python": platform.python_version()})
        ProcessCollector(registry=self._registry)

    def watch(self, service: Service) -> None:
        """Show the state of a service, read when somebody asks."""
        service.pool.on_wait = self._waits.observe
        shown = {
            "rechroma_queue_length": ("Jobs that wait.", lambda: service.pool.waiting),
            "rechroma_jobs_running": ("Jobs under way.", lambda: service.pool.running),
            "rechroma_workers_ready": (
                "Workers that have their model.", lambda: service.pool.workers,
            ),
            "rechroma_sessions": ("Pictures open.", lambda: len(service.sessions)),
            "rechroma_stored_bytes": (
                "Bytes of uploads, also of those that arrive, and of results.",
                lambda: service.store.used,
            ),
        }  # fmt: skip
        for name, (text, value) in shown.items():
            Gauge(name, text, registry=self._registry).set_function(value)
        self._registry.register(_Restarts(service))

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request."""
        method = method if method in _METHODS else "other"
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)

    def text(self) -> bytes:
        """Return everything in Prometheus's text format."""
        return generate_latest(self._registry)


class _Restarts(Collector):
    """A counter that the pool keeps."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def collect(self) -> Iterator[CounterMetricFamily]:
        restarts = self._service.pool.restarts
        yield CounterMetricFamily(
            "rechroma_worker_restarts_total", "Workers started anew.", value=restarts
        )


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
        start, status = time.perf_counter(), GONE

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            seconds = time.perf_counter() - start
            self._metrics.count(scope["method"], route_of(scope), status, seconds)


def route_of(scope: Scope) -> str:
    """Return the pattern of the path that answered a request."""
    return getattr(scope.get("route"), "path", "other")
