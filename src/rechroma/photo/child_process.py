"""A process that does calls for another one, which survives its crash, and the line to it."""

from __future__ import annotations

import os
import pickle
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
from contextlib import suppress
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import numpy as np

from rechroma.files import child_folder

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Child", "CrashError", "fork_child", "is_child", "serve", "spawn_child"]

# Of a socket: a picture goes through in few pieces.
_BUFFER = 1 << 20

_is_child = False


class CrashError(Exception):
    """A child ended before its work did.

    Attributes:
        number: Of the signal that ended it; 0 if it ended by itself.
        late: The seconds after which it was ended because it took too long; 0 if it was not.
    """

    def __init__(self, number: int, *, late: float) -> None:
        super().__init__(number, late)
        self.number = number
        self.late = late

    def __str__(self) -> str:
        if self.late:
            return f"no end within {self.late:g} seconds"
        if self.number <= 0:
            return "the library ended its process"
        return f"the library crashed ({signal.Signals(self.number).name})"

    @property
    def is_memory(self) -> bool:
        """Whether it looks like the system's answer to a lack of memory."""
        return not self.late and self.number == getattr(signal, "SIGKILL", -1)


def is_child() -> bool:
    """Tell whether this process is a child."""
    return _is_child


class Child:
    """A process that answers calls, and the line to it.

    Args:
        files: Its answers, and where calls go.
        stop: Kills it.
        wait: Waits for its end, and returns its exit code: negative for a signal.
        number: The process's.
    """

    def __init__(
        self,
        files: tuple[BinaryIO, BinaryIO],
        stop: Callable[[], object],
        wait: Callable[[], int],
        number: int,
    ) -> None:
        self.files = files
        self.kill = stop
        self._wait = wait
        self._folder = child_folder(number)
        self._code: int | None = None
        self._unneeded: list[tuple[Callable[..., object], tuple[object, ...]]] = []
        # How much was left in it, of which somebody may ask again.
        self.kept = 0

    @property
    def has_ended(self) -> bool:
        """Whether `end` has been called, or a call has met its end."""
        return self._code is not None

    def forget(self, function: Callable[..., object], *arguments: object) -> None:
        """Let it free something with the next call: from any thread, at any time."""
        self._unneeded.append((function, arguments))

    def call(self, question: object, seconds: float) -> tuple[bool, object]:
        """Return whether the call failed, and its result or its error.

        Args:
            question: The function and its arguments.
            seconds: After which the process is ended.

        Raises:
            CrashError: The process ended.
        """
        reader, writer = self.files
        late = threading.Event()

        def give_up() -> None:
            late.set()
            self.kill()

        timer = threading.Timer(seconds, give_up)
        timer.daemon = True
        timer.start()
        try:
            unneeded, self._unneeded = self._unneeded, []
            _send(writer, (question, seconds, unneeded))
            return cast("tuple[bool, object]", _receive(reader))
        except (EOFError, OSError):
            after = seconds if late.is_set() else 0.0
            raise CrashError(-self.end(kill=False), late=after) from None
        finally:
            timer.cancel()

    def end(self, *, kill: bool = True) -> int:
        """End the process and return its exit code; the second time, only that."""
        if self._code is not None:
            return self._code
        if kill:
            self.kill()
        for file in self.files:
            with suppress(OSError):
                file.close()
        self._code = self._wait()
        shutil.rmtree(self._folder, ignore_errors=True)
        return self._code


def fork_child(others: list[Child]) -> Child | None:
    """Return a copy of this process, which must have but one thread; None if it can't be had."""
    ours, theirs = socket.socketpair()
    for end in (ours, theirs):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        number = os.fork()
    except OSError:
        number = -1
    if number == 0:
        # Never back into the caller's code. An end that stays open would hide this process's end.
        try:
            ours.close()
            for file in (file for other in others for file in other.files):
                file.close()
            line = theirs.detach()
            _silence()
            _answer_calls(os.fdopen(line, "rb", buffering=0), os.fdopen(line, "wb", buffering=0))
        finally:
            os._exit(0)
    theirs.close()
    if number < 0:
        ours.close()
        return None
    handle = ours.detach()

    def wait() -> int:
        _, status = os.waitpid(number, 0)
        return os.waitstatus_to_exitcode(status)

    return Child(
        (os.fdopen(handle, "rb", buffering=0), os.fdopen(os.dup(handle), "wb", buffering=0)),
        lambda: os.kill(number, signal.SIGKILL),
        wait,
        number,
    )


def spawn_child() -> Child:
    """Return a new process, whatever this one is like."""
    # Not `multiprocessing`: it imports the caller's main module again.
    process = subprocess.Popen(
        [sys.executable, "-c", "from rechroma.photo.child_process import serve; serve()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            # What it leaves when it is killed lies where this process's own files lie.
            "TMPDIR": tempfile.gettempdir(),
        },
        bufsize=0,
    )
    files = cast("tuple[BinaryIO, BinaryIO]", (process.stdout, process.stdin))
    return Child(files, process.kill, process.wait, process.pid)


def serve() -> None:
    """Answer the calls that come on standard input; the main function of a spawned child."""
    reader = os.fdopen(os.dup(0), "rb", buffering=0)
    writer = os.fdopen(os.dup(1), "wb", buffering=0)
    _silence()
    _answer_calls(reader, writer)
    os._exit(0)


def _silence() -> None:
    """Keep libraries from writing where people or programs read, and crashes from leaving files."""
    with open(os.devnull, "r+b", buffering=0) as nowhere:  # noqa: PTH123 (a device)
        for handle in (0, 1, 2):
            os.dup2(nowhere.fileno(), handle)
    # A terminal sends it to every process of the group: the first of them alone says when to end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform != "win32":
        import resource

        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def _answer_calls(reader: BinaryIO, writer: BinaryIO) -> None:
    global _is_child
    _is_child = True
    folder = child_folder(os.getpid())
    with suppress(OSError):
        folder.mkdir(0o700)
        tempfile.tempdir = str(folder)
    # The line is closed when the other process goes.
    with suppress(EOFError, OSError):
        while True:
            try:
                question, seconds, unneeded = cast(
                    "tuple[tuple[Any, Any], float, list[tuple[Any, Any]]]", _receive(reader)
                )
            except (EOFError, OSError):
                raise
            except Exception as error:  # noqa: BLE001 (of what is asked, not of the line)
                _send(writer, (True, error))
                continue
            _end_after(seconds + 1)
            for function, arguments in unneeded:
                function(*arguments)
            _send(writer, _answer(*question))
            _end_after(0)
    shutil.rmtree(folder, ignore_errors=True)


def _end_after(seconds: float) -> None:
    """Let the system end this process later, even if nobody is left who would; 0 for never."""
    if sys.platform != "win32":
        signal.setitimer(signal.ITIMER_REAL, seconds)


def _answer(function: Callable[..., object], arguments: tuple[object, ...]) -> tuple[bool, object]:
    try:
        return False, function(*arguments)
    except Exception as error:  # noqa: BLE001 (raised again where the call was made)
        error.add_note(f"in a child:\n{''.join(traceback.format_exception(error))}")
        return True, error


def _send(file: BinaryIO, content: object) -> None:
    """Send an object: its arrays follow it as they are, without a copy."""
    arrays: list[pickle.PickleBuffer] = []
    body = pickle.dumps(content, 5, buffer_callback=arrays.append)
    parts = [memoryview(body), *(array.raw() for array in arrays)]
    head = np.array([len(parts), *(part.nbytes for part in parts)], "<u8")
    for part in (memoryview(head.tobytes()), *parts):
        done = 0
        while done < part.nbytes:
            done += file.write(part[done:])


def _receive(file: BinaryIO) -> object:
    """Return what `_send` has sent.

    Raises:
        EOFError: The other side has gone.
    """
    (count,) = _take(file, 8).view("<u8")
    sizes = _take(file, 8 * int(count)).view("<u8")
    body, *arrays = [_take(file, int(size)) for size in sizes]
    return pickle.loads(cast("Any", body), buffers=arrays)  # noqa: S301 (from our own child)


def _take(file: BinaryIO, size: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    taken = np.empty(size, np.uint8)
    view, done = memoryview(cast("Any", taken)), 0
    while done < size:
        count = cast("Any", file).readinto(view[done:])
        if not count:
            raise EOFError
        done += count
    return taken
