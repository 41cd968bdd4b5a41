"""The page about a ledger: its numbers, its errors by kind, its sample; nothing from elsewhere."""

from __future__ import annotations

import io
import json
import re
import tarfile
from pathlib import Path

import pytest
from PIL import Image

from rechroma.cluster.items import Item, Row, digest
from rechroma.cluster.ledger import Ledger
from rechroma.cluster.runs import start_run
from rechroma.cluster.stores import LocalStore


def row(name, output="", **more):
    item = Item("/in", name, name, "1")
    facts = {"status": "done" if output else "failed", "seconds": 2.0, "model": "tint 1"} | more
    return Row(f"/in/{name}", item.key, digest("1"), b"", output=output, output_name=name,
               bytes=10 if output else 0, state=item.state("s"), **facts)  # fmt: skip


@pytest.fixture
def destination(tmp_path, monkeypatch):
    """A ledger of four items, one of them in a shard, and a row that a later one replaces."""
    monkeypatch.chdir(tmp_path)
    store = LocalStore(tmp_path / "out")
    run = start_run(store, {"operation": "colorize …", "source": "in"})
    out = io.BytesIO()
    Image.new("RGB", (60, 40), (200, 30, 30)).save(out, "PNG")
    store.write("a.png", out.getvalue())
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as shard:
        member = tarfile.TarInfo("b.png")
        member.size = out.tell()
        shard.addfile(member, io.BytesIO(out.getvalue()))
    store.write("s.tar", packed.getvalue())
    broken = {"kind": "UnreadablePhotoError", "error": "<b>: is broken", "mend": "mend it"}
    Ledger(store, 1).add([row("a.png", **broken), row("<i>.png", **broken, tries=2)])
    Ledger(store, 2).add([
        row("a.png", store.uri("a.png")), row("b.png", f"tar://b.png::{store.uri('s.tar')}"),
        row("gone.png", store.uri("gone.png")),
    ])  # fmt: skip
    run.end({"counts": {"done": 3, "failed": 1}, "seconds": 36.0, "workers": 2, "threads": 5})
    return "out"


def test_the_numbers(bulk, destination):
    code, out, _ = bulk("report", destination, "--json", "--price", "0.5")
    found = json.loads(out)
    assert code == 0
    assert found["items"] == 4, "one an item, whatever a run that was killed has left"
    assert found["statuses"] == {"done": 3, "failed": 1}
    assert found["errors"]["UnreadablePhotoError"]["count"] == 1
    assert found["retried"] == 1
    assert found["items_per_second"] == pytest.approx(4 / 36)
    assert found["cpu_hours"] == pytest.approx(36 * 2 * 5 / 3600)
    assert found["cost_per_thousand"] == pytest.approx(1000 * 0.1 * 0.5 / 4)


def test_the_page(bulk, destination):
    code, _, err = bulk("report", destination, "-o", "page.html")
    assert (code, err) == (0, "written: page.html\n")
    page = Path("page.html").read_text()
    assert page.count("data:image/jpeg;base64,") == 2
    assert "there is no such file" in page, "a result that is gone is said, and stops nothing"
    assert "&lt;b&gt;: is broken" in page
    assert "<b>" not in page
    assert not re.search(r"https?://", page)
    assert not re.search("<!--[A-Z]+-->", page)
    assert bulk("report", destination, "-o", "page.html")[0] == 1
    assert bulk("report", destination, "-o", "page.html", "--overwrite", "--sample", "0")[0] == 0


@pytest.mark.usefixtures("destination")
def test_a_place_without_a_ledger(bulk):
    Path("empty").mkdir()
    for place in ("empty", "nowhere"):
        code, _, err = bulk("report", place)
        assert (code, err.count("\n")) == (3, 1)
        assert "there is no ledger" in err
