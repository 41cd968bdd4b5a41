"""Ray: started here, or joined where it runs."""

from __future__ import annotations

import logging
import os
import socket
from contextlib import contextmanager, suppress
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from rechroma.errors import ClusterError, MissingExtraError, UsageError
from rechroma.limits import available_cores

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["Engine", "connected", "require_cluster"]

_NEEDED = ("ray", "pyarrow", "fsspec")
# Rows and small files alone go through it: pictures are read and written by the workers.
_OBJECT_STORE = 128 << 20
_ANSWER_WITHIN = 10.0
# Ray's own default port of its head.
_GCS_PORT, _CLIENT_PORT = 6379, 10001


def require_cluster() -> None:
    """Say what to install where Ray and its companions are missing.

    Raises:
        MissingExtraError: `rechroma[cluster]` is not installed.
    """
    if missing := [name for name in _NEEDED if find_spec(name) is None]:
        raise MissingExtraError(
            f"this command needs {' and '.join(missing)}", "pip install 'rechroma[cluster]'"
        )


class Engine:
    """Ray as it is connected."""

    def __init__(self, ray: Any) -> None:  # noqa: ANN401 (Ray has no types)
        self.ray = ray

    def resources(self) -> tuple[float, float, float]:
        """Return the CPUs and GPUs of the cluster, and the CPUs of its largest machine."""
        nodes = [node["Resources"] for node in self.ray.nodes() if node["Alive"]]
        cpus = [float(each.get("CPU", 0)) for each in nodes]
        return sum(cpus), sum(float(each.get("GPU", 0)) for each in nodes), max(cpus, default=0)


@contextmanager
def connected(address: str | None) -> Generator[Engine]:
    """Start Ray on this machine, or join a cluster; leave it at the end.

    Args:
        address: None to start; "auto", "host:port" or "ray://host:port" to join.

    Raises:
        MissingExtraError: Ray is not installed.
        ClusterError: It does not start, or does not answer, or is of another version.
    """
    require_cluster()
    # Nothing is sent anywhere, and nothing but our own words is on the terminal.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    # Workers get what the ordinary commands get of a machine that others use, too.
    os.environ.setdefault("RAY_worker_niceness", "0")
    if address is not None:
        _check_answer(address)
    import ray

    options: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    if address is None:
        options |= {
            "address": "local",
            "num_cpus": available_cores(),
            "include_dashboard": False,
            "object_store_memory": _OBJECT_STORE,
        }
    else:
        options["address"] = address
    _silence()
    try:
        ray.init(**options)
    except Exception as error:
        raise _told(address, error) from error
    try:
        yield Engine(ray)
    finally:
        with suppress(Exception):
            ray.shutdown()


def _silence() -> None:
    """Keep Ray from printing on stdout what it thinks of machines that are lost: rows go there.

    It has no option for that, and the function is its own affair: without it, it prints.
    """
    private: Any = import_module("ray._private.worker")
    if hasattr(private, "print_to_stdstream"):
        private.print_to_stdstream = _print_nothing


def _print_nothing(*_: object, **__: object) -> None: ...


def _check_answer(address: str) -> None:
    """Look whether somebody listens there: Ray itself would wait for minutes.

    Raises:
        UsageError: It is no address.
        ClusterError: Nobody does.
    """
    if address == "auto":
        return
    is_client = address.startswith("ray://")
    try:
        parts = urlsplit(address if is_client else f"//{address}")
        host, port = parts.hostname, parts.port or (_CLIENT_PORT if is_client else _GCS_PORT)
    except ValueError:
        host, port = None, 0
    if not host or (not is_client and "://" in address):
        raise UsageError(
            f"{address!r} is no address of a cluster", "give auto, HOST:PORT or ray://HOST:PORT"
        )
    try:
        socket.create_connection((host, port), timeout=_ANSWER_WITHIN).close()
    except OSError as error:
        raise ClusterError(
            f"no cluster answers at {address}: {error.strerror or error}",
            "check the address, and whether Ray runs there",
        ) from error


def _told(address: str | None, error: Exception) -> ClusterError:
    text = " ".join(str(error).split())
    if "ersion mismatch" in text or "same version" in text:
        return ClusterError(
            f"the cluster runs another version of Ray or Python: {text[:300]}",
            "install the same versions here and there",
        )
    if address is None:
        return ClusterError(
            f"Ray does not start here: {text[:300]}",
            "see what it says in /tmp/ray/session_latest/logs",
        )
    return ClusterError(
        f"no cluster is to be had at {address}: {text[:300]}",
        "check the address, and whether Ray runs there; without --address one is started here",
    )
