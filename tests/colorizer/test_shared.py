"""Colorizers that are loaded once, whoever asks for them."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from skimage import data

from rechroma import Hint
from rechroma.colorizer import Colorizer, cached_colorizer, default_colorizer, shared
from rechroma.errors import ModelError, UsageError
from rechroma.mood import colorize, predict_in_mood
from rechroma.photo import read

GRAY = np.full((40, 50), 128, np.uint8)


@pytest.fixture
def loads(monkeypatch):
    """The models that were loaded, with their sizes; nothing is kept of other tests."""
    seen, init = [], Colorizer.__init__

    def counted(self, model="default", **options):
        seen.append((os.path.basename(model), options.get("size")))  # noqa: PTH119
        init(self, model, **options)

    monkeypatch.setattr(Colorizer, "__init__", counted)
    monkeypatch.setattr(shared, "_shared", [])
    shared._loaded.cache_clear()
    yield seen
    shared._loaded.cache_clear()


def test_a_second_call_loads_nothing(make_model, loads):
    model = make_model(offset=(20, 0))
    first, second = (colorize(GRAY, model=model).pixels for _ in range(2))
    np.testing.assert_array_equal(first, second)
    colorize(GRAY, model=str(model), strength=0.5)
    assert loads == [("affine.onnx", None)]
    colorize(GRAY, model=model, size=96)
    assert loads[1:] == [("affine.onnx", 96)]


def test_threads_that_come_at_once_load_it_once(make_model, loads):
    model = make_model(offset=(20, 0))
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: colorize(GRAY, model=model).pixels, range(16)))
    assert len(loads) == 1
    assert all(np.array_equal(each, found[0]) for each in found)


def test_who_wants_another_model_waits_for_nobody(make_model, loads, monkeypatch):
    slow, quick = make_model(offset=(20, 0)), make_model(offset=(-20, 0))
    begun, go_on, init = threading.Event(), threading.Event(), Colorizer.__init__

    def held(self, model="default", **options):
        if options.get("size") == 96:
            begun.set()
            assert go_on.wait(30)
        init(self, model, **options)

    monkeypatch.setattr(Colorizer, "__init__", held)
    with ThreadPoolExecutor(2) as pool:
        waiting = pool.submit(cached_colorizer, slow, size=96)
        assert begun.wait(30)
        try:
            other = pool.submit(cached_colorizer, quick).result(timeout=30)
        finally:
            go_on.set()
        assert waiting.result() is not other
    assert len(loads) == 2
    assert not shared._loading


def test_a_model_that_was_written_anew_is_loaded_anew(make_model, loads):
    before = colorize(GRAY, model=make_model(offset=(20, 0))).pixels
    model = make_model(offset=(-20, 0))
    os.utime(model, ns=(1, 1))
    assert np.abs(colorize(GRAY, model=model).pixels - before).max() > 0.05
    assert len(loads) == 2


def test_four_are_kept(make_model, loads):
    model = make_model()
    for size in (32, 64, 96, 128, 32, 160, 64):
        cached_colorizer(model, size=size)
    assert [size for _, size in loads] == [32, 64, 96, 128, 160, 64]


def test_what_fails_is_tried_again(make_model, loads, tmp_path):
    with pytest.raises(ModelError, match="no such model file"):
        colorize(GRAY, model=tmp_path / "none.onnx")
    for _ in range(2):
        with pytest.raises(UsageError, match="size 9999"):
            colorize(GRAY, model=make_model(), size=9999)
    assert len(loads) == 2


def test_a_number_out_of_range_loads_nothing(make_model, loads):
    for values in ({"strength": 2}, {"vividness": -1}):
        with pytest.raises(UsageError, match="out of range"):
            colorize(GRAY, model=make_model(), **values)
    assert not loads


def test_only_one_of_the_default_model_is_shared(make_model, loads):
    model = make_model()
    shared.share_colorizer(Colorizer(model), model)
    mine = Colorizer(size=64)
    assert default_colorizer() is not mine
    shared.share_colorizer(mine, "rechroma-v2")
    assert default_colorizer() is mine
    assert len(loads) == 3


@pytest.mark.usefixtures("loads")
def test_every_keyword_arrives():
    gray, mood = data.camera()[::4, ::4], data.coffee()[::4, ::4]
    options = {"hints": [Hint(60, 60, "#c22b2b")], "mood": mood, "strength": 0.7, "vividness": 0.4}
    model = Colorizer(size=64, device="cpu")
    predicted = predict_in_mood(model, read(gray), read(mood), options["hints"])
    wanted = predicted.render(strength=0.7, vividness=0.4).pixels
    found = colorize(gray, size=64, device="cpu", **options).pixels
    np.testing.assert_allclose(found, wanted, atol=1e-5)
    for left_out in options:
        fewer = {key: value for key, value in options.items() if key != left_out}
        assert np.abs(colorize(gray, size=64, device="cpu", **fewer).pixels - found).max() > 0.01
    color = data.coffee()
    assert colorize(color, recolor=False).pixels.shape == color.shape
    np.testing.assert_allclose(colorize(color, recolor=False).pixels, color / 255, atol=1e-6)
