"""What a source means: folders, shards, manifests; and stores."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rechroma.cli.bulk_columns import FILE
from rechroma.cluster.operation import Column
from rechroma.cluster.sources import open_source
from rechroma.cluster.store_errors import explained
from rechroma.cluster.stores import LocalStore, is_remote, open_store, parent_and_name
from rechroma.errors import UnreadablePhotoError, UnwritableFileError, UsageError

pytestmark = pytest.mark.usefixtures("archive")

COLUMNS = {"mood": FILE, "strength": Column(), "recolor": Column()}


def pack(path, members):
    with tarfile.open(path, "w") as shard:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            shard.addfile(info, io.BytesIO(content))


def test_a_folder():
    Path("in/.hidden.png").write_bytes(b"")
    Path("in/@eaDir").mkdir()
    Path("in/@eaDir/0.png").write_bytes(b"")
    Path("in/notes.txt").write_bytes(b"")
    Path("in/0.color.png").write_bytes(b"")
    Path("in/link.png").symlink_to("nowhere")
    source = open_source("in", exclude=["5.*"])
    items = list(source.items())
    assert sorted(item.output for item in items) == [
        *(f"{n}.png" for n in range(5)),
        "sub/0.gif.png",
    ]
    assert source.unreadable == {".txt": 1}
    assert source.results == 1
    assert all(item.version for item in items)
    assert len({item.key for item in items}) == len(items)


def test_one_picture(archive):
    (item,) = open_source("in/0.png").items()
    assert (item.uri, item.output) == (str(archive / "in/0.png"), "0.png")


@pytest.mark.parametrize("place", ["in", "in/b.tar"])
def test_shards_are_read_by_their_headers(archive, place):
    pack(
        "in/b.tar", {"x/one.png": b"11", "x/two.json": b"2", "three.PNG": b"333", "../up.png": b"4"}
    )
    source = open_source(place, exclude=["*.png", "sub"])
    items = {item.member: item for item in source.items()}
    assert items.keys() == {"x/one.png", "three.PNG"}, "none that leads elsewhere"
    item = items["three.PNG"]
    assert item.uri == f"tar://three.PNG::{archive}/in/b.tar"
    assert item.output == "b/three.PNG"
    assert open_store(item.root).read(item.name, item.span) == b"333"
    assert source.unreadable == {".json": 1}


def test_a_shard_that_is_none_is_an_item_with_a_problem():
    Path("in/b.tar").write_bytes(b"no tar at all" * 99)
    (item,) = open_source("in/b.tar").items()
    assert "no shard that can be read" in item.problem.what
    (item,) = open_source("in/c.tar").items()
    assert "there is no such file" in item.problem.what


def test_a_csv(archive):
    Path("list.csv").write_text(
        "uri, mood,strength\nin/0.png,moods/a.jpg,0.5\ns3://b/k/1.png,s3://b/m.jpg,\n"
        "/abs/2.gif,,\n,,\n3.png,a,b,c\n"
    )
    source = open_source("list.csv", columns=COLUMNS)
    first, second, third, empty, long = source.items()
    assert first.uri == str(archive / "in/0.png")
    assert first.options == (("mood", str(archive / "moods/a.jpg")), ("strength", "0.5"))
    assert first.version == ""
    assert (second.root, second.name, second.output) == ("s3://b/k", "1.png", "b/k/1.png")
    assert second.options == (("mood", "s3://b/m.jpg"),)
    assert third.output == "abs/2.gif.png"
    assert "row 4 names no picture" in empty.problem.what
    assert "more fields" in long.problem.what


def test_a_parquet():
    table = pa.table({"uri": ["a.png", "b.png"], "strength": [0.5, None], "recolor": [True, None]})
    pq.write_table(table, "list.parquet")
    first, second = open_source("list.parquet", columns=COLUMNS).items()
    assert first.options == (("recolor", "true"), ("strength", "0.5"))
    assert second.options == ()


@pytest.mark.parametrize("output", ["../a.png", "/a.png", "_rechroma/a.png", "a/", "a/../../b.png"])
def test_an_output_that_leads_elsewhere(output):
    Path("list.csv").write_text(f"uri,output\n0.png,{output}\n")
    (item,) = open_source("list.csv").items()
    assert "is no path in the destination" in item.problem.what


def test_manifests_that_make_no_sense():
    Path("a.csv").write_text("name\n1.png\n")
    with pytest.raises(UsageError, match="no column uri"):
        open_source("a.csv")
    Path("a.csv").write_text("uri,mod\n1.png,x\n")
    with pytest.raises(UsageError, match="unknown column 'mod'"):
        open_source("a.csv", columns=COLUMNS)
    Path("a.parquet").write_text("uri\n1.png\n")
    with pytest.raises(UnreadablePhotoError, match="is no Parquet file"):
        open_source("a.parquet")
    with pytest.raises(UnreadablePhotoError, match="there is no such file"):
        open_source("b.csv")


def test_a_local_store_writes_whole_and_stays_inside(tmp_path):
    tmp_path /= "store"
    store = LocalStore(tmp_path)
    store.write("a/b.txt", b"one")
    store.write("a/b.txt", b"two")
    assert store.read("a/b.txt") == b"two"
    assert [each.name for each in store.entries()] == ["a/b.txt"]
    assert list((tmp_path / "_rechroma/tmp").iterdir()) == []
    for name in ("../x", "/x", "a/../../x"):
        with pytest.raises(UsageError, match="leads out of"):
            store.write(name, b"")
    store.create("c", b"")
    with pytest.raises(FileExistsError):
        store.create("c", b"")
    (tmp_path / "_rechroma/tmp/left").write_bytes(b"by a writer that was killed")
    store.remove_unfinished()
    assert {each.name for each in store.entries()} == {"c", "a/b.txt"}


@pytest.mark.parametrize(
    ("place", "remote", "parent"),
    [
        ("s3://b/k/a.jpg", True, ("s3://b/k", "a.jpg")),
        ("hf://datasets/x/y/a.jpg", True, ("hf://datasets/x/y", "a.jpg")),
        ("file:///k/a.jpg", False, ("/k", "a.jpg")),
        ("/odd::name://x/a.jpg", False, ("/odd::name:/x", "a.jpg")),
    ],
)
def test_places(place, remote, parent):
    assert is_remote(place) is remote
    assert parent_and_name(place) == parent


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError("An error occurred (RequestTimeTooSkewed) when calling"), "clock is off"),
        (RuntimeError("Unable to locate credentials"), "there are no keys"),
        (PermissionError("The AWS Access Key Id you provided does not exist in our records."),
         "the keys are not valid"),
        (OSError("(PermanentRedirect) ... must be addressed using the specified endpoint"),
         "another region"),
        (FileNotFoundError("The specified bucket does not exist"), "no such bucket"),
        (FileNotFoundError(2, "No such file"), "no such file"),
        (RuntimeError('Could not connect to the endpoint URL: "http://x/"'), "does not answer"),
        (PermissionError("Access Denied"), "no right to read"),
        (OSError("Forbidden: https://x\nno access"), "no right to read"),
        (RuntimeError("Anonymous caller does not have storage.objects.list access"), "are no keys"),
        (RuntimeError("several\nlines"), "RuntimeError: several lines"),
        (ValueError("odd"), "can't be read: ValueError: odd"),
    ],
)  # fmt: skip
def test_errors_of_stores_are_one_clear_line(error, said):
    told = explained("s3://b", error)
    assert isinstance(told, UnreadablePhotoError)
    assert said in told.what
    assert told.mend
    assert "\n" not in str(told)
    assert isinstance(explained("s3://b", error, writing=True), UnwritableFileError)
