"""The page in other languages, installed, and without a token."""

import json
import re

import pytest
from playwright.sync_api import expect

from .steps import give, no_violations, opening, place_hint, ready, sample, settled, until

TOKEN = "a-token-of-this-test"  # noqa: S105
# What the page says: texts that are seen or read out, and where they stand.
SAID = """() => {
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (texts.nextNode()) {
    const { parentElement: parent, data } = texts.currentNode;
    if (!parent.closest("noscript, script, #language, .name, code")) found.push(data.trim());
  }
  for (const name of ["aria-label", "title", "placeholder", "aria-valuetext"])
    for (const each of document.querySelectorAll(`[${name}]`)) found.push(each.getAttribute(name));
  return found.filter((text) => /[A-Za-z]{2}/.test(text));
}"""
# Names, and what the service says.
NAMES = re.compile(r"Rechroma|JPEG|PNG|TIFF|WebP|AVIF|Reinhard|MKL|#[0-9a-f]{6}|[\d ]+%")


def test_everything_the_page_says_can_be_translated(browser, served, make_picture):
    """In a language in which every text is marked, none is without a mark."""
    static = f"{served.base}/static/languages/de.json"
    marked = {text: f"⟦{text}⟧" for text in served.get("/static/languages/de.json").json()}
    context = browser.new_context(
        locale="de-DE", service_workers="block", viewport={"width": 1280, "height": 900}
    )
    page = context.new_page()
    page.route(static, lambda route: route.fulfill(json=marked))
    page.goto(served.base)
    page.wait_for_selector("body[data-ready]")
    page.locator("#samples button").nth(1).click()
    ready(page)
    place_hint(page)
    expect(page.locator(".popover")).to_be_visible()
    settled(page)
    page.locator(".bar [data-room=mood]").click()
    pictures = [(f"{n}.png", make_picture(mode="RGB", seed=n)) for n in (1, 2, 3)]
    give(page, "#mood h1", "drop", *pictures)
    expect(page.locator("#mood-stage .busy")).to_be_hidden()
    said = page.evaluate(SAID)
    context.close()
    assert len(said) > 100
    assert [text for text in said if "⟦" not in text and not NAMES.fullmatch(text)] == []


def test_the_language_is_that_of_the_browser_and_can_be_chosen(browser, served):
    with opening(browser, served.base, locale="fr-CA") as page:
        expect(page.get_by_role("heading", level=1).first).to_contain_text("Rendez sa couleur")
        assert page.evaluate("document.documentElement.lang") == "fr"
        no_violations(page)
        sample_of = page.locator("#samples button").first
        sample_of.click()
        ready(page)
        page.locator("#language").select_option("de")
        expect(page.get_by_role("heading", name="Farben, die du kennst")).to_be_visible()
        ready(page)
        no_violations(page)
        page.reload()
        ready(page)
        expect(page.get_by_role("heading", name="Farben, die du kennst")).to_be_visible()


def test_without_a_token_the_page_says_what_to_do(browser, serve, conditioned):
    with serve(conditioned, "--workers", "1", env={"RECHROMA_TOKEN": TOKEN}) as service:
        context = browser.new_context(service_workers="block")
        page = context.new_page()
        page.goto(service.base)
        expect(page.get_by_role("heading", name="This service asks for a token")).to_be_visible()
        expect(page.locator("#token-error")).to_be_hidden()
        no_violations(page)
        page.get_by_label("Token", exact=True).fill("a-wrong-token-here")
        page.keyboard.press("Enter")
        expect(page.locator("#token-error")).to_contain_text("not the right one")
        page.get_by_label("Token", exact=True).fill(TOKEN)
        page.get_by_role("button", name="Open the page").click()
        page.wait_for_selector("body[data-ready]")
        sample(page)
        context.close()


def test_the_page_opens_without_the_service(browser, serve, conditioned):
    """And goes on as soon as it is there; nothing of pictures is kept with the page."""
    options = ("--workers", "1")
    with serve(conditioned, *options) as service:
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        page = context.new_page()
        page.goto(service.base)
        page.wait_for_selector("body[data-ready]")
        sample(page)
        kept = """async () => {
          const cache = await caches.open("rechroma-shell");
          return (await cache.keys()).map(({ url }) => new URL(url).pathname);
        }"""
        until(page, lambda: "/static/js/main.js" in page.evaluate(kept))
        paths = page.evaluate(kept)
        port = service.base.rsplit(":", 1)[1]
        manifest = json.loads(service.get("/static/manifest.webmanifest").text)
    assert {path for path in paths if not path.startswith("/static/")} == {"/"}
    assert manifest["start_url"] == "../"
    page.goto("about:blank")
    page.goto(service.base)
    expect(page.locator("#fatal")).to_contain_text("The service can't be reached")
    with serve(conditioned, *options, "--port", port):
        page.wait_for_selector("body[data-ready]", timeout=30_000)
        ready(page)
    context.close()


@pytest.mark.parametrize("path", ["/sw.js", "/static/manifest.webmanifest"])
def test_what_browsers_ask_for_needs_no_token(serve, conditioned, path):
    with serve(conditioned, wait=False, env={"RECHROMA_TOKEN": TOKEN}) as service:
        answer = service.get(path)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("code", ["en", "de", "es", "fr", "zh"])
def test_on_a_phone(browser, served, make_picture, code):
    """Nothing is wider than the screen, and no key is spoken of."""
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    with opening(browser, served.base, locale=code, **phone) as page:
        fits = "document.documentElement.scrollWidth <= innerWidth && innerWidth === 390"
        assert page.evaluate(fits)
        assert page.locator(".bar nav").evaluate("e => e.offsetHeight") < 60
        # Before there is a picture: the usual amounts.
        assert page.locator("output[for=temperature]").text_content() == "0"
        assert page.locator("output[for=strength]").text_content() == "100 %"
        give(page, "main", "drop", ("a.png", make_picture()))
        ready(page)
        assert page.evaluate(fits)
        said = page.locator(".versions .help").text_content()
        assert said.rstrip().endswith((".", "。"))
        assert not re.search(r"\bC\b", said + page.locator("#versions-compare").text_content())
