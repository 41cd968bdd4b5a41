"""A service whose disk is full says so: it never sends a part of a picture as if it were whole."""

import io
import resource
import zipfile

import numpy as np
import pytest
from PIL import Image

_LIMIT = 60_000
_JSON = "application/problem+json"

pytestmark = pytest.mark.posix


def _limited():
    resource.setrlimit(resource.RLIMIT_FSIZE, (_LIMIT, _LIMIT))


@pytest.fixture(scope="module")
def narrow(serve, conditioned):
    """A service that can't write files of more than 60 kB."""
    with serve(conditioned, "--workers", "1", before=_limited) as service:
        yield service


def noise(side, kind="PNG", mode="RGB", **options):
    values = np.random.default_rng(3).integers(0, 256, (side, side, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(values).convert(mode).save(file, kind, **options)
    return file.getvalue()


def check_507(answer):
    assert answer.status_code == 507
    assert answer.headers["content-type"] == _JSON
    assert answer.json()["detail"] == "the service's disk is full"
    assert answer.json()["mend"]


def files_of(service):
    return [path for path in service.temp.rglob("*") if path.is_file()]


@pytest.mark.parametrize("kind", ["png", "jpeg", "tiff", "webp", "jp2"])
def test_a_result_for_which_there_is_no_room(narrow, kind):
    before = files_of(narrow)
    sent = noise(300, "JPEG", "L", quality=20)
    assert len(sent) < _LIMIT
    check_507(narrow.post(sent, f"/v1/colorize?format={kind}&quality=100"))
    assert files_of(narrow) == before


@pytest.mark.parametrize("side", [300, 700])
def test_an_upload_for_which_there_is_no_room(narrow, side):
    """The larger one is put on the disk while it comes, before there is a request."""
    before = files_of(narrow)
    check_507(narrow.post(noise(side)))
    assert files_of(narrow) == before
    assert Image.open(io.BytesIO(narrow.post(noise(60)).content)).size == (60, 60)


def test_a_zip(narrow):
    with narrow.client() as client:
        large, small = (
            client.post("/v1/sessions", files={"picture": (name, data)}).json()["id"]
            for name, data in (("large.jpg", noise(400, "JPEG", quality=20)),
                               ("small.png", noise(60)))
        )  # fmt: skip
        before = files_of(narrow)
        check_507(client.post(f"/v1/sessions/{large}/picture?format=png", json={}))
        check_507(client.post("/v1/archive", json={"pictures": [{"id": large}]}))
        some = client.post("/v1/archive", json={"pictures": [{"id": large}, {"id": small}]})
        assert some.status_code == 200
        with zipfile.ZipFile(io.BytesIO(some.content)) as archive:
            assert archive.testzip() is None
            assert archive.namelist() == ["small.color.png", "failed.txt"]
            assert "disk is full" in archive.read("failed.txt").decode()
        assert files_of(narrow) == before
