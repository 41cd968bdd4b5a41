"""One run at a time, by no clock but one's own; a ledger with one row an item."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import pytest

from rechroma.cluster import runs
from rechroma.cluster.index import Index, Verdict
from rechroma.cluster.items import Item, Job, Row, digest
from rechroma.cluster.ledger import Ledger
from rechroma.cluster.runs import past_runs, start_run
from rechroma.cluster.stores import LocalStore
from rechroma.errors import ClusterError


@pytest.fixture
def store(tmp_path):
    return LocalStore(tmp_path)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(runs, "_BEAT", 0.1)
    monkeypatch.setattr(runs, "_DEAD_AFTER", 1.0)
    monkeypatch.setattr(runs, "_LOOK_EVERY", 0.05)


def test_a_second_run_is_refused_while_the_first_lives(store):
    run = start_run(store, {})
    with pytest.raises(ClusterError, match="another run is under way"):
        start_run(store, {})
    run.end({})
    assert start_run(store, {}).number == 2


def test_whoever_takes_a_number_at_the_same_time_is_refused(store, monkeypatch):
    monkeypatch.setattr(store, "entries", lambda _: iter(()))
    start_run(store, {}).end({})
    with pytest.raises(ClusterError, match="another run is under way"):
        start_run(store, {})


def test_a_dead_process_of_this_machine_is_known_at_once(store, monkeypatch):
    monkeypatch.setattr(runs, "_DEAD_AFTER", 1000.0)
    code = ("import os, sys; from rechroma.cluster.runs import start_run;"
            "from rechroma.cluster.stores import open_store;"
            "start_run(open_store(sys.argv[1]), {}); os._exit(9)")  # fmt: skip
    subprocess.run([sys.executable, "-c", code, store.root], check=False)
    assert start_run(store, {}).number == 2


def test_a_machine_that_says_nothing_any_more_is_waited_for(store):
    facts = {
        "machine": "elsewhere",
        "process": 1,
        "beat": 7,
        "ended": None,
        "time": time.time() + 1e6,
    }  # its clock is wrong, and nobody looks at it
    store.write("_rechroma/runs/00004.json", json.dumps(facts).encode())
    start = time.monotonic()
    assert start_run(store, {}).number == 5
    assert time.monotonic() - start >= 1.0


def test_a_run_that_was_taken_for_dead_stops(store):
    run = start_run(store, {})
    store.write("_rechroma/runs/00002.json", b"{}")
    run._thread.join(timeout=10)
    with pytest.raises(ClusterError, match="another run has taken"):
        run.check()


def test_runs_say_what_they_were(store):
    start_run(store, {"source": "a"}).end({"seconds": 3})
    (facts,) = past_runs(store)
    assert (facts["source"], facts["seconds"]) == ("a", 3)


def row(name, status="done", content=b"c" * 32, version="1", signature="s"):
    item = Item("/in", name, name, version)
    output = f"/out/{name}" if status == "done" else ""
    return Row(
        f"/in/{name}", item.key, digest(version), content, status, output=output, output_name=name,
        bytes=3, output_hash=b"o" * 32, state=item.state(signature),
    )  # fmt: skip


def test_a_ledger_keeps_rows_and_one_of_each_item(store):
    ledger = Ledger(store, 1)
    first = ledger.add([row("a"), row("b", "failed"), row("odd \udcff")])
    second = Ledger(store, 2).add([row("b", content=b"d" * 32)])
    assert ledger.parts() == [first, second]
    with Index() as index:
        assert index.load(ledger, store) == 4
        index.purge(ledger)
    found = {each["output_name"]: each for part in ledger.parts() for each in ledger.rows(part)}
    assert sum(1 for part in ledger.parts() for _ in ledger.rows(part)) == 3
    assert found["b"]["status"] == "done"
    assert found["odd \\xff"]["rechroma"]
    Ledger(store, 3).add([row("a"), row("odd \udcff")])
    with Index() as index:
        index.load(ledger, store)
        index.purge(ledger)
    assert first not in ledger.parts(), "a part without rows is gone"


def judge(index, store, name, version="1", signature="s", **how):
    asked = {"again": False, "retry": False} | how
    return index.judge(Item("/in", name, name, version), signature, store, **asked)


def test_verdicts(store):
    ledger = Ledger(store, 1)
    names = ["done", "gone", "cut", "touched", "other", "failed", "failed, changed", "again"]
    part = ledger.add([row(name, "failed" if "failed" in name else "done") for name in names])
    for name in names:
        if name != "gone":
            store.write(name, b"cut off" if name == "cut" else b"abc")
    with Index() as index:
        index.load(ledger, store)
        index.find_results(store)
        assert judge(index, store, "done") is Verdict.DONE
        assert judge(index, store, "done") is Verdict.TWICE
        assert judge(index, store, "gone") == Job(Item("/in", "gone", "gone", "1"), None, part)
        assert judge(index, store, "cut").known is None
        touched = judge(index, store, "touched", version="2")
        assert (touched.known.content, touched.known.size) == (b"c" * 16, 3)
        assert judge(index, store, "other", signature="t").known is None
        assert judge(index, store, "failed") is Verdict.FAILED
        assert isinstance(judge(index, store, "failed, changed", version="2"), Job)
        assert isinstance(judge(index, store, "again", again=True), Job)
        new = judge(index, store, "new")
        assert (new.known, new.replaces) == (None, -1)
        clash = Item("/in", "x", "new", "1")
        assert index.judge(clash, "s", store, again=False, retry=False) is Verdict.CLASH
