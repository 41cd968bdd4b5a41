"""Done means done: on a full disk nothing is half written, and nothing is left."""

import os
import resource
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from rechroma.photo.formats import FORMATS
from rechroma.training.checkpoint import save_weights
from rechroma.training.config import NetworkConfig
from rechroma.training.model import ColorizerModel

pytestmark = pytest.mark.posix

_LIMIT = 4000


def _limited():
    resource.setrlimit(resource.RLIMIT_FSIZE, (_LIMIT, _LIMIT))


def _run(*arguments, limited=True, **options):
    return subprocess.run(
        [sys.executable, "-m", "rechroma", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=_limited if limited else None,
        **options,
    )


@pytest.fixture
def noise(tmp_path):
    values = np.random.default_rng(5).integers(0, 256, (96, 128, 3), np.uint8)
    Image.fromarray(values).save(tmp_path / "noise.png")
    Image.new("L", (40, 40), 90).save(tmp_path / "plain.png")
    return tmp_path


def _check(done, folder, before):
    assert done.returncode == 1, done.stderr
    assert "bug" not in done.stderr
    assert "Traceback" not in done.stderr
    assert {path.name for path in folder.iterdir()} == before


@pytest.mark.parametrize("suffix", [f.suffixes[0] for f in FORMATS.values() if f.writable])
def test_colorize(noise, suffix):
    before = {path.name for path in noise.iterdir()}
    done = _run("colorize", noise / "noise.png", "--recolor", "-o", noise / f"new{suffix}")
    _check(done, noise, before)
    assert done.stderr.startswith("error:")
    assert "File too large" in done.stderr


def test_the_batch_goes_on(noise):
    done = _run("colorize", noise, "-o", noise / "out/")
    assert done.returncode == 1
    assert "1 colorized, 1 failed" in done.stderr
    assert [path.name for path in (noise / "out").iterdir()] == ["plain.png"]


@pytest.mark.parametrize("option", ["--lut", "--preview"])
def test_transfer(noise, option):
    side = noise / ("new.cube" if option == "--lut" else "sheet.png")
    before = {path.name for path in noise.iterdir()}
    source = noise / "noise.png"
    output = ("-o", noise / "new.png") if option == "--lut" else ()
    done = _run("transfer", "--src", source, "--target", source, *output, option, side)
    _check(done, noise, before)


def test_apply(noise):
    (noise / "plain.cube").write_text("LUT_3D_SIZE 2\n" + "0 0 0\n1 1 1\n" * 4)
    before = {path.name for path in noise.iterdir()}
    done = _run("apply", noise / "plain.cube", noise / "noise.png", "-o", noise / "new.png")
    _check(done, noise, before)
    assert done.stderr.count("error:") == 1


def test_export(tmp_path):
    config = NetworkConfig(name="base", output="ab", width=4)
    model = ColorizerModel(config, pretrained=False)
    save_weights(model, tmp_path / "a.safetensors", config, {"step": 1})
    done = _run("export", tmp_path / "a.safetensors", "-o", tmp_path / "a.onnx", "--name", "a")
    _check(done, tmp_path, {"a.safetensors"})
    assert done.stderr.count("error:") == 1
    assert "File too large" in done.stderr


def test_evaluate_figure(tmp_path):
    rng = np.random.default_rng(2)
    for number in range(2):
        small = Image.fromarray(rng.integers(0, 256, (6, 8, 3), np.uint8))
        small.resize((128, 96)).save(tmp_path / f"{number}.png")
    sheet = tmp_path / "sheet.png"
    done = _run("evaluate", tmp_path, "--size", "32", "--figure", sheet)
    _check(done, tmp_path, {"0.png", "1.png"})
    assert done.stderr.count("error:") == 1
    assert "File too large" in done.stderr


def test_look_save(noise):
    looks = noise / "looks"
    looks.mkdir()
    environment = {**os.environ, "RECHROMA_LOOKS": str(looks)}
    done = _run("look", "save", "evening", "--from", noise / "noise.png", env=environment)
    _check(done, looks, set())


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a device of Linux")  # noqa: PTH110
def test_standard_output(noise):
    with open("/dev/full", "wb") as full:  # noqa: PTH123
        done = subprocess.run(
            [sys.executable, "-m", "rechroma", "colorize", str(noise / "noise.png"), "-o", "-"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr.count("error:") == 1
    assert "No space left" in done.stderr
    assert "bug" not in done.stderr


@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_a_crashed_encoder_leaves_nothing(noise, suffix):
    temporary = noise / "temporary"
    temporary.mkdir()
    environment = {**os.environ, "TMPDIR": str(temporary)}
    output = noise / f"out.{suffix}"
    done = _run("colorize", noise / "noise.png", "-o", output, env=environment)
    assert done.returncode == 1
    assert not output.exists()
    assert not list(temporary.iterdir())


def test_no_room_for_what_comes_on_standard_input(noise):
    with (noise / "noise.png").open("rb") as file:
        done = _run("colorize", "-", "-o", "-", stdin=file)
    assert done.returncode == 1
    assert "a temporary file can't be written: File too large" in done.stderr
    assert "bug" not in done.stderr
