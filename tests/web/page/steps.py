"""What tests of the page do with it."""

import json
import re
from contextlib import contextmanager
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

SAMPLE = re.compile("Louis Armstrong")
# Machines that test have other things to do, too.
PATIENCE = 30_000
expect.set_options(timeout=PATIENCE)
# Drops or pastes files, given as {name, bytes: number[]}, onto an element.
GIVE = """([selector, type, files]) => {
  const transfer = new DataTransfer();
  for (const { name, bytes } of files) transfer.items.add(new File([new Uint8Array(bytes)], name));
  const target = document.querySelector(selector);
  const event = type === "paste"
    ? new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true, cancelable: true })
    : new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true });
  target.dispatchEvent(event);
}"""


def give(page, selector, kind, *pictures):
    files = [{"name": name, "bytes": list(data)} for name, data in pictures]
    page.evaluate(GIVE, [selector, kind, files])


@contextmanager
def opening(browser, base, **options):
    """A fresh page; no test ends with an error in the console or a request to elsewhere."""
    context = browser.new_context(
        **{
            "viewport": {"width": 1280, "height": 900},
            "accept_downloads": True,
            "service_workers": "block",
            **options,
        }
    )
    opened = context.new_page()
    opened.set_default_timeout(PATIENCE)
    problems, hosts = [], set()
    opened.on("pageerror", lambda error: problems.append(str(error)))
    opened.on("console", lambda entry: entry.type == "error" and problems.append(entry.text))
    opened.on("request", lambda asked: hosts.add(asked.url.split("/")[2]))
    opened.goto(base)
    opened.wait_for_selector("body[data-ready]")
    yield opened
    context.close()
    # What the service refuses, browsers report as an error of the console.
    assert [text for text in problems if "Failed to load resource" not in text] == []
    assert {host for host in hosts if host} == {base.removeprefix("http://")}


def is_empty(service):
    """Nothing of any picture is kept, in memory or on disk."""
    kept = service.metric("rechroma_sessions") + service.metric("rechroma_stored_bytes")
    return kept == 0 and not any(path.is_file() for path in service.temp.rglob("*"))


def until(page, check):
    """Wait for something that the page itself does not show."""
    for _ in range(PATIENCE // 100):
        if check():
            return
        page.wait_for_timeout(100)
    raise AssertionError("it does not happen")


def no_violations(page):
    found = Axe().run(page).response["violations"]
    told = [(each["id"], [node["html"] for node in each["nodes"]]) for each in found]
    assert not told, told


def ready(page, count=1):
    expect(page.locator(".filmstrip li[data-state=ready]")).to_have_count(count)
    expect(page.locator("#color-stage .busy")).to_be_hidden()


def settled(page):
    """The versions are there, and what is known of an old print: nothing is asked any more."""
    expect(page.locator(".answers button")).not_to_have_count(0)
    page.wait_for_selector("#print-note[data-of]", state="attached")


def sample(page):
    page.get_by_role("button", name=SAMPLE).click()
    ready(page)


def color_of(page):
    """The mean chroma of the picture on the right, roughly: the spread of its channels."""
    return page.evaluate(
        "() => { const c = document.querySelector('#color-stage .after');"
        " const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;"
        " let sum = 0; for (let i = 0; i < d.length; i += 4)"
        " sum += Math.max(d[i], d[i + 1], d[i + 2]) - Math.min(d[i], d[i + 1], d[i + 2]);"
        " return sum / (d.length / 4); }"
    )


def opened_id(page, work):
    """The id of the picture that the page opens while it does this work."""
    with page.expect_response(
        lambda answer: answer.url.endswith("/v1/sessions") and answer.status == 201
    ) as answer:
        work()
    return answer.value.json()["id"]


def hold(page, pattern):
    """The requests that are held up from now on, until a test lets them go."""
    held = []
    page.route(pattern, lambda route: held.append(route))
    return held


def place_hint(page, x=0.7, y=0.4):
    box = page.locator("#color-stage .world").bounding_box()
    page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])


def saved(download):
    return Path(download.path()).read_bytes()


def refuse(page, count, status=429, headers=None):
    """The next uploads are refused; returns those that were."""
    refused = []
    problem = json.dumps({"detail": "9 pictures are open at once", "mend": "wait"})

    def answer(route):
        if len(refused) == count:
            route.continue_()
            return
        refused.append(route)
        route.fulfill(status=status, headers=headers or {}, body=problem)

    page.route("**/v1/sessions", answer)
    return refused


def focus_style(locator):
    return locator.evaluate("e => getComputedStyle(e).outlineStyle")


def cancel_pointer(locator):
    """As browsers do that need the pointer for something else."""
    locator.evaluate("e => e.dispatchEvent(new PointerEvent('pointercancel', { pointerId: 1 }))")


def cancelled(page):
    """The addresses of requests that the page takes back from now on."""
    addresses = []
    page.on("requestfailed", lambda asked: addresses.append(asked.url))
    return addresses


def pick(page, name):
    page.get_by_role("button", name=name, exact=True).click()


def until_kept(page):
    """The browser has kept the newest work: it does so when things have been quiet for a while."""
    page.wait_for_timeout(1000)
