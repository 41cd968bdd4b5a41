"""What a run says while it goes: JSON lines, TensorBoard events, and lines for people."""

from __future__ import annotations

import json
import logging
import time
from typing import TYPE_CHECKING, Self

from torch.utils.tensorboard import SummaryWriter

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

__all__ = ["RunLog"]

_logger = logging.getLogger("rechroma.training")


class RunLog:
    """Writes numbers to `metrics.jsonl` and `tensorboard/`; use as a context manager.

    Args:
        folder: The run's OUTPUT_DIR.
        steps: The run's length, for the time left.
        batch: Pictures a step, for the rate.
    """

    def __init__(self, folder: Path, steps: int, batch: int) -> None:
        self._lines = (folder / "metrics.jsonl").open("a", encoding="utf-8", buffering=1)
        self._board = SummaryWriter(str(folder / "tensorboard"))
        self._steps = steps
        self._batch = batch
        self._mark = (time.monotonic(), -1)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._lines.close()
        self._board.close()

    def numbers(self, kind: str, step: int, values: dict[str, float]) -> None:
        """Write one record of `kind` ("train" or "validation")."""
        record = {"kind": kind, "step": step, "time": time.time(), **values}
        self._lines.write(json.dumps(record) + "\n")
        for name, value in values.items():
            self._board.add_scalar(f"{kind}/{name}", value, step)

    def progress(self, step: int, values: dict[str, float]) -> None:
        """Write a training record with the rate since the last, and say it with the time left."""
        now, (then, before) = time.monotonic(), self._mark
        self._mark = (now, step)
        if before < 0:
            return
        rate = (step - before) / (now - then)
        self.numbers("train", step, {**values, "pictures_per_second": rate * self._batch})
        left = (self._steps - step) / rate / 60
        text = "  ".join(f"{name} {value:.4g}" for name, value in values.items())
        _logger.info(
            "step %d/%d  %s  %.1f pictures/s  %.0f min left",
            step, self._steps, text, rate * self._batch, left,
        )  # fmt: skip

    def validation(self, step: int, values: dict[str, float]) -> None:
        """Write a validation record, and say it."""
        self.numbers("validation", step, values)
        text = "  ".join(f"{name} {value:.4f}" for name, value in values.items())
        _logger.info("validation at step %d  %s", step, text)
