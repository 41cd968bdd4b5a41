"""Whole runs: every item once, what is missing or changed and nothing else, failures as rows."""

from __future__ import annotations

import io
import json
import os
import tarfile
from pathlib import Path

import pytest
from PIL import Image

from rechroma.cli import main
from rechroma.cluster import driver, worker
from rechroma.cluster.engine import Engine
from rechroma.cluster.options import ClusterOptions
from rechroma.errors import ClusterError

from .conftest import Threads

pytestmark = pytest.mark.usefixtures("archive")


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch):
    monkeypatch.setattr(worker, "_PAUSE", 0.0)


def test_results_are_those_of_the_ordinary_command(archive, colorize, model, rows, results):
    code, _, err = colorize("in", "out")
    assert (code, err) == (0, f"7 colorized in {archive / 'out'}\n")
    assert main(["colorize", "--model", model, "in", "-o", "usual", "--no-recolor"]) == 0
    usual = results("usual")
    usual["sub/0.gif.png"] = usual.pop("sub/0.png")  # nobody looks whether a name is taken
    assert results("out") == usual
    told = rows("out")
    assert told.keys() == usual.keys()
    for name, row in told.items():
        assert row["status"] == "done"
        assert row["bytes"] == len(usual[name])
        assert row["model"] == "tint 1"
        assert row["uri"] == str(archive / "in" / name.replace(".gif.png", ".gif"))


def test_again_does_nothing_and_starts_nothing(archive, colorize, monkeypatch):
    assert colorize("in", "out")[0] == 0
    monkeypatch.setattr(driver, "connected", None)
    code, _, err = colorize("in", "out")
    assert (code, err) == (0, f"7 skipped (done before) in {archive / 'out'}\n")


def test_what_is_missing_or_changed_is_done_and_nothing_else(colorize, rows, results):
    colorize("in", "out")
    before = rows("out")
    Path("out/0.png").unlink()
    Path("out/1.png").write_bytes(b"cut off")
    Image.new("L", (48, 32), 17).save("in/2.png")
    Image.linear_gradient("L").save("in/new.jpg")
    os.utime("in/3.png", ns=(1, 1))  # touched, with the same bytes
    code, out, _ = colorize("in", "out", "--json")
    *told, summary = map(json.loads, out.splitlines())
    assert code == 0
    names = {Path(each["output"]).name for each in told}
    assert names == {"0.png", "1.png", "2.png", "new.jpg"}
    assert summary["summary"]["skipped"] == 4
    after = rows("out")
    assert after.keys() == before.keys() | {"new.jpg"}
    assert (after["new.jpg"]["gray"], after["2.png"]["gray"]) == ("copied", "")
    assert {
        name for name in before if before[name]["output_hash"] != after[name]["output_hash"]
    } == {"2.png"}
    assert results("out")["1.png"] != b"cut off"
    assert "7 skipped" not in colorize("in", "out")[2]
    assert "8 skipped" in colorize("in", "out")[2]


def test_other_options_make_everything_anew(colorize, rows):
    colorize("in", "out")
    before = rows("out")
    assert "7 colorized" in colorize("in", "out", "--strength", "0.5")[2]
    after = rows("out")
    assert all(before[name]["output_hash"] != after[name]["output_hash"] for name in before)
    assert "7 colorized" in colorize("in", "out", "--strength", "0.5", "--overwrite")[2]


def test_failures_are_rows_and_are_tried_again_when_asked(archive, colorize, rows, results):
    Path("in/0.png").write_bytes(b"no picture")
    code, _, err = colorize("in", "out")
    assert code == 1
    assert f"error: {archive}/in/0.png: can't be read as a picture" in err
    row = rows("out")["0.png"]
    assert (row["status"], row["kind"], row["exit_code"], row["tries"]) == (
        "failed", "UnreadablePhotoError", 3, 1
    )  # fmt: skip
    assert "0.png" not in results("out")
    code, _, err = colorize("in", "out")
    assert code == 1
    assert "6 skipped (done before), 1 failed before" in err
    assert "1 failed" in colorize("in", "out", "--retry-failed")[2]
    Image.new("L", (48, 32), 17).save("in/0.png")  # changed: no need to ask
    assert colorize("in", "out")[0] == 0
    assert rows("out")["0.png"]["status"] == "done"


def test_all_failures_alike_give_their_own_code(colorize):
    Path("bad").mkdir()
    Path("bad/a.png").write_bytes(b"no")
    assert colorize("bad", "out")[0] == 3


def test_color_pictures_are_copied_and_called_kept(colorize, rows, results):
    hues = Image.new("HSV", (48, 32), (0, 200, 200))
    hues.putdata([(x * 5, 200, 200) for _ in range(32) for x in range(48)])
    hues.convert("RGB").save("in/hues.png")
    assert "1 left alone" in colorize("in", "out")[2]
    assert results("out")["hues.png"] == Path("in/hues.png").read_bytes()
    assert rows("out")["hues.png"]["status"] == "kept"


def test_an_item_that_is_deleted_after_it_was_listed(colorize, rows, threads):
    def delete(*_):
        Path("in/4.png").unlink(missing_ok=True)
        return False

    threads.lose = delete
    code, _, err = colorize("in", "out")
    assert code == 1
    assert "in/4.png: it is not there: deleted since it was listed" in err
    assert rows("out")["4.png"]["status"] == "failed"


def test_workers_that_die_are_replaced_and_nothing_is_lost(colorize, rows, threads):
    lost = []

    def lose(actor, _):
        lost.append(actor)
        return len(lost) in (1, 3, 5)

    threads.lose = lose
    assert colorize("in", "out")[0] == 0
    assert {row["status"] for row in rows("out").values()} == {"done"}
    assert len(rows("out")) == 7
    assert len(threads.actors) > 2


def test_a_cluster_with_another_version_of_ours(colorize, monkeypatch):
    monkeypatch.setattr("rechroma.cluster.worker.__version__", "9.9")
    code, _, err = colorize("in", "out")
    assert code == ClusterError.exit_code
    assert err.startswith("error: the cluster has Rechroma 9.9, and here is ")
    assert len(err.splitlines()) == 1


def test_an_item_over_which_workers_die_is_a_row(colorize, rows, threads):
    threads.lose = lambda _, jobs: any(job.item.name == "3.png" for job in jobs)
    code, _, err = colorize("in", "out")
    assert code == 1
    assert "3 workers have died over it" in err
    assert {name for name, row in rows("out").items() if row["status"] == "failed"} == {"3.png"}


def test_two_items_with_one_output(colorize):
    Path("list.csv").write_text("uri,output\nin/0.png,a.png\nin/1.png,a.png\nin/0.png,a.png\n")
    code, _, err = colorize("list.csv", "out")
    assert code == 1
    assert "in/1.png: another picture is written to" in err
    assert "1 named twice" in err
    assert Path("out/a.png").exists()


def test_fail_fast(colorize):
    for number in range(6):
        Path(f"in/{number}.png").write_bytes(b"no")
    code, _, err = colorize("in", "out", "--fail-fast", "--workers", "1")
    assert code != 0
    assert err.count("error:") < 6


def test_a_dry_run_writes_nothing(archive, colorize):
    code, out, _ = colorize("in", "out", "--dry-run")
    assert code == 0
    assert f"{archive}/in/0.png -> {archive}/out/0.png" in out.splitlines()
    assert not Path("out").exists()


def test_odd_names(colorize, results):
    name = os.fsdecode(b"new\nline \xff.png")
    Path("in/0.png").rename(Path("in", name))
    assert colorize("in", "out")[0] == 0
    assert name in results("out")
    assert "7 skipped" in colorize("in", "out")[2]


def test_variants_stand_beside_each_result(colorize):
    code, _, err = colorize("in", "out", "--variants", "1")
    assert code == 2  # this model has but one answer
    assert "error:" in err


@pytest.mark.parametrize(
    ("source", "destination"), [("in", "in"), ("in", "in/sub"), ("in/sub", "in")]
)
def test_a_destination_in_the_source_is_refused(colorize, source, destination):
    code, _, err = colorize(source, destination)
    assert code == 2
    assert "lie in each other" in err


def test_a_destination_with_other_files_is_refused(colorize):
    Path("out").mkdir()
    Path("out/0.png").write_bytes(b"mine")
    code, _, err = colorize("in", "out")
    assert code == 2
    assert "holds files that no run" in err
    assert Path("out/0.png").read_bytes() == b"mine"
    assert colorize("in", "out", "--overwrite")[0] == 0


def test_a_source_without_pictures(colorize):
    Path("empty").mkdir()
    Path("empty/notes.txt").write_text("none")
    code, _, err = colorize("empty", "out")
    assert code == 2
    assert "empty holds no picture" in err
    code, _, err = colorize("nowhere", "out")
    assert code == 3
    assert "nowhere: no such file or folder" in err


def test_per_item_options_of_a_manifest(archive, colorize, model, results):
    Path("list.csv").write_text(
        "uri,strength,output\n"
        "in/0.png,,plain.png\nin/0.png,0.5,half.png\nin/1.png,7,bad.png\n"
        f"{archive}/in/2.png,0,gray.png\n"
    )
    code, _, err = colorize("list.csv", "out")
    assert code == 1
    assert "strength: 7.0 is not in the range" in err
    assert (
        main(["colorize", "--model", model, "in/0.png", "-o", "half.png", "--strength", "0.5"]) == 0
    )
    found = results("out")
    assert found.keys() == {"plain.png", "half.png", "gray.png"}
    assert found["half.png"] == Path("half.png").read_bytes()
    assert found["plain.png"] != found["half.png"]
    Path("list.csv").write_text("uri,strength,output\nin/0.png,,plain.png\nin/0.png,0.6,half.png\n")
    code, _, err = colorize("list.csv", "out")
    assert (code, err.splitlines()[-1]) == (
        0, f"1 colorized, 1 skipped (done before) in {archive}/out"
    )  # fmt: skip


def test_shards_out_and_in_again(colorize, rows, results):
    colorize("in", "out")
    plain = results("out")
    assert colorize("in", "packed", "--shards", "3")[0] == 0
    packed = results("packed")
    assert len(packed) == 3
    members = {}
    for content in packed.values():
        with tarfile.open(fileobj=io.BytesIO(content)) as shard:
            members |= {each.name: shard.extractfile(each).read() for each in shard}
    assert members == plain
    assert "7 skipped" in colorize("in", "packed", "--shards", "3")[2]
    # One that is lost is made again, and one that no row knows is removed.
    next(Path("packed").glob("*.tar")).unlink()
    Path("packed/shard-00001-0000009.tar").write_bytes(b"of a driver that was killed")
    assert "skipped" in colorize("in", "packed", "--shards", "3")[2]
    assert not Path("packed/shard-00001-0000009.tar").exists()
    assert len(rows("packed")) == 7
    # Shards are a source, too.
    assert colorize("packed", "again")[0] == 0
    assert {name.partition("/")[2] for name in results("again")} == plain.keys()


@pytest.mark.parametrize(
    ("options", "has", "count"),
    [
        ({}, (4, 0), 4), ({"threads": 2}, (5, 0), 2), ({"workers": 9}, (1, 0), 9),
        ({"gpus": 2}, (8, 2), 2), ({"gpus": 2, "workers": 2}, (1, 0), 2),
        ({"gpus": 3}, (8, 2), None), ({"threads": 5}, (4, 0), None),
    ],
)  # fmt: skip
def test_how_many_workers_there_are(options, has, count):
    engine = Engine(Threads(*has))
    if count is None:
        with pytest.raises(ClusterError, match=f"the cluster has {has[0]} CPUs and {has[1]} GPUs"):
            driver._workers(engine, ClusterOptions(**options))
    else:
        assert driver._workers(engine, ClusterOptions(**options))[0] == count


def test_the_last_chunks_are_small(colorize, threads, monkeypatch):
    """So that no worker has much left when another has nothing."""
    monkeypatch.setattr(driver, "_CHUNK_SECONDS", 1000.0)
    for number in range(6, 90):
        Image.new("L", (48, 32), 2 * number).save(f"in/{number}.png")
    sizes = []

    def look(_, jobs):
        sizes.append(len(jobs))
        return False

    threads.lose = look
    assert colorize("in", "out")[0] == 0
    assert sum(sizes) == 91
    assert max(sizes) > 10
    assert sizes[-2:] == [1, 1]


POISON = """
import os, signal, time
from rechroma.cluster.operation import Prepared
from rechroma.batch.pictures import Saving
from rechroma.cluster.operation import Shared

class Poison:
    shared = Shared(Saving(), None)
    columns = {}
    signature = "poison"

    def prepare(self, files, threads, note):
        def work(photo):
            match photo.samples.shape[1]:
                case 11:
                    os.kill(os.getpid(), signal.SIGSEGV)
                case 12:
                    time.sleep(1000)
                case 13:
                    kept = [bytearray(1 << 30) for _ in range(100)]
                case 14:
                    os._exit(0)
            return photo.marked("tested")
        return Prepared(lambda own, task: (work, task), "")
"""


@pytest.mark.posix
def test_a_poisoned_item_costs_itself_alone(archive, rows, results, monkeypatch):
    Path("poison.py").write_text(POISON)
    monkeypatch.syspath_prepend(str(archive))
    import poison

    from rechroma.cluster.destination import open_destination
    from rechroma.cluster.driver import run_bulk
    from rechroma.cluster.options import BulkOptions, ClusterOptions
    from rechroma.cluster.sources import open_source

    class Quiet:
        row = progress = detail = staticmethod(lambda *_: None)

    for width in (11, 12, 13, 14):
        Image.new("L", (width, 20), 100).save(f"in/poison-{width}.png")
    source = open_source("in")
    store = open_destination("out", source, overwrite=False)
    options = BulkOptions(ClusterOptions(time_limit=5.0, memory_limit=1.0))
    counts = run_bulk(source, store, poison.Poison(), {}, "poison", options, Quiet(), {})
    assert counts.made == {"done": 7, "failed": 4}
    told = rows("out")
    kinds = {name: told[name]["kind"] for name in told if told[name]["status"] == "failed"}
    assert kinds == {
        "poison-11.png": "PictureCrashError", "poison-12.png": "TimeLimitError",
        "poison-13.png": "OutOfMemoryError", "poison-14.png": "PictureCrashError",
    }  # fmt: skip
    assert all(told[name]["tries"] == 2 for name in kinds)
    assert len(results("out")) == 7
