"""How the service behaves when it is hurried, left alone, attacked or stopped."""

import asyncio
import io
import os
import signal
import socket
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection

import httpx
import numpy as np
import pytest
from PIL import Image

from rechroma.color import rgb_to_lab
from rechroma.errors import UsageError
from rechroma.web.middleware import _UPLOADS
from rechroma.web.problems import Problem
from rechroma.web.sessions import Sessions
from rechroma.web.settings import Settings, is_loopback

# A server that was told to stop ends by that signal, once everything is in order.
STOPPED = -signal.SIGTERM


def everything(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


@contextmanager
def asking(service, data):
    """Sends a picture; the connection ends with the block, whether there is an answer or not."""
    files = {"picture": ("a.png", data)}
    request = httpx.Request("POST", f"{service.base}/v1/colorize", files=files)
    connection = HTTPConnection(request.url.host, request.url.port)
    connection.request("POST", request.url.path, request.read(), dict(request.headers))
    try:
        yield
    finally:
        connection.close()


@pytest.fixture(scope="module")
def narrow(serve, conditioned):
    """One worker, a place for one that waits, and a megabyte a request."""
    limits = ("--workers", "1", "--max-queue", "1", "--max-upload", "1")
    with serve(conditioned, *limits) as service:
        yield service


def test_too_large_bodies(narrow, make_picture):
    data = make_picture() + os.urandom(1_200_000)
    answer = narrow.post(data)
    assert answer.status_code == 413

    def chunks():
        yield b"--x\r\n"
        yield b'Content-Disposition: form-data; name="picture"; filename="a.png"\r\n\r\n'
        for _ in range(12):
            yield data[:100_000]
        yield b"\r\n--x--\r\n"

    answer = httpx.post(
        f"{narrow.base}/v1/colorize", content=chunks(),
        headers={"Content-Type": "multipart/form-data; boundary=x"},
    )  # fmt: skip
    assert answer.status_code == 413
    assert narrow.post(make_picture()).status_code == 200


@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=x", "x"])
@pytest.mark.parametrize("path", ["/v1/archive", "/v1/sessions/leave", "/v1/sessions/a/planes"])
def test_too_much_json(served, path, kind):
    """It would be parsed where all requests are served, whatever it calls itself."""
    text = b'{"ids": [' + b"0," * 600_000 + b"0]}"

    def chunks():
        for start in range(0, len(text), 100_000):
            yield text[start : start + 100_000]

    for content in (text, chunks()):
        answer = served.line.post(
            f"{served.base}{path}", content=content, headers={"Content-Type": kind}
        )
        assert answer.status_code == 413
        assert answer.json()["mend"]


def test_where_files_are_sent(client):
    """Nowhere else may a request be as large as a picture."""
    paths = client.get("/openapi.json").json()["paths"]
    forms = {
        path
        for path, methods in paths.items()
        for each in methods.values()
        if "multipart/form-data" in each.get("requestBody", {}).get("content", {})
    }
    assert forms == set(_UPLOADS)


def half_sent(service, *parts):
    """Send a part of a large upload; return the connection."""
    host, port = service.base.removeprefix("http://").split(":")
    connection = socket.create_connection((host, int(port)))
    connection.sendall(
        b"POST /v1/sessions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 90000000\r\n"
        b"Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\n"
        b'Content-Disposition: form-data; name="picture"; filename="a.png"\r\n\r\n'
    )
    for part in parts:
        connection.sendall(part)
    return connection


def test_uploads_count_while_they_arrive(serve, conditioned, make_picture):
    with serve(conditioned, "--workers", "1", "--memory", "1") as service:
        data = make_picture()
        with half_sent(service, data, bytes(700_000)):
            service.until("rechroma_stored_bytes", len(data) + 700_000)
            assert len(everything(service.temp)) == 1
            beyond = service.post(data + bytes(500_000), "/v1/sessions")
            assert beyond.status_code == 429
            assert int(beyond.headers["retry-after"]) > 0
        service.until("rechroma_stored_bytes", 0)
        assert everything(service.temp) == []
        assert service.post(data).status_code == 200


def test_uploads_are_judged_by_their_first_bytes(served):
    """Not when all of it is here."""
    with half_sent(served, b"MZ" + bytes(100)) as connection:
        connection.settimeout(60)
        assert b"415" in connection.recv(1000)


@pytest.mark.posix
def test_beyond_the_queue(narrow, make_picture):
    """One is worked on, one waits, the third is turned away; afterwards all is as before."""
    small = make_picture()
    with ThreadPoolExecutor(2) as pool, narrow.standing():
        first = pool.submit(narrow.post, small)
        narrow.until("rechroma_jobs_running", 1)
        second = pool.submit(narrow.post, small)
        narrow.until("rechroma_queue_length", 1)
        third = narrow.post(small)
        assert third.status_code == 429
        assert int(third.headers["retry-after"]) >= 1
        assert third.headers["content-type"] == "application/problem+json"
        assert not first.done()
        assert not second.done()
    assert first.result().status_code == second.result().status_code == 200
    assert narrow.post(small).status_code == 200


@pytest.mark.posix
def test_what_takes_too_long(serve, conditioned, make_picture, wait_for):
    with serve(conditioned, "--workers", "1", "--timeout", "1") as service:
        with service.standing():
            answer = service.post(make_picture())
        assert answer.status_code == 503
        # It would take as long again.
        assert "retry-after" not in answer.headers
        assert "smaller" in answer.json()["mend"]
        wait_for(lambda: service.get("/readyz").status_code == 200)
        assert service.metric("rechroma_worker_restarts") == 1
        # On a busy machine a second may be too little for this one, too.
        wait_for(lambda: service.post(make_picture()).status_code == 200)


@pytest.mark.posix
def test_a_client_that_goes_takes_its_work_along(narrow, make_picture):
    before = narrow.metric("rechroma_worker_restarts")
    with narrow.standing():
        with asking(narrow, make_picture()):
            narrow.until("rechroma_jobs_running", 1)
        narrow.until("rechroma_worker_restarts", before + 1)
    assert narrow.post(make_picture()).status_code == 200
    narrow.until("rechroma_stored_bytes", 0)


@pytest.mark.posix
def test_one_that_waits_can_go_as_well(narrow, make_picture):
    before = narrow.metric("rechroma_worker_restarts")
    with ThreadPoolExecutor(1) as pool:
        with narrow.standing():
            first = pool.submit(narrow.post, make_picture())
            narrow.until("rechroma_jobs_running", 1)
            with asking(narrow, make_picture()):
                narrow.until("rechroma_queue_length", 1)
            narrow.until("rechroma_queue_length", 0)
        assert first.result().status_code == 200
        assert narrow.metric("rechroma_worker_restarts") == before


@pytest.mark.posix
def test_a_picture_that_is_closed_while_it_waits(narrow, make_picture):
    """Its file is gone then: that is no fault of the picture, and says nothing of the server."""
    key = narrow.post(make_picture(), "/v1/sessions").json()["id"]
    url = f"{narrow.base}/v1/sessions/{key}"
    with ThreadPoolExecutor(1) as pool:
        with narrow.standing():
            asked = pool.submit(narrow.line.post, f"{url}/picture", json={})
            narrow.until("rechroma_jobs_running", 1)
            assert narrow.line.delete(url).status_code == 204
        answer = asked.result()
    assert answer.status_code == 404
    assert answer.json()["mend"]
    assert str(narrow.temp) not in answer.text


@pytest.mark.posix
def test_a_worker_that_crashes(narrow, make_picture):
    """The one request fails, in words; the next one finds a new worker."""
    with ThreadPoolExecutor(1) as pool:
        with narrow.standing() as workers:
            first = pool.submit(narrow.post, make_picture())
            narrow.until("rechroma_jobs_running", 1)
            for worker in workers:
                os.kill(worker, signal.SIGKILL)
        assert first.result().status_code == 422
        assert "worker" in first.result().json()["detail"]
        assert narrow.post(make_picture()).status_code == 200


@pytest.mark.posix
def test_the_event_loop_is_never_blocked(served, make_picture):
    """While all work stands still, the server answers whatever needs none of it.

    `benchmarks/service.py` measures how soon.
    """
    with ThreadPoolExecutor(2) as pool:
        with served.standing():
            work = [pool.submit(served.post, make_picture()) for _ in range(2)]
            served.until("rechroma_jobs_running", 2)
            for path in ("/healthz", "/readyz", "/v1/models", "/", "/openapi.json"):
                assert served.get(path).status_code == 200
            # What is no picture is refused without a worker, too.
            assert served.post(b"hello").status_code == 415
            assert not any(each.done() for each in work)
        assert [each.result().status_code for each in work] == [200, 200]


@pytest.mark.posix
def test_no_file_is_left(serve, conditioned, make_picture, wait_for):
    """The page's line about privacy: no file after the end, also of pictures that stay open."""
    with serve(conditioned, "--workers", "1") as service:
        for seed in range(3):
            key = service.post(make_picture(seed=seed), "/v1/sessions").json()["id"]
            service.line.post(f"{service.base}/v1/sessions/{key}/picture", json={})
            service.post(make_picture(seed=seed))
        # A result is dropped just after its last byte is sent.
        wait_for(lambda: len(everything(service.temp)) == 3)
        folder = next(service.temp.iterdir())
        assert folder.stat().st_mode & 0o077 == 0
        service.process.send_signal(signal.SIGTERM)
        assert service.process.wait(60) == STOPPED
        assert list(service.temp.iterdir()) == []


@pytest.mark.posix
def test_it_drains_before_it_ends(serve, conditioned, make_picture, wait_for):
    with serve(conditioned, "--workers", "1") as service, ThreadPoolExecutor(1) as pool:
        with service.standing():
            work = pool.submit(service.post, make_picture())
            service.until("rechroma_jobs_running", 1)
            service.process.send_signal(signal.SIGTERM)
            wait_for(lambda: service.stops)
            assert not work.done()
            refused = service.post(make_picture())
            assert refused.status_code == 503
            assert int(refused.headers["retry-after"]) > 0
            assert refused.json()["mend"]
            assert service.get("/healthz").status_code == 200
            assert service.process.poll() is None
        assert work.result().status_code == 200
        assert service.process.wait(60) == STOPPED


# Run by each process of the service before anything else: its workers wait for a file.
HELD_UP = """
import os, sys, time
is_worker = any("spawn_main" in each for each in sys.orig_argv)
while is_worker and not os.path.exists(os.environ["WORKERS_MAY_BEGIN"]):
    time.sleep(0.05)
"""


def test_it_is_not_ready_before_the_model_is_loaded(
    serve, conditioned, make_picture, tmp_path, wait_for
):
    (tmp_path / "sitecustomize.py").write_text(HELD_UP)
    paths = [str(tmp_path), os.environ.get("PYTHONPATH", "")]
    begin = tmp_path / "begin"
    held_up = {"PYTHONPATH": os.pathsep.join(paths), "WORKERS_MAY_BEGIN": str(begin)}
    with serve(conditioned, "--workers", "1", wait=False, env=held_up) as service:
        for answer in (service.get("/readyz"), service.post(make_picture())):
            assert answer.status_code == 503
            assert "the model is being loaded" in answer.json()["detail"]
            assert int(answer.headers["retry-after"]) > 0
        assert service.get("/healthz").status_code == 200
        begin.touch()
        wait_for(lambda: service.get("/readyz").status_code == 200)
        assert service.post(make_picture()).status_code == 200


@pytest.mark.slow
def test_results_are_not_mixed_up(serve, conditioned):
    """200 requests, 16 at a time: each answer has its own picture's lightness."""

    def picture(seed):
        rng = np.random.default_rng(seed)
        small = Image.fromarray(rng.integers(0, 255, (5, 6), dtype=np.uint8))
        return small.resize((150, 125), Image.Resampling.BICUBIC)

    def one(seed):
        own = picture(seed)
        file = io.BytesIO()
        own.save(file, "PNG")
        while (answer := service.post(file.getvalue())).status_code == 429:
            time.sleep(0.2)
        result = np.asarray(Image.open(io.BytesIO(answer.content)))
        got = rgb_to_lab(result / 255.0)[..., 0]
        wanted = rgb_to_lab(np.repeat(np.asarray(own)[..., None], 3, 2) / 255.0)[..., 0]
        return answer.status_code == 200 and np.abs(got - wanted).max() < 1.5

    with serve(conditioned, "--workers", "2") as service, ThreadPoolExecutor(16) as pool:
        assert all(pool.map(one, range(200)))


def test_a_client_that_sends_slowly_holds_nobody_up(served, make_picture):
    host, port = served.base.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as slow:
        slow.sendall(
            b"POST /v1/colorize HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000000\r\n"
            b"Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\n"
        )
        assert served.post(make_picture()).status_code == 200


def test_a_page_that_is_closed_leaves_little_time():
    now = [0.0]
    sessions = Sessions(9, 100.0, lambda _: None, clock=lambda: now[0])
    gone, back = sessions.add("a", None), sessions.add("b", None)
    for key in (gone.id, back.id, "unknown"):
        sessions.leave(key, 5.0)
    now[0] = 4.0
    assert sessions.claim(back.id) is back  # a reload
    assert sessions.get(gone.id) is gone  # asked for before the farewell, and overtaken by it
    now[0] = 6.0
    sessions.sweep()
    assert len(sessions) == 1
    now[0] = 103.0
    assert sessions.get(back.id) is back
    now[0] = 202.0
    assert sessions.get(back.id) is back


def test_bodies_that_never_end():
    """The time limit on a request's arrival, on the application itself."""
    from fastapi import FastAPI, Request

    from rechroma.web.drain import Drain
    from rechroma.web.middleware import BodyLimit
    from rechroma.web.settings import Limits

    app = FastAPI()

    @app.post("/")
    async def _(request: Request):
        return len(await request.body())

    limited = BodyLimit(app, Limits(upload_bytes=100, body_seconds=0.2), Drain())
    sent = []

    async def receive():
        await asyncio.sleep(0.05)
        return {"type": "http.request", "body": b"x", "more_body": True}

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/", "headers": [], "query_string": b""}
    with pytest.raises(Problem) as late:
        asyncio.run(limited(scope, receive, send))
    assert late.value.status == 408


def test_sessions_end_by_themselves():
    now, dropped = [0.0], []
    sessions = Sessions(2, 10.0, lambda each: dropped.append(each.id), clock=lambda: now[0])
    first, second = sessions.add("a", None), sessions.add("b", None)
    assert first.id != second.id
    with pytest.raises(Problem) as full:
        sessions.check_room()
    assert full.value.status == 429
    now[0] = 8.0
    assert sessions.get(first.id) is first
    now[0] = 12.0
    sessions.check_room()
    assert dropped == [second.id]
    with pytest.raises(Problem) as gone:
        sessions.get(second.id)
    assert gone.value.status == 404
    now[0] = 19.0
    sessions.sweep()
    assert len(sessions) == 0


@pytest.mark.parametrize(
    ("host", "own"),
    [
        ("127.0.0.1", True), ("127.8.8.8", True), ("localhost", True), ("::1", True),
        ("[::1]", True), ("0.0.0.0", False),  # noqa: S104
        ("192.168.1.2", False), ("localhost.evil.com", False),
        ("", False),
    ],
)  # fmt: skip
def test_what_is_this_machine(host, own):
    assert is_loopback(host) is own


def test_beyond_this_machine_a_token_is_due():
    with pytest.raises(UsageError, match="token"):
        Settings(host="0.0.0.0")  # noqa: S104
    Settings(host="0.0.0.0", token="0123456789abcdef")  # noqa: S104, S106


@pytest.mark.parametrize("token", ["", "§", "0123456789abcde", "0123 456789abcdef", "ß" * 16])
def test_tokens_that_can_be_guessed_or_not_be_sent(token):
    with pytest.raises(UsageError) as error:
        Settings(token=token)
    assert "16" in error.value.mend
    assert not token or token not in str(error.value)


def test_a_port_that_is_taken_and_a_model_that_is_not_there(conditioned):
    import sys

    def run(*options):
        command = [sys.executable, "-m", "rechroma", "serve", "--no-browser", *options]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        answer = run("--port", str(taken.getsockname()[1]), "--model", str(conditioned))
    assert answer.returncode == 2
    assert "--port" in answer.stderr
    answer = run("--model", "nothing.onnx")
    assert answer.returncode == 4
    assert len(answer.stderr.strip().splitlines()) == 1
    assert run("--host", "0.0.0.0").returncode == 2  # noqa: S104


def test_who_only_watches_keeps_nobody_from_being_served(served, make_picture):
    """`/v1/models` runs in threads, of which there are only some: they are given back."""
    stop = threading.Event()
    served_to = [0] * 4

    def watch(number):
        with served.client() as client:
            while not stop.is_set():
                assert client.get("/v1/models").status_code == 200
                served_to[number] += 1

    with ThreadPoolExecutor(4) as pool:
        watching = [pool.submit(watch, number) for number in range(4)]
        try:
            # More requests than there are threads, and pictures between them.
            while sum(served_to) < 60 or not all(served_to):
                assert served.post(make_picture()).status_code == 200
        finally:
            stop.set()
        assert [each.result() for each in watching] == [None] * 4
