"""What the service says of formats, and does with them, is what the table of formats says."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from PIL import Image

from rechroma.photo import encode, read
from rechroma.photo.formats import FORMATS, find_format

WRITABLE = [name for name, each in FORMATS.items() if each.writable]
# What strangers may send: the first bytes tell its format.
TAKEN = {name for name, each in FORMATS.items() if each.signature}


@pytest.fixture(scope="module")
def gray(make_picture):
    return make_picture()


@pytest.mark.parametrize("name", WRITABLE)
def test_every_format_is_served_by_its_name_and_by_its_media_type(client, gray, name):
    known = FORMATS[name]
    upload = {"picture": ("old.png", gray)}
    asked = client.post(f"/v1/colorize?format={name}", files=upload)
    accepted = client.post(
        "/v1/colorize", files=upload, headers={"Accept": f"text/html, {known.media_type}"}
    )
    for answer in (asked, accepted):
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == known.media_type
        assert f'"old.color{known.suffixes[0]}"' in answer.headers["content-disposition"]
        photo = read(answer.content)
        assert (photo.format, photo.width) == (name, Image.open(io.BytesIO(gray)).width)


@pytest.mark.parametrize("name", WRITABLE)
def test_what_can_be_told_by_its_first_bytes_is_taken(client, gray, name):
    content = encode(read(gray), name)
    answer = client.post("/v1/colorize?format=png", files={"picture": ("old", content)})
    assert answer.status_code == (200 if name in TAKEN else 415)


def test_the_message_names_what_is_taken(client):
    answer = client.post("/v1/colorize", files={"picture": ("a.txt", b"hello")})
    named = re.split(", | or ", answer.json()["mend"].removeprefix("send "))
    assert named == [each.title for name, each in FORMATS.items() if name in TAKEN]


def test_the_page_lets_people_choose_what_is_taken(client):
    [accept] = re.findall(r'id="chooser" accept="([^"]+)"', client.get("/").text)
    pictures, *suffixes = accept.split(",")
    assert pictures == "image/*"
    chosen = {name for name, each in FORMATS.items() if set(each.suffixes) <= set(suffixes)}
    # What every browser knows as a picture needs no suffix.
    assert chosen | {"jpeg", "png", "webp", "gif", "bmp"} == TAKEN


def test_the_page_offers_formats_that_are_written():
    script = Path(__file__).parents[2] / "src/rechroma/web/static/js/save.js"
    offered = re.findall(r'\["(\w+)", "(\w+)"\]', script.read_text(encoding="utf-8"))
    assert len(offered) >= 4
    assert all(find_format(name).title == title for name, title in offered)


def test_the_documentation_of_answers_has_their_media_types(client):
    schema = client.get("/openapi.json").json()
    content = schema["paths"]["/v1/colorize"]["post"]["responses"]["200"]["content"]
    assert set(content) == {FORMATS[name].media_type for name in WRITABLE}
