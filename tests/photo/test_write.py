import io
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from PIL import Image, ImageCms

from rechroma.errors import UnwritableFileError, UnwritablePhotoError
from rechroma.photo import encode, read, write
from rechroma.photo.icc import srgb_profile

from .conftest import COLOR


@settings(max_examples=40)
@given(
    npst.arrays(
        st.sampled_from([np.uint8, np.uint16]),
        st.tuples(st.integers(1, 20), st.integers(1, 20), st.sampled_from([1, 3, 4])),
    ),
    st.sampled_from(["png", "tiff"]),
)
def test_integers_survive_bit_for_bit(values, name):
    photo = read(encode(read(values), name))
    assert photo.bit_depth == values.dtype.itemsize * 8
    top = np.iinfo(values.dtype).max
    stored = np.rint(photo.pixels.astype(np.float64) * top)
    assert np.array_equal(stored, np.broadcast_to(values[..., :3], stored.shape))
    if values.shape[2] == 4:
        assert np.array_equal(photo.alpha, values[..., 3])


BOUNDS = {"jpg": 0.12, "webp": 0.2, "jp2": 0.2}
SUFFIXES = ["jpg", "webp", "jp2", "png", "tif", "bmp", "exr", "ppm", "tga"]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_format_holds_the_picture(tmp_path, suffix):
    bound = BOUNDS.get(suffix, 0.003)
    read(COLOR).save(tmp_path / f"a.{suffix}")
    assert np.abs(read(tmp_path / f"a.{suffix}").pixels - COLOR / 255).max() < bound


def test_floats_stay_floats(tmp_path):
    values = np.random.default_rng(0).random((5, 6, 3)).astype(np.float32)
    read(values).save(tmp_path / "a.tif")
    assert np.array_equal(read(tmp_path / "a.tif").pixels, values)


def test_16_bits_are_rounded_where_a_format_has_8():
    values = np.arange(0, 65536, 257 * 3 + 7, dtype=np.uint16).reshape(1, -1)
    photo = read(encode(read(values), "bmp"))
    assert np.abs(photo.pixels[..., 0] * 255 - values / 257).max() <= 0.501


def test_outputs_are_tagged_as_srgb_and_keep_exif(tmp_path):
    exif = Image.Exif()
    exif[0x010F], exif[274] = "Rechroma Camera", 6
    Image.fromarray(COLOR).save(tmp_path / "a.jpg", exif=exif)
    read(tmp_path / "a.jpg").save(tmp_path / "b.jpg")
    with Image.open(tmp_path / "b.jpg") as picture:
        assert picture.size == (COLOR.shape[0], COLOR.shape[1])
        assert b"sRGB" in picture.info["icc_profile"].replace(b"\0", b"")
        assert picture.getexif()[0x010F] == "Rechroma Camera"
        assert picture.getexif().get(274, 1) == 1


def test_jpeg_chroma_is_not_subsampled():
    edge = np.zeros((16, 16, 3), np.uint8)
    edge[:, ::2] = (255, 0, 0)
    edge[:, 1::2] = (0, 0, 255)
    assert np.abs(read(encode(read(edge), "jpeg")).to_uint8().astype(int) - edge).mean() < 12


def test_an_existing_file_is_refused_or_replaced(tmp_path):
    target = tmp_path / "a.png"
    target.write_bytes(b"precious")
    with pytest.raises(UnwritableFileError, match="overwrite"):
        write(read(COLOR), target)
    assert target.read_bytes() == b"precious"
    write(read(COLOR), target, overwrite=True)
    assert np.array_equal(read(target).to_uint8(), COLOR)
    assert list(tmp_path.iterdir()) == [target]


def test_nothing_is_left_after_a_failure(tmp_path, monkeypatch):
    def fail(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("rechroma.photo.openimageio_codec.OpenImageIOCodec.encode", fail)
    with pytest.raises(UnwritableFileError, match="No space"):
        write(read(COLOR), tmp_path / "a.png")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["a.xyz", "a", "a.gif"])
def test_formats_that_cannot_be_written(tmp_path, name):
    with pytest.raises(UnwritablePhotoError, match=name.split(".")[-1]):
        write(read(COLOR), tmp_path / name)


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(UnwritableFileError, match="nowhere"):
        write(read(COLOR), tmp_path / "nowhere" / "a.png")


def test_file_systems_without_hard_links(tmp_path, monkeypatch):
    def no_links(*_):
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr("os.link", no_links)
    write(read(COLOR), tmp_path / "a.png")
    assert np.array_equal(read(tmp_path / "a.png").to_uint8(), COLOR)
    with pytest.raises(UnwritableFileError, match="exists already"):
        write(read(COLOR), tmp_path / "a.png")


def test_pillow_interchange():
    rgba = np.dstack([COLOR, np.full(COLOR.shape[:2], 77, np.uint8)])
    picture = read(rgba).to_pil()
    assert picture.mode == "RGBA"
    assert np.array_equal(np.asarray(picture), rgba)


def test_the_profile_is_the_same_at_every_second():
    """LittleCMS dates a profile by the clock; two runs must give the same bytes."""
    first = srgb_profile()
    srgb_profile.cache_clear()
    assert first == srgb_profile()
    assert struct.unpack(">6H", first[24:36]) == (2000, 1, 1, 0, 0, 0)
    assert ImageCms.ImageCmsProfile(io.BytesIO(first)).profile.creation_date is not None


def test_arrays_and_notebooks_see_the_picture():
    samples = np.random.default_rng(7).integers(0, 256, (30, 2000, 3), dtype=np.uint8)
    photo = read(samples)
    np.testing.assert_array_equal(np.asarray(photo), samples)
    shown = Image.open(io.BytesIO(photo._repr_png_()))
    assert shown.format == "PNG"
    assert max(shown.size) == 1024
