"""What `-o` means."""

from __future__ import annotations

from pathlib import Path, PurePath

import pytest

from rechroma.batch.inputs import FoundPicture
from rechroma.batch.outputs import (
    File,
    Folder,
    StandardOutput,
    Template,
    parse_output,
    result_folder,
    result_name,
    target_for,
)
from rechroma.batch.task import STANDARD
from rechroma.errors import UsageError

PICTURE = FoundPicture(Path("album/1920/aunt.tar.jpg"), PurePath("1920"), named=False)


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("-", StandardOutput()),
        ("new.png", File(Path("new.png"))),
        ("NEW.JPG", File(Path("NEW.JPG"))),
        ("there.odd", File(Path("there.odd"))),
        ("out", Folder(Path("out"))),
        ("out.v2/", Folder(Path("out.v2"))),
        ("there.d", Folder(Path("there.d"))),
        ("{stem}.png", Template("{stem}.png")),
    ],
)
def test_meaning(tmp_path, monkeypatch, text, meaning):
    monkeypatch.chdir(tmp_path)
    Path("there.odd").touch()
    Path("there.d").mkdir()
    assert parse_output(text) == meaning


@pytest.mark.parametrize(
    "text", ["out.v2", "{stm}.png", "{stem", "{stem}}.png", "{}.png", "{stem:>9}.jpg", "{stem!r}"]
)
def test_what_cannot_be_meant_is_refused(text):
    with pytest.raises(UsageError) as caught:
        parse_output(text)
    assert text in caught.value.what
    assert caught.value.mend


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("-", STANDARD),
        ("new.png", Path("new.png")),
        ("out/", Path("out/1920/aunt.tar.jpg")),
        ("{parent}/{stem}.color{ext}", Path("album/1920/aunt.tar.color.jpg")),
        ("out/{name}", Path("out/aunt.tar.jpg")),
        ("{{{stem}}}.png", Path("{aunt.tar}.png")),
    ],
)
def test_target(text, target):
    assert target_for(parse_output(text), PICTURE) == target


@pytest.mark.parametrize("text", ["out/", "{stem}.png"])
def test_standard_input_has_no_name(text):
    with pytest.raises(UsageError, match="standard input"):
        target_for(parse_output(text), FoundPicture(STANDARD, PurePath(), named=True))


@pytest.mark.parametrize(
    ("text", "folder"),
    [
        ("out/", Path("out")),
        ("a/b/x_{stem}.png", Path("a/b")),
        ("{parent}/{stem}.png", None),
        ("x_{stem}.png", None),
        ("new.png", None),
        ("-", None),
    ],
)
def test_the_folder_of_all_results(text, folder):
    assert result_folder(parse_output(text)) == folder


def test_two_pictures_of_one_name_that_become_png(tmp_path):
    """The same in each run, whether both of them are inputs or one."""
    for name in ("a.gif", "a.png", "b.gif", "b.webp", "c.gif", "c.jpg", "d.psd", "d.gif"):
        (tmp_path / name).touch()

    def made(name, text="{parent}/{stem}.color{ext}"):
        return target_for(parse_output(text), picture(tmp_path / name)).name

    def picture(path):
        return FoundPicture(path, PurePath(), named=False)

    assert [made("a.png"), made("a.gif")] == ["a.color.png", "a.gif.color.png"]
    assert [made("b.webp"), made("b.gif")] == ["b.color.webp", "b.color.png"]
    assert [made("c.jpg"), made("c.gif")] == ["c.color.jpg", "c.color.png"]
    assert [made("d.psd"), made("d.gif")] == ["d.psd.color.png", "d.gif.color.png"]
    assert [made("a.png", "out/"), made("a.gif", "out/")] == ["a.png", "a.gif.png"]


@pytest.mark.parametrize(
    ("name", "result"),
    [
        ("a/b.jpg", "a/b.jpg"),
        ("a/b.TIF", "a/b.TIF"),
        ("a/b.gif", "a/b.gif.png"),
        ("a.d/b", "a.d/b.png"),
    ],
)
def test_a_result_s_name_where_nobody_can_look(name, result):
    assert result_name(name) == result
