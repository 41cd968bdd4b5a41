"""Looks by name, over HTTP."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from rechroma.colorizer import Colorizer
from rechroma.mood import Look
from rechroma.mood.named_looks import NAMED_LOOKS


def pixels(data):
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)


def test_what_there_is(client):
    found = {each["name"]: each["description"] for each in client.get("/v1/looks").json()}
    assert found.items() >= {name: each.description for name, each in NAMED_LOOKS.items()}.items()


def test_a_look_for_a_result(client, conditioned, make_picture):
    gray = make_picture()
    answer = client.post(
        "/v1/colorize", files={"picture": ("a.png", gray)}, data={"options": '{"look": "winter"}'}
    )
    assert answer.status_code == 200, answer.text
    wanted = Look.load("winter").apply(Colorizer(conditioned).colorize(gray)).to_uint8()
    np.testing.assert_allclose(pixels(answer.content), wanted, atol=1)


def test_a_look_by_its_name_on_a_picture(client, make_picture):
    picture = make_picture(mode="RGB")
    answer = client.post(
        "/v1/looks/apply", files={"picture": ("a.png", picture)}, data={"name": "winter"}
    )
    assert answer.status_code == 200, answer.text
    before = pixels(picture).astype(np.uint8)
    np.testing.assert_array_equal(pixels(answer.content), Look.load("winter").change(before))


@pytest.mark.parametrize("data", [{}, {"name": "spring"}, {"name": "/etc/passwd"}])
def test_what_is_no_look_here(client, make_picture, data):
    answer = client.post("/v1/looks/apply", files={"picture": ("a.png", make_picture())}, data=data)
    assert answer.status_code == 422
    assert answer.json()["mend"]
