"""The options of the ordinary commands, for all pictures and for each; and what stands beside."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rechroma.batch.pictures import Saving
from rechroma.cli import main
from rechroma.cli.bulk_work import ColorizeOperation
from rechroma.cli.colorize_work import Extras
from rechroma.cluster.fetching import Fetched
from rechroma.cluster.operation import Column, Shared
from rechroma.cluster.scratch import Scratch
from rechroma.cluster.sources import open_source
from rechroma.colorizer.options import ColorizeOptions
from rechroma.video.options import FilmOptions

pytestmark = pytest.mark.usefixtures("archive", "threads")

SIZE = ("--size", "64")


@pytest.fixture
def scene(archive):  # noqa: ARG001 (the folder that it is in)
    """Two gray pictures with something in them, `in/a.png` and `in/b.jpg`, and a mask of a half."""
    for path in Path("in").rglob("*.*"):
        path.unlink()
    y, x = np.mgrid[0:64, 0:96]
    first = 40 + 150 * (y / 63) + 40 * (np.hypot(x - 48, y - 32) < 20)
    second = 30 + 180 * (x / 95) - 25 * ((x // 8 + y // 8) % 2)
    for name, values in (("a.png", first), ("b.jpg", second)):
        Image.fromarray(values.clip(0, 255).astype(np.uint8)).save(f"in/{name}")
    Path("masks").mkdir()
    Image.fromarray(((x < 48) * 255).astype(np.uint8)).save("masks/left.png")
    Image.fromarray(((y < 32) * 255).astype(np.uint8)).save("masks/top.png")


def usual(*arguments):
    """Return the bytes that the ordinary command makes."""
    Path("usual.png").unlink(missing_ok=True)
    assert main([*map(str, arguments), "-o", "usual.png"]) == 0
    return Path("usual.png").read_bytes()


@pytest.mark.usefixtures("scene")
def test_looks_and_prints_made_ready(bulk, results):
    Path("in/b.jpg").unlink()
    given = ("--look", "winter", "--prepare", "--no-contrast", "--prepared-lightness")
    assert bulk("colorize", *SIZE, *given, "in", "out")[0] == 0
    assert results("out") == {"a.png": usual("colorize", *SIZE, *given, "in/a.png")}
    code, _, err = bulk("colorize", "--no-contrast", "in", "out")
    assert (code, "without --prepare" in err) == (2, True)
    code, _, err = bulk("colorize", "--look", "nowhere", "in", "out")
    assert code != 0
    assert "there is no look 'nowhere'" in err


@pytest.mark.usefixtures("scene")
def test_hints_masks_looks_and_prints_of_each_picture(bulk, results):
    Path("lists").mkdir()
    Path("lists/hints.json").write_text(
        json.dumps([{"x": 20, "y": 30, "color": "#c22b2b", "reach": "here"},
                    {"mask": "../masks/top.png", "strength": 0.2}])
    )  # fmt: skip
    Path("list.csv").write_text(
        "uri,output,hint,hints,mask,look,prepare,border\n"
        'in/a.png,hint.png,"20,30,#c22b2b,here;70,40,blue",,,,,\n'
        "in/a.png,hints.png,,lists/hints.json,,,,\n"
        "in/a.png,mask.png,,,masks/left.png=gray;masks/top.png=#2b6cc2,,,\n"
        "in/a.png,look.png,,,,winter,,\n"
        "in/a.png,ready.png,,,,,yes,crop\n"
        "in/a.png,bad.png,,,,,,crop\n"
        "in/a.png,none.png,,,masks/none.png=gray,,,\n"
        "in/a.png,broken.png,,,masks/left.png,,,\n"
    )
    code, _, err = bulk("colorize", *SIZE, "list.csv", "out")
    assert code == 1
    assert "options on making prints ready, without prepare" in err
    assert "masks/none.png: there is no such file" in err
    assert "the mask" in err
    made = results("out")
    assert made.keys() == {"hint.png", "hints.png", "mask.png", "look.png", "ready.png"}
    one = ("colorize", *SIZE, "in/a.png")
    hints = ("--hint", "20,30,#c22b2b,here", "--hint", "70,40,blue")
    masks = ("--mask", "masks/left.png=gray", "--mask", "masks/top.png=#2b6cc2")
    assert made["hint.png"] == usual(*one, *hints)
    assert made["hints.png"] == usual(*one, "--hints", "lists/hints.json")
    assert made["mask.png"] == usual(*one, *masks)
    assert made["look.png"] == usual(*one, "--look", "winter")
    assert made["ready.png"] == usual(*one, "--prepare", "--border", "crop")
    assert len(set(made.values())) >= 4


@pytest.mark.usefixtures("scene")
def test_a_mask_that_is_painted_anew(colorize, results, rows):
    Path("list.csv").write_text("uri,mask\nin/a.png,masks/left.png=gray\nin/b.jpg,\n")
    assert colorize("list.csv", "out")[0] == 0
    before = results("out")
    assert "2 skipped" in colorize("list.csv", "out")[2]
    Image.open("masks/top.png").save("masks/left.png")
    code, _, err = colorize("list.csv", "out")
    assert (code, err[:39]) == (0, "1 colorized, 1 skipped (done before) in")
    after = results("out")
    assert {name for name in before if before[name] != after[name]} == {"in/a.png"}
    assert len(rows("out")) == 2


@pytest.mark.usefixtures("scene")
def test_looks_by_name_and_by_file_in_a_manifest(bulk, results):
    Path("warm.cube").write_text("LUT_3D_SIZE 2\n" + "".join(
        f"{r} {g * 0.9} {b * 0.5}\n" for b in (0, 1) for g in (0, 1) for r in (0, 1)))  # fmt: skip
    Path("list.csv").write_text(
        "uri,look,output,strength\nin/a.png,,plain.png,\nin/a.png,pastel,named.png,0.5\n"
        "in/a.png,warm.cube,file.png,\nin/a.png,mine,none.png,\n"
    )
    code, _, err = bulk("apply", "winter", "list.csv", "out")
    assert code == 1
    assert "there is no look 'mine'" in err
    assert results("out") == {
        "plain.png": usual("apply", "winter", "in/a.png"),
        "named.png": usual("apply", "pastel", "in/a.png", "--strength", "0.5"),
        "file.png": usual("apply", "warm.cube", "in/a.png"),
    }


@pytest.mark.usefixtures("scene")
def test_regions_of_a_transfer_in_a_manifest(bulk, results):
    y, x = np.mgrid[0:64, 0:96]
    mood = np.stack([120 + x, 60 + y, 200 - x], axis=-1).astype(np.uint8)
    Image.fromarray(mood).save("mood.png")
    Image.fromarray(mood[::-1] // 2).save("in/c.png")
    Path("list.csv").write_text(
        "uri,src,source_mask,target_mask,output\n"
        "in/c.png,mood.png,masks/left.png,masks/top.png,a.png\nin/c.png,mood.png,masks/left.png,,b.png\n"
    )
    code, _, err = bulk("transfer", "--method", "reinhard", "list.csv", "out")
    assert code == 1
    assert "masks are a pair" in err
    assert results("out") == {
        "a.png": usual(
            "transfer", "--method", "reinhard", "--src", "mood.png", "--target", "in/c.png",
            "--source-mask", "masks/left.png", "--target-mask", "masks/top.png",
        )
    }  # fmt: skip


@pytest.mark.usefixtures("scene")
def test_versions_of_each_picture(bulk, results, rows):
    Path("in/b.jpg").unlink()
    command = ("colorize", *SIZE, "--versions", "tries", "in")
    assert bulk(*command, "packed", "--shards", "2")[0] == 0
    (packed,) = results("packed").values()
    with tarfile.open(fileobj=io.BytesIO(packed)) as shard:
        made = {each.name: shard.extractfile(each).read() for each in shard}
    assert made.keys() >= {"a.png", "tries/a.png.versions.jpg", "tries/a.png.warm.png"}
    assert usual("colorize", *SIZE, "in/a.png", "--versions", "usual") == made["a.png"]
    found = results("usual")
    assert {f"tries/a.png{name[1:]}": content for name, content in found.items()} == {
        name: content for name, content in made.items() if name != "a.png"
    }
    assert rows("packed").keys() == {"a.png"}


@pytest.mark.parametrize("folder", ["/tries", "../tries", "_rechroma", "."])
def test_versions_go_into_the_destination(bulk, folder):
    code, _, err = bulk("colorize", "--versions", folder, "in", "out")
    assert code == 2
    assert "is no folder of DST" in err


def test_what_stands_beside_results():
    shared = Shared(Saving(), None)
    extras = Extras(variants=2, versions=Path("tries"))
    made = ColorizeOperation(ColorizeOptions(), extras, FilmOptions(), "auto", None, shared)
    Path("list.csv").write_text("uri,output\nin/0.png,tries/a.png\nin/1.png,sub/b.png\n")
    source = open_source("list.csv", columns=made.columns)
    source.beside = made.beside
    first, second = source.items()
    assert "results can't go where --versions go" in first.problem.what
    assert second.beside == ("sub/b.1.png", "sub/b.2.png", "tries/sub/b.png.versions.jpg")


@pytest.mark.usefixtures("scene")
def test_variants_are_a_part_of_the_result(bulk, results):
    command = ("colorize", *SIZE, "--variants", "1", "in", "out")
    assert bulk(*command)[0] == 0
    made = results("out")
    assert made.keys() == {"a.png", "a.1.png", "b.jpg", "b.1.jpg"}
    Path("out/b.1.jpg").unlink()
    Image.new("L", (9, 9)).save("in/a.1.png")  # its result would lie where a variant does
    code, _, err = bulk(*command)
    assert code == 1
    assert "another picture is written to" in err
    assert "or to a file beside it" in err
    assert "1 colorized, 1 skipped (done before), 1 failed" in err
    assert results("out") == made


def test_files_that_are_used_are_not_thrown_away(archive, monkeypatch):
    monkeypatch.setattr("rechroma.cluster.fetching._KEPT", 1)
    place = str(archive / "in")
    whole = {"mood": Column(lambda text, at: at(text))}
    scratch = Scratch(1)
    fetched = Fetched(scratch, whole)
    with fetched.options([("mood", f"{place}/0.png")]) as first:
        for number in range(1, 4):
            with fetched.options([("mood", f"{place}/{number}.png")]) as other:
                assert Path(other["mood"]).exists()
        assert Path(first["mood"]).read_bytes() == Path("in/0.png").read_bytes()
    assert len(fetched.places()) == 1
    scratch.close()
