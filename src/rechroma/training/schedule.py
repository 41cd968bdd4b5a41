"""How long a run is, in steps or by the clock, and how the rate of learning falls until then."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from rechroma.training.config import OptimizerConfig

__all__ = ["Clock", "RunLength", "StepCount", "rate_at"]


class RunLength(Protocol):
    """How much of a run is done."""

    def progress(self, step: int) -> float:
        """Return the share that is done after so many steps, 0…1; at 1 the run is over."""
        ...


class StepCount:
    """A run of so many steps.

    Args:
        steps: At least 1.
    """

    def __init__(self, steps: int) -> None:
        self._steps = steps

    def progress(self, step: int) -> float:
        """See `RunLength`."""
        return min(1.0, step / self._steps)


class Clock:
    """A run of so many minutes, however many steps that makes; pauses do not count.

    Args:
        minutes: Of the whole run, with its validations.
        spent: Seconds that were spent before the run was stopped and started again.
        now: A clock in seconds.
    """

    def __init__(
        self, minutes: float, spent: float = 0.0, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._seconds = minutes * 60
        self._now = now
        self._start = now() - spent

    @property
    def spent(self) -> float:
        """Seconds since the beginning, without pauses."""
        return self._now() - self._start

    def progress(self, step: int) -> float:  # noqa: ARG002 - as in the protocol
        """See `RunLength`."""
        return min(1.0, self.spent / self._seconds)


def rate_at(step: int, progress: float, config: OptimizerConfig) -> float:
    """Return the rate at a step as a share of the highest: a cosine, after a linear warm-up.

    Args:
        step: Steps that are done.
        progress: Share of the run that is done, 0…1.
        config: `warmup`, in steps, and `final` count here.
    """
    cosine = (1 + math.cos(math.pi * progress)) / 2
    warm = min(1.0, (step + 1) / config.warmup) if config.warmup else 1.0
    return warm * (config.final + (1 - config.final) * cosine)
