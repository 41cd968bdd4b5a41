import io
import shutil

import numpy as np
import OpenImageIO as oiio
import pytest
from PIL import Image
from skimage import data

from rechroma.color import linear_to_srgb
from rechroma.errors import PhotoTooLargeError, UnreadablePhotoError
from rechroma.photo import encode, read, readable_suffixes

from .conftest import COLOR, write_oiio

EXACT = ["png", "webp", "bmp", "lzw", "sixteen-tiff", "sixteen-png", "float-tiff"]


@pytest.mark.parametrize("kind", EXACT)
def test_lossless_files_come_out_exactly(files, kind):
    photo = read(files[kind])
    assert photo.pixels.dtype == np.float32
    assert np.abs(photo.pixels - COLOR / 255).max() < 1e-6
    assert not photo.was_gray
    wanted = 16 if "sixteen" in kind else 32 if "float" in kind else 8
    assert photo.bit_depth == wanted


@pytest.mark.parametrize(
    "kind", ["jpeg", "progressive", "palette", "gif", "gray", "bilevel", "fax"]
)
def test_other_files_agree_with_pillow(files, kind):
    with Image.open(files[kind]) as picture:
        plain = np.asarray(picture.convert("RGB"))
    photo = read(files[kind])
    # Decoders of JPEG may differ by a level or two.
    assert np.abs(photo.to_uint8().astype(int) - plain).max() <= 3
    assert photo.was_gray == (kind in {"gray", "bilevel", "fax"})


def test_cmyk_gives_believable_colors(files):
    assert np.abs(read(files["cmyk"]).pixels - COLOR / 255).mean() < 0.02


def test_alpha_stays_apart(tmp_path):
    alpha = np.random.default_rng(0).integers(0, 256, COLOR.shape[:2], dtype=np.uint8)
    rgba = np.dstack([COLOR, alpha])
    for suffix, options in {
        "png": {},
        "tif": {},
        "webp": {"lossless": True, "exact": True},
    }.items():
        Image.fromarray(rgba).save(tmp_path / f"a.{suffix}", **options)
        photo = read(tmp_path / f"a.{suffix}")
        assert np.array_equal(photo.alpha, alpha)
        assert np.array_equal(photo.to_uint8(), COLOR), suffix


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied_as_pillow_does(tmp_path, orientation):
    from PIL import ImageOps

    exif = Image.Exif()
    exif[274] = orientation
    path = tmp_path / "turned.jpg"
    Image.fromarray(COLOR).save(path, exif=exif, quality=95)
    with Image.open(path) as picture:
        plain = np.asarray(ImageOps.exif_transpose(picture))
    photo = read(path)
    assert np.abs(photo.to_uint8().astype(int) - plain).max() <= 3
    with Image.open(io.BytesIO(encode(photo, "jpeg"))) as written:
        assert written.getexif().get(274, 1) == 1


def test_all_pages_but_the_first_are_counted(tmp_path):
    picture = Image.fromarray(COLOR)
    picture.save(tmp_path / "m.tif", save_all=True, append_images=[picture, picture])
    assert read(tmp_path / "m.tif").pages_dropped == 2


def test_linear_floats_are_encoded(tmp_path):
    linear = np.linspace(0, 1.5, 300, dtype=np.float32).reshape(10, 10, 3)
    write_oiio(tmp_path / "a.exr", linear)
    half = linear_to_srgb(np.clip(linear, 0, 1))
    assert np.abs(read(tmp_path / "a.exr").pixels - half).max() < 2e-3


def test_bytes_files_arrays_and_pillow_agree_with_the_path(files):
    path = files["png"]
    wanted = read(path).pixels
    with path.open("rb") as file, Image.open(path) as picture:
        for source in (path.read_bytes(), file, picture, COLOR, str(path)):
            assert np.abs(read(source).pixels - wanted).max() < 1e-6
    assert np.abs(read(Image.fromarray(COLOR).convert("L")).pixels[..., 0] * 255
                  - np.asarray(Image.fromarray(COLOR).convert("L"))).max() < 1e-3  # fmt: skip


def test_the_content_decides_not_the_suffix(files, tmp_path):
    shutil.copy(files["png"], tmp_path / "renamed.jpg")
    assert read(tmp_path / "renamed.jpg").format == "png"


def test_profiles_are_converted_at_8_and_16_bits_alike(tmp_path, adobe_profile):
    """The float way of 16-bit files agrees with LittleCMS."""
    pale = (COLOR // 2 + 60).astype(np.uint8)
    Image.fromarray(pale).save(tmp_path / "eight.png", icc_profile=adobe_profile)
    values = pale.astype(np.uint16) * 257
    spec = oiio.ImageSpec(values.shape[1], values.shape[0], 3, "uint16")
    icc = np.frombuffer(adobe_profile, np.uint8)
    spec.attribute("ICCProfile", oiio.TypeDesc(f"uint8[{icc.size}]"), icc)
    output = oiio.ImageOutput.create("tiff")
    assert output.open(str(tmp_path / "sixteen.tif"), spec)
    output.write_image(values)
    output.close()
    eight, sixteen = read(tmp_path / "eight.png"), read(tmp_path / "sixteen.tif")
    assert np.abs(eight.pixels - pale / 255).max() > 0.02, "nothing was converted"
    assert np.abs(eight.pixels - sixteen.pixels).max() < 1.6 / 255


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp", "lzw", "gif"])
@pytest.mark.parametrize("share", [0.02, 0.5, 0.97])
def test_truncated_files_are_errors(files, tmp_path, kind, share):
    content = files[kind].read_bytes()
    broken = tmp_path / files[kind].name
    broken.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(UnreadablePhotoError, match=broken.stem):
        read(broken)


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"\0" * 999]
)
def test_what_is_no_picture_is_one_clear_error(tmp_path, content):
    path = tmp_path / "nonsense.jpg"
    path.write_bytes(content)
    with pytest.raises(UnreadablePhotoError) as caught:
        read(path)
    assert "\n" not in str(caught.value)
    with pytest.raises(UnreadablePhotoError):
        read(content)


def test_missing_files_and_folders(tmp_path):
    for path in (tmp_path, tmp_path / "none.jpg"):
        with pytest.raises(UnreadablePhotoError, match=path.name):
            read(path)


def test_the_limit_is_checked_before_decoding(tmp_path, files):
    with pytest.raises(PhotoTooLargeError, match="--max-pixels"):
        read(files["png"], max_pixels=1000)
    with pytest.raises(PhotoTooLargeError):
        read(COLOR, max_pixels=1000)
    # A header that promises 65,535 × 65,535 pixels, with nothing behind it.
    content = bytearray(files["jpeg"].read_bytes())
    at = content.index(b"\xff\xc0") + 5
    content[at : at + 4] = b"\xff\xff\xff\xff"
    (tmp_path / "bomb.jpg").write_bytes(content)
    # The decoder may have a limit of its own, below ours.
    with pytest.raises((PhotoTooLargeError, UnreadablePhotoError)):
        read(tmp_path / "bomb.jpg")


@pytest.mark.parametrize("shape", [(0, 5, 3), (5,), (2, 2, 5), (1, 2, 3, 4)])
def test_arrays_that_are_no_pictures(shape):
    with pytest.raises(UnreadablePhotoError):
        read(np.zeros(shape, np.uint8))
    with pytest.raises(UnreadablePhotoError, match="int64"):
        read(np.zeros((2, 2), np.int64))


def test_grays_of_all_kinds_have_equal_channels():
    for values in (data.camera(), data.camera()[..., None], data.camera() > 99):
        photo = read(values)
        assert photo.was_gray
        assert np.array_equal(photo.pixels[..., 0], photo.pixels[..., 2])


def test_suffixes_have_dots_and_lower_case():
    assert {".jpg", ".png", ".tif", ".webp"} <= readable_suffixes()
    assert all(suffix == suffix.lower() and suffix[0] == "." for suffix in readable_suffixes())


def test_a_pillow_image_whose_gray_is_premultiplied():
    picture = Image.new("LA", (8, 6), (100, 128)).convert("La")
    photo = read(picture)
    assert np.abs(photo.samples.astype(int) - 100).max() <= 1
    assert (photo.alpha == 128).all()
