"""What a client says about metadata arrives in the file, and what is unusual is said beside it."""

import io
import json

import pytest
from PIL import Image

import rechroma
from rechroma.metadata import MetadataOptions
from rechroma.options import options_of

COPYRIGHT, GPS = 33432, 0x8825
RESOLUTION = (600, 600)
# Route → the name of the picture that is changed, and where an open one is.
ROUTES = {
    "/v1/colorize": "picture",
    "/v1/transfer": "target",
    "/v1/looks/apply": "picture",
    "/v1/sessions/{id}/picture": "",
    "/v1/sessions/{id}/mood/picture": "",
    "/v1/archive": "",
}


@pytest.fixture(scope="module")
def others(make_picture, tmp_path_factory):
    """What else a route takes: its files, by their name."""
    color = make_picture(mode="RGB", seed=1)
    look = rechroma.fit_look(color).save(tmp_path_factory.mktemp("look") / "warm.cube")
    return {
        "/v1/transfer": {"source": ("source.png", color)},
        "/v1/looks/apply": {"look": ("warm.cube", look.read_bytes())},
    }


@pytest.fixture(scope="module")
def described(make_picture):
    """A JPEG in color with a copyright, coordinates, a comment and a resolution."""
    exif = Image.Exif()
    exif[COPYRIGHT] = "Nobody"
    place = exif.get_ifd(GPS)
    place[1], place[2] = "N", (51.0, 30.0, 0.0)
    return make_picture("JPEG", mode="RGB", exif=exif, comment=b"hello", dpi=RESOLUTION)


def send(client, route, picture, others, query="", **options):
    """The answer of a route on a picture, sent or open."""
    data = {"options": json.dumps(options)} if options else None
    if "sessions" not in route and "archive" not in route:
        files = {ROUTES[route]: ("old.jpg", picture)} | others.get(route, {})
        return client.post(f"{route}{query}", files=files, data=data)
    key = open_picture(client, picture)
    body = {"pictures": [{"id": key}]} if "archive" in route else {}
    if "mood" in route:
        body = {"source": open_picture(client, others["/v1/transfer"]["source"][1])}
    return client.post(f"{route.format(id=key)}{query}", json=body)


def open_picture(client, data):
    return client.post("/v1/sessions", files={"picture": ("old.jpg", data)}).json()["id"]


def jpeg_of(answer):
    """The answer's picture; the archive stores it as it is."""
    assert answer.status_code == 200, answer.text
    return Image.open(io.BytesIO(answer.content[answer.content.index(b"\xff\xd8\xff") :]))


def notes_of(answer):
    assert answer.status_code == 200, answer.text
    return json.loads(answer.headers.get("rechroma-notes", "[]"))


@pytest.mark.parametrize("route", ROUTES)
def test_what_of_the_metadata_is_kept(client, described, others, route):
    def found(query=""):
        picture = jpeg_of(send(client, route, described, others, query))
        exif = picture.getexif()
        return (
            exif.get(COPYRIGHT), exif.get_ifd(GPS).get(1), picture.info.get("comment"),
            picture.info.get("dpi"), b"CreatorTool" in picture.info.get("xmp", b""),
        )  # fmt: skip

    assert found() == ("Nobody", "N", b"hello", RESOLUTION, True)
    assert found("?strip_gps=true") == ("Nobody", None, b"hello", RESOLUTION, True)
    assert found("?strip_metadata=true") == (None, None, None, None, True)
    assert found("?mark=false") == ("Nobody", "N", b"hello", RESOLUTION, False)


def test_a_picture_that_is_given_back_holds_nothing_that_shall_go(client, described, others):
    kept = send(client, "/v1/colorize", described, others, recolor=False)
    assert kept.content == described
    stripped = send(client, "/v1/colorize", described, others, "?strip_gps=true", recolor=False)
    assert jpeg_of(stripped).getexif().get_ifd(GPS) == {}
    assert jpeg_of(stripped).getexif()[COPYRIGHT] == "Nobody"


@pytest.mark.parametrize("route", ROUTES)
def test_the_document_describes_them(client, route):
    said = client.get("/openapi.json").json()["paths"][route]["post"]
    parameters = {each["name"]: each for each in said["parameters"]}
    asked = [each for each in options_of(MetadataOptions) if each.name != "keep_dates"]
    for option in asked:
        assert parameters[option.name]["in"] == "query"
        assert parameters[option.name]["description"] == option.meaning
        assert parameters[option.name]["schema"]["default"] == option.default
    if route != "/v1/archive":
        assert "Rechroma-Notes" in said["responses"]["200"]["headers"]


def test_a_picture_in_color_is_told(client, make_picture, described, others):
    in_color = "in color already; it is colored anew from its lightness"
    assert notes_of(send(client, "/v1/colorize", described, others)) == [in_color]
    kept = send(client, "/v1/colorize", described, others, recolor=False)
    assert notes_of(kept) == ["in color already; its colors are kept"]
    assert notes_of(send(client, "/v1/colorize", make_picture("JPEG"), others)) == []


def test_a_black_and_white_source_is_told(client, make_picture, described, others):
    gray = {"/v1/transfer": {"source": ("quiet.png", make_picture())}}
    for route in ("/v1/transfer", "/v1/sessions/{id}/mood/picture"):
        [note] = notes_of(send(client, route, described, gray))
        assert ": black and white: its tones are transferred" in note
        assert "swapped?" in note
        assert notes_of(send(client, route, described, others)) == []
    assert note.startswith("old.jpg: ")


def test_a_look_on_a_black_and_white_picture_is_told(client, make_picture, described, others):
    [note] = notes_of(send(client, "/v1/looks/apply", make_picture("JPEG"), others))
    assert note.startswith(
        "black and white: a look tints it, and has no colors to change in it; POST /v1/colo"
    )
    assert notes_of(send(client, "/v1/looks/apply", described, others)) == []


def test_what_is_lost_is_told(client, make_picture, others):
    frame = Image.open(io.BytesIO(make_picture()))
    film = io.BytesIO()
    frame.save(film, "GIF", save_all=True, append_images=[frame.rotate(90), frame.rotate(180)])
    [note] = notes_of(send(client, "/v1/colorize", film.getvalue(), others))
    assert note == "only the first frame was used, 2 dropped"
    commented = make_picture("JPEG", comment="Großmutter".encode("latin-1"))
    assert notes_of(send(client, "/v1/colorize", commented, others, "?format=bmp")) == [
        "bmp can't say that a machine made the colors",
        "bmp can't carry comments",
    ]


def test_many_notes_are_no_flood(client, make_picture, others):
    """A file may hold any number of texts that WebP has no place for, in any letters."""
    from PIL.PngImagePlugin import PngInfo

    texts = PngInfo()
    for number in range(500):
        texts.add_text(f"{number:03} {'ÿ' * 70}", "x")
    answer = send(client, "/v1/colorize", make_picture(pnginfo=texts), others, "?format=webp")
    notes = notes_of(answer)
    assert len(notes) == 11
    assert notes[-1] == "and 490 more"
    assert "ÿ" * 70 in notes[0]
    assert len(answer.headers["rechroma-notes"]) < 8000
