"""What a run says while it goes: JSON lines, TensorBoard events, and lines for people."""

from __future__ import annotations

import json
import logging
import mmap
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

from torch.utils.tensorboard import SummaryWriter

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["RunLog"]

_logger = logging.getLogger("rechroma.training")


class RunLog:
    """Writes numbers to `metrics.jsonl` and `tensorboard/`; use as a context manager.

    Args:
        folder: The run's OUTPUT_DIR.
        batch: Pictures a step, for the rate.
    """

    def __init__(self, folder: Path, batch: int) -> None:
        self._lines = (folder / "metrics.jsonl").open("a", encoding="utf-8", buffering=1)
        self._board = SummaryWriter(str(folder / "tensorboard"))
        self._batch = batch
        self._mark = (time.monotonic(), -1, 0.0)

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

    def progress(self, step: int, values: dict[str, float], done: float) -> None:
        """Write a training record with the rate since the last, and say it with the time left.

        Args:
            step: Steps that are done.
            values: Numbers by name.
            done: Share of the run that is done, 0…1.
        """
        now, (then, before, share) = time.monotonic(), self._mark
        self._mark = (now, step, done)
        if before < 0:
            return
        rate = (step - before) / (now - then)
        left = (1 - done) / max(done - share, 1e-9) * (now - then) / 60
        memory = resident_memory()
        measured = {"pictures_per_second": rate * self._batch, "resident_gb": memory / 1e9}
        self.numbers("train", step, {**values, **measured})
        text = "  ".join(f"{name} {value:.4g}" for name, value in values.items())
        _logger.info(
            "step %d (%.1f %%)  %s  %.1f pictures/s  %.1f GB  %.0f min left",
            step, 100 * done, text, rate * self._batch, memory / 1e9, left,
        )  # fmt: skip

    def validation(self, step: int, values: dict[str, float]) -> None:
        """Write a validation record, and say it."""
        self.numbers("validation", step, values)
        text = "  ".join(f"{name} {value:.4f}" for name, value in values.items())
        _logger.info("validation at step %d  %s", step, text)


def resident_memory() -> int:
    """Return the bytes of this process in memory; 0 where that can't be known."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        return pages * mmap.PAGESIZE
    except OSError:
        return 0
