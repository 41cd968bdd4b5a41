"""The page of `rechroma compare`, in a real browser; no server stands behind it."""

import json
from pathlib import Path

import pytest
from PIL import Image

from rechroma.cli import main


@pytest.fixture
def page(browser, tmp_path, monkeypatch):
    """Three pairs: pictures of the folder `red` are red, those of `blue` are blue."""
    monkeypatch.chdir(tmp_path)
    for folder in ("red", "blue"):
        Path(folder).mkdir()
        for name in ("a", "b", "c"):
            Image.new("RGB", (40, 30), folder).save(Path(folder, f"{name}.png"))
    assert main(["compare", "red", "blue"]) == 0
    context = browser.new_context(accept_downloads=True)
    opened = context.new_page()
    opened.goto((tmp_path / "compare.html").as_uri())
    yield opened
    context.close()


def shown(page, side):
    """The folder of the picture on a side."""
    return Path(page.locator(f"#{side} img").get_attribute("src")).parent.name


def results(page):
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save results").click()
    return json.loads(Path(saved.value.path()).read_text(encoding="utf-8"))


def test_keys_choose_what_is_seen_and_the_file_says_what(page):
    wanted = []
    for key, side in (("1", "left"), ("2", "right")):
        wanted.append(shown(page, side))
        page.keyboard.press(key)
    page.keyboard.press("0")
    found = results(page)
    assert [each["choice"] for each in found["choices"]] == [*wanted, None]
    assert sorted(each["name"] for each in found["choices"]) == ["a", "b", "c"]
    assert (found["seen"], found["of"], found["folders"]) == (3, 3, ["red", "blue"])
    assert found["summary"] == {"red": wanted.count("red"), "blue": wanted.count("blue"),
                                "no difference": 1}  # fmt: skip
    assert page.locator("#results").is_visible()


def test_a_choice_can_be_taken_back_and_a_held_key_is_one(page):
    page.keyboard.press("1")
    page.keyboard.press("Backspace")
    assert page.locator("#count").inner_text() == "0 of 3"
    page.keyboard.down("2")
    page.keyboard.down("2")  # as a key that is held repeats
    page.keyboard.up("2")
    assert page.locator("#count").inner_text() == "1 of 3"


def test_choices_survive_a_reload_and_a_click_is_a_key(page):
    first = shown(page, "right")
    page.locator("#right").click()
    page.reload()
    assert page.locator("#count").inner_text() == "1 of 3"
    assert results(page)["choices"][0]["choice"] == first
