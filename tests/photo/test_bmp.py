"""BMP: masks, palettes, runs and headers, against the pixels that were written by hand."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from PIL import Image

from rechroma.errors import UnreadablePhotoError
from rechroma.photo import read

from .conftest import COLOR


def bmp(pixels, bits, compression=0, masks=(), header=40):
    """Write rows from the bottom; masks stand in the header, or after it if that is short."""
    height, width = pixels.shape
    words = b"".join(struct.pack("<I", mask) for mask in masks)
    info = struct.pack("<IiiHHIIiiII", header, width, height, 1, bits, compression, 0, 0, 0, 0, 0)
    info = (info + words).ljust(header, b"\0") if header > 40 else info + words
    stride = (width * bits // 8 + 3) // 4 * 4
    rows = b"".join(row.tobytes().ljust(stride, b"\0") for row in pixels[::-1])
    return b"BM" + struct.pack("<IHHI", 0, 0, 0, 14 + len(info)) + info + rows


RGB = COLOR[:9, :7].astype(np.uint32)


def packed(red, green, blue):
    return RGB[..., 0] << red | RGB[..., 1] << green | RGB[..., 2] << blue


@pytest.mark.parametrize(
    "content",
    [
        bmp(packed(16, 8, 0), 32),
        bmp(packed(16, 8, 0) | np.uint32(0x7F000000), 32),
        bmp(packed(24, 16, 8), 32, 3, (0xFF000000, 0xFF0000, 0xFF00)),
        bmp(packed(0, 8, 16), 32, 3, (0xFF, 0xFF00, 0xFF0000)),
        bmp(packed(16, 8, 0), 32, 3, (0xFF0000, 0xFF00, 0xFF, 0xFF000000), 108),
    ],
    ids=["usual", "rubbish", "shifted", "reversed", "empty-alpha"],
)
def test_bmp_of_32_bits(content):
    photo = read(content)
    assert photo.alpha is None
    assert np.array_equal(photo.samples, RGB)


def test_bmp_with_alpha_and_with_few_and_many_bits():
    masks = (0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    photo = read(bmp(packed(16, 8, 0) | np.uint32(0x40000000), 32, 3, masks, 108))
    assert (photo.alpha == 0x40).all()
    assert np.array_equal(photo.samples, RGB)
    few = (RGB[..., 0] >> 3 << 11 | RGB[..., 1] >> 2 << 5 | RGB[..., 2] >> 3).astype(np.uint16)
    photo = read(bmp(few, 16, 3, (0xF800, 0x7E0, 0x1F)))
    wanted = np.stack([RGB[..., 0] >> 3, RGB[..., 1] >> 2, RGB[..., 2] >> 3], axis=-1)
    assert np.abs(photo.pixels - wanted / [31, 63, 31]).max() <= 0.5 / 255 + 1e-6
    many = RGB[..., 0] << 22 | RGB[..., 1] << 12 | RGB[..., 2] << 2
    photo = read(bmp(many, 32, 3, (0x3FF00000, 0xFFC00, 0x3FF)))
    assert photo.bit_depth == 16
    assert np.abs(photo.pixels - RGB * 4 / 1023).max() < 1e-4


def _bmp(header: bytes, palette: bytes, pixels: bytes) -> bytes:
    start = 14 + len(header) + len(palette)
    return (
        struct.pack("<2sIHHI", b"BM", start + len(pixels), 0, 0, start) + header + palette + pixels
    )


def test_runs_of_a_bmp_may_end_beyond_their_row(tmp_path):
    header = struct.pack("<IiiHHIIiiII", 40, 3, 2, 1, 8, 1, 0, 0, 0, 256, 0)
    palette = b"".join(bytes([value, value, value, 0]) for value in range(256))
    file = tmp_path / "runs.bmp"
    file.write_bytes(_bmp(header, palette, bytes([4, 10, 0, 0, 4, 200, 0, 0, 0, 1])))
    expected = np.array([[200] * 3, [10] * 3])
    assert np.array_equal(read(file).to_uint8()[..., 0], expected)


def test_headers_of_os2_have_palettes_of_three_bytes(tmp_path):
    header = struct.pack("<IHHHH", 12, 2, 2, 1, 8)
    palette = b"".join(bytes([value, 255 - value, 7]) for value in range(256))
    file = tmp_path / "os2.bmp"
    file.write_bytes(_bmp(header, palette, bytes([1, 2, 0, 0, 3, 4, 0, 0])))
    assert read(file).to_uint8().tolist() == [
        [[7, 252, 3], [7, 251, 4]],
        [[7, 254, 1], [7, 253, 2]],
    ]


PALETTE = np.array([[9, 200, 30], [250, 40, 60], [0, 10, 240], [255, 255, 0]], np.uint8)
INDICES = np.random.default_rng(3).integers(0, 4, (5, 11)).astype(np.uint8)


def indexed(bits, size=40, *, entries=0, compression=0, pixels=None):
    """Write INDICES from the bottom, with a header of Windows (40) or of OS/2 (12, 16 … 64)."""
    height, width = INDICES.shape
    if size == 12:
        header = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        info = struct.pack("<IiiHHIIiiII", size, width, height, 1, bits, compression, 0,
                           3937, 7874, entries, 0)  # fmt: skip
        header = info.ljust(size, b"\0")[:size]
    colors = np.zeros((entries or 1 << bits, 3 if size == 12 else 4), np.uint8)
    shown = min(len(colors), len(PALETTE))
    colors[:shown, :3] = PALETTE[:shown, ::-1]
    if pixels is None:
        rows = [
            np.packbits(np.unpackbits(row[:, None], axis=1)[:, -bits:].ravel()).tobytes()
            for row in INDICES[::-1]
        ]
        stride = (width * bits + 31) // 32 * 4
        pixels = b"".join(row.ljust(stride, b"\0") for row in rows)
    return _bmp(header, colors.tobytes(), pixels)


def runs(bits):
    """Return INDICES in runs: a literal one of five, a run, single ones, a step over a zero."""
    lines = []
    for row in INDICES[::-1]:
        first = bytes(row[:5]) if bits == 8 else nibbles(row[:5])
        line = b"\0\5" + first.ljust(6 if bits == 8 else 4, b"\0")
        for value in row[5:]:
            line += bytes([1, value if bits == 8 else value << 4]) if value else b"\0\2\1\0"
        lines.append(line + b"\0\0")
    return b"".join(lines) + b"\0\1"


def nibbles(row):
    values = [*row, 0] if len(row) % 2 else row
    return bytes(int(a) << 4 | int(b) for a, b in zip(values[::2], values[1::2], strict=True))


@pytest.mark.parametrize(
    "content",
    [
        *(indexed(bits) for bits in (2, 4, 8)),
        indexed(8, entries=300),
        indexed(8, entries=4),
        *(indexed(bits, 12) for bits in (2, 4, 8)),
        *(indexed(8, size) for size in (16, 20, 36, 64)),
        indexed(8, compression=1, pixels=runs(8)),
        indexed(4, compression=2, pixels=runs(4)),
        indexed(8, 64, compression=1, pixels=runs(8)),
    ],
)
def test_bmps_of_every_kind_show_the_same_picture(content):
    assert np.array_equal(read(content).samples, PALETTE[INDICES])


def test_a_bmp_of_os2_may_have_runs_of_24_bits(tmp_path):
    header = struct.pack("<IiiHHI", 64, 3, 2, 1, 24, 4).ljust(64, b"\0")
    file = tmp_path / "runs.bmp"
    file.write_bytes(_bmp(header, b"", bytes([3, 1, 2, 3, 0, 0, 0, 3, *range(9), 0, 0, 1])))
    assert read(file).samples.tolist() == [[[2, 1, 0], [5, 4, 3], [8, 7, 6]], [[3, 2, 1]] * 3]


def test_a_bmp_with_a_palette_keeps_its_resolution():
    resolution = read(indexed(8)).metadata.resolution
    assert (resolution.x, resolution.y, resolution.unit) == (39.37, 78.74, "cm")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (indexed(8)[:-3], "it ends before its pixels do"),
        (indexed(8, compression=1, pixels=runs(8)[:-9]), "it ends before its pixels do"),
        (indexed(8, compression=5), "a BMP that is a PNG for a printer"),
        (indexed(8, 64, compression=3), "a BMP that is Huffman-coded"),
        (indexed(5), "a BMP of 5 bits for each pixel"),
    ],
    ids=["short", "short-runs", "png", "huffman", "five-bits"],
)
def test_a_bmp_that_can_not_be_read_says_why(content, reason):
    with pytest.raises(UnreadablePhotoError, match=reason):
        read(content)


def test_a_bmp_whose_pixels_are_said_to_begin_in_its_palette(tmp_path):
    """And whose last row lacks what would fill it up to whole words."""
    picture = Image.fromarray(COLOR[:, :-1]).quantize(64)
    picture.save(tmp_path / "a.bmp")
    content = bytearray((tmp_path / "a.bmp").read_bytes())
    struct.pack_into("<I", content, 10, 54)
    if fill := -picture.width % 4:
        del content[-fill:]
    np.testing.assert_array_equal(read(bytes(content)).samples, np.asarray(picture.convert("RGB")))
