"""The page, in a real browser."""

import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import expect

from rechroma.color import lab_to_gamut_rgb

SAMPLE = re.compile("Louis Armstrong")
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


@pytest.fixture
def page(browser, served, request):
    """A fresh page; no test ends with an error in the console or a request to elsewhere."""
    options = getattr(request, "param", {})
    context = browser.new_context(
        **{"viewport": {"width": 1280, "height": 900}, "accept_downloads": True, **options}
    )
    opened = context.new_page()
    opened.set_default_timeout(30_000)
    problems, hosts = [], set()
    opened.on("pageerror", lambda error: problems.append(str(error)))
    opened.on("console", lambda entry: entry.type == "error" and problems.append(entry.text))
    opened.on("request", lambda asked: hosts.add(asked.url.split("/")[2]))
    opened.goto(served.base)
    opened.wait_for_selector("body[data-ready]")
    yield opened
    context.close()
    # What the service refuses, browsers report as an error of the console.
    assert [text for text in problems if "Failed to load resource" not in text] == []
    assert {host for host in hosts if host} == {served.base.removeprefix("http://")}


def no_violations(page):
    found = Axe().run(page).response["violations"]
    assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found] == []


def ready(page, count=1):
    expect(page.locator(".filmstrip li[data-state=ready]")).to_have_count(count)
    expect(page.locator("#color-stage .busy")).to_be_hidden()


def sample(page):
    page.get_by_role("button", name=SAMPLE).click()
    ready(page)


def colour_of(page):
    """The mean chroma of the picture on the right, roughly: the spread of its channels."""
    return page.evaluate(
        "() => { const c = document.querySelector('#color-stage .after');"
        " const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;"
        " let sum = 0; for (let i = 0; i < d.length; i += 4)"
        " sum += Math.max(d[i], d[i + 1], d[i + 2]) - Math.min(d[i], d[i + 1], d[i + 2]);"
        " return sum / (d.length / 4); }"
    )


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
    plain = colour_of(page)
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
    mark = page.get_by_role("button", name=re.compile("^Colour 1: "))
    expect(mark).to_be_visible()
    assert "at 300, 150" in mark.get_attribute("aria-label")
    popover = page.get_by_role("group", name="Colour 1")
    expect(popover.get_by_role("button", name=re.compile("Likely colour"))).not_to_have_count(0)
    popover.locator("input[type=color]").fill("#ff1010")
    expect(page.get_by_role("button", name="Colour 1: #ff1010 at 300, 150")).to_be_visible()
    page.wait_for_timeout(500)
    hinted = colour_of(page)
    assert hinted > plain + 0.5
    page.keyboard.press("Escape")
    expect(popover).to_be_hidden()

    mark = page.get_by_role("button", name=re.compile("^Colour 1: "))
    mark.focus()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("button", name="Colour 1: #ff1010 at 296, 150")).to_be_focused()
    for _ in range(3):
        page.keyboard.press("Control+z")
    expect(page.locator(".mark")).to_have_count(0)
    page.wait_for_timeout(500)
    assert abs(colour_of(page) - plain) < 0.1
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
    expect(page.get_by_role("heading", level=1)).to_contain_text("colour back")
    expect(page.get_by_role("button", name=re.compile("Colour the sample"))).to_have_count(3)
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
    full = colour_of(page)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.get_by_label("Strength").first.fill("0")
    page.wait_for_timeout(400)
    assert colour_of(page) < 0.5
    page.get_by_label("Strength").first.fill("1.5")
    page.wait_for_timeout(400)
    assert colour_of(page) > 1.2 * full
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


def test_what_is_no_picture_is_said_beside_it(page):
    give(page, "main", "drop", ("notes.txt", b"hello"))
    expect(page.locator(".filmstrip li[data-state=failed]")).to_contain_text("is not a picture")
    expect(page.get_by_role("alert")).to_contain_text("notes.txt is not a picture")


def test_cancel(page, make_picture):
    """A picture that is on its way is cancelled, and nothing of it stays."""
    page.route("**/v1/sessions", lambda _: None)  # never answered
    give(page, "main", "drop", ("slow.png", make_picture()))
    expect(page.locator(".filmstrip li[data-state=sending], li[data-state=opening]")).to_have_count(
        1
    )
    page.get_by_role("button", name="Close slow.png").click()
    expect(page.locator(".filmstrip li")).to_have_count(0)
    expect(page.get_by_role("heading", level=1).first).to_be_visible()
    page.unroute("**/v1/sessions")
    sample(page)


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


def test_closing_the_page_is_told(page):
    sample(page)
    with page.expect_request("**/v1/sessions/leave") as told:
        page.evaluate("dispatchEvent(new Event('pagehide'))")
    assert len(json.loads(told.value.post_data)["ids"]) == 1


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
    own = colour_of(page)
    answers.nth(2).click()
    expect(answers.nth(2)).to_have_attribute("aria-pressed", "true")
    page.wait_for_timeout(500)
    assert colour_of(page) != own
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
    from rechroma.mood import read_cube

    assert read_cube(cube).size == 33


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
    for name in ("Colour", "Mood", "Choose photographs…"):
        assert name in names
    assert all(outline != "none" for name, outline in seen if name in ("Colour", "Mood"))
    page.get_by_role("button", name=SAMPLE).focus()
    page.keyboard.press("Enter")
    ready(page)
    page.get_by_role("button", name="Add a colour spot").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".mark")).to_be_focused()


def test_the_browser_computes_as_the_package_does(page):
    """JavaScript's CIELAB against the package's own, gamut mapping included."""
    rng = np.random.default_rng(0)
    count = 4000
    lightness = rng.integers(0, 256, count)
    a, b = rng.uniform(-120, 120, (2, count)) * rng.uniform(0, 1, count)
    got = page.evaluate(
        """async ([l, a, b]) => {
          const { writePixel } = await import("/static/js/lab.js");
          const out = new Uint8ClampedArray(4 * l.length);
          for (let i = 0; i < l.length; i += 1) writePixel(out, 4 * i, l[i], a[i], b[i]);
          return [...out];
        }""",
        [lightness.tolist(), a.tolist(), b.tolist()],
    )
    rgb = np.array(got).reshape(-1, 4)[:, :3]
    wanted = 255 * lab_to_gamut_rgb(np.stack([lightness / 2.55, a, b], axis=-1))
    # Rounding, and a table of 4,096 steps for the curve of sRGB.
    assert np.abs(rgb - wanted).max() < 2
    assert np.abs(rgb - wanted).mean() < 0.5


def test_a_frame_is_enough(page):
    """While a slider moves, no picture takes longer to paint than the painter allows itself."""
    sample(page)
    page.get_by_label("Strength").first.fill("0.9")
    page.wait_for_timeout(300)
    steps = page.evaluate(
        """async () => {
          const { Painter } = await import("/static/js/painter.js");
          const { Planes } = await import("/static/js/planes.js");
          const size = 1600 * 1200;
          const data = new Uint8Array(5 * size + size).buffer;
          const painter = new Painter(document.createElement("canvas"));
          painter.use(new Planes({ width: 1600, height: 1200, data }), 1, 1);
          return [painter.affordableStep(), painter.pace * size];
        }"""
    )
    step, full = steps
    assert step == max(1, int(np.ceil(np.sqrt(full / 12))))
