"""`rechroma shards`, with its results read by tarfile, csv and Pillow."""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
import sys
import tarfile

import numpy as np
import pytest
from PIL import Image

from rechroma.cli import main
from rechroma.training.shards import Packing, pack, plan_shards
from rechroma.training.sources import find_pictures


def members_of(path):
    with tarfile.open(path) as shard:
        return {info.name: shard.extractfile(info).read() for info in shard}


def listed(output):
    with (output / "shards.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def shards_of(output):
    return {path.name: members_of(path) for path in sorted(output.glob("*.tar"))}


def test_every_picture_is_in_one_shard(photos, tmp_path, capfd):
    out = tmp_path / "out"
    command = ["shards", str(photos), "-o", str(out), "--side", "50", "--count", "5"]
    assert main(command) == 0, capfd.readouterr().err
    assert "3 shards written" in capfd.readouterr().err
    shards = shards_of(out)
    assert [len(members) for members in shards.values()] == [5, 5, 2]
    names = {name for members in shards.values() for name in members}
    assert len(names) == 12
    assert names == {f"deep/{n:02}.avif" for n in range(0, 12, 2)} | {
        f"{n:02}.avif" for n in range(1, 12, 2)
    }
    # A mixture: not one folder after the other.
    assert {name.startswith("deep/") for name in shards["00000.tar"]} == {True, False}
    for members in shards.values():
        for content in members.values():
            with Image.open(io.BytesIO(content)) as picture:
                assert (picture.format, picture.size) == ("AVIF", (60, 50))
                assert not picture.info.keys() & {"exif", "icc_profile", "xmp"}
    rows = listed(out)
    assert {(row["shard"], row["name"]) for row in rows} == {
        (shard, name) for shard, members in shards.items() for name in members
    }
    for row in rows:
        assert (photos / row["source"]).is_file()
        assert row["source"].rpartition(".")[0] == row["name"].rpartition(".")[0]
    # Nothing else is left there.
    assert len(list(out.iterdir())) == 4


@pytest.mark.parametrize(("encoding", "suffix"), [("jpeg", "jpg"), ("webp", "webp")])
def test_pictures_stay_what_they_show(tmp_path, encoding, suffix):
    ramp = np.linspace(0, 255, 200, dtype=np.uint8)
    pixels = np.stack(np.broadcast_arrays(ramp[None, :], ramp[:100, None], np.uint8(80)), -1)
    (tmp_path / "in").mkdir()
    # On its side, as cameras store it.
    exif = Image.Exif()
    exif[274] = 6
    Image.fromarray(np.rot90(pixels)).save(tmp_path / "in" / "a.png", exif=exif)
    plan = plan_shards(tmp_path / "in", tmp_path / "out", Packing(encoding, side=50, quality=95))
    assert pack(plan, 1, lambda _: None) == 1
    (name, content), *more = members_of(tmp_path / "out" / "00000.tar").items()
    assert (name, more) == (f"a.{suffix}", [])
    with Image.open(io.BytesIO(content)) as picture:
        small = np.asarray(picture.convert("RGB")).astype(int)
    wanted = np.asarray(Image.fromarray(pixels).resize((100, 50), Image.Resampling.BOX)).astype(int)
    assert small.shape == wanted.shape
    assert np.abs(small - wanted).mean() < 4


def test_kept_files_are_the_same_bytes_and_small_ones_stay_small(photos, tmp_path):
    for encoding in ("keep", "webp"):
        plan = plan_shards(photos, tmp_path / encoding, Packing(encoding, side=500))
        pack(plan, 2, lambda _: None)
    kept = members_of(tmp_path / "keep" / "00000.tar")
    assert len(kept) == 12
    for name, content in kept.items():
        assert content == (photos / name).read_bytes()
    for content in members_of(tmp_path / "webp" / "00000.tar").values():
        with Image.open(io.BytesIO(content)) as picture:
            assert picture.size == (120, 100)


def test_no_shard_is_larger_than_the_limit(photos, tmp_path):
    whole = sum(path.stat().st_size for path in photos.rglob("*.*"))
    limit = whole // 3
    pack(plan_shards(photos, tmp_path, Packing("keep", size_limit=limit)), 2, lambda _: None)
    shards = list(tmp_path.glob("*.tar"))
    assert sum(len(members_of(path)) for path in shards) == 12
    assert 3 <= len(shards) <= 6
    assert all(path.stat().st_size <= limit for path in shards)
    # Too large for any: alone.
    pack(plan_shards(photos, tmp_path / "1", Packing("keep", size_limit=1)), 2, lambda _: None)
    assert len(list((tmp_path / "1").glob("*.tar"))) == 12


def test_unreadable_pictures_are_named_and_the_rest_goes_on(photos, tmp_path, capfd):
    shutil.copytree(photos, tmp_path / "in")
    (tmp_path / "in" / "broken.jpg").write_bytes(b"no picture")
    Image.new("RGB", (9, 9)).save(tmp_path / "in" / "01.webp")
    assert main(["shards", str(tmp_path / "in"), "-o", str(tmp_path / "out")]) == 1
    err = capfd.readouterr().err
    assert "broken.jpg: can't be read as a picture" in err
    assert "01.webp: has the same name in a shard as" in err
    assert len(members_of(tmp_path / "out" / "00000.tar")) == 12


def test_the_same_command_goes_on(photos, tmp_path, capfd):
    command = ["shards", str(photos), "--count", "4", "--side", "40", "-o"]
    assert main([*command, str(tmp_path / "whole")]) == 0
    out = tmp_path / "out"
    shutil.copytree(tmp_path / "whole", out)
    # Killed after the second shard's list, before that shard.
    (out / "00001.tar").unlink()
    (out / "00002.tar").unlink()
    rows = (out / "shards.csv").read_text().splitlines(keepends=True)
    (out / "shards.csv").write_text("".join(rows[:9]) + rows[9][:7])
    first = (out / "00000.tar").stat().st_mtime_ns
    assert main([*command, str(out)]) == 0
    assert "2 shards written; 4 of 12 pictures were packed before" in capfd.readouterr().err
    assert (out / "00000.tar").stat().st_mtime_ns == first
    for path in sorted((tmp_path / "whole").iterdir()):
        assert (out / path.name).read_bytes() == path.read_bytes(), path.name
    assert main([*command, str(out)]) == 0
    assert "0 shards written; 12 of 12" in capfd.readouterr().err


def test_new_pictures_go_into_new_shards(photos, tmp_path):
    shutil.copytree(photos, tmp_path / "in")
    command = ["shards", str(tmp_path / "in"), "-o", str(tmp_path / "in" / "out"), "-q"]
    assert main(command) == 0
    Image.new("RGB", (30, 30), "red").save(tmp_path / "in" / "new.png")
    assert main(command) == 0
    assert [list(members) for members in shards_of(tmp_path / "in" / "out").values()][1:] == [
        ["new.avif"]
    ]


def test_shards_are_packed_anew(photos, tmp_path):
    pack(plan_shards(photos, tmp_path / "keep", Packing("keep", count=3)), 1, lambda _: None)
    plan = plan_shards(tmp_path / "keep", tmp_path / "new", Packing("webp"))
    assert pack(plan, 1, lambda _: None) == 1
    assert {row["source"].split(": ")[0] for row in listed(tmp_path / "new")} == {
        f"0000{number}.tar" for number in range(4)
    }
    refs = find_pictures(tmp_path / "new", outside=tmp_path / "none")
    assert [ref.read().width for ref in refs] == [120] * 12


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["in", "-o", "in"], "in: the pictures lie there, too"),
        (["none", "-o", "out"], "none: no pictures there"),
        (["in", "-o", "foreign"], r"foreign/a.tar: a shard that is not in shards.csv"),
        (["in", "-o", "out", "--size-limit", "big"], "'big' is no size such as 512MB"),
    ],
)
def test_what_makes_no_sense(photos, tmp_path, monkeypatch, capfd, arguments, message):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(photos, "in")
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "a.tar").write_bytes(b"")
    assert main(["shards", *arguments]) == 2
    assert message in capfd.readouterr().err


def test_packing_needs_no_pytorch(photos, tmp_path):
    code = (
        "import sys; from rechroma.cli import main; main(sys.argv[1:]); "
        "assert not {'torch', 'pydantic', 'timm'} & set(sys.modules)"
    )
    command = [sys.executable, "-c", code, "shards", str(photos), "-o", str(tmp_path / "out")]
    subprocess.run(command, check=True, capture_output=True)
