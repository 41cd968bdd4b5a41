"""The server's beginning and end, its folder, and what it says when something is wrong inside."""

import asyncio
import errno
import io
import signal
import socket
import subprocess
import tempfile
import zipfile
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import httpx
import pytest
import uvicorn
from starlette.datastructures import Headers

from rechroma.web import service as service_module
from rechroma.web.answer_schemas import CurrentModel
from rechroma.web.app import make_app
from rechroma.web.jobs import ResultFile, ResultFormat
from rechroma.web.problems import Problem, busy
from rechroma.web.routes import archive, status
from rechroma.web.schemas import Edit
from rechroma.web.server import _bound, _drain_seconds, _Server
from rechroma.web.service import card_of
from rechroma.web.settings import Settings
from rechroma.web.store import PrivateFolder, Store
from rechroma.web.uploads import ArrivingFile


def open_picture(service, data):
    assert service.post(data, "/v1/sessions").status_code == 201
    assert any(service.temp.iterdir())


def alive(pid):
    listed = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)],  # noqa: S607
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    state = listed.stdout.strip()
    return bool(state) and not state.startswith("Z")


@pytest.fixture
def hangups_count():
    """Under nohup, processes and their children ignore SIGHUP."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.posix
@pytest.mark.usefixtures("hangups_count")
def test_a_terminal_that_is_closed(serve, conditioned, make_picture):
    with serve(conditioned, "--workers", "1") as service:
        open_picture(service, make_picture())
        service.process.send_signal(signal.SIGHUP)
        assert service.process.wait(60) == -signal.SIGHUP
        assert list(service.temp.iterdir()) == []


@pytest.mark.posix
@pytest.mark.parametrize("first", [signal.SIGINT, signal.SIGTERM])
def test_who_does_not_want_to_wait(serve, conditioned, make_picture, wait_for, first):
    """A second Ctrl-C ends work that is under way, and still nothing stays."""
    with serve(conditioned, "--workers", "1") as service, ThreadPoolExecutor(1) as pool:
        open_picture(service, make_picture())
        with service.standing():
            work = pool.submit(service.post, make_picture())
            service.until("rechroma_jobs_running", 1)
            service.process.send_signal(first)
            wait_for(lambda: service.stops)
            service.process.send_signal(signal.SIGINT)
            service.process.wait(60)
        assert "Traceback" not in service.log.read_text()
        assert list(service.temp.iterdir()) == []
        assert work.exception() is not None or work.result().is_error


@pytest.mark.posix
def test_an_upload_that_stalls_is_not_waited_for(serve, conditioned):
    """Neither for the time that a request may take to arrive, nor for that of its work."""
    with serve(conditioned, "--workers", "1", "--timeout", "3600") as service:
        host, port = service.base.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as stalled:
            stalled.settimeout(60)
            stalled.sendall(
                b"POST /v1/sessions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9000\r\n"
                b"Content-Type: multipart/form-data; boundary=x\r\nExpect: 100-continue\r\n\r\n"
            )
            assert b"100" in stalled.recv(1000)
            service.process.send_signal(signal.SIGTERM)
            answer = stalled.makefile("rb").read()
        assert b"503" in answer
        assert b"stopping" in answer
        assert service.process.wait(60) == -signal.SIGTERM


@pytest.mark.posix
def test_what_a_killed_server_left(serve, conditioned, make_picture, wait_for):
    """Its workers end with it, and the next server removes its folder."""
    with serve(conditioned, "--workers", "1") as killed:
        open_picture(killed, make_picture())
        workers = killed.workers
        killed.process.kill()
        killed.process.wait()
        wait_for(lambda: not any(alive(pid) for pid in workers))
        left = set(killed.temp.iterdir())
        assert left
        with serve(conditioned, "--workers", "1", env={"TMPDIR": str(killed.temp)}):
            assert left.isdisjoint(killed.temp.iterdir())


@pytest.mark.posix
def test_folders_of_servers_that_run_are_left_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    first, left = PrivateFolder(), tmp_path / "rechroma-serve-left"
    left.mkdir()
    (left / "photograph").touch()
    (tmp_path / "rechroma-serve-link").symlink_to(tmp_path.parent)
    second = PrivateFolder()
    assert first.path.is_dir()
    assert not left.exists()
    assert tmp_path.parent.exists()
    for each in (first, second, second):
        each.close()
    assert [path.name for path in tmp_path.iterdir()] == ["rechroma-serve-link"]


def test_a_browser_that_comes_early_is_not_turned_away():
    with _bound(Settings(port=0)) as listener:
        socket.create_connection(listener.getsockname(), timeout=5).close()


def test_a_signal_before_the_service_begins():
    app = make_app(Settings())
    server = _Server(uvicorn.Config(app), app, 1)
    server.handle_exit(signal.SIGTERM, None)
    assert server.should_exit


def test_the_end_waits_for_as_long_as_a_request_may_take():
    settings = Settings()
    assert _drain_seconds(settings) >= settings.limits.seconds


def asked(app, path):
    async def ask():
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.get(path)

    return asyncio.run(ask())


def test_a_bug_is_a_problem_document():
    app = make_app(Settings())

    async def bug():
        raise ZeroDivisionError("secret")

    app.add_api_route("/bug", bug)
    answer = asked(app, "/bug")
    assert answer.status_code == answer.json()["status"] == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "secret" not in answer.text
    assert answer.json()["mend"]


def test_a_full_disk(monkeypatch, tmp_path):
    """What does not fit at the end, when the last bytes are written."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    store = Store(1000)
    file = ArrivingFile(store, "look", "a.cube", Headers())

    def full():
        raise OSError(errno.ENOSPC, "No space left on device")

    async def keep():
        await file.write(b"x")
        file.file.close()
        file.file = SimpleNamespace(close=full)
        try:
            await file.keep()
        finally:
            await file.close()

    with pytest.raises(Problem) as problem:
        asyncio.run(keep())
    assert problem.value.status == 507
    assert problem.value.mend
    assert list(store.folder.iterdir()) == []
    assert store.used == 0
    store.close()


def test_cards_are_read_once(monkeypatch):
    card = SimpleNamespace(name="a", version="1", license="CC0-1.0")
    read = []
    monkeypatch.setattr(service_module, "load_card", lambda model: read.append(model) or card)
    monkeypatch.setattr(status, "MODELS", ["one", "two"])
    current = CurrentModel(
        name="a", version="1", license="b", hints=True, reaches=["alike"], answers=True, methods=[],
        colorize={}, transfer={},
    )  # fmt: skip
    card_of.cache_clear()
    try:
        for _ in range(2):
            status.models(SimpleNamespace(model=lambda: current))
    finally:
        card_of.cache_clear()
    assert read == ["one", "two"]


def test_an_archive_waits_while_the_service_is_busy(tmp_path):
    """And what fails for good is named as its owner names it, with what mends it."""
    result = tmp_path / "made"
    result.write_bytes(b"picture")
    answers = [
        busy("full", seconds=0), busy("loading", status=503, seconds=0), ResultFile(result, "png"),
        Problem(503, "this took longer than 9 seconds", "make the picture smaller"),
    ]  # fmt: skip

    async def run(*_, **__):
        answer = answers.pop(0)
        if isinstance(answer, Problem):
            raise answer
        return answer

    def opened(key, name):
        return SimpleNamespace(id=key, upload=SimpleNamespace(name=name))

    store = Store(1000)
    service = SimpleNamespace(
        store=store, pool=SimpleNamespace(run=run), color_request=lambda *_: None,
        sessions=SimpleNamespace(get=lambda _: None),
    )  # fmt: skip
    pictures = [(opened("secret-1", "one.png"), Edit()), (opened("secret-2", "two.png"), Edit())]

    async def zipped():
        return b"".join([part async for part in archive._zipped(service, pictures, ResultFormat())])

    with zipfile.ZipFile(io.BytesIO(asyncio.run(zipped()))) as file:
        assert file.namelist() == ["one.color.png", "failed.txt"]
        assert file.read("one.color.png") == b"picture"
        failed = file.read("failed.txt").decode()
    assert failed == "two.png: this took longer than 9 seconds: make the picture smaller\n"
    store.close()
