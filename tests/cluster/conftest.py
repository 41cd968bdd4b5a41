"""Small archives; threads in the place of Ray, whose start takes longer than all of these tests."""

from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from contextlib import contextmanager
from pathlib import Path

import pyarrow.dataset as ds
import pytest
from PIL import Image

from rechroma.cli import main
from rechroma.cluster import driver
from rechroma.cluster.engine import Engine


class Threads:
    """What this package uses of Ray: each actor has threads, and dies when it is told to.

    Attributes:
        actors: Those that were made, in order.
        lose: Is asked before each call of `process`; the actor dies if it says so.
    """

    def __init__(self, cpus=1, gpus=0):
        self.actors = []
        self.cpus, self.gpus = cpus, gpus
        self.lose = lambda *_: False

    def remote(self, kind):
        return _Class(self, kind)

    def put(self, value):
        return value

    def get(self, future):
        return future.result()

    def wait(self, futures, *, num_returns, timeout):
        if num_returns == 1 and timeout:
            wait_for(futures, timeout, FIRST_COMPLETED)
        done = [each for each in futures if each.done()]
        return done, [each for each in futures if each not in done]

    def kill(self, actor):
        actor.dead = True

    def nodes(self):
        return [{"Alive": True, "Resources": {"CPU": self.cpus, "GPU": self.gpus}}]


class _Class:
    def __init__(self, ray, kind):
        self.ray, self.kind = ray, kind

    def options(self, **options):
        self.most = options["max_concurrency"]
        return self

    def remote(self, *arguments):
        actor = _Actor(self.ray, self.kind(*arguments), self.most)
        self.ray.actors.append(actor)
        return actor


class _Actor:
    def __init__(self, ray, made, most):
        self.ray, self.made, self.dead = ray, made, False
        self.pool = ThreadPoolExecutor(most)

    def __getattr__(self, name):
        return _Method(self, name)


class _Method:
    def __init__(self, actor, name):
        self.actor, self.name = actor, name

    def remote(self, *arguments):
        actor = self.actor
        if self.name == "process" and actor.ray.lose(actor, arguments[0]):
            actor.dead = True
        if actor.dead:
            lost = Future()
            lost.set_exception(RuntimeError("the actor died"))
            return lost
        return actor.pool.submit(getattr(actor.made, self.name), *arguments)


@pytest.fixture
def threads(monkeypatch):
    """The threads that stand for Ray."""
    ray = Threads()

    @contextmanager
    def connected(address):
        assert address is None
        try:
            yield Engine(ray)
        finally:
            for actor in ray.actors:
                actor.pool.shutdown(wait=True)
                actor.made.close()

    monkeypatch.setattr(driver, "connected", connected)
    return ray


@pytest.fixture
def archive(tmp_path, monkeypatch):
    """The current folder with `in/0.png` … `in/5.png` and `in/sub/0.gif`, all gray."""
    monkeypatch.chdir(tmp_path)
    Path("in/sub").mkdir(parents=True)
    for number in range(6):
        Image.new("L", (48, 32), 100 + 10 * number).save(f"in/{number}.png")
    Image.new("L", (48, 32), 90).save("in/sub/0.gif")
    return tmp_path


@pytest.fixture
def bulk(capfd):
    """Call `rechroma bulk …`: (exit code, stdout, stderr)."""

    def call(*arguments):
        capfd.readouterr()
        code = main(["bulk", *map(str, arguments)])
        return code, *capfd.readouterr()

    return call


@pytest.fixture
def colorize(bulk, model, threads):  # noqa: ARG001 (in the place of Ray)
    """Call `rechroma bulk colorize --model tint …`: (exit code, stdout, stderr)."""
    return lambda *arguments: bulk("colorize", "--model", model, *arguments)


@pytest.fixture
def rows():
    """The ledger of a local destination: output name → row; no two of one item."""

    def read(destination):
        found = ds.dataset(Path(destination, "_rechroma/ledger")).to_table().to_pylist()
        assert len({row["item"] for row in found}) == len(found)
        return {row["output_name"]: row for row in found}

    return read


def results(destination):
    """Name → bytes of the results in a folder."""
    root = Path(destination)
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and not path.is_relative_to(root / "_rechroma")
    }


@pytest.fixture(name="results")
def _results():
    return results
