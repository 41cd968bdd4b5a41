"""Google's, Microsoft's and Hugging Face's stores: fsspec's own one in memory, by their names.

Their packages are not here. What they do with `mode="create"` is what these do: the first two ask
the store to refuse a file that is there, the third looks whether it is there and then writes.
"""

from __future__ import annotations

import sys
from pathlib import Path

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from fsspec.spec import AbstractFileSystem

from rechroma.cluster import stores
from rechroma.cluster.runs import start_run
from rechroma.cluster.store_errors import explained
from rechroma.cluster.stores import open_store
from rechroma.errors import ClusterError, MissingExtraError, UsageError

KINDS = ("gs", "az", "hf")
# Kind → class, of those that were used.
KNOWN = sys.modules[fsspec.register_implementation.__module__]._registry


def kind_of_store(name):
    class Memory(MemoryFileSystem):
        protocol = name
        store = {}  # noqa: RUF012 (as the class has it: one for all of its objects)
        pseudo_dirs = [""]  # noqa: RUF012

        @classmethod
        def _strip_protocol(cls, path):
            return MemoryFileSystem._strip_protocol(path.replace(f"{name}://", "memory://", 1))

        if name == "hf":
            pipe_file = AbstractFileSystem.pipe_file

    return Memory


@pytest.fixture(autouse=True)
def places(monkeypatch):
    """Stores of these kinds, empty."""
    monkeypatch.setattr(stores, "_SETTLED", 0.0)
    stores._remote_store.cache_clear()
    for name in KINDS:
        monkeypatch.setitem(KNOWN, name, kind_of_store(name))
    yield
    stores._remote_store.cache_clear()


@pytest.mark.parametrize("kind", [*KINDS, "memory"])
@pytest.mark.parametrize("create", ["as it is", "not known"])
def test_reading_and_writing(kind, create, monkeypatch):
    store = open_store(f"{kind}://box/archive")
    if create == "not known":  # a package of earlier years
        pipe = store._fs.pipe_file
        monkeypatch.setattr(store._fs, "pipe_file", lambda path, value: pipe(path, value))
    store.write("a/b.png", b"one")
    store.write("a/b.png", b"two")
    store.create("c.png", b"three")
    with pytest.raises(FileExistsError):
        store.create("c.png", b"four")
    assert store.read("c.png", (1, 3)) == b"hr"
    assert {each.name: each.size for each in store.entries()} == {"a/b.png": 3, "c.png": 5}
    assert [each.name for each in store.entries("a")] == ["a/b.png"]
    before = store.entry("c.png").version
    assert store.entry("c.png").version == before
    store.write("c.png", b"other")
    assert store.entry("c.png").version != before
    with store.open("c.png") as file:
        assert file.read() == b"other"
    for name in ("a/b.png", "c.png"):
        store.remove(name)
        store.remove(name)
        assert not store.exists(name)
    with pytest.raises(FileNotFoundError):
        store.read("c.png")


def test_whoever_writes_last_has_a_place_that_can_not_refuse(monkeypatch):
    store = open_store("hf://buckets/box")

    def other(_):
        store._fs.pipe_file("/buckets/box/run", b"another's")

    monkeypatch.setattr(stores.time, "sleep", other)
    with pytest.raises(FileExistsError):
        store.create("run", b"ours")


@pytest.mark.parametrize("kind", KINDS)
def test_one_run_at_a_time(kind):
    store = open_store(f"{kind}://box/color")
    run = start_run(store, {})
    with pytest.raises(FileExistsError):
        store.create("_rechroma/runs/00001.json", b"")
    store.entries = lambda _: iter(())  # it has looked before the other one began
    with pytest.raises(ClusterError, match="another run is under way"):
        start_run(store, {})
    run.end({})


@pytest.mark.usefixtures("archive")
def test_from_one_kind_of_store_to_another(colorize, results, rows):
    assert colorize("in", "out")[0] == 0
    for name in results("out"):
        path = Path("in", name.removesuffix(".png") if ".gif" in name else name)
        open_store("gs://box/scans").write(path.relative_to("in").as_posix(), path.read_bytes())
    assert colorize("gs://box/scans", "az://box/color")[1:] == (
        "",
        "7 colorized in az://box/color\n",
    )
    made = open_store("az://box/color")
    assert {name: made.read(name) for name in results("out")} == results("out")
    assert rows("out").keys() == results("out").keys()
    made.remove("1.png")
    open_store("gs://box/scans").write("2.png", Path("in/5.png").read_bytes())
    assert "2 colorized, 5 skipped" in colorize("gs://box/scans", "az://box/color")[2]
    assert made.read("2.png") == Path("out/5.png").read_bytes()
    assert made.read("1.png") == Path("out/1.png").read_bytes()


@pytest.mark.parametrize(
    ("place", "module", "package"),
    [
        ("gs://box", "gcsfs", "gcsfs"),
        ("az://box", "adlfs", "adlfs"),
        ("abfs://box", "adlfs", "adlfs"),
        ("hf://datasets/x/y", "huggingface_hub", "huggingface_hub"),
        ("s3://box", "s3fs", "s3fs"),
    ],
)
@pytest.mark.usefixtures("archive")
def test_a_kind_of_place_whose_package_is_missing(bulk, monkeypatch, place, module, package):
    monkeypatch.delitem(KNOWN, place.partition(":")[0], raising=False)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match=f"{package} is not installed"):
        open_store(place)
    for line in (("winter", place, "out"), ("winter", "in", place)):
        code, _, err = bulk("apply", *line)
        assert code == 4
        assert err == f"error: {place}: {package} is not installed: pip install {package}\n"


def test_a_kind_of_place_that_is_not_known():
    with pytest.raises(UsageError, match=r"Protocol not known.*s3, gs, az, hf"):
        open_store("nowhere://x")


@pytest.mark.parametrize(
    ("place", "keys"),
    [("gs://b", "GOOGLE_APPLICATION"), ("az://b", "AZURE_STORAGE"), ("hf://b", "HF_TOKEN"),
     ("s3://b", "AWS_ACCESS_KEY_ID")],
)  # fmt: skip
def test_which_keys_are_missing(place, keys, monkeypatch):
    assert keys in explained(place, RuntimeError("DefaultCredentialsError: not found")).mend
    if place.startswith("az"):

        def no_account(*_, **__):
            raise ValueError("Must provide either a connection_string or account_name")

        monkeypatch.setattr("fsspec.core.url_to_fs", no_account)
        with pytest.raises(UsageError) as raised:
            open_store(place)
        assert keys in raised.value.mend
