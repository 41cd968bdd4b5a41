"""Spots of color on the picture."""

import io
import re

import pytest
from PIL import Image
from playwright.sync_api import expect

from .steps import cancel_pointer, give, no_violations, place_hint, ready, sample, until


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


def test_what_is_one_thing_with_a_spot_is_outlined(page, make_picture):
    """The test's model tells no things apart: that it does, and the mask, are the test's own."""
    mask = Image.new("L", (200, 150), 0)
    mask.paste(255, (50, 40, 150, 110))
    file = io.BytesIO()
    mask.save(file, "PNG")
    asked = []

    def answer(route):
        asked.append(route.request.post_data_json)
        route.fulfill(body=file.getvalue(), content_type="image/png")

    def able(route):
        told = route.fetch().json()
        told["current"]["reaches"] = ["here", "thing", "alike"]
        route.fulfill(json=told)

    page.route("**/v1/models", able)
    page.reload()
    page.wait_for_selector("body[data-ready]")
    page.route("**/segment*", answer)
    give(page, "main", "drop", ("a.png", make_picture(size=(400, 300))))
    ready(page)
    place_hint(page, 0.6, 0.5)
    outline = page.locator("#color-stage .outline")
    expect(outline).to_be_visible()
    assert asked[0]["inside"][0] == pytest.approx([240, 150], abs=2)
    drawn = (
        "c => [[100, 75], [50, 75], [100, 20]].map(([x, y]) =>"
        " c.getContext('2d').getImageData(x, y, 1, 1).data[3])"
    )
    inside, edge, away = outline.evaluate(drawn)
    assert inside == away == 0
    assert edge > 100
    page.get_by_label("Reaches").select_option("here")
    expect(outline).to_be_hidden()
    page.get_by_label("Reaches").select_option("thing")
    expect(outline).to_be_visible()
    page.keyboard.press("Escape")
    expect(outline).to_be_hidden()


def test_the_colors_of_a_spot_go_with_it(page):
    """They are for where it is now; what undo takes away has none, and redo brings it back."""
    sample(page)
    place_hint(page, 0.7, 0.4)
    popover = page.locator(".popover")
    expect(popover).to_be_visible()
    mark = page.locator(".mark")
    box = mark.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y + 80, steps=3)
    with page.expect_request("**/likely") as asked:
        page.mouse.up()
    now = mark.get_attribute("aria-label")
    place = asked.value.post_data_json
    assert f"at {place['x']}, {place['y']}" in now
    expect(popover).to_be_visible()
    for _ in range(2):
        page.keyboard.press("Control+z")
    expect(popover).to_be_hidden()
    expect(mark).to_have_count(0)
    for _ in range(2):
        page.keyboard.press("Control+Shift+Z")
    expect(mark).to_have_attribute("aria-label", now)


def test_only_what_the_model_can_do_is_offered(page):
    """It can't tell where a thing ends: nothing asks it to."""
    asked = []
    page.on("request", lambda each: asked.append(each.url))
    sample(page)
    place_hint(page)
    expect(page.get_by_label("Reaches").locator("option")).to_have_text(["everything alike"])
    page.wait_for_timeout(500)
    assert not any("/segment" in url for url in asked)
