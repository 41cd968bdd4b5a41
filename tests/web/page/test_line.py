"""What the page asks the service for, and what it does with refusals."""

import pytest
from playwright.sync_api import expect

from .steps import (
    SAMPLE,
    cancelled,
    color_of,
    give,
    hold,
    pick,
    ready,
    refuse,
    sample,
    settled,
    until,
)


def test_sliders_need_no_network(page):
    sample(page)
    settled(page)
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


def test_recoloring_asks_for_little(page, make_picture):
    """However large the picture is, and only for what has changed."""
    give(page, "main", "drop", ("large.jpg", make_picture("JPEG", size=(3000, 2000))))
    ready(page)
    settled(page)
    came = []
    page.on("response", lambda answer: came.append(answer))
    other = page.locator("[data-version^=answer]").first
    other.click()
    expect(other).to_have_attribute("aria-pressed", "true")
    until(page, lambda: came)
    ready(page)
    assert [answer.url.rsplit("/", 1)[1] for answer in came] == ["cells"]
    assert int(came[0].headers["content-length"]) < 800_000


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
    settled(page)
    held = hold(page, "**/cells")
    page.locator("[data-version^=answer]").first.click()
    until(page, lambda: held)
    expect(page.locator("#color-stage .busy")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#color-stage .busy")).to_be_hidden()
    held[0].continue_()
    page.wait_for_timeout(500)
    assert abs(color_of(page) - plain) < 0.1


def test_a_token_in_an_open_tab(page):
    with page.expect_request(
        lambda asked: (
            asked.url.endswith("/v1/models") and asked.headers.get("authorization") == "Bearer abc"
        )
    ):
        page.evaluate("location.hash = '#token=abc'")
    page.wait_for_selector("body[data-ready]")
    assert "token" not in page.url


def test_a_sample_that_does_not_come(page):
    page.route("**/samples/louis*", lambda route: route.fulfill(status=500))
    page.get_by_role("button", name=SAMPLE).click()
    expect(page.locator("#sample-error")).to_contain_text("The service answers 500")


def test_answers_belong_to_the_picture_that_is_shown(page, make_picture):
    """Those of another are not seen under it, and nobody goes on asking for them."""
    give(page, "main", "drop", *((f"{n}.png", make_picture(seed=n)) for n in (1, 2)))
    ready(page, 2)
    answers = page.locator(".answers button")
    settled(page)
    taken_back = cancelled(page)
    held = hold(page, "**/versions?side=160")
    pick(page, "2.png")
    until(page, lambda: held)
    expect(answers).to_have_count(0)
    pick(page, "1.png")
    until(page, lambda: any(url.endswith("side=160") for url in taken_back))
    page.unroute("**/versions?side=160")
    give(page, "main", "drop", ("notes.txt", b"hello"))
    expect(page.locator(".filmstrip li[data-state=failed]")).to_have_count(1)
    pick(page, "2.png")
    settled(page)
    pick(page, "notes.txt")
    expect(answers).to_have_count(0)


def test_a_closed_picture_asks_for_nothing_more(page, make_picture):
    taken_back = cancelled(page)
    held = hold(page, "**/cells")
    give(page, "main", "drop", ("a.png", make_picture()))
    until(page, lambda: held)
    page.get_by_role("button", name="Close a.png").click()
    until(page, lambda: any(url.endswith("cells") for url in taken_back))
