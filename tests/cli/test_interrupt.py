"""Ctrl-C stops cleanly, and the same command goes on from there."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from rechroma.cli import app

NUMBER = 12
# `rechroma`, but that only the first picture is read before somebody says stop.
WAITING = """
import itertools, sys, threading
import rechroma.cli
from rechroma.batch import runner

load, stop = runner.load, runner._Line.stop
order, stopped = itertools.count(), threading.Event()

def waiting(*arguments, **options):
    if next(order):
        stopped.wait()
    return load(*arguments, **options)

def stopping(line):
    stop(line)
    stopped.set()

runner.load, runner._Line.stop = waiting, stopping
sys.exit(rechroma.cli.main())
"""


@pytest.mark.skipif(os.name == "nt", reason="SIGINT is sent to a group of processes there")
def test_130_interrupted(tmp_path, monkeypatch, command, model):
    monkeypatch.chdir(tmp_path)
    Path("in").mkdir()
    Image.effect_noise((800, 600), 60).save("in/0.png")
    for number in range(1, NUMBER):
        os.link("in/0.png", f"in/{number}.png")
    arguments = ["colorize", "in", "-o", "out", "--model", model, "--json", "--jobs", "2"]
    call = [sys.executable, "-c", WAITING, *arguments]
    with subprocess.Popen(
        call, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=_heed_interrupts
    ) as process:
        first = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        rest, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert json.loads(first)["status"] == "done"
    assert "interrupted: " in err
    assert "Traceback" not in err
    assert json.loads(rest.splitlines()[-1])["summary"]["exit_code"] == 130
    check_whole_pictures_only()
    again = subprocess.run([*command, *arguments], capture_output=True, text=True, check=True)
    summary = json.loads(again.stdout.splitlines()[-1])["summary"]
    assert summary["skipped"] >= 1
    assert summary["done"] + summary["skipped"] == NUMBER


# `rechroma`, but that the child never gets to the end of the second picture.
ENDLESS = """
import sys, time
import rechroma.cli
from rechroma.photo import decode

codec_for = decode.codec_for
decode.codec_for = lambda found: time.sleep(1e6) if found.name == "bmp" else codec_for(found)
sys.exit(rechroma.cli.main())
"""


@pytest.mark.skipif(os.name == "nt", reason="SIGINT is sent to a group of processes there")
@pytest.mark.parametrize("group", [False, True])
def test_two_interrupts(tmp_path, model, group):
    """The second one does not wait for a decoder without an end, and nothing is left."""
    for name in ("0.png", "1.bmp", "2.png"):
        Image.new("L", (40, 40), 90).save(tmp_path / name)
    options = ["colorize", str(tmp_path), "-o", f"{tmp_path}/out", "--model", model, "--jobs", "1"]
    with subprocess.Popen(
        [sys.executable, "-c", ENDLESS, *options, "--json"], stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, preexec_fn=_heed_interrupts, start_new_session=True,
    ) as process:  # fmt: skip
        process.stdout.readline()
        for _ in range(2):
            time.sleep(0.3)
            if group:
                os.killpg(process.pid, signal.SIGINT)
            else:
                process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.splitlines() == [
        "interrupted: 1 colorized, 2 not reached; the same command goes on from here"
    ]
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["0.png"]
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)


def _heed_interrupts():
    # A shell starts background jobs with SIGINT ignored, which children inherit.
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def check_whole_pictures_only():
    written = list(Path("out").iterdir())
    assert 1 <= len(written) < NUMBER
    assert {path.suffix for path in written} == {".png"}
    for path in written:
        with Image.open(path) as image:
            image.load()
            assert image.size == (800, 600)


def test_a_native_module_makes_another_error_of_an_interrupt(capsys, monkeypatch):
    def loading(*_):
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt as error:
            raise ImportError("initialization failed") from error

    monkeypatch.setattr(app.LazyCommand, "load", loading)
    assert app.main(["doctor"]) == 130
    assert capsys.readouterr().err.strip() == "interrupted"
