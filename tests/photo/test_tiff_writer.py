"""TIFFs of our own encoder, read by tifffile, Pillow and OpenImageIO."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import OpenImageIO as oiio
import pytest
import tifffile
from PIL import Image, ImageCms
from skimage import data

from rechroma.photo import read, write
from rechroma.photo.tiff_writer import can_write_tiff, write_tiff


def by_openimageio(file):
    straight = oiio.ImageSpec()
    straight.attribute("oiio:UnassociatedAlpha", 1)
    source = oiio.ImageInput.open(str(file), straight)
    assert source is not None
    values = source.read_image(0, 0, 0, source.spec().nchannels, oiio.UNKNOWN)
    assert values is not None, source.geterror()
    source.close()
    return values


def pictures():
    rng = np.random.default_rng(0)
    photo = data.astronaut()
    noise = rng.integers(0, 256, (531, 200, 3), dtype=np.uint8)
    deep = (photo.astype(np.uint16) << 8) + rng.integers(0, 256, photo.shape, dtype=np.uint16)
    alpha = np.dstack([photo, photo[..., :1]])
    return {
        "photograph": photo, "noise": noise, "16 bits": deep, "alpha": alpha,
        "deep alpha": alpha.astype(np.uint16) * 257, "one pixel": photo[:1, :1],
        "a row": photo[:1], "a column": photo[:, :1], "flat": np.zeros((3000, 40, 3), np.uint8),
    }  # fmt: skip


@pytest.mark.parametrize("name", pictures())
def test_every_reader_sees_the_same_samples(tmp_path, name):
    values, file = pictures()[name], tmp_path / "a.tif"
    write_tiff(file, np.ascontiguousarray(values))
    assert np.array_equal(np.reshape(tifffile.imread(file), values.shape), values)
    assert np.array_equal(np.reshape(by_openimageio(file), values.shape), values)
    if values.dtype == np.uint8:
        with Image.open(file) as picture:
            assert np.array_equal(np.asarray(picture), values)


def test_what_the_file_says(tmp_path):
    file = tmp_path / "a.tif"
    write(read(pictures()["deep alpha"]), file)
    with tifffile.TiffFile(file) as tiff:
        page = tiff.pages[0]
        assert page.compression == tifffile.COMPRESSION.ADOBE_DEFLATE
        assert page.predictor == tifffile.PREDICTOR.HORIZONTAL
        assert page.extrasamples == (tifffile.EXTRASAMPLE.UNASSALPHA,)
        profile = ImageCms.getOpenProfile(BytesIO(page.iccprofile))
        assert "sRGB" in ImageCms.getProfileDescription(profile)
        assert len(page.dataoffsets) > 1


def test_no_larger_than_zlib_at_its_best_by_more_than_a_fortieth(tmp_path):
    for name in ("photograph", "16 bits", "noise"):
        values = pictures()[name]
        write_tiff(tmp_path / "a.tif", values)
        tifffile.imwrite(
            tmp_path / "b.tif", values, compression="zlib", compressionargs={"level": 6},
            predictor=True, photometric="rgb", rowsperstrip=200,
        )  # fmt: skip
        ours, best = ((tmp_path / file).stat().st_size for file in ("a.tif", "b.tif"))
        assert ours < 1.025 * best + 4000


def test_floats_are_not_for_it():
    assert not can_write_tiff(np.zeros((2, 2, 3), np.float32))
