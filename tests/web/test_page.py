"""The page, in a real browser."""

import io
import json
import re
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import expect

from rechroma.color import lab_to_gamut_rgb, lightness
from rechroma.colorizer.guided import GuidedPlanes

SAMPLE = re.compile("Louis Armstrong")
# Machines that test have other things to do, too.
PATIENCE = 30_000
expect.set_options(timeout=PATIENCE)
# Drops or pastes files, given as {name, bytes: number[]}, onto an element.
GIVE = """([selector, type, files]) => {
  const transfer = new DataTransfer();
  for (const { name, bytes } of files) transfer.items.add(new File([new Uint8Array(bytes)], name));
  const target = document.querySelector(selector);
  const event = type === "paste"
    ? new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true, cancelable: true })
    : new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true });
  target.dispatchEvent(event);
}"""


def give(page, selector, kind, *pictures):
    files = [{"name": name, "bytes": list(data)} for name, data in pictures]
    page.evaluate(GIVE, [selector, kind, files])


@contextmanager
def opening(browser, base, **options):
    """A fresh page; no test ends with an error in the console or a request to elsewhere."""
    context = browser.new_context(
        **{"viewport": {"width": 1280, "height": 900}, "accept_downloads": True, **options}
    )
    opened = context.new_page()
    opened.set_default_timeout(PATIENCE)
    problems, hosts = [], set()
    opened.on("pageerror", lambda error: problems.append(str(error)))
    opened.on("console", lambda entry: entry.type == "error" and problems.append(entry.text))
    opened.on("request", lambda asked: hosts.add(asked.url.split("/")[2]))
    opened.goto(base)
    opened.wait_for_selector("body[data-ready]")
    yield opened
    context.close()
    # What the service refuses, browsers report as an error of the console.
    assert [text for text in problems if "Failed to load resource" not in text] == []
    assert {host for host in hosts if host} == {base.removeprefix("http://")}


@pytest.fixture
def page(browser, served, request):
    with opening(browser, served.base, **getattr(request, "param", {})) as opened:
        yield opened


@pytest.fixture(scope="module")
def alone(serve, conditioned):
    """A service that one page at a time has for itself."""
    with serve(conditioned, "--workers", "1") as service:
        yield service


@pytest.fixture
def page_alone(browser, alone):
    with opening(browser, alone.base) as opened:
        until(opened, lambda: is_empty(alone))
        yield opened


def is_empty(service):
    """Nothing of any picture is kept, in memory or on disk."""
    kept = service.metric("rechroma_sessions") + service.metric("rechroma_stored_bytes")
    return kept == 0 and not any(path.is_file() for path in service.temp.rglob("*"))


def until(page, check):
    """Wait for something that the page itself does not show."""
    for _ in range(PATIENCE // 100):
        if check():
            return
        page.wait_for_timeout(100)
    raise AssertionError("it does not happen")


def no_violations(page):
    found = Axe().run(page).response["violations"]
    assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found] == []


def ready(page, count=1):
    expect(page.locator(".filmstrip li[data-state=ready]")).to_have_count(count)
    expect(page.locator("#color-stage .busy")).to_be_hidden()


def sample(page):
    page.get_by_role("button", name=SAMPLE).click()
    ready(page)


def color_of(page):
    """The mean chroma of the picture on the right, roughly: the spread of its channels."""
    return page.evaluate(
        "() => { const c = document.querySelector('#color-stage .after');"
        " const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;"
        " let sum = 0; for (let i = 0; i < d.length; i += 4)"
        " sum += Math.max(d[i], d[i + 1], d[i + 2]) - Math.min(d[i], d[i + 1], d[i + 2]);"
        " return sum / (d.length / 4); }"
    )


def opened_id(page, work):
    """The id of the picture that the page opens while it does this work."""
    with page.expect_response(
        lambda answer: answer.url.endswith("/v1/sessions") and answer.status == 201
    ) as answer:
        work()
    return answer.value.json()["id"]


def hold(page, pattern):
    """The requests that are held up from now on, until a test lets them go."""
    held = []
    page.route(pattern, lambda route: held.append(route))
    return held


def place_hint(page, x=0.7, y=0.4):
    box = page.locator("#color-stage .world").bounding_box()
    page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])


def saved(download):
    return Path(download.path()).read_bytes()


def test_from_a_drop_to_a_download(page, make_picture):
    """Drop, result, divider by keyboard, hint, undo, mood, download: as people do it."""
    data = make_picture("PNG", size=(400, 300))
    deep = io.BytesIO()
    ramp = np.add.outer(np.arange(300), np.arange(400)).astype(np.uint16) * 90
    Image.fromarray(ramp).save(deep, "PNG")
    give(page, "main", "drop", ("deep.png", deep.getvalue()), ("other.png", data))
    ready(page, 2)
    plain = color_of(page)
    assert plain > 1

    divider = page.get_by_role("slider", name=re.compile("Before and after"))
    divider.focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    assert divider.input_value() == "55"
    clip = page.locator("#color-stage .after").evaluate("c => c.style.clipPath")
    shown = page.locator("#color-stage .world").evaluate("w => w.offsetWidth")
    assert abs(float(clip.split()[-1].rstrip("px)")) / shown - 0.55) < 0.01

    box = page.locator("#color-stage .world").bounding_box()
    page.mouse.click(box["x"] + 0.75 * box["width"], box["y"] + 0.5 * box["height"])
    mark = page.get_by_role("button", name=re.compile("^Color 1: "))
    expect(mark).to_be_visible()
    assert "at 300, 150" in mark.get_attribute("aria-label")
    popover = page.get_by_role("group", name="Color 1")
    expect(popover.get_by_role("button", name=re.compile("Likely color"))).not_to_have_count(0)
    popover.locator("input[type=color]").fill("#ff1010")
    expect(page.get_by_role("button", name="Color 1: #ff1010 at 300, 150")).to_be_visible()
    until(page, lambda: color_of(page) > plain + 0.5)
    page.keyboard.press("Escape")
    expect(popover).to_be_hidden()

    mark = page.get_by_role("button", name=re.compile("^Color 1: "))
    mark.focus()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("button", name="Color 1: #ff1010 at 296, 150")).to_be_focused()
    for _ in range(3):
        page.keyboard.press("Control+z")
    expect(page.locator(".mark")).to_have_count(0)
    until(page, lambda: abs(color_of(page) - plain) < 0.1)
    page.keyboard.press("Control+Shift+Z")
    expect(page.locator(".mark")).to_have_count(1)

    give(page, "#mood-drop", "drop", ("evening.png", make_picture(mode="RGB", seed=4)))
    expect(page.locator("#mood-name")).to_contain_text("evening.png")
    page.wait_for_timeout(500)

    with page.expect_download() as waiting:
        page.locator("#download").click()
    assert waiting.value.suggested_filename == "deep.color.png"
    result = Image.open(io.BytesIO(saved(waiting.value)))
    assert result.size == (400, 300)
    # Bit depth is the ninth byte of IHDR: 16, as it came.
    assert saved(waiting.value)[24] == 16
    assert result.info["icc_profile"]
    no_violations(page)


def test_the_first_screen(page):
    expect(page.get_by_role("heading", level=1)).to_contain_text("color back")
    expect(page.get_by_role("button", name=re.compile("Color the sample"))).to_have_count(3)
    expect(page.get_by_text("Pictures stay on the machine")).to_be_visible()
    no_violations(page)


@pytest.mark.parametrize("page", [{"color_scheme": "dark"}], indirect=True)
def test_in_the_dark(page):
    no_violations(page)
    sample(page)
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert max(map(int, re.findall(r"\d+", paper))) < 60
    no_violations(page)


@pytest.mark.parametrize(
    "page",
    [{"viewport": {"width": 360, "height": 640}, "has_touch": True},
     {"viewport": {"width": 3840, "height": 2160}}],
    indirect=True,
)  # fmt: skip
def test_small_and_large_screens(page):
    for way in (lambda: None, lambda: sample(page), lambda: page.goto(f"{page.url}#mood")):
        way()
        sizes = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert sizes[0] <= sizes[1], "the page scrolls sideways"
    no_violations(page)


def test_sliders_need_no_network(page):
    sample(page)
    expect(page.locator(".answers button")).to_have_count(5)
    full = color_of(page)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.get_by_label("Strength").first.fill("0")
    until(page, lambda: color_of(page) < 0.5)
    page.get_by_label("Strength").first.fill("1.5")
    until(page, lambda: color_of(page) > 1.2 * full)
    page.get_by_label("Vividness").fill("0")
    page.wait_for_timeout(400)
    assert asked == []
    page.get_by_role("button", name="Undo").click()
    assert page.get_by_label("Vividness").input_value() == "1"


def test_paste(page, make_picture):
    give(page, "body", "paste", ("pasted.png", make_picture()))
    ready(page)
    expect(page.locator(".filmstrip .name")).to_have_text("pasted.png")


def test_a_batch_goes_on_after_a_bad_file(page, make_picture):
    pictures = [(f"{n}.png", make_picture(seed=n)) for n in range(20)]
    pictures[7] = ("broken.png", pictures[7][1][:300])
    give(page, "main", "drop", *pictures)
    ready(page, 19)
    failed = page.locator(".filmstrip li[data-state=failed]")
    expect(failed).to_have_count(1)
    expect(failed).to_contain_text("broken.png")
    expect(failed).to_contain_text("Check that the file is complete")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download all (zip)").click()
    import zipfile

    with zipfile.ZipFile(io.BytesIO(saved(waiting.value))) as archive:
        assert archive.testzip() is None
        wanted = sorted(f"{n}.color.png" for n in range(20) if n != 7)
        assert sorted(archive.namelist()) == wanted
    no_violations(page)


def test_a_photograph_in_color_is_told(page, make_picture):
    note = page.locator("#picture-note")
    give(page, "main", "drop", ("color.jpg", make_picture("JPEG", mode="RGB")))
    ready(page)
    expect(note).to_have_text(
        "This picture is in color already: it is colored anew, from its light and dark."
    )
    no_violations(page)
    give(page, "main", "drop", ("gray.jpg", make_picture("JPEG")))
    ready(page, 2)
    shown = page.locator(".filmstrip li")
    for name, visible in (("gray.jpg", False), ("color.jpg", True)):
        shown.filter(has_text=name).click()
        expect(note).to_be_visible(visible=visible)


def test_a_black_and_white_source_is_told(page, make_picture):
    page.get_by_role("link", name="Mood").click()
    note = page.locator("#mood-note")
    give(page, "[data-take=target]", "drop", ("color.png", make_picture(mode="RGB", seed=1)))
    give(page, "[data-take=source]", "drop", ("quiet.png", make_picture()))
    expect(note).to_contain_text("quiet.png: black and white: its tones are transferred")
    expect(note).to_contain_text("swapped?")
    no_violations(page)
    give(page, "[data-take=source]", "drop", ("warm.png", make_picture(mode="RGB", seed=2)))
    expect(page.locator("#mood-stage .busy")).to_be_hidden()
    expect(note).to_be_hidden()


def test_what_is_no_picture_is_said_beside_it(page):
    give(page, "main", "drop", ("notes.txt", b"hello"))
    expect(page.locator(".filmstrip li[data-state=failed]")).to_contain_text("is not a picture")
    expect(page.get_by_role("alert")).to_contain_text("notes.txt is not a picture")


def test_cancel(page_alone, alone):
    """A picture that is on its way is cancelled, and nothing of it stays."""
    page = page_alone
    noise = np.random.default_rng(0).integers(0, 256, (500, 500), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).save(file, "PNG")
    cut_off = 'rechroma_requests_total{method="POST",route="/v1/sessions",status="4'
    before = alone.metric(cut_off)
    network = page.context.new_cdp_session(page)
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 10_000}
    network.send("Network.emulateNetworkConditions", slow)
    give(page, "main", "drop", ("slow.png", file.getvalue()))
    page.wait_for_function(
        "() => { const bar = document.querySelector('li[data-state=sending] progress');"
        " return bar?.value > 0.1 && bar.value < 0.9; }"
    )
    page.get_by_role("button", name="Close slow.png").click()
    expect(page.locator(".filmstrip li")).to_have_count(0)
    expect(page.get_by_role("heading", level=1).first).to_be_visible()
    # The service, too, has seen the beginning and no end.
    until(page, lambda: alone.metric(cut_off) > before)
    until(page, lambda: is_empty(alone))
    network.send("Network.emulateNetworkConditions", {**slow, "uploadThroughput": -1})
    sample(page)
    page.get_by_role("button", name=re.compile("^Close ")).click()
    until(page, lambda: is_empty(alone))


def test_a_reload_keeps_the_work(page):
    sample(page)
    box = page.locator("#color-stage .world").bounding_box()
    page.mouse.click(box["x"] + 0.7 * box["width"], box["y"] + 0.4 * box["height"])
    expect(page.locator(".mark")).to_have_count(1)
    page.get_by_label("Strength").first.fill("0.6")
    label = page.locator(".mark").get_attribute("aria-label")
    page.reload()
    ready(page)
    expect(page.locator(".mark")).to_have_attribute("aria-label", label)
    assert page.get_by_label("Strength").first.input_value() == "0.6"
    page.get_by_role("button", name="Undo").click()
    assert page.get_by_label("Strength").first.input_value() == "1"


def test_closing_the_page_is_told(page, make_picture):
    """Also of moods that are not used any more: undo could have brought them back."""
    opened = {opened_id(page, lambda: sample(page))}
    for name in ("evening.png", "noon.png"):
        mood = (name, make_picture(mode="RGB"))
        opened.add(opened_id(page, lambda mood=mood: give(page, "#mood-drop", "drop", mood)))
        expect(page.locator("#mood-name")).to_contain_text(f"tone of {name}")
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="Take the mood away").click()
    with page.expect_request("**/v1/sessions/leave") as told:
        page.evaluate("dispatchEvent(new Event('pagehide'))")
    assert len(opened) == 3
    assert set(json.loads(told.value.post_data)["ids"]) == opened


def test_closing_a_picture_closes_its_moods(page_alone, alone, make_picture):
    page = page_alone
    sample(page)
    for name in ("evening.png", "noon.png"):
        give(page, "#mood-drop", "drop", (name, make_picture(mode="RGB")))
        expect(page.locator("#mood-name")).to_contain_text(f"tone of {name}")
    page.get_by_role("button", name=re.compile("^Close ")).click()
    until(page, lambda: is_empty(alone))


def test_a_mood_belongs_to_the_picture_it_was_dropped_on(page, make_picture):
    give(page, "main", "drop", ("a.png", make_picture(seed=1)), ("b.png", make_picture(seed=2)))
    ready(page, 2)
    held = hold(page, "**/v1/sessions")
    give(page, "#mood-drop", "drop", ("evening.png", make_picture(mode="RGB")))
    expect(page.locator("#mood-name")).to_contain_text("Sending evening.png")
    until(page, lambda: held)
    page.get_by_role("button", name="b.png", exact=True).click()
    opened_id(page, held[0].continue_)
    expect(page.locator("#mood-name")).to_contain_text("Let a color photograph")
    page.get_by_role("button", name="a.png", exact=True).click()
    expect(page.locator("#mood-name")).to_contain_text("tone of evening.png")


def test_a_tab_that_closes_leaves_its_duplicate_the_pictures(page):
    own = opened_id(page, lambda: sample(page))
    with page.expect_popup() as opened:
        page.evaluate("open(location.href)")
    twin = opened.value
    ready(twin)
    with page.expect_request(lambda asked: asked.method == "GET" and asked.url.endswith(own)):
        twin.close(run_before_unload=True)


def test_a_page_that_idles_keeps_its_pictures(page):
    page.clock.install()
    page.reload()
    own = opened_id(page, lambda: sample(page))
    with page.expect_request(lambda asked: asked.method == "GET" and asked.url.endswith(own)):
        page.clock.fast_forward("10:01")


def test_work_that_is_too_much_to_remember_goes_on(page):
    sample(page)
    plain = color_of(page)
    page.evaluate(
        "() => { Storage.prototype.setItem = () => { throw new DOMException('', 'Full'); }; }"
    )
    place_hint(page)
    page.locator(".popover input[type=color]").fill("#ff1010")
    until(page, lambda: color_of(page) > plain + 0.5)


def test_zoom_and_pan_move_both_halves(page):
    sample(page)
    view = page.locator("#color-stage .view")
    world = page.locator("#color-stage .world")
    before = world.bounding_box()
    view.focus()
    for _ in range(4):
        page.keyboard.press("+")
    zoomed = world.bounding_box()
    assert zoomed["width"] > 2 * before["width"]
    page.keyboard.press("ArrowRight")
    assert world.bounding_box()["x"] < zoomed["x"] - 30
    for canvas in (".before", ".after"):
        assert page.locator(f"#color-stage {canvas}").bounding_box() == world.bounding_box()
    page.keyboard.press("0")
    assert world.bounding_box() == before
    box = view.bounding_box()
    page.mouse.move(box["x"] + 100, box["y"] + 100)
    page.mouse.wheel(0, -400)
    page.wait_for_function(
        "width => document.querySelector('#color-stage .world')"
        ".getBoundingClientRect().width > width",
        arg=before["width"] * 1.5,
    )


def test_other_answers_and_doubt(page):
    sample(page)
    answers = page.get_by_role("group", name="Other plausible answers").get_by_role("button")
    expect(answers).to_have_count(5)
    own = color_of(page)
    answers.nth(2).click()
    expect(answers.nth(2)).to_have_attribute("aria-pressed", "true")
    until(page, lambda: color_of(page) != own)
    page.get_by_label("Show where it is guessing").check()
    expect(page.locator("#color-stage .overlay")).to_be_visible()


def test_a_mood_and_its_look(page, make_picture, tmp_path):
    page.get_by_role("link", name="Mood").click()
    source = make_picture(mode="RGB", seed=1, size=(300, 200))
    target = make_picture(mode="RGB", seed=2, size=(300, 200))
    give(page, "[data-take=source]", "drop", ("evening.png", source))
    expect(page.locator("[data-take=source] .name")).to_have_text("evening.png")
    give(page, "[data-take=target]", "drop", ("noon.png", target))
    expect(page.locator("#mood-work")).to_be_visible()
    expect(page.locator("#mood-stage .busy")).to_be_hidden()
    expect(page.locator(".method img[src^=blob]")).to_have_count(6)
    no_violations(page)

    page.get_by_role("radio", name="MKL").check()
    page.get_by_label("Keep its own light and dark").check()
    with page.expect_download() as waiting:
        page.locator("#mood-download").click()
    assert waiting.value.suggested_filename == "noon.mood.png"
    import rechroma

    wanted = rechroma.transfer(source, target, method="mkl", luminance="keep")
    got = np.asarray(Image.open(io.BytesIO(saved(waiting.value))))
    assert np.array_equal(got, wanted.to_uint8())

    with page.expect_download() as waiting:
        page.locator("#mood-cube").click()
    cube = tmp_path / waiting.value.suggested_filename
    cube.write_bytes(saved(waiting.value))
    assert cube.name == "evening.look.cube"
    from rechroma.mood import read_lut

    assert read_lut(cube).size == 33


def test_swatches_by_drawing_and_by_keyboard(page, make_picture):
    page.get_by_role("link", name="Mood").click()
    pictures = [(f"{n}.png", make_picture(mode="RGB", seed=n, size=(300, 200))) for n in (1, 2)]
    give(page, "#mood h1", "drop", *pictures)
    expect(page.locator("#mood-work")).to_be_visible()
    page.get_by_role("button", name="Draw pairs").click()
    for side in ("source", "target"):
        frame = page.locator(f"[data-take={side}] .frame")
        frame.scroll_into_view_if_needed()
        box = frame.bounding_box()
        page.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + 0.2 * box["height"])
        page.mouse.down()
        page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.6 * box["height"], steps=4)
        page.mouse.up()
    expect(page.locator(".rectangle")).to_have_count(2)
    page.get_by_role("button", name="Add a pair").click()
    expect(page.locator(".rectangle")).to_have_count(4)
    own = page.locator("[data-take=source] .rectangle").nth(1)
    expect(own).to_be_focused()
    before = own.bounding_box()
    with page.expect_request(
        lambda request: (request.post_data or "").count('"target"') == 2
    ) as asked:
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Shift+ArrowDown")
    assert own.bounding_box()["x"] > before["x"]
    assert own.bounding_box()["height"] > before["height"]
    wish = json.loads(asked.value.post_data)
    assert wish["method"] == "swatches"
    assert len(wish["swatches"]) == 2
    assert abs(np.subtract(wish["swatches"][0]["source"], [60, 40, 90, 80])).max() <= 2
    expect(page.locator("#mood-error")).to_be_hidden()
    no_violations(page)
    page.keyboard.press("Delete")
    expect(page.locator(".rectangle")).to_have_count(2)


@pytest.mark.parametrize("page", [{"color_scheme": "dark"}], indirect=True)
def test_pairs_by_pointer(page, make_picture):
    """One is moved, another taken away; what is begun and left leaves nothing."""
    page.get_by_role("link", name="Mood").click()
    pictures = [(f"{n}.png", make_picture(mode="RGB", seed=n, size=(300, 200))) for n in (1, 2)]
    give(page, "#mood h1", "drop", *pictures)
    expect(page.locator("#mood-work")).to_be_visible()
    expect(page.locator(".method img[src^=blob]")).to_have_count(6)
    no_violations(page)

    page.get_by_role("button", name="Draw pairs").click()
    frame = page.locator("[data-take=source] .frame")
    frame.scroll_into_view_if_needed()
    box = frame.bounding_box()
    page.mouse.move(box["x"] + 10, box["y"] + 10)
    page.mouse.down()
    page.mouse.move(box["x"] + 40, box["y"] + 40)
    cancel_pointer(frame)
    page.mouse.up()
    expect(page.locator(".rectangle")).to_have_count(0)
    page.mouse.down()
    page.mouse.move(box["x"] + 80, box["y"] + 80)
    page.mouse.up()
    expect(page.locator(".rectangle")).to_have_count(1)
    page.get_by_role("button", name="Draw pairs").click()
    expect(page.locator(".rectangle")).to_have_count(0)

    for _ in range(2):
        page.get_by_role("button", name="Add a pair").click()
    second = page.locator("[data-take=source] .rectangle").nth(1)
    before = second.bounding_box()
    page.mouse.move(before["x"] + 10, before["y"] + 10)
    page.mouse.down()
    page.mouse.move(before["x"] - 20, before["y"] + 30, steps=3)
    page.mouse.up()
    after = second.bounding_box()
    assert after["x"] == pytest.approx(before["x"] - 30, abs=2)
    assert after["y"] == pytest.approx(before["y"] + 20, abs=2)
    page.get_by_role("button", name="Take pair 1 away").click()
    expect(page.locator(".rectangle")).to_have_count(2)
    first = page.locator("[data-take=source] .rectangle").first.bounding_box()
    assert first["x"] == pytest.approx(after["x"], abs=2)
    expect(page.get_by_role("button", name="Take pair 1 away")).to_be_focused()
    no_violations(page)
    page.get_by_role("button", name="Take pair 1 away").click()
    expect(page.get_by_role("button", name="Add a pair")).to_be_focused()


def test_keyboard_alone(page):
    """Everything is reached by Tab, and it is seen where one is."""
    page.keyboard.press("Tab")
    seen = []
    for _ in range(12):
        seen.append(
            page.evaluate(
                "() => { const e = document.activeElement; const s = getComputedStyle(e);"
                " return [e.textContent.trim() || e.ariaLabel, s.outlineStyle]; }"
            )
        )
        page.keyboard.press("Tab")
    names = [name for name, _ in seen]
    for name in ("Color", "Mood", "Choose photographs…"):
        assert name in names
    assert all(outline != "none" for name, outline in seen if name in ("Color", "Mood"))
    page.get_by_role("button", name=SAMPLE).focus()
    page.keyboard.press("Enter")
    ready(page)
    page.get_by_role("button", name="Add a color spot").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".mark")).to_be_focused()


def test_the_browser_computes_as_the_package_does(page):
    """JavaScript's CIELAB against the package's own, gamut mapping included."""
    rng = np.random.default_rng(0)
    count = 4000
    level = rng.integers(0, 256, count)
    a, b = rng.uniform(-120, 120, (2, count)) * rng.uniform(0, 1, count)
    got = page.evaluate(
        """async ([l, a, b]) => {
          const { writePixel } = await import("/static/js/lab.js");
          const out = new Uint8ClampedArray(4 * l.length);
          for (let i = 0; i < l.length; i += 1) writePixel(out, 4 * i, l[i] / 2.55, a[i], b[i]);
          return [...out];
        }""",
        [level.tolist(), a.tolist(), b.tolist()],
    )
    rgb = np.array(got).reshape(-1, 4)[:, :3]
    wanted = 255 * lab_to_gamut_rgb(np.stack([level / 2.55, a, b], axis=-1))
    # Rounding, and a table of 4,096 steps for the curve of sRGB.
    assert np.abs(rgb - wanted).max() < 2
    assert np.abs(rgb - wanted).mean() < 0.5


def test_the_browser_reads_lightness_as_the_package_does(page):
    rng = np.random.default_rng(1)
    colors = rng.integers(0, 256, (3000, 3))
    colors[:256] = np.arange(256)[:, None]
    got = page.evaluate(
        """async (colors) => {
          const { lightnessOf } = await import("/static/js/lab.js");
          return colors.map((color) => lightnessOf(...color) / 655.35);
        }""",
        colors.tolist(),
    )
    assert np.abs(got - lightness(colors / 255)).max() < 0.002


@pytest.mark.parametrize("box", [(0, 0, 90, 70), (37, 21, 31, 40)])
def test_the_browser_enlarges_as_the_package_does(page, box):
    """The whole picture and a part of it: chroma follows lightness as in `rechroma.colorizer`."""
    rng = np.random.default_rng(2)
    width, height, extent = 90, 70, (7.25, 8.6)
    cells = rng.uniform(-60, 60, (6, 8, 9)).astype(np.float32)
    cells[0] = np.abs(cells[0])
    cells[5] = np.abs(cells[5]) / 60
    gray = rng.integers(0, 256, (height, width))
    left, top, across, down = box
    strength, vividness = 0.8, 0.6
    got = page.evaluate(
        """async ([cells, gray, extent, box, strength, vividness]) => {
          const { Cells } = await import("/static/js/guided.js");
          const { Colored, Seen } = await import("/static/js/colored.js");
          const image = new ImageData(gray[0].length, gray.length);
          gray.flat().forEach((byte, at) => image.data.set([byte, byte, byte, 255], 4 * at));
          const seen = new Seen(await createImageBitmap(image));
          const data = new Float32Array(cells).buffer;
          const colored = new Colored(seen, new Cells({ width: 9, height: 8, extent, data }), box);
          return [...colored.paint(strength, vividness).data];
        }""",
        [
            cells.ravel().tolist(),
            gray[top : top + down, left : left + across].tolist(),
            extent,
            [left / width, top / height, across / width, down / height],
            strength,
            vividness,
        ],
    )
    planes = strength * (cells[3:5] + vividness * (cells[1:3] - cells[3:5]))
    level = lightness(np.repeat(gray[..., None], 3, axis=2) / 255)
    guided = GuidedPlanes(planes, cells[0], (height, width), extent)
    chroma = guided.rows(0, level.astype(np.float32))
    wanted = 255 * lab_to_gamut_rgb(np.concatenate([level[None], chroma]).transpose(1, 2, 0))
    wanted = wanted[top : top + down, left : left + across]
    rgb = np.array(got).reshape(down, across, 4)[..., :3]
    assert np.abs(rgb - wanted).max() < 2
    assert np.abs(rgb - wanted).mean() < 0.5


def test_recoloring_asks_for_little(page, make_picture):
    """However large the picture is, and only for what has changed."""
    give(page, "main", "drop", ("large.jpg", make_picture("JPEG", size=(3000, 2000))))
    ready(page)
    expect(page.locator(".answers button")).to_have_count(5)
    came = []
    page.on("response", lambda answer: came.append(answer))
    page.locator(".answers button").nth(2).click()
    expect(page.locator(".answers button").nth(2)).to_have_attribute("aria-pressed", "true")
    until(page, lambda: came)
    ready(page)
    assert [answer.url.rsplit("/", 1)[1] for answer in came] == ["cells"]
    assert int(came[0].headers["content-length"]) < 800_000


def test_a_frame_is_enough(page):
    """What a slider says is painted in the next frame, and nobody is asked."""
    sample(page)
    expect(page.locator(".answers button")).to_have_count(5)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    same = page.evaluate(
        """async () => {
          const canvas = document.querySelector("#color-stage .after");
          const look = () => canvas.toDataURL();
          const same = [];
          for (const [id, value] of [["strength", 0.5], ["vividness", 0.3], ["strength", 1.2]]) {
            const slider = document.getElementById(id);
            const before = look();
            slider.value = value;
            slider.dispatchEvent(new Event("input"));
            await new Promise(requestAnimationFrame);
            if (look() === before) same.push(id);
          }
          return same;
        }"""
    )
    assert same == []
    assert asked == []


def test_the_zones_are_seen_while_something_is_dragged(page):
    """And the one that would take it is, too."""
    file = ("evening.png", b"")
    veil = page.locator("#drop-veil")
    give(page, "main", "dragenter", file)
    expect(veil).to_be_visible()
    give(page, "main", "dragleave", file)
    expect(veil).to_be_hidden()
    page.get_by_role("link", name="Mood").click()
    source, target = (page.locator(f"[data-take={role}]") for role in ("source", "target"))
    give(page, "[data-take=source] h2", "dragenter", file)
    expect(source).to_have_class(re.compile("under"))
    expect(target).not_to_have_class(re.compile("under"))
    expect(veil).to_be_hidden()
    outlines = [zone.evaluate("e => getComputedStyle(e).outlineStyle") for zone in (source, target)]
    assert outlines == ["solid", "dashed"]
    give(page, "#mood h1", "dragenter", file)
    expect(source).not_to_have_class(re.compile("under"))
    expect(veil).to_be_hidden()


def refuse(page, count, status=429, headers=None):
    """The next uploads are refused; returns those that were."""
    refused = []
    problem = json.dumps({"detail": "9 pictures are open at once", "mend": "wait"})

    def answer(route):
        if len(refused) == count:
            route.continue_()
            return
        refused.append(route)
        route.fulfill(status=status, headers=headers or {}, body=problem)

    page.route("**/v1/sessions", answer)
    return refused


def test_what_is_waited_for_is_said(page, make_picture):
    page.clock.install()
    page.reload()
    page.wait_for_selector("body[data-ready]")
    refused = refuse(page, 1, headers={"Retry-After": "600"})
    give(page, "main", "drop", ("a.png", make_picture()))
    expect(page.locator(".filmstrip .word")).to_have_text(
        "9 pictures are open at once. It is tried again in 600 s."
    )
    page.clock.fast_forward("10:01")
    ready(page)
    assert len(refused) == 1


def test_nobody_waits_for_ever(page, make_picture):
    refused = refuse(page, 100, headers={"Retry-After": "1"})
    give(page, "main", "drop", ("a.png", make_picture()))
    failed = page.locator(".filmstrip li[data-state=failed]")
    expect(failed).to_contain_text("9 pictures are open at once")
    assert len(refused) == 5
    page.unroute("**/v1/sessions")
    page.get_by_role("button", name="Send a.png again").click()
    ready(page)
    expect(page.locator("#picture-error")).to_be_hidden()


def test_what_is_hopeless_is_not_tried_again(page, make_picture):
    refused = refuse(page, 100, status=503)
    give(page, "main", "drop", ("a.png", make_picture()))
    expect(page.locator(".filmstrip li[data-state=failed]")).to_have_count(1)
    page.wait_for_timeout(500)
    assert len(refused) == 1


@pytest.mark.parametrize("zone", ["[data-take=source]", "#mood-drop"])
def test_an_upload_that_replaces_another_can_be_cancelled(page, make_picture, zone):
    if zone == "#mood-drop":
        sample(page)
    else:
        page.get_by_role("link", name="Mood").click()
    page.route("**/v1/sessions", lambda _: None)  # never answered
    for name in ("a.png", "b.png"):
        give(page, zone, "drop", (name, make_picture(mode="RGB")))
        page.wait_for_timeout(100)
    expect(page.locator(f"{zone} progress")).to_be_visible()
    page.locator(zone).get_by_role("button", name="Cancel").click()
    expect(page.locator(f"{zone} progress")).to_be_hidden()


def test_colors_that_come_late_replace_nothing(page):
    """Undone before the answer is there: the undone colors are not shown."""
    sample(page)
    plain = color_of(page)
    expect(page.locator(".answers button")).to_have_count(5)
    held = hold(page, "**/cells")
    page.locator(".answers button").nth(2).click()
    until(page, lambda: held)
    expect(page.locator("#color-stage .busy")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#color-stage .busy")).to_be_hidden()
    held[0].continue_()
    page.wait_for_timeout(500)
    assert abs(color_of(page) - plain) < 0.1


def focus_style(locator):
    return locator.evaluate("e => getComputedStyle(e).outlineStyle")


def test_pressed_is_not_focused(page):
    sample(page)
    pressed = page.locator(".answers button").first
    expect(pressed).to_have_attribute("aria-pressed", "true")
    assert focus_style(pressed) == "none"
    page.locator(".answers button").nth(1).focus()
    page.keyboard.press("Shift+Tab")
    expect(pressed).to_be_focused()
    assert focus_style(pressed) == "solid"


def test_focus_goes_into_the_colors_of_a_spot_and_back(page):
    sample(page)
    page.get_by_role("button", name="Add a color spot").focus()
    page.keyboard.press("Enter")
    mark = page.locator(".mark")
    expect(mark).to_be_focused()
    no_violations(page)
    popover = page.get_by_role("group", name="Color 1")
    for leave in ("Escape", "Done"):
        mark.press("Enter")
        expect(popover.get_by_role("button", name="Likely color").first).to_be_focused()
        if leave == "Done":
            popover.get_by_role("button", name="Done").focus()
        page.keyboard.press("Enter" if leave == "Done" else leave)
        expect(popover).to_be_hidden()
        expect(mark).to_be_focused()
    mark.press("Enter")
    popover.get_by_role("button", name="Take away").press("Enter")
    expect(mark).to_have_count(0)
    expect(page.locator("#color-stage .view")).to_be_focused()


def test_only_the_first_button_places_colors(page):
    sample(page)
    box = page.locator("#color-stage .world").bounding_box()
    page.mouse.click(box["x"] + 0.8 * box["width"], box["y"] + 50, button="right")
    page.wait_for_timeout(300)
    place_hint(page)
    expect(page.locator(".mark")).to_have_count(1)


def cancel_pointer(locator):
    """As browsers do that need the pointer for something else."""
    locator.evaluate("e => e.dispatchEvent(new PointerEvent('pointercancel', { pointerId: 1 }))")


def test_a_pointer_that_is_taken_away_drags_nothing(page):
    sample(page)
    place_hint(page)
    mark = page.locator(".mark")
    expect(mark).to_have_count(1)
    before = mark.bounding_box()
    x, y = before["x"] + before["width"] / 2, before["y"] + before["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 40, y + 20)
    assert mark.bounding_box() != before
    cancel_pointer(mark)
    page.mouse.move(x - 60, y + 30)
    assert mark.bounding_box() == before
    page.mouse.up()
    assert mark.bounding_box() == before


@pytest.mark.parametrize("page", [{"has_touch": True}], indirect=True)
def test_by_touch(page):
    """A tap places a color, and the line follows a finger."""
    sample(page)
    box = page.locator("#color-stage .world").bounding_box()
    middle, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.touchscreen.tap(box["x"] + 0.75 * box["width"], y)
    expect(page.locator(".mark")).to_have_count(1)
    fingers = page.context.new_cdp_session(page)
    for kind, x in (("Start", middle), ("Move", middle + 50), ("Move", middle + 80), ("End", None)):
        points = [] if x is None else [{"x": x, "y": y}]
        fingers.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": points})
    divider = page.get_by_role("slider", name=re.compile("Before and after"))
    assert float(divider.input_value()) == pytest.approx(50 + 8000 / box["width"], abs=1)
    expect(page.locator(".mark")).to_have_count(1)


@pytest.mark.parametrize(
    ("page", "runs"),
    [({"reduced_motion": "reduce"}, False), ({"reduced_motion": "no-preference"}, True)],
    indirect=["page"],
)
def test_motion_only_where_it_is_wanted(page, runs):
    page.evaluate("window.runs = 0; addEventListener('transitionrun', () => { window.runs += 1; })")
    page.get_by_role("button", name=SAMPLE).hover()
    if runs:
        page.wait_for_function("window.runs > 0")
    else:
        page.wait_for_timeout(300)
        assert page.evaluate("window.runs") == 0


def test_a_token_in_an_open_tab(page):
    with page.expect_request(
        lambda asked: (
            asked.url.endswith("/v1/models") and asked.headers.get("authorization") == "Bearer abc"
        )
    ):
        page.evaluate("location.hash = '#token=abc'")
    page.wait_for_selector("body[data-ready]")
    assert "token" not in page.url


def test_a_mood_that_is_gone_is_sent_again(page, client, make_picture):
    sample(page)
    evening = ("evening.png", make_picture(mode="RGB"))
    mood = opened_id(page, lambda: give(page, "#mood-drop", "drop", evening))
    expect(page.locator("#mood-name")).to_contain_text("tone of evening.png")
    expect(page.locator("#color-stage .busy")).to_be_hidden()
    client.delete(f"/v1/sessions/{mood}")
    again = opened_id(page, lambda: place_hint(page))
    assert again != mood
    expect(page.locator("#color-stage .busy")).to_be_hidden()
    expect(page.locator("#mood-name")).to_contain_text("tone of evening.png")
    expect(page.locator("#picture-error")).to_be_hidden()
    ready(page)


def test_a_sample_that_does_not_come(page):
    page.route("**/samples/louis*", lambda route: route.fulfill(status=500))
    page.get_by_role("button", name=SAMPLE).click()
    expect(page.locator("#sample-error")).to_contain_text("The service answers 500")


def cancelled(page):
    """The addresses of requests that the page takes back from now on."""
    addresses = []
    page.on("requestfailed", lambda asked: addresses.append(asked.url))
    return addresses


def pick(page, name):
    page.get_by_role("button", name=name, exact=True).click()


def test_answers_belong_to_the_picture_that_is_shown(page, make_picture):
    """Those of another are not seen under it, and nobody goes on asking for them."""
    give(page, "main", "drop", *((f"{n}.png", make_picture(seed=n)) for n in (1, 2)))
    ready(page, 2)
    answers = page.locator(".answers button")
    expect(answers).to_have_count(5)
    taken_back = cancelled(page)
    held = hold(page, "**/planes?side=128")
    pick(page, "2.png")
    until(page, lambda: held)
    expect(answers).to_have_count(0)
    pick(page, "1.png")
    until(page, lambda: any(url.endswith("side=128") for url in taken_back))
    page.unroute("**/planes?side=128")
    give(page, "main", "drop", ("notes.txt", b"hello"))
    expect(page.locator(".filmstrip li[data-state=failed]")).to_have_count(1)
    pick(page, "2.png")
    expect(answers).to_have_count(5)
    pick(page, "notes.txt")
    expect(answers).to_have_count(0)


def test_a_closed_picture_asks_for_nothing_more(page, make_picture):
    taken_back = cancelled(page)
    held = hold(page, "**/cells")
    give(page, "main", "drop", ("a.png", make_picture()))
    until(page, lambda: held)
    page.get_by_role("button", name="Close a.png").click()
    until(page, lambda: any(url.endswith("cells") for url in taken_back))


def until_kept(page):
    """The browser has kept the newest work: it does so when things have been quiet for a while."""
    page.wait_for_timeout(1000)


def test_a_restarted_service_gets_the_pictures_again(browser, serve, conditioned, make_picture):
    """Nothing has to be done for it, while the page is open and when it is loaded again."""
    options = ("--workers", "1")
    with serve(conditioned, *options) as service:
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.goto(service.base)
        page.wait_for_selector("body[data-ready]")
        give(page, "main", "drop", *((f"{n}.png", make_picture(seed=n)) for n in (1, 2)))
        ready(page, 2)
        give(page, "#mood-drop", "drop", ("evening.png", make_picture(mode="RGB")))
        expect(page.locator("#mood-name")).to_contain_text("tone of evening.png")
        expect(page.locator("#color-stage .busy")).to_be_hidden()
        port = service.base.rsplit(":", 1)[1]
    place_hint(page)
    pick(page, "2.png")
    problem = page.locator("#picture-error")
    pick(page, "1.png")
    expect(page.locator(".mark")).to_have_count(1)
    expect(problem).to_contain_text("can't be reached")
    give(page, "main", "drop", ("3.png", make_picture(seed=3)))
    expect(page.locator(".filmstrip li[data-state=failed]")).to_have_count(1)
    with serve(conditioned, *options, "--port", port):
        ready(page, 3)
        expect(problem).to_be_hidden()
        expect(page.locator("#mood-name")).to_contain_text("tone of evening.png")
    with serve(conditioned, *options, "--port", port):
        page.reload()
        ready(page, 3)
        expect(page.locator(".mark")).to_have_count(1)
        expect(page.locator("#mood-name")).to_contain_text("tone of evening.png")
        expect(problem).to_be_hidden()
        assert color_of(page) > 1
        until_kept(page)
        # The tab is closed: another one offers to go on.
        page.close(run_before_unload=True)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.goto(service.base)
        page.wait_for_selector("body[data-ready]")
        page.get_by_role("button", name="Go on with them").click()
        ready(page, 3)
        expect(page.locator(".mark")).to_have_count(1)
    context.close()


def test_closing_a_picture_can_be_undone(page, make_picture):
    give(page, "main", "drop", *((f"{n}.png", make_picture(seed=n)) for n in (1, 2)))
    ready(page, 2)
    place_hint(page)
    expect(page.locator(".mark")).to_have_count(1)
    label = page.locator(".mark").get_attribute("aria-label")
    for name in ("1.png", "2.png"):
        page.get_by_role("button", name=f"Close {name}").press("Enter")
    expect(page.locator(".filmstrip li")).to_have_count(0)
    for name in ("2.png", "1.png"):
        page.get_by_role("button", name=f"Undo closing {name}").click()
    ready(page, 2)
    expect(page.locator(".filmstrip .name")).to_have_text(["1.png", "2.png"])
    expect(page.locator(".mark")).to_have_attribute("aria-label", label)
    expect(page.get_by_role("button", name=re.compile("Undo closing"))).to_have_count(0)


def test_the_mood_room_remembers_all_of_it(page, make_picture):
    page.get_by_role("link", name="Mood").click()
    pictures = [(f"{n}.png", make_picture(mode="RGB", seed=n)) for n in range(5)]
    give(page, "#mood h1", "drop", *pictures)
    expect(page.locator(".spares .name")).to_have_text(["2.png", "3.png", "4.png"])
    expect(page.locator("#mood-stage .busy")).to_be_hidden()
    page.get_by_role("button", name="Give it the mood: 3.png").click()
    expect(page.locator("[data-take=target] .name")).to_have_text("3.png")
    page.get_by_role("button", name="Add a pair").click()
    page.locator("#mood-strength").fill("0.4")
    page.get_by_label("Keep its own light and dark").check()
    no_violations(page)
    page.reload()
    expect(page.locator("[data-take=source] .name")).to_have_text("0.png")
    expect(page.locator("[data-take=target] .name")).to_have_text("3.png")
    expect(page.locator(".spares .name")).to_have_text(["2.png", "4.png", "1.png"])
    expect(page.locator(".rectangle")).to_have_count(2)
    assert page.locator("#mood-strength").input_value() == "0.4"
    expect(page.locator("#mood-panel output")).to_have_text("40 %")
    expect(page.get_by_label("Keep its own light and dark")).to_be_checked()
    expect(page.locator("#mood-stage .busy")).to_be_hidden()
    expect(page.locator("#mood-error")).to_be_hidden()
    # Undo goes back to before the page was loaded.
    page.keyboard.press("Control+z")
    expect(page.get_by_label("Keep its own light and dark")).not_to_be_checked()
    undo, redo = (
        page.locator("#mood-panel").get_by_role("button", name=f"{way}do") for way in ("Un", "Re")
    )
    undo.click()
    assert page.locator("#mood-strength").input_value() == "1"
    undo.click()
    expect(page.locator(".rectangle")).to_have_count(0)
    expect(undo).to_be_disabled()
    redo.click()
    expect(page.locator(".rectangle")).to_have_count(2)


def test_pictures_out_of_sight_are_let_go_of(page, make_picture):
    """The page holds the pixels of a few pictures, however many were looked at."""
    count = 10
    size = (1600, 1200)
    give(
        page,
        "main",
        "drop",
        *((f"{n}.jpg", make_picture("JPEG", size, seed=n)) for n in range(count)),
    )
    ready(page, count)
    inspector = page.context.new_cdp_session(page)
    for n in range(1, count):
        pick(page, f"{n}.jpg")
        expect(page.locator("#color-stage .after")).to_be_visible()
        expect(page.locator("#color-stage .busy")).to_be_hidden()
    inspector.send("HeapProfiler.collectGarbage")
    held = inspector.send("Runtime.getHeapUsage")["backingStorageSize"]
    planes = 6 * size[0] * size[1]
    assert held < 6 * planes
    with page.expect_request("**/cells"):
        pick(page, "0.jpg")
    ready(page, count)
    assert color_of(page) > 1


def test_the_filmstrip_is_one_row_that_arrows_walk(page, make_picture):
    count = 16
    give(page, "main", "drop", *((f"{n}.png", make_picture(seed=n)) for n in range(count)))
    ready(page, count)
    items = page.locator(".filmstrip li")
    tops = items.evaluate_all("all => all.map((each) => each.offsetTop)")
    assert len(set(tops)) == 1
    pick(page, "0.png")
    scrolled = page.evaluate("scrollY")
    for key, name in (
        ("ArrowRight", "1.png"),
        ("End", "15.png"),
        ("ArrowLeft", "14.png"),
        ("End", "15.png"),
    ):
        page.keyboard.press(key)
        chosen = page.get_by_role("button", name=name, exact=True)
        expect(chosen).to_be_focused()
        expect(chosen).to_have_attribute("aria-current", "true")
    strip = page.locator(".filmstrip").bounding_box()
    last = items.last.bounding_box()
    assert strip["x"] <= last["x"]
    assert last["x"] + last["width"] <= strip["x"] + strip["width"] + 1
    assert page.evaluate("scrollY") == scrolled
    no_violations(page)


@pytest.mark.parametrize(
    "page",
    [{"viewport": {"width": 1280, "height": 600}}, {"viewport": {"width": 360, "height": 740}}],
    indirect=True,
)
def test_what_is_looked_at_stays_in_sight(page):
    sample(page)
    expect(page.locator(".answers button")).to_have_count(5)
    page.locator("#mood-choose").evaluate("e => e.scrollIntoView({ block: 'nearest' })")
    view = page.locator("#color-stage .view").bounding_box()
    assert view["y"] >= -1
    assert view["y"] + view["height"] <= page.viewport_size["height"]
    expect(page.locator("#mood-choose")).to_be_in_viewport()


def test_a_double_click_is_one_spot(page):
    sample(page)
    box = page.locator("#color-stage .world").bounding_box()
    page.mouse.dblclick(box["x"] + 0.7 * box["width"], box["y"] + 0.4 * box["height"])
    expect(page.locator(".mark")).to_have_count(1)
    page.wait_for_timeout(500)
    expect(page.locator(".mark")).to_have_count(1)


def test_how_far_a_color_goes_is_seen(page, make_picture):
    """The test's model changes colors only where the spot is: there, and not far away."""
    give(page, "main", "drop", ("a.png", make_picture(size=(512, 384))))
    ready(page)
    place_hint(page, 0.25, 0.5)
    popover = page.get_by_role("group", name="Color 1")
    popover.locator("input[type=color]").fill("#ff1010")
    reach = page.locator("#color-stage .reach")
    expect(reach).to_be_visible()
    veil = (
        "c => [[0.25, 0.5], [0.9, 0.1]].map(([x, y]) => Math.min(...c.getContext('2d')"
        ".getImageData(x * c.width - 8, y * c.height - 8, 16, 16)"
        ".data.filter((_, i) => i % 4 === 3)))"
    )
    until(page, lambda: reach.evaluate(veil) == [0, 200])
    page.keyboard.press("Escape")
    expect(reach).to_be_hidden()


@pytest.mark.parametrize(
    "page",
    [{"viewport": {"width": 1280, "height": 900}}, {"viewport": {"width": 360, "height": 740}}],
    indirect=True,
)
def test_the_colors_of_a_spot_do_not_cover_it(page):
    sample(page)
    popover = page.locator(".popover")
    for x, y in ((0.2, 0.9), (0.8, 0.9), (0.7, 0.5)):
        place_hint(page, x, y)
        expect(popover).to_be_visible()
        box = popover.bounding_box()
        spot = page.locator(".mark").last.bounding_box()
        apart = (
            spot["x"] + spot["width"] <= box["x"] or box["x"] + box["width"] <= spot["x"]
            or spot["y"] + spot["height"] <= box["y"] or box["y"] + box["height"] <= spot["y"]
        )  # fmt: skip
        assert apart
        page.keyboard.press("Escape")
