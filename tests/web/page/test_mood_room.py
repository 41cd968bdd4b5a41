"""The room where one photograph gets the mood of another."""

import io
import json

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from .steps import cancel_pointer, give, no_violations, ready, saved


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


def test_from_color_to_mood_and_swapped(page, make_picture):
    give(page, "main", "drop", ("a.png", make_picture(size=(200, 150))))
    ready(page)
    page.get_by_role("button", name="Continue in Mood").click()
    expect(page.locator("[data-take=target] .name")).to_have_text("a.color.png")
    evening = ("evening.png", make_picture(mode="RGB", size=(300, 200)))
    give(page, "[data-take=source]", "drop", evening)
    expect(page.locator("#mood-stage .busy")).to_be_hidden()
    page.get_by_role("button", name="Add a pair").click()
    own = page.locator("[data-take=target] .rectangle").evaluate("e => e.style.left")

    def is_swapped(asked):
        pairs = json.loads(asked.post_data or "{}").get("swatches")
        return bool(pairs) and pairs[0]["target"][2] == 60

    with page.expect_request(is_swapped):
        page.get_by_role("button", name="Swap the two").click()
    expect(page.locator("[data-take=source] .name")).to_have_text("a.color.png")
    expect(page.locator("[data-take=target] .name")).to_have_text("evening.png")
    assert page.locator("[data-take=source] .rectangle").evaluate("e => e.style.left") == own
    expect(page.locator("#mood-stage .busy")).to_be_hidden()
    before = page.locator("#mood-stage .before").evaluate("c => [c.width, c.height]")
    assert before == [300, 200]
    expect(page.locator("#mood-error")).to_be_hidden()
    no_violations(page)
