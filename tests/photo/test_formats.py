"""The table of formats, and all that is derived from it."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rechroma.batch.inputs import find_pictures
from rechroma.compare.pairs import find_pairs
from rechroma.errors import UnwritablePhotoError
from rechroma.photo import encode, read, writable_format, write
from rechroma.photo.formats import FORMATS, SIGNATURE_LENGTH, find_format, recognize

from .foreign import ENCODERS, PICTURE

WRITABLE = [name for name, each in FORMATS.items() if each.writable]
SMOOTH = np.ascontiguousarray(np.kron(PICTURE, np.ones((6, 6, 1), np.uint8)))
# Levels of 255 by which a lossy encoder may be off, here and as Pillow decodes it.
LOSSY = {"jpeg": 8, "webp": 24, "avif": 6, "jpeg2000": 8, "hdr": 4}


def difference(photo, truth):
    return np.abs(photo.to_uint8().astype(int) - truth).max()


def test_every_format_has_an_encoder_here():
    assert ENCODERS.keys() == {name for name, each in FORMATS.items() if each.extra is None}


@pytest.mark.parametrize("name", ENCODERS)
def test_what_others_have_written_is_recognized_found_and_read(tmp_path, name):
    known, content = FORMATS[name], ENCODERS[name]()
    found = recognize(content[:SIGNATURE_LENGTH])
    assert found is (known if known.signature else None)
    for suffix in known.suffixes:
        file = tmp_path / f"a{suffix.upper()}"
        file.write_bytes(content)
        [picture] = find_pictures([str(tmp_path)]).pictures
        assert picture.source == file
        photo = read(file)
        assert photo.format == name
        assert difference(photo, PICTURE) <= LOSSY.get(name, 0)
        file.unlink()


@pytest.mark.parametrize("name", WRITABLE)
@pytest.mark.parametrize("depth", [8, 16, 32])
def test_what_is_written_is_what_the_table_says(name, depth):
    known = FORMATS[name]
    content = encode(read(SMOOTH), name, bit_depth=depth)
    if known.signature:
        assert recognize(content[:SIGNATURE_LENGTH]) is known
    photo = read(content)
    assert photo.format == name
    assert photo.bit_depth == (depth if depth in known.depths else known.nearest_depth(depth))
    assert photo.bit_depth in known.depths
    assert difference(photo, SMOOTH) <= LOSSY.get(name, 1)


@pytest.mark.parametrize("name", [name for name in WRITABLE if name != "openexr"])
def test_pillow_reads_what_is_written_and_calls_it_the_same(tmp_path, name):
    known = FORMATS[name]
    file = tmp_path / f"a{known.suffixes[0]}"
    read(SMOOTH).save(file)
    with Image.open(file) as picture:
        decoded = np.asarray(picture.convert("RGB")).astype(int)
        assert Image.MIME[picture.format] == known.media_type
    assert np.abs(decoded - SMOOTH).max() <= LOSSY.get(name, 0)


@pytest.mark.parametrize("name", WRITABLE)
def test_alpha_is_written_where_the_table_says(name):
    alpha = np.full(SMOOTH.shape[:2], 77, np.uint8)
    again = read(encode(read(np.dstack([SMOOTH, alpha])), name))
    assert (again.alpha is not None) == FORMATS[name].alpha


@pytest.mark.parametrize("name", WRITABLE)
def test_the_smallest_picture_is_written_whole(name):
    """JPEG 2000's encoder leaves an empty file, and says nothing, for a picture that is smaller."""
    side = FORMATS[name].min_side
    assert read(encode(read(SMOOTH[:side, :side]), name)).samples.shape == (side, side, 3)
    if side > 1:
        with pytest.raises(UnwritablePhotoError, match=f"needs {side} pixels"):
            encode(read(SMOOTH[: side - 1, :side]), name)


@pytest.mark.parametrize("name", WRITABLE)
def test_a_file_needs_no_suffix(tmp_path, name):
    write(read(SMOOTH), tmp_path / "a", format=name)
    assert difference(read(tmp_path / "a"), SMOOTH) <= LOSSY.get(name, 1)
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_format_goes_by_its_name_and_its_suffixes():
    for name, known in FORMATS.items():
        for word in (name, *(suffix[1:] for suffix in known.suffixes)):
            if known.writable:
                assert find_format(word) is known
            else:
                with pytest.raises(UnwritablePhotoError, match=word):
                    find_format(word)
        assert writable_format(name) == (name if known.writable else "png")


def test_no_two_formats_claim_the_same():
    suffixes = [suffix for each in FORMATS.values() for suffix in each.suffixes]
    assert len(suffixes) == len(set(suffixes))
    assert len({each.media_type for each in FORMATS.values()}) == len(FORMATS)
    for name, encoder in ENCODERS.items():
        head = encoder()[:SIGNATURE_LENGTH]
        assert [each.name for each in FORMATS.values() if each.begins(head)] in ([name], [])


def test_depths_ascend():
    assert all(list(each.depths) == sorted(each.depths) for each in FORMATS.values())


@pytest.mark.parametrize(
    "head", [b"", b"RIFF\0\0\0\0AVI LIST", b"<svg", b"%!PS-Adobe", b"PK\x03\x04", b"MZ", b"P8\n"]
)
def test_what_is_no_picture_is_not_recognized(head):
    assert recognize(head) is None


def test_a_comparison_takes_what_browsers_show(tmp_path):
    """Each browser's list, written down apart from the table."""
    shown = {"jpeg", "png", "webp", "avif", "gif", "bmp"}
    assert {name for name, each in FORMATS.items() if each.in_browsers} == shown
    for side in ("a", "b"):
        (tmp_path / side).mkdir()
        for name, each in FORMATS.items():
            Path(tmp_path, side, f"{name}{each.suffixes[0]}").write_bytes(b"")
    pairs, _ = find_pairs(tmp_path / "a", tmp_path / "b")
    assert {pair.name for pair in pairs} == shown


def test_the_read_me_names_them_all():
    text = Path(__file__).parents[2].joinpath("README.md").read_text(encoding="utf-8")
    found = re.search(r"\n([^\n]+) are read and written; ([^.]+) are read\.", text)
    both, only_read = (set(re.split(r",\s| and ", words)) for words in found.groups())
    assert both == {each.title for each in FORMATS.values() if each.writable}
    assert only_read == {each.title for each in FORMATS.values() if not each.writable}
