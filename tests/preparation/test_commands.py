"""`rechroma prepare` and `rechroma colorize --prepare`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.preparation.prints import on_paper, photo, scene, stained

import rechroma
from rechroma.cli import main
from rechroma.color import rgb_to_lab
from rechroma.colorizer import is_color
from rechroma.errors import UsageError

GRAY = scene()
SIDES = (31, 22, 40, 50)


@pytest.fixture
def prints(tmp_path, monkeypatch):
    """The current folder with a faded, a bordered and a clean print in `in/`."""
    monkeypatch.chdir(tmp_path)
    Path("in").mkdir()
    exif = Image.Exif()
    exif[0x010F] = "A maker"
    faded = photo(78 + GRAY * 0.38).to_pil().convert("L")
    faded.save("in/faded.jpg", quality=95, exif=exif, dpi=(300, 300))
    photo(on_paper(GRAY, SIDES)).to_pil().save("in/paper.png", dpi=(600, 600))
    Image.fromarray(GRAY).save("in/clean.jpg", quality=95)
    return tmp_path


@pytest.fixture
def run(prints, model, capfd):  # noqa: ARG001 (the current folder)
    def call(*arguments):
        given = [arguments[0], "--model", model] if arguments[0] == "colorize" else arguments[:1]
        capfd.readouterr()
        code = main([*given, *map(str, arguments[1:])])
        return code, *capfd.readouterr()

    return call


def test_a_folder(run):
    code, out, err = run("prepare", "in", "-o", "out", "--border", "crop", "--json")
    assert code == 0
    lines = [json.loads(line) for line in out.splitlines()]
    found = {Path(each["input"]).stem: each for each in lines if "input" in each}
    assert found["clean"]["found"] == []
    assert found["clean"]["status"] == "kept"
    assert found["paper"]["found"][0]["kind"] == "border"
    assert found["paper"]["found"][0]["done"] == "cropped"
    assert [each["kind"] for each in found["faded"]["found"]] == ["contrast"]
    # Never silently.
    assert "faded.jpg: contrast: " in err
    assert "2 prepared, 1 left as they are" in err
    assert Path("out/clean.jpg").read_bytes() == Path("in/clean.jpg").read_bytes()


def test_files_keep_their_metadata(run):
    assert run("prepare", "in", "-o", "out", "--border", "crop")[0] == 0
    with Image.open("out/faded.jpg") as made:
        assert made.getexif()[0x010F] == "A maker"
        assert made.info["dpi"] == pytest.approx((300, 300))
    with Image.open("out/paper.png") as made:
        assert made.info["dpi"] == pytest.approx((600, 600), abs=0.1)
    assert b"prepared: contrast restored" in Path("out/faded.jpg").read_bytes()
    assert b"trainedAlgorithmicMedia" not in Path("out/faded.jpg").read_bytes()


@pytest.mark.parametrize(
    "parts", [["--no-contrast"], ["--no-contrast", "--no-scratches", "--no-neutralize"]]
)
def test_parts_can_be_left_out(run, parts):
    assert run("prepare", "in/faded.jpg", "-o", "new.jpg", *parts)[0] == 0
    assert Path("new.jpg").read_bytes() == Path("in/faded.jpg").read_bytes()


def test_masks_are_written_and_edited_ones_are_heeded(run):
    assert run("prepare", "in/clean.jpg", "-o", "new.png", "--write-masks")[0] == 0
    with Image.open("new.scratches.png") as written:
        mask = np.array(written.convert("L"))
    assert mask.shape == GRAY.shape
    assert not mask.any()
    mask[50:53, 40:200] = 255
    Image.fromarray(mask).save("edited.png")
    given = "prepare", "in/clean.jpg", "-o", "filled.png", "--scratch-mask", "edited.png"
    assert run(*given)[0] == 0
    before, after = (np.array(rechroma.read(each)) for each in ("in/clean.jpg", "filled.png"))
    changed = (before != after).any(axis=2)
    assert changed.any()
    assert not changed[mask == 0].any()


def test_a_preview_writes_a_sheet_and_nothing_else(run):
    code, _, err = run("prepare", "in", "--preview", "sheet.png")
    assert code == 0
    assert "contrast" in err
    assert sorted(path.name for path in Path().rglob("*.*")) == sorted(
        ["clean.jpg", "faded.jpg", "paper.png", "sheet.png"]
    )
    with Image.open("sheet.png") as sheet:
        assert sheet.height > 3 * 480


def test_a_preview_goes_on_past_what_it_cannot_show(run):
    Path("in/broken.png").write_bytes(b"no picture")
    Path("in/film.mp4").write_bytes(b"no picture either")
    code, out, err = run("prepare", "in", "--preview", "sheet.png", "--json")
    assert code == 1
    lines = [json.loads(line) for line in out.splitlines()]
    assert lines.pop()["summary"]["failed"] == 2
    status = {Path(each["input"]).name: each["status"] for each in lines}
    assert status == {
        "broken.png": "failed", "film.mp4": "failed", "clean.jpg": "done", "faded.jpg": "done",
        "paper.png": "done",
    }  # fmt: skip
    assert next(each["found"][0]["kind"] for each in lines if each["input"] == "in/faded.jpg")
    assert "film.mp4: a film" in err
    assert "3 previewed, 2 failed: sheet.png" in err
    with Image.open("sheet.png") as sheet:
        assert 3 * 480 < sheet.height < 4 * 480


def test_a_preview_replaces_no_picture(run):
    before = Path("in/clean.jpg").read_bytes()
    code, _, err = run("prepare", "in", "--preview", "in/clean.jpg", "--overwrite")
    assert code == 2
    assert "is read by the same command" in err
    assert Path("in/clean.jpg").read_bytes() == before


def test_a_sheet_has_an_end(run, monkeypatch):
    monkeypatch.setattr("rechroma.cli.prepare_work._MOST_ROWS", 2)
    code, _, err = run("prepare", "in", "--preview", "sheet.png")
    assert code == 0
    assert "the sheet is full: it shows 2 pictures at most" in err
    assert "2 previewed, 1 not reached: sheet.png" in err
    with Image.open("sheet.png") as sheet:
        assert sheet.height < 3 * 480


def test_many_pictures_are_smaller_on_a_sheet(run, monkeypatch):
    monkeypatch.setattr("rechroma.cli.prepare_work._SHEET_HEIGHT", 3 * 200)
    assert run("prepare", "in", "--preview", "sheet.png")[0] == 0
    with Image.open("sheet.png") as sheet:
        assert 3 * 200 < sheet.height < 3 * 200 + 60


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["prepare", "in", "-o", "out", "--preview", "s.png"], "no -o"),
        (["prepare", "in", "--write-masks", "--preview", "s.png"], "no --write-masks"),
        (["prepare", "in", "-o", "out", "--scratch-mask", "in/clean.jpg"], "about one picture"),
        (["prepare", "in/clean.jpg", "-o", "-", "--write-masks"], "files beside results"),
        (["colorize", "in", "-o", "out", "--border", "crop"], "without --prepare"),
        (["colorize", "in", "-o", "out", "--prepared-lightness"], "without --prepare"),
    ],
)
def test_what_makes_no_sense(run, words, said):
    code, _, err = run(*words)
    assert code == 2
    assert said in err
    assert err.count("\n") == 1


def levels(path):
    return rgb_to_lab(np.array(rechroma.read(path)) / 255)[..., 0]


def test_colorizing_keeps_the_prints_own_lightness_unless_asked(run):
    given = "colorize", "in/faded.jpg", "--recompress", "--prepare", "-o"
    assert run(*given, "own.png")[0] == 0
    assert run(*given, "new.png", "--prepared-lightness")[0] == 0
    assert np.abs(levels("own.png") - levels("in/faded.jpg")).max() < 1
    assert levels("new.png").std() > 2 * levels("own.png").std()
    assert b"prepared: contrast restored" in Path("own.png").read_bytes()


def test_a_gray_jpegs_gray_is_still_copied(run):
    code, out, _ = run("colorize", "in/faded.jpg", "-o", "own.jpg", "--prepare", "--json")
    assert code == 0
    first = json.loads(out.splitlines()[0])
    assert first["gray"] == "copied"
    assert [each["kind"] for each in first["found"]] == ["contrast"]


def test_a_gray_jpegs_gray_is_not_copied_where_a_border_was_found(run):
    photo(on_paper(GRAY, SIDES)).to_pil().convert("L").save("in/paper.jpg", quality=95)
    code, out, _ = run("colorize", "in/paper.jpg", "-o", "own.jpg", "--prepare", "--json")
    assert code == 0
    first = json.loads(out.splitlines()[0])
    assert "border" in [each["kind"] for each in first["found"]]
    assert first["gray"] == "recompressed"


def test_a_masked_border_keeps_its_color(run):
    assert run("colorize", "in/paper.png", "-o", "new.png", "--prepare", "--recolor")[0] == 0
    before, after = (np.array(rechroma.read(each)) for each in ("in/paper.png", "new.png"))
    left, top, right, bottom = SIDES
    outside = np.ones(before.shape[:2], bool)
    outside[top - 3 : -bottom + 3, left - 3 : -right + 3] = False
    assert np.array_equal(before[outside], after[outside])
    inner = after[top + 5 : -bottom - 5, left + 5 : -right - 5]
    # The model of one layer makes everything reddish.
    assert (inner[..., 0].astype(int) - inner[..., 2] > 5).mean() > 0.9


def test_cropping_while_colorizing(run):
    given = "colorize", "in/paper.png", "-o", "new.png", "--prepare", "--border", "crop"
    assert run(*given, "--recolor")[0] == 0
    with Image.open("new.png") as made:
        size = made.size
    assert size == pytest.approx(GRAY.shape[::-1], abs=4)


def test_versions_of_a_print_are_cropped_as_the_result_is(run):
    given = "colorize", "in/paper.png", "-o", "new.png", "--prepare", "--border", "crop"
    assert run(*given, "--recolor", "--versions", "versions")[0] == 0
    with Image.open("new.png") as made, Image.open("versions/paper.natural.png") as natural:
        assert np.array_equal(np.array(made), np.array(natural))


def test_masks_are_painted_on_what_is_ready(run):
    mask = "in/clean.jpg=#ff0000"
    code, _, err = run("colorize", "in/clean.jpg", "-o", "new.png", "--prepare", "--mask", mask)
    assert code == 2
    assert "make it ready first" in err


def test_a_stained_print_in_a_folder_is_colored(run):
    print_ = photo(stained(GRAY))
    # It is taken for one in color where nobody looks for stains.
    assert is_color(print_)
    print_.to_pil().save("in/stained.png")
    code, out, err = run("colorize", "in", "-o", "out", "--prepare", "--json")
    assert code == 0
    lines = [json.loads(line) for line in out.splitlines()]
    found = {Path(each["input"]).stem: each for each in lines if "input" in each}
    assert found["stained"]["status"] == "done"
    assert [each["kind"] for each in found["stained"]["found"]] == ["tint"]
    assert "in color already" not in err


@pytest.mark.parametrize(
    ("place", "border", "said"),
    [
        ("5,5", "mask", "the hint at 5,5 lies in the border that --prepare masks"),
        ("420,330", "crop", "the hint at 420,330 lies in the border that --prepare crops"),
        ("5000,5", "mask", "the hint at 5000,5 lies outside of in/paper.png"),
    ],
)
@pytest.mark.usefixtures("prints")
def test_a_hint_in_the_border_is_told_as_it_was_typed(capfd, place, border, said):
    # The model of one layer takes no hints.
    given = ["colorize", "in/paper.png", "-o", "new.png", "--prepare", "--recolor"]
    assert main([*given, "--border", border, "--hint", f"{place},#c22b2b"]) == 2
    assert said in capfd.readouterr().err
    assert not Path("new.png").exists()


def test_a_file_that_is_named_is_written_though_nothing_is_found(run):
    code, out, _ = run("prepare", "in/clean.jpg", "-o", "in/same.jpg", "--json")
    assert code == 0
    assert json.loads(out.splitlines()[0])["output"] == "in/same.jpg"
    assert Path("in/same.jpg").read_bytes() == Path("in/clean.jpg").read_bytes()
    assert run("prepare", "in/clean.jpg", "-o", "in/other.png")[0] == 0
    before, after = (np.array(rechroma.read(each)) for each in ("in/clean.jpg", "in/other.png"))
    assert np.array_equal(before, after)
    # Beside the picture, where nobody named it, a copy would be one too many.
    assert run("prepare", "in/clean.jpg")[0] == 0
    assert not Path("in/clean.prepared.jpg").exists()


@pytest.mark.parametrize(
    ("typed", "keywords"),
    [
        ([], {"prepare": True}),
        (["--border", "crop", "--no-contrast"],
         {"prepare": rechroma.PrepareOptions(border="crop", contrast=False)}),
        (["--prepared-lightness"], {"prepare": True, "prepared_lightness": True}),
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["faded.jpg", "paper.png"])
def test_pythons_prepare_is_the_command_lines(run, model, name, typed, keywords):
    given = "colorize", f"in/{name}", "-o", "typed.png", "--prepare", "--recolor", *typed
    assert run(*given)[0] == 0
    made = rechroma.colorize(f"in/{name}", model=model, **keywords)
    wanted = rechroma.read("typed.png").to_uint8()
    assert np.abs(made.to_uint8().astype(int) - wanted).max() <= 1


def test_pythons_prepare_and_what_does_not_go_with_it(run, model):  # noqa: ARG001 (the current folder)
    for keywords, said in (
        ({"prepared_lightness": True}, "add prepare=True"),
        ({"prepare": "yes"}, "give True, False or PrepareOptions"),
        ({"prepare": True, "masks": [rechroma.Mask("in/clean.jpg", color="red")]}, "ready first"),
    ):
        with pytest.raises(UsageError, match=said):
            rechroma.colorize("in/faded.jpg", model=model, **keywords)


def test_a_picture_in_color_stays_though_it_is_to_be_made_ready(prints, model):  # noqa: ARG001
    colors = np.random.default_rng(0).integers(0, 256, (6, 8, 3), np.uint8)
    given = rechroma.read(Image.fromarray(colors.repeat(20, 0).repeat(20, 1)))
    assert rechroma.colorize(given, model=model, prepare=True, recolor=False) is given
