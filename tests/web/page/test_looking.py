"""Looking at pictures: closely, through transparency, in any format, with the system's colors."""

import io

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from .steps import give, no_violations, pick, place_hint, ready, sample, saved, settled, until

PIXELS = """c => {
  const data = c.getContext("2d").getImageData(0, 0, c.width, c.height).data;
  return [c.width, c.height, [...data]];
}"""


def pixels(canvas):
    width, height, data = canvas.evaluate(PIXELS)
    return np.array(data, np.uint8).reshape(height, width, 4)


def test_zooming_shows_the_picture_s_own_pixels(page):
    """Fine noise, which no preview has: what is seen closely is that of the result."""
    noise = np.random.default_rng(0).integers(0, 256, (360, 1720), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).save(file, "PNG")
    give(page, "main", "drop", ("fine.png", file.getvalue()))
    ready(page)
    before, after = page.locator("#color-stage .close-up").all()
    expect(before).to_be_hidden()
    page.locator("#color-stage .view").focus()
    for _ in range(7):
        page.keyboard.press("+")
    page.keyboard.press("ArrowLeft")
    expect(after).to_be_visible()
    page.wait_for_timeout(500)
    left, top, width, height = page.evaluate(
        """() => {
          const own = document.querySelector(".close-up").style;
          return [own.left, own.top, own.width, own.height].map(parseFloat);
        }"""
    )
    x, y = round(left / 100 * 1720), round(top / 100 * 360)
    across, down = round(width / 100 * 1720), round(height / 100 * 360)
    seen = pixels(before)
    assert seen.shape[:2] == (down, across)
    assert np.array_equal(seen[..., 0], noise[y : y + down, x : x + across])
    with page.expect_download() as waiting:
        page.locator("#download").click()
    result = np.asarray(Image.open(io.BytesIO(saved(waiting.value))).convert("RGB"))
    wanted = result[y : y + down, x : x + across].astype(int)
    # The browser computes with tables; see test_arithmetic.py.
    assert np.abs(pixels(after)[..., :3] - wanted).mean() < 0.7
    # Another strength is seen here, too, and another picture is not.
    page.get_by_label("Strength").first.fill("0")
    until(page, lambda: np.ptp(pixels(after)[..., :3].astype(int), axis=-1).max() <= 1)
    view = page.locator("#color-stage .view").bounding_box()
    page.mouse.click(view["x"] + 0.7 * view["width"], view["y"] + 0.6 * view["height"])
    expect(page.locator(".mark")).to_have_count(1)
    page.locator("#color-stage .view").press("0")
    expect(after).to_be_hidden()


def test_transparency_is_seen(page):
    rgba = np.full((60, 80, 4), 128, np.uint8)
    rgba[..., 3] = np.linspace(0, 255, 80).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(rgba).save(file, "PNG")
    give(page, "main", "drop", ("glass.png", file.getvalue()))
    ready(page)
    for name in (".before", ".after"):
        canvas = page.locator(f"#color-stage {name}")
        assert np.abs(pixels(canvas)[..., 3].astype(int) - rgba[..., 3]).max() == 0
        assert "conic-gradient" in canvas.evaluate("c => getComputedStyle(c).backgroundImage")
    give(page, "main", "drop", ("solid.png", solid()))
    ready(page, 2)
    pick(page, "solid.png")
    ready(page, 2)
    background = "c => getComputedStyle(c).backgroundImage"
    assert page.locator("#color-stage .before").evaluate(background) == "none"


def solid():
    file = io.BytesIO()
    Image.new("L", (80, 60), 90).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize("kind", ["HEIF", "AVIF", "TIFF", "PPM"])
def test_what_browsers_may_not_read_is_shown(page, make_picture, kind):
    if kind == "HEIF":
        pytest.importorskip("pillow_heif").register_heif_opener()
    give(page, "main", "drop", (f"a.{kind.lower()}", make_picture(kind, size=(200, 150))))
    ready(page)
    before = pixels(page.locator("#color-stage .before"))
    assert before.shape[:2] == (150, 200)
    assert np.ptp(before[..., 0]) > 50
    page.get_by_role("link", name="Mood").click()
    give(page, "[data-take=source]", "drop", (f"a.{kind.lower()}", make_picture(kind)))
    image = page.locator("[data-take=source] img")
    until(page, lambda: image.evaluate("e => e.naturalWidth") == 120)


@pytest.mark.parametrize("page", [{"forced_colors": "active"}], indirect=True)
def test_with_the_system_s_colors(page):
    """What is chosen is told by more than its background, and colors of spots stay colors."""
    sample(page)
    settled(page)
    widths = page.locator(".answers button").evaluate_all(
        "all => all.slice(0, 3).map((each) => getComputedStyle(each).borderTopWidth)"
    )
    assert widths == ["1px", "3px", "1px"]
    place_hint(page)
    swatch = page.locator(".swatch").first
    expect(swatch).to_be_visible()
    color = swatch.get_attribute("title")
    rgb = ", ".join(str(int(color[at : at + 2], 16)) for at in (1, 3, 5))
    assert swatch.evaluate("e => getComputedStyle(e).backgroundColor") == f"rgb({rgb})"
    no_violations(page)


@pytest.mark.parametrize("page", [{"viewport": {"width": 3840, "height": 2160}}], indirect=True)
def test_a_large_screen_is_used(page):
    sample(page)
    view = page.locator("#color-stage .view").bounding_box()
    panel = page.locator("#panel").bounding_box()
    assert view["width"] + panel["width"] > 0.95 * 3840
    assert view["height"] > 0.75 * 2160


def test_before_and_after_in_one_picture(page, make_picture):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    data = make_picture(size=(200, 150))
    give(page, "main", "drop", ("a.png", data))
    ready(page)
    before, after = (
        pixels(page.locator(f"#color-stage .{which}"))[..., :3] for which in ("before", "after")
    )

    def shared(kind):
        page.locator("#share").select_option(kind)
        with page.expect_download() as waiting:
            page.locator("#panel").get_by_role("button", name="Save picture").click()
        assert waiting.value.suggested_filename == f"a.{kind}.png"
        return np.asarray(Image.open(io.BytesIO(saved(waiting.value))).convert("RGB"))

    side = shared("side")
    assert side.shape == (150, 408, 3)
    assert np.array_equal(side[:, :200], before)
    assert np.array_equal(side[:, 208:], after)
    split = shared("split")
    assert np.array_equal(split[:, :98], before[:, :98])
    assert np.array_equal(split[:, 102:], after[:, 102:])
    assert shared("result").shape == (150, 200, 3)
    page.locator("#share").select_option("side")
    page.locator("#panel").get_by_role("button", name="Copy").click()
    expect(page.locator("#panel").get_by_role("button", name="Copy")).not_to_have_attribute(
        "aria-busy", "true"
    )
    size = page.evaluate(
        """async () => {
          const [item] = await navigator.clipboard.read();
          const bitmap = await createImageBitmap(await item.getType("image/png"));
          return [bitmap.width, bitmap.height];
        }"""
    )
    assert size == [408, 150]
