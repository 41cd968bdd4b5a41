"""Saving all pictures, and projects."""

import io
import re
import zipfile

import pytest
from PIL import Image
from playwright.sync_api import expect

from .steps import (
    color_of,
    give,
    hold,
    no_violations,
    opening,
    pick,
    place_hint,
    ready,
    saved,
    until,
)


def download(page, button):
    with page.expect_download() as waiting:
        page.get_by_role("button", name=button).click()
    return waiting.value.suggested_filename, saved(waiting.value)


def test_a_zip_of_all(page, make_picture):
    """Names that some disks take for the same get a number."""
    names = ("a.png", "A.png", "ä.png", "a\u0308.png")
    give(page, "main", "drop", *((name, make_picture(seed=n)) for n, name in enumerate(names)))
    ready(page, 4)
    name, data = download(page, "Download all (zip)")
    assert name == "rechroma.zip"
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        wanted = ["a.color.png", "A.color-2.png", "ä.color.png", "a\u0308.color-2.png"]
        assert archive.namelist() == wanted
        for each in archive.infolist():
            assert Image.open(io.BytesIO(archive.read(each))).mode == "RGB"
    expect(page.locator("#saving")).to_be_hidden()


def test_a_zip_tells_how_far_it_is_and_can_be_cancelled(page, make_picture):
    give(page, "main", "drop", *((f"{n}.png", make_picture(seed=n)) for n in range(3)))
    ready(page, 3)
    answered = []

    def first_alone(route):
        answered.append(route)
        if len(answered) == 1:
            route.continue_()

    page.route(re.compile(r"/picture$"), first_alone)
    page.get_by_role("button", name="Download all (zip)").click()
    expect(page.locator("#saving-words")).to_have_text("2 of 3")
    expect(page.locator("#save-all")).to_be_disabled()
    no_violations(page)
    stopped = []
    page.on("requestfailed", lambda asked: stopped.append(asked.url))
    page.get_by_role("button", name="Cancel").locator("visible=true").click()
    expect(page.locator("#saving")).to_be_hidden()
    expect(page.locator("#save-all")).to_be_enabled()
    until(page, lambda: any(url.endswith("/picture") for url in stopped))
    expect(page.locator("#picture-error")).to_be_hidden()


def test_into_a_folder(page, make_picture):
    """What is there already stays."""
    page.evaluate(
        """async () => {
          window.showDirectoryPicker = () => navigator.storage.getDirectory();
          const folder = await showDirectoryPicker();
          const file = await folder.getFileHandle("A.COLOR.png", { create: true });
          const out = await file.createWritable();
          await out.write("mine");
          await out.close();
        }"""
    )
    give(page, "main", "drop", *((f"{n}.png", make_picture(seed=1)) for n in "ab"))
    ready(page, 2)
    page.get_by_role("button", name="Save all into a folder").click()
    list_all = """async () => {
      const found = {};
      for await (const [name, file] of (await showDirectoryPicker()).entries())
        found[name] = [...new Uint8Array(await (await file.getFile()).arrayBuffer())];
      return found;
    }"""
    until(page, lambda: len(page.evaluate(list_all)) == 3)
    expect(page.locator("#saving")).to_be_hidden()
    found = {name: bytes(data) for name, data in page.evaluate(list_all).items()}
    assert sorted(found) == ["A.COLOR.png", "a.color-2.png", "b.color.png"]
    assert found["A.COLOR.png"] == b"mine"
    assert Image.open(io.BytesIO(found["b.color.png"])).mode == "RGB"


def test_what_could_not_be_saved_leaves_no_empty_file(page, make_picture):
    page.evaluate(
        """() => {
          window.showDirectoryPicker = () => navigator.storage.getDirectory();
          FileSystemFileHandle.prototype.createWritable = async () => new WritableStream({
            write() { throw new Error("the disk is full"); },
          });
        }"""
    )
    give(page, "main", "drop", ("a.png", make_picture(seed=1)))
    ready(page, 1)
    page.get_by_role("button", name="Save all into a folder").click()
    expect(page.locator("#picture-error")).to_contain_text("The disk is full")
    names = page.evaluate("async () => Array.fromAsync((await showDirectoryPicker()).keys())")
    assert names == []


def deflated(data):
    """The same project, as other programs pack it."""
    file = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as old,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for each in old.infolist():
            new.writestr(each.filename, old.read(each))
    return file.getvalue()


@pytest.mark.parametrize("packed", [bytes, deflated])
def test_a_project_brings_everything_back(page, browser, serve, conditioned, make_picture, packed):
    """In another browser, at another service: pictures, colors, settings, and the mood room."""
    pictures = [(f"{n}.png", make_picture(seed=n)) for n in (1, 2)]
    give(page, "main", "drop", *pictures)
    ready(page, 2)
    place_hint(page)
    page.get_by_label("Strength").first.fill("0.6")
    give(page, "#mood-drop", "drop", ("evening.png", make_picture(mode="RGB")))
    expect(page.locator("#mood-name")).to_contain_text("tone of evening.png")
    page.wait_for_timeout(500)
    expect(page.locator("#color-stage .busy")).to_be_hidden()
    mark = page.locator(".mark").get_attribute("aria-label")
    color = color_of(page)
    page.get_by_role("link", name="Mood").click()
    moods = [(f"mood {n}.png", make_picture(mode="RGB", seed=n)) for n in (3, 4, 5)]
    give(page, "#mood h1", "drop", *moods)
    expect(page.locator("#mood-stage .busy")).to_be_hidden()
    page.locator("#mood-strength").fill("0.4")
    page.get_by_role("link", name="Color", exact=True).click()
    name, data = download(page, "Save as project")
    assert name.endswith(".rechroma")
    with zipfile.ZipFile(io.BytesIO(data)) as project:
        assert project.testzip() is None
        inside = [project.read(each) for each in project.namelist()]
    assert all(data in inside for _, data in (*pictures, *moods))

    with serve(conditioned, "--workers", "1") as other, opening(browser, other.base) as fresh:
        give(fresh, "main", "drop", ("work.rechroma", packed(data)))
        ready(fresh, 2)
        expect(fresh.locator(".filmstrip .name")).to_have_text(["1.png", "2.png"])
        pick(fresh, "1.png")
        expect(fresh.locator(".mark")).to_have_attribute("aria-label", mark)
        expect(fresh.locator("#mood-name")).to_contain_text("tone of evening.png")
        assert fresh.get_by_label("Strength").first.input_value() == "0.6"
        until(fresh, lambda: abs(color_of(fresh) - color) < 0.1)
        fresh.get_by_role("link", name="Mood").click()
        expect(fresh.locator("[data-take=source] .name")).to_have_text("mood 3.png")
        expect(fresh.locator("[data-take=target] .name")).to_have_text("mood 4.png")
        expect(fresh.locator(".spares .name")).to_have_text(["mood 5.png"])
        assert fresh.locator("#mood-strength").input_value() == "0.4"
        # Opened once more: beside what is there.
        fresh.get_by_role("link", name="Color", exact=True).click()
        give(fresh, "main", "drop", ("work.rechroma", packed(data)))
        ready(fresh, 4)


def test_what_is_no_project_is_said(page):
    give(page, "main", "drop", ("work.rechroma", b"PK, but no more"))
    error = page.locator("#project-error")
    expect(error).to_contain_text("work.rechroma is no project")
    no_violations(page)
    error.get_by_role("button", name="Close").click()
    expect(error).to_be_hidden()


def test_what_is_said_of_a_project_goes_with_the_next_thing(page, make_picture):
    error = page.locator("#project-error")
    for go_on in (
        lambda: page.get_by_role("link", name="Mood").click(),
        lambda: page.get_by_role("link", name="Color", exact=True).click(),
        lambda: give(page, "main", "drop", ("a.png", make_picture())),
        lambda: page.get_by_label("Look", exact=True).select_option("moonlight"),
    ):
        give(page, "main", "drop", ("work.rechroma", b"PK, but no more"))
        expect(error).to_be_visible()
        go_on()
        expect(error).to_be_hidden()
        if page.locator("#desk").is_visible():
            ready(page)


def test_a_project_tells_nobody_how_to_reach_pictures(page, make_picture):
    held = hold(page, "**/v1/sessions/*/original*")
    give(page, "main", "drop", ("a.png", make_picture()))
    until(page, lambda: held)
    for each in held:
        each.continue_()
    ready(page)
    key = held[0].request.url.split("/sessions/")[1].split("/")[0]
    assert key.encode() not in download(page, "Save as project")[1]
