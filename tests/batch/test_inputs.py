"""Which pictures the arguments mean."""

from __future__ import annotations

import os
from pathlib import Path, PurePath

import pytest

from rechroma.batch.inputs import find_pictures as find
from rechroma.errors import UsageError


def find_pictures(*arguments, **options):
    return list(find(*arguments, **options).pictures)


def make(root, *names):
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"content does not matter here")


def names(pictures, root):
    return [Path(picture.source).relative_to(root).as_posix() for picture in pictures]


def test_a_folder_is_searched_in_natural_order_with_its_tree(tmp_path):
    make(tmp_path, "scan10.jpg", "scan2.jpg", "b/x.png", "b/c/Y.TIF", "scan1.jpg")
    pictures = find_pictures([str(tmp_path)])
    assert names(pictures, tmp_path) == [
        "b/c/Y.TIF",
        "b/x.png",
        "scan1.jpg",
        "scan2.jpg",
        "scan10.jpg",
    ]
    assert [picture.tree for picture in pictures[:2]] == [PurePath("b/c"), PurePath("b")]
    assert not any(picture.named for picture in pictures)


def test_a_folder_passes_over_hidden_and_other_files(tmp_path):
    make(tmp_path, "a.jpg", ".b.jpg", ".hidden/c.jpg", "notes.txt", "noend")
    assert names(find_pictures([str(tmp_path)]), tmp_path) == ["a.jpg"]


def test_a_named_file_is_taken_whatever_its_suffix(tmp_path):
    make(tmp_path, ".hidden.xyz")
    [picture] = find_pictures([str(tmp_path / ".hidden.xyz")])
    assert picture.named
    assert picture.tree == PurePath()


def test_order_of_the_arguments_is_kept_and_nothing_comes_twice(tmp_path, monkeypatch):
    make(tmp_path, "a.jpg", "b.jpg", "c.jpg")
    monkeypatch.chdir(tmp_path)
    pictures = find_pictures(["c.jpg", ".", "./a.jpg", str(tmp_path / "b.jpg"), "-", "-"])
    assert [str(picture.source) for picture in pictures] == ["c.jpg", "a.jpg", "b.jpg", "-"]


def test_a_glob_keeps_the_tree_below_its_fixed_part(tmp_path):
    make(tmp_path, "p/x/1.jpg", "p/y/1.jpg", "p/y/1.txt", "p/0.jpg", "q/1.jpg")
    pictures = find_pictures([str(tmp_path / "p" / "**" / "*.jpg")])
    assert names(pictures, tmp_path) == ["p/0.jpg", "p/x/1.jpg", "p/y/1.jpg"]
    assert [picture.tree.as_posix() for picture in pictures] == [".", "x", "y"]


def test_a_name_with_brackets_is_a_file_before_it_is_a_glob(tmp_path):
    make(tmp_path, "a[1].jpg", "a1.jpg")
    pictures = find_pictures([str(tmp_path / "a[1].jpg")])
    assert names(pictures, tmp_path) == ["a[1].jpg"]


def test_a_list_holds_files_folders_and_globs(tmp_path):
    make(tmp_path, "a.jpg", "f/b.jpg", "g/c.png")
    entries = [str(tmp_path / "a.jpg"), "", str(tmp_path / "f"), str(tmp_path / "g" / "*.png")]
    (tmp_path / "list.txt").write_text("\r\n".join(entries), encoding="utf-8-sig", newline="")
    pictures = find_pictures([f"@{tmp_path / 'list.txt'}"])
    assert names(pictures, tmp_path) == ["a.jpg", "f/b.jpg", "g/c.png"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no file names beyond Unicode")
def test_a_list_keeps_names_that_are_not_utf8(tmp_path):
    path = os.fsencode(tmp_path) + b"/caf\xe9.jpg"
    with open(path, "wb"):  # noqa: PTH123 (the name is bytes)
        pass
    (tmp_path / "list.txt").write_bytes(path)
    [picture] = find_pictures([f"@{tmp_path / 'list.txt'}"])
    assert os.fsencode(picture.source) == path


def test_results_inside_of_an_input_folder_are_not_inputs(tmp_path):
    make(tmp_path, "a.jpg", "out/a.jpg", "output/b.jpg")
    found = find_pictures([str(tmp_path)], outside=tmp_path / "out")
    assert names(found, tmp_path) == ["a.jpg", "output/b.jpg"]


def test_the_result_folder_itself_may_be_searched(tmp_path):
    make(tmp_path, "out/a.jpg", "out/b/c.jpg")
    found = find_pictures([str(tmp_path / "out" / "b")], outside=tmp_path / "out")
    assert names(found, tmp_path) == ["out/b/c.jpg"]


@pytest.mark.posix
def test_links_to_folders_are_not_followed_and_links_to_files_are_taken(tmp_path):
    make(tmp_path, "real/a.jpg")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "loop").symlink_to(tmp_path / "in", target_is_directory=True)
    (tmp_path / "in" / "link.jpg").symlink_to(tmp_path / "real" / "a.jpg")
    assert names(find_pictures([str(tmp_path / "in")]), tmp_path) == ["in/link.jpg"]


@pytest.mark.parametrize(
    ("argument", "word"),
    [
        ("missing/*.jpg", "no picture"),
        ("empty", "no picture"),
        ("@missing.txt", "cannot read the list"),
        ("@blank.txt", "is empty"),
    ],
)
def test_what_does_not_exist_is_refused_by_name(tmp_path, monkeypatch, argument, word):
    monkeypatch.chdir(tmp_path)
    make(tmp_path, "empty/notes.txt")
    (tmp_path / "blank.txt").write_text("\n  \n")
    (tmp_path / "dangling.txt").write_text("gone.jpg\n")
    with pytest.raises(UsageError, match=word) as caught:
        find_pictures([argument])
    assert caught.value.mend
    expected = "gone.jpg" if argument == "@dangling.txt" else argument.removeprefix("@")
    assert expected in caught.value.what


def test_no_argument_is_refused():
    with pytest.raises(UsageError, match="no input"):
        find_pictures([])
