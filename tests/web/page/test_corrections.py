"""Brush and eraser, parts of the picture, versions, looks, and prints made ready."""

import base64
import io
import json

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from .steps import (
    color_of,
    give,
    no_violations,
    opened_id,
    place_hint,
    ready,
    sample,
    saved,
    settled,
    until,
    until_kept,
)

# Nothing while it is painted coarsely, for as long as something moves.
PIXELS = """() => {
  const canvas = (name) => document.querySelector(`#color-stage .${name}`);
  const [before, after] = [canvas("before"), canvas("after")];
  return after.width === before.width ? after.toDataURL("image/png") : "";
}"""


def shown(page):
    """What is painted on the right."""
    found = []

    def is_painted():
        found.append(page.evaluate(PIXELS))
        return found[-1]

    until(page, is_painted)
    data = base64.b64decode(found[-1].partition(",")[2])
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)


def spread(pixels):
    return np.ptp(pixels, axis=-1)


def stroke(page, *places):
    box = page.locator("#color-stage .world").bounding_box()
    points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in places]
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point, steps=6)
    page.mouse.up()


def brush(page, name="Brush"):
    page.get_by_role("button", name=name, exact=True).click()


def paint(page, *places, what=None):
    """Paint a part, and say what becomes of it."""
    count = page.locator(".regions li").count()
    if count:
        page.get_by_role("button", name="Paint another part").click()
    else:
        brush(page)
    stroke(page, *places)
    expect(page.locator(".regions li")).to_have_count(count + 1)
    if what:
        page.get_by_label(f"What becomes of part {count + 1}").select_option(what)
    ready(page)


def opened(page, make_picture, size=(400, 300)):
    give(page, "main", "drop", ("a.png", make_picture(size=size)))
    ready(page)
    settled(page)


def without_snapping(page):
    page.get_by_label("Snap to edges").uncheck()


def test_a_part_is_painted_erased_undone_and_taken_away(page, make_picture):
    opened(page, make_picture)
    without_snapping(page)
    plain = shown(page)
    paint(page, (0.2, 0.5), (0.5, 0.5), what="gray")
    until(page, lambda: spread(shown(page))[150, 90:190].max() <= 1)
    painted = shown(page)
    np.testing.assert_array_equal(painted[:100], plain[:100])
    np.testing.assert_array_equal(painted[:, 260:], plain[:, 260:])
    brush(page, "Eraser")
    stroke(page, (0.2, 0.5), (0.3, 0.5))
    until(page, lambda: spread(shown(page))[150, 90:110].max() > 1)
    assert spread(shown(page))[150, 160:190].max() <= 1
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Eraser")).to_have_attribute("aria-pressed", "false")
    for _ in range(3):
        page.keyboard.press("Control+z")
    expect(page.locator(".regions li")).to_have_count(0)
    until(page, lambda: (shown(page) == plain).all())
    for _ in range(2):
        page.keyboard.press("Control+Shift+Z")
    until(page, lambda: (shown(page) == painted).all())
    page.get_by_role("button", name="Take part 1 away").click()
    until(page, lambda: (shown(page) == plain).all())
    expect(page.get_by_role("button", name="Brush", exact=True)).to_be_focused()


def test_what_is_erased_whole_is_no_part(page, make_picture):
    opened(page, make_picture)
    without_snapping(page)
    paint(page, (0.5, 0.5), (0.52, 0.5))
    page.get_by_label("Size").fill("0.3")
    brush(page, "Eraser")
    stroke(page, (0.45, 0.5), (0.6, 0.5))
    expect(page.locator(".regions li")).to_have_count(0)


def test_what_is_left_as_it_was_is_that_to_the_pixel(page, make_picture):
    """Whatever look lies over the rest; and so it is saved."""
    data = make_picture(size=(400, 300))
    give(page, "main", "drop", ("a.png", data))
    ready(page)
    settled(page)
    without_snapping(page)
    page.get_by_label("Look", exact=True).select_option("moonlight")
    paint(page, (0.6, 0.5), (0.7, 0.5), what="keep")
    before = np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)
    within = np.s_[145:156, 235:286]
    until(page, lambda: (shown(page)[within] == before[within]).all())
    assert (shown(page)[20:60] != before[20:60]).any()
    with page.expect_download() as download:
        page.locator("#download").click()
    made = np.asarray(Image.open(io.BytesIO(saved(download.value))).convert("RGB")).astype(int)
    np.testing.assert_array_equal(made[within], before[within])
    assert np.abs(made - shown(page)).mean() < 1


def test_the_page_paints_what_the_service_saves(page, make_picture):
    """Parts over each other, a color and a strength, a mood, in warm light and with a look."""
    opened(page, make_picture)
    without_snapping(page)
    page.get_by_label("Size").fill("0.15")
    paint(page, (0.2, 0.3), (0.6, 0.3))
    page.get_by_label("Color of part 1").fill("#c02020")
    ready(page)
    paint(page, (0.4, 0.2), (0.4, 0.7), what="strength")
    page.get_by_label("How much color part 2 has").fill("0.4")
    paint(page, (0.8, 0.2), (0.8, 0.8))
    page.get_by_label("What becomes of part 3").select_option("gray")
    page.get_by_label("Light: cooler or warmer").fill("0.6")
    page.get_by_label("Vividness").fill("0.7")
    page.get_by_label("Look", exact=True).select_option("winter")
    ready(page)
    page.locator("#format").select_option("png")
    with page.expect_download() as download:
        page.locator("#download").click()
    made = np.asarray(Image.open(io.BytesIO(saved(download.value))).convert("RGB")).astype(int)

    def is_the_same():
        apart = np.abs(made - shown(page))
        return apart.mean() < 1 and np.quantile(apart, 0.99) <= 4

    # The look's table comes with a request of its own.
    until(page, is_the_same)


def test_gray_strength_and_keep_need_no_network(page, make_picture):
    opened(page, make_picture)
    without_snapping(page)
    paint(page, (0.3, 0.5), (0.6, 0.5), what="strength")
    settled(page)
    asked = []
    page.on("request", lambda request: asked.append(request.url.rsplit("/", 1)[1]))
    page.get_by_label("How much color part 1 has").fill("0")
    until(page, lambda: spread(shown(page))[150, 130:230].max() <= 1)
    assert not {"cells", "picture"} & {each.split("?")[0] for each in asked}


def test_a_stroke_snaps_to_what_it_is_on(page, make_picture):
    """The test's model tells no things apart: the thing is the test's own, right of the middle."""
    mask = Image.new("L", (200, 150), 0)
    mask.paste(255, (100, 0, 200, 150))
    file = io.BytesIO()
    mask.save(file, "PNG")
    asked = []

    def answer(route):
        asked.append(route.request.post_data_json["inside"])
        route.fulfill(body=file.getvalue(), content_type="image/png")

    page.route("**/segment*", answer)
    opened(page, make_picture)
    paint(page, (0.6, 0.5), (0.4, 0.5), what="gray")
    until(page, lambda: spread(shown(page))[150, 215:240].max() <= 1)
    assert spread(shown(page))[150, 165:190].max() > 1
    # What was meant is where the stroke began.
    assert asked[0][0] == pytest.approx([240, 150], abs=2)
    assert all(x > 200 for x, _ in asked[0])


def test_a_model_that_tells_no_things_apart_paints_what_is_drawn(page, make_picture):
    opened(page, make_picture)
    paint(page, (0.4, 0.5), (0.6, 0.5), what="gray")
    until(page, lambda: spread(shown(page))[150, 170:230].max() <= 1)
    expect(page.locator("#picture-error")).to_be_hidden()


def test_by_keys_alone(page, make_picture):
    opened(page, make_picture)
    page.get_by_role("button", name="Brush", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.locator("#color-stage .view")).to_be_focused()
    for key in ("ArrowRight", "ArrowRight", "]", " "):
        page.keyboard.press(key)
    expect(page.locator(".regions li")).to_have_count(1)
    assert float(page.get_by_label("Size").input_value()) > 0.06
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Brush", exact=True)).to_be_focused()
    expect(page.locator(".brush-ring")).to_be_hidden()


def test_the_thing_under_a_spot_becomes_a_part(page, make_picture):
    mask = Image.new("L", (200, 150), 0)
    mask.paste(255, (100, 0, 200, 150))
    file = io.BytesIO()
    mask.save(file, "PNG")
    page.route(
        "**/segment*", lambda route: route.fulfill(body=file.getvalue(), content_type="image/png")
    )
    opened(page, make_picture)
    place_hint(page, 0.75, 0.5)
    page.locator(".popover input[type=color]").fill("#20a040")
    page.get_by_role("button", name="Make it a part").click()
    expect(page.locator(".mark")).to_have_count(0)
    expect(page.get_by_label("Color of part 1")).to_have_value("#20a040")
    page.get_by_label("What becomes of part 1").select_option("gray")
    until(page, lambda: spread(shown(page))[:, 215:].max() <= 1)
    assert spread(shown(page))[:, :185].max() > 1
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    expect(page.locator(".regions li")).to_have_count(0)
    expect(page.locator(".mark")).to_have_count(1)


def test_parts_are_kept_with_the_work_and_in_projects(page, make_picture):
    """A service that has forgotten them is told again."""
    key = opened_id(
        page, lambda: give(page, "main", "drop", ("a.png", make_picture(size=(400, 300))))
    )
    ready(page)
    without_snapping(page)
    paint(page, (0.3, 0.5), (0.6, 0.5))
    page.get_by_label("Color of part 1").fill("#c02020")
    ready(page)
    settled(page)
    painted = shown(page)
    until_kept(page)
    page.reload()
    ready(page)
    until(page, lambda: np.abs(shown(page) - painted).max() <= 1)
    with page.expect_download() as download:
        page.locator("#save-project").click()
    project = saved(download.value)
    assert key.encode() not in project
    page.evaluate(f"fetch('/v1/sessions/{key}', {{ method: 'DELETE' }})")
    page.get_by_label("Color of part 1").fill("#2020c0")
    ready(page)
    until(page, lambda: (shown(page) != painted).any())
    expect(page.locator("#picture-error")).to_be_hidden()
    page.get_by_role("button", name="Close a.png").click()
    give(page, "main", "drop", ("work.rechroma", project))
    ready(page)
    until(page, lambda: np.abs(shown(page) - painted).max() <= 1)


FORGET_MASKS = """() => new Promise((done) => {
  indexedDB.open("rechroma", 1).onsuccess = ({ target: { result } }) => {
    const transaction = result.transaction("files", "readwrite");
    const store = transaction.objectStore("files");
    store.openCursor().onsuccess = ({ target: { result: cursor } }) => {
      if (!cursor) return;
      if (!cursor.value.name) cursor.delete(); // pictures have names
      cursor.continue();
    };
    transaction.oncomplete = done;
  };
})"""


def test_a_part_whose_mask_is_lost_is_told(page, make_picture):
    """The browser has cleared its store, and the service has forgotten the picture."""
    data = make_picture(size=(400, 300))
    key = opened_id(page, lambda: give(page, "main", "drop", ("a.png", data)))
    ready(page)
    settled(page)
    without_snapping(page)
    paint(page, (0.3, 0.5), (0.6, 0.5))
    ready(page)
    until_kept(page)
    page.evaluate(FORGET_MASKS)
    page.evaluate(f"fetch('/v1/sessions/{key}', {{ method: 'DELETE' }})")
    page.reload()
    expect(page.locator("#picture-error")).to_contain_text("part of a.png is not there any more")
    ready(page)
    expect(page.locator(".regions li")).to_have_count(0)


def test_a_mood_for_a_part_alone(page, make_picture):
    opened(page, make_picture)
    without_snapping(page)
    plain = shown(page)
    with page.expect_file_chooser() as chooser:
        paint(page, (0.7, 0.5), (0.8, 0.5))
        page.get_by_label("What becomes of part 1").select_option("mood")
    evening = {
        "name": "evening.png", "mimeType": "image/png", "buffer": make_picture(mode="RGB", seed=7)
    }  # fmt: skip
    chooser.value.set_files(evening)
    expect(page.locator(".regions").get_by_role("button", name="evening.png")).to_be_visible()
    ready(page)
    until(page, lambda: (shown(page)[150, 290:310] != plain[150, 290:310]).any())
    np.testing.assert_array_equal(shown(page)[:, :200], plain[:, :200])
    expect(page.locator("#mood-name")).to_contain_text("Let a color photograph set the tone")


def test_a_second_finger_paints_nothing(page, make_picture):
    opened(page, make_picture)
    brush(page)
    box = page.locator("#color-stage .world").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    fingers = page.context.new_cdp_session(page)
    for kind, points in (
        ("Start", [(x, y)]), ("Move", [(x + 20, y)]), ("Start", [(x + 20, y), (x - 60, y)]),
        ("Move", [(x + 60, y), (x - 90, y)]), ("End", []),
    ):  # fmt: skip
        touches = [{"x": a, "y": b, "id": n} for n, (a, b) in enumerate(points)]
        fingers.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": touches})
    page.wait_for_timeout(300)
    expect(page.locator(".regions li")).to_have_count(0)


def test_versions_have_names_and_keep_what_is_made_of_each(page):
    sample(page)
    settled(page)
    versions = page.locator(".panel").get_by_role("group", name="Versions")
    for name in ("Faithful", "Natural", "Vivid", "Warm", "Cool"):
        expect(versions.get_by_role("button", name=name, exact=True)).to_be_visible()
    natural = versions.get_by_role("button", name="Natural")
    expect(natural).to_have_attribute("aria-pressed", "true")
    light = page.get_by_label("Light: cooler or warmer")
    versions.get_by_role("button", name="Warm").click()
    expect(light).to_have_value("0.8")
    light.fill("0.5")
    natural.click()
    expect(light).to_have_value("0")
    versions.get_by_role("button", name="Warm").click()
    expect(light).to_have_value("0.5")
    place_hint(page)
    page.keyboard.press("Escape")
    expect(versions.get_by_role("button", name="Warm")).to_have_attribute("aria-pressed", "true")
    for _ in range(5):
        page.keyboard.press("Control+z")
    expect(natural).to_have_attribute("aria-pressed", "true")
    expect(light).to_have_value("0")


def test_versions_side_by_side(page):
    sample(page)
    settled(page)
    page.get_by_role("button", name="Side by side…").click()
    dialog = page.get_by_role("dialog", name="Versions of this picture")
    expect(dialog.get_by_role("button", name="Natural")).to_be_focused()
    width = "b => b.querySelector('canvas').width"
    buttons = dialog.locator(".versions-grid button")
    until(page, lambda: all(button.evaluate(width) > 400 for button in buttons.all()))
    no_violations(page)
    dialog.get_by_role("button", name="Vivid").click()
    expect(dialog.get_by_role("button", name="Vivid")).to_have_attribute("aria-pressed", "true")
    page.keyboard.down("c")
    expect(dialog.locator(".comparing")).to_have_text("Natural")
    page.keyboard.up("c")
    expect(dialog.locator(".comparing")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    assert float(page.get_by_label("Strength").first.input_value()) > 1


def test_a_key_compares_with_the_version_before(page):
    sample(page)
    settled(page)
    natural = color_of(page)
    page.locator(".panel").get_by_role("button", name="Vivid").click()
    until(page, lambda: abs(color_of(page) - natural) > 0.5)
    page.locator("#color-stage .view").focus()
    page.keyboard.down("c")
    label = page.locator("#color-stage .compared")
    expect(label).to_have_text("Natural")
    until(page, lambda: abs(color_of(page) - natural) < 0.1)
    page.keyboard.up("c")
    expect(label).to_be_hidden()
    until(page, lambda: abs(color_of(page) - natural) > 0.5)
    button = page.get_by_role("button", name="Hold to compare")
    button.hover()
    page.mouse.down()
    expect(label).to_be_visible()
    page.mouse.up()
    expect(label).to_be_hidden()


def test_an_old_print_is_told_and_left_alone_until_somebody_wants_it(page, old_print):
    bodies = []
    page.on(
        "request",
        lambda asked: asked.url.endswith("/cells") and bodies.append(json.loads(asked.post_data)),
    )
    give(page, "main", "drop", ("old.png", old_print))
    ready(page)
    settled(page)
    note = page.get_by_role("region", name="An old print")
    expect(note).to_contain_text("a paper border")
    expect(note).to_contain_text("faded contrast")
    assert [body["prepare"] for body in bodies] == [None]
    plain = shown(page)
    no_violations(page)
    note.get_by_label("Make the print ready first").check()
    until(page, lambda: len(bodies) == 2)
    ready(page)
    assert bodies[1]["prepare"]["contrast"]
    no_violations(page)
    until(page, lambda: shown(page).shape == plain.shape and (shown(page) != plain).any())
    # The border stays as it was.
    np.testing.assert_array_equal(shown(page)[:20], np.full((20, 420, 3), [238, 230, 205]))
    restored = np.ptp(shown(page)[60:270, 60:360].mean(axis=-1))
    note.get_by_label("Restore the contrast").uncheck()
    ready(page)
    until(page, lambda: np.ptp(shown(page)[60:270, 60:360].mean(axis=-1)) < 0.8 * restored)
    note.get_by_label("Paper border").select_option("crop")
    until(page, lambda: shown(page).shape[1] < 380)
    with page.expect_download() as download:
        page.locator("#download").click()
    made = np.asarray(Image.open(io.BytesIO(saved(download.value))).convert("RGB")).astype(int)
    assert made.shape == shown(page).shape
    assert np.abs(made - shown(page)).mean() < 1.5
    for _ in range(3):
        page.keyboard.press("Control+z")
    until(page, lambda: shown(page).shape == plain.shape and (shown(page) == plain).all())
    expect(note.get_by_label("Make the print ready first")).not_to_be_checked()


def test_a_spot_goes_with_a_print_that_is_cropped(page, old_print):
    give(page, "main", "drop", ("old.png", old_print))
    ready(page)
    settled(page)
    place_hint(page, 0.6, 0.5)
    page.keyboard.press("Escape")
    place_hint(page, 0.01, 0.01)
    page.keyboard.press("Escape")
    expect(page.locator(".mark")).to_have_count(2)
    inside = page.locator(".mark").first.get_attribute("aria-label")
    page.get_by_label("Make the print ready first").check()
    page.get_by_label("Paper border").select_option("crop")
    until(page, lambda: shown(page).shape[1] < 380)
    # The one in the border is none any more; undo brings it back.
    expect(page.locator(".mark")).to_have_count(1)
    assert page.locator(".mark").get_attribute("aria-label") == inside
    style = page.locator(".mark").evaluate(
        "m => [parseFloat(m.style.left), parseFloat(m.style.top)]"
    )
    assert style == pytest.approx([50 + 10 * 420 / 360, 50], abs=1)
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    expect(page.locator(".mark")).to_have_count(2)


NOT_MADE_READY = """async () => {
  const { Prints } = await import(new URL("static/js/prints.js", document.baseURI));
  const prints = new Prints({ changed: async () => {}, ask: (picture, work) => work() });
  prints.picture = { history: { now: { prepare: null } } };
  prints.use.checked = true;
  await prints.toggle();
  return prints.use.checked;
}"""


def test_the_box_says_whether_a_print_is_made_ready(page):
    """Where it comes to nothing, it is not ticked."""
    assert page.evaluate(NOT_MADE_READY) is False


def test_no_thanks(page, old_print):
    give(page, "main", "drop", ("old.png", old_print))
    ready(page)
    settled(page)
    note = page.get_by_role("region", name="An old print")
    note.get_by_role("button", name="No, thanks").click()
    expect(note).to_be_hidden()
    place_hint(page)
    ready(page)
    settled(page)
    expect(note).to_be_hidden()


@pytest.mark.parametrize(
    "page",
    [
        {"viewport": {"width": 360, "height": 740}, "color_scheme": "dark"},
        {"viewport": {"width": 3840, "height": 2160}},
    ],
    indirect=True,
)
def test_parts_on_small_and_large_screens(page, make_picture):
    opened(page, make_picture)
    without_snapping(page)
    page.get_by_role("button", name="Brush", exact=True).click()
    page.locator("#color-stage").scroll_into_view_if_needed()
    stroke(page, (0.3, 0.5), (0.5, 0.5))
    expect(page.locator(".regions li")).to_have_count(1)
    page.get_by_label("What becomes of part 1").select_option("strength")
    no_violations(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="Side by side…").click()
    expect(page.locator(".versions-grid button")).not_to_have_count(0)
    assert page.evaluate("document.querySelector('dialog').scrollWidth <= innerWidth")
    no_violations(page)


EDGE = """() => {
  const edge = document.querySelector("#color-stage .part-edge");
  if (edge.hidden) return null;
  const { data } = edge.getContext("2d").getImageData(0, 0, edge.width, edge.height);
  return [edge.width, edge.height, [...data].filter((_, at) => at % 4 === 3)];
}"""


def test_a_line_is_around_a_part_on_both_sides_of_the_divider(page, make_picture):
    opened(page, make_picture)
    without_snapping(page)
    assert page.evaluate(EDGE) is None
    paint(page, (0.25, 0.5), (0.75, 0.5))
    width, height, alphas = page.evaluate(EDGE)
    line = np.array(alphas).reshape(height, width) > 127
    # Brushes are 0.06 of the longer side wide: 24 of 400 pixels.
    rows, columns = np.nonzero(line)
    assert [width, height] == [400, 300]
    np.testing.assert_allclose([rows.min(), rows.max()], [137, 163], atol=3)
    np.testing.assert_allclose([columns.min(), columns.max()], [87, 313], atol=3)
    assert line[:, [150, 250]].any(0).all()
    assert not line[142:159, 100:301].any()
    # As long as the part is the chosen one, whatever is in the hand.
    help_text = page.locator("#brush-help")
    expect(help_text).to_contain_text("line is around part 1")
    expect(help_text).not_to_contain_text("Snap")
    page.get_by_label("Snap to edges").check()
    expect(help_text).to_contain_text("Snap")
    no_violations(page)
    page.keyboard.press("Escape")
    expect(page.locator("#color-stage .part-edge")).to_be_visible()
    page.get_by_role("button", name="Part 1", exact=True).click()
    assert page.evaluate(EDGE) is None
    expect(help_text).to_contain_text("Paint a part")


@pytest.mark.parametrize(
    ("likely", "first"),
    [(["#16171a", "#807d78", "#7a4b2c", "#2040a0"], "#7a4b2c"), (["#16171a"], "#c0562f")],
)
def test_a_part_begins_with_a_color_that_shows(page, make_picture, likely, first):
    page.route("**/likely", lambda route: route.fulfill(json=[{"color": each} for each in likely]))
    opened(page, make_picture)
    without_snapping(page)
    plain = shown(page)
    paint(page, (0.6, 0.5), (0.8, 0.5))
    expect(page.get_by_label("Color of part 1")).to_have_value(first)
    until(page, lambda: np.abs(shown(page) - plain)[140:160, 250:310].max() > 10)
