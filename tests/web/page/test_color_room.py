"""The room where photographs get their color, and the page around it."""

import io
import re
import zipfile

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from .steps import (
    SAMPLE,
    color_of,
    focus_style,
    give,
    no_violations,
    pick,
    place_hint,
    ready,
    sample,
    saved,
    settled,
    until,
)


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
    with zipfile.ZipFile(io.BytesIO(saved(waiting.value))) as archive:
        assert archive.testzip() is None
        wanted = sorted(f"{n}.color.png" for n in range(20) if n != 7)
        assert sorted(archive.namelist()) == wanted
    no_violations(page)


def test_a_photograph_in_color_is_asked_about(page, make_picture):
    """It stays as it is until somebody says so; undo takes that back."""
    question = page.locator("#in-color")
    colors = [(f"{n}.jpg", make_picture("JPEG", mode="RGB", seed=n)) for n in (1, 2)]
    give(page, "main", "drop", *colors, ("gray.jpg", make_picture("JPEG")))
    ready(page, 3)
    expect(question).to_contain_text("in color already")
    expect(page.locator("#download")).to_be_disabled()
    expect(page.locator("#color-stage .after")).to_be_hidden()
    no_violations(page)
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download all (zip)").click()
    with zipfile.ZipFile(io.BytesIO(saved(waiting.value))) as archive:
        assert archive.namelist() == ["gray.color.jpg"]
    page.get_by_role("button", name="Color it anew").click()
    expect(question).to_be_hidden()
    expect(page.locator("#color-stage .after")).to_be_visible()
    ready(page, 3)
    page.get_by_role("button", name="Undo").click()
    expect(question).to_be_visible()
    expect(page.locator("#color-stage .after")).to_be_hidden()
    page.get_by_role("button", name="All that are in color").click()
    expect(question).to_be_hidden()
    for name in ("gray.jpg", "2.jpg"):
        pick(page, name)
        ready(page, 3)
        expect(question).to_be_hidden()
        expect(page.locator("#download")).to_be_enabled()


def test_the_same_settings_for_all(page, make_picture):
    give(page, "main", "drop", *((f"{n}.png", make_picture(seed=n)) for n in (1, 2, 3)))
    ready(page, 3)
    place_hint(page)
    expect(page.locator(".mark")).to_have_count(1)
    page.get_by_label("Strength").first.fill("0.4")
    give(page, "#mood-drop", "drop", ("evening.png", make_picture(mode="RGB")))
    expect(page.locator("#mood-name")).to_contain_text("tone of evening.png")
    page.get_by_role("button", name="Same settings for all").click()
    pick(page, "3.png")
    ready(page, 3)
    assert page.get_by_label("Strength").first.input_value() == "0.4"
    expect(page.locator("#mood-name")).to_contain_text("tone of evening.png")
    expect(page.locator(".mark")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    assert page.get_by_label("Strength").first.input_value() == "1"


def test_what_is_no_picture_is_said_beside_it(page):
    give(page, "main", "drop", ("notes.txt", b"hello"))
    expect(page.locator(".filmstrip li[data-state=failed]")).to_contain_text("is not a picture")
    expect(page.get_by_role("alert")).to_contain_text("notes.txt is not a picture")


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
    # The wheel alone scrolls the page.
    box = view.bounding_box()
    page.mouse.move(box["x"] + 100, box["y"] + 100)
    page.mouse.wheel(0, 150)
    page.wait_for_function("() => scrollY > 0")
    page.mouse.wheel(0, -150)
    page.wait_for_function("() => scrollY === 0")
    assert world.bounding_box() == before
    page.keyboard.down("Control")
    page.mouse.wheel(0, -400)
    page.keyboard.up("Control")
    page.wait_for_function(
        "width => document.querySelector('#color-stage .world')"
        ".getBoundingClientRect().width > width",
        arg=before["width"] * 1.5,
    )


def test_other_answers_and_doubt(page):
    sample(page)
    settled(page)
    answers = page.locator("[data-version^=answer]")
    own = color_of(page)
    answers.first.click()
    expect(answers.first).to_have_attribute("aria-pressed", "true")
    until(page, lambda: color_of(page) != own)
    page.get_by_label("Show where it is guessing").check()
    overlay = page.locator("#color-stage .overlay")
    expect(overlay).to_be_visible()
    expect(page.get_by_text("Orange: it is guessing")).to_be_visible()
    # Over the colored half alone.
    clip = "e => e.style.clipPath"
    assert overlay.evaluate(clip) == page.locator("#color-stage .after").evaluate(clip) != ""


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


def test_pressed_is_not_focused(page):
    sample(page)
    settled(page)
    pressed = page.locator(".answers [data-version=natural]")
    expect(pressed).to_have_attribute("aria-pressed", "true")
    assert focus_style(pressed) == "none"
    page.locator(".answers [data-version=vivid]").focus()
    page.keyboard.press("Shift+Tab")
    expect(pressed).to_be_focused()
    assert focus_style(pressed) == "solid"


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
    settled(page)
    page.locator("#mood-choose").evaluate("e => e.scrollIntoView({ block: 'nearest' })")
    view = page.locator("#color-stage .view").bounding_box()
    assert view["y"] >= -1
    assert view["y"] + view["height"] <= page.viewport_size["height"]
    expect(page.locator("#mood-choose")).to_be_in_viewport()
