"""How a service is set up."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network

from rechroma.errors import UsageError

__all__ = ["MAX_HINTS", "MAX_MASKS", "Limits", "Settings", "WorkerSetup", "is_loopback"]

# Training shows the network up to 100; more say nothing new. A part of the documented interface.
MAX_HINTS = 200
# Each is a file of the form, and may take a run of the network.
MAX_MASKS = 16
# Letters: with 16 nobody guesses it over a network.
MIN_TOKEN = 16


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of a service.

    Attributes:
        upload_bytes: Of one request's body.
        pixels: Of one picture, checked before it is decoded; None for no limit.
        queue: Requests that wait for a worker; more are turned away with 429.
        seconds: How long one request may be worked on, and how long it may wait for that.
        body_seconds: How long one request may take to arrive.
        header_seconds: How long a connection may take to ask for something.
        connections: How many there are at once, with those that ask for nothing yet.
        sessions: Pictures that are kept at once.
        session_seconds: How long a picture is kept after it was last used.
        left_seconds: The same after its page was closed: a reload comes back sooner.
        stored_bytes: Of everything that is kept, uploads and results.
        film_bytes: Of one film's file.
        film_seconds: How long a film may be.
        film_pixels: Of one of its frames.
        films: That are kept at once.
        film_kept_seconds: How long a film is kept after it was last used, or was done.
    """

    upload_bytes: int = 256 << 20
    pixels: int | None = 120_000_000
    queue: int = 64
    seconds: float = 120.0
    body_seconds: float = 300.0
    header_seconds: float = 15.0
    connections: int = 512
    sessions: int = 512
    session_seconds: float = 1800.0
    left_seconds: float = 30.0
    stored_bytes: int = 2 << 30
    film_bytes: int = 1 << 30
    film_seconds: float = 1800.0
    film_pixels: int = 9_000_000
    films: int = 8
    film_kept_seconds: float = 6 * 3600.0


@dataclass(frozen=True, slots=True)
class Settings:
    """What `rechroma serve` is told.

    Attributes:
        host: The address that it listens on.
        port: The port; 0 for any that is free.
        token: What clients have to know; None for none.
        model: See `rechroma.Colorizer`.
        device: See `rechroma.Colorizer`.
        size: See `rechroma.Colorizer`.
        workers: Processes that work on pictures.
        threads: Threads of each.
        limits: What clients may ask.
        allowed_hosts: Further names of the service, as its clients know it behind a proxy.
        root_path: The prefix that it has there, such as "/photos".
        proxies: Addresses or networks of proxies whose X-Forwarded headers are heeded.
        films: A folder where films, and what is done of them, outlast the service; None for none.
        access_log: "text" or "json" for a line on stderr for each answer; "off" for none.

    Raises:
        UsageError: It would be open to other machines without a token, or with one that can be
            guessed; or a name, the prefix or an address makes no sense.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    token: str | None = None
    model: str = "default"
    device: str = "auto"
    size: int | None = None
    workers: int = 1
    threads: int = 1
    limits: Limits = field(default_factory=Limits)
    allowed_hosts: tuple[str, ...] = ()
    root_path: str = ""
    proxies: tuple[str, ...] = ()
    access_log: str = "off"
    films: str | None = None

    def __post_init__(self) -> None:
        if not is_loopback(self.host) and not self.token:
            raise UsageError(
                f"at {self.host} everybody on the network could use this service",
                "give it a token: --token, or RECHROMA_TOKEN in the environment",
            )
        if self.token is not None and not _is_strong(self.token):
            raise UsageError(
                f"a token of {len(self.token)} letters could be guessed, or not be sent",
                f"take {MIN_TOKEN} or more, of ASCII and without spaces: openssl rand -hex 16",
            )
        self._check_proxy()

    def _check_proxy(self) -> None:
        for name in self.allowed_hosts:
            if not re.fullmatch(r"[A-Za-z0-9.-]+", name):
                raise UsageError(
                    f"--allowed-host {name} is no name of a host", "such as photos.example.com"
                )
        if self.root_path and not re.fullmatch(r"(/[A-Za-z0-9._~-]+)+", self.root_path):
            raise UsageError(f"--root-path {self.root_path} is no prefix", "such as /photos")
        for address in self.proxies:
            try:
                ip_network(address)
            except ValueError:
                raise UsageError(
                    f"--proxy {address} is no address", "such as 10.0.0.1, or 172.16.0.0/12"
                ) from None


def _is_strong(token: str) -> bool:
    return re.fullmatch(rf"[!-~]{{{MIN_TOKEN},}}", token) is not None


def is_loopback(host: str) -> bool:
    """Tell whether an address, or a name, is this machine's own and no other can reach it."""
    name = host.strip("[]").lower()
    if name == "localhost":
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class WorkerSetup:
    """What a worker is started with.

    Attributes:
        model: A registered name or a path.
        device: See `rechroma.Colorizer`.
        size: See `rechroma.Colorizer`.
        threads: Threads of one run.
        pixels: The limit of one picture; None for none.
        folder: Where each worker makes a folder of its own for temporary files and results.
    """

    model: str
    device: str
    size: int | None
    threads: int
    pixels: int | None
    folder: str
