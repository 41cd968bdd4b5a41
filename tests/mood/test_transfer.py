"""Transfers from photograph to photograph, looks, and their library."""

from __future__ import annotations

import io
import sys

import numpy as np
import pytest
from PIL import Image
from skimage import data
from skimage.color import rgb2lab

import rechroma
from rechroma.color import ciede2000
from rechroma.errors import LookError, UsageError
from rechroma.mood import METHODS, Look, fit_look, transfer
from rechroma.mood.library import library_folder, new_look_file, saved_looks
from rechroma.photo import read


@pytest.mark.parametrize("method", METHODS)
def test_the_target_takes_the_sources_mean_color(method, warm, cool):
    found = rgb2lab(transfer(warm, cool, method=method).to_uint8()).reshape(-1, 3).mean(0)
    wanted = rgb2lab(warm.to_uint8()).reshape(-1, 3).mean(0)
    before = rgb2lab(cool.to_uint8()).reshape(-1, 3).mean(0)
    assert np.linalg.norm(found - wanted) < 0.35 * np.linalg.norm(before - wanted)


@pytest.mark.parametrize("method", METHODS)
def test_the_table_is_near_the_exact_map(method, warm, cool):
    look = fit_look(warm, cool, method=method)
    fast, exact = (rgb2lab(look.apply(cool, exact=e).pixels) for e in (False, True))
    assert ciede2000(fast, exact).mean() < 1.0


def test_keeping_luminance(warm, cool):
    found = rgb2lab(transfer(warm, cool, luminance="keep", exact=True).pixels)[..., 0]
    np.testing.assert_allclose(found, rgb2lab(cool.to_uint8())[..., 0], atol=0.3)


def test_what_the_target_carries_is_kept():
    pixels = np.random.default_rng(0).integers(0, 65536, (30, 40, 4), dtype=np.uint16)
    target = read(pixels)
    result = transfer(data.coffee(), target)
    assert result.samples.dtype == np.uint16
    assert result.bit_depth == 16
    np.testing.assert_array_equal(result.alpha, pixels[..., 3])


def test_metadata_and_resolution_of_a_file_are_kept(tmp_path, warm):
    exif = Image.Exif()
    exif[0x010F] = "A camera"
    Image.fromarray(data.rocket()).save(tmp_path / "t.jpg", exif=exif, dpi=(240, 240))
    rechroma.transfer(warm, tmp_path / "t.jpg").save(tmp_path / "o.jpg")
    with Image.open(tmp_path / "o.jpg") as picture:
        assert picture.getexif()[0x010F] == "A camera"
        assert picture.size == Image.fromarray(data.rocket()).size


def test_a_gray_target_is_colorized_first(warm):
    gray = Image.fromarray(data.rocket()).convert("L")
    result = transfer(warm, gray)
    assert np.ptp(result.pixels, axis=2).mean() > 0.05


def test_a_gray_source_is_refused_in_words(cool):
    gray = io.BytesIO()
    Image.fromarray(data.coffee()).convert("L").save(gray, "png")
    with pytest.raises(UsageError, match="the source, where the mood comes from, is black and"):
        transfer(gray.getvalue(), cool)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 400, 3), (2, 2, 4)])
def test_tiny_and_odd_targets(method, shape, warm):
    pixels = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    result = transfer(warm, pixels, method=method)
    assert result.samples.shape == (*shape[:2], 3)


@pytest.mark.parametrize("level", [0, 128, 255])
def test_flat_targets(level, warm):
    color = np.full((20, 30, 3), level, np.uint8)
    color[..., 0] = min(255, level + 20)
    result = transfer(warm, color)
    assert np.isfinite(result.pixels).all()


def test_several_sources(warm, cool):
    both, first, second = (
        rgb2lab(transfer(sources, data.chelsea()).to_uint8()).reshape(-1, 3).mean(0)
        for sources in ([warm, cool], [warm], [cool])
    )
    # Between what either of them makes of it, and not at one of the ends.
    share = (both - first) @ (second - first) / np.square(second - first).sum()
    assert 0.2 < share < 0.8


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"method": "magic"}, "there is no method 'magic'"),
        ({"strength": 1.5}, "strength 1.5 is out of range"),
        ({"strength": float("nan")}, "out of range"),
    ],
)
def test_wrong_arguments(arguments, words, warm, cool):
    with pytest.raises(UsageError, match=words):
        transfer(warm, cool, **arguments)


def test_no_source(cool):
    with pytest.raises(UsageError, match="no source"):
        transfer([], cool)


def test_a_look_without_a_target_brings_the_mood(warm, cool):
    """Fitted for any photograph, it moves this one towards the source."""
    found = rgb2lab(fit_look(warm).apply(cool).to_uint8()).reshape(-1, 3).mean(0)
    wanted, before = (rgb2lab(p.to_uint8()).reshape(-1, 3).mean(0) for p in (warm, cool))
    assert np.linalg.norm(found - wanted) < np.linalg.norm(before - wanted)


@pytest.fixture
def library(tmp_path, monkeypatch):
    monkeypatch.setenv("RECHROMA_LOOKS", str(tmp_path / "looks"))
    return tmp_path / "looks"


def test_saving_listing_and_loading(library, warm, cool):
    look = fit_look(warm)
    assert look.save("warm evening").parent == library
    fit_look(cool).save("cool")
    assert list(saved_looks()) == ["cool", "warm evening"]
    again = Look.load("warm evening")
    np.testing.assert_allclose(again.lut.table, look.lut.table, atol=1e-6)
    difference = again.apply(cool).to_uint8().astype(int) - look.apply(cool).to_uint8()
    assert np.abs(difference).max() <= 1
    with pytest.raises(UsageError, match="no exact map"):
        again.apply(cool, exact=True)


@pytest.mark.parametrize("name", ["", "../out", "a/b", ".hidden", "a\nb", "x" * 70, "C:\\x"])
def test_names_never_leave_the_library(library, name):
    with pytest.raises(UsageError, match="can't name a look"):
        new_look_file(name)
    assert not library.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="each system has a folder of its own")
def test_without_a_wish_the_library_is_where_the_system_keeps_such_files(tmp_path, monkeypatch):
    monkeypatch.delenv("RECHROMA_LOOKS", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert library_folder() == tmp_path / "rechroma" / "looks"


@pytest.mark.usefixtures("library")
def test_a_look_that_is_not_there_names_those_that_are(warm):
    with pytest.raises(LookError, match="saved looks: none"):
        Look.load("dusk")
    fit_look(warm).save("dawn")
    with pytest.raises(LookError, match="saved looks: dawn"):
        Look.load("dusk")


@pytest.mark.usefixtures("library")
def test_a_look_is_a_file_where_it_has_a_folder_or_a_suffix(tmp_path, monkeypatch, warm):
    monkeypatch.chdir(tmp_path)
    look = fit_look(warm)
    for place in ("mine.cube", "./mine", tmp_path / "other"):
        path = look.save(place)
        assert path.resolve().parent == tmp_path
        np.testing.assert_allclose(Look.load(place).lut.table, look.lut.table, atol=1e-6)
    assert not saved_looks()
    with pytest.raises(UsageError, match="can't name a look"):
        look.save("what?")


@pytest.mark.parametrize("luminance", ["dark", None])
def test_a_luminance_that_does_not_exist(luminance, warm, cool):
    with pytest.raises(UsageError, match="there is no luminance"):
        transfer(warm, cool, luminance=luminance)


@pytest.mark.parametrize("method", ["reinhard", "mkl", "histogram", "sliced", "swatches"])
@pytest.mark.parametrize("hidden_in", ["source", "target"])
def test_colors_under_no_alpha_change_nothing(method, hidden_in, warm, cool):
    """What is hidden may be black or red: statistics and the network see neither."""
    results = []
    for color in ((0, 0, 0), (255, 0, 0)):
        photos = {"source": warm.to_uint8(), "target": cool.to_uint8()}
        pixels = photos[hidden_in].copy()
        alpha = np.full(pixels.shape[:2], 255, np.uint8)
        alpha[: len(alpha) // 2, ::2] = 0
        alpha[: len(alpha) // 3] = 0
        pixels[alpha == 0] = color
        photos[hidden_in] = np.dstack([pixels, alpha])
        result = transfer(photos["source"], photos["target"], method=method)
        results.append(result.to_uint8()[-len(pixels) // 2 :, 1::2])
    np.testing.assert_array_equal(*results)
