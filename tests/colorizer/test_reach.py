"""How far hints reach, with the shipped model on a made picture."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from rechroma.colorizer import Colorizer, Hint
from rechroma.photo import read

RED, BLUE = "#b03030", "#3050a0"


@pytest.fixture(scope="module")
def colorizer():
    return Colorizer()


@pytest.fixture(scope="module")
def photo():
    """Two coats on a wall."""
    rows, columns = np.mgrid[:160, :240]
    gray = np.full((160, 240), 190.0)
    gray[(abs(columns - 60) < 35) & (rows > 40)] = 90
    gray[(abs(columns - 180) < 35) & (rows > 40)] = 90
    gray += np.random.default_rng(0).normal(0, 3, gray.shape)
    return read(np.clip(gray, 0, 255).astype(np.uint8))


def changed(colorizer, photo, *hints):
    """How far each cell's chroma moves."""
    plain = colorizer.predict(photo).chroma
    return np.linalg.norm(colorizer.predict(photo, hints=hints).chroma - plain, axis=-1)


def test_reaches_are_nested(colorizer, photo):
    here, thing, alike = (
        changed(colorizer, photo, Hint(60, 100, RED, reach)) for reach in ("here", "thing", "alike")
    )
    assert (here > 0).mean() < (thing > 0).mean() < (alike > 0).mean()
    # The other coat is alike, and another thing.
    cells = here.shape
    other = np.s_[
        int(0.5 * cells[0]) : int(0.9 * cells[0]), int(0.7 * cells[1]) : int(0.8 * cells[1])
    ]
    assert alike[other].mean() > 5
    assert thing[other].mean() < 0.2 * alike[other].mean()
    assert here[other].max() == 0


def test_thing_is_what_a_hint_means_where_the_model_can_tell(colorizer, photo):
    said = colorizer.predict(photo, hints=[Hint(60, 100, RED, "thing")])
    unsaid = colorizer.predict(photo, hints=[Hint(60, 100, RED)])
    np.testing.assert_array_equal(said.chroma, unsaid.chroma)


def test_elsewhere_nothing_changes_at_all(colorizer, photo):
    """What the network holds for possible is left alone there, too."""
    plain = colorizer.predict(photo)
    hinted = colorizer.predict(photo, hints=[Hint(60, 100, RED, "here")])
    same = (hinted.chroma == plain.chroma).all(axis=-1)
    assert 0.5 < same.mean() < 1
    logits = hinted.distribution.logits == plain.distribution.logits
    np.testing.assert_array_equal(logits.all(axis=0), same)


def test_the_order_of_hints_does_not_matter(colorizer, photo):
    hints = [
        Hint(60, 100, RED), Hint(180, 100, BLUE, "here"), Hint(120, 20, "#808080", "alike"),
    ]  # fmt: skip
    first, *others = (colorizer.predict(photo, hints=order).chroma for order in permutations(hints))
    for other in others:
        np.testing.assert_allclose(other, first, atol=1e-4)


def test_two_coats_of_two_colors(colorizer, photo):
    answer = colorizer.predict(photo, hints=[Hint(60, 100, RED), Hint(180, 100, BLUE)]).chroma
    rows, columns = answer.shape[:2]
    left = answer[int(0.6 * rows), int(0.25 * columns)]
    right = answer[int(0.6 * rows), int(0.75 * columns)]
    assert left[0] > 20
    assert right[1] < -10


def test_a_spot_says_that_this_is_gray(colorizer, photo):
    work = colorizer.predict(photo, hints=[Hint(60, 100, "gray")])
    rows, columns = work.chroma.shape[:2]
    assert np.linalg.norm(work.chroma[int(0.6 * rows), int(0.25 * columns)]) < 3
