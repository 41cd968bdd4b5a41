"""A crash in a native library costs one picture."""

import operator
import os
import signal
import subprocess
import sys
import time

import pytest
from PIL import Image

from rechroma.errors import OutOfMemoryError, UnreadablePhotoError
from rechroma.photo import read
from rechroma.photo.isolation import CrashError, GuardedProcess, run_isolated

pytestmark = pytest.mark.posix


def test_a_crash_is_an_error_and_the_next_call_works():
    with pytest.raises(CrashError, match="SIGSEGV"):
        run_isolated(signal.raise_signal, signal.SIGSEGV, risky=True)
    assert run_isolated(len, [1, 2, 3], risky=True) == 3


def test_errors_come_through():
    with pytest.raises(ValueError, match="invalid literal"):
        run_isolated(int, "x", risky=True)


@pytest.mark.parametrize(
    ("number", "kind"), [(signal.SIGABRT, UnreadablePhotoError), (signal.SIGKILL, OutOfMemoryError)]
)
def test_what_a_crash_of_the_decoder_means(tmp_path, monkeypatch, number, kind):
    Image.new("L", (4, 4)).save(tmp_path / "a.png")

    def crash(*_, **__):
        raise CrashError(number, late=False)

    monkeypatch.setattr("rechroma.photo.distant.run_isolated", crash)
    with pytest.raises(kind, match=r"a\.png"):
        read(tmp_path / "a.png")


def test_a_pipe_does_not_hang(tmp_path):
    os.mkfifo(tmp_path / "a.jpg")
    with pytest.raises(UnreadablePhotoError, match="pipe"):
        read(tmp_path / "a.jpg")


_CRASHING = """
import os, sys
import rechroma.photo.decode as decode
from rechroma.cli import main

usual = decode.codec_for
decode.codec_for = lambda found: os.abort() if found.name == "bmp" else usual(found)
sys.exit(main())
"""


def test_a_crash_costs_one_picture_of_a_batch(tmp_path):
    for name in ("a.png", "b.bmp", "c.png"):
        Image.new("L", (40, 40), 90).save(tmp_path / name)
    done = subprocess.run(
        [sys.executable, "-c", _CRASHING, "colorize", str(tmp_path), "-o", f"{tmp_path}/out/"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "2 colorized, 1 failed" in done.stderr
    assert "SIGABRT" in done.stderr
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.png", "c.png"]


def test_a_guarded_process_is_replaced_and_keeps_to_its_limits():
    guarded = GuardedProcess(seconds=20.0, memory=1 << 30)
    assert guarded.call(operator.add, 1, 2) == 3
    first = guarded.call(os.getpid)
    assert guarded.call(os.getpid) == first
    with pytest.raises(CrashError, match="SIGSEGV"):
        guarded.call(os.kill, first, signal.SIGSEGV)
    assert not guarded.is_running
    assert guarded.call(os.getpid) != first
    with pytest.raises(MemoryError):
        guarded.call(bytearray, 1 << 31)
    guarded.end()
    hurried = GuardedProcess(seconds=1.5, memory=None)
    with pytest.raises(CrashError, match=r"no end within 1\.5 seconds") as told:
        hurried.call(time.sleep, 100)
    assert told.value.late == 1.5
