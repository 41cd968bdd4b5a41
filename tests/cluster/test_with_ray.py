"""Ray itself: a cluster of two machines, what dies in it, and clusters that do not answer."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import pytest
import ray
from PIL import Image
from ray.cluster_utils import Cluster

from rechroma.cli import main
from rechroma.cluster.destination import open_destination
from rechroma.cluster.driver import run_bulk
from rechroma.cluster.options import BulkOptions, ClusterOptions
from rechroma.cluster.sources import open_source

# Ray leaves files to the collector of garbage.
pytestmark = [pytest.mark.posix, pytest.mark.filterwarnings("ignore::ResourceWarning")]


@pytest.fixture(scope="module")
def cluster():
    """A head without CPUs, and two more raylets of one CPU each."""
    for name in (
        "RAY_USAGE_STATS_ENABLED",
        "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO",
        "RAY_worker_niceness",
    ):
        os.environ[name] = "0"
    machine = {"object_store_memory": 80 << 20, "include_dashboard": False}
    found = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, **machine})
    for _ in range(2):
        found.add_node(num_cpus=1, object_store_memory=80 << 20)
    yield found
    ray.shutdown()
    found.shutdown()
    del found
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture
def usual(archive, model, results):  # noqa: ARG001 (the folder that it is in)
    """What the ordinary command makes of `in/`, which has 30 pictures."""
    for number in range(6, 30):
        Image.new("L", (48, 32), 4 * number).save(f"in/{number}.png")
    assert main(["colorize", "--model", model, "in", "-o", "usual", "--no-recolor"]) == 0
    made = results("usual")
    made["sub/0.gif.png"] = made.pop("sub/0.png")
    return made


def start(command, model, address):
    line = [*command, "bulk", "colorize", "--model", model, "in", "out", "--address", address]
    return subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.fixture
def command():
    return [sys.executable, "-c", "import sys, rechroma.cli; sys.exit(rechroma.cli.main())"]


def wait_for(condition):
    end = time.monotonic() + 400
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_worker_a_machine_and_the_driver_are_killed(
    cluster, command, model, usual, results, rows
):
    """Every item once, and the bytes of an undisturbed run."""
    driver = start(command, model, cluster.address)
    wait_for(lambda: len(results("out")) >= 3)
    os.kill(next(iter(workers())), signal.SIGKILL)
    wait_for(lambda: len(results("out")) >= 8)
    lost = cluster.worker_nodes.copy().pop()
    lost.all_processes["raylet"][0].process.send_signal(signal.SIGKILL)
    wait_for(lambda: len(results("out")) >= 14 or driver.poll() is not None)
    driver.kill()
    assert driver.communicate() == ("", ""), "what Ray thinks of it is not said here"
    cluster.remove_node(lost, allow_graceful=False)
    for name, content in results("out").items():
        assert content == usual[name], "whole or not at all"
    again = start(command, model, cluster.address)
    _, err = again.communicate(timeout=600)
    assert again.returncode == 0, err
    assert results("out") == usual
    found = rows("out")
    assert found.keys() == usual.keys()
    assert {row["status"] for row in found.values()} == {"done"}


def workers():
    """The processes of our actors, which Ray calls by their class."""
    for each in Path("/proc").iterdir():
        try:
            if (each / "cmdline").read_bytes().startswith(b"ray::Worker"):
                yield int(each.name)
        except (OSError, ValueError):
            continue


@pytest.mark.usefixtures("archive")
@pytest.mark.parametrize(
    ("address", "code", "said"),
    [
        ("127.0.0.1:1", 1, "no cluster answers at 127.0.0.1:1"),
        ("ray://127.0.0.1:1", 1, "no cluster answers at ray://127.0.0.1:1"),
        ("http://x", 2, "is no address of a cluster"),
    ],
)
def test_an_address_that_does_not_answer(bulk, model, address, code, said):
    found, _, err = bulk("colorize", "--model", model, "in", "out", "--address", address)
    assert found == code
    assert said in err
    assert len(err.splitlines()) == 1
    assert bulk("colorize", "--model", model, "in", "out", "--address", address)[0] == code


def test_another_version_of_ray():
    from rechroma.cluster.engine import _told

    error = RuntimeError(
        "Version mismatch: The cluster was started with:\n Ray: 2.9.0\n Python: 3.9"
    )
    assert "another version" in _told("auto", error).what


@pytest.mark.usefixtures("archive")
def test_ray_is_missing(bulk, model, monkeypatch):
    from rechroma.cluster import engine

    monkeypatch.setattr(engine, "find_spec", lambda name: None if name == "ray" else 1)
    code, _, err = bulk("colorize", "--model", model, "in", "out")
    assert code == 4
    assert err == "error: this command needs ray: pip install 'rechroma[cluster]'\n"


PROBE = """
import os
import time

from rechroma.batch.pictures import Saving
from rechroma.cluster.operation import Prepared, Shared


class Probe:
    shared = Shared(Saving(), None)
    columns = {}
    signature = "probe"

    def __init__(self, folder):
        self.folder = folder

    def beside(self, output):
        return ()

    def prepare(self, files, threads, note):
        seen = os.environ.get("CUDA_VISIBLE_DEVICES")
        (self.folder / seen).touch()
        while len(list(self.folder.iterdir())) < 2:
            time.sleep(0.05)

        def work(photo):
            time.sleep(1)
            return photo.marked("x")

        return Prepared(lambda own, task: (work, task), f"GPU {seen}")
"""


def test_each_worker_has_a_gpu(archive, monkeypatch, rows):
    """Of two that Ray is told are there: what a worker's child sees is one, and another each."""
    Path("probe.py").write_text(PROBE)
    monkeypatch.syspath_prepend(str(archive))
    import probe

    init, asked = ray.init, []

    def with_gpus(**options):
        asked.append(options)
        return init(**options | {"num_cpus": 2, "num_gpus": 2})

    monkeypatch.setattr(ray, "init", with_gpus)
    Path("seen").mkdir()
    source = open_source("in")
    store = open_destination("out", source, overwrite=False)

    class Quiet:
        row = progress = detail = staticmethod(lambda *_: None)

    counts = run_bulk(
        source, store, probe.Probe(archive / "seen"), {}, "probe",
        BulkOptions(ClusterOptions(gpus=2)), Quiet(), {},
    )  # fmt: skip
    assert counts.made == {"done": 7}
    assert {row["model"] for row in rows("out").values()} == {"GPU 0", "GPU 1"}
    assert asked[0]["address"] == "local"


@pytest.mark.usefixtures("archive")
def test_gpus_without_a_runtime_for_them(bulk, model, monkeypatch):
    monkeypatch.setattr(ray, "init", None)
    for given, said in ((("--gpus", "1"), "--gpus"), (("--device", "cuda"), "--device cuda")):
        code, _, err = bulk("colorize", "--model", model, *given, "in", "out")
        assert code == 4
        assert err.startswith(f"error: {said}: ONNX Runtime has no 'cuda' on this machine")
        assert len(err.splitlines()) == 1
        assert not Path("out").exists()
    code, _, err = bulk("colorize", "--gpus", "2", "--workers", "3", "in", "out")
    assert (code, err) == (
        2, "error: 3 workers and 2 GPUs: each worker has one GPU: leave out --workers, or --gpus\n"
    )  # fmt: skip
