"""What the page, the browser and the service keep, and for how long."""

import io
import json
import re

import numpy as np
from PIL import Image
from playwright.sync_api import expect

from .steps import (
    PATIENCE,
    color_of,
    give,
    hold,
    is_empty,
    opened_id,
    pick,
    place_hint,
    ready,
    sample,
    until,
    until_kept,
)


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
