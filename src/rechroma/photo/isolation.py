"""Work in native libraries, done in a process whose crash can be survived.

Decoders and encoders end a process in many ways: a broken file makes them write past their memory,
and libjpeg calls `exit` when a file can't be written. In a batch all of them run in children, one
for each picture that is worked on at once: they are forked before the first thread starts, at next
to no cost, and one that dies is replaced. Elsewhere (in Python, in the service, and where forking
is not safe) the formats that are known for it go to one child, started when the first comes.
Work on a cluster goes to a `GuardedProcess` as a whole: a child with limits of time and memory.
"""

from __future__ import annotations

import atexit
import os
import pickle
import queue
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar, cast

import numpy as np

from rechroma.files import child_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

__all__ = [
    "CrashError",
    "GuardedProcess",
    "crash_proof_batch",
    "end_busy_children",
    "run_isolated",
    "serve",
]

T = TypeVar("T")

# Seconds for one picture; a file on which a decoder never ends is given up then.
_LONGEST = 600.0
# Of a socket: a picture goes through in few pieces.
_BUFFER = 1 << 20


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


@contextmanager
def crash_proof_batch(jobs: int) -> Generator[None]:
    """Let `jobs` threads call `run_isolated` at once, each with a child of its own.

    Nothing changes where a child can't be forked safely: on other systems than Linux, and in a
    process that has threads.
    """
    global _batch
    if _batch is not None or not _can_fork():
        yield
        return
    _batch = _Children(jobs)
    try:
        yield
    finally:
        batch, _batch = _batch, None
        batch.close()


def run_isolated(
    function: Callable[..., T], *arguments: object, risky: bool, pictures: float = 1
) -> T:
    """Call a function, in a child if there is a batch or if it is risky.

    Args:
        function: One of a module, or a method; it and its arguments are pickled.
        arguments: Its arguments; arrays are cheap.
        risky: Whether it is known to end its process.
        pictures: As how many usual ones it may take time; a whole picture is one, or less.

    Raises:
        CrashError: The child ended, or took too long.
        Exception: As the function raised it.
    """
    seconds = _LONGEST * max(1, pictures)
    if _batch is not None:
        return cast("T", _batch.call(function, arguments, seconds))
    if risky and not _is_child:
        return cast("T", _risky_children().call(function, arguments, seconds))
    return function(*arguments)


def end_busy_children() -> None:
    """End what children of a batch are doing: nobody wants it any more."""
    if _batch is not None:
        _batch.end_busy()


class GuardedProcess:
    """A process for calls that may crash, never end or take all memory: that costs one call.

    It is started for the first call, and anew for the first one after it has died. Calls come one
    at a time, from any thread.

    Args:
        seconds: The longest that a call may take.
        memory: Bytes that it may have for its data (Linux); None for no limit.
    """

    def __init__(self, *, seconds: float, memory: int | None) -> None:
        self._seconds = seconds
        self._memory = memory
        self._child: _Child | None = None

    @property
    def is_running(self) -> bool:
        """Whether it is there, with what earlier calls have left in it."""
        return self._child is not None

    def call(self, function: Callable[..., T], *arguments: object) -> T:
        """Call a function there; it and its arguments are pickled.

        Raises:
            CrashError: The process ended, or took too long.
            Exception: As the function raised it.
        """
        if self._child is None:
            self._child = _spawn()
            self._ask(_limit_data, self._memory)
        return cast("T", self._ask(function, *arguments))

    def _ask(self, function: Callable[..., object], *arguments: object) -> object:
        child = self._child
        assert child is not None  # noqa: S101 - started by `call`
        try:
            failed, result = child.call((function, arguments), self._seconds)
        except BaseException:
            self.end()
            raise
        if failed:
            raise cast("BaseException", result)
        return result

    def end(self) -> None:
        """End it, whatever it is doing; the next call starts another."""
        child, self._child = self._child, None
        if child is not None:
            child.end()


def _limit_data(memory: int | None) -> None:
    if memory is not None and sys.platform == "linux":
        import resource

        # Not the address space: libraries and files that are mapped take no memory of their own.
        hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
        limit = memory if hard == resource.RLIM_INFINITY else min(memory, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))


_batch: _Children | None = None
_risky: _Children | None = None
_is_child = False
_lock = threading.Lock()


def _risky_children() -> _Children:
    global _risky
    with _lock:
        if _risky is None or not _risky.is_ours:
            _risky = _Children(1, fork=False)
            atexit.register(_risky.close)
        return _risky


def _can_fork() -> bool:
    """Tell whether this process has but one thread: a fork copies no other."""
    try:
        return sys.platform == "linux" and len(os.listdir("/proc/self/task")) == 1  # noqa: PTH208
    except OSError:
        return False


class _Children:
    """Some children, each with one call at a time.

    Args:
        count: How many.
        fork: Start them now, by forking; otherwise each when it is needed.
    """

    def __init__(self, count: int, *, fork: bool = True) -> None:
        self._process = os.getpid()
        self._free: queue.LifoQueue[_Child | None] = queue.LifoQueue()
        self._busy: set[_Child] = set()
        started: list[_Child] = []
        for _ in range(count):
            child = _fork(started) if fork else None
            if child is not None:
                started.append(child)
            self._free.put(child)

    @property
    def is_ours(self) -> bool:
        """Whether this process made them, not one that it was forked from."""
        return self._process == os.getpid()

    def call(
        self, function: Callable[..., object], arguments: tuple[object, ...], seconds: float
    ) -> object:
        """Call a function in a child that is free, as soon as there is one."""
        child = self._free.get()
        try:
            child = child or _spawn()
            self._busy.add(child)
            failed, result = child.call((function, arguments), seconds)
        except BaseException:
            # Also an interrupt: what such a child sends is the answer to another question.
            if child is not None:
                self._busy.discard(child)
                child.end()
            child = None
            raise
        finally:
            if child is not None:
                self._busy.discard(child)
            self._free.put(child)
        if failed:
            raise cast("BaseException", result)
        return result

    def end_busy(self) -> None:
        """Kill the children that have something to do; their calls fail."""
        for child in list(self._busy):
            with suppress(OSError):  # it may just have ended
                child.kill()

    def close(self) -> None:
        """End the children that have nothing to do; others end with this process."""
        with suppress(queue.Empty):
            while True:
                child = self._free.get_nowait()
                if child is not None:
                    child.end()


class _Child:
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
            _send(writer, (question, seconds))
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


def _fork(others: list[_Child]) -> _Child | None:
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

    return _Child(
        (os.fdopen(handle, "rb", buffering=0), os.fdopen(os.dup(handle), "wb", buffering=0)),
        lambda: os.kill(number, signal.SIGKILL),
        wait,
        number,
    )


def _spawn() -> _Child:
    """Return a new process, whatever this one is like."""
    # Not `multiprocessing`: it imports the caller's main module again.
    process = subprocess.Popen(
        [sys.executable, "-c", "from rechroma.photo.isolation import serve; serve()"],
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
    return _Child(files, process.kill, process.wait, process.pid)


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
            question, seconds = cast("tuple[tuple[Any, Any], float]", _receive(reader))
            _end_after(seconds + 1)
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
