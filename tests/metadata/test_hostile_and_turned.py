"""What readers of metadata meet: other byte orders, bombs, flipped bits, turned pictures."""

import io
import re
import struct
import zlib
from dataclasses import replace

import numpy as np
import pytest
import tifffile
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from rechroma.batch.inputs import find_pictures
from rechroma.errors import RechromaError
from rechroma.metadata import Metadata, MetadataOptions, Resolution, prepare, read_metadata
from rechroma.metadata.model import MAX_BLOCK
from rechroma.photo import encode, read, write

from .test_round_trips import FORMATS, XMP, exif_of, photo_of

REGION = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
    b'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
    b'xmlns:mwg-rs="http://www.metadataworkinggroup.com/schemas/regions/" '
    b'xmlns:stArea="http://ns.adobe.com/xmp/sType/Area#" '
    b'xmlns:exif="http://ns.adobe.com/exif/1.0/" exif:GPSLatitude="52,30.5N">'
    b'<mwg-rs:Regions rdf:parseType="Resource"><mwg-rs:RegionList><rdf:Bag>'
    b'<rdf:li rdf:parseType="Resource"><mwg-rs:Area stArea:x="0.2" stArea:y="0.1" stArea:w="0.3" '
    b'stArea:h="0.1" stArea:unit="normalized"/></rdf:li></rdf:Bag></mwg-rs:RegionList>'
    b"</mwg-rs:Regions></rdf:Description></rdf:RDF></x:xmpmeta>"
)
CARRIERS = [*FORMATS, "avif"]


def exif_with(order=b"II", **values):
    sign = "<" if order == b"II" else ">"
    date = b"1999:12:31 23:59:59\0"
    entries = [
        struct.pack(f"{sign}HHIH2x", 274, 3, 1, values.get("orientation", 1)),
        struct.pack(f"{sign}HHII", 306, 2, len(date), 38),
    ]
    head = order + struct.pack(f"{sign}HIH", 42, 8, len(entries))
    return head + b"".join(entries) + bytes(4) + date


@pytest.mark.parametrize("orientation", range(1, 9))
def test_regions_are_turned_as_the_pixels_are(orientation):
    pixels = np.zeros((40, 20), np.uint8)
    pixels[4 - 2 : 4 + 2, 4 - 3 : 4 + 3] = 255  # the region's own pixels
    exif = Image.Exif()
    exif[274] = orientation
    stored = io.BytesIO()
    Image.fromarray(pixels).save(stored, "PNG", exif=exif)
    photo = read(stored.getvalue())
    photo = replace(photo, metadata=replace(photo.metadata, xmp=REGION))
    packet = prepare(
        photo.metadata, "jpeg", photo.width, photo.height, MetadataOptions()
    ).xmp.decode()
    x, y, w, h = (float(re.search(f'stArea:{key}="([^"]+)"', packet)[1]) for key in "xywh")
    rows, columns = np.nonzero(photo.to_uint8()[..., 0])
    assert x * photo.width == pytest.approx((columns.min() + columns.max() + 1) / 2)
    assert y * photo.height == pytest.approx((rows.min() + rows.max() + 1) / 2)
    assert w * photo.width == pytest.approx(np.ptp(columns) + 1)
    assert h * photo.height == pytest.approx(np.ptp(rows) + 1)


@pytest.mark.parametrize("order", [b"II", b"MM"])
@pytest.mark.parametrize("name", CARRIERS)
def test_either_byte_order_keeps_its_date(order, name):
    written = encode(photo_of(exif=exif_with(order, orientation=6)), name)
    again = read(written).metadata
    found = Image.Exif()
    found.load(b"Exif\0\0" + again.exif)
    assert found[306] == "1999:12:31 23:59:59"
    assert found.get(274, 1) == 1


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("big", [False, True])
def test_tiff_of_any_order_and_size(tmp_path, order, big):
    tifffile.imwrite(
        tmp_path / "a.tif", np.full((40, 50, 3), 90, np.uint8), byteorder=order, bigtiff=big,
        photometric="rgb", datetime="1999:12:31 23:59:59", resolution=(600, 600),
        extratags=[(315, 2, 5, "Luise", True), (700, 1, len(XMP), XMP, True)],
    )  # fmt: skip
    photo = read(tmp_path / "a.tif")
    with Image.open(io.BytesIO(encode(photo, "tiff"))) as picture:
        tags = picture.tag_v2
        assert (tags[306], tags[315]) == ("1999:12:31 23:59:59", "Luise")
        assert (float(tags[282]), tags[296]) == (600, 2)
        assert tags[700] == XMP
    assert read(encode(photo, "jpeg")).metadata.xmp == XMP


@pytest.mark.parametrize("name", CARRIERS)
def test_coordinates_go_and_the_rest_stays(tmp_path, name):
    exif = Image.Exif()
    exif[271] = "Maker"
    exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 12.0)})
    photo = photo_of(exif=exif.tobytes()[6:], xmp=REGION)
    file = tmp_path / "picture"
    write(photo, file, format=name, strip_gps=True)
    content = file.read_bytes()
    assert b"GPSLatitude" not in content
    found = Image.Exif()
    found.load(b"Exif\0\0" + read_metadata_of(file, name).exif)
    assert found[271] == "Maker"
    assert not dict(found.get_ifd(0x8825))
    assert struct.pack("<6I", 52, 1, 31, 1, 12, 1) not in content


@pytest.mark.parametrize("name", ["png", "jpeg", "tiff", "webp"])
def test_coordinates_in_texts_go_too(tmp_path, name):
    # As ImageMagick writes them beside the block that they are from.
    texts = PngInfo()
    texts.add_text("exif:GPSLatitude", "52/1, 31/1, 12/1")
    texts.add_itxt("xmp:GPSLongitude", "13,24.3E")
    texts.add_text("Author", "Luise")
    Image.new("L", (20, 20), 90).save(tmp_path / "a.png", pnginfo=texts)
    write(read(tmp_path / "a.png"), tmp_path / "b", format=name, strip_gps=True)
    content = (tmp_path / "b").read_bytes()
    assert b"52/1" not in content
    assert b"13,24" not in content
    assert b"Luise" in content


def read_metadata_of(file, name):
    return read(file).metadata if name == "avif" else read_metadata(file)


@pytest.mark.parametrize("name", CARRIERS)
def test_nothing_of_it_stays(name, tmp_path):
    photo = photo_of(exif=exif_of(), xmp=XMP, comments=(b"c",), resolution=Resolution(9, 9, "inch"))
    write(photo.marked("a model", machine_colored=True), tmp_path / "a", format=name,
          strip_metadata=True, mark=False)  # fmt: skip
    found = read(tmp_path / "a").metadata
    kept = (found.xmp, found.iptc, found.photoshop, found.comments, found.texts)
    assert not any(kept)
    assert found.resolution is None or found.resolution != (9, 9, "inch")
    content = (tmp_path / "a").read_bytes()
    for said in (b"Maker", b"secret positions", b"Places|", b"a model", b"Rechroma"):
        assert said not in content


def test_dates_are_kept_on_request(tmp_path):
    import os

    write(photo_of(), tmp_path / "a.png")
    os.utime(tmp_path / "a.png", (1_000_000_000, 1_000_000_001))
    read(tmp_path / "a.png").save(tmp_path / "b.jpg", keep_dates=True)
    read(tmp_path / "a.png").save(tmp_path / "c.jpg")
    assert (tmp_path / "b.jpg").stat().st_mtime == 1_000_000_001
    assert (tmp_path / "c.jpg").stat().st_mtime > 1_500_000_000


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def test_bombs_of_text_are_left_out(tmp_path):
    plain = encode(photo_of(), "png")
    bomb = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(MAX_BLOCK + 1), 9))
    small = chunk(b"zTXt", b"Title\0\0" + zlib.compress(b"Harbor"))
    (tmp_path / "a.png").write_bytes(plain[:33] + small + bomb * 30 + plain[33:])
    found = read_metadata(tmp_path / "a.png")
    assert [each.value for each in found.texts] == ["Harbor"]
    assert found.notes == ("a text chunk is broken, and was left out",)
    assert read(tmp_path / "a.png").width == 50


@pytest.mark.parametrize("name", CARRIERS)
def test_flipped_bits_in_metadata_raise_nothing(tmp_path, name):
    photo = photo_of(exif=exif_of(), xmp=REGION, iptc=b"\x1c\x02\x19\x00\x06Family")
    content, chance = encode(photo, name), np.random.default_rng(len(name))
    places = [m.start() for m in re.finditer(b"Maker|adobe:ns|Family|II\\*|GPSLat", content)]
    assert places
    file = tmp_path / "picture"
    for _ in range(150):
        broken = bytearray(content)
        for _ in range(3):
            at = int(chance.choice(places) + chance.integers(-40, 120))
            broken[max(12, min(at, len(broken) - 1))] ^= 1 << int(chance.integers(8))
        file.write_bytes(broken)
        found = read_metadata(file)
        for target in ("jpeg", "tiff", "avif"):
            prepare(found, target, 40, 50, MetadataOptions(strip_gps=True))


def test_a_flipped_bit_of_a_block_costs_no_jpeg():
    content = encode(photo_of(exif=exif_of(), xmp=REGION), "jpeg")
    start, chance = content.index(b"Exif\0\0") + 6, np.random.default_rng(7)
    end = start + len(exif_of())
    for _ in range(120):
        broken = bytearray(content)
        broken[chance.integers(start, end)] ^= 1 << int(chance.integers(8))
        photo = read(bytes(broken))
        assert {photo.width, photo.height} == {50, 40}
        for name in ("jpeg", "tiff", "png", "webp"):
            assert read(encode(photo, name)).width == photo.width


@pytest.mark.parametrize("name", ["bmp", "targa", "pnm", "openexr"])
def test_what_is_lost_is_said(name):
    kept = prepare(photo_of(exif=exif_of(), xmp=XMP).metadata, name, 50, 40, MetadataOptions())
    assert kept.notes == (f"{name} can't carry EXIF and XMP",)
    resolution = Metadata(exif=exif_with(), resolution=Resolution(300, 300, "inch"))
    exif = Image.Exif()
    exif[274], exif[282] = 1, 300.0
    nothing = replace(resolution, exif=exif.tobytes()[6:])
    assert prepare(nothing, name, 50, 40, MetadataOptions()).notes == ()


@pytest.mark.parametrize("name", ["bmp", "targa", "pnm", "openexr"])
def test_a_mark_that_no_place_is_for_is_said(name):
    marked = photo_of().marked("net", machine_colored=True).metadata
    note = f"{name} can't say that a machine made the colors"
    for options in (MetadataOptions(), MetadataOptions(strip_metadata=True)):
        assert prepare(marked, name, 50, 40, options).notes == (note,)
    assert prepare(marked, name, 50, 40, MetadataOptions(mark=False)).notes == ()
    assert prepare(photo_of().marked("look").metadata, name, 50, 40, MetadataOptions()).notes == ()


def test_comments_of_a_bare_code_stream_are_carried(tmp_path):
    """The encoder's own is none of them."""
    file = tmp_path / "a.j2k"
    Image.new("RGB", (64, 64)).save(file, no_jp2=True)
    content = file.read_bytes()
    at = content.index(b"\xff\x64")
    comment = "Café, 1931".encode("latin-1")
    segment = b"\xff\x64" + struct.pack(">HH", len(comment) + 4, 1) + comment
    file.write_bytes(content[:at] + segment + content[at:])
    photo = read(file)
    assert photo.metadata.comments == (comment,)
    photo.save(tmp_path / "b.png")
    assert Image.open(tmp_path / "b.png").text["Comment"] == "Café, 1931"
    photo.save(tmp_path / "b.j2k")
    assert comment in read_metadata(tmp_path / "b.j2k").exif


def test_marks_say_how_and_by_whom(tmp_path):
    photo = photo_of().marked("net; strength 1", machine_colored=True)
    photo.save(tmp_path / "a.jpg")
    packet = read_metadata(tmp_path / "a.jpg").xmp.decode()
    assert re.search(r'CreatorTool="Rechroma \d[^ ]* \(net; strength 1\)"', packet)
    assert packet.count("compositeWithTrainedAlgorithmicMedia") == 1
    read(tmp_path / "a.jpg").marked("look warm").save(tmp_path / "b.jpg")
    packet = read_metadata(tmp_path / "b.jpg").xmp.decode()
    assert "(look warm)" in packet
    assert "strength 1" not in packet
    assert packet.count("compositeWithTrainedAlgorithmicMedia") == 1
    photo.save(tmp_path / "c.jpg", mark=False)
    assert read_metadata(tmp_path / "c.jpg").xmp is None


def test_marked_pictures_are_no_inputs_of_a_search(tmp_path):
    photo_of().save(tmp_path / "old.jpg")
    photo_of().marked("net", machine_colored=True).save(tmp_path / "anything.jpg")
    found = find_pictures([str(tmp_path)], marked=True)
    assert [each.source.name for each in found.pictures] == ["old.jpg"]
    assert [path.name for path in found.results] == ["anything.jpg"]
    assert len(find_pictures([str(tmp_path)]).pictures) == 2
    with pytest.raises(RechromaError):
        read(tmp_path / "nothing.jpg")
