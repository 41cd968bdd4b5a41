"""Looks by name, over HTTP."""

from __future__ import annotations

import io
import json

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
    answer = client.post("/v1/looks/winter/apply", files={"picture": ("a.png", picture)})
    assert answer.status_code == 200, answer.text
    before = pixels(picture).astype(np.uint8)
    np.testing.assert_array_equal(pixels(answer.content), Look.load("winter").change(before))


@pytest.mark.parametrize("name", ["spring", "%2Fetc%2Fpasswd", "pyproject.toml"])
def test_what_is_no_look_here(client, make_picture, name):
    sent = {"picture": ("a.png", make_picture())}
    answer = client.post("/v1/colorize", files=sent, data={"options": json.dumps({"look": name})})
    assert answer.status_code == 422
    answer = client.post(f"/v1/looks/{name}/apply", files=sent)
    if answer.status_code == 404:  # a slash is no part of a name
        return
    assert answer.status_code == 422
    assert answer.json()["mend"]
