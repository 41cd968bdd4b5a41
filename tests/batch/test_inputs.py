"""Which pictures the arguments mean."""

from __future__ import annotations

import os
from pathlib import Path, PurePath

import pytest

from rechroma.batch.inputs import find_pictures as find
from rechroma.batch.inputs import is_result
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
    with pytest.raises(UsageError, match=word) as caught:
        find_pictures([argument])
    assert caught.value.mend
    assert argument.removeprefix("@") in caught.value.what


def test_a_file_that_does_not_exist_is_a_picture_that_can_t_be_read(tmp_path, monkeypatch):
    """Wherever it is named: reading it fails, and the others go on."""
    monkeypatch.chdir(tmp_path)
    make(tmp_path, "here.jpg")
    (tmp_path / "dangling.txt").write_text("gone.jpg\nhere.jpg\n")
    pictures = find_pictures(["missing.jpg", "@dangling.txt", "no/such/folder"])
    assert [(str(picture.source), picture.named) for picture in pictures] == [
        ("missing.jpg", True),
        ("gone.jpg", True),
        ("here.jpg", True),
        (str(Path("no/such/folder")), True),
    ]


def test_what_a_search_can_t_read_is_counted_by_suffix(tmp_path):
    make(tmp_path, "a.jpg", "b.HEIF2", "c.heif2", "x/d.txt", "noend", ".hidden")
    found = find([str(tmp_path)])
    assert dict(found.unreadable) == {".heif2": 2, ".txt": 1, "no suffix": 1}
    assert names(found.pictures, tmp_path) == ["a.jpg"]


@pytest.mark.parametrize(
    ("patterns", "kept"),
    [
        (["*.tif"], ["a.jpg", "old/a.jpg", "old/deep/c.jpg"]),
        (["old"], ["a.jpg", "b.tif"]),
        (["old/"], ["a.jpg", "b.tif"]),
        (["old/*"], ["a.jpg", "b.tif"]),
        (["deep", "b.*"], ["a.jpg", "old/a.jpg"]),
    ],
)
def test_what_is_excluded(tmp_path, patterns, kept):
    make(tmp_path, "a.jpg", "b.tif", "old/a.jpg", "old/deep/c.jpg")
    make(tmp_path, "@eaDir/a.jpg", "#recycle/a.jpg")
    for argument in (str(tmp_path), str(tmp_path / "**" / "*.*")):
        found = find([argument], exclude=patterns)
        assert sorted(names(found.pictures, tmp_path)) == kept
    # What is named is meant.
    assert find([str(tmp_path / "b.tif")], exclude=["*.tif"]).pictures
    with pytest.raises(UsageError, match="all that it holds is excluded"):
        find([str(tmp_path)], exclude=["*"])


@pytest.mark.parametrize(
    ("name", "original", "ours"),
    [
        ("a.color.jpg", "a.jpg", True),
        ("a.color.png", "a.gif", True),
        ("a.gif.color.png", "a.gif", True),
        ("a.color.2.jpg", "a.jpg", True),
        ("a.mood.jpg", "a.jpg", True),
        ("a.look-evening.jpg", "a.jpg", True),
        ("a.look-v1.2.jpg", "a.jpg", True),
        ("a.color.png", "a", True),
        ("a.color.jpg", "b.jpg", False),
        ("a.color.jpg", "a.txt", False),
        ("water.colors.jpg", "water.jpg", False),
        ("color.jpg", "a.jpg", False),
        ("a.jpg", "a.color.jpg", False),
    ],
)
def test_which_pictures_are_results_of_ours(tmp_path, name, original, ours):
    make(tmp_path, name, original)
    assert is_result(tmp_path / name) is ours
    make(tmp_path, "another.jpg")
    found = find([str(tmp_path)])
    assert ((tmp_path / name) in found.results) is ours


def test_a_folder_of_nothing_but_results(tmp_path):
    make(tmp_path, "a.color.jpg", "a")
    with pytest.raises(UsageError, match=r"a\.color\.jpg is a result"):
        find([str(tmp_path)])


def test_a_result_that_is_named_and_met(tmp_path):
    make(tmp_path, "a.color.jpg", "a.jpg")
    named, folder = str(tmp_path / "a.color.jpg"), str(tmp_path)
    for inputs in ([named, folder], [folder, named], [folder, folder]):
        found = find(inputs)
        assert len(found.pictures) + len(found.results) == 2
        assert not {each.source for each in found.pictures} & set(found.results)


def test_all_names_of_a_folder_twice(tmp_path):
    """As a shell makes of `*`."""
    make(tmp_path, "a.gif", "a.gif.color.png", "b.color.jpg", "b.jpg", "c.color.jpg")
    found = find([str(path) for path in sorted(tmp_path.iterdir())])
    assert names(found.pictures, tmp_path) == ["a.gif", "b.jpg", "c.color.jpg"]
    assert [path.name for path in found.results] == ["a.gif.color.png", "b.color.jpg"]


def test_no_argument_is_refused():
    with pytest.raises(UsageError, match="no input"):
        find_pictures([])
