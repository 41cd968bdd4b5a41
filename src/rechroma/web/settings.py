"""How a service is set up."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_address

from rechroma.errors import UsageError
from rechroma.web.limits import Limits

__all__ = ["Settings", "is_loopback"]


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
        lanes: Processes that work on pictures.
        threads: Threads of each.
        limits: What clients may ask.

    Raises:
        UsageError: It would be open to other machines without a token.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    token: str | None = None
    model: str = "default"
    device: str = "auto"
    size: int | None = None
    lanes: int = 1
    threads: int = 1
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        if not is_loopback(self.host) and not self.token:
            raise UsageError(
                f"at {self.host} everybody on the network could use this service",
                "give it a token: --token, or RECHROMA_TOKEN in the environment",
            )


def is_loopback(host: str) -> bool:
    """Tell whether an address, or a name, is this machine's own and no other can reach it."""
    name = host.strip("[]").lower()
    if name == "localhost":
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False
