"""Gray JPEGs keep their gray in the service, too."""

import io

import numpy as np
import pytest
from PIL import Image


def send(client, path, picture, **options):
    kind = "jpg" if picture[:2] == b"\xff\xd8" else "png"
    return client.post(path, files={"picture": (f"old.{kind}", picture)}, **options)


def luma(content):
    with Image.open(io.BytesIO(content)) as picture:
        picture.draft("L", picture.size)
        return np.asarray(picture)


@pytest.fixture(scope="module")
def gray(make_picture):
    return make_picture("JPEG", quality=88, progressive=True)


def test_a_gray_jpeg_goes_there_and_back(client, gray):
    colored = send(client, "/v1/colorize", gray)
    assert colored.status_code == 200
    assert colored.headers["rechroma-gray"] == "copied"
    np.testing.assert_array_equal(luma(colored.content), luma(gray))
    back = send(client, "/v1/original", colored.content)
    assert back.status_code == 200
    assert back.headers["rechroma-gray"] == "original"
    assert back.headers["content-type"] == "image/jpeg"
    assert 'filename="old.gray.jpg"' in back.headers["content-disposition"]
    assert back.content == gray


def test_other_wishes_code_it_anew(client, gray):
    for path, data in [
        ("/v1/colorize?quality=90", {}),
        ("/v1/colorize?format=png", {}),
        ("/v1/colorize", {"options": '{"recompress": true}'}),
    ]:
        answer = send(client, path, gray, data=data)
        assert answer.status_code == 200
        assert "rechroma-gray" not in answer.headers


def test_an_open_picture_keeps_it(client, gray):
    answer = client.post("/v1/sessions", files={"picture": ("old.jpg", gray)})
    made = client.post(f"/v1/sessions/{answer.json()['id']}/picture", json={"strength": 1.2})
    assert made.headers["rechroma-gray"] == "copied"
    np.testing.assert_array_equal(luma(made.content), luma(gray))


def test_what_has_no_gray_to_give_back_is_refused(client, make_picture, gray):
    for picture in (gray, make_picture(mode="RGB")):
        answer = send(client, "/v1/original", picture)
        assert answer.status_code == 422
        assert answer.json()["mend"]
