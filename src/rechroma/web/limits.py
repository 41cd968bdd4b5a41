"""What one client may ask of the service, and what all of them may together."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["MAX_HINTS", "Limits"]

# Training shows the network up to 100; more say nothing new. A part of the documented interface.
MAX_HINTS = 200


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of a service.

    Attributes:
        upload_bytes: Of one request's body.
        pixels: Of one picture, checked before it is decoded; None for no limit.
        queue: Requests that wait for a worker; more are turned away with 429.
        seconds: How long one request may be worked on, and how long it may wait for that.
        body_seconds: How long one request may take to arrive.
        sessions: Pictures that are kept at once.
        session_seconds: How long a picture is kept after it was last used.
        left_seconds: The same after its page was closed: a reload comes back sooner.
        stored_bytes: Of everything that is kept, uploads and results.
    """

    upload_bytes: int = 256 << 20
    pixels: int | None = 120_000_000
    queue: int = 64
    seconds: float = 120.0
    body_seconds: float = 300.0
    sessions: int = 512
    session_seconds: float = 1800.0
    left_seconds: float = 30.0
    stored_bytes: int = 2 << 30
