import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rechroma.photo.samples import do_strips, row_strips


@given(st.integers(1, 400), st.integers(1, 400), st.integers(1, 50_000), st.integers(1, 9))
def test_strips_cover_every_row_once(height, width, pixels, multiple):
    strips = row_strips((height, width, 3), pixels, multiple=multiple)
    assert [row for strip in strips for row in range(height)[strip]] == list(range(height))
    assert all((strip.stop - strip.start) % multiple == 0 for strip in strips[:-1])
    rows = strips[0].stop - strips[0].start
    assert rows * width <= max(pixels, multiple * width)


@pytest.mark.parametrize("threads", [1, 3])
def test_all_strips_are_done_and_errors_come_out(threads):
    done = np.zeros(100, int)

    def work(rows):
        done[rows] += 1
        if rows.stop == 100:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        do_strips(work, row_strips((100, 10), 70), threads)
    assert (done == 1).all()
