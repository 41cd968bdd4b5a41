"""Running a plan: bounded, resumable, and one bad picture stops no other."""

from __future__ import annotations

import gc
import math
import threading
import time
import weakref
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rechroma.batch import STANDARD, Status, Task, default_jobs, make_plan, run, runner
from rechroma.errors import (
    ModelError,
    OutOfMemoryError,
    PhotoTooLargeError,
    RechromaError,
    UnreadablePhotoError,
    UnwritableFileError,
)


@pytest.fixture(autouse=True)
def album(tmp_path, monkeypatch):
    """Twelve small pictures, each in its own gray."""
    monkeypatch.chdir(tmp_path)
    Path("in").mkdir()
    for number in range(12):
        Image.new("L", (9, 7), number * 20).save(f"in/{number}.png")


def opened(path):
    """Return format, size and 8-bit RGB values of a file, by Pillow."""
    with Image.open(path) as image:
        return image.format, image.size, np.asarray(image.convert("RGB")).astype(int)


def invert(photo):
    return photo.with_pixels(1 - photo.pixels)


def results(**options):
    tasks = make_plan(["in"], "out/").tasks
    return list(run(tasks, **{"work": invert, "jobs": 2, **options}))


def files(folder="out"):
    return sorted(path.name for path in Path(folder).rglob("*"))


@pytest.mark.parametrize("jobs", [1, 2, 5])
def test_every_picture_is_read_worked_on_and_written(jobs):
    outcomes = results(jobs=jobs)
    assert {outcome.status for outcome in outcomes} == {Status.DONE}
    assert len(outcomes) == 12
    for outcome in outcomes:
        before, after = opened(outcome.task.source)[2], opened(outcome.task.target)[2]
        assert (before + after == 255).all()
        assert outcome.seconds > 0
    assert files() == sorted(f"{number}.png" for number in range(12))


def test_no_more_pictures_than_jobs_are_in_memory():
    alive, most, lock = weakref.WeakSet(), [0], threading.Lock()

    def work(photo):
        with lock:
            alive.add(photo.pixels)
            most.append(len(alive))
        time.sleep(0.01)
        return photo.with_pixels(photo.pixels)

    results(work=work, jobs=3)
    assert max(most) <= 3


def test_pictures_overlap():
    """Two pictures meet inside of the work: each waits until the other is there too."""
    meeting = threading.Barrier(2, timeout=30)

    def work(photo):
        meeting.wait()
        return invert(photo)

    assert {outcome.status for outcome in results(work=work, jobs=2)} == {Status.DONE}


def test_outcomes_come_in_the_order_of_completion():
    first_may_end = threading.Event()

    def work(photo):
        if photo.pixels.max() == 0:
            assert first_may_end.wait(30)
        return photo.with_pixels(photo.pixels)

    tasks = make_plan(["in"], "out/").tasks
    order = []
    for outcome in run(tasks, work, jobs=2):
        order.append(outcome.task)
        first_may_end.set()
    assert order[0] == tasks[1]
    assert set(order) == set(tasks)


def test_a_bad_file_in_the_middle_stops_no_other():
    Path("in/5.png").write_bytes(b"\x89PNG\r\n\x1a\nand then nothing")
    outcomes = results()
    [bad] = [outcome for outcome in outcomes if outcome.status is Status.FAILED]
    assert bad.task.source == Path("in/5.png")
    assert isinstance(bad.error, UnreadablePhotoError)
    assert "5.png" in bad.error.what
    assert "UnreadablePhotoError" in bad.trace
    assert len(files()) == 11
    assert "5.png" not in files()


def test_fail_fast_leaves_the_rest():
    Path("in/0.png").write_bytes(b"no picture")
    outcomes = results(fail_fast=True, jobs=1)
    assert outcomes[0].status is Status.FAILED
    assert len(outcomes) < 12
    assert len(files("out") if Path("out").exists() else []) == len(outcomes) - 1


def test_existing_results_are_skipped_or_replaced():
    Path("out").mkdir()
    Path("out/3.png").write_bytes(b"here before")
    assert [o.task.source.name for o in results() if o.status is Status.SKIPPED] == ["3.png"]
    assert Path("out/3.png").read_bytes() == b"here before"
    assert {outcome.status for outcome in results()} == {Status.SKIPPED}
    assert {outcome.status for outcome in results(overwrite=True)} == {Status.DONE}
    assert opened("out/3.png")[1] == (9, 7)


def test_a_result_that_appears_while_we_work_is_left_alone():
    def work(photo):
        Path("out").mkdir(exist_ok=True)
        Path("out/3.png").write_bytes(b"from somebody else")
        return invert(photo)

    [outcome] = run([Task(Path("in/3.png"), Path("out/3.png"))], work, jobs=1)
    assert outcome.status is Status.SKIPPED
    assert Path("out/3.png").read_bytes() == b"from somebody else"


@pytest.mark.parametrize(
    ("raised", "expected", "word"),
    [
        (ModelError("the model broke its card"), ModelError, "broke its card"),
        (MemoryError(), OutOfMemoryError, "does not fit into memory"),
        (ZeroDivisionError("a bug"), RechromaError, "unexpected ZeroDivisionError: a bug"),
    ],
)
def test_errors_in_the_work_are_outcomes(raised, expected, word):
    def work(_):
        raise raised

    outcomes = results(work=work)
    assert {type(outcome.error) for outcome in outcomes} == {expected}
    assert all(word in str(outcome.error) for outcome in outcomes)
    assert not Path("out").exists()


def test_failed_outcomes_hold_no_pixels():
    seen = []

    def work(photo):
        seen.append(weakref.ref(photo.pixels))
        try:
            raise ZeroDivisionError("deep down")
        except ZeroDivisionError as error:
            raise ModelError("on top") from error

    outcomes = results(work=work)
    gc.collect()
    assert "deep down" in outcomes[0].trace
    assert [reference() for reference in seen] == [None] * 12


def test_the_limit_of_pixels_reaches_the_reader():
    outcomes = results(max_pixels=62)
    assert {type(outcome.error) for outcome in outcomes} == {PhotoTooLargeError}
    assert {outcome.status for outcome in results(max_pixels=None)} == {Status.DONE}


def test_the_quality_reaches_the_writer():
    noise = np.random.default_rng(0).integers(0, 256, (64, 64), dtype=np.uint8)
    Image.fromarray(noise).save("noise.png")
    sizes = []
    for quality in (20, 95):
        target = Path(f"{quality}.jpg")
        list(run([Task(Path("noise.png"), target)], invert, jobs=1, quality=quality))
        sizes.append(target.stat().st_size)
    assert sizes[0] < sizes[1] / 2


def test_a_folder_that_cannot_be_made_is_one_clear_error():
    Path("out").write_text("a file is in the way", encoding="utf-8")
    [outcome] = run([Task(Path("in/3.png"), Path("out/3.png"))], invert, jobs=1)
    assert isinstance(outcome.error, UnwritableFileError)
    assert "out" in outcome.error.what


def test_an_untouched_picture_is_kept_byte_for_byte():
    Image.effect_noise((40, 40), 80).convert("RGB").save("noise.jpg", quality=71)
    [outcome] = run([Task(Path("noise.jpg"), Path("out/noise.jpg"))], lambda p: p, jobs=1)
    assert outcome.status is Status.KEPT
    assert Path("out/noise.jpg").read_bytes() == Path("noise.jpg").read_bytes()


def test_an_untouched_picture_in_another_format_is_converted():
    [outcome] = run([Task(Path("in/3.png"), Path("out/3.tif"))], lambda p: p, jobs=1)
    assert outcome.status is Status.KEPT
    assert opened("out/3.tif")[0] == "TIFF"
    [again] = run([Task(Path("in/4.png"), Path("out/3.tif"))], lambda p: p, jobs=1)
    assert again.status is Status.SKIPPED


def test_pages_that_are_dropped_are_counted():
    pages = [Image.new("L", (5, 5), value) for value in (10, 20, 30)]
    pages[0].save("pages.tif", save_all=True, append_images=pages[1:])
    [outcome] = run([Task(Path("pages.tif"), Path("one.tif"))], invert, jobs=1)
    assert outcome.pages_dropped == 2


def test_whoever_leaves_early_leaves_nothing_half_done():
    tasks = make_plan(["in"], "out/").tasks
    with closing(run(tasks, invert, jobs=2)) as outcomes:
        next(outcomes)
    done = files()
    assert 1 <= len(done) < 12
    assert all(opened(f"out/{name}")[1] == (9, 7) for name in done)
    assert not [t for t in threading.enumerate() if t.name.startswith("rechroma")]
    resumed = results()
    assert sum(outcome.status is Status.SKIPPED for outcome in resumed) == len(done)
    assert len(files()) == 12


def test_standard_streams(monkeypatch, capfdbinary):
    with Path("in/4.png").open(encoding="utf-8") as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        [outcome] = run([Task(STANDARD, STANDARD)], invert, jobs=1)
    assert outcome.status is Status.DONE
    out = capfdbinary.readouterr().out
    assert out.startswith(b"\x89PNG")


@pytest.mark.parametrize("tasks", [0, 1, 2, 1000])
def test_default_jobs(tasks):
    assert 1 <= default_jobs(tasks) <= max(1, min(tasks, 4))


@pytest.mark.parametrize(
    ("files", "own", "cores"),
    [
        ({"cpu.max": "max 100000"}, "0::/", math.inf),
        ({"cpu.max": "150000 100000"}, "0::/", 2),
        ({"cpu.max": "10000 100000"}, "0::/", 1),
        ({"a/cpu.max": "100000 100000", "a/b/cpu.max": "max 100000"}, "0::/a/b", 1),
        ({"a/cpu.max": "400000 100000", "a/b/cpu.max": "300000 100000"}, "0::/a/b", 3),
        ({"a/cpu.max": "100000 100000"}, "0::/c", math.inf),
        (
            {"cpu/d/cpu.cfs_quota_us": "200000", "cpu/d/cpu.cfs_period_us": "100000"},
            "5:memory:/x\n4:cpu,cpuacct:/d",
            2,
        ),
        ({"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, "4:cpu:/", math.inf),
        ({}, "nonsense", math.inf),
        ({}, None, math.inf),
    ],
)
def test_the_quota_of_nested_groups(tmp_path, files, own, cores):
    for name, text in files.items():
        (tmp_path / "fs" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "fs" / name).write_text(text + "\n")
    if own is not None:
        (tmp_path / "own").write_text(own + "\n")
    assert runner._quota(tmp_path / "fs", tmp_path / "own") == cores
