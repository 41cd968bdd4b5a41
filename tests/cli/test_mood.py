"""`rechroma transfer`, `apply` and `look`, as they are typed."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import data

import rechroma
from rechroma.cli import main
from rechroma.color import rgb_to_lab
from rechroma.mood import METHODS
from rechroma.mood.named_looks import NAMED_LOOKS


@pytest.fixture
def photos(tmp_path, monkeypatch):
    """The current folder with src.jpg, target.jpg, gray.jpg and more/0.jpg, more/1.jpg."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RECHROMA_LOOKS", str(tmp_path / "looks"))
    Path("more").mkdir()
    small = {name: Image.fromarray(getattr(data, name)()).resize((120, 80))
             for name in ("coffee", "rocket", "chelsea")}  # fmt: skip
    small["coffee"].save("src.jpg")
    small["rocket"].save("target.jpg")
    small["chelsea"].convert("L").save("gray.jpg")
    small["rocket"].save("more/0.jpg")
    small["chelsea"].save("more/1.jpg")
    return tmp_path


pytestmark = pytest.mark.usefixtures("photos")


def call(capfd, *arguments):
    capfd.readouterr()
    code = main([str(each) for each in arguments])
    return code, *capfd.readouterr()


def pixels(path):
    return np.asarray(Image.open(path).convert("RGB")).astype(int)


def test_as_the_original_did(capfd):
    before = Path("target.jpg").read_bytes()
    code, out, err = call(
        capfd, "transfer", "--src", "src.jpg", "--target", "target.jpg", "--out", "new.png"
    )
    assert (code, out) == (0, "")
    assert "1 changed: new.png" in err
    assert Path("target.jpg").read_bytes() == before
    assert np.abs(pixels("new.png") - pixels("target.jpg")).mean() > 10


def test_a_folder_keeps_its_tree_and_is_resumed(capfd):
    arguments = ("transfer", "--src", "src.jpg", "--target", "more", "--out", "warm/")
    assert call(capfd, *arguments)[0] == 0
    assert sorted(p.name for p in Path("warm").iterdir()) == ["0.jpg", "1.jpg"]
    assert "2 skipped" in call(capfd, *arguments)[2]


def test_without_out_it_goes_beside_the_target(capfd):
    assert call(capfd, "transfer", "--src", "src.jpg", "--target", "target.jpg")[0] == 0
    assert Path("target.mood.jpg").exists()


def test_the_lut_gives_the_same_picture(capfd):
    call(capfd, "transfer", "--src", "src.jpg", "--target", "target.jpg", "-o", "a.png",
         "--lut", "look.cube")  # fmt: skip
    assert call(capfd, "apply", "look.cube", "target.jpg", "-o", "b.png")[0] == 0
    assert np.abs(pixels("a.png") - pixels("b.png")).max() <= 1
    assert np.abs(pixels("a.png") - pixels("target.jpg")).mean() > 10


def test_a_lut_of_several_targets_is_refused(capfd):
    code, _, err = call(
        capfd, "transfer", "--src", "src.jpg", "--target", "more", "-o", "x/", "--lut", "l.cube"
    )
    assert code == 2
    assert "rechroma look save" in err


def test_source_and_target_mixed_up(capfd):
    code, _, err = call(
        capfd, "transfer", "--src", "gray.jpg", "--target", "target.jpg", "-o", "new.png"
    )
    assert code == 0
    assert err.count("gray.jpg: black and white") == 1
    assert "the target loses its colors; are source and target swapped?" in err
    assert np.ptp(pixels("new.png"), axis=2).max() <= 1


def test_a_black_and_white_mood_without_its_tones(capfd):
    code, _, err = call(
        capfd, "transfer", "--src", "gray.jpg", "--target", "more", "-o", "out/",
        "--luminance", "keep",
    )  # fmt: skip
    assert code == 2
    assert err.count("nothing is left to transfer") == 1
    assert not Path("out").exists()


def test_a_look_of_a_black_and_white_photograph(capfd):
    code, _, err = call(capfd, "look", "save", "noir", "--from", "gray.jpg")
    assert code == 0
    assert "gray.jpg: black and white" in err
    assert call(capfd, "apply", "noir", "target.jpg", "-o", "noir.png")[0] == 0
    assert np.ptp(pixels("noir.png"), axis=2).max() <= 1


def test_python_and_the_command_line_mean_the_same_by_a_mood(capfd):
    assert call(capfd, "colorize", "gray.jpg", "-o", "a.png", "--mood", "src.jpg")[0] == 0
    wanted = rechroma.colorize("gray.jpg", mood="src.jpg").to_uint8()
    assert np.array_equal(pixels("a.png"), wanted)


def test_no_photograph_is_colorized_in_a_black_and_white_mood(capfd):
    code, _, err = call(capfd, "colorize", "gray.jpg", "-o", "n.png", "--mood", "gray.jpg")
    assert code == 2
    assert "gray.jpg: the mood is black and white" in err
    assert "source" not in err


def test_a_gray_target_is_colorized_first(capfd):
    assert (
        call(capfd, "transfer", "--src", "src.jpg", "--target", "gray.jpg", "-o", "n.png")[0] == 0
    )
    assert np.ptp(pixels("n.png"), axis=2).mean() > 5


@pytest.mark.parametrize(
    "arguments",
    [
        ("transfer", "--src", "src.jpg", "--target", "target.jpg", "--out", "src.jpg"),
        ("transfer", "--src", "src.jpg", "--target", "target.jpg", "--preview", "src.jpg"),
        ("transfer", "--src", "src.jpg", "--target", "target.jpg", "--preview", "./target.jpg"),
        ("colorize", "gray.jpg", "--mood", "src.jpg", "-o", "src.jpg"),
        ("colorize", "gray.jpg", "--mood", "src.jpg", "-o", "x.jpg", "--confidence", "src.jpg"),
        ("apply", "hald.png", "target.jpg", "-o", "hald.png"),
    ],
)
def test_what_is_read_is_not_written_over(capfd, arguments):
    Path("hald.png").write_bytes(Path("src.jpg").read_bytes())
    before = {path: path.read_bytes() for path in Path().glob("*.*")}
    code, _, err = call(capfd, *arguments, "--overwrite")
    assert code == 2
    assert "is read by the same command" in err
    assert {path: path.read_bytes() for path in Path().glob("*.*")} == before


def test_a_preview_heeds_the_dry_run_and_the_limit(capfd):
    arguments = ("transfer", "--src", "src.jpg", "--target", "target.jpg", "--preview", "sheet.png")
    code, out, _ = call(capfd, *arguments, "--dry-run")
    assert (code, out) == (0, "target.jpg -> sheet.png\n")
    assert call(capfd, *arguments, "--max-pixels", "100")[0] == 3
    assert not Path("sheet.png").exists()
    assert call(capfd, *arguments, "--max-pixels", "0")[0] == 0
    assert Path("sheet.png").exists()


def test_a_preview_tells_programs_and_takes_no_other_outputs(capfd):
    arguments = ("transfer", "--src", "src.jpg", "--target", "target.jpg", "--preview", "sheet.png")
    for further in (("--lut", "a.cube"), ("--out", "b.jpg")):
        code, _, err = call(capfd, *arguments, *further)
        assert (code, further[0] in err) == (2, True)
    code, out, _ = call(capfd, *arguments, "--json")
    told = [json.loads(line) for line in out.splitlines()]
    assert (code, told[0]["output"], told[1]["summary"]["done"]) == (0, "sheet.png", 1)


def test_the_limit_is_one_for_the_source_and_the_target(capfd):
    Image.open("src.jpg").resize((400, 300)).save("src.jpg")
    arguments = ("transfer", "--src", "src.jpg", "--target", "target.jpg", "--out", "x.jpg")
    code, _, err = call(capfd, *arguments, "--max-pixels", "10000")
    assert code == 3
    assert "src.jpg" in err
    assert "--max-pixels" in err


def test_looks_by_name(capfd):
    assert call(capfd, "look", "save", "brown", "--from", "src.jpg")[0] == 0
    assert call(capfd, "look", "list")[1].startswith("brown\t")
    assert call(capfd, "apply", "brown", "more", "-o", "out/")[0] == 0
    assert len(list(Path("out").iterdir())) == 2
    assert call(capfd, "look", "save", "brown", "--from", "target.jpg")[0] == 1
    call(capfd, "transfer", "--src", "src.jpg", "--target", "target.jpg", "--lut", "x.cube")
    assert call(capfd, "look", "add", "x.cube", "other")[0] == 0
    lines = call(capfd, "look", "list")[1].splitlines()
    assert [line.split("\t")[0] for line in lines] == ["brown", "other", *NAMED_LOOKS]


def test_a_name_has_one_look_of_whatever_kind(capfd):
    side = np.arange(64, dtype=np.uint8).reshape(8, 8)
    hald = np.dstack([side % 4 * 85, side // 4 % 4 * 85, side // 16 * 85])
    Image.fromarray(255 - hald).save("negative.png")
    assert call(capfd, "look", "add", "negative.png", "brown")[0] == 0
    code, _, err = call(capfd, "look", "save", "brown", "--from", "src.jpg")
    assert code == 1
    assert "exists already" in err
    assert call(capfd, "look", "save", "brown", "--from", "src.jpg", "--overwrite")[0] == 0
    assert [path.name for path in Path("looks").iterdir()] == ["brown.cube"]
    assert call(capfd, "apply", "brown", "target.jpg", "-o", "brown.png")[0] == 0
    assert call(capfd, "apply", "negative.png", "target.jpg", "-o", "turned.png")[0] == 0
    assert np.abs(pixels("brown.png") - pixels("turned.png")).mean() > 10


def test_a_look_added_from_a_file_without_a_known_suffix_is_found(capfd):
    nodes = [f"{r} {g} {b} {r} {g} {b}" for r in (0, 1) for g in (0, 1) for b in (0, 1)]
    Path("spi").write_text("\n".join(["SPILUT 1.0", "3 3", "2 2 2", *nodes, ""]))
    Path("cube.dat").write_text(
        "\n".join(["LUT_3D_SIZE 2", *(f"{n & 1} {n >> 1 & 1} {n >> 2}" for n in range(8)), ""])
    )
    for file, name in (("spi", "one"), ("cube.dat", "two")):
        assert call(capfd, "look", "add", file, name)[0] == 0
        assert call(capfd, "apply", name, "target.jpg", "-o", f"{name}.png")[0] == 0
        assert np.abs(pixels(f"{name}.png") - pixels("target.jpg")).max() <= 1
    assert sorted(path.name for path in Path("looks").iterdir()) == ["one.spi3d", "two.cube"]


@pytest.mark.parametrize("name", ["evening.png", "film.cube"])
def test_a_name_that_would_mean_a_file_is_refused(capfd, name):
    code, _, err = call(capfd, "look", "save", name, "--from", "src.jpg")
    assert code == 2
    assert "can't name a look" in err
    assert not Path(name).exists()


@pytest.mark.parametrize("look", ["none.cube", "nobody"])
def test_no_such_look(capfd, look):
    code, _, err = call(capfd, "apply", look, "target.jpg", "-o", "o.png")
    assert code == 3
    assert err.count("error:") == 1


def test_the_help_tells_which_is_which(capfd):
    out = call(capfd, "transfer", "--help")[1]
    assert "the mood comes from here  this photograph is changed" in out


def test_strength_nought_changes_next_to_nothing(capfd):
    call(capfd, "transfer", "--src", "src.jpg", "--target", "target.jpg", "-o", "n.png",
         "--strength", "0")  # fmt: skip
    assert np.abs(pixels("n.png") - pixels("target.jpg")).max() <= 1


def test_swatches_and_masks_are_typed(capfd):
    ours = ("transfer", "--src", "src.jpg", "--target", "target.jpg")
    assert call(capfd, *ours, "-o", "a.png", "--swatch", "0,0,40,40:10,10,30,30")[0] == 0
    for name, split in (("m.png", 40), ("n.png", 90)):
        mask = Image.new("RGB", (120, 80), "red")
        mask.paste("blue", (0, 0, split, 80))
        mask.save(name)
    code, _, err = call(
        capfd, *ours, "-o", "b.png", "--source-mask", "m.png", "--target-mask", "n.png"
    )
    assert code == 0, err
    assert np.abs(pixels("a.png") - pixels("b.png")).mean() > 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--source-mask", "src.jpg"], "masks are a pair"),
        (["--source-mask", "src.jpg", "--target-mask", "src.jpg", "--lut", "l.cube"], "no single"),
        (["--source-mask", "src.jpg", "--target-mask", "src.jpg"], "not a mask"),
        (["--swatch", "1,2,3"], "no pair of swatches"),
        (["--swatch", "0,0,9,9:115,0,9,9"], "not inside of the target"),
        (["--method", "mkl", "--regions", "3"], "has no regions"),
    ],
)
def test_swatches_and_masks_that_can_not_be(capfd, options, words):
    code, _, err = call(
        capfd, "transfer", "--src", "src.jpg", "--target", "target.jpg", "-o", "new.png", *options
    )
    assert code != 0
    assert words in err
    assert not Path("new.png").exists()


def test_a_preview_of_all_methods(capfd):
    code, _, err = call(capfd, "transfer", "--src", "src.jpg", "--target", "target.jpg",
                        "--preview", "sheet.png")  # fmt: skip
    assert code == 0, err
    with Image.open("sheet.png") as sheet:
        # Two rows of four tiles, each large enough to be looked at.
        assert sheet.height > 900
        assert sheet.width > 4 * 480
        side = sheet.width / 4, sheet.height / 2
        cells = [
            np.asarray(sheet.crop((int((i % 4 + 0.2) * side[0]), int((i // 4 + 0.2) * side[1]),
                                   int((i % 4 + 0.8) * side[0]), int((i // 4 + 0.8) * side[1]))))
            for i in range(8)
        ]  # fmt: skip
    results = [rechroma.transfer("src.jpg", "target.jpg", method=name) for name in METHODS]
    shown = [rechroma.read("src.jpg"), rechroma.read("target.jpg"), *results]
    # The inner parts of the tiles; titles and gaps are off by some pixels.
    middles = [photo.to_uint8()[16:64, 24:96].mean((0, 1)) for photo in shown]
    assert np.abs(np.array([cell.mean((0, 1)) for cell in cells]) - middles).max() < 6
    assert len({tuple(np.round(middle)) for middle in middles}) == 8
    assert not Path("target.mood.jpg").exists()
    again = call(capfd, "transfer", "--src", "src.jpg", "--target", "target.jpg",
                 "--preview", "sheet.png")  # fmt: skip
    assert again[0] != 0
    assert "exists" in again[2]


def test_colorize_with_a_mood_goes_towards_the_transfer_and_keeps_the_lightness(capfd):
    call(capfd, "colorize", "gray.jpg", "-o", "plain.png")
    assert call(capfd, "colorize", "gray.jpg", "-o", "a.png", "--mood", "src.jpg")[0] == 0
    call(capfd, "transfer", "--src", "src.jpg", "--target", "gray.jpg", "-o", "b.png",
         "--luminance", "keep")  # fmt: skip
    plain, ours, wanted = (rgb_to_lab(pixels(n) / 255) for n in ("plain.png", "a.png", "b.png"))
    assert np.abs(ours[..., 0] - plain[..., 0]).mean() < 0.3
    means = [each[..., 1:].mean(axis=(0, 1)) for each in (plain, ours, wanted)]
    assert np.linalg.norm(means[1] - means[2]) < 0.7 * np.linalg.norm(means[0] - means[2])


@pytest.mark.parametrize("size", [17, 65])
def test_the_size_of_the_table(capfd, size):
    call(capfd, "transfer", "--src", "src.jpg", "--target", "target.jpg", "-o", "a.png",
         "--lut", "l.cube", "--lut-size", size)  # fmt: skip
    assert f"LUT_3D_SIZE {size}" in Path("l.cube").read_text(encoding="utf-8")


@pytest.mark.parametrize("command", ["transfer", "apply"])
def test_a_very_large_picture_goes_in_strips(capfd, monkeypatch, command):
    Image.fromarray(data.astronaut()).save("large.png")
    look = ("--src", "src.jpg", "--target", "large.png")
    if command == "apply":
        call(capfd, "transfer", *look, "--out", "x.png", "--lut", "look.cube")
        look = ("look.cube", "large.png")
    assert call(capfd, command, *look, "-o", "whole.png")[0] == 0
    monkeypatch.setattr("rechroma.batch.pictures._STRIPS_FROM", 1)
    monkeypatch.setattr("rechroma.photo.strips.FILE_PIXELS", 64 * 512)
    # The whole picture would not go through this.
    monkeypatch.setattr(sys.modules["rechroma.batch.runner"], "load", None)
    assert call(capfd, command, *look, "-o", "strips.png")[0] == 0
    # The thumbnail is another one, so that the fit differs a little; a table does not.
    allowed = 0 if command == "apply" else 1
    assert np.abs(pixels("strips.png") - pixels("whole.png")).mean() <= allowed


def test_a_large_gray_target_is_colorized_as_a_whole(capfd, monkeypatch):
    gray = np.asarray(Image.open("gray.jpg"))
    Image.fromarray(np.dstack([gray] * 3)).save("gray3.png")
    arguments = ("transfer", "--src", "src.jpg", "--target", "gray3.png", "-o")
    assert call(capfd, *arguments, "whole.png")[0] == 0
    monkeypatch.setattr("rechroma.batch.pictures._STRIPS_FROM", 1)
    assert call(capfd, *arguments, "c.png")[0] == 0
    assert np.array_equal(pixels("c.png"), pixels("whole.png"))
    assert np.ptp(pixels("c.png"), axis=-1).mean() > 5


def test_a_part_of_a_look_and_a_look_removed(capfd):
    Path("dark.spi1d").write_text("Version 1\nFrom 0 1\nLength 2\nComponents 1\n{\n0\n0.5\n}\n")
    assert call(capfd, "look", "add", "dark.spi1d", "dark")[0] == 0
    code, _, err = call(capfd, "apply", "dark", "target.jpg", "-o", "n.png", "--strength", "0.5")
    assert code == 0, err
    before, after = pixels("target.jpg").astype(float), pixels("n.png")
    assert np.abs(after - 0.75 * before).max() <= 1
    assert call(capfd, "look", "remove", "dark")[0] == 0
    assert call(capfd, "look", "remove", "dark")[0] == 3


def test_a_look_on_black_and_white_says_what_to_do(capfd):
    Image.fromarray(np.tile(np.arange(64, dtype=np.uint8), (64, 1))).save("bw.png")
    Path("dark.cube").write_text("LUT_1D_SIZE 2\n0 0 0\n0.5 0.5 0.5\n")
    code, _, err = call(capfd, "apply", "dark.cube", "bw.png", "-o", "n.png")
    assert code == 0
    assert "no colors to change" in err
    assert "transfer" in err


def test_the_help_of_apply_says_its_own_default_name(capfd):
    assert ".look-LOOK{ext}" in "".join(call(capfd, "apply", "--help")[1].split())


def test_each_look_has_results_of_its_own(capfd):
    call(capfd, "transfer", "--src", "src.jpg", "--target", "target.jpg", "--lut", "a{b}.cube")
    Path("c.cube").write_bytes(Path("a{b}.cube").read_bytes())
    for look, name in (("a{b}.cube", "target.look-a{b}.jpg"), ("c.cube", "target.look-c.jpg")):
        code, _, err = call(capfd, "apply", look, "target.jpg")
        assert code == 0
        assert f"1 changed: {name}" in err
    assert "1 skipped" in call(capfd, "apply", "c.cube", "target.jpg")[2]


def test_a_bad_look_is_refused_even_if_results_are_there(capfd):
    Path("bad.cube").write_text("no look")
    Path("target.look-bad.jpg").touch()
    code, _, err = call(capfd, "apply", "bad.cube", "target.jpg")
    assert code == 3
    assert err.startswith("error: bad.cube")


def test_a_missing_lut_is_written_beside_a_result(capfd):
    """And the result stays as it is, which is told."""
    pair = ("--src", "src.jpg", "--target", "target.jpg", "-o", "new.png")
    call(capfd, "transfer", *pair)
    before = Path("new.png").stat().st_mtime_ns
    code, _, err = call(capfd, "transfer", *pair, "--lut", "new.cube")
    assert code == 0
    assert Path("new.cube").is_file()
    assert Path("new.png").stat().st_mtime_ns == before
    assert "1 completed (only what was missing was written)" in err
    assert "add --overwrite" in err
