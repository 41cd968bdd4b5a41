"""One run at a time on a destination: each has a number, and a file that says that it is alive."""

from __future__ import annotations

import json
import os
import re
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rechroma.cluster.store_errors import explained
from rechroma.cluster.stores import OUR_FOLDER
from rechroma.errors import ClusterError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rechroma.cluster.stores import Store

__all__ = ["RUNS", "Run", "past_runs", "start_run"]

RUNS = f"{OUR_FOLDER}/runs"
_NAME = re.compile(rf"{RUNS}/(\d+)\.json")
# A run says that it is alive every so many seconds; one that says nothing for three times as long,
# by the clock of whoever looks, is dead. Clocks of two machines are never compared.
_BEAT = 5.0
_DEAD_AFTER = 3 * _BEAT
_LOOK_EVERY = 0.5


class Run:
    """The run that has a destination to itself.

    Attributes:
        number: Higher than that of every run before.
    """

    def __init__(self, store: Store, number: int, facts: Mapping[str, object]) -> None:
        self.number = number
        self._store = store
        self._facts: dict[str, object] = {**_here(), **facts, "beat": 0, "ended": None}
        self._stopping = threading.Event()
        self._superseded = False
        self._thread = threading.Thread(target=self._live, name="rechroma-beat", daemon=True)

    def create(self) -> None:
        """Take the number.

        Raises:
            FileExistsError: Another run has just taken it.
        """
        self._store.create(_name(self.number), self._text())
        self._thread.start()

    def check(self) -> None:
        """Stop if this run was taken for dead, and another one has taken its place.

        Raises:
            ClusterError: It was.
        """
        if self._superseded:
            raise ClusterError(
                f"another run has taken {self._store.root}, since this one gave no sign of life",
                "let that one go on",
            )

    def end(self, facts: Mapping[str, object]) -> None:
        """Give the destination free.

        Args:
            facts: What there is to say at the end.
        """
        self._stopping.set()
        self._thread.join()
        self._facts |= {**facts, "ended": time.time()}
        # A store that is gone is said by whoever needs it; to the next run this one is dead.
        if not self._superseded:
            with suppress(Exception):
                self._store.write(_name(self.number), self._text())

    def _live(self) -> None:
        while not self._stopping.wait(_BEAT):
            # A store that does not answer once is no reason to stop.
            with suppress(Exception):
                if self._store.exists(_name(self.number + 1)):
                    self._superseded = True
                    return
                self._facts["beat"] = int(str(self._facts["beat"])) + 1
                self._store.write(_name(self.number), self._text())

    def _text(self) -> bytes:
        return json.dumps(self._facts, indent=1).encode()


def start_run(store: Store, facts: Mapping[str, object]) -> Run:
    """Take a destination for one run.

    Args:
        store: The destination.
        facts: What the run is, for the report.

    Raises:
        ClusterError: Another run is under way there.
        UnwritableFileError: The store says no.
    """
    try:
        last = max((number for number, _ in _found(store)), default=0)
        if last:
            _refuse_living(store, last)
        run = Run(store, last + 1, facts)
        run.create()
    except FileExistsError as error:
        raise _taken(store) from error
    except (OSError, ImportError, ValueError) as error:
        raise explained(store.root, error, writing=True) from error
    except Exception as error:  # stores' libraries have errors of their own
        raise explained(store.root, error, writing=True) from error
    return run


def past_runs(store: Store) -> list[dict[str, Any]]:
    """Return what the runs on a destination say of themselves, oldest first."""
    return [_read(store, name) for _, name in sorted(_found(store))]


def _found(store: Store) -> list[tuple[int, str]]:
    with suppress(FileNotFoundError):
        return [
            (int(match[1]), each.name)
            for each in store.entries(RUNS)
            if (match := _NAME.fullmatch(each.name))
        ]
    return []


def _refuse_living(store: Store, number: int) -> None:
    """Wait until it is clear that a run is dead.

    Raises:
        ClusterError: It lives.
    """
    first = _read(store, _name(number))
    if first.get("ended") is not None or _died_here(first):
        return
    start = time.monotonic()
    while time.monotonic() - start < _DEAD_AFTER:
        time.sleep(_LOOK_EVERY)
        now = _read(store, _name(number))
        if now.get("ended") is not None:
            return
        if now.get("beat") != first.get("beat"):
            raise _taken(store)


def _taken(store: Store) -> ClusterError:
    return ClusterError(
        f"another run is under way on {store.root}", "wait for its end, or choose another place"
    )


def _died_here(facts: Mapping[str, Any]) -> bool:
    """Tell whether a run was a process of this machine that is there no more."""
    if any(facts.get(key) != value for key, value in _here().items() if key != "process"):
        return False
    try:
        os.kill(int(facts["process"]), 0)
    except ProcessLookupError:
        return True
    except (OSError, ValueError, KeyError):
        return False
    return False


def _here() -> dict[str, object]:
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:  # noqa: PTH123
            boot = file.read().strip()
        # Containers of one machine have processes of their own.
        boot += f" {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        boot = ""
    return {"machine": socket.gethostname(), "boot": boot, "process": os.getpid()}


def _read(store: Store, name: str) -> dict[str, Any]:
    try:
        return json.loads(store.read(name))
    except (ValueError, FileNotFoundError):
        # A local file that is just being created, or was never filled.
        return {}


def _name(number: int) -> str:
    return f"{RUNS}/{number:05d}.json"
