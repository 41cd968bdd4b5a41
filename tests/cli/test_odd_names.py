"""Names and surroundings that nobody thinks of: one clear line, and never a bug."""

import os
import shutil
import subprocess
import sys

import pytest
from PIL import Image

from rechroma.files import has_unicode_name

pytestmark = pytest.mark.posix

_LONG = "x" * 300


def _run(*arguments, **environment):
    done = subprocess.run(
        [sys.executable, "-m", "rechroma", *map(os.fsencode, arguments)],
        capture_output=True, check=False, env={**os.environ, **environment},
    )  # fmt: skip
    error = done.stderr.decode(errors="replace")
    assert "bug" not in error
    assert "Traceback" not in error
    return done.returncode, error


@pytest.fixture
def folder(tmp_path):
    Image.new("L", (40, 30), 90).save(tmp_path / "gray.png")
    Image.linear_gradient("L").convert("RGB").point(lambda x: x // 2 + 40).save(
        tmp_path / "plain.png"
    )
    return tmp_path


@pytest.fixture
def latin_1(folder):
    """A picture whose name is no UTF-8."""
    path = os.path.join(folder, os.fsdecode(b"caf\xe9.png"))  # noqa: PTH118
    try:
        shutil.copy(folder / "gray.png", path)
    except OSError:
        pytest.skip("this file system takes only text")
    return path


def test_a_name_that_is_no_text(folder, latin_1):
    assert not has_unicode_name(folder / latin_1)
    strict = {"PYTHONIOENCODING": "utf-8:strict"}
    assert _run("colorize", latin_1, "--dry-run", **strict)[0] == 0
    assert _run("colorize", latin_1, "-v", **strict)[0] == 0
    with open(os.fsencode(folder) + b"/caf\xe9.color.png", "rb") as file:  # noqa: PTH123
        assert Image.open(file).size == (40, 30)
    cube = os.path.join(folder, os.fsdecode(b"\xe9.cube"))  # noqa: PTH118
    made = os.path.join(folder, os.fsdecode(b"\xe8.jpg"))  # noqa: PTH118
    source = folder / "color.png"
    Image.effect_noise((40, 30), 60).convert("RGB").point(
        [*range(256), *[90] * 256, *[40] * 256]
    ).save(source)
    arguments = ["--src", source, "--target", latin_1, "-o", made, "--lut", cube]
    code, error = _run("transfer", *arguments)
    assert code == 0, error
    assert _run("apply", cube, source, "-o", folder / "new.png")[0] == 0


@pytest.mark.parametrize("length", [240, 255])
def test_a_name_near_the_limit(folder, length):
    """The second one leaves no room for ".color"."""
    name = "a" * (length - 4) + ".png"
    (folder / "gray.png").rename(folder / name)
    code, error = _run("colorize", folder / name)
    assert code == (0 if length == 240 else 1)
    assert ("File name too long" in error) == (length == 255)
    assert _run("colorize", folder / name, "-o", f"{folder}/out/")[0] == 0


def test_a_line_feed_in_a_name(folder):
    (folder / "a\nb.png").write_bytes(b"no picture")
    code, error = _run("colorize", folder / "a\nb.png")
    assert code == 3
    assert [line for line in error.splitlines() if line.startswith("error:")] == [
        error.splitlines()[0]
    ]
    assert "a\\nb.png" in error.splitlines()[0]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["colorize", f"{_LONG}.jpg"], 3),
        (["colorize", "gray.png", "-o", f"{_LONG}.jpg"], 1),
        (["colorize", "gray.png", "-o", f"{_LONG}/"], 1),
        (["colorize", f"@{_LONG}"], 2),
        (["colorize", "gray.png", "--model", _LONG], 4),
        (["colorize", "gray.png", "--hints", _LONG], 3),
        (["apply", f"{_LONG}.cube", "gray.png"], 3),
        (["look", "save", _LONG, "--from", "gray.png"], 2),
    ],
)
def test_300_letters(folder, monkeypatch, arguments, code):
    monkeypatch.chdir(folder)
    got, error = _run(*arguments)
    assert got == code, error
    assert error.count("error:") == 1
    assert {path.name for path in folder.iterdir()} == {"gray.png", "plain.png"}


def test_no_home(folder):
    """Pictures need none; looks say what they need."""
    program = (
        "import os, pwd, sys\n"
        "def nobody(*_): raise KeyError\n"
        "pwd.getpwuid = nobody\n"
        "for name in ('HOME', 'XDG_DATA_HOME', 'RECHROMA_LOOKS'): os.environ.pop(name, None)\n"
        "from rechroma.cli import main\n"
        "sys.exit(main())\n"
    )
    save = ["look", "save", "evening", "--from", "plain.png"]
    for arguments, code in ((["colorize", "gray.png"], 0), (["look", "list"], 0), (save, 2)):
        done = subprocess.run(
            [sys.executable, "-c", program, *arguments],
            capture_output=True, check=False, text=True, cwd=folder,
        )  # fmt: skip
        assert done.returncode == code, done.stderr
        assert "bug" not in done.stderr
        assert ("set HOME" in done.stderr) == (code == 2)


def test_looks_that_can_t_be_written(folder):
    (folder / "file").touch()
    source = folder / "color.png"
    Image.linear_gradient("L").convert("RGB").point([*range(256), *[90] * 256, *[40] * 256]).save(
        source
    )
    code, error = _run("look", "save", "evening", "--from", source, RECHROMA_LOOKS=folder / "file")
    assert code == 1
    assert error.count("error:") == 1
    assert "file" in error
    assert _run("look", "list", RECHROMA_LOOKS=folder / "file")[0] == 0


def test_a_link_that_leads_nowhere(folder):
    (folder / "link.png").symlink_to("gone.png")
    code, error = _run("colorize", folder / "link.png")
    assert code == 3
    assert "a link to gone.png, which is not there" in error
    # Nothing was written, so no place of it is told.
    assert error.rstrip().endswith("1 failed")
