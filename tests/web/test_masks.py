"""Masks in `POST /v1/colorize`."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from PIL import Image

from rechroma.colorizer import Colorizer, Mask


@pytest.fixture(scope="module")
def gray(make_picture):
    return make_picture()


@pytest.fixture(scope="module")
def shown(gray):
    """A mask of the picture's left half, and its plane."""
    with Image.open(io.BytesIO(gray)) as picture:
        plane = np.zeros((picture.height, picture.width), np.uint8)
    plane[:, : plane.shape[1] // 2] = 255
    file = io.BytesIO()
    Image.fromarray(plane).save(file, "PNG")
    return file.getvalue(), plane


def sent(gray, *masks):
    return [("picture", ("a.png", gray)), *(("mask", (f"{n}.png", m)) for n, m in enumerate(masks))]


def test_masks_mean_what_they_mean_in_the_package(client, conditioned, gray, shown):
    data, plane = shown
    inverse = io.BytesIO()
    Image.fromarray(255 - plane).save(inverse, "PNG")
    options = {"masks": [{"keep": True}, {"color": "navy"}]}
    answer = client.post(
        "/v1/colorize", files=sent(gray, data, inverse.getvalue()),
        data={"options": json.dumps(options)},
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
    made = np.asarray(Image.open(io.BytesIO(answer.content)).convert("RGB"))
    masks = [Mask(plane, keep=True), Mask(255 - plane, color="navy")]
    wanted = Colorizer(conditioned).colorize(gray, masks=masks).to_uint8()
    np.testing.assert_array_equal(made, wanted)
    before = np.asarray(Image.open(io.BytesIO(gray)).convert("RGB"))
    np.testing.assert_array_equal(made[plane > 0], before[plane > 0])


@pytest.mark.parametrize(
    ("said", "status", "words"),
    [
        ([], 422, "1 mask files, and 0 entries"),
        ([{"keep": True}, {"keep": True}], 422, "1 mask files, and 2 entries"),
        ([{}], 422, "a mask that says nothing"),
        ([{"strength": 9}], 422, "less than or equal to 1.5"),
        ([{"keep": True, "color": "red"}], 422, "a mask that says 2 things"),
    ],
)
def test_masks_that_do_not_do(client, gray, shown, said, status, words):
    options = {"options": json.dumps({"masks": said})}
    answer = client.post("/v1/colorize", files=sent(gray, shown[0]), data=options)
    assert answer.status_code == status
    assert words in answer.json()["detail"]


def test_a_mask_that_does_not_fit_is_called_by_its_name(client, gray):
    file = io.BytesIO()
    Image.new("L", (300, 20), 255).save(file, "PNG")
    options = {"options": '{"masks": [{"keep": true}]}'}
    answer = client.post("/v1/colorize", files=sent(gray, file.getvalue()), data=options)
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("0.png: a mask of 300×20 does not fit a.png")
