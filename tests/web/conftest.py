"""A service in a process of its own, with a small model that takes hints and moods."""

from __future__ import annotations

import io
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from rechroma.color.bins import bin_centers
from rechroma.colorizer.conditioning import AB_SCALE, MOOD_SIZE

EXAMPLES = Path(__file__).parents[2] / "examples"
TEMPERATURE = 0.5


def conditioned_graph():
    """Colors that follow L, are drawn to hints where they stand, and to the mood everywhere."""
    centers = bin_centers().astype(np.float32)
    count = len(centers)
    along = centers @ np.array([1.0, 0.5], np.float32) / 60
    from_l = np.repeat(along[:, None, None, None], 16, axis=2).reshape(count, 1, 4, 4) / 1600
    from_hints = np.zeros((count, 3, 4, 4), np.float32)
    from_hints[:, :2] = (centers * AB_SCALE / 400)[:, :, None, None] / 16
    knots = np.stack(np.meshgrid(*[np.arange(-60, 61, 10)] * 2, indexing="ij"), -1).reshape(-1, 2)
    from_mood = np.zeros((MOOD_SIZE, count), np.float32)
    nearest = np.linalg.norm(knots[:, None] - centers[None], axis=2).argmin(1)
    from_mood[np.arange(len(knots)), nearest] = 3
    calm = (-np.linalg.norm(centers, axis=1) / 20).astype(np.float32)
    initial = {
        "wl": from_l.astype(np.float32),
        "bias": calm,
        "wh": from_hints,
        "wm": from_mood,
        "centers": centers.T[:, :, None, None],
        "temperature": np.array(TEMPERATURE, np.float32),
        "shape": np.array([1, count, 1, 1], np.int64),
    }
    nodes = [
        helper.make_node("Conv", ["lightness", "wl", "bias"], ["l"], strides=[4, 4]),
        helper.make_node("Conv", ["hints", "wh"], ["h"], strides=[4, 4]),
        helper.make_node("MatMul", ["mood", "wm"], ["m2"]),
        helper.make_node("Reshape", ["m2", "shape"], ["m"]),
        helper.make_node("Add", ["l", "h"], ["lh"]),
        helper.make_node("Add", ["lh", "m"], ["logits"]),
        helper.make_node("Div", ["logits", "temperature"], ["sharp"]),
        helper.make_node("Softmax", ["sharp"], ["p"], axis=1),
        helper.make_node("Conv", ["p", "centers"], ["chroma"]),
    ]
    port = helper.make_tensor_value_info
    return helper.make_graph(
        nodes,
        "conditioned",
        [
            port("lightness", TensorProto.FLOAT, ["n", 1, "h", "w"]),
            port("hints", TensorProto.FLOAT, ["n", 3, "h", "w"]),
            port("mood", TensorProto.FLOAT, [1, MOOD_SIZE]),
        ],
        [
            port("chroma", TensorProto.FLOAT, ["n", 2, "h4", "w4"]),
            port("logits", TensorProto.FLOAT, ["n", count, "h4", "w4"]),
        ],
        [numpy_helper.from_array(value, name) for name, value in initial.items()],
    )


@pytest.fixture(scope="session")
def conditioned(tmp_path_factory, make_card, save_model):
    """The path of a model that takes hints and moods and gives several answers."""
    path = tmp_path_factory.mktemp("model") / "conditioned.onnx"
    card = make_card("conditioned", hints=True, temperature=TEMPERATURE)
    return save_model(path, conditioned_graph(), card)


@pytest.fixture(scope="session")
def unconditioned(tmp_path_factory, make_card, save_model):
    """The path of a model that takes neither hints nor moods: a = L/2, b = -L/4."""
    weights = np.repeat(np.array([0.5, -0.25], np.float32)[:, None, None, None], 16, axis=3) / 16
    port = helper.make_tensor_value_info
    graph = helper.make_graph(
        [helper.make_node("Conv", ["lightness", "w"], ["chroma"], strides=[4, 4])],
        "unconditioned",
        [port("lightness", TensorProto.FLOAT, ["n", 1, "h", "w"])],
        [port("chroma", TensorProto.FLOAT, ["n", 2, "h4", "w4"])],
        [numpy_helper.from_array(weights.reshape(2, 1, 4, 4), "w")],
    )
    path = tmp_path_factory.mktemp("model") / "unconditioned.onnx"
    return save_model(path, graph, make_card("unconditioned"))


def plain_client(**options):
    """A client of plain HTTP: to read the certificates costs more than most requests here."""
    return httpx.Client(**{"verify": False, "timeout": 120, **options})


@dataclass
class Served:
    """A running service."""

    base: str
    process: subprocess.Popen
    temp: Path
    log: Path
    line: httpx.Client = field(default_factory=plain_client)

    def client(self, **options):
        return plain_client(base_url=self.base, **options)

    def get(self, path, **options):
        return self.line.get(f"{self.base}{path}", **options)

    def post(self, data, path="/v1/colorize", **options):
        """Send a picture."""
        return self.line.post(f"{self.base}{path}", files={"picture": ("a.png", data)}, **options)

    def metric(self, name):
        lines = self.get("/metrics").text.splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(name))

    def until(self, name, value):
        """Wait until a metric has this value."""
        wait_until(lambda: self.metric(name) == value)

    @property
    def workers(self):
        """The processes that work on pictures."""
        listed = subprocess.run(
            ["pgrep", "-P", str(self.process.pid), "-f", "spawn_main"],  # noqa: S607
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        return [int(pid) for pid in listed.stdout.split()]

    @property
    def stops(self):
        """Whether it has seen the signal to end."""
        answer = self.get("/readyz")
        return answer.status_code == 503 and "stopping" in answer.json()["detail"]

    @contextmanager
    def standing(self):
        """All workers stand still meanwhile: work is under way for as long as a test likes.

        One that stood still while it loads its model would never be given a job.
        """
        wait_until(lambda: self.metric("rechroma_workers_ready") == len(self.workers))
        workers = self.workers
        for pid in workers:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield workers
        finally:
            for pid in workers:
                # The service may have replaced it.
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)


def wait_until(condition):
    """Wait for what has to happen; how soon is no matter of a test."""
    for _ in range(2400):
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError("this did not happen")


@contextmanager
def serving(model, *options, wait=True, env=None, before=None):
    """Run `rechroma serve` on a free port, with a folder of its own for temporary files."""
    temp = Path(tempfile.mkdtemp(prefix="serving-"))
    log = temp.with_suffix(".log")
    command = [sys.executable, "-m", "rechroma", "serve", "--port", "0", "--no-browser"]
    with log.open("w") as out:
        process = subprocess.Popen(
            [*command, "--model", str(model), *options],
            stdout=out,
            stderr=out,
            env={**os.environ, "TMPDIR": str(temp), **(env or {})},
            preexec_fn=before,
        )
    try:
        base = _address(process, log)
        if wait:
            _wait_until_ready(base, process, log)
        served = Served(base, process, temp, log)
        with served.line:
            yield served
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(temp, ignore_errors=True)
        log.unlink(missing_ok=True)


def _address(process, log):
    for _ in range(1200):
        text = log.read_text()
        if "http://" in text:
            return "http://" + text.split("http://", 1)[1].split("/", 1)[0]
        assert process.poll() is None, text
        time.sleep(0.1)
    raise AssertionError(f"no address: {log.read_text()}")


def _wait_until_ready(base, process, log):
    with plain_client() as client:
        for _ in range(1200):
            if client.get(f"{base}/readyz").status_code == 200:
                return
            assert process.poll() is None, log.read_text()
            time.sleep(0.1)
    raise AssertionError(log.read_text())


@pytest.fixture(scope="session")
def wait_for():
    """wait_for(condition): wait until it holds."""
    return wait_until


@pytest.fixture(scope="session")
def serve():
    """serve(model, *options): a context with a running service."""
    return serving


@pytest.fixture(scope="session")
def served(conditioned):
    """A service that many tests share."""
    with serving(conditioned, "--workers", "2") as service:
        yield service


@pytest.fixture(scope="session")
def client(served):
    with served.client() as opened:
        yield opened


@pytest.fixture(scope="session")
def make_picture():
    """make_picture(format, size, mode, seed): the bytes of a picture."""

    def make(kind="PNG", size=(120, 80), mode="L", seed=0, **options):
        rng = np.random.default_rng(seed)
        small = rng.integers(20, 235, (6, 8, 3), dtype=np.uint8)
        picture = Image.fromarray(small).resize(size, Image.Resampling.BICUBIC).convert(mode)
        file = io.BytesIO()
        picture.save(file, kind, **options)
        return file.getvalue()

    return make


@pytest.fixture(scope="session")
def old_print():
    """A print with a paper border, faded and yellowed."""
    rng = np.random.default_rng(5)
    small = rng.integers(0, 255, (9, 12), dtype=np.uint8)
    picture = Image.fromarray(small).resize((360, 270), Image.Resampling.BICUBIC)
    inner = (np.asarray(picture) * 0.45 + 75)[..., None] * [1.0, 0.93, 0.78]
    sheet = np.full((330, 420, 3), [238, 230, 205], np.float64)
    sheet[30:300, 30:390] = inner
    file = io.BytesIO()
    Image.fromarray(sheet.astype(np.uint8)).save(file, "PNG")
    return file.getvalue()


@pytest.fixture(scope="session")
def make_film(tmp_path_factory):
    """make_film(shots, suffix, color): the bytes of a film of so many frames a shot, 96×64."""
    av = pytest.importorskip("av")

    def make(shots=(14, 12), suffix=".mp4", *, color=False, size=(96, 64), codec="libx264"):
        path = tmp_path_factory.mktemp("film") / f"film{suffix}"
        width, height = size
        y, x = np.mgrid[:height, :width].astype(float)
        with av.open(str(path), "w") as container:
            stream = container.add_stream(codec, rate=25)
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            for shot, count in enumerate(shots):
                waves = np.random.default_rng(shot).uniform(0.05, 0.5, (8, 2))
                for i in range(count):
                    light = sum(np.sin(a * (x + i) + b * y) for a, b in waves)
                    rgb = np.repeat((128 + 18 * light).clip(0, 255)[..., None], 3, axis=2)
                    if color:
                        rgb[..., 0] += 60 * np.sin(x / 9)
                        rgb[..., 2] -= 60 * np.cos(y / 7)
                    frame = av.VideoFrame.from_ndarray(rgb.clip(0, 255).astype(np.uint8), "rgb24")
                    container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        return path.read_bytes()

    return make


def _installed(*names):
    return next(filter(None, map(shutil.which, names)), None)


def _chromium(playwright):
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
             "--disable-background-networking", "--disable-component-update",
             "--disable-sync"]  # fmt: skip
    path = _installed("chromium", "chromium-browser", "google-chrome")
    return playwright.chromium.launch(executable_path=path, args=quiet)


def _firefox(playwright):
    path = _installed("firefox-esr", "firefox")
    return playwright.firefox.launch(executable_path=path, channel="moz-firefox")


@pytest.fixture(scope="module")
def browser():
    """Chromium, the system's own or the one that Playwright has installed; or Firefox.

    `RECHROMA_TEST_BROWSER=firefox` takes the system's Firefox, by the protocol that every browser
    is to speak (WebDriver BiDi).

    Not for the whole session: while Playwright is there its event loop runs in this thread, and
    tests of other modules run loops of their own.
    """
    from playwright.sync_api import sync_playwright

    start = _firefox if os.environ.get("RECHROMA_TEST_BROWSER") == "firefox" else _chromium
    with sync_playwright() as playwright:
        started = start(playwright)
        yield started
        started.close()
