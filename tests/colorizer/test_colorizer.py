"""The whole way, with networks of one layer whose answer is known."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import count, islice

import numpy as np
import pytest
from skimage import data

from rechroma.color import lightness, rgb_to_lab
from rechroma.colorizer import Colorizer
from rechroma.colorizer.session import ModelSession
from rechroma.errors import ModelError, OutOfMemoryError, UsageError
from rechroma.mood import colorize
from rechroma.photo import read


@pytest.fixture
def runs(monkeypatch):
    """The inputs of every network run."""
    seen = []
    run = ModelSession.run

    def counted(session, lightness, conditioning):
        seen.append(lightness)
        return run(session, lightness, conditioning)

    monkeypatch.setattr(ModelSession, "run", counted)
    return seen


def test_a_gray_picture_gets_the_predicted_color(make_model):
    picture = np.full((100, 150), 128, np.uint8)
    result = colorize(picture, model=make_model(offset=(20, -30)))
    lab = rgb_to_lab(result.pixels.astype(np.float64))
    np.testing.assert_allclose(lab[..., 0], lightness(np.full(3, 128 / 255)), atol=1e-3)
    np.testing.assert_allclose(lab[..., 1:], np.broadcast_to([20, -30], (100, 150, 2)), atol=1e-3)
    assert result.pixels.dtype == np.float32
    assert not result.was_gray


def test_chroma_lands_where_its_lightness_is(make_model):
    """a = L/2 − 10, so each pixel of a smooth picture tells where its chroma came from."""
    ramp = np.linspace(0.2, 0.8, 700, dtype=np.float32)[None] * np.ones((333, 1), np.float32)
    pixels = np.repeat(ramp[..., None], 3, axis=2)
    found = rgb_to_lab(colorize(pixels, model=make_model((0.5, 0), (-10, 0))).pixels)
    # At the border the mirrored padding flattens the ramp by a part of a cell.
    np.testing.assert_allclose(
        found[:, 20:-20, 1], (lightness(pixels) / 2 - 10)[:, 20:-20], atol=0.15
    )


def test_an_edge_at_4000_pixels_through_the_whole_way(make_model):
    """a = 1.2·L − 60: two flat halves that the network sees at 256 px."""
    picture = np.full((1000, 4000), 90, np.uint8)
    picture[:, 2013:] = 160
    found = colorize(picture, model=make_model((1.2, 0), (-60, 0), size=256))
    row = rgb_to_lab(found.pixels[500].astype(np.float64))[:, 1]
    left, right = row[500], row[-500]
    assert right - left > 30
    error = np.abs(row - np.where(np.arange(4000) < 2013, left, right)) / (right - left)
    assert error[np.abs(np.arange(4000) + 0.5 - 2013) > 3].max() < 0.05


def test_rendering_again_runs_no_network(make_model, runs):
    prediction = Colorizer(make_model(offset=(20, 10))).predict(data.camera())
    chroma = [
        rgb_to_lab(prediction.render(strength=s).pixels)[300, 300, 1] for s in (0, 0.5, 1, 1.5)
    ]
    np.testing.assert_allclose(chroma, [0, 10, 20, 30], atol=0.01)
    assert len(runs) == 1


def test_the_chroma_plane_is_there(make_model):
    prediction = Colorizer(make_model(offset=(20, 10))).predict(np.zeros((100, 200), np.uint8))
    assert prediction.chroma.shape == (16, 32, 2)
    assert prediction.chroma.dtype == np.float32
    np.testing.assert_allclose(prediction.chroma, np.broadcast_to([20, 10], (16, 32, 2)), atol=1e-5)


def test_size_is_what_the_network_sees(make_model, runs):
    picture = np.zeros((600, 900), np.uint8)
    model = make_model()
    Colorizer(model).predict(picture)
    Colorizer(model, size=128).predict(picture)
    assert [seen.shape for seen in runs] == [(64, 96), (128, 192)]


def test_a_color_picture_is_colorized_from_its_lightness(make_model):
    astronaut = read(data.astronaut())
    result = Colorizer(make_model(offset=(0, 0))).colorize(astronaut)
    assert np.ptp(result.pixels, axis=-1).max() < 1e-5


def test_without_recolor_color_pictures_are_untouched(make_model, runs):
    model = Colorizer(make_model(offset=(9, 9)))
    astronaut, camera = read(data.astronaut()), read(data.camera())
    assert model.colorize(astronaut, recolor=False) is astronaut
    assert not runs
    assert model.colorize(camera, recolor=False) is not camera
    assert len(runs) == 1


@pytest.mark.parametrize("shape", [(1, 1), (1, 5000), (5000, 1), (2, 3), (30_000, 200)])
@pytest.mark.parametrize("level", [0, 130, 255])
def test_any_shape_and_black_and_white(make_model, shape, level):
    picture = np.full(shape, level, np.uint8)
    result = colorize(picture, model=make_model(offset=(30, -60), size=256))
    assert result.pixels.shape == (*shape, 3)
    assert result.pixels.min() >= 0
    assert result.pixels.max() <= 1
    gray = lightness(np.full(3, level / 255))
    assert np.abs(lightness(result.pixels) - gray).max() < 0.05
    # Black and white have no room for chroma; a middle gray has.
    assert (np.ptp(result.pixels, axis=-1).max() > 0.1) == (level == 130)


def test_the_photo_keeps_what_belongs_to_it(make_model):
    photo = read(np.full((40, 50), 30_000, np.uint16))
    result = Colorizer(make_model(offset=(9, 9))).colorize(photo)
    assert result.bit_depth == photo.bit_depth
    assert result.metadata.mark is not None
    assert result.metadata.mark.machine_colored
    assert replace(result.metadata, mark=None) == photo.metadata
    assert result.name == photo.name
    np.testing.assert_array_equal(photo.pixels, read(np.full((40, 50), 30_000, np.uint16)).pixels)


def test_many_threads_share_one_colorizer(make_model):
    model = Colorizer(make_model((0.4, -0.2), (3, 5)), threads=1)
    rng = np.random.default_rng(0)
    pictures = [rng.integers(0, 256, (60 + i, 90), np.uint8) for i in range(12)]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(model.colorize, pictures))
    for result, picture in zip(together, pictures, strict=True):
        np.testing.assert_array_equal(result.pixels, model.colorize(picture).pixels)


def test_colorize_all_is_lazy(make_model, runs):
    endless = (np.full((8, 8 + i), 99, np.uint8) for i in count())
    results = Colorizer(make_model()).colorize_all(endless)
    assert not runs
    assert [photo.width for photo in islice(results, 3)] == [8, 9, 10]
    assert len(runs) == 3


@pytest.mark.parametrize("strength", [-0.1, 1.51, float("nan"), float("inf")])
def test_strength_out_of_range(make_model, strength, runs):
    model = Colorizer(make_model())
    picture = np.zeros((4, 4), np.uint8)
    with pytest.raises(UsageError, match="strength"):
        model.colorize(picture, strength=strength)
    with pytest.raises(UsageError, match="strength"):
        model.colorize_all([picture], strength=strength)
    assert not runs
    with pytest.raises(UsageError, match="strength"):
        model.predict(picture).render(strength=strength)


@pytest.mark.parametrize("size", [0, -5, 31, 2049])
def test_size_out_of_range(make_model, size):
    with pytest.raises(UsageError, match=f"size {size} is out of range"):
        Colorizer(make_model(), size=size)


def test_no_threads(make_model):
    with pytest.raises(UsageError, match="threads is 0"):
        Colorizer(make_model(), threads=0)


def test_nan_never_becomes_a_picture(make_model):
    with pytest.raises(ModelError, match="NaN"):
        colorize(np.zeros((4, 4), np.uint8), model=make_model(offset=(np.nan, 0)))


@pytest.mark.parametrize("step", ["colorizer.network_lightness", "colorization.render"])
def test_out_of_memory(make_model, monkeypatch, step):
    def exhausted(*_):
        raise MemoryError

    monkeypatch.setattr(f"rechroma.colorizer.{step}", exhausted)
    with pytest.raises(OutOfMemoryError, match="5×4 pixels don't fit into memory"):
        colorize(np.zeros((4, 5), np.uint8), model=make_model())


def test_importing_loads_neither_torch_nor_onnxruntime():
    script = (
        "import sys\n"
        "from rechroma.colorizer import *\n"
        "print([m for m in ('torch', 'onnxruntime', 'onnx', 'skimage') if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (result.stdout.strip(), result.stderr) == ("[]", "")
