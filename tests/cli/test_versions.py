"""`rechroma colorize --versions`, `--temperature`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rechroma.cli import main

pytestmark = pytest.mark.usefixtures("album")
NAMES = ["natural", "vivid", "warm", "cool"]


def blue(path):
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB")).astype(int)[..., 2].mean()


def test_versions_and_a_sheet(colorize):
    code, _, err = colorize("in/0.jpg", "-o", "new.jpg", "--versions", "versions")
    assert code == 0, err
    wanted = {*(f"0.{name}.jpg" for name in NAMES), "0.versions.jpg"}
    assert {path.name for path in Path("versions").iterdir()} == wanted
    assert Path("versions/0.natural.jpg").read_bytes() == Path("new.jpg").read_bytes()
    assert blue("versions/0.cool.jpg") > blue("new.jpg") > blue("versions/0.warm.jpg")
    with Image.open("versions/0.versions.jpg") as sheet:
        assert sheet.width > 4 * 480
    assert "1 skipped" in colorize("in/0.jpg", "-o", "new.jpg", "--versions", "versions")[2]


def test_of_several_pictures(colorize):
    code, _, err = colorize("in/0.jpg", "in/1.jpg", "-o", "out/", "--versions", "versions")
    assert code == 0, err
    assert len(list(Path("versions").iterdir())) == 2 * 5


def test_pictures_of_one_name_keep_their_folders_or_suffixes(colorize):
    code, _, err = colorize("in", "-o", "out/", "--versions", "versions")
    assert code == 0, err
    sheets = {path.relative_to("versions").as_posix() for path in Path("versions").rglob("*.jpg")}
    results = [path for path in Path("out").rglob("*") if path.is_file()]
    assert len([name for name in sheets if name.endswith(".versions.jpg")]) == len(results)


@pytest.mark.parametrize(
    "arguments",
    [
        ("in/0.jpg", "in/0.warm.jpg", "-o", "out/", "--versions", "in"),
        ("in", "-o", "out/", "--versions", "in"),
        ("in/0.jpg", "-o", "in/0.bluer.jpg", "--versions", "in"),
        ("in/0.jpg", "-o", "new.jpg", "--versions", "in", "--confidence", "in/0.cool.png"),
    ],
)
def test_versions_are_not_written_over_what_is_read_or_made(colorize, arguments):
    Path("in/0.warm.jpg").write_bytes(Path("in/1.jpg").read_bytes())
    before = {path: path.read_bytes() for path in Path("in").rglob("*") if path.is_file()}
    code, _, err = colorize(*arguments, "--overwrite")
    assert code == 2
    assert "one of the files that --versions may write" in err
    assert {path: path.read_bytes() for path in Path("in").rglob("*") if path.is_file()} == before


def test_versions_inside_of_the_folder_are_no_inputs_the_next_time(colorize):
    assert colorize("in", "--versions", "in/versions")[0] == 0
    code, _, err = colorize("in", "--versions", "in/versions")
    assert code == 0, err
    assert "colorized" not in err.replace("skipped", "")


def test_a_long_strip_has_a_small_sheet(colorize):
    Image.linear_gradient("L").resize((1500, 4)).save("strip.png")
    code, _, err = colorize("strip.png", "-o", "new.png", "--versions", "versions")
    assert code == 0, err
    with Image.open("versions/strip.versions.jpg") as sheet:
        assert sheet.width < 20_000


def test_of_standard_input_to_standard_output(colorize):
    code, _, err = colorize("in/0.jpg", "-o", "-", "--versions", "versions")
    assert code == 2
    assert "--versions are files beside a result" in err


def test_the_shipped_model_has_more(tmp_path):
    rows, columns = np.mgrid[:160, :240]
    gray = np.where(rows < 110, 190, 70) + 10 * np.sin(columns / 7)
    Image.fromarray(gray.astype(np.uint8)).save("scene.png")
    assert main(["colorize", "scene.png", "--versions", str(tmp_path / "v")]) == 0
    found = {path.name.split(".")[1] for path in (tmp_path / "v").iterdir()}
    assert found > {*NAMES, "faithful", "versions"}
    assert all(path.suffix == ".png" for path in (tmp_path / "v").glob("*.[!v]*.png"))


def test_temperature(colorize):
    for temperature in ("-1", "0", "1"):
        colorize("in/0.jpg", "-o", f"{temperature}.png", "--temperature", temperature)
    assert blue("-1.png") > blue("0.png") > blue("1.png")


def json_lines(text):
    return [json.loads(line) for line in text.splitlines()]


def versions_by_input(text):
    """Pictures that are worked on at once are told as they are done, in any order."""
    lines = json_lines(text)
    return {each["input"]: each["versions"] for each in lines if "input" in each}


def test_programs_are_told_the_versions_files(colorize):
    given = "in/0.jpg", "in/1.jpg", "-o", "out/", "--versions", "versions", "--json"
    planned = versions_by_input(colorize(*given, "--dry-run")[1])
    assert not Path("versions").exists()
    code, out, err = colorize(*given)
    assert code == 0, err
    told = versions_by_input(out)
    assert [set(each) for each in told.values()] == [{*NAMES, "sheet"}] * 2
    files = {Path(path) for each in told.values() for path in each.values()}
    assert files == set(Path("versions").iterdir())
    assert planned.keys() == told.keys()
    for name in NAMES:
        for given, before in planned.items():
            assert before[name] == told[given][name]


def test_a_dry_run_names_what_is_written_beside_a_result(colorize):
    given = "in/0.jpg", "-o", "new.png", "--versions", "versions", "--variants", "1", "--dry-run"
    code, out, err = colorize(*given)
    assert code == 0, err
    assert out.splitlines()[0] == f"{Path('in/0.jpg')} -> new.png"
    said = {line.removeprefix("  beside it ") for line in out.splitlines()[1:]}
    names = ["faithful.jpg", *(f"{name}.jpg" for name in NAMES), "versions.jpg"]
    assert said == {"new.1.png", *(str(Path(f"versions/0.{name}")) for name in names)}
    beside = json_lines(colorize(*given, "--json")[1])[0]["beside"]
    assert beside == ["new.1.png", str(Path("versions/0.versions.jpg"))]
