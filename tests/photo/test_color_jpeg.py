"""JPEGs that are stored in color: read a strip at a time, and written with chroma at half size."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from skimage import color, data
from tests.photo.gray_jpegs import SCENE, tagged
from tests.photo.test_gray_copy import luma, prediction

import rechroma
from rechroma.color import ciede2000, rgb_to_lab
from rechroma.errors import RechromaError
from rechroma.metadata import MetadataOptions
from rechroma.photo import encode, read, row_reading
from rechroma.photo.jpeg_scans import Gray, luma_table
from rechroma.photo.lightness_gray import gray_plane

GRAY = np.dstack([SCENE] * 3)
COLOR = data.coffee()[90:250, 150:361]
HALVED, WHOLE = "4:2:0", "4:4:4"


def file_of(values, kind="JPEG", **options):
    file = io.BytesIO()
    Image.fromarray(values).save(file, kind, **options)
    return file.getvalue()


def sampling(content):
    """Return which part of the pixels has chroma of its own."""
    with Image.open(io.BytesIO(content)) as picture:
        (_, across, down, _), *rest = picture.layer
        assert all(each[1:3] == (1, 1) for each in rest)
        return {(2, 2): HALVED, (1, 1): WHOLE}[across, down]


@pytest.mark.parametrize("kind", ["baseline", "progressive", "whole", "fine", "coarse"])
@pytest.mark.parametrize("orientation", [1, 6])
def test_the_gray_of_a_scan_is_coded_as_it_was(kind, orientation):
    options = {
        "baseline": {"quality": 90},
        "progressive": {"quality": 90, "progressive": True},
        "whole": {"quality": 90, "subsampling": 0},
        "fine": {"quality": 98},
        "coarse": {"quality": 40},
    }[kind]
    content = tagged(file_of(GRAY, **options), orientation)
    made = encode(prediction(content).render(), "jpeg")
    before, after = (luma(each).astype(int) for each in (content, made))
    # What is left is that pixels are rounded, and clipped, before they are coded again, and that
    # blocks at the border are filled up otherwise.
    difference = np.abs(before - after)
    assert difference.max() <= 20
    whole = difference[: SCENE.shape[0] // 8 * 8, : SCENE.shape[1] // 8 * 8]
    assert (whole <= 2).mean() > 0.99
    assert np.square(whole).mean() < 0.2
    with Image.open(io.BytesIO(content)) as old, Image.open(io.BytesIO(made)) as new:
        assert new.quantization[0] == old.quantization[0]
        assert new.getexif()[274] == orientation
        assert new.mode == "RGB"
    assert sampling(made) == HALVED
    # Beside the usual way: the same colors, but at the file's Y.
    usual = encode(prediction(content).render(recompress=True), "jpeg", quality=100)
    ours, theirs = (rgb_to_lab(read(each).pixels) for each in (made, usual))
    assert ciede2000(ours, theirs).mean() < 2.5
    # What is given back is its gray, which was never a file.
    given = rechroma.original(made)
    assert given.gray is Gray.COPIED
    np.testing.assert_array_equal(luma(given.content), luma(made))


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1), (17, 16), (15, 33)])
def test_every_size(size):
    content = file_of(np.ascontiguousarray(GRAY[: size[0], : size[1]]), quality=95)
    made = encode(prediction(content).render(), "jpeg")
    assert luma(made).shape == size
    assert np.abs(luma(made).astype(int) - luma(content)).mean() < 1


def test_of_a_picture_in_color_lightness_stays():
    content = file_of(COLOR, quality=95)
    made = encode(prediction(content, 0, 0).render(), "jpeg")
    wanted = color.rgb2lab(read(content).to_uint8())[..., 0]
    found = color.rgb2lab(read(made).to_uint8())
    # Coded again at quality 95.
    assert np.abs(found[..., 0] - wanted).mean() < 0.8
    assert np.abs(found[..., 1:]).max() < 1


@pytest.mark.parametrize(("name", "quality"), [("png", None), ("jpeg", 95)])
def test_pixels_are_the_usual_ones(name, quality):
    work = prediction(file_of(GRAY, quality=90))
    ours, usual = work.render(), work.render(recompress=True)
    assert ours.gray_copy is not None
    assert not ours.gray_copy.is_copied
    assert usual.gray_copy is None
    made = encode(ours, name, quality=quality)
    assert made == encode(usual, name, quality=quality)
    if name == "jpeg":
        assert sampling(made) == WHOLE


def test_gray_has_the_same_lightness():
    values = np.random.default_rng(1).integers(0, 256, (300, 400, 3), np.uint8)
    values[:3] = np.arange(256, dtype=np.uint8).repeat(3).reshape(1, 256, 3)[:, :1]
    gray = gray_plane(values)
    wanted, found = (color.rgb2lab(each)[..., 0] for each in (values, np.dstack([gray] * 3)))
    # Half a code is up to 0.25 of L in the darks.
    assert np.abs(wanted - found).max() < 0.3
    levels = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    np.testing.assert_array_equal(gray_plane(levels)[0], np.arange(256))


def test_quantization_is_read_as_pillow_reads_it():
    for options in ({"quality": 50}, {"quality": 95, "subsampling": 0}, {"progressive": True}):
        content = file_of(COLOR, **options)
        with Image.open(io.BytesIO(content)) as picture:
            assert luma_table(content) == tuple(picture.quantization[0])
    assert luma_table(b"") is None
    assert luma_table(file_of(COLOR)[:30]) is None


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
@pytest.mark.parametrize("first", [0, 1, 40, 159, 160])
def test_rows_in_color_after_rows_in_gray(monkeypatch, kind, first):
    monkeypatch.setattr(row_reading, "STRIP_PIXELS", 2000)
    monkeypatch.setattr(row_reading, "FILE_PIXELS", 2000)
    values = GRAY.copy()
    values[first:] = COLOR[first:]
    content = file_of(values, kind)
    photo = read(content)
    with Image.open(io.BytesIO(content)) as picture:
        np.testing.assert_array_equal(photo.samples, np.asarray(picture))
    assert (photo.samples.strides[2] == 0) == (first == 160)
    assert not photo.was_gray


@pytest.mark.parametrize("cut", [0.3, 0.9])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_a_file_that_ends_too_early_is_refused(kind, cut):
    content = file_of(GRAY, kind)
    with pytest.raises(RechromaError):
        read(content[: int(len(content) * cut)])


@pytest.mark.parametrize("subsampling", [HALVED, WHOLE, "4:2:2"])
def test_chroma_is_written_as_it_was_read(subsampling):
    photo = read(file_of(COLOR, quality=90, subsampling=subsampling))
    changed = photo.with_pixels(photo.samples[:, ::-1])
    assert sampling(encode(changed, "jpeg")) == (HALVED if subsampling == HALVED else WHOLE)
    # Who asks for a quality wants the most of it.
    assert sampling(encode(changed, "jpeg", quality=90)) == WHOLE
    assert sampling(encode(read(COLOR), "jpeg")) == WHOLE


def test_nothing_stays_of_what_is_stripped():
    content = tagged(file_of(GRAY, quality=90), 6)
    made = encode(
        prediction(content).render(), "jpeg", options=MetadataOptions(strip_metadata=True)
    )
    with Image.open(io.BytesIO(made)) as picture:
        assert dict(picture.getexif()) == {274: 6}
