"""Photos that stay in a child: what comes out is what would have without one."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.posix

# In a process of its own: children are forked where there is but one thread.
_SETUP = """
import os
os.environ["OPENBLAS_NUM_THREADS"] = "1"
import sys
import signal
from pathlib import Path
import numpy as np
from PIL import Image
from rechroma.photo import distant, read, write
from rechroma.photo.isolation import CrashError, crash_proof_batch, run_in, run_somewhere

folder = Path(sys.argv[1])
def kept():
    return sorted(distant._kept)
def reversed_colors(samples):
    return 255 - samples
y, x = np.mgrid[0:2100, 0:2000].astype(np.uint8)
picture = np.dstack([x, y, x ^ y])
Image.fromarray(picture).save(folder / "large.png", compress_level=1)
Image.fromarray(picture[:90, :70]).save(folder / "small.png")
Image.fromarray(picture[..., :1].repeat(3, 2)).save(folder / "gray.png", compress_level=1)
"""


@pytest.fixture
def done_in_batch(tmp_path):
    """done_in_batch(code): run in a process with a batch of two children."""

    def run(code):
        lines = "\n".join(f"    {line}" for line in code.strip().splitlines())
        script = f"{_SETUP}\nwith crash_proof_batch(2):\n    assert distant.has_children()\n{lines}"
        done = subprocess.run(
            [sys.executable, "-c", script, str(tmp_path)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr

    return run


def test_some_of_its_pixels_and_then_all(done_in_batch):
    done_in_batch("""
photo = read(folder / "large.png")
home = photo.home
assert home is not None
assert (photo.height, photo.width, photo.bit_depth, photo.format) == (2100, 2000, 8, "png")
assert np.array_equal(photo.every(7), picture[::7, ::7])
assert photo.home is home and run_in(home, kept) != []
assert np.array_equal(photo.samples, picture)
assert photo.home is None and run_in(home, kept) == []
assert np.array_equal(photo.every(3), picture[::3, ::3])
""")


def test_changes_are_made_when_it_is_written(done_in_batch):
    done_in_batch("""
photo = read(folder / "large.png").marked("how")
home = photo.home
changed = photo.with_change(reversed_colors).marked("what")
assert changed.home is home and photo.home is home
write(changed, folder / "out.png")
assert changed.home is home and run_in(home, kept) == []
assert np.array_equal(np.asarray(Image.open(folder / "out.png")), 255 - picture)
assert changed.metadata.mark.how == "how, then what"
# They are there no more, and read anew.
assert np.array_equal(changed.samples, 255 - picture)
assert np.array_equal(photo.samples, picture)
""")


def test_two_photos_and_what_nobody_wants_any_more(done_in_batch):
    done_in_batch("""
photos = [read(folder / "large.png") for _ in range(3)]
homes = {photo.home for photo in photos}
assert sum(len(run_in(home, kept)) for home in homes) == 3
assert np.array_equal(photos[1].every(900), picture[::900, ::900])
del photos[0]
assert sum(len(run_in(home, kept)) for home in homes) == 2
""")


def test_small_ones_and_gray_ones_come_at_once(done_in_batch):
    done_in_batch("""
assert read(folder / "small.png").home is None
gray = read(folder / "gray.png")
assert gray.home is None
assert np.array_equal(gray.samples, picture[..., :1].repeat(3, 2))
""")


def test_where_the_child_has_died_it_is_read_anew(done_in_batch):
    done_in_batch("""
for way in ("every", "samples", "write"):
    photo = read(folder / "large.png")
    try:
        run_in(photo.home, signal.raise_signal, signal.SIGSEGV)
    except CrashError:
        pass
    else:
        raise AssertionError
    if way == "every":
        assert np.array_equal(photo.every(5), picture[::5, ::5])
    elif way == "samples":
        assert np.array_equal(photo.samples, picture)
    else:
        write(photo.with_change(reversed_colors), folder / "new.png")
        assert np.array_equal(np.asarray(Image.open(folder / "new.png")), 255 - picture)
""")


def test_another_thread_may_ask_while_a_child_is_kept_busy(done_in_batch):
    done_in_batch("""
import threading, time
photos = [read(folder / "large.png"), read(folder / "large.png")]
busy = threading.Thread(target=run_in, args=(photos[0].home, time.sleep, 0.5))
busy.start()
assert run_somewhere(os.getpid)[0] > 0
assert all(np.array_equal(each.every(9), picture[::9, ::9]) for each in photos)
busy.join()
""")


def test_replacing_a_field_gives_a_usual_photo(done_in_batch):
    done_in_batch("""
from dataclasses import replace
photo = replace(read(folder / "large.png"), name="other")
assert (photo.name, photo.height, photo.width, photo.home) == ("other", 2100, 2000, None)
assert np.array_equal(photo.samples, picture)
""")


def test_one_photo_is_written_twice(done_in_batch):
    """The second time its samples are gone from the child, which says so and lives on."""
    done_in_batch("""
photo = read(folder / "large.png")
home = photo.home
write(photo.with_change(reversed_colors), folder / "one.png")
write(photo, folder / "two.png")
assert np.array_equal(np.asarray(Image.open(folder / "one.png")), 255 - picture)
assert np.array_equal(np.asarray(Image.open(folder / "two.png")), picture)
assert not home.has_ended
""")


def test_the_next_photo_goes_to_the_child_in_which_nothing_was_left(done_in_batch):
    done_in_batch("""
first, second = read(folder / "large.png"), read(folder / "large.png")
assert first.home is not second.home
home = first.home
del first
assert read(folder / "large.png").home is home
""")
