import numpy as np
import OpenImageIO as oiio
import pytest
from PIL import Image

from rechroma.errors import PhotoTooLargeError, UnreadablePhotoError, UnwritableFileError
from rechroma.photo import read, strips, write
from rechroma.photo.strips import open_strips


@pytest.fixture(autouse=True)
def small_strips(monkeypatch):
    monkeypatch.setattr(strips, "_STRIP_PIXELS", 64 * 200)


def darker(samples):
    return samples // 2


@pytest.fixture
def picture():
    return np.random.default_rng(0).integers(0, 256, (531, 200, 3), dtype=np.uint8)


@pytest.mark.parametrize("suffix", [".tif", ".png"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [3, 4])
def test_strips_give_what_the_whole_gives(tmp_path, picture, suffix, dtype, channels):
    pixels = np.dstack([picture, picture[..., :1]])[..., :channels].astype(dtype)
    file = tmp_path / f"in{suffix}"
    write(read(pixels), file)
    found = open_strips(file, max_pixels=None)
    assert found is not None
    out = tmp_path / f"out{suffix}"
    assert found.can_be_written(out)
    found.write(out, darker, quality=None, overwrite=False)
    whole, changed = read(file), read(out)
    assert np.array_equal(changed.samples, darker(whole.samples))
    assert changed.samples.dtype == dtype
    if channels == 4:
        assert np.array_equal(changed.alpha, whole.alpha)


def test_a_jpeg_keeps_its_metadata(tmp_path, picture):
    file = tmp_path / "in.jpg"
    exif = Image.Exif()
    exif[0x010E] = "a harbor"
    Image.fromarray(picture).save(file, exif=exif)
    out = tmp_path / "out.jpg"
    open_strips(file, max_pixels=None).write(out, darker, quality=90, overwrite=False)
    with Image.open(out) as written:
        assert written.getexif()[0x010E] == "a harbor"
        assert "icc_profile" in written.info
    # Every strip was encoded, the last one too.
    error = read(out).samples.astype(int) - darker(read(file).samples)
    assert np.abs(error).mean() < 8


def test_a_thumbnail_is_the_mean_of_blocks(tmp_path, picture):
    file = tmp_path / "in.png"
    write(read(picture), file)
    small = open_strips(file, max_pixels=None).thumbnail(100)
    assert small.samples.shape == (107, 40, 3)
    blocks = picture[:530].reshape(106, 5, 40, 5, 3).mean(axis=(1, 3)) / 255
    assert np.abs(small.samples[:106] - blocks).max() < 1e-5


def test_what_needs_the_whole_picture_is_refused(tmp_path, picture, adobe_profile):
    gray, rotated, foreign = (tmp_path / f"{n}.tif" for n in ("gray", "rotated", "foreign"))
    for suffix in ("webp", "png"):
        write(read(picture), tmp_path / f"picture.{suffix}")
    Image.fromarray(picture[..., 0]).save(gray)
    Image.fromarray(picture).save(rotated, tiffinfo={274: 6})
    Image.fromarray(picture).save(foreign, icc_profile=adobe_profile)
    for file in (tmp_path / "picture.webp", gray, rotated, foreign, tmp_path / "none.tif"):
        assert open_strips(file, max_pixels=None) is None


def test_a_broken_file_leaves_nothing(tmp_path, picture):
    file = tmp_path / "in.png"
    write(read(picture), file)
    file.write_bytes(file.read_bytes()[:40_000])
    found = open_strips(file, max_pixels=None)
    with pytest.raises(UnreadablePhotoError, match=r"in\.png"):
        found.write(tmp_path / "out.png", darker, quality=None, overwrite=False)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.png"]


def test_nothing_is_written_over_and_limits_hold(tmp_path, picture):
    file = tmp_path / "in.png"
    write(read(picture), file)
    found = open_strips(file, max_pixels=None)
    with pytest.raises(UnwritableFileError, match="exists already"):
        found.write(file, darker, quality=None, overwrite=False)
    with pytest.raises(PhotoTooLargeError):
        open_strips(file, max_pixels=1000)
    assert not found.can_be_written(tmp_path / "out.webp")


def test_a_tiled_picture_is_left_to_the_whole_path(tmp_path, picture):
    spec = oiio.ImageSpec(200, 531, 3, oiio.UINT8)
    spec.tile_width = spec.tile_height = 64
    output = oiio.ImageOutput.create("tiff")
    output.open(str(tmp_path / "tiled.tif"), spec)
    output.write_image(picture)
    output.close()
    assert open_strips(tmp_path / "tiled.tif", max_pixels=None) is None
