"""AVIF made by Pillow's encoder, against the pixels that went into it."""

import base64
import io

import numpy as np
import pytest
from PIL import Image, ImageOps

from rechroma.errors import PhotoTooLargeError, UnreadablePhotoError
from rechroma.photo import encode, read, readable_suffixes
from rechroma.photo.formats import SIGNATURE_LENGTH, recognize

from .conftest import COLOR

NEARLY = {"quality": 100, "subsampling": "4:4:4"}
# 16×8 pixels of 10 bits, left half (1023, 0, 0), right half (0, 0, 1023), by libaom's encoder.
TEN_BITS = base64.b64decode(
    "AAAAIGZ0eXBhdmlmAAAAAGF2aWZtaWYxbWlhZk1BMUEAAADrbWV0YQAAAAAAAAAhaGRscgAAAAAAAAAAcGljdAAAAA"
    "AAAAAAAAAAAAAAAAAOcGl0bQAAAAAAAQAAAB5pbG9jAAAAAEQAAAEAAQAAAAEAAAETAAAAOgAAAChpaW5mAAAAAAAB"
    "AAAAGmluZmUCAAAAAAEAAGF2MDFDb2xvcgAAAABqaXBycAAAAEtpcGNvAAAAFGlzcGUAAAAAAAAAEAAAAAgAAAAQcG"
    "l4aQAAAAADCgoKAAAADGF2MUOBIEAAAAAAE2NvbHJuY2x4AAIAAgAGgAAAABdpcG1hAAAAAAAAAAEAAQQBAoMEAAAA"
    "Qm1kYXQSAAoIOAy/t4EBA0gyLBECI1KAAPIAABD6Vu4KoZVBWAVKVCuZAxc0Tpl10JFouKc4ai2O+jRQ5BSU"
)


def saved(path, pixels=COLOR, **options):
    Image.fromarray(pixels).save(path, **NEARLY, **options)
    return path


def test_pixels_are_what_was_written(tmp_path):
    path = saved(tmp_path / "a.avif")
    photo = read(path)
    assert np.abs(photo.to_uint8().astype(int) - COLOR).max() <= 3
    assert (photo.bit_depth, photo.format, photo.pages_dropped) == (8, "avif", 0)
    assert not photo.was_gray
    for source in (path.read_bytes(), io.BytesIO(path.read_bytes())):
        assert np.array_equal(read(source).samples, photo.samples)
    assert ".avif" in readable_suffixes()


def test_gray_stays_gray(tmp_path):
    gray = np.asarray(Image.fromarray(COLOR).convert("L"))
    Image.fromarray(gray).save(tmp_path / "gray.avif", quality=100)
    photo = read(tmp_path / "gray.avif")
    assert photo.was_gray
    assert np.abs(photo.to_uint8().astype(int) - gray[..., None]).max() <= 3


def test_alpha_stays_apart(tmp_path):
    alpha = np.random.default_rng(0).integers(0, 256, COLOR.shape[:2], dtype=np.uint8)
    photo = read(saved(tmp_path / "a.avif", np.dstack([COLOR, alpha])))
    assert np.abs(photo.alpha.astype(int) - alpha).max() <= 3
    assert np.abs(photo.to_uint8().astype(int) - COLOR).max() <= 3


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied_as_pillow_does_to_a_png(tmp_path, orientation):
    exif = Image.Exif()
    exif[274] = orientation
    picture = Image.fromarray(COLOR)
    picture.save(tmp_path / "turned.png", exif=exif)
    with Image.open(tmp_path / "turned.png") as turned:
        plain = np.asarray(ImageOps.exif_transpose(turned))
    photo = read(saved(tmp_path / "turned.avif", exif=exif))
    assert np.abs(photo.to_uint8().astype(int) - plain).max() <= 3
    with Image.open(io.BytesIO(encode(photo, "jpeg"))) as written:
        assert written.getexif().get(274, 1) == 1


def test_metadata_are_those_of_a_jpeg(tmp_path):
    exif = Image.Exif()
    exif[271] = "Maker"
    exif.get_ifd(0x8769)[0x9003] = "1936:03:05 12:00:00"
    exif.get_ifd(0x8825)[1], exif.get_ifd(0x8825)[2] = "N", (35.0, 2.0, 0.0)
    xmp = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/'
        b'22-rdf-syntax-ns#"><rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/'
        b'1.1/"><dc:creator>somebody</dc:creator></rdf:Description></rdf:RDF></x:xmpmeta>'
    )
    Image.fromarray(COLOR).save(tmp_path / "a.jpg", exif=exif, xmp=xmp)
    photo = read(saved(tmp_path / "a.avif", exif=exif, xmp=xmp))
    of_jpeg = read(tmp_path / "a.jpg").metadata
    assert (photo.metadata.exif, photo.metadata.xmp) == (of_jpeg.exif, of_jpeg.xmp)


def test_a_profile_is_converted_as_a_pngs(tmp_path, adobe_profile):
    pale = (COLOR // 2 + 60).astype(np.uint8)
    Image.fromarray(pale).save(tmp_path / "a.png", icc_profile=adobe_profile)
    photo = read(saved(tmp_path / "a.avif", pale, icc_profile=adobe_profile))
    assert np.abs(photo.pixels - pale / 255).max() > 0.02, "nothing was converted"
    wanted = read(tmp_path / "a.png").to_uint8().astype(int)
    assert np.abs(photo.to_uint8() - wanted).max() <= 5


def test_ten_bits_become_eight():
    photo = read(TEN_BITS)
    assert (photo.bit_depth, photo.samples.dtype) == (8, np.uint8)
    red, blue = photo.samples[4, 2].astype(int), photo.samples[4, 13].astype(int)
    assert np.abs(red - [255, 0, 0]).max() <= 6
    assert np.abs(blue - [0, 0, 255]).max() <= 6


def test_frames_beyond_the_first_are_counted(tmp_path):
    picture = Image.fromarray(COLOR)
    others = [ImageOps.invert(picture), picture]
    picture.save(tmp_path / "film.avif", save_all=True, append_images=others, **NEARLY)
    photo = read(tmp_path / "film.avif")
    assert photo.pages_dropped == 2
    assert np.abs(photo.to_uint8().astype(int) - COLOR).max() <= 3


@pytest.mark.parametrize("share", [0.1, 0.5, 0.97])
def test_truncated_files_are_errors(tmp_path, share):
    path = saved(tmp_path / "cut.avif")
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(UnreadablePhotoError, match=r"cut\.avif: can't be read"):
        read(path)


def test_the_limit_is_checked(tmp_path):
    with pytest.raises(PhotoTooLargeError, match=r"a\.avif"):
        read(saved(tmp_path / "a.avif"), max_pixels=1000)


def test_brands_tell_avif_from_its_relatives():
    def is_avif(head):
        found = recognize(head[:SIGNATURE_LENGTH])
        return found is not None and found.name == "avif"

    assert is_avif(b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf")
    assert is_avif(b"\0\0\0\x20ftypavis")
    assert not is_avif(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
    assert not is_avif(b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom")
