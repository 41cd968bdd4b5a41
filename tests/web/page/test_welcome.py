"""What is seen before there are any photographs, and the mood room's two with their result."""

import pytest
from playwright.sync_api import expect

from .steps import give, no_violations, opening, ready

CLIP = "e => getComputedStyle(e).clipPath"


def test_a_photograph_gets_its_color_before_the_eyes(page):
    """Once, and no longer than five seconds: nobody has to stop it."""
    colored = page.locator("#showing .colored")
    assert colored.evaluate("e => e.decode().then(() => e.naturalWidth)") == 720
    expect(page.locator("#showing.plays")).to_be_visible()
    timing = colored.evaluate(
        """e => { const { iterations, duration, delay } = e.getAnimations()[0].effect.getTiming();
          return [iterations, duration + delay]; }"""
    )
    assert timing[0] == 1
    assert timing[1] <= 5000
    colored.evaluate("e => e.getAnimations()[0].finish()")
    assert colored.evaluate(CLIP) == "inset(0px 0% 0px 0px)"
    no_violations(page)


@pytest.mark.parametrize("page", [{"reduced_motion": "reduce"}], indirect=True)
def test_nothing_moves_for_who_wants_that(page):
    expect(page.locator("#showing.plays")).to_be_visible()
    colored = page.locator("#showing .colored")
    assert colored.evaluate("e => e.getAnimations().length") == 0
    assert colored.evaluate(CLIP) == "inset(0px 0px 0px 50%)"


def test_samples_for_both_rooms(page):
    page.get_by_role("link", name="Mood").click()
    no_violations(page)
    page.get_by_role("button", name="Take the samples").click()
    expect(page.locator("#mood-work")).to_be_visible()
    expect(page.locator("#mood-stage .busy")).to_be_hidden()
    expect(page.locator("[data-take=source] .name")).to_have_text("coffee.jpg")
    expect(page.locator("[data-take=target] .name")).to_contain_text("saratoga")
    expect(page.locator("#mood-welcome")).to_be_hidden()
    page.get_by_role("link", name="Color", exact=True).click()
    page.get_by_role("button", name="Color the sample: Saratoga").click()
    ready(page)
    expect(page.locator("#showing")).to_be_hidden()


@pytest.mark.parametrize(
    "page",
    [
        {"viewport": {"width": 360, "height": 740}},
        {"viewport": {"width": 1280, "height": 900}},
        {"viewport": {"width": 3840, "height": 2160}},
    ],
    indirect=True,
    ids=["phone", "laptop", "4k"],
)
def test_the_mood_s_result_is_in_sight_beside_its_sources(page, make_picture):
    page.get_by_role("link", name="Mood").click()
    tall = [(f"{n}.png", make_picture(size=(120, 200), mode="RGB", seed=n)) for n in (1, 2)]
    give(page, "#mood h1", "drop", *tall)
    expect(page.locator("#mood-work")).to_be_visible()
    expect(page.locator("#mood-stage .busy")).to_be_hidden()
    page.evaluate("scrollTo(0, 0)")
    width, height = page.viewport_size["width"], page.viewport_size["height"]
    for seen in ("[data-take=source] img", "[data-take=target] img", "#mood-stage .world"):
        box = page.locator(seen).bounding_box()
        assert box["x"] >= 0
        assert box["y"] >= 0
        assert box["x"] + box["width"] <= width
        assert box["y"] + box["height"] <= height
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    no_violations(page)


def test_problems_are_told_in_the_page_s_language(browser, served):
    with opening(browser, served.base, locale="fr-FR") as page:
        give(page, "main", "drop", ("notes.jpg", b"no picture"))
        expect(page.locator("#picture-error")).to_have_text(
            "Ce n'est pas une image d'un type lu ici. Envoie un JPEG, PNG, TIFF ou WebP."
        )
    with opening(browser, served.base) as page:
        give(page, "main", "drop", ("notes.jpg", b"no picture"))
        expect(page.locator("#picture-error")).to_contain_text("notes.jpg is not a picture of")
