"""Masks, versions, looks and the print made ready, of pictures that are open and of sent ones."""

from __future__ import annotations

import base64
import io
import json

import numpy as np
import pytest
from PIL import Image

from rechroma import PrepareOptions, prepare
from rechroma.colorizer import Colorizer, Mask
from rechroma.mood import Look, predict_in_mood
from rechroma.photo import read
from rechroma.preparation import predict_prepared


def png(array):
    file = io.BytesIO()
    Image.fromarray(array).save(file, "PNG")
    return file.getvalue()


def pixels(answer):
    assert answer.status_code == 200, answer.text
    return np.asarray(Image.open(io.BytesIO(answer.content)).convert("RGB"))


def shown(text):
    assert text.startswith("data:image/jpeg;base64,")
    return Image.open(io.BytesIO(base64.b64decode(text.partition(",")[2])))


@pytest.fixture(scope="module")
def gray(make_picture):
    return make_picture(size=(240, 160))


@pytest.fixture(scope="module")
def evening(make_picture):
    return make_picture(mode="RGB", seed=3)


@pytest.fixture(scope="module")
def half():
    """A mask of the picture's left half with a soft edge."""
    plane = np.zeros((160, 240), np.uint8)
    plane[:, :120] = 255
    plane[:, 118:124] = 100
    return plane


@pytest.fixture
def opened(client, gray):
    key = client.post("/v1/sessions", files={"picture": ("a.png", gray)}).json()["id"]
    yield f"/v1/sessions/{key}"
    client.delete(f"/v1/sessions/{key}")


def give_mask(client, opened, name, plane):
    answer = client.put(f"{opened}/masks/{name}", files={"mask": ("m.png", png(plane))})
    assert answer.status_code == 204, answer.text


def test_masks_of_an_open_picture_mean_what_they_mean_in_the_package(
    client, conditioned, opened, gray, half, evening
):
    mood = client.post("/v1/sessions", files={"picture": ("b.png", evening)}).json()["id"]
    for name, plane in (("left", half), ("right", 255 - half)):
        give_mask(client, opened, name, plane)
    said = [
        ([{"mask": "left", "color": "#7a2230"}], [Mask(half, color="#7a2230")]),
        ([{"mask": "left", "strength": 0.4}], [Mask(half, strength=0.4)]),
        (
            [{"mask": "left", "mood": mood}, {"mask": "right", "color": "gray"}],
            [Mask(half, mood=evening), Mask(255 - half, color="gray")],
        ),
    ]
    for masks, ours in said:
        got = pixels(client.post(f"{opened}/picture", json={"masks": masks}))
        wanted = predict_in_mood(Colorizer(conditioned), read(gray), None, masks=ours).render()
        assert np.abs(got.astype(int) - wanted.to_uint8()).max() <= 1
    client.delete(f"/v1/sessions/{mood}")


def test_what_a_mask_keeps_changes_no_pixel(client, opened, gray, half):
    """Whatever else is wanted: a look changes lightness, too."""
    give_mask(client, opened, "sky", half)
    before = np.asarray(Image.open(io.BytesIO(gray)).convert("RGB"))
    keep = [{"mask": "sky", "keep": True}]
    for more in ({}, {"look": "winter"}, {"version": "vivid"}, {"temperature": 1, "strength": 1.5}):
        got = pixels(client.post(f"{opened}/picture", json={"masks": keep, **more}))
        np.testing.assert_array_equal(got[half == 255], before[half == 255])
        assert (got[half == 0] != before[half == 0]).any()


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_kept_changes_no_pixel(client, opened, gray, seed):
    """Any masks in any order, soft and hard, under any look, version and light."""
    rng = np.random.default_rng(seed)
    before = np.asarray(Image.open(io.BytesIO(gray)).convert("RGB"))
    masks, kept = [], np.zeros((160, 240), bool)
    others = [{"color": "#7a2230"}, {"color": "gray"}, {"strength": 1.5}]
    for number in range(4):
        small = rng.integers(0, 256, (4, 5), dtype=np.uint8)
        plane = np.asarray(Image.fromarray(small).resize((240, 160), Image.Resampling.BICUBIC))
        plane = np.where(plane > 170, 255, plane).astype(np.uint8)
        give_mask(client, opened, f"m{number}", plane)
        keeps = number == seed
        masks.append({"mask": f"m{number}", **({"keep": True} if keeps else others[number % 3])})
        kept |= keeps & (plane == 255)
    edit = {
        "masks": masks, "look": str(rng.choice(["winter", "pastel", "bleached"])),
        "temperature": rng.uniform(-1, 1), "version": str(rng.choice(["vivid", "faithful"])),
    }  # fmt: skip
    got = pixels(client.post(f"{opened}/picture", json=edit))
    assert kept.any()
    np.testing.assert_array_equal(got[kept], before[kept])


def test_a_mask_of_the_same_name_takes_its_place(client, opened, half):
    edit = {"masks": [{"mask": "a", "strength": 0}]}
    results = []
    for plane in (half, 255 - half):
        give_mask(client, opened, "a", plane)
        results.append(pixels(client.post(f"{opened}/picture", json=edit)))
    assert (results[0] != results[1]).any()


@pytest.mark.parametrize(
    ("masks", "status", "words"),
    [
        ([{"mask": "none", "keep": True}], 404, "no mask 'none'"),
        ([{"mask": "left"}], 422, "a mask that says nothing"),
        ([{"mask": "left", "keep": True, "color": "red"}], 422, "a mask that says 2 things"),
        ([{"mask": "left", "color": "reddish"}], 422, "reddish"),
        ([{"mask": "left", "mood": "gone"}], 404, "not open any more"),
        ([{"mask": "a/b", "keep": True}], 422, "masks.0.mask"),
        ([{"mask": "left", "keep": True}] * 17, 422, "at most 16"),
    ],
)
def test_masks_that_can_not_be(client, opened, half, masks, status, words):
    give_mask(client, opened, "left", half)
    answer = client.post(f"{opened}/planes", json={"masks": masks})
    assert answer.status_code == status
    assert words in answer.json()["detail"]
    assert answer.json()["mend"]


def test_a_mask_of_another_shape_is_told(client, opened):
    give_mask(client, opened, "left", np.full((20, 300), 255, np.uint8))
    answer = client.post(f"{opened}/cells", json={"masks": [{"mask": "left", "keep": True}]})
    assert answer.status_code == 422
    assert "does not fit a.png" in answer.json()["detail"]


def test_cells_have_the_further_answers_of_masks(client, conditioned, opened, gray, half):
    give_mask(client, opened, "left", half)
    give_mask(client, opened, "right", 255 - half)
    masks = [
        {"mask": "left", "strength": 0.5},
        {"mask": "left", "color": "red"},
        {"mask": "right", "color": "blue"},
    ]
    answer = client.post(f"{opened}/cells", json={"masks": masks})
    assert answer.headers["X-Layers"] == "-1 0 0"
    width, height = (int(answer.headers[f"X-{side}"]) for side in ("Width", "Height"))
    planes = np.frombuffer(answer.content, "<f4").reshape(-1, height, width)
    assert len(planes) == 6 + 4
    ours = [Mask(half, strength=0.5), Mask(half, color="red"), Mask(255 - half, color="blue")]
    wanted = Colorizer(conditioned).predict(gray, masks=ours).layers[1].answer
    np.testing.assert_allclose(planes[6:8], wanted.maps, atol=0.2)
    np.testing.assert_allclose(planes[8:10], wanted.at(0).maps, atol=0.2)


def test_masks_of_a_form_with_a_strength_alone_and_with_moods(
    client, conditioned, gray, half, evening
):
    def sent(options, *files):
        every = [("picture", ("a.png", gray)), ("mask", ("left.png", png(half))), *files]
        return client.post("/v1/colorize", files=every, data={"options": json.dumps(options)})

    def wanted(mask):
        return predict_in_mood(Colorizer(conditioned), read(gray), None, masks=[mask]).render()

    weak = pixels(sent({"masks": [{"strength": 0.3}]}))
    np.testing.assert_array_equal(weak, wanted(Mask(half, strength=0.3)).to_uint8())
    by_file = {"masks": [{"mood": "evening.png"}]}
    toned = pixels(sent(by_file, ("mask_mood", ("evening.png", evening))))
    np.testing.assert_array_equal(toned, wanted(Mask(half, mood=evening)).to_uint8())
    key = client.post("/v1/sessions", files={"picture": ("b.png", evening)}).json()["id"]
    np.testing.assert_array_equal(toned, pixels(sent({"masks": [{"mood": key}]})))
    client.delete(f"/v1/sessions/{key}")
    refused = sent(by_file)
    assert refused.status_code == 422
    assert "mask_mood" in refused.json()["mend"]


def test_versions_by_name(client, conditioned, opened, gray):
    hint = {"x": 30, "y": 40, "color": "#c22b2b"}
    found = client.post(f"{opened}/versions", json={"hints": [hint]}, params={"side": 64}).json()
    names = [each["name"] for each in found]
    assert names[:5] == ["faithful", "natural", "vivid", "warm", "cool"]
    assert max(shown(found[0]["preview"]).size) == 64
    again = client.post(f"{opened}/versions", json={"hints": [hint]}, params={"side": 64}).json()
    assert again == found
    for each in found:
        by_name = {"hints": [hint], "version": each["name"]}
        by_numbers = {
            "hints": [hint],
            **{part: each[part] for part in ("strength", "vividness", "temperature", "answer")},
        }
        one, other = (
            pixels(client.post(f"{opened}/picture", json=said)) for said in (by_name, by_numbers)
        )
        np.testing.assert_array_equal(one, other)
    sent = client.post(
        "/v1/colorize", files={"picture": ("a.png", gray)}, data={"options": '{"version": "cool"}'}
    )
    work = Colorizer(conditioned).predict(gray)
    wanted = {each.name: each for each in work.versions()}["cool"].render()
    np.testing.assert_array_equal(pixels(sent), wanted.to_uint8())
    refused = client.post(f"{opened}/picture", json={"version": "purple"})
    assert refused.status_code == 422
    assert "faithful, natural, vivid, warm, cool" in refused.json()["mend"]


def test_an_answer_is_no_version(client, opened):
    said = {"answer": [1, 3], "version": "warm"}
    answer = client.post(f"{opened}/picture", json=said)
    assert answer.status_code == 422
    assert "leave one out" in answer.json()["detail"]


def test_looks_and_temperature_of_an_open_picture(client, conditioned, opened, gray):
    got = pixels(client.post(f"{opened}/picture", json={"look": "winter", "temperature": 0.5}))
    work = Colorizer(conditioned).predict(gray).render(temperature=0.5, bit_depth=16)
    wanted = Look.load("winter").apply(work)
    assert np.abs(got.astype(int) - wanted.to_uint8()).max() <= 1
    refused = client.post(f"{opened}/picture", json={"look": "no-such"})
    assert refused.status_code == 422
    assert refused.json()["mend"]


def test_planes_heed_the_temperature(client, conditioned, opened, gray):
    answer = client.post(f"{opened}/planes", json={"temperature": 0.7})
    width, height = (int(answer.headers[f"X-{side}"]) for side in ("Width", "Height"))
    a, b = np.frombuffer(answer.content[width * height :], np.int8)[: 2 * width * height].reshape(
        2, height, width
    )
    wanted = Colorizer(conditioned).predict(gray).enlarged(temperature=0.7)
    np.testing.assert_allclose([a, b], wanted, atol=0.6)


def test_the_table_of_a_look(client):
    answer = client.get("/v1/looks/winter/table")
    table = np.frombuffer(answer.content, "<u2").reshape(33, 33, 33, 3) / 65535
    wanted = np.clip(Look.load("winter").as_table().table, 0, 1)
    np.testing.assert_allclose(table, wanted, atol=1e-4)
    assert client.get("/v1/looks/none/table").status_code == 422


def test_a_print_made_ready(client, old_print):
    answer = client.post(
        "/v1/prepare",
        files={"picture": ("old.png", old_print)},
        data={"options": '{"border":"crop"}'},
    )
    wanted = prepare(read(old_print), PrepareOptions(border="crop")).photo
    np.testing.assert_array_equal(pixels(answer), wanted.to_uint8())
    notes = json.loads(answer.headers["Rechroma-Notes"])
    assert any(note.startswith("prepared: border") for note in notes)
    assert "old.prepared.png" in answer.headers["Content-Disposition"]
    again = client.post("/v1/prepare", files={"picture": ("new.png", answer.content)})
    assert pixels(again).shape == wanted.samples.shape


def test_what_making_ready_would_do_is_suggested_and_not_done(client, old_print):
    key = client.post("/v1/sessions", files={"picture": ("old.png", old_print)}).json()["id"]
    opened = f"/v1/sessions/{key}"
    plain = pixels(client.post(f"{opened}/picture", json={}))
    said = client.post(f"{opened}/preparation", json={}, params={"side": 128}).json()
    wanted = prepare(read(old_print))
    assert [each["kind"] for each in said["findings"]] == [e.kind for e in wanted.findings]
    assert said["changed"]
    assert tuple(said["frame"]) == wanted.frame
    before, after = shown(said["before"]), shown(said["after"])
    assert max(before.size) == max(after.size) == 128
    assert np.ptp(np.asarray(after.convert("L"))) > np.ptp(np.asarray(before.convert("L")))
    np.testing.assert_array_equal(pixels(client.post(f"{opened}/picture", json={})), plain)
    off = {"border": "keep", "straighten": False, "neutralize": False, "contrast": False,
           "scratches": False}  # fmt: skip
    assert not client.post(f"{opened}/preparation", json=off).json()["changed"]
    client.delete(opened)


@pytest.mark.parametrize("options", [{}, {"border": "crop"}, {"prepared_lightness": True}])
def test_a_picture_with_its_preparation(client, conditioned, old_print, options):
    key = client.post("/v1/sessions", files={"picture": ("old.png", old_print)}).json()["id"]
    opened = f"/v1/sessions/{key}"
    hint = {"x": 200, "y": 150, "color": "#c22b2b"}
    got = pixels(client.post(f"{opened}/picture", json={"prepare": options, "hints": [hint]}))
    lightness = options.get("prepared_lightness", False)
    how = {name: value for name, value in options.items() if name != "prepared_lightness"}
    ready = prepare(read(old_print), PrepareOptions(**how))
    sent = client.post(
        "/v1/colorize", files={"picture": ("old.png", old_print)},
        data={"options": json.dumps({"prepare": options, "hints": [hint]})},
    )  # fmt: skip
    assert np.abs(got.astype(int) - pixels(sent)).mean() < 0.5
    colorizer = Colorizer(conditioned)
    plain = pixels(client.post(f"{opened}/picture", json={"prepare": options}))
    wanted = ready.framed(
        predict_prepared(ready, colorizer.predict, prepared_lightness=lightness).render()
    )
    assert plain.shape == wanted.samples.shape
    assert np.abs(plain.astype(int) - wanted.to_uint8()).mean() < 0.5
    seen = client.post(f"{opened}/preparation/preview", json=options, params={"before": True})
    before = np.asarray(Image.open(io.BytesIO(seen.content)).convert("RGB"))
    np.testing.assert_array_equal(before, ready.original.to_uint8())
    if ready.frame:
        outside = client.post(
            f"{opened}/picture",
            json={"prepare": options, "hints": [{"x": 3, "y": 3, "color": "red"}]},
        )
        assert outside.status_code == 422
        assert "outside of the print made ready" in outside.json()["detail"]
    client.delete(opened)


def test_a_mask_goes_with_a_print_that_is_cropped(client, old_print):
    """It is in the shape of the print as it came, and keeps what it shows of it."""
    key = client.post("/v1/sessions", files={"picture": ("old.png", old_print)}).json()["id"]
    opened = f"/v1/sessions/{key}"
    plane = np.zeros((330, 420), np.uint8)
    plane[100:200, 100:220] = 255
    give_mask(client, opened, "part", plane)
    edit = {"prepare": {"border": "crop"}, "masks": [{"mask": "part", "strength": 0}]}
    got = pixels(client.post(f"{opened}/picture", json=edit)).astype(int)
    ready = prepare(read(old_print), PrepareOptions(border="crop"))
    left, top, *_ = ready.geometry.crop
    gray = np.ptp(got, axis=2) <= 1
    inside = np.zeros_like(gray)
    inside[105 - top : 195 - top, 105 - left : 215 - left] = True
    assert gray[inside].mean() > 0.99
    assert gray[200:].mean() < 0.5
    client.delete(opened)


def test_masks_are_gone_with_their_picture(serve, conditioned, gray, half):
    with serve(conditioned, "--workers", "1") as service, service.client() as client:
        key = client.post("/v1/sessions", files={"picture": ("a.png", gray)}).json()["id"]
        give_mask(client, f"/v1/sessions/{key}", "left", half)
        assert service.metric("rechroma_stored_bytes") > len(gray)
        client.delete(f"/v1/sessions/{key}")
        assert service.metric("rechroma_stored_bytes") == 0


def test_a_mask_is_as_sharp_as_it_came_in_a_picture_larger_than_its_preview(client, make_picture):
    """A preview has 1,600 pixels a side."""
    sent = make_picture(size=(2400, 300))
    key = client.post("/v1/sessions", files={"picture": ("wide.png", sent)}).json()["id"]
    opened = f"/v1/sessions/{key}"
    plane = np.zeros((300, 2400), np.uint8)
    plane[::2, ::3] = 255
    plane[100:200] = 255
    give_mask(client, opened, "odd", plane)
    edit = {"masks": [{"mask": "odd", "keep": True}], "strength": 1.5}
    got = pixels(client.post(f"{opened}/picture", json=edit))
    before = np.asarray(Image.open(io.BytesIO(sent)).convert("RGB"))
    np.testing.assert_array_equal(got[plane == 255], before[plane == 255])
    assert (got[plane == 0] != before[plane == 0]).any()
    client.delete(opened)
