"""Films over HTTP: their shots, stills, rendering, and what is refused."""

import asyncio
import io
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
import types
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rechroma.video import FilmProgress
from rechroma.web.settings import Settings

av = pytest.importorskip("av")

pytestmark = pytest.mark.posix
HINT = {"x": 30, "y": 20, "color": "#c22b2b"}


def open_film(client, data, name="street.mp4"):
    answer = client.post("/v1/films", files={"film": (name, data)})
    assert answer.status_code == 201, answer.text
    return answer.json()


def when(client, key, *stages):
    """The film, as soon as it has come so far."""
    found = {}

    def is_there():
        found.update(client.get(f"/v1/films/{key}").json())
        return found["state"]["stage"] in stages

    for _ in range(2400):
        if is_there():
            return found
        time.sleep(0.05)
    raise AssertionError(found)


def render(client, key, **options):
    answer = client.post(f"/v1/films/{key}/render", json=options or None)
    assert answer.status_code == 202, answer.text
    return when(client, key, "done", "failed")


def frames_of(data):
    with av.open(io.BytesIO(data)) as container:
        return [frame.to_ndarray(format="rgb24").astype(int) for frame in container.decode(video=0)]


def chroma_of(frame):
    return float(np.mean(frame.max(axis=2) - frame.min(axis=2)))


@pytest.fixture
def film(client, make_film):
    opened = open_film(client, make_film())
    yield when(client, opened["id"], "ready")
    client.delete(f"/v1/films/{opened['id']}")


def problem_of(answer, status):
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["mend"]
    return answer.json()["detail"]


def test_a_film_from_beginning_to_end(client, served, make_film):
    assert served.get("/v1/films").json()["missing"] == ""
    data = make_film()
    opened = open_film(client, data)
    key = opened["id"]
    assert (opened["name"], opened["width"], opened["height"]) == ("street.mp4", 96, 64)
    assert (opened["frames"], opened["in_color"]) == (26, False)
    ready = when(client, key, "ready")
    assert ready["shots"] == 2
    shots = client.get(f"/v1/films/{key}/shots").json()
    assert [(each["number"], each["frames"]) for each in shots] == [(1, 14), (2, 12)]
    assert [round(each["seconds"], 2) for each in shots] == [0, 0.56]
    assert client.get(f"/v1/films/{key}/shots?after=1").json() == shots[1:]
    small = client.get(f"/v1/films/{key}/shots/2/preview")
    assert small.headers["content-type"] == "image/jpeg"
    assert Image.open(io.BytesIO(small.content)).size == (96, 64)
    done = render(client, key)
    assert done["state"]["stage"] == "done"
    result = client.get(f"/{done['result']}")
    assert result.headers["content-type"] == "video/mp4"
    colored = frames_of(result.content)
    assert len(colored) == 26
    assert min(map(chroma_of, colored)) > 5 > max(map(chroma_of, frames_of(data)))
    assert client.get(f"/{done['original']}").content == data
    assert served.metric("rechroma_stored_bytes") > len(data) + len(result.content)
    assert client.delete(f"/v1/films/{key}").status_code == 204
    assert problem_of(client.get(f"/v1/films/{key}"), 404) == "this film is not open any more"
    problem_of(client.get(f"/{done['result']}"), 404)


def test_parts_of_a_result_can_be_asked_for(client, film):
    assert film["options"] is None
    done = render(client, film["id"], crf=30)
    assert (done["options"]["crf"], done["options"]["strength"]) == (30, 1)
    result = done["result"]
    whole = client.get(f"/{result}")
    assert whole.headers["accept-ranges"] == "bytes"
    part = client.get(f"/{result}", headers={"Range": "bytes=10-29"})
    assert (part.status_code, part.content) == (206, whole.content[10:30])
    assert part.headers["content-range"] == f"bytes 10-29/{len(whole.content)}"
    assert client.get(f"/{result}", headers={"Range": "bytes=99999999-"}).status_code == 416
    saved = client.get(f"/{result}?download=true").headers["content-disposition"]
    assert saved == 'attachment; filename="street.color.mp4"'


def test_a_still_that_is_colored_here_is_followed_through_its_shot(client, film):
    key = film["id"]
    still = f"/v1/films/{key}/shots/2"
    opened = client.post(f"{still}/open")
    assert opened.status_code == 201
    picture = opened.json()
    assert (picture["width"], picture["height"], picture["name"]) == (96, 64, "street-0002.png")
    assert client.post(f"/v1/sessions/{picture['id']}/planes", json={}).status_code == 200
    problem_of(client.get(f"{still}/preview?still=true"), 404)
    shot = client.post(f"{still}/color", json={"hints": [HINT], "strength": 1.5}).json()
    assert (shot["still"], shot["edit"]["hints"][0]["color"]) == (True, "#c22b2b")
    assert client.get(f"{still}/preview?still=true").status_code == 200
    client.post(f"{still}/color", json={"strength": 0})
    told = frames_of(client.get(f"/{render(client, key)['result']}").content)
    # The first shot knows nothing of it.
    assert max(map(chroma_of, told[15:25])) < 4 < min(map(chroma_of, told[:12]))
    assert client.delete(f"{still}/still").json()["still"] is False


def test_a_still_of_ones_own(client, film):
    key = film["id"]
    red = io.BytesIO()
    Image.new("RGB", (48, 32), (150, 60, 60)).save(red, "PNG")
    sent = client.post(
        f"/v1/films/{key}/shots/1/still", files={"picture": ("mine.png", red.getvalue())}
    )
    assert sent.json()["still"] is True
    assert sent.json()["edit"] is None
    frames = frames_of(client.get(f"/{render(client, key)['result']}").content)
    means = frames[5].mean(axis=(0, 1))
    assert means[0] > means[1] + 40
    assert client.get(f"/v1/films/{key}").json()["stills"] == 1
    assert client.delete(f"/v1/films/{key}/shots/1/still").json()["still"] is False
    bad = client.post(f"/v1/films/{key}/shots/1/still", files={"picture": ("a.png", b"no")})
    problem_of(bad, 415)


def test_hints_moods_and_the_options_of_a_film(client, film, make_picture):
    key = film["id"]
    mood = client.post("/v1/sessions", files={"picture": ("m.png", make_picture(mode="RGB"))})
    done = render(
        client, key, hints=[{"seconds": 0.2, **HINT}], mood=mood.json()["id"], codec="ffv1",
        end="0.4", vividness=0.9,
    )  # fmt: skip
    assert done["state"]["stage"] == "done", done
    answer = client.get(f"/{done['result']}")
    assert answer.headers["content-type"] == "video/x-matroska"
    assert len(frames_of(answer.content)) == 10
    for options, words in [
        ({"crf": 70}, "crf"),
        ({"codec": "theora"}, "there is no codec 'theora'"),
        ({"start": "soon"}, "the time 'soon' can't be read"),
        ({"temperature": 0.2}, "temperature"),
    ]:
        refused = client.post(f"/v1/films/{key}/render", json=options)
        assert words in problem_of(refused, 422)
    outside = render(client, key, hints=[{"seconds": 0, "x": 500, "y": 5, "color": "red"}])
    assert outside["state"]["stage"] == "failed"
    assert outside["state"]["problem"] == "a hint at 500, 5 lies outside of street.mp4"
    # What was there before is still there.
    assert client.get(f"/{outside['result']}").content == answer.content


def test_a_film_in_color_is_colored_if_that_is_wanted(client, make_film):
    opened = open_film(client, make_film((8,), color=True))
    assert opened["in_color"] is True
    refused = client.post(f"/v1/films/{opened['id']}/render", json={})
    assert problem_of(refused, 422) == "street.mp4 is in color already"
    assert render(client, opened["id"], recolor=True)["state"]["stage"] == "done"
    client.delete(f"/v1/films/{opened['id']}")


def test_what_is_no_film(client, served, make_film, make_picture):
    used = served.metric("rechroma_stored_bytes")
    for name, data in [
        ("a.mp4", make_picture()), ("b.mp4", b""), ("c.mp4", b"#EXTM3U\nhttp://example.com/a.ts\n"),
        ("d.mp4", make_picture("AVIF", mode="RGB")), ("e.mp4", b"GIF89a" + bytes(500)),
        ("f.mp4", b"ffconcat version 1.0\nfile /etc/passwd\n"),
    ]:  # fmt: skip
        refused = client.post("/v1/films", files={"film": (name, data)})
        assert problem_of(refused, 415) == f"{name} is not a film of a kind that is read here"
        assert refused.json()["code"] == "no-film"
    cut = client.post("/v1/films", files={"film": ("../cut.mp4", make_film()[:900])})
    detail = problem_of(cut, 422)
    assert detail.startswith("cut.mp4: ")
    assert "rechroma-serve" not in cut.text
    assert served.metric("rechroma_stored_bytes") == used
    nobody = client.get("/v1/films/nobody")
    assert problem_of(nobody, 404)
    assert nobody.json()["code"] == "film-not-open"
    assert problem_of(client.get("/v1/media/nobody/original"), 404)


@pytest.mark.parametrize(
    "suffix_and_codec",
    [(".mkv", "libx264"), (".avi", "mpeg4"), (".ts", "mpeg2video"), (".mov", "mpeg4"),
     (".flv", "flv"), (".mpg", "mpeg2video"), (".webm", "libvpx")],
)  # fmt: skip
def test_films_of_other_kinds(make_film, suffix_and_codec):
    from rechroma.web.film_kinds import film_media_type

    suffix, codec = suffix_and_codec
    data = make_film((3,), suffix, codec=codec)
    assert film_media_type(data[:256]).startswith("video/")


def test_limits(serve, conditioned, make_film):
    limits = ("--max-film", "1", "--max-film-minutes", "0.02", "--max-film-pixels", "6143")
    with serve(conditioned, "--workers", "1", *limits) as service, service.client() as client:
        said = client.get("/v1/films").json()["limits"]
        assert said == {"bytes": 1 << 20, "seconds": pytest.approx(1.2), "pixels": 6143}
        large = client.post("/v1/films", files={"film": ("a.mp4", make_film() + bytes(1 << 20))})
        assert "1,048,576 bytes" in problem_of(large, 413)
        wide = client.post("/v1/films", files={"film": ("a.mp4", make_film())})
        assert "6,144 pixels, more than the 6,143" in problem_of(wide, 413)
        assert wide.json()["code"] == "film-too-large"
        small = make_film((40,), size=(64, 64))
        long = client.post("/v1/films", files={"film": ("a.mp4", small)})
        assert "more than the 0.02 that this service takes" in problem_of(long, 413)
        key = open_film(client, make_film((20,), size=(64, 64)))["id"]
        assert render(client, key)["state"]["stage"] == "done"


def test_there_are_only_so_many(serve, conditioned, make_film):
    from rechroma.web.settings import Limits

    data = make_film((4,))
    with serve(conditioned, "--workers", "1") as service, service.client() as client:
        for _ in range(Limits().films):
            open_film(client, data)
        refused = client.post("/v1/films", files={"film": ("a.mp4", data)})
        assert problem_of(refused, 429) == "8 films are open at once"
        assert refused.json()["code"] == "too-many-films"
        assert refused.headers["retry-after"]


def test_the_end_leaves_nothing(serve, conditioned, make_film):
    with serve(conditioned, "--workers", "1") as service, service.client() as client:
        key = open_film(client, make_film((300,)))["id"]
        client.post(f"/v1/films/{key}/render")
        service.process.send_signal(signal.SIGTERM)
        service.process.wait(60)
        assert not any(service.temp.iterdir())


def test_without_pyav(serve, conditioned, make_film, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(
        "import importlib.util as u\nfind = u.find_spec\n"
        "u.find_spec = lambda name, *more: None if name == 'av' else find(name, *more)\n"
    )
    env = {"PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])}
    with serve(conditioned, "--workers", "1", env=env) as service, service.client() as client:
        assert "pip install 'rechroma[video]'" in client.get("/v1/films").json()["missing"]
        refused = client.post("/v1/films", files={"film": ("a.mp4", make_film((4,)))})
        assert "not installed" in problem_of(refused, 501)
        assert refused.json()["code"] == "films-not-installed"
        assert "pip install 'rechroma[video]'" in refused.json()["mend"]


def test_with_a_token_players_need_the_films_address_alone(serve, conditioned, make_film):
    token = "a-token-of-this-test"  # noqa: S105
    env, known = {"RECHROMA_TOKEN": token}, {"Authorization": f"Bearer {token}"}
    with serve(conditioned, "--workers", "1", env=env) as service:
        data = make_film((4,))
        with service.client(headers=known) as client:
            opened = open_film(client, data)
        assert service.get(f"/v1/films/{opened['id']}").status_code == 401
        assert service.get(f"/{opened['original']}").content == data
        assert service.get(f"/v1/media/{'x' * 32}/original").status_code == 404


def rendering_process(client, served, key, wait_for):
    """Begin to render a film; return the process that does it, and those from before."""
    when(client, key, "ready")
    wait_for(lambda: len(served.workers) == 2)
    workers = set(served.workers)
    client.post(f"/v1/films/{key}/render")
    wait_for(lambda: set(served.workers) - workers)
    (pid,) = set(served.workers) - workers
    return pid, workers


def test_pictures_are_answered_while_a_film_is_rendered(
    client, served, make_film, make_picture, wait_for
):
    key = open_film(client, make_film((20,)))["id"]
    pid, _ = rendering_process(client, served, key, wait_for)
    # However fast it is, it is not done meanwhile.
    os.kill(pid, signal.SIGSTOP)
    when(client, key, "rendering")
    assert served.post(make_picture()).status_code == 200
    refused = client.post(f"/v1/films/{key}/render")
    assert problem_of(refused, 409) == "street.mp4 is being rendered"
    assert client.get(f"/v1/films/{key}").json()["state"]["stage"] == "rendering"
    client.delete(f"/v1/films/{key}")


def test_a_process_that_dies_costs_a_shot_and_no_more(client, served, make_film, wait_for):
    key = open_film(client, make_film((200, 200)))["id"]
    pid, workers = rendering_process(client, served, key, wait_for)
    os.kill(pid, signal.SIGKILL)
    state = when(client, key, "failed", "done")["state"]
    assert (state["stage"], state["problem"]) == (
        "failed", "working on this film ended its process"
    )  # fmt: skip
    assert state["mend"] == "try again: it goes on from there"
    assert state["code"] == "film-crashed"
    assert set(served.workers) == workers
    client.delete(f"/v1/films/{key}")


def test_a_full_disk(serve, conditioned, make_film):
    """What is done is kept, and nothing is sent as if it were whole."""
    data = make_film((12,))
    most = len(data) + 3000

    def limited():
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    options = ("--workers", "1")
    with (
        serve(conditioned, *options, before=limited) as service,
        service.client() as client,
    ):
        large = client.post("/v1/films", files={"film": ("a.mp4", data + bytes(4000))})
        assert problem_of(large, 507) == "the service's disk is full"
        key = open_film(client, data)["id"]
        failed = render(client, key, codec="ffv1")
        assert failed["state"]["problem"] == "the service's disk is full"
        assert failed["result"] is None
        assert render(client, key, crf=45)["state"]["stage"] == "done"


def test_a_film_that_grows_out_of_the_room_is_stopped(monkeypatch, tmp_path):
    """By what it has on the disk, which others write; what is done of it stays."""
    from rechroma.web import films
    from rechroma.web.film_jobs import FilmFacts
    from rechroma.web.store import Store
    from rechroma.web.worker_state import Upload

    async def render_apart(task, _folder, tell):
        if "seconds" in task.keywords:
            return 1.0
        (task.keywords["task"].folder / "segment").write_bytes(bytes(5000))
        await tell(FilmProgress(1, 10, 0, 1.0, 9.0))
        raise AssertionError("it goes on")

    async def work():
        store = Store(4000)
        opened = films.Films(Settings(), store)
        path = store.new("film")
        path.write_bytes(bytes(100))
        film = opened.add(Upload(path, "a.mp4"), FilmFacts(96, 64, 1.0, 10, 10.0, in_color=False))
        opened.render(film, None, None)
        await film.rendering
        size, problem = store.used, film.problem
        await opened.end(film.id)
        left = store.used
        store.close()
        return size, problem, film.stage, left

    monkeypatch.setattr(films, "run_apart", render_apart)
    monkeypatch.setattr(films, "_MEASURE", -1.0)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    size, problem, stage, left = asyncio.run(work())
    assert size > 5100
    assert (problem.status, stage, left) == (507, "failed", 0)
    assert "no room for more of this film" in problem.detail
    assert not any(tmp_path.iterdir())


def test_what_was_cancelled_goes_on(client, make_film, wait_for):
    key = open_film(client, make_film((30,) * 12))["id"]
    client.post(f"/v1/films/{key}/render", json={"crf": 24})
    found = {}

    def is_under_way():
        found.update(client.get(f"/v1/films/{key}").json()["state"])
        return found["stage"] == "done" or found["frames"] > 60

    wait_for(is_under_way)
    assert (found["stage"], found["total"]) == ("rendering", 360)
    assert client.post(f"/v1/films/{key}/cancel").json()["state"]["stage"] == "stopped"
    client.post(f"/v1/films/{key}/render")
    first = {}

    def tells():
        first.update(client.get(f"/v1/films/{key}").json()["state"])
        return first["frames"] > 0 or first["stage"] == "done"

    wait_for(tells)
    # At least a shot was done.
    assert first["stage"] == "done" or first["frames"] > 30
    done = when(client, key, "done")
    assert len(frames_of(client.get(f"/{done['result']}").content)) == 360
    client.delete(f"/v1/films/{key}")


def test_what_a_killed_service_has_begun_goes_on(serve, conditioned, make_film, wait_for, tmp_path):
    """The same film with the same options, by segments that are there already."""
    options = ("--workers", "1", "--films", str(tmp_path / "films"))
    data = make_film((30,) * 12)
    with serve(conditioned, *options) as service, service.client() as client:
        key = open_film(client, data)["id"]
        when(client, key, "ready")
        edit = {"hints": [HINT]}
        assert client.post(f"/v1/films/{key}/shots/3/color", json=edit).status_code == 200
        client.post(f"/v1/films/{key}/render", json={"crf": 24})
        segments = tmp_path / "films" / key / "result.mp4.rechroma"
        wait_for(lambda: (segments / "00003.nut").exists())
        os.kill(service.process.pid, signal.SIGKILL)
        service.process.wait()
    state = json.loads((segments / "state.json").read_text())
    kept = [segments / each["name"] for each in state["segments"]]
    done = [path.stat() for path in kept]
    assert len(done) >= 3
    part = tmp_path / "films" / ("0f" * 16)
    part.write_bytes(b"a part of an upload")
    with serve(conditioned, *options) as service, service.client() as client:
        found = client.get(f"/v1/films/{key}").json()
        assert (found["state"]["stage"], found["shots"], found["stills"]) == ("stopped", 12, 1)
        assert client.get(f"/v1/films/{key}/shots").json()[2]["edit"]["hints"][0]["x"] == 30
        assert not part.exists()
        second = subprocess.run(
            [sys.executable, "-m", "rechroma", "serve", "--port", "0", *options],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert second.returncode == 2
        assert "is used by another service" in second.stderr
        client.post(f"/v1/films/{key}/render")
        first = {}

        def tells():
            first.update(client.get(f"/v1/films/{key}").json()["state"])
            return first["frames"] > 0 or first["stage"] != "rendering"

        wait_for(lambda: client.get(f"/v1/films/{key}").json()["state"]["stage"] != "waiting")
        wait_for(tells)
        # What it goes on from is not made anew.
        assert [path.stat() for path in kept] == done
        assert first["frames"] > 90
        ended = when(client, key, "done", "failed")
        assert ended["state"]["stage"] == "done", ended
        assert len(frames_of(client.get(f"/{ended['result']}").content)) == 360
        client.delete(f"/v1/films/{key}")
    left = [path.name for path in (tmp_path / "films").rglob("*") if path.is_file()]
    assert left == [".rechroma-films"]


FACTS = {"width": 96, "height": 64, "seconds": 1, "frames": 10, "rate": 10, "in_color": False}


@contextmanager
def films_in(folder, temp, monkeypatch):
    """Open films, without a service, a worker or a film's process."""
    from rechroma.web.films import Films
    from rechroma.web.store import Store

    monkeypatch.setattr(tempfile, "tempdir", str(temp))
    store = Store(1 << 20)
    opened = Films(Settings(films=folder and str(folder)), store)
    try:
        yield opened
    finally:
        if opened._lock is not None:
            os.close(opened._lock)
        store.close()


def test_a_folder_with_other_files_is_refused_and_left_as_it_is(tmp_path):
    from rechroma.errors import UsageError
    from rechroma.web.films import take_folder

    own = [tmp_path / "holiday.mp4", tmp_path / "Documents" / "thesis.txt"]
    own[1].parent.mkdir()
    for path in own:
        path.write_text("mine")
    with pytest.raises(UsageError, match=r"has other files in it.*empty"):
        take_folder(tmp_path)
    assert [path.read_text() for path in own] == ["mine", "mine"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["Documents", "holiday.mp4"]


def test_only_uploads_that_did_not_arrive_are_removed(tmp_path, monkeypatch, caplog):
    """Neither other people's files nor films whose record is of another version."""
    folder = tmp_path / "films"
    with films_in(folder, tmp_path, monkeypatch):
        pass
    cut, sent, broken, good = (folder / (letter * 32) for letter in "abcd")
    cut.write_bytes(b"part")
    for each in (sent, broken, good, folder / "Documents"):
        (each / "shots").mkdir(parents=True)
        (each / "film").write_bytes(b"film")
    (folder / "holiday.mp4").write_bytes(b"mine")
    record = {"name": "a.mp4", "ticket": "t", "facts": FACTS, "shots": []}
    (good / "film.json").write_text(json.dumps(record))
    (broken / "film.json").write_text(json.dumps({"title": "of another version"}))
    (broken / "result.mp4").write_bytes(b"hours of work")
    with films_in(folder, tmp_path, monkeypatch) as opened:
        assert opened.get(good.name).record.name == "a.mp4"
    left = {path.name for path in folder.iterdir()}
    kept = {"holiday.mp4", "Documents", broken.name, good.name}
    assert left - {".rechroma-films"} == kept
    assert (broken / "result.mp4").read_bytes() == b"hours of work"
    assert (folder / "Documents" / "film").exists()
    assert f"{broken}: no film that can be gone on with, left as it is" in caplog.text


def added(opened, seconds=1.0):
    """A film that was sent."""
    from rechroma.web.film_jobs import FilmFacts
    from rechroma.web.worker_state import Upload

    path = opened._store.new("film")
    path.write_bytes(bytes(100))
    return opened.add(Upload(path, "a.mp4"), FilmFacts(96, 64, seconds, 10, 10.0, in_color=False))


def test_a_rendering_that_is_cancelled_before_it_begins_blocks_nothing(tmp_path, monkeypatch):
    from rechroma.web import films
    from rechroma.web.film_jobs import Rendered

    async def apart(task, _folder, _tell):
        return 1.0 if "seconds" in task.keywords else Rendered("result.mp4", ())

    async def work(opened):
        film = added(opened)
        await film.finding
        opened.render(film, None, None)
        await opened.cancel(film)
        stages = [film.stage]
        opened.render(film, None, None)
        await film.rendering
        return [*stages, film.stage]

    monkeypatch.setattr(films, "run_apart", apart)
    with films_in(None, tmp_path, monkeypatch) as opened:
        assert asyncio.run(work(opened)) == ["stopped", "done"]


def test_a_process_whose_start_is_cancelled_is_ended(tmp_path, monkeypatch):
    from rechroma.web import film_process

    begun, go_on, done = threading.Event(), threading.Event(), []

    class Process:
        def __init__(self, _task, _folder):
            begun.set()
            assert go_on.wait(60)

        def kill(self):
            done.append("killed")

        def close(self):
            done.append("closed")

    async def work():
        running = asyncio.create_task(film_process.run_apart(print, tmp_path, print))
        await asyncio.to_thread(begun.wait, 60)
        running.cancel()
        await asyncio.sleep(0)
        running.cancel()
        await asyncio.sleep(0)
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await running

    monkeypatch.setattr(film_process, "_FilmProcess", Process)
    asyncio.run(work())
    assert done == ["killed", "closed"]


async def with_a_shot(opened):
    """A film of one shot, and a still of it that a worker has made."""
    from rechroma.web.film_jobs import MadeStill
    from rechroma.web.film_schemas import FilmShot

    film = added(opened)
    await film.finding
    film.shots.append(FilmShot(number=1, seconds=0, frames=10, shown=0, still=False))
    made = MadeStill(opened._store.new(), b"a small one")
    made.path.write_bytes(b"a still")
    return film, made


@pytest.fixture
def no_process(monkeypatch):
    """Shots are looked for, and none is found."""
    from rechroma.web import films

    async def apart(_task, _folder, _tell):
        return 1.0

    monkeypatch.setattr(films, "run_apart", apart)


@pytest.mark.usefixtures("no_process")
def test_a_still_is_kept_on_another_file_system(tmp_path, monkeypatch):
    elsewhere = Path("/dev/shm")  # noqa: S108 (a file system of its own)
    if not elsewhere.is_dir() or elsewhere.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no second file system here")

    async def work(opened):
        film, made = await with_a_shot(opened)
        film.still(1).write_bytes(b"one from before")
        shot = await opened.keep_still(film, 1, made, None)
        assert (shot.still, film.still(1).read_bytes()) == (True, b"a still")
        assert film.preview(1, still=True).read_bytes() == b"a small one"
        assert not made.path.exists()
        assert len(list(film.still(1).parent.iterdir())) == 2
        await opened.end(film.id)

    with tempfile.TemporaryDirectory(dir=elsewhere) as folder:
        with films_in(folder, tmp_path, monkeypatch) as opened:
            asyncio.run(work(opened))
        assert [path.name for path in Path(folder).iterdir()] == [".rechroma-films"]


@pytest.mark.usefixtures("no_process")
def test_a_still_of_a_film_that_was_closed_meanwhile(tmp_path, monkeypatch):
    from rechroma.web.problems import Problem

    async def work(opened):
        film, made = await with_a_shot(opened)
        await opened.end(film.id)
        with pytest.raises(Problem, match="this film is not open any more") as refused:
            await opened.keep_still(film, 1, made, None)
        assert refused.value.status == 404
        assert not made.path.exists()

    with films_in(None, tmp_path, monkeypatch) as opened:
        asyncio.run(work(opened))
        assert opened._store.used == 0


@pytest.mark.usefixtures("no_process")
def test_films_are_forgotten(tmp_path, monkeypatch):
    from rechroma.web import film, films

    now = 1000.0
    clock = types.SimpleNamespace(monotonic=lambda: now)
    monkeypatch.setattr(films, "time", clock)
    monkeypatch.setattr(film, "time", clock)
    kept = Settings().limits.film_kept_seconds

    async def work(opened):
        nonlocal now
        old = added(opened)
        await old.finding
        now += kept - 1
        new, worked_on = added(opened), added(opened)
        await asyncio.wait({new.finding, worked_on.finding})
        await opened.sweep()
        assert len(opened._open) == 3
        now += 2
        await opened.sweep()
        assert (set(opened._open), old.folder.exists()) == ({new.id, worked_on.id}, False)
        now += kept
        worked_on.rendering = asyncio.current_task()
        await opened.check_room()
        assert list(opened._open) == [worked_on.id]
        worked_on.rendering = None
        await opened.sweep()
        assert (opened._open, opened._tickets, opened._store.used) == ({}, {}, 0)
        assert not any(opened._root.iterdir())

    with films_in(None, tmp_path, monkeypatch) as opened:
        asyncio.run(work(opened))


def test_looking_for_shots_gives_signs_of_life_within_a_shot(make_film, tmp_path):
    """Else a shot of hours would be taken for a decoder that has lost itself."""
    from rechroma.web.film_jobs import find_all_shots

    path = tmp_path / "a.mp4"
    path.write_bytes(make_film((14, 12)))
    said = []
    find_all_shots(said.append, path, "a.mp4", 60.0)
    shots = [at for at, message in enumerate(said) if message is not None]
    assert len(shots) == 2
    assert len(said) == 26 + 2
    # All of the first shot's frames come before it is told.
    assert shots[0] >= 14


def test_signs_of_life_are_not_told(tmp_path, monkeypatch):
    """They only keep the process from being taken for lost."""
    from rechroma.web import film_process

    waited, said = [], [(False, None), (False, "a shot"), (False, None), (True, "done")]

    class Process:
        def __init__(self, _task, _folder):
            pass

        def receive(self):
            waited.append(said[0])
            return said.pop(0)

        def kill(self):
            pass

        close = kill

    told = []

    async def tell(message):
        told.append(message)

    monkeypatch.setattr(film_process, "_FilmProcess", Process)
    assert asyncio.run(film_process.run_apart(print, tmp_path, tell)) == "done"
    assert (told, len(waited)) == (["a shot"], 4)


def test_a_mask_of_a_picture_that_is_closed_meanwhile_is_dropped(tmp_path, monkeypatch):
    from types import SimpleNamespace

    from rechroma.web.problems import Problem
    from rechroma.web.routes.sessions import put_mask
    from rechroma.web.store import Store

    def no_session(_key):
        raise Problem(404, "this picture is not open any more", "open it again")

    async def keep(_mask):
        path = store.new()
        store.grow(path, 4)
        path.write_bytes(b"mask")
        service.sessions.get = no_session
        return SimpleNamespace(path=path)

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    store = Store(1000)
    sessions = SimpleNamespace(get=lambda _key: SimpleNamespace(masks={}))
    service = SimpleNamespace(
        store=store, sessions=sessions, keep=keep,
        put_mask=lambda session, name, mask: session.masks.update({name: mask}),
    )  # fmt: skip
    with pytest.raises(Problem):
        asyncio.run(put_mask(service, "key", "part", None))
    assert (store.used, list(store.folder.iterdir())) == (0, [])
    store.close()
