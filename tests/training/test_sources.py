"""Shards, against what tarfile and zipfile read of them."""

from __future__ import annotations

import io
import json
import multiprocessing
import shutil
import tarfile
import threading
import zipfile

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from skimage import data

from rechroma.errors import ConfigError, UnreadablePhotoError
from rechroma.training.catalog import (
    CatalogEntry,
    catalog,
    hold_out,
    read_stems,
    split_by_stem,
)
from rechroma.training.config import DataConfig
from rechroma.training.data import Batches
from rechroma.training.sources import PictureRef, find_pictures, index_shard
from rechroma.training.train import train

LONG = "/".join(["a folder with a long name"] * 6) + "/photo.png"
NAMES = ["a.png", "deep/b.JPG", "ümlaut/größe.webp", LONG, "x" * 120 + ".png", "./dotted.avif"]
OTHERS = ["a.json", "deep/b.cls", "._a.png", "__MACOSX/._b.jpg"]


def content_of(name):
    return name.encode() * (1 + len(name) % 40)


def write_tar(path, members, format=tarfile.PAX_FORMAT):  # noqa: A002 (tarfile's own word)
    with tarfile.open(path, "w", format=format) as shard:
        folder = tarfile.TarInfo("deep")
        folder.type = tarfile.DIRTYPE
        shard.addfile(folder)
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            shard.addfile(info, io.BytesIO(content))
        link = tarfile.TarInfo("link.png")
        link.type, link.linkname = tarfile.SYMTYPE, "a.png"
        shard.addfile(link)


def write_zip(path, members, method=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", method) as shard:
        for name, content in members.items():
            shard.writestr(name, content)


def files_below(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize(
    "format",  # tarfile's own word
    [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT],
)
def test_a_tar_is_read_as_tarfile_does(tmp_path, format):  # noqa: A002
    # The oldest of the formats has no room for long names.
    names = [n for n in NAMES if len(n) < 100] if format == tarfile.USTAR_FORMAT else NAMES
    write_tar(tmp_path / "s.tar", {name: content_of(name) for name in names + OTHERS}, format)
    refs = index_shard(tmp_path / "s.tar")
    assert [ref.name for ref in refs] == [name.removeprefix("./") for name in names]
    with tarfile.open(tmp_path / "s.tar") as shard:
        for ref, name in zip(refs, names, strict=True):
            member = shard.getmember(name)
            assert (ref.offset, ref.size) == (member.offset_data, member.size)
            assert ref.read_bytes() == shard.extractfile(member).read() == content_of(name)


def test_a_prefix_is_part_of_the_name(tmp_path):
    """100 to 255 bytes of a name are split in POSIX's own format."""
    name = "f" * 90 + "/" + "g" * 60 + ".png"
    write_tar(tmp_path / "s.tar", {name: b"1"}, tarfile.USTAR_FORMAT)
    assert [ref.name for ref in index_shard(tmp_path / "s.tar")] == [name]


def test_a_zip_is_read_as_zipfile_does(tmp_path):
    members = {name: content_of(name) for name in NAMES[:5] + OTHERS}
    with (tmp_path / "s.zip").open("wb") as file:
        # What stands before an archive moves every offset.
        file.write(b"#!/bin/sh\n")
        write_zip(file, members)
    refs = index_shard(tmp_path / "s.zip")
    assert [ref.name for ref in refs] == NAMES[:5]
    with zipfile.ZipFile(tmp_path / "s.zip") as shard:
        assert [ref.read_bytes() for ref in refs] == [shard.read(name) for name in NAMES[:5]]


def test_local_headers_may_be_longer_than_the_directory_says(tmp_path):
    """As `zip` writes them: time stamps in an extra field of another length."""
    info = zipfile.ZipInfo("a.png")
    info.extra = b"UT\x09\x00" + b"\x03" + b"\0" * 8
    with zipfile.ZipFile(tmp_path / "s.zip", "w") as shard:
        shard.writestr(info, b"content")
        shard.filelist[0].extra = b"UT\x05\x00" + b"\x03" + b"\0" * 4
    assert index_shard(tmp_path / "s.zip")[0].read_bytes() == b"content"


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA])
def test_compressed_members_are_named(tmp_path, method):
    write_zip(tmp_path / "07.zip", {"list.txt": b"x" * 99, "a.png": b"a" * 999}, method)
    with pytest.raises(ConfigError, match=r"07\.zip: a\.png is compressed.*zip -0"):
        index_shard(tmp_path / "07.zip")
    # What is no picture may be as it likes.
    write_zip(tmp_path / "08.zip", {"list.txt": b"x" * 99}, method)
    assert index_shard(tmp_path / "08.zip") == []


@pytest.mark.parametrize("kind", ["tar", "zip"])
@pytest.mark.parametrize("share", [0.0, 0.3, 0.7, 0.9])
def test_truncated_shards_name_themselves(tmp_path, kind, share):
    members = {f"{number}.png": bytes(700) for number in range(10)}
    path = tmp_path / f"train.{kind}"
    (write_tar if kind == "tar" else write_zip)(path, members)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    # Ten members and their headers: a tar's last third is padding.
    if kind == "tar" and share > 0.8:
        path.write_bytes(path.read_bytes()[: 512 * 31])
    with pytest.raises(ConfigError, match=rf"train\.{kind}: can't be read as a {kind}: "):
        index_shard(path)


def test_a_compressed_tar_is_no_shard(tmp_path):
    with tarfile.open(tmp_path / "s.tar", "w:gz") as shard:
        shard.addfile(tarfile.TarInfo("a.png"))
    with pytest.raises(ConfigError, match=r"s\.tar: can't be read as a tar"):
        index_shard(tmp_path / "s.tar")


@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_a_broken_member_names_shard_and_member(tmp_path, kind):
    good = io.BytesIO()
    Image.fromarray(data.coffee()).save(good, "AVIF")
    members = {"good.avif": good.getvalue(), "minipl_123.avif": good.getvalue()[:900]}
    (tmp_path / "train").mkdir()
    (write_tar if kind == "tar" else write_zip)(tmp_path / "train" / f"07.{kind}", members)
    with pytest.raises(
        ConfigError, match=rf"1 unreadable.*07\.{kind}: minipl_123\.avif: can't be read"
    ):
        catalog(tmp_path / "train", 1, tmp_path / "c.json")
    # What could be measured is remembered.
    assert len(json.loads((tmp_path / "c.json").read_text())) == 1


def test_a_shard_that_changed_is_noticed(tmp_path):
    write_zip(tmp_path / "s.zip", {"a.png": b"a" * 100, "b.png": b"b" * 100})
    ref = index_shard(tmp_path / "s.zip")[1]
    assert ref.read_bytes() == b"b" * 100
    write_zip(tmp_path / "s.zip", {"c.png": b"c" * 500})
    assert index_shard(tmp_path / "s.zip")[0].read_bytes() == b"c" * 500
    with pytest.raises(UnreadablePhotoError, match=r"s\.zip: b\.png: can't be read"):
        ref.read_bytes()
    (tmp_path / "s.zip").unlink()
    with pytest.raises(UnreadablePhotoError, match="No such file"):
        PictureRef(tmp_path / "gone.zip", "a.png", 0, 10).read_bytes()


def test_folders_tars_and_zips_mix(tmp_path):
    (tmp_path / "sub").mkdir()
    write_tar(tmp_path / "sub" / "1.tar", {"b.png": b"b", "d/e.png": b"e"})
    write_zip(tmp_path / "2.zip", {"a.png": b"a", "c.png": b"c"})
    (tmp_path / "sub" / "f.png").write_bytes(b"f")
    (tmp_path / "run" / "samples").mkdir(parents=True)
    (tmp_path / "run" / "samples" / "0.png").write_bytes(b"0")
    refs = find_pictures(tmp_path, outside=tmp_path / "run" / "samples")
    # In the order of names, as if all lay in folders.
    assert [ref.name for ref in refs] == ["a.png", "b.png", "c.png", "d/e.png", "sub/f.png"]
    assert [ref.read_bytes() for ref in refs] == [b"a", b"b", b"c", b"e", b"f"]


@pytest.fixture(scope="module")
def layouts(photos, tmp_path_factory):
    """The same pictures in a folder, in two tars, in two zips, and in all three."""
    root = tmp_path_factory.mktemp("layouts")
    members = files_below(photos)
    names = sorted(members)
    parts = [{name: members[name] for name in names[half::2]} for half in (0, 1)]
    for kind, writer in (("tar", write_tar), ("zip", write_zip)):
        (root / kind).mkdir()
        for number, part in enumerate(parts):
            writer(root / kind / f"{number}.{kind}", part)
    for name in names[::3]:
        (root / "mixed" / name).parent.mkdir(parents=True, exist_ok=True)
        (root / "mixed" / name).write_bytes(members[name])
    write_tar(root / "mixed" / "deep" / "1.tar", {name: members[name] for name in names[1::3]})
    write_zip(root / "mixed" / "2.zip", {name: members[name] for name in names[2::3]})
    return {"folder": photos, **{kind: root / kind for kind in ("tar", "zip", "mixed")}}


@pytest.mark.parametrize("kind", ["tar", "zip", "mixed"])
def test_samples_do_not_depend_on_where_the_pictures_lie(layouts, tmp_path, kind):
    runs = []
    for place in (layouts["folder"], layouts[kind]):
        pictures = catalog(place, 1, tmp_path / f"{place.name}.json")
        rest, apart = hold_out(pictures, 3)
        options = DataConfig(crop=32, workers=2 * (place != layouts["folder"]))
        batches = Batches(rest, options, 4, 5, torch.device("cpu"), conditioning=True).begin(0)
        samples = [tensor for _ in range(3) for tensor in next(batches)]
        runs.append(([p.ref.name for p in apart], [p.chroma for p in rest], samples))
    (names, chromas, samples), (others, same, crops) = runs
    assert names == others
    assert chromas == same
    assert all(torch.equal(one, other) for one, other in zip(samples, crops, strict=True))


def test_threads_and_forks_share_no_position(layouts):
    refs = find_pictures(layouts["zip"], outside=layouts["zip"] / "none")
    wanted = {ref.name: (layouts["folder"] / ref.name).read_bytes() for ref in refs}
    wrong = []

    def read_all():
        for _ in range(30):
            wrong.extend(ref.name for ref in refs if ref.read_bytes() != wanted[ref.name])

    threads = [threading.Thread(target=read_all) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with multiprocessing.get_context("fork").Pool(2) as pool:
        read = pool.map(PictureRef.read_bytes, refs * 20)
    assert not wrong
    assert read == [wanted[ref.name] for ref in refs] * 20


def test_the_cache_knows_members_and_shards_that_were_replaced(layouts, tmp_path):
    shutil.copytree(layouts["zip"], tmp_path / "zip")
    before = catalog(tmp_path / "zip", 1, tmp_path / "c.json")
    known = json.loads((tmp_path / "c.json").read_text())
    assert len(known) == 12
    # Figures come from the cache, not from a second measurement.
    (tmp_path / "c.json").write_text(json.dumps({key: [7.0, "seen", 8, 9] for key in known}))
    again = catalog(tmp_path / "zip", 1, tmp_path / "c.json")
    assert again == [CatalogEntry(picture.ref, 7.0, "seen", (8, 9)) for picture in before]
    shutil.copy(tmp_path / "zip" / "1.zip", tmp_path / "zip" / "0.zip")
    assert {picture.chroma for picture in catalog(tmp_path / "zip", 1, tmp_path / "c.json")} > {7.0}


def test_lists_of_stems(tmp_path):
    (tmp_path / "list.txt").write_text("a\n\n  b.avif \nc.d\ndeep/e.jpg\n", encoding="utf-8")
    stems = read_stems(tmp_path / "list.txt")
    assert stems == {"a", "b", "c.d", "e"}
    names = ["deep/a.png", "b.jpg", "c.d.png", "c.png", "ab.png"]
    pictures = [CatalogEntry(PictureRef(tmp_path / n, n), 9.0, n, (9, 9)) for n in names]
    rest, chosen = split_by_stem(pictures, stems)
    assert [p.ref.name for p in rest] == names[3:]
    assert [p.ref.name for p in chosen] == names[:3]
    for content in (b"", b"\n \n", b"\xff\xfe"):
        (tmp_path / "list.txt").write_bytes(content)
        with pytest.raises(ConfigError, match=r"list\.txt: "):
            read_stems(tmp_path / "list.txt")


def chosen_pictures(make_config, *overrides):
    from rechroma.training import train as module

    config = make_config(*overrides)
    config.output_dir.mkdir(exist_ok=True)
    training, validation = module._pictures(config)
    return [p.ref.stem for p in training], [p.ref.stem for p in validation]


def test_excluded_stems_are_never_trained_on(layouts, make_config, tmp_path):
    (tmp_path / "apart.txt").write_text("00\n03\n07\n")
    settings = [f"TRAIN_DIR={layouts['mixed']}", f"EXCLUDE={tmp_path / 'apart.txt'}"]
    training, validation = chosen_pictures(make_config, *settings)
    assert not {"00", "03", "07"} & {*training, *validation}
    assert len(training) + len(validation) == 9
    (tmp_path / "val.txt").write_text("01\n05\n")
    stems = f"VAL_STEMS={tmp_path / 'val.txt'}"
    for place in ([], [f"VAL_DIR={layouts['zip']}"], [f"VAL_DIR={layouts['mixed']}"]):
        training, validation = chosen_pictures(make_config, *settings, stems, *place)
        assert sorted(validation) == ["01", "05"]
        assert sorted(training) == ["02", "04", "06", "08", "09", "10", "11"]
    # One list may say both.
    both = [settings[0], f"VAL_STEMS={tmp_path / 'apart.txt'}", "HOLD_OUT=0"]
    training, validation = chosen_pictures(make_config, *both)
    assert sorted(validation) == ["00", "03", "07"]
    assert len(training) == 9


def test_copies_of_what_is_validated_on_are_refused(photos, make_config, tmp_path):
    shutil.copytree(photos, tmp_path / "photos")
    shutil.copy(photos / "01.png", tmp_path / "photos" / "copy.png")
    (tmp_path / "val.txt").write_text("01\n")
    settings = [f"TRAIN_DIR={tmp_path / 'photos'}", f"VAL_STEMS={tmp_path / 'val.txt'}"]
    with pytest.raises(ConfigError, match=r"01\.png is .*copy\.png.*EXCLUDE"):
        chosen_pictures(make_config, *settings)
    (tmp_path / "apart.txt").write_text("copy\n")
    chosen_pictures(make_config, *settings, f"EXCLUDE={tmp_path / 'apart.txt'}")
    (tmp_path / "val.txt").write_text("none\n")
    with pytest.raises(ConfigError, match=r"val\.txt: no picture has one of these stems"):
        chosen_pictures(make_config, *settings)


def test_a_run_on_shards_gives_the_weights_of_a_run_on_the_folder(layouts, make_config, tmp_path):
    ends = []
    for kind, workers in (("folder", 0), ("tar", 2)):
        config = make_config(
            f"TRAIN_DIR={layouts[kind]}", f"DATA.WORKERS={workers}", f"OUTPUT_DIR={tmp_path / kind}"
        )
        ends.append(load_file(train(config) / "ckpt_last.safetensors"))
    assert ends[0].keys() == ends[1].keys()
    assert all(torch.allclose(ends[0][name], ends[1][name], atol=1e-3) for name in ends[0])


@pytest.mark.parametrize("broken", ["size", "record"])
def test_damaged_archives_end_with_an_error(tmp_path, broken):
    """Both were walked for ever."""
    info = tarfile.TarInfo("a.png")
    info.size = 512
    header = bytearray(info.tobuf(tarfile.USTAR_FORMAT))
    content = bytearray(b"0 a=b\n".ljust(512, b"\0"))
    if broken == "size":
        header[124:136] = b"-0000001000\0"
    else:
        header[156:157] = b"x"
        header[124:136] = b"00000000006\0"
    (tmp_path / "00.tar").write_bytes(bytes(header) + bytes(content) + bytes(2048))
    with pytest.raises(ConfigError, match=r"00\.tar"):
        index_shard(tmp_path / "00.tar")
