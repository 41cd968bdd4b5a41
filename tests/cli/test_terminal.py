"""The bar is drawn on a terminal only, without colors if NO_COLOR says so."""

from __future__ import annotations

import os
import re
import subprocess

import pytest

pty = pytest.importorskip("pty", reason="needs a Unix terminal")
COLOR = re.compile(r"\x1b\[[0-9;]*(3[0-7]|38|9[0-7])[;m]")


def stderr_on_a_terminal(call, *, code=0, **environment):
    """Run `call` with stderr on a new terminal; return what came there and on stdout."""
    ours, theirs = pty.openpty()
    env = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "CI"}}
    env |= {"TERM": "xterm-256color", "COLUMNS": "100"} | environment
    with subprocess.Popen(call, stdout=subprocess.PIPE, stderr=theirs, env=env) as process:
        os.close(theirs)
        out = process.stdout.read()
        chunks = []
        while chunk := read_or_nothing(ours):
            chunks.append(chunk)
    os.close(ours)
    assert process.returncode == code
    return b"".join(chunks).decode(), out.decode()


def read_or_nothing(terminal):
    try:
        return os.read(terminal, 65536)
    except OSError:  # Linux says so when the other side has closed
        return b""


@pytest.fixture
def call(album, command, model):
    return [*command, "colorize", str(album / "in"), "-o", str(album / "out"), "--model", model]


def test_a_bar_on_a_terminal_and_nothing_on_stdout(call):
    err, out = stderr_on_a_terminal(call)
    assert "7/7" in err or "100%" in err
    assert COLOR.search(err)
    assert out == ""
    assert "7 colorized" in err.splitlines()[-1]


def test_no_color_if_asked(call):
    err, _ = stderr_on_a_terminal(call, NO_COLOR="1")
    assert "100%" in err
    assert not COLOR.search(err)


def test_no_bar_when_quiet_or_alone(call, album):
    assert stderr_on_a_terminal([*call, "-q"])[0] == ""
    alone = [*call, "--overwrite"]
    alone[alone.index(str(album / "in"))] = str(album / "in" / "0.jpg")
    assert stderr_on_a_terminal(alone)[0].startswith("1 colorized: ")


def test_errors_stand_above_the_bar_in_one_line(call, album):
    (album / "in" / "3.jpg").write_bytes(b"no picture")
    err, _ = stderr_on_a_terminal(call, code=1, COLUMNS="300")
    line = next(line for line in re.split(r"[\r\n]+", err) if "error: " in line)
    assert re.search(r"error: \S*3\.jpg", line)
    assert "6 colorized, 1 failed" in err
