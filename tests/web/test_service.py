import io
import json
import re
import zipfile

import httpx
import numpy as np
import OpenImageIO as oiio
import pytest
from PIL import Image, ImageCms
from prometheus_client.parser import text_string_to_metric_families

import rechroma
from rechroma.color import rgb_to_lab
from rechroma.colorizer import Colorizer, Hint
from rechroma.web.app import make_app
from rechroma.web.settings import Settings

TOKEN = "0123456789abcdef"  # noqa: S105


def files(**pictures):
    return {name: (f"{name}.png", data) for name, data in pictures.items()}


def pixels(data):
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def problem(answer, status):
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == status
    assert body["detail"]
    assert body["mend"]
    assert "Traceback" not in answer.text
    assert "serving-" not in answer.text
    return body


@pytest.fixture(scope="module")
def colorizer(conditioned):
    return Colorizer(conditioned)


@pytest.fixture(scope="module")
def gray(make_picture):
    return make_picture()


def test_a_picture_comes_back_as_the_package_colors_it(client, colorizer, gray):
    answer = client.post("/v1/colorize", files=files(picture=gray))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/png"
    assert 'filename="picture.color.png"' in answer.headers["content-disposition"]
    wanted = colorizer.colorize(gray).to_uint8()
    assert np.array_equal(pixels(answer.content), wanted)
    assert np.ptp(wanted.astype(int), axis=2).max() > 20


def test_options_are_the_package_s_own(client, colorizer, gray):
    options = {
        "strength": 0.7,
        "vividness": 0.4,
        "hints": [{"x": 40, "y": 30, "color": "#c22b2b"}],
    }
    answer = client.post(
        "/v1/colorize", files=files(picture=gray), data={"options": json.dumps(options)}
    )
    wanted = colorizer.colorize(gray, strength=0.7, vividness=0.4, hints=[Hint(40, 30, "#c22b2b")])
    assert np.array_equal(pixels(answer.content), wanted.to_uint8())
    plain = client.post("/v1/colorize", files=files(picture=gray))
    assert not np.array_equal(pixels(answer.content), pixels(plain.content))


@pytest.mark.parametrize("color", ["navy", "#008"])
def test_colors_of_hints_by_name_and_in_short(client, colorizer, gray, color):
    options = {"hints": [{"x": 40, "y": 30, "color": color, "reach": "alike"}]}
    answer = client.post(
        "/v1/colorize", files=files(picture=gray), data={"options": json.dumps(options)}
    )
    wanted = colorizer.colorize(gray, hints=[Hint(40, 30, color)])
    assert np.array_equal(pixels(answer.content), wanted.to_uint8())


def test_a_picture_in_color_may_stay_as_it_is(client, make_picture):
    """To the last byte, unless it shall be another file."""
    data = make_picture("JPEG", mode="RGB", quality=31)
    keep = {"options": '{"recolor": false}'}
    kept = client.post("/v1/colorize", files=files(picture=data), data=keep)
    assert kept.content == data
    assert kept.headers["content-type"] == "image/jpeg"
    for query in ("format=png", "quality=50"):
        other = client.post(f"/v1/colorize?{query}", files=files(picture=data), data=keep)
        assert other.is_success
        assert other.content != data


def test_16_bits_and_metadata_stay(client, tmp_path):
    path = tmp_path / "deep.tif"
    ramp = np.linspace(0, 65535, 64 * 48).astype(np.uint16).reshape(48, 64, 1)
    spec = oiio.ImageSpec(64, 48, 1, oiio.UINT16)
    spec.attribute("ImageDescription", "grandmother")
    output = oiio.ImageOutput.create(str(path))
    output.open(str(path), spec)
    output.write_image(ramp)
    output.close()
    answer = client.post("/v1/colorize", files={"picture": ("deep.tif", path.read_bytes())})
    result = tmp_path / "result.tif"
    result.write_bytes(answer.content)
    read = oiio.ImageInput.open(str(result))
    assert str(read.spec().format) == "uint16"
    assert read.spec().get_string_attribute("ImageDescription") == "grandmother"
    assert read.spec().getattribute("ICCProfile") is not None


@pytest.mark.parametrize(
    ("query", "accept", "kind"),
    [
        ("?format=jpg", "*/*", "JPEG"),
        ("?format=webp", "image/png", "WEBP"),
        ("", "image/webp", "WEBP"),
        ("", "text/html, image/jpeg;q=0.5, image/png;q=0.9", "PNG"),
        ("", "image/*", "PNG"),
        ("", "", "PNG"),
    ],
)
def test_the_client_chooses_the_format(client, gray, query, accept, kind):
    answer = client.post(
        f"/v1/colorize{query}", files=files(picture=gray), headers={"Accept": accept}
    )
    assert Image.open(io.BytesIO(answer.content)).format == kind


def test_formats_that_can_t_be_written(client, gray):
    problem(client.post("/v1/colorize?format=heic", files=files(picture=gray)), 422)
    answer = client.post(
        "/v1/colorize", files=files(picture=gray), headers={"Accept": "text/html, video/*"}
    )
    problem(answer, 406)


def test_a_transfer_is_the_package_s_own(client, make_picture):
    source, target = make_picture(mode="RGB", seed=1), make_picture(mode="RGB", seed=2)
    options = {"method": "mkl", "strength": 0.6, "luminance": "keep"}
    answer = client.post(
        "/v1/transfer",
        files=files(source=source, target=target),
        data={"options": json.dumps(options)},
    )
    wanted = rechroma.transfer(source, target, method="mkl", strength=0.6, luminance="keep")
    assert np.array_equal(pixels(answer.content), wanted.to_uint8())


def test_swatches_are_pixels_of_whole_pictures(client, make_picture):
    source, target = make_picture(mode="RGB", seed=1), make_picture(mode="RGB", seed=2)
    pair = {"source": [5, 6, 20, 20], "target": [60, 30, 25, 15]}
    answer = client.post(
        "/v1/transfer",
        files=files(source=source, target=target),
        data={"options": json.dumps({"swatches": [pair]})},
    )
    swatch = rechroma.Swatch((5, 6, 20, 20), (60, 30, 25, 15))
    wanted = rechroma.transfer(source, target, swatches=[swatch])
    assert np.array_equal(pixels(answer.content), wanted.to_uint8())


def test_a_look_is_applied(client, make_picture, tmp_path):
    source, target = make_picture(mode="RGB", seed=1), make_picture(mode="RGB", seed=2)
    look = rechroma.fit_look(source, target)
    cube = look.save(tmp_path / "warm.cube")
    answer = client.post(
        "/v1/looks/apply",
        files={"picture": ("a.png", target), "look": ("warm.cube", cube.read_bytes())},
    )
    difference = pixels(answer.content).astype(int) - look.apply(rechroma.read(target)).to_uint8()
    assert abs(difference).max() <= 1
    broken = client.post(
        "/v1/looks/apply", files={"picture": ("a.png", target), "look": ("warm.cube", b"LUT")}
    )
    assert "warm.cube" in problem(broken, 422)["detail"]


def test_what_is_no_picture(client, gray):
    problem(client.post("/v1/colorize", files={"picture": ("a.png", b"hello")}), 415)
    problem(client.post("/v1/colorize", files={"picture": ("a.png", b"")}), 415)
    assert (
        "a.png"
        in problem(
            client.post("/v1/colorize", files={"picture": ("../../a.png", gray[:200])}), 422
        )["detail"]
    )
    problem(client.post("/v1/colorize", data={"picture": "text"}), 422)
    problem(client.post("/v1/colorize", json={"picture": "https://example.com/a.png"}), 422)


@pytest.mark.parametrize(
    "options",
    [
        '{"strength": NaN}', '{"strength": 1e999}', '{"strength": 9}', '{"strenght": 1}', "[]", "{",
        '{"hints": [{"x": -1, "y": 0, "color": "#ffffff"}]}',
        '{"hints": [{"x": 100000, "y": 0, "color": "#ffffff"}]}',
        '{"hints": [{"x": 1, "y": 0, "color": "reddish"}]}',
        json.dumps({"hints": [{"x": 1, "y": 1, "color": "#ffffff"}] * 1000}),
    ],
)  # fmt: skip
def test_options_that_make_no_sense(client, gray, options):
    problem(client.post("/v1/colorize", files=files(picture=gray), data={"options": options}), 422)


def test_of_a_black_and_white_mood_the_tones_are_taken(client, gray, make_picture):
    color = make_picture("JPEG", mode="RGB")
    answer = client.post("/v1/transfer", files=files(source=gray, target=color))
    assert answer.status_code == 200
    keep = {"options": '{"luminance": "keep"}'}
    sent = files(source=gray, target=color)
    assert (
        "black and white"
        in problem(client.post("/v1/transfer", files=sent, data=keep), 422)["detail"]
    )


def test_pictures_of_too_many_pixels(client):
    """What the header says is enough: nothing is decoded."""
    bomb = io.BytesIO()
    Image.new("1", (13000, 13000)).save(bomb, "PNG")
    problem(client.post("/v1/colorize", files=files(picture=bomb.getvalue())), 413)


def test_unknown_paths_and_methods(client):
    problem(client.get("/v1/nothing"), 404)
    problem(client.get("/v1/colorize"), 405)
    problem(client.get("/v1/sessions/unknown"), 404)
    problem(client.get("/static/../app.py"), 404)
    problem(client.get("/static/%2e%2e/app.py"), 404)


def test_status(client):
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"status": "ready"}
    models = client.get("/v1/models").json()
    assert models["current"]["name"] == "conditioned"
    assert models["current"]["hints"]
    # It has no features by which things could be told apart.
    assert models["current"]["reaches"] == ["alike"]
    assert any(each["name"].startswith("rechroma-") for each in models["models"])
    text = client.get("/metrics").text
    assert 'rechroma_requests_total{method="GET",route="/v1/models",status="200"}' in text
    assert "rechroma_queue_length 0.0" in text


def test_metrics_follow_prometheus_conventions(client, gray):
    """Read by its own parser: units in names, counters with `_total`, buckets to two minutes."""
    assert client.post("/v1/colorize", files=files(picture=gray)).is_success
    assert client.request("BREW", "/pot-17").is_error
    text = client.get("/metrics").text
    families = {each.name: each for each in text_string_to_metric_families(text)}
    kinds = {name: each.type for name, each in families.items()}
    assert kinds["rechroma_requests"] == kinds["rechroma_worker_restarts"] == "counter"
    assert kinds["rechroma_request_duration_seconds"] == "histogram"
    assert "rechroma_worker_restarts_total 0.0" in text
    samples = families["rechroma_request_duration_seconds"].samples
    bounds = {each.labels["le"] for each in samples if each.name.endswith("_bucket")}
    assert {"120.0", "+Inf"} <= bounds
    assert {each.labels["method"] for each in samples} >= {"GET", "POST", "other"}
    assert "pot-17" not in text
    assert families["rechroma_queue_wait_seconds"].samples[-1].value >= 0
    waits = families["rechroma_queue_wait_seconds"].samples
    assert next(each.value for each in waits if each.name.endswith("_count")) >= 1
    build = families["rechroma_build_info"].samples[0].labels
    assert build["version"] == rechroma.__version__
    assert "process_resident_memory_bytes" in text


def test_requests_have_ids(client):
    """The client's own, if it can't do harm in a log."""
    assert (
        client.get("/healthz", headers={"X-Request-ID": "a-1.B_2"}).headers["x-request-id"]
        == "a-1.B_2"
    )
    for unsound in ("", "a b", "{}", "x" * 65):
        made = client.get("/v1/nothing", headers={"X-Request-ID": unsound})
        assert re.fullmatch("[0-9a-f]{16}", made.headers["x-request-id"])


@pytest.mark.parametrize("style", ["text", "json"])
def test_a_line_for_each_answer(serve, conditioned, gray, style, wait_for):
    with serve(conditioned, "--workers", "1", "--access-log", style) as served:
        key = served.post(gray, "/v1/sessions").json()["id"]
        head = {"X-Request-ID": "mine"}
        assert served.get(f"/v1/sessions/{key}?token=hidden", headers=head).is_success
        # It is written after the answer.
        wait_for(lambda: "mine" in served.log.read_text())
        lines = [line for line in served.log.read_text().splitlines() if "mine" in line]
        assert key not in served.log.read_text()
        assert "hidden" not in served.log.read_text()
    assert len(lines) == 1
    if style == "json":
        entry = json.loads(lines[0])
        assert (entry["method"], entry["route"]) == ("GET", "/v1/sessions/{id}")
        assert (entry["status"], entry["client"]) == (200, "127.0.0.1")
        assert entry["bytes"] > 0
    else:
        assert " 127.0.0.1 GET /v1/sessions/{id} 200 " in lines[0]


@pytest.mark.parametrize(
    "path", ["/", "/healthz", "/readyz", "/v1/models", "/openapi.json", "/static/icon.svg"]
)
def test_head_says_what_get_would(client, path):
    got, head = client.get(path), client.head(path)
    assert head.status_code == 200
    assert head.content == b""
    for name in ("content-length", "content-type", "cache-control"):
        assert head.headers[name] == got.headers[name]


def test_head_where_there_is_no_get(client):
    assert client.head("/v1/colorize").status_code == 405
    assert client.head("/v1/nothing").status_code == 404


def test_every_answer_has_the_security_headers(client, gray):
    """Pages, pictures, JSON, and problems: of routes, of what stands before them, of no route."""
    sent = files(picture=gray)
    paths = ("/", "/healthz", "/metrics", "/openapi.json", "/v1/nothing", "/static/js/main.js")
    answers = [client.get(path) for path in paths] + [
        client.post("/v1/colorize", files=sent),
        client.post("/v1/sessions", files=sent),
        client.post("/v1/colorize", files=files(picture=b"hello")),
        client.post("/v1/colorize", files=sent, data={"options": "{"}),
        client.get("/v1/colorize"),
        client.get("/v1/models", headers={"Host": "rebound.example.com"}),
        client.post("/v1/colorize", files=sent, headers={"Origin": "https://example.com"}),
    ]
    statuses = [answer.status_code for answer in answers]
    assert statuses == [200, 200, 200, 200, 404, 200, 200, 201, 415, 422, 405, 421, 403]
    for answer in answers:
        assert answer.headers["content-security-policy"].startswith("default-src 'self'")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "access-control-allow-origin" not in answer.headers


def test_other_sites_are_turned_away(client, gray):
    problem(client.get("/v1/models", headers={"Host": "rebound.example.com"}), 421)
    for origin in ("https://example.com", "null", "http://127.0.0.1:1"):
        answer = client.post("/v1/colorize", files=files(picture=gray), headers={"Origin": origin})
        problem(answer, 403)
    own = {"Origin": str(client.base_url).rstrip("/")}
    assert client.post("/v1/colorize", files=files(picture=gray), headers=own).is_success


@pytest.mark.parametrize("nonsense", ["[", "[::1", "]["])
def test_hosts_and_origins_that_make_no_sense(client, nonsense):
    problem(client.get("/v1/models", headers={"Host": nonsense}), 421)
    problem(client.get("/v1/models", headers={"Origin": f"http://{nonsense}"}), 403)


def test_browsers_ask_again_for_each_module(client):
    """So modules of two versions never meet."""
    answer = client.get("/static/js/main.js")
    assert answer.headers["cache-control"] == "no-cache"
    known = {"If-None-Match": answer.headers["etag"]}
    assert client.get("/static/js/main.js", headers=known).status_code == 304
    assert client.get("/healthz").headers["cache-control"] == "no-store"


def test_the_document_says_what_is_sent_and_what_comes_back(client):
    document = client.get("/openapi.json").json()
    schemas, paths = document["components"]["schemas"], document["paths"]
    for path, name in (("/v1/colorize", "ColorizeOptions"), ("/v1/transfer", "TransferOptions")):
        body = paths[path]["post"]["requestBody"]["content"]["multipart/form-data"]["schema"]
        options = schemas[body["$ref"].rsplit("/", 1)[1]]["properties"]["options"]
        assert options["contentSchema"] == {"$ref": f"#/components/schemas/{name}"}
        assert options["examples"]
        assert "strength" in schemas[name]["properties"]
    answers = {
        ("/v1/sessions", "post", "201"): "OpenPicture",
        ("/v1/sessions/{id}", "get", "200"): "OpenPicture",
        ("/v1/models", "get", "200"): "Models",
    }
    for (path, method, status), name in answers.items():
        content = paths[path][method]["responses"][status]["content"]["application/json"]
        assert content["schema"] == {"$ref": f"#/components/schemas/{name}"}
    likely = paths["/v1/sessions/{id}/likely"]["post"]["responses"]["200"]["content"]
    items = likely["application/json"]["schema"]["items"]
    assert items == {"$ref": "#/components/schemas/LikelyColor"}
    for name in ("Edit", "LikelyOptions", "SessionMood", "ArchiveOptions", "OpenPicture"):
        assert schemas[name]["examples"]


def test_the_document_suits_programs_that_make_clients(client):
    """What openapi-python-client and others need: files, names, the token, servers."""
    document = client.get("/openapi.json").json()
    operations = {
        (path, method): each
        for path, methods in document["paths"].items()
        for method, each in methods.items()
    }
    names = [each["operationId"] for each in operations.values()]
    assert len(set(names)) == len(names)
    assert {"colorize", "open_picture", "mood_picture", "archive"} <= set(names)
    assert all(re.fullmatch("[a-z_]+", name) for name in names)
    for path, parts in (("/v1/colorize", ["picture"]), ("/v1/transfer", ["source", "target"])):
        form = operations[path, "post"]["requestBody"]["content"]["multipart/form-data"]["schema"]
        properties = document["components"]["schemas"][form["$ref"].rsplit("/", 1)[1]]["properties"]
        assert [properties[part]["format"] for part in parts] == ["binary"] * len(parts)
    picture = operations["/v1/colorize", "post"]["responses"]["200"]["content"]["image/jpeg"]
    assert picture["schema"] == {"type": "string", "format": "binary"}
    archive = operations["/v1/archive", "post"]["responses"]["200"]["content"]
    assert list(archive) == ["application/zip"]
    assert document["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    assert {} in document["security"]
    assert operations["/healthz", "get"]["security"] == []
    assert document["servers"] == [{"url": "/"}]
    method = document["components"]["schemas"]["TransferOptions"]["properties"]["method"]
    assert "mkl" in method["enum"]
    with_token = make_app(Settings(token=TOKEN)).openapi()
    assert with_token["security"] == [{"token": []}]


def test_a_picture_that_is_no_form(client, gray):
    for kind in ("image/png", "application/json"):
        answer = client.post("/v1/colorize", content=gray, headers={"Content-Type": kind})
        assert answer.status_code == 422
        assert "curl -F" in answer.json()["mend"]


def opened(client, data, name="a.png"):
    answer = client.post("/v1/sessions", files={"picture": (name, data)})
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_a_session_tells_what_the_picture_is(client, make_picture):
    facts = opened(client, make_picture(size=(300, 200)), name="über\u202e alt.png")
    assert (facts["width"], facts["height"], facts["bit_depth"]) == (300, 200, 8)
    assert facts["format"] == "png"
    assert facts["name"] == "über alt.png"
    assert not facts["in_color"]
    assert len(facts["id"]) >= 32
    again = client.get(f"/v1/sessions/{facts['id']}").json()
    assert again == facts


def test_planes_are_the_colors_of_the_preview(client, colorizer, gray):
    key = opened(client, gray)["id"]
    answer = client.post(f"/v1/sessions/{key}/planes", json={})
    width, height = int(answer.headers["x-width"]), int(answer.headers["x-height"])
    planes = np.frombuffer(answer.content, np.uint8).reshape(6, height, width)
    lightness, chroma, mean = planes[0], planes[1:3].view(np.int8), planes[3:5].view(np.int8)
    predicted = colorizer.predict(gray)
    lab = rgb_to_lab(predicted.photo.pixels)
    assert np.abs(lightness / 2.55 - lab[..., 0]).max() < 0.2
    assert np.abs(chroma - predicted.enlarged()).max() <= 0.51
    assert np.abs(mean - predicted.enlarged(vividness=0)).max() <= 0.51
    sure = predicted.confidence().samples[..., 0]
    assert np.array_equal(planes[5], sure)


def test_cells_are_what_the_network_says(client, colorizer, gray):
    key = opened(client, gray)["id"]
    answer = client.post(f"/v1/sessions/{key}/cells", json={})
    width, height = int(answer.headers["x-width"]), int(answer.headers["x-height"])
    cells = np.frombuffer(answer.content, "<f4").reshape(6, height, width)
    predicted = colorizer.predict(gray)
    told = predicted.distribution
    assert np.allclose(cells[0], predicted.lightness, atol=0.5)
    assert np.allclose(cells[1:3].transpose(1, 2, 0), predicted.chroma, atol=0.1)
    assert np.allclose(cells[3:5], told.mean(), atol=0.1)
    assert np.allclose(cells[5], told.confidence(), atol=0.01)
    extent = [float(part) for part in answer.headers["x-extent"].split()]
    assert extent == list(predicted.extent)


def test_an_exact_preview_and_a_part_of_it(client):
    """Pixel for pixel, with its transparency; parts in pixels of the whole picture."""
    rng = np.random.default_rng(3)
    rgba = rng.integers(0, 256, (100, 140, 4), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(rgba).save(file, "PNG")
    key = opened(client, file.getvalue())["id"]

    def seen(query):
        answer = client.get(f"/v1/sessions/{key}/original?exact=true{query}")
        return np.asarray(Image.open(io.BytesIO(answer.content)))

    assert np.array_equal(seen(""), rgba)
    assert np.array_equal(seen("&box=20,30,50,40"), rgba[30:70, 20:70])
    half = seen("&box=20,30,50,40&side=25")
    blocks = rgba[30:70, 20:70].reshape(20, 2, 25, 2, 4).mean((1, 3))
    assert np.abs(half - blocks).max() <= 1
    for box, status in (("100,0,41,10", 422), ("0,0,0,10", 422), ("-1,0,9,9", 422), ("1,2", 422)):
        problem(client.get(f"/v1/sessions/{key}/original?box={box}"), status)


def test_a_session_s_picture_is_whole(client, make_picture):
    """Larger than a preview: the colors of the preview, the lightness of the whole."""
    data = make_picture(size=(2400, 1800))
    key = opened(client, data)["id"]
    answer = client.post(f"/v1/sessions/{key}/picture", json={"strength": 0.8})
    result = Image.open(io.BytesIO(answer.content))
    assert result.size == (2400, 1800)
    own = rgb_to_lab(pixels(data) / 255.0)[..., 0]
    lab = rgb_to_lab(np.asarray(result) / 255.0)
    assert np.abs(lab[..., 0] - own).max() < 1.5
    assert np.hypot(lab[..., 1], lab[..., 2]).mean() > 2


def test_edits_change_the_colors(client, make_picture):
    data, mood = make_picture(size=(300, 200)), make_picture(mode="RGB", seed=5)
    key, other = opened(client, data)["id"], opened(client, mood)["id"]

    def planes(**edit):
        answer = client.post(f"/v1/sessions/{key}/planes", json=edit)
        assert answer.status_code == 200, answer.text
        size = int(answer.headers["x-width"]) * int(answer.headers["x-height"])
        return np.frombuffer(answer.content[size : 3 * size], np.int8).reshape(2, 200, 300)

    plain = planes()
    hinted = planes(hints=[{"x": 150, "y": 100, "color": "#1030ff"}])
    assert hinted[1, 100, 150] < plain[1, 100, 150] - 5
    assert np.array_equal(hinted[:, :40, :40], plain[:, :40, :40])
    assert not np.array_equal(planes(mood=other), plain)
    assert not np.array_equal(planes(answer=[1, 4]), planes(answer=[3, 4]))
    problem(client.post(f"/v1/sessions/{key}/planes", json={"answer": [5, 4]}), 422)
    problem(client.post(f"/v1/sessions/{key}/planes", json={"mood": "gone"}), 404)


def test_likely_colors(client, make_picture):
    key = opened(client, make_picture(size=(300, 200)))["id"]
    found = client.post(f"/v1/sessions/{key}/likely", json={"x": 20, "y": 199}).json()
    assert 1 <= len(found) <= 6
    shares = [each["probability"] for each in found]
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) <= 1.001
    assert all(each["color"].startswith("#") for each in found)
    problem(client.post(f"/v1/sessions/{key}/likely", json={"x": 300, "y": 0}), 422)


def test_moods_of_open_pictures(client, make_picture, tmp_path):
    source, target = make_picture(mode="RGB", seed=1), make_picture(mode="RGB", seed=2)
    ours, theirs = opened(client, target)["id"], opened(client, source)["id"]
    wish = {"source": theirs, "method": "reinhard"}
    wanted = rechroma.transfer(source, target, method="reinhard")
    whole = client.post(f"/v1/sessions/{ours}/mood/picture", json=wish)
    assert np.array_equal(pixels(whole.content), wanted.to_uint8())
    preview = client.post(f"/v1/sessions/{ours}/mood/preview?side=1600", json=wish)
    assert preview.headers["content-type"] == "image/jpeg"
    assert np.abs(pixels(preview.content).astype(int) - wanted.to_uint8()).mean() < 3
    cube = tmp_path / "look.cube"
    answer = client.post(f"/v1/sessions/{ours}/mood/look", json=wish)
    cube.write_bytes(answer.content)
    assert 'filename="a.look.cube"' in answer.headers["content-disposition"]
    from rechroma.mood import read_lut

    by_cube = read_lut(cube).apply(rechroma.read(target).samples)
    assert np.abs(by_cube.astype(int) - wanted.to_uint8()).max() <= 1
    outside = {"source": [0, 0, 500, 5], "target": [0, 0, 5, 5]}
    answer = client.post(f"/v1/sessions/{ours}/mood/preview", json={**wish, "swatches": [outside]})
    problem(answer, 422)


def test_a_zip_of_several(client, make_picture):
    keys = [opened(client, make_picture(seed=seed), name="same.png")["id"] for seed in range(3)]
    entries = [{"id": key} for key in keys]
    entries[1]["edit"] = {"hints": [{"x": 5000, "y": 0, "color": "#ffffff"}]}
    answer = client.post("/v1/archive", json={"pictures": entries})
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert names == ["same.color.png", "same.color-2.png", "failed.txt"]
        alone = client.post(f"/v1/sessions/{keys[2]}/picture", json={})
        assert archive.read(names[1]) == alone.content
        failed = archive.read("failed.txt").decode()
        assert "outside" in failed
        assert failed.startswith("same.png: ")
        assert not any(key in failed for key in keys)
    problem(client.post("/v1/archive", json={"pictures": [{"id": "gone"}]}), 404)


def test_a_closed_picture_is_gone(serve, conditioned, gray):
    # A server of its own: answers to other tests may still be on their way out of its store.
    with serve(conditioned) as served, served.client() as client:
        key = opened(client, gray)["id"]
        assert served.metric("rechroma_stored_bytes") == len(gray)
        assert client.delete(f"/v1/sessions/{key}").status_code == 204
        assert served.metric("rechroma_stored_bytes") == 0
        for path in ("planes", "picture", "likely"):
            body = {"x": 0, "y": 0} if path == "likely" else {}
            problem(client.post(f"/v1/sessions/{key}/{path}", json=body), 404)
        assert client.delete(f"/v1/sessions/{key}").status_code == 204


def test_profiles_are_heeded(client, make_picture, adobe_profile):
    """A picture in Adobe RGB is not taken for sRGB: its lightness is that of LittleCMS."""
    data = make_picture(mode="RGB", icc_profile=adobe_profile)
    answer = client.post("/v1/colorize", files=files(picture=data))
    named = ImageCms.ImageCmsProfile(io.BytesIO(adobe_profile))
    converted = ImageCms.profileToProfile(
        Image.open(io.BytesIO(data)), named, ImageCms.createProfile("sRGB")
    )
    got, wanted, unheeded = (
        rgb_to_lab(np.asarray(picture) / 255)[..., 0]
        for picture in (pixels(answer.content), converted, pixels(data))
    )
    # Half a level of each on the way.
    assert np.abs(got - wanted).max() < 1
    assert np.abs(unheeded - wanted).max() > 2


def test_tokens(serve, conditioned):
    host = "0.0.0.0"  # noqa: S104
    with serve(conditioned, "--host", host, env={"RECHROMA_TOKEN": TOKEN}, wait=False) as one:
        base = one.base.replace(host, "127.0.0.1")
        for path in ("/healthz", "/", "/favicon.ico", "/static/js/main.js"):
            assert httpx.get(f"{base}{path}").is_success
        answer = httpx.get(f"{base}/v1/models")
        mend = problem(answer, 401)["mend"]
        assert "Bearer" in mend
        assert "#token=" in mend
        assert answer.headers["www-authenticate"] == "Bearer"
        wrong = httpx.get(f"{base}/v1/models", headers={"Authorization": f"Bearer {TOKEN[:-1]}"})
        problem(wrong, 401)
        right = {"Authorization": f"Bearer {TOKEN}"}
        assert httpx.get(f"{base}/v1/models", headers=right, timeout=60).is_success
