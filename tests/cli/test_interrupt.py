"""Ctrl-C stops cleanly, and the same command goes on from there."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

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
