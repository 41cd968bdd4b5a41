"""The documented interface, shown at /docs, in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

PATIENCE = 60_000
PREFIX = "/photos"


def shown(browser, base, fragment=""):
    """Open the page; return it, what went wrong in it, and the hosts that it has asked."""
    page = browser.new_page()
    page.set_default_timeout(PATIENCE)
    problems, hosts = [], set()
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda entry: entry.type == "error" and problems.append(entry.text))
    page.on("request", lambda asked: hosts.add(asked.url.split("/")[2]))
    page.goto(f"{base}/docs{fragment}")
    return page, problems, hosts


def test_every_call_is_shown_and_can_be_tried(browser, served, client):
    page, problems, hosts = shown(browser, served.base)
    documented = client.get("/openapi.json").json()["paths"]
    expect(page.locator(".opblock")).to_have_count(
        sum(len(calls) for calls in documented.values()), timeout=PATIENCE
    )
    call = page.locator("[id^=operations-][id$=-models]").first
    call.locator(".opblock-summary").click()
    call.get_by_role("button", name="Try it out").click()
    call.get_by_role("button", name="Execute").click()
    answer = call.locator(".live-responses-table tbody .response-col_status")
    expect(answer.first).to_contain_text("200", timeout=PATIENCE)
    assert problems == []
    assert {host for host in hosts if host} == {served.base.removeprefix("http://")}
    page.close()


def test_with_a_token(browser, serve, conditioned):
    with serve(conditioned, "--token", "a-token-of-some-length") as service:
        page, problems, _ = shown(browser, service.base, "#token=a-token-of-some-length")
        page.wait_for_selector(".opblock")
        # It stays neither in the address nor in the history, and is still there after a reload.
        assert page.url == f"{service.base}/docs"
        page.reload()
        page.wait_for_selector(".opblock")
        assert problems == []
        page.close()
        page, _, _ = shown(browser, service.base)
        expect(page.locator("#interface")).to_contain_text("Failed to load API definition")
        page.close()


@pytest.mark.parametrize("path", ["/docs", "/static/swagger/swagger-ui.css"])
def test_what_it_consists_of_is_served(client, path):
    assert client.get(path).status_code == 200
    assert client.head(path).status_code == 200
