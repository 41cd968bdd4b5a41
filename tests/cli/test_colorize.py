"""`rechroma colorize`: what is read, written and said."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage.color import rgb2lab

pytestmark = pytest.mark.usefixtures("album")


def tree(folder):
    return sorted(
        path.relative_to(folder).as_posix() for path in Path(folder).rglob("*") if path.is_file()
    )


def opened(path):
    with Image.open(path) as image:
        return image.format, np.asarray(image.convert("RGB"))


def chroma(path):
    """The mean a and b of a file, by Pillow and scikit-image."""
    return rgb2lab(opened(path)[1])[..., 1:].mean(axis=(0, 1))


def json_lines(text):
    return [json.loads(line) for line in text.splitlines()]


def test_one_picture_goes_beside_itself(colorize):
    code, out, err = colorize("in/0.jpg")
    assert (code, out) == (0, "")
    assert err == f"1 colorized: {Path('in/0.color.jpg')}\n"
    assert chroma("in/0.color.jpg") == pytest.approx([30, 20], abs=2)


def test_a_folder_keeps_its_tree(colorize):
    code, _, err = colorize("in", "-o", "out")
    assert code == 0
    assert tree("out") == tree("in")
    assert err.startswith("7 colorized in ")


def test_strength(colorize):
    for strength, factor in (("0", 0), ("0.5", 0.5), ("1.5", 1.5)):
        colorize("in/0.jpg", "-o", f"{strength}.png", "--strength", strength)
        expected = [30 * factor, 20 * factor]
        assert chroma(f"{strength}.png") == pytest.approx(expected, abs=1.5)


def test_the_suffix_decides_the_format(colorize):
    colorize("in/0.jpg", "-o", "new.tif")
    assert opened("new.tif")[0] == "TIFF"


def test_what_is_only_read_becomes_png(colorize):
    Path("gif").mkdir()
    Image.open("in/0.jpg").save("gif/0.gif")
    code, _, err = colorize("gif")
    assert code == 0, err
    assert tree("gif") == ["0.color.png", "0.gif"]
    assert opened("gif/0.color.png")[0] == "PNG"


def test_avif_is_read_and_written(colorize):
    Path("avif").mkdir()
    Image.open("in/0.jpg").save("avif/0.avif")
    code, _, err = colorize("avif")
    assert code == 0, err
    assert tree("avif") == ["0.avif", "0.color.avif"]
    assert opened("avif/0.color.avif")[0] == "AVIF"


def test_template(colorize):
    code, _, _ = colorize("in/[0-2].jpg", "in/sub", "-o", "{parent}/new_{stem}.png")
    assert code == 0
    new = [name for name in tree("in") if name.endswith(".png")]
    assert new == ["new_0.png", "new_1.png", "new_2.png", "sub/new_0.png"]


def test_list_file(colorize):
    Path("list.txt").write_text("in/1.jpg\nin/sub\n", encoding="utf-8")
    assert colorize("@list.txt", "-o", "out")[0] == 0
    assert tree("out") == ["0.jpg", "1.jpg"]


def test_existing_outputs_are_skipped_and_counted(colorize):
    colorize("in/2.jpg", "-o", "out/")
    Path("out/2.jpg").write_bytes(b"precious")
    code, _, err = colorize("in", "-o", "out/")
    assert code == 0
    assert "6 colorized, 1 skipped (already there)" in err
    assert Path("out/2.jpg").read_bytes() == b"precious"
    assert "7 colorized" in colorize("in", "-o", "out/", "--overwrite")[2]
    assert opened("out/2.jpg")[0] == "JPEG"


def test_beside_the_inputs_resumes(colorize):
    colorize("in")
    before = tree("in")
    code, _, err = colorize("in")
    assert code == 0
    assert "7 skipped" in err
    assert "7 passed over" in err
    assert tree("in") == before


def test_json(colorize):
    Path("in/3.jpg").write_bytes(b"no picture")
    Path("out").mkdir()
    Path("out/4.jpg").write_bytes(b"there")
    code, out, _ = colorize("in", "-o", "out/", "--json")
    *pictures, last = json_lines(out)
    assert code == 1
    assert last == {
        "summary": {
            "done": 5,
            "kept": 0,
            "completed": 0,
            "skipped": 1,
            "failed": 1,
            "not_reached": 0,
            "exit_code": 1,
        }
    }
    by_input = {Path(picture["input"]).as_posix(): picture for picture in pictures}
    assert len(by_input) == 7
    assert by_input["in/0.jpg"]["status"] == "done"
    assert Path(by_input["in/0.jpg"]["output"]) == Path("out/0.jpg")
    assert by_input["in/0.jpg"]["seconds"] > 0
    assert by_input["in/4.jpg"]["status"] == "skipped"
    error = by_input["in/3.jpg"]["error"]
    assert error["kind"] == "UnreadablePhotoError"
    assert error["exit_code"] == 3
    assert "3.jpg" in error["what"]


def test_dry_run_writes_nothing(colorize):
    Path("out").mkdir()
    Path("out/4.jpg").write_bytes(b"there")
    before = tree(".")
    code, out, err = colorize("in", "-o", "out/", "--dry-run", "--model", "missing.onnx")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert f"{Path('in/0.jpg')} -> {Path('out/0.jpg')}" in lines
    assert sum("skipped" in line for line in lines) == 1
    objects = json_lines(colorize("in", "-o", "out/", "--dry-run", "--json")[1])
    assert [picture["status"] for picture in objects].count("planned") == 6
    assert tree(".") == before


def test_fail_fast_says_what_was_not_reached(colorize):
    Path("in/0.jpg").write_bytes(b"no picture")
    code, out, err = colorize("in", "-o", "out/", "--fail-fast", "--jobs", "1", "--json")
    summary = json_lines(out)[-1]["summary"]
    assert code == 1
    assert summary["failed"] == 1
    assert summary["not_reached"] >= 5
    assert "not reached" in err


@pytest.fixture
def mixed(album):  # noqa: ARG001 (the current folder)
    """A folder with gray.jpg and color.jpg."""
    Path("mixed").mkdir()
    Image.effect_noise((48, 32), 50).convert("RGB").save("mixed/gray.jpg")
    spectrum = np.random.default_rng(0).integers(0, 255, (32, 48, 3), dtype=np.uint8)
    Image.fromarray(spectrum).save("mixed/color.jpg")


ALONE = "1 colorized, 1 left alone (in color already; --recolor colors them anew)"


@pytest.mark.usefixtures("mixed")
@pytest.mark.parametrize(
    "inputs", [["mixed"], ["mixed/*.jpg"], ["mixed/gray.jpg", "mixed/color.jpg"]]
)
def test_in_a_batch_what_is_in_color_is_left_alone(colorize, inputs):
    code, out, err = colorize(*inputs, "-o", "out/{stem}{ext}", "--json")
    assert code == 0
    assert ALONE in err
    *pictures, last = json_lines(out)
    statuses = {Path(picture["input"]).name: picture["status"] for picture in pictures}
    assert statuses == {"color.jpg": "kept", "gray.jpg": "done"}
    assert (last["summary"]["kept"], last["summary"]["done"]) == (1, 1)
    assert Path("out/color.jpg").read_bytes() == Path("mixed/color.jpg").read_bytes()


@pytest.mark.usefixtures("mixed")
def test_beside_itself_what_is_in_color_needs_no_copy(colorize):
    code, out, err = colorize("mixed", "--json")
    assert code == 0
    assert ALONE in err
    assert tree("mixed") == ["color.jpg", "gray.color.jpg", "gray.jpg"]
    outputs = {picture["input"]: picture["output"] for picture in json_lines(out)[:-1]}
    assert outputs[str(Path("mixed/color.jpg"))] is None


@pytest.mark.usefixtures("mixed")
def test_recolor_colors_anew(colorize):
    code, _, err = colorize("mixed", "-o", "out", "--recolor")
    assert code == 0
    assert err.startswith("2 colorized")
    assert chroma("out/color.jpg") == pytest.approx([30, 20], abs=8)


@pytest.mark.usefixtures("mixed")
def test_a_single_picture_in_color_is_colored_anew_and_that_is_said(colorize):
    code, _, err = colorize("mixed/color.jpg", "-o", "new.jpg")
    assert code == 0
    path = Path("mixed/color.jpg")
    assert f"{path}: in color already; it is colored anew from its lightness" in err
    assert opened("new.jpg")[1].tolist() != opened(path)[1].tolist()
    assert "in color already" not in colorize("mixed/gray.jpg", "-o", "gray.jpg")[2]
    assert "in color already" not in colorize("mixed/color.jpg", "-o", "2.jpg", "--recolor")[2]
    code, _, err = colorize("mixed/color.jpg", "-o", "3.jpg", "--no-recolor")
    assert (code, Path("3.jpg").read_bytes()) == (0, path.read_bytes())
    assert err.startswith("1 left alone")


@pytest.mark.parametrize(("name", "part"), [("a.tif", "page"), ("a.gif", "frame")])
def test_what_is_dropped_is_called_by_its_name(colorize, name, part):
    pages = [Image.new("L", (48, 32), value) for value in (10, 20, 30)]
    pages[0].save(name, save_all=True, append_images=pages[1:])
    code, _, err = colorize(name, "-o", "one.tif")
    assert code == 0
    assert f"{name}: only the first {part} was used, 2 dropped" in err


def test_quiet_and_verbose(colorize):
    assert colorize("in/0.jpg", "-o", "1.png", "-q") == (0, "", "")
    _, _, err = colorize("in/0.jpg", "-o", "2.png", "-v")
    assert err.startswith(f"done: {Path('in/0.jpg')} -> 2.png (")


@pytest.mark.parametrize("output", [["-o", "-"], []])
def test_bytes_in_bytes_out(command, model, output):
    done = subprocess.run(
        [*command, "colorize", "-", "--model", model, *output],
        input=Path("in/0.jpg").read_bytes(),
        capture_output=True,
        check=True,
    )
    Path("new.jpg").write_bytes(done.stdout)
    assert opened("new.jpg")[0] == "JPEG"
    assert chroma("new.jpg") == pytest.approx([30, 20], abs=2)
    assert done.stderr == b"1 colorized\n"


def test_a_file_to_stdout_and_stdin_to_a_file(command, model):
    call = [*command, "colorize", "--model", model, "-q"]
    to_stdout = subprocess.run([*call, "in/0.jpg", "-o", "-"], capture_output=True, check=True)
    gray = Path("in/0.jpg").read_bytes()
    subprocess.run([*call, "-", "-o", "new.jpg"], input=gray, check=True)
    assert to_stdout.stdout == Path("new.jpg").read_bytes()


def test_empty_stdin_is_unreadable_input(command, model):
    done = subprocess.run(
        [*command, "colorize", "-", "--model", model], input=b"", capture_output=True, check=False
    )
    assert done.returncode == 3
    assert done.stdout == b""
    assert done.stderr.startswith(b"error: ")
