"""An album's pages, opened from the disk as somebody would who got the folder."""

import pytest
from PIL import Image
from playwright.sync_api import expect

from rechroma.album import find_entries, make_album

from .steps import PATIENCE, no_violations


@pytest.fixture(scope="module")
def album(tmp_path_factory):
    folder = tmp_path_factory.mktemp("album")
    (folder / "in").mkdir()
    for number in range(1, 62):
        Image.new("RGB", (160, 100), (200, 60, 30)).save(folder / f"in/picture-{number}.png")
    entries, _ = find_entries(folder / "in")
    return make_album(entries, folder / "out", title="Grandmother's album").page.as_uri()


@pytest.fixture
def opened(browser, album, request):
    """No test ends with an error, or with a request for anything elsewhere."""
    context = browser.new_context(**getattr(request, "param", {}))
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    problems, asked = [], []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda entry: entry.type == "error" and problems.append(entry.text))
    page.on("request", lambda each: asked.append(each.url))
    page.goto(album)
    yield page
    context.close()
    assert problems == []
    folder = album.rsplit("/", 1)[0]
    assert [url for url in asked if not url.startswith(folder)] == []


SIZES = [
    {"viewport": {"width": 360, "height": 740}, "color_scheme": "dark"},
    {"viewport": {"width": 3840, "height": 2160}, "color_scheme": "light"},
    {"viewport": {"width": 1280, "height": 900}, "forced_colors": "active"},
]


@pytest.mark.parametrize("opened", SIZES, indirect=True, ids=["phone", "4k", "forced colors"])
def test_it_can_be_used_by_everybody(opened):
    expect(opened.get_by_role("heading", name="Grandmother's album")).to_be_visible()
    no_violations(opened)
    opened.get_by_role("link", name="picture 2", exact=True).click()
    expect(opened.get_by_role("dialog")).to_be_visible()
    no_violations(opened)
    wide = opened.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0
    for image in opened.locator(".world img").all():
        assert image.evaluate("e => e.decode().then(() => e.naturalWidth)") == 160


def test_by_keyboard(opened):
    opened.get_by_role("link", name="picture 1", exact=True).focus()
    opened.keyboard.press("Enter")
    count, line = opened.locator("#count"), opened.locator("#line")
    expect(count).to_have_text("1 of 60")
    opened.keyboard.press("ArrowRight")
    expect(count).to_have_text("2 of 60")
    assert opened.url.endswith("#p2")
    # On the slider arrows move the line.
    line.focus()
    opened.keyboard.press("ArrowRight")
    expect(line).to_have_value("51")
    expect(line).to_have_attribute("aria-valuetext", "49 % in color")
    clip = opened.locator(".world .after").evaluate("e => getComputedStyle(e).clipPath")
    assert clip == "inset(0px 0px 0px 51%)"
    opened.keyboard.press("Escape")
    expect(opened.get_by_role("dialog")).to_be_hidden()
    expect(opened.get_by_role("link", name="picture 2", exact=True)).to_be_focused()


def test_with_a_pointer_and_over_pages(opened):
    opened.get_by_role("link", name="picture 60", exact=True).click()
    box = opened.locator(".world").bounding_box()
    opened.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 20)
    opened.mouse.down()
    opened.mouse.move(box["x"] + 0.25 * box["width"], box["y"] + 40)
    opened.mouse.up()
    assert int(opened.locator("#line").input_value()) == pytest.approx(25, abs=1)
    opened.get_by_role("button", name="Next photograph").click()
    expect(opened.locator("#caption")).to_have_text("picture 61")
    expect(opened.get_by_role("button", name="Next photograph")).to_be_disabled()
    opened.get_by_role("button", name="Previous photograph").click()
    expect(opened.locator("#caption")).to_have_text("picture 60")
    opened.get_by_role("button", name="Close").click()
    opened.get_by_role("link", name="2", exact=True).click()
    expect(opened.locator("main li")).to_have_count(1)
