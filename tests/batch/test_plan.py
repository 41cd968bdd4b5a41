"""The plan is complete and safe before the first picture."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rechroma.batch import STANDARD, make_plan
from rechroma.errors import UsageError


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("in/a.jpg", "in/b/a.jpg", "in/b/c.png", "single.jpg"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).touch()
    return tmp_path


def targets(plan):
    return [task.target.as_posix() for task in plan.tasks]


def test_the_tree_is_kept():
    assert targets(make_plan(["in"], "out/")) == ["out/a.jpg", "out/b/a.jpg", "out/b/c.png"]


def test_beside_the_inputs():
    plan = make_plan(["in", "single.jpg"], "{parent}/{stem}.color{ext}")
    assert targets(plan)[-1] == "single.color.jpg"


def test_standard_streams():
    [task] = make_plan(["-"], "-").tasks
    assert (task.source, task.target) == (STANDARD, STANDARD)
    assert not task.is_done


@pytest.mark.parametrize(
    ("inputs", "output", "word"),
    [
        (["in"], "new.png", "3 pictures cannot all go to new.png"),
        (["in"], "-", "3 pictures cannot all go to -"),
        (["in/a.jpg", "in/b/a.jpg"], "out/", "both be written to"),
        (["in"], "out/{stem}.png", "both be written to"),
        (["in"], "in", "is one of the inputs"),
        (["in"], "in/../in/", "is one of the inputs"),
        (["single.jpg"], "single.jpg", "is one of the inputs"),
        (["single.jpg"], "{parent}/{name}", "is one of the inputs"),
        (["-", "single.jpg"], "out/", "standard input"),
    ],
)
def test_refused_before_any_work(inputs, output, word):
    with pytest.raises(UsageError, match=word) as caught:
        make_plan(inputs, output)
    assert caught.value.mend


@pytest.mark.posix
def test_an_input_through_a_linked_folder_is_still_an_input(folder):
    (folder / "link").symlink_to(folder / "in", target_is_directory=True)
    with pytest.raises(UsageError, match="is one of the inputs"):
        make_plan(["in"], "link/")


def test_results_of_an_earlier_run_are_passed_over():
    template = "{parent}/{stem}.color{ext}"
    first = make_plan(["in"], template)
    for task in first.tasks:
        Path(task.target).touch()
    second = make_plan(["in"], template)
    assert second.tasks == first.tasks
    assert {path.as_posix() for path in second.passed_over} == set(targets(first))
    assert all(task.is_done for task in second.tasks)


@pytest.mark.parametrize("output", ["in/b/out", "in/b/out/{stem}{ext}"])
def test_results_in_a_folder_inside_of_the_input_are_no_inputs(output):
    first = make_plan(["in/b"], output)
    for task in first.tasks:
        task.target.parent.mkdir(parents=True, exist_ok=True)
        task.target.touch()
    assert make_plan(["in/b"], output) == first


def test_a_result_named_with_its_original_is_passed_over():
    Path("single.color.jpg").touch()
    plan = make_plan(["single.jpg", "single.color.jpg"], "{parent}/{stem}.color{ext}")
    assert [task.source for task in plan.tasks] == [Path("single.jpg")]
    assert plan.passed_over == (Path("single.color.jpg"),)


NAMES = st.sampled_from(["a.jpg", "a.png", "a.color.jpg", "B.jpg", "b2.jpg", "b10.tif", "n.txt"])
FOLDERS = st.sampled_from(["x", "x/y", "x/y/z", "w"])
OUTPUTS = st.sampled_from(
    ["out/", "x/out", "x", "new.png", "{parent}/{stem}.color{ext}", "out/{name}", "{parent}/{name}"]
)


@settings(max_examples=150)
@given(files=st.sets(st.tuples(FOLDERS, NAMES), min_size=1), output=OUTPUTS, data=st.data())
def test_every_input_is_accounted_for_and_every_target_is_its_own(files, output, data):
    paths = sorted(f"{folder}/{name}" for folder, name in files)
    inputs = data.draw(st.lists(st.sampled_from([*paths, "x", "w", "x/**/*.jpg"]), min_size=1))
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as root:
        os.chdir(root)
        try:
            for path in paths:
                Path(path).parent.mkdir(parents=True, exist_ok=True)
                Path(path).touch()
            # What is not there is a picture that fails when it is read.
            inputs = [each for each in inputs if "*" in each or Path(each).exists()]
            try:
                plan = make_plan(inputs, output)
            except UsageError:
                return
            check(plan, expected_pictures(inputs))
        finally:
            os.chdir(before)


def expected_pictures(inputs):
    """The slow plain way: ask of every file whether an argument means it."""
    meant = set()
    for path in (path for path in Path().rglob("*") if path.is_file()):
        picture = path.suffix in {".jpg", ".png", ".tif"}
        for argument in inputs:
            by_glob = argument == "x/**/*.jpg" and path.suffix == ".jpg" and path.parts[0] == "x"
            by_folder = argument in {"x", "w"} and path.parts[0] == argument
            if path.as_posix() == argument or (picture and (by_folder or by_glob)):
                meant.add(path)
    return meant


def check(plan, expected):
    sources = [Path(task.source) for task in plan.tasks]
    all_targets = [Path(task.target).resolve() for task in plan.tasks]
    assert len(set(sources)) == len(sources)
    assert {*sources, *plan.passed_over} == expected
    assert not set(sources) & set(plan.passed_over)
    assert len(set(all_targets)) == len(all_targets)
    assert not {path.resolve() for path in sources} & set(all_targets)
    for path in plan.passed_over:
        assert path.resolve() in set(all_targets) or ".color." in path.name
