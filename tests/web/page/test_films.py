"""The room for films, in a real browser."""

import pytest
from playwright.sync_api import expect

from .steps import give, no_violations, opening, pick, saved, until

pytest.importorskip("av")
pytestmark = pytest.mark.posix

# Whether both films are there, and how far they are apart in seconds.
PLAYED = """() => {
  const [before, after] = document.querySelectorAll("#film-player video");
  return { ready: Math.min(before.readyState, after.readyState), at: after.currentTime,
           apart: Math.abs(before.currentTime - after.currentTime), paused: after.paused };
}"""


def drop(page, data, name="street.mp4"):
    give(page, "body", "drop", (name, data))


def found(page, count):
    """The film is open, and all of its shots are known."""
    expect(page.locator("#shots li")).to_have_count(count)
    expect(page.get_by_text(f"{count} in all")).to_be_visible()


def shown(page):
    """The picture of the shot is there, in color."""
    expect(page.locator("#film-stage .busy")).to_be_hidden()
    expect(page.locator("#film-stage .after")).to_be_visible()


def colored(page):
    pick(page, "Color the film")
    expect(page.locator("#film-player")).to_be_visible(timeout=120_000)


def close(page):
    pick(page, "Close the film")
    expect(page.get_by_role("button", name="Choose a film…")).to_be_focused()


def put_spot(page, color="#c22b2b"):
    box = page.locator("#film-stage .world").bounding_box()
    page.mouse.click(box["x"] + 0.7 * box["width"], box["y"] + 0.4 * box["height"])
    expect(page.locator("#film-stage .mark")).to_have_count(1)
    change = "(e, color) => { e.value = color; e.dispatchEvent(new Event('change')); }"
    page.locator("#film-stage input[type=color]").evaluate(change, color)
    page.keyboard.press("Escape")


def test_from_a_film_to_a_film_in_color(page, make_film):
    """Dropped, its shots in a strip, a spot in one of them, rendered, looked at, saved."""
    page.locator("[data-room=film]").click()
    expect(page.locator("#film-limits")).to_contain_text("Up to 30 minutes, 1,024 MB")
    no_violations(page)
    drop(page, make_film((14, 12)))
    expect(page.get_by_role("heading", name="street.mp4")).to_be_focused()
    found(page, 2)
    shown(page)
    expect(page.locator("#shots img").first).to_have_js_property("naturalWidth", 96)
    second = page.get_by_role("button", name="Shot 2 at 0:00")
    page.locator("#shots button").first.press("ArrowRight")
    expect(second).to_be_focused()
    expect(second).to_have_attribute("aria-current", "true")
    shown(page)
    put_spot(page)
    expect(page.locator("#shots li[data-state=told]")).to_have_count(1)
    expect(page.get_by_text("2 in all, 1 in your colors")).to_be_visible()
    no_violations(page)
    colored(page)
    until(page, lambda: page.evaluate(PLAYED)["ready"] >= 2)
    no_violations(page)
    pick(page, "Play")
    until(page, lambda: page.evaluate(PLAYED)["at"] > 0.5)
    # At one moment either may be late; they come together again.
    until(page, lambda: page.evaluate(PLAYED)["apart"] < 0.3)
    page.locator("#film-player .after").evaluate("e => e.pause()")
    page.locator("#shots button").first.click()
    until(page, lambda: page.evaluate(PLAYED)["at"] == 0)
    page.locator("#film-player .divider").fill("20")
    assert "px" in page.locator("#film-player .after").evaluate("e => e.style.clipPath")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the film").click()
    assert download.value.suggested_filename == "street.color.mp4"
    assert saved(download.value)[4:8] == b"ftyp"
    # Undoing takes the spot back from the film, too.
    pick(page, "Shot by shot")
    page.locator("#shots button").nth(1).click()
    expect(page.locator("#film-stage .mark")).to_have_count(1)
    while page.locator("#shot-panel").get_by_role("button", name="Undo").is_enabled():
        pick_undo(page)
    expect(page.locator("#shots li[data-state=told]")).to_have_count(0)
    close(page)


def pick_undo(page):
    page.locator("#film-stage .view").press("Control+z")


def test_what_the_page_was_at_is_there_after_a_reload(page, make_film):
    drop(page, make_film((8, 8)))
    found(page, 2)
    assert page.evaluate("location.hash") == "#film"
    shown(page)
    put_spot(page)
    expect(page.locator("#shots li[data-state=told]")).to_have_count(1)
    drop(page, make_film((8,)), "other.mp4")
    expect(page.locator("#film .error:visible")).to_contain_text("street.mp4 is open. Close it")
    page.reload()
    found(page, 2)
    expect(page.locator("#film-stage .mark")).to_have_count(1)
    close(page)
    page.reload()
    expect(page.get_by_role("button", name="Choose a film…")).to_be_visible()


def test_cancelling_and_going_on(page, make_film):
    drop(page, make_film((30,) * 10))
    found(page, 10)
    pick(page, "Color the film")
    stop = page.get_by_role("button", name="Cancel", exact=True).locator("visible=true")
    expect(page.locator("#film-words")).to_contain_text("of 300 frames", timeout=120_000)
    stop.click()
    pick(page, "Go on")
    expect(page.locator("#film-player")).to_be_visible(timeout=240_000)
    close(page)


def test_options_of_the_last_time_are_shown_after_a_reload(page, make_film):
    """They are what the film goes on with."""
    drop(page, make_film((8,)))
    found(page, 1)
    page.get_by_label("Quality").select_option("28")
    page.get_by_label("Strength of the whole film").fill("0.5")
    colored(page)
    page.reload()
    found(page, 1)
    expect(page.get_by_label("Quality")).to_have_value("28")
    expect(page.get_by_label("Strength of the whole film")).to_have_value("0.5")
    expect(page.locator("#film-panel output").first).to_have_text("50 %")
    close(page)


def test_a_film_in_color_is_asked_about(page, make_film):
    drop(page, make_film((8,), color=True))
    question = page.get_by_text("This film is in color already.")
    expect(question).to_be_visible()
    go = page.get_by_role("button", name="Color the film")
    expect(go).to_be_disabled()
    no_violations(page)
    page.locator("#film").get_by_role("button", name="Color it anew").click()
    expect(question).to_be_hidden()
    shown(page)
    expect(go).to_be_enabled()
    close(page)


def test_a_film_that_the_browser_can_not_play(page, make_film):
    """What it can play stands in for it, and that is said."""
    drop(page, make_film((8,), ".avi", codec="mpeg4"), "old.avi")
    found(page, 1)
    colored(page)
    expect(page.get_by_text("This browser can't play the film as it came")).to_be_visible()
    until(page, lambda: page.evaluate(PLAYED)["ready"] >= 2)
    close(page)


def test_what_is_no_film(page, make_film, make_picture):
    drop(page, make_picture(), "picture.mp4")
    expect(page.locator("#film-error")).to_contain_text("picture.mp4 is not a film")
    drop(page, make_film((4,))[:900], "cut.mp4")
    expect(page.locator("#film-error")).to_contain_text("cut.mp4: ")
    no_violations(page)
    drop(page, make_picture(), "picture.png")
    expect(page.locator(".filmstrip li[data-state=ready]").first).to_be_visible()
    assert page.evaluate("location.hash") == "#color"


@pytest.mark.parametrize("width", [360, 3840])
def test_narrow_and_wide(browser, served, make_film, width):
    size = {"width": width, "height": 800}
    with opening(browser, served.base, viewport=size, color_scheme="dark") as page:
        drop(page, make_film((6, 6)))
        found(page, 2)
        shown(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        no_violations(page)
        close(page)
