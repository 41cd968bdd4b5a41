"""A gray JPEG in color holds the gray one's own scans, and gives it back."""

from __future__ import annotations

import io
import random
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms
from tests.photo.gray_jpegs import (
    KINDS,
    PLAIN,
    PROGRESSIVE,
    SCENE,
    SIZES,
    changed,
    coded,
    file_of,
    segments,
    tagged,
    with_further_table,
    with_segment,
)

import rechroma
from rechroma.color import ciede2000, rgb_to_lab
from rechroma.colorizer import Colorization
from rechroma.errors import RechromaError, UnreadablePhotoError
from rechroma.metadata import MetadataOptions
from rechroma.photo import encode, read
from rechroma.photo.jpeg_scans import Gray, UncopiedError, gray_scans
from rechroma.photo.orientation import as_stored, upright


def prediction(content, a=18.0, b=-24.0):
    """Return one color for the left of a photo, and its opposite for the right."""
    photo = read(content)
    cells = 6, 8
    lightness = np.full(cells, 50, np.float32)
    planes = np.stack([np.full(cells, a, np.float32), np.full(cells, b, np.float32)])
    planes[:, :, 4:] *= -1
    return Colorization(photo, lightness, planes, (6.0, 8.0), 1, model="test")


def colored(content, **options):
    return encode(prediction(content).render(), "jpeg", options=options.get("options"))


def luma(content):
    """Return Y as libjpeg decodes it."""
    with Image.open(io.BytesIO(content)) as picture:
        picture.draft("L", picture.size)
        assert picture.mode == "L"
        return np.asarray(picture)


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_keeps_its_gray_and_is_given_back(name):
    content = KINDS[name]
    made = colored(content)
    np.testing.assert_array_equal(luma(made), luma(content))
    with Image.open(io.BytesIO(made)) as picture:
        assert picture.mode == "RGB"
        picture.load()
    scans = gray_scans(content)
    longest = max((part.rest - part.end, part) for part in scans.coded)[1]
    assert content[longest.end : longest.rest] in made
    given = rechroma.original(made)
    assert (given.gray, given.why) == (Gray.ORIGINAL, "")
    assert given.content == content


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("orientation", [1, 3, 6])
def test_every_size_keeps_its_gray(size, progressive, orientation):
    values = np.ascontiguousarray(SCENE[: size[0], : size[1]].repeat(2, 0)[: size[0]])
    values = np.resize(values, size)
    content = tagged(coded(values, progressive=progressive), orientation)
    made = colored(content)
    np.testing.assert_array_equal(luma(made), luma(content))
    assert rechroma.original(made).content == content


@pytest.mark.parametrize("orientation", range(1, 9))
def test_it_stands_as_it_stood(orientation):
    content = tagged(coded(SCENE[:120, :160]), orientation)
    made = colored(content)
    ours = read(made)
    plain = encode(prediction(content).render(recompress=True), "jpeg", quality=100)
    theirs = read(plain)
    assert Image.open(io.BytesIO(made)).getexif()[274] == orientation
    assert ours.samples.shape == theirs.samples.shape
    distance = ciede2000(rgb_to_lab(ours.pixels), rgb_to_lab(theirs.pixels))
    assert distance.mean() < 2.5
    # Left and right have opposite colors: a turn too few or too many would show.
    left = rgb_to_lab(ours.pixels[:, : ours.width // 3])[..., 1:].mean(axis=(0, 1))
    np.testing.assert_allclose(left, (18, -24), atol=4)


@pytest.mark.parametrize("strip", [{"strip_metadata": True}, {"strip_gps": True}])
def test_what_is_stripped_is_nowhere_in_the_file(strip):
    secret = b"\x30\0\0\0\1\0\0\0\x0c\0\0\0\1\0\0\0"  # 48 and 12 degrees
    content = tagged(PLAIN, 6, further=b"1911:11:11")
    assert b"1911:11:11" in content
    made = encode(prediction(content).render(), "jpeg", options=MetadataOptions(**strip))
    assert b"1911:11:11" not in made
    assert b"Rechroma gray" not in made
    assert secret not in made
    assert secret[::-1] not in made
    # It still stands as it did.
    assert Image.open(io.BytesIO(made)).getexif()[274] == 6
    given = rechroma.original(made)
    assert given.gray is Gray.COPIED
    assert "no record" in given.why
    assert b"1911:11:11" not in given.content
    np.testing.assert_array_equal(luma(given.content), luma(content))


def test_colors_are_those_of_the_usual_way():
    content = coded(np.full((96, 128), 140, np.uint8), quality=95)
    ours, theirs = (
        rgb_to_lab(read(encode(prediction(content).render(recompress=again), "jpeg")).pixels)
        for again in (False, True)
    )
    np.testing.assert_allclose(ours[..., 1:][:, :48], theirs[..., 1:][:, :48], atol=1.0)
    np.testing.assert_allclose(ours[48, 10, 1:], (18, -24), atol=1.0)
    # Y stays instead of L.
    assert np.abs(ours[..., 0] - theirs[..., 0]).max() < 4


def test_pixels_and_other_formats_are_the_usual_ones():
    work = prediction(PLAIN)
    deferred, usual = work.render(), work.render(recompress=True)
    assert deferred.gray_copy is not None
    assert usual.gray_copy is None
    assert (deferred.height, deferred.width) == SCENE.shape
    for name, quality in (("png", None), ("jpeg", 90)):
        ours, theirs = (encode(each, name, quality=quality) for each in (deferred, usual))
        assert ours == theirs
    np.testing.assert_array_equal(deferred.samples, usual.samples)
    assert deferred.with_pixels(deferred.samples).gray_copy is None
    assert deferred.marked("by hand").gray_copy is None


def gray_profile(gamma):
    """Return Pillow's way to a gray profile: none; so this is one by hand, of version 2."""

    curve = b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256)) + bytes(2)
    white = b"XYZ " + bytes(4) + struct.pack(">3i", 63190, 65536, 54061)
    text = b"desc" + bytes(4) + struct.pack(">I", 5) + b"gray\0" + bytes(80)
    text += bytes(-len(text) % 4)
    legal = b"text" + bytes(4) + b"none"
    tags = {b"desc": text, b"cprt": legal, b"wtpt": white, b"kTRC": curve}
    at, table, body = 128 + 4 + 12 * len(tags), b"", b""
    for name, data in tags.items():
        table += struct.pack(">4sII", name, at + len(body), len(data))
        body += data
    rest = struct.pack(">I", len(tags)) + table + body
    head = struct.pack(">I4sI4s4s4s", 128 + len(rest), b"", 0x02400000, b"mntr", b"GRAY", b"XYZ ")
    head += struct.pack(">6H", 2000, 1, 1, 0, 0, 0) + b"acsp"
    head = head.ljust(68, b"\0") + struct.pack(">3i", 63190, 65536, 54061)
    return head.ljust(128, b"\0") + rest


@pytest.mark.parametrize("gamma", [1.8, 1.0])
def test_a_gray_profile_becomes_an_rgb_one_of_the_same_tones(gamma):
    profile = gray_profile(gamma)
    values = np.tile(np.arange(256, dtype=np.uint8), (64, 1))
    content = coded(values, quality=100, icc_profile=profile)
    neutral = prediction(content, 0, 0)
    made = encode(neutral.render(), "jpeg")
    with Image.open(io.BytesIO(made)) as picture:
        new = picture.info["icc_profile"]
        assert new[16:20] == b"RGB "
        shown = ImageCms.profileToProfile(
            picture, ImageCms.ImageCmsProfile(io.BytesIO(new)), ImageCms.createProfile("sRGB")
        )
    wanted = ((values / 255) ** gamma).astype(np.float32)
    expected = rechroma.color.linear_to_srgb(wanted) * 255
    # LittleCMS as the judge; its curves have 8 bits here.
    assert np.abs(np.asarray(shown).astype(float) - expected[..., None]).max() < 4
    # Colors come out as they were wanted, too.
    lab = rgb_to_lab(read(colored(content)).pixels)[:, 150:170]
    np.testing.assert_allclose(np.median(lab[..., 1:], axis=(0, 1)), (-18, 24), atol=3)
    # And the gray that another program left has its gray profile again.
    stripped = rechroma.original(without_record(colored(content)))
    assert stripped.gray is Gray.COPIED
    again = read(stripped.content)
    np.testing.assert_allclose(again.pixels, read(content).pixels, atol=2 / 255)


def without_record(content):
    parts, rest = segments(content)
    return file_of([part for part in parts if part[0] != 0xE9], rest)


@pytest.mark.parametrize("content", [PLAIN, PROGRESSIVE, KINDS["restarts"], KINDS["component-Y"]])
def test_without_a_record_the_gray_comes_back_without_loss(content):
    given = rechroma.original(without_record(colored(content)))
    assert given.gray is Gray.COPIED
    np.testing.assert_array_equal(luma(given.content), luma(content))
    assert Image.open(io.BytesIO(given.content)).mode == "L"
    assert b"Rechroma" not in given.content
    scans = gray_scans(content)
    for part in scans.coded:
        assert content[part.end : part.rest] in given.content


def test_metadata_that_another_program_changes_do_no_harm():
    made = with_segment(
        colored(tagged(PLAIN, 1)), 0xED, b"Photoshop 3.0\0" + b"8BIM\4\4\0\0\0\0\0\0"
    )
    assert rechroma.original(made).gray is Gray.ORIGINAL


def test_a_file_that_another_program_codes_anew_gives_its_gray():
    file = io.BytesIO()
    with Image.open(io.BytesIO(colored(PLAIN))) as picture:
        picture.save(file, "JPEG", quality=95)
    given = rechroma.original(file.getvalue())
    assert given.gray is Gray.RECOMPRESSED
    assert "coded anew" in given.why
    assert np.abs(luma(given.content).astype(int) - luma(PLAIN)).mean() < 1.5


def test_a_record_that_lies_is_not_believed():
    made = bytearray(colored(PLAIN))
    scan = gray_scans(PLAIN).coded[0]
    made[made.index(PLAIN[scan.end : scan.rest]) + 500] ^= 1
    given = rechroma.original(bytes(made))
    assert (given.gray, given.why) == (Gray.COPIED, "another program changed it")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (PLAIN, "it is in gray"),
        (b"\x89PNG\r\n\x1a\n", "no JPEG"),
        (b"", "no JPEG"),
        (b"\xff\xd8", "can't be read"),
        (colored(PLAIN)[:900], "can't be read"),
    ],
)
def test_what_has_nothing_to_give_back_is_refused(content, words):
    with pytest.raises(UnreadablePhotoError, match=words):
        rechroma.original(content)


def without_last_scan(content):
    return content[: content.rindex(b"\xff\xda")] + b"\xff\xd9"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (PLAIN.replace(b"\xff\xc0", b"\xff\xc9", 1), "arithmetic"),
        (PLAIN.replace(b"\xff\xc0", b"\xff\xc3", 1), "lossless"),
        (PLAIN.replace(b"\xff\xc0", b"\xff\xc5", 1), "hierarchical"),
        (changed(PLAIN, lambda m, b: (m, b"\x0c" + b[1:] if m == 0xC0 else b)), "12 bits"),
        (changed(PLAIN, lambda m, b: (m, b[:1] + b"\0\0" + b[3:] if m == 0xC0 else b)), "height"),
        (coded(np.dstack([SCENE] * 3)), "components"),
        (PLAIN[:-2], "too early"),
        (PLAIN[:300], "too early"),
        (without_last_scan(PROGRESSIVE), "missing"),
        (PROGRESSIVE[:-2] + b"\xff\xfe\0\4hi\xff\xd9", "between"),
        (PLAIN[:2] + b"\0\0" + PLAIN[2:], "between"),
        (PLAIN[:-2] + b"\xff\xdc\0\4\0\5\xff\xd9", "height"),
        (b"GIF89a", "no JPEG"),
    ],
)
def test_other_kinds_go_the_usual_way(content, reason):
    with pytest.raises(UncopiedError, match=reason):
        gray_scans(content)


def test_four_tables_leave_no_place_for_a_fifth():
    content = PLAIN
    for number in (1, 2, 3):
        content = with_further_table(content, number)
    work = prediction(content)
    assert work.render().gray_copy is None
    assert read(encode(work.render(), "jpeg")).samples.shape[:2] == SCENE.shape


@pytest.mark.parametrize("orientation", range(10))
def test_turning_back_undoes_turning(orientation):
    values = np.arange(6).reshape(2, 3)
    np.testing.assert_array_equal(as_stored(upright(values, orientation), orientation), values)


@pytest.mark.parametrize("name", ["baseline", "progressive", "restarts", "bytes-behind"])
def test_flipped_bits_never_crash(name):
    done = {"copied": 0, "usual": 0, "refused": 0}
    for seed in range(120):
        rng = random.Random(seed)  # noqa: S311 (the same every time)
        content = bytearray(KINDS[name])
        for _ in range(rng.choice([1, 3, 10])):
            at = rng.randrange(min(len(content), rng.choice([700, len(content)])))
            content[at] ^= 1 << rng.randrange(8)
        content = bytes(content)
        try:
            result = prediction(content).render()
            made = encode(result, "jpeg")
        except RechromaError:
            done["refused"] += 1
            continue
        if result.gray_copy is None:
            done["usual"] += 1
            continue
        done["copied"] += 1
        np.testing.assert_array_equal(luma(made), luma(content))
        assert rechroma.original(made).content == content
        # And what was made is broken in its turn.
        broken = bytearray(made)
        broken[rng.randrange(len(broken))] ^= 1 << rng.randrange(8)
        try:
            given = rechroma.original(bytes(broken))
            assert given.gray is not Gray.ORIGINAL or given.content == content
        except UnreadablePhotoError:
            pass
    assert done["refused"] > 0
    assert done["copied"] > 0


def record_of(content):
    pieces = [body for marker, body in segments(content)[0] if marker == 0xE9]
    return zlib.decompress(b"".join(body[len(b"Rechroma gray\0") + 2 :] for body in pieces))


def test_what_is_removed_from_the_color_file_is_not_in_its_record():
    content = tagged(with_segment(PLAIN, 0xFE, b"Aunt Mary and her garden, 1911"), 1)
    made = colored(content)
    record = record_of(made)
    head = made[: made.index(b"Rechroma gray")]
    for secret in (b"1911:11:11", b"Aunt Mary and her garden", struct.pack("<II", 345678, 10000)):
        assert (secret in head) == (secret in content)
        assert secret not in record
    # Then it is not the very file any more, and is none.
    parts, rest = segments(made)
    without = file_of([part for part in parts if b"1911:11:11" not in part[1]], rest)
    given = rechroma.original(without)
    assert (given.gray, given.why) == (Gray.COPIED, "another program changed it")
    assert b"1911:11:11" not in given.content


def test_a_record_is_small():
    assert len(record_of(colored(tagged(PLAIN, 1)))) < 500
    assert len(record_of(colored(KINDS["bytes-behind"]))) < 500


def test_a_hostile_record_takes_no_memory():
    head = struct.pack(">B32sQII", 1, bytes(32), 1 << 40, 0, 1)
    record = zlib.compress(head + struct.pack(">BIII", 2, 0, 0, 1 << 31))
    made = with_segment(without_record(colored(PLAIN)), 0xE9, b"Rechroma gray\0\1\1" + record)
    assert rechroma.original(made).gray is Gray.COPIED
    bomb = b"Rechroma gray\0\1\1" + zlib.compress(bytes(1 << 27))
    made = with_segment(without_record(colored(PLAIN)), 0xE9, bomb[:60000])
    assert rechroma.original(made).gray is Gray.COPIED


@pytest.mark.parametrize(("gamma", "space"), [(None, 1), (1.8, 65535)])
def test_exif_and_xmp_say_whether_the_numbers_are_srgb(gamma, space):
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0xA001] = 1
    packet = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-'
        b'rdf-syntax-ns#"><rdf:Description rdf:about="" xmlns:exif="http://ns.adobe.com/exif/1.0/"'
        b' exif:ColorSpace="1"/></rdf:RDF></x:xmpmeta>'
    )
    profile = {} if gamma is None else {"icc_profile": gray_profile(gamma)}
    made = colored(coded(exif=exif, xmp=packet, **profile))
    with Image.open(io.BytesIO(made)) as picture:
        assert picture.getexif().get_ifd(0x8769)[0xA001] == space
        assert b'ColorSpace="%d"' % space in picture.info["xmp"]
