"""Uploads that mean harm, and requests that make no sense: never a 500, never a crash."""

import json
import struct
import subprocess
import zlib

import hypothesis
import numpy as np
import pytest
import schemathesis

from rechroma.web.app import make_app
from rechroma.web.settings import Settings

# Megabytes that a service may hold more than at the start, after 500 hostile uploads.
ROOM = 100


def png_with_header(width, height):
    """A PNG that promises width × height pixels, and has a few bytes of them."""

    def chunk(kind, data):
        checked = kind + data
        return struct.pack(">I", len(data)) + checked + struct.pack(">I", zlib.crc32(checked))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(1000)))
        + chunk(b"IEND", b"")
    )


def flipped(data, rng):
    bits = np.unpackbits(np.frombuffer(data, np.uint8))
    where = rng.integers(0, len(bits), rng.integers(1, 30))
    bits[where] ^= 1
    return np.packbits(bits).tobytes()


def zip_bomb():
    """A zip of zeros behind a JPEG's first bytes, and as a PNG's pixels."""
    return b"\xff\xd8\xff\xe0" + zlib.compress(bytes(30_000_000))


def hostile(make_picture, rng):
    """Endless harm, name → bytes."""
    kinds = ("JPEG", "PNG", "TIFF", "WEBP", "GIF", "BMP", "PPM", "JPEG2000", "AVIF")
    whole = [make_picture(kind, mode="RGB", seed=n) for n, kind in enumerate(kinds)]
    polyglot = whole[0] + b"<script>alert(1)</script>" + whole[1]
    fixed = [
        polyglot, zip_bomb(), png_with_header(65_535, 65_535), png_with_header(2**31 - 1, 1),
        png_with_header(0, 0), png_with_header(8_000, 8_000), png_with_header(12_000, 12_000),
        b"", b"\x00" * 5000,
        b"%PDF-1.7 " + whole[1], b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"MZ" + whole[2],
        b"#!/bin/sh\n", b"P6\n99999999 99999999\n255\n", b"II*\x00\xff\xff\xff\xff",
    ]  # fmt: skip
    yield from fixed
    while True:
        data = whole[rng.integers(len(whole))]
        match rng.integers(3):
            case 0:
                yield flipped(data, rng)
            case 1:
                yield data[: rng.integers(1, len(data))]
            case _:
                cut = rng.integers(1, len(data))
                yield data[:cut] + rng.bytes(int(rng.integers(1, 4000))) + data[cut:]


def memory_of(process):
    """Megabytes that a process and its children hold."""
    listed = subprocess.run(
        ["ps", "-o", "rss=", "-p", str(process.pid), "--ppid", str(process.pid)],  # noqa: S607
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return sum(map(int, listed.stdout.split())) / 1024


@pytest.mark.slow
@pytest.mark.posix
def test_500_hostile_uploads(serve, conditioned, make_picture):
    rng = np.random.default_rng(7)
    harm = hostile(make_picture, rng)
    good = make_picture()
    with serve(conditioned, "--workers", "1") as service, service.client() as client:
        for _ in range(20):
            client.post("/v1/colorize", files={"picture": ("a.png", good)})
        before = memory_of(service.process)
        statuses = []
        for number in range(500):
            files = {"picture": (f"../{number}\x00.png", next(harm), "text/html")}
            path = ("/v1/colorize", "/v1/sessions")[number % 2]
            answer = client.post(path, files=files)
            statuses.append(answer.status_code)
            assert answer.is_success or "rechroma-serve" not in answer.text
            if answer.status_code == 201:
                client.delete(f"/v1/sessions/{answer.json()['id']}")
        assert set(statuses) <= {200, 201, 413, 415, 422}
        assert {413, 415, 422} <= set(statuses)
        assert client.post("/v1/colorize", files={"picture": ("a.png", good)}).status_code == 200
        service.until("rechroma_stored_bytes", 0)
        assert memory_of(service.process) < before + ROOM


@pytest.mark.parametrize(
    "body",
    [
        b"", b"--x", b"--x--\r\n", b"--x\r\n\r\n--x--", b"\xff" * 1000,
        b'--x\r\nContent-Disposition: form-data; name="picture"\r\n\r\nhello\r\n--x--\r\n',
        b'--x\r\nContent-Disposition: form-data; name="picture"; filename="' + b"a" * 9000 + b'"',
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=x", "multipart/form-data", "x"])
def test_broken_forms(client, body, kind):
    answer = client.post("/v1/colorize", content=body, headers={"Content-Type": kind})
    assert 400 <= answer.status_code < 500
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "text",
    ["NaN", '{"strength": Infinity}', "[" * 50_000, '{"hints": {"x": 1}}', '"\\ud800"', "\x00",
     json.dumps({"hints": [{"x": 0, "y": 0, "color": "#000000"}] * 1000})],
)  # fmt: skip
def test_broken_json(client, make_picture, text):
    opened = client.post("/v1/sessions", files={"picture": ("a.png", make_picture())}).json()
    header = {"Content-Type": "application/json"}
    path = f"/v1/sessions/{opened['id']}/planes"
    answer = client.post(path, content=text.encode("utf-8", "replace"), headers=header)
    assert answer.status_code in (400, 422)
    client.delete(f"/v1/sessions/{opened['id']}")


# Requests of each kind that find something to do.
REAL = 8
# The smallest look there is.
CUBE = b"LUT_3D_SIZE 2\n" + b"0.2 0.4 0.6\n" * 8


def made_real(case, gray, colored, picture, film):
    """Put ids and pictures that are there into a request, so that there is something to do.

    `film` is one that is open, and its file; or twice None.
    """
    case.query.pop("format", None)
    case.headers.clear()
    opened, sent = film
    known = {"id": gray}
    if opened is not None:
        ticket = opened["original"].split("/")[2]
        known = {"id": opened["id"], "ticket": ticket, "which": "original", "number": 1}
    case.path_parameters |= {name: known[name] for name in case.path_parameters if name in known}
    if "name" in case.path_parameters:
        case.path_parameters["name"] = "winter"
    real = {"picture": picture, "source": picture, "target": picture, "mood": picture, "look": CUBE,
            "film": sent}  # fmt: skip
    if case.media_type == "application/json":
        real = {"source": colored, "mood": colored}
    if isinstance(case.body, dict):
        case.body |= {name: real[name] for name in case.body if name in real}
        if "pictures" in case.body:
            case.body["pictures"] = [{**each, "id": gray} for each in case.body["pictures"][:2]]


DOCUMENT = schemathesis.openapi.from_dict(make_app(Settings()).openapi())
OPERATIONS = {each.ok().label: each.ok() for each in DOCUMENT.get_all_operations()}


@pytest.mark.parametrize("label", OPERATIONS)
def test_the_documented_interface(served, client, make_picture, make_film, wait_for, label):
    """Requests made from the OpenAPI document, sound and unsound; each also with real pictures."""
    operation = OPERATIONS[label]
    documented = {*operation.definition.raw["responses"], "404", "405"}
    picture, done = make_picture(mode="RGB"), []
    if label == "POST /v1/original":
        gray_jpeg = {"picture": ("a.jpg", make_picture("JPEG"))}
        picture = client.post("/v1/colorize", files=gray_jpeg).content

    def opened(data):
        return client.post("/v1/sessions", files={"picture": ("a.png", data)}).json()["id"]

    gray, colored = opened(make_picture()), opened(picture)
    film = sent = None
    if "/films" in label or "/media" in label:
        sent = make_film((3,))
        film = client.post("/v1/films", files={"film": ("a.mp4", sent)}).json()
        wait_for(lambda: client.get(f"/v1/films/{film['id']}").json()["state"]["stage"] == "ready")

    def call(case):
        answer = case.call(base_url=served.base, timeout=60)
        assert answer.status_code < 500 or answer.status_code == 503
        if answer.status_code >= 400:
            problem = answer.json()
            assert problem["status"] == answer.status_code
            assert problem["detail"]
        assert str(answer.status_code) in documented
        if label == "POST /v1/films" and answer.status_code == 201:
            client.delete(f"/v1/films/{answer.json()['id']}")
        return answer.status_code

    @hypothesis.given(case=operation.as_strategy())
    @hypothesis.settings(max_examples=25, deadline=None, database=None)
    def check(case):
        call(case)
        if len(done) < REAL:
            made_real(case, gray, colored, picture, (film, sent))
            done.append(call(case))

    check()
    if film is not None:
        client.delete(f"/v1/films/{film['id']}")
    # The test's model can't tell things apart.
    assert min(done) < 300 or (label.endswith("/segment") and set(done) == {422})
