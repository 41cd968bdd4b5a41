"""Blocks through every container, read again by Pillow."""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from rechroma.metadata import Mark, Metadata, Resolution, is_marked, read_metadata
from rechroma.photo import encode, read, write

XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
    'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
    'xmlns:lr="http://ns.adobe.com/lightroom/1.0/"><lr:hierarchicalSubject><rdf:Bag>'
    "<rdf:li>Places|Łódź</rdf:li></rdf:Bag></lr:hierarchicalSubject></rdf:Description>"
    "</rdf:RDF></x:xmpmeta>"
).encode()
FORMATS = ["jpeg", "png", "tiff", "webp", "jpeg2000"]


def exif_of():
    exif = Image.Exif()
    exif[271] = "Maker"
    exif[315] = "Ł\xf3d\u017a".encode()
    details = exif.get_ifd(0x8769)
    details[0x8827], details[0x927C] = 400, b"secret positions" * 4
    exif.get_ifd(0x8825)[1] = "N"
    return exif.tobytes()[6:]


def photo_of(**blocks):
    return replace(read(np.full((40, 50, 3), 90, np.uint8)), metadata=Metadata(**blocks))


@pytest.mark.parametrize("first", FORMATS)
@pytest.mark.parametrize("second", FORMATS)
def test_exif_and_xmp_survive_every_pair(first, second):
    photo = photo_of(exif=exif_of(), xmp=XMP)
    again = read(encode(read(encode(photo, first)), second)).metadata
    assert again.xmp == XMP
    found = Image.Exif()
    found.load(b"Exif\0\0" + again.exif)
    details = found.get_ifd(0x8769)
    assert found[271] == "Maker"
    assert (details[0x8827], details[0x927C]) == (400, b"secret positions" * 4)
    assert found.get_ifd(0x8825)[1] == "N"


@pytest.mark.parametrize("name", ["jpeg", "png", "tiff", "webp"])
def test_pillow_reads_what_is_written(name):
    with Image.open(io.BytesIO(encode(photo_of(exif=exif_of(), xmp=XMP), name))) as picture:
        assert picture.getexif()[271] == "Maker"
        assert picture.getexif().get_ifd(0x8769)[0x8827] == 400
        packet = picture.tag_v2[700] if name == "tiff" else picture.info["xmp"]
        assert packet == XMP
        assert np.abs(np.asarray(picture).astype(int) - 90).max() <= 2


@pytest.mark.parametrize("name", ["jpeg", "png", "tiff", "jpeg2000"])
def test_iptc_survives(name):
    records = b"\x1c\x02\x19\x00\x06Family"
    assert read(encode(photo_of(iptc=records), name)).metadata.iptc == records


@pytest.mark.parametrize("name", FORMATS)
def test_resolution_survives(name):
    found = read(encode(photo_of(resolution=Resolution(600, 600, "inch")), name)).metadata
    assert found.resolution == (600, 600, "inch")


def test_comments_need_no_encoding():
    comment = "Großmutter".encode("latin-1")
    assert read(encode(photo_of(comments=(comment,)), "jpeg")).metadata.comments == (comment,)


@pytest.mark.parametrize("name", FORMATS)
def test_broken_blocks_cost_no_picture(name):
    assert read(encode(photo_of(exif=b"no EXIF", xmp=b"<no XMP"), name)).width == 50


def test_the_mark(tmp_path):
    photo = photo_of(xmp=XMP)
    write(photo, tmp_path / "plain.jpg")
    marked = replace(photo.metadata, mark=Mark("Rechroma 1 (model)", machine_colored=True))
    write(replace(photo, metadata=marked), tmp_path / "marked.jpg")
    assert is_marked(tmp_path / "marked.jpg")
    assert not is_marked(tmp_path / "plain.jpg")
    packet = read_metadata(tmp_path / "marked.jpg").xmp
    assert b"compositeWithTrainedAlgorithmicMedia" in packet
    assert "Places|Łódź".encode() in packet


def test_extended_xmp_is_split_and_joined():
    large = XMP.replace(b"Places|", b"Places|" + b"x" * 100_000)
    written = encode(photo_of(xmp=large), "jpeg")
    assert b"http://ns.adobe.com/xmp/extension/" in written
    assert b"x" * 100_000 in read(written).metadata.xmp
