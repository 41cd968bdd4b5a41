"""What a file says of its numbers, by format and statement, against what was put into the file."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import OpenImageIO as oiio
import pytest
import tifffile
from PIL import Image, ImageCms

from rechroma.errors import PhotoTooLargeError, UnreadablePhotoError, UsageError
from rechroma.photo import encode, read, readable_suffixes
from rechroma.photo.formats import recognize
from rechroma.photo.icc import is_srgb, srgb_profile, to_srgb

from .conftest import COLOR

GRAY = np.linspace(0, 255, 24 * 32).reshape(24, 32)


def tiff(path, values, photometric, *, extra=()):
    """Write an uncompressed little-endian TIFF of one picture, by hand: tags are what counts."""
    ifd, picture = directory(values, photometric, extra, 0, 8)
    path.write_bytes(b"II*\0" + struct.pack("<I", 8) + ifd + picture)
    return path


def directory(values, photometric, extra, kind, at, *, following=0, sub=None):
    """Return a directory that stands at an offset, and the pixels right after it."""
    height, width, channels = values.shape
    bits = values.dtype.itemsize * 8
    float_ = values.dtype.kind == "f"
    lists = {258: [bits] * channels, 339: [3 if float_ else 1] * channels}
    tags = {254: (4, [kind]), 256: (4, [width]), 257: (4, [height]), 258: (3, lists[258]),
            259: (3, [1]), 262: (3, [photometric]), 273: (4, [0]), 277: (3, [channels]),
            278: (4, [height]), 279: (4, [values.nbytes]), 339: (3, lists[339])}  # fmt: skip
    if extra:
        tags[338] = (3, list(extra))
    if sub is not None:
        tags[330] = (4, [sub])
    beyond = at + 2 + 12 * len(tags) + 4
    long_ones, entries = b"", b""
    for tag, (code, numbers) in sorted(tags.items()):
        size = {3: "H", 4: "I"}[code]
        body = struct.pack(f"<{len(numbers)}{size}", *numbers)
        if tag == 273:
            entries += b"STRIP_ENTRY!"
            continue
        if len(body) > 4:
            entries += struct.pack("<HHII", tag, code, len(numbers), beyond + len(long_ones))
            long_ones += body
        else:
            entries += struct.pack("<HHI", tag, code, len(numbers)) + body.ljust(4, b"\0")
    strip = struct.pack("<HHII", 273, 4, 1, beyond + len(long_ones))
    entries = entries.replace(b"STRIP_ENTRY!", strip)
    head = struct.pack("<H", len(tags)) + entries + struct.pack("<I", following) + long_ones
    return head, values.tobytes()


def png(chunks, values):
    """Write a PNG of 8 or 16 bits by hand, with further chunks before its pixels."""
    height, width, channels = values.shape
    bits = values.dtype.itemsize * 8
    kind = {1: 0, 3: 2}[channels]
    rows = values.astype(f">u{bits // 8}").reshape(height, -1).view(np.uint8).reshape(height, -1)
    lines = np.hstack([np.zeros((height, 1), np.uint8), rows]).tobytes()
    head = struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, 0)
    every = [(b"IHDR", head), *chunks, (b"IDAT", zlib.compress(lines)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in every
    )


def srgb(linear):
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def gray_profile(gamma):
    curve = b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256))
    white = b"XYZ " + bytes(4) + struct.pack(">3i", 63190, 65536, 54061)
    tags = [(b"wtpt", white), (b"kTRC", curve.ljust(16, b"\0"))]
    return profile(b"GRAY", b"XYZ ", tags)


def profile(space, connection, tags):
    at, table, body = 128 + 4 + 12 * len(tags), struct.pack(">I", len(tags)), b""
    for name, content in tags:
        table += struct.pack(">4sII", name, at + len(body), len(content))
        body += content.ljust((len(content) + 3) // 4 * 4, b"\0")
    size = at + len(body)
    head = struct.pack(">I4sI4s4s4s", size, b"lcms", 0x02400000, b"scnr", space, connection)
    head = head.ljust(36, b"\0") + b"acsp"
    head = head.ljust(68, b"\0") + struct.pack(">3i", 63190, 65536, 54061)
    return head.ljust(128, b"\0") + table + body


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_white_is_zero(tmp_path, dtype):
    top = 1 if dtype is np.float32 else np.iinfo(dtype).max
    values = (GRAY / 255 * top).astype(dtype)[..., None]
    photo = read(tiff(tmp_path / "a.tif", (top - values).astype(dtype), 0))
    assert photo.was_gray
    assert np.abs(photo.pixels[..., 0] - values[..., 0] / top).max() < 1e-6


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_white_is_zero_with_few_bits(tmp_path, bits):
    white = (1 << bits) - 1
    levels = np.arange(32).reshape(1, 32) % (white + 1)
    rows = (levels.reshape(-1, 8 // bits) << (bits * np.arange(8 // bits)[::-1])).sum(axis=1)
    path = tiff(tmp_path / "a.tif", rows.astype(np.uint8).reshape(1, -1, 1), 0)
    content = path.read_bytes()
    content = content.replace(
        struct.pack("<HHII", 256, 4, 1, 4 * bits), struct.pack("<HHII", 256, 4, 1, 32)
    )
    content = content.replace(
        struct.pack("<HHII", 258, 3, 1, 8), struct.pack("<HHII", 258, 3, 1, bits)
    )
    path.write_bytes(content)
    assert np.allclose(read(path).pixels[..., 0], 1 - levels / white)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_colors_multiplied_by_alpha_are_divided(tmp_path, dtype):
    top = np.iinfo(dtype).max
    alpha = np.tile(np.linspace(0.2, 1, COLOR.shape[1]), (COLOR.shape[0], 1))
    alpha = np.rint(alpha * top) / top
    stored = np.dstack([COLOR / 255 * alpha[..., None], alpha]) * top
    photo = read(tiff(tmp_path / "a.tif", np.rint(stored).astype(dtype), 2, extra=(1,)))
    assert np.abs(photo.pixels - COLOR / 255).max() < 4 / top
    plain = np.rint(np.dstack([COLOR / 255, alpha]) * top).astype(dtype)
    other = read(tiff(tmp_path / "b.tif", plain, 2, extra=(2,)))
    assert np.abs(other.pixels - COLOR / 255).max() < 1 / top


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_cielab(tmp_path, dtype):
    """LittleCMS's Lab, D50, of the same numbers."""
    picture = Image.fromarray(COLOR)
    lab = ImageCms.profileToProfile(
        picture, ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
    )
    eight = np.frombuffer(lab.tobytes(), np.uint8).reshape(COLOR.shape)
    # Pillow keeps a and b as TIFF has them: signed.
    stored = eight.copy()
    if dtype is np.uint16:
        signed = stored[..., 1:].view(np.int8).astype(np.int16) * 256
        stored = np.dstack([eight[..., 0].astype(np.uint16) * 257, signed.view(np.uint16)])
    photo = read(tiff(tmp_path / "a.tif", stored, 8))
    assert np.abs(photo.pixels * 255 - COLOR).mean() < 1.5
    shifted = np.dstack([eight[..., 0], eight[..., 1:] ^ np.uint8(128)])
    icc_lab = read(tiff(tmp_path / "b.tif", shifted, 9))
    assert np.abs(icc_lab.pixels * 255 - COLOR).mean() < 1.5


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_cmyk_without_a_profile(tmp_path, dtype):
    top = np.iinfo(dtype).max
    inks = np.random.default_rng(1).random((8, 9, 4))
    photo = read(tiff(tmp_path / "a.tif", np.rint(inks * top).astype(dtype), 5))
    assert np.abs(photo.pixels - (1 - inks[..., :3]) * (1 - inks[..., 3:])).max() < 2 / top + 1e-6


def test_a_thumbnail_before_the_picture(tmp_path):
    full, small = COLOR, np.ascontiguousarray(COLOR[::4, ::4])
    head, pixels = directory(small, 2, (), 1, 8)
    after = 8 + len(head) + len(pixels)
    for name, options in {"chain": {"following": after}, "sub": {"sub": after}}.items():
        head, pixels = directory(small, 2, (), 1, 8, **options)
        after = 8 + len(head) + len(pixels)
        options = dict.fromkeys(options, after)
        head, pixels = directory(small, 2, (), 1, 8, **options)
        second, rest = directory(full, 2, (), 0, after)
        path = tmp_path / f"{name}.tif"
        path.write_bytes(b"II*\0" + struct.pack("<I", 8) + head + pixels + second + rest)
        photo = read(path)
        assert np.array_equal(photo.samples, full), name
        assert photo.pages_dropped == 0


def test_a_page_stays_the_first_page(tmp_path):
    pictures = [Image.fromarray(COLOR), Image.fromarray(COLOR).resize((300, 500))]
    pictures[0].save(tmp_path / "m.tif", save_all=True, append_images=pictures[1:])
    photo = read(tmp_path / "m.tif")
    assert (photo.width, photo.pages_dropped) == (COLOR.shape[1], 1)


@pytest.mark.parametrize("compression", ["zstd", "lzma", "tiff_adobe_deflate"])
def test_compressions_that_pillow_has(tmp_path, compression):
    try:
        Image.fromarray(COLOR).save(tmp_path / "a.tif", compression=compression)
    except (OSError, KeyError):
        pytest.skip("this Pillow's libtiff does not write it")
    assert np.array_equal(read(tmp_path / "a.tif").samples, COLOR)


@pytest.mark.parametrize(("number", "word"), [(34887, "LERC"), (50002, "JPEG XL")])
def test_compressions_that_nobody_has_are_named(tmp_path, number, word):
    path = tiff(tmp_path / "a.tif", COLOR, 2)
    content = bytearray(path.read_bytes())
    at = content.index(struct.pack("<HHI", 259, 3, 1))
    content[at + 8 : at + 10] = struct.pack("<H", number)
    path.write_bytes(content)
    with pytest.raises(UnreadablePhotoError, match=f"{word} compression"):
        read(path)


def test_a_gray_profile_keeps_every_level(tmp_path):
    levels = np.linspace(0, 65535, 4096).round().astype(np.uint16).reshape(64, 64)
    data = gray_profile(1.8)
    spec = oiio.ImageSpec(64, 64, 1, "uint16")
    spec.attribute("ICCProfile", oiio.TypeDesc(f"uint8[{len(data)}]"), np.frombuffer(data, "u1"))
    output = oiio.ImageOutput.create("tiff")
    assert output.open(str(tmp_path / "a.tif"), spec)
    output.write_image(levels[..., None])
    output.close()
    photo = read(tmp_path / "a.tif")
    assert np.unique(photo.samples).size == 4096
    gamma = round(1.8 * 256) / 256
    assert np.abs(photo.pixels[..., 1] - srgb((levels / 65535) ** gamma)).max() < 1e-4


def rgb_profile(gamma, name=b"sRGB"):
    matrix = [(0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708), (0.14307, 0.06061, 0.7141)]
    curve = (b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256))).ljust(16, b"\0")
    tags = [(b"desc", b"desc" + bytes(4) + struct.pack(">I", len(name) + 1) + name + bytes(80))]
    for letter, column in zip(b"rgb", matrix, strict=True):
        numbers = struct.pack(">3i", *(round(value * 65536) for value in column))
        tags += [(bytes([letter]) + b"XYZ", b"XYZ " + bytes(4) + numbers)]
        tags += [(bytes([letter]) + b"TRC", curve)]
    return profile(b"RGB ", b"XYZ ", tags)


def test_a_profile_is_told_by_its_curve_not_by_its_name():
    assert is_srgb(srgb_profile())
    linear = rgb_profile(1.0)
    assert not is_srgb(linear)
    half = np.full((4, 4, 3), 0.5, np.float32)
    for bits in (8, 16):
        assert np.abs(to_srgb(half, linear, bits, "a") - 0.735).max() < 3e-3


def table_profile(grid=5):
    """CMYK in, Lab out: lightness falls with the inks, cyan and magenta pull a and b."""
    axes = np.meshgrid(*[np.linspace(0, 1, grid)] * 4, indexing="ij")
    c, m, y, k = axes
    light = (1 - k) * (1 - 0.3 * c - 0.4 * m - 0.1 * y)
    lab = np.stack([light * 0xFF00, 32768 + 9000 * (m - c), 32768 + 9000 * (y - c)], axis=-1)
    curve = np.array([0, 65535], ">u2").tobytes()
    head = b"mft2" + bytes(4) + bytes([4, 3, grid, 0])
    head += struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536) + struct.pack(">2H", 2, 2)
    table = head + curve * 4 + lab.round().astype(">u2").tobytes() + curve * 3
    return profile(b"CMYK", b"Lab ", [(b"A2B0", table)])


def test_tables_agree_with_littlecms_and_keep_more_levels():
    data = bytearray(table_profile())
    data[12:16] = b"prtr"
    inks = np.random.default_rng(2).integers(0, 256, (40, 40, 4)).astype(np.float32) / 255
    eight, deep = (to_srgb(inks, bytes(data), bits, "a") for bits in (8, 16))
    off = np.abs(eight - deep) * 255
    # LittleCMS rounds where colors leave sRGB, which the curve near black enlarges.
    assert np.median(off) < 0.5
    assert np.percentile(off, 98) < 4
    ramp = np.zeros((1, 4096, 4), np.float32)
    ramp[..., 3] = np.linspace(0, 1, 4096)
    assert np.unique(to_srgb(ramp, bytes(data), 16, "a")[..., 1]).size > 4000


HALF = np.full((4, 4, 3), 32768, np.uint16)
P3 = struct.pack(">4B", 12, 13, 0, 1)
CHRM_P3 = struct.pack(">8I", 31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)


def gama(value):
    return b"gAMA", struct.pack(">I", round(value * 100_000))


def iccp(data):
    return b"iCCP", b"x\0\0" + zlib.compress(data)


@pytest.mark.parametrize(
    ("chunks", "value"),
    [
        ([], 0.5),
        ([gama(1 / 2.2)], 0.5),
        ([gama(1)], 0.7354),
        ([gama(1 / 1.8)], float(srgb(0.5**1.8))),
        ([gama(1), (b"sRGB", b"\0")], 0.5),
        ([gama(0)], 0.5),
        ([(b"cICP", struct.pack(">4B", 1, 8, 0, 1))], 0.7354),
        ([(b"cICP", struct.pack(">4B", 1, 13, 0, 1)), iccp(rgb_profile(1)), gama(1)], 0.5),
        ([iccp(rgb_profile(1)), (b"sRGB", b"\0")], 0.7354),
        ([iccp(srgb_profile()), gama(1)], 0.5),
    ],
)
def test_pngs_chunks_are_heeded_in_their_order(chunks, value):
    assert np.abs(read(png(chunks, HALF)).pixels - value).max() < 1e-3


@pytest.mark.parametrize("chunks", [[(b"cICP", P3)], [gama(1 / 2.2), (b"cHRM", CHRM_P3)]])
def test_display_p3_of_a_png(chunks):
    """A red within both, by the conversion of Display P3 that CSS Color 4 gives."""
    stored = np.full((4, 4, 3), (0.8, 0.3, 0.3)) * 65535
    photo = read(png(chunks, stored.round().astype(np.uint16)))
    linear = ((np.array([0.8, 0.3, 0.3]) + 0.055) / 1.055) ** 2.4
    matrix = [[1.2249, -0.2247, 0], [-0.0420, 1.0419, 0], [-0.0197, -0.0786, 1.0979]]
    assert np.abs(photo.pixels[0, 0] - srgb(np.array(matrix) @ linear)).max() < 0.012


def test_linear_gray_png():
    photo = read(png([gama(1)], HALF[..., :1]))
    assert photo.was_gray
    assert np.abs(photo.pixels - 0.7354).max() < 1e-3


def test_the_frames_of_an_animated_png_are_counted():
    frames = [Image.fromarray(COLOR), Image.fromarray(COLOR[::-1].copy())]
    stream = io.BytesIO()
    frames[0].save(stream, "PNG", save_all=True, append_images=frames[1:])
    photo = read(stream.getvalue())
    assert photo.pages_dropped == 1
    assert np.array_equal(photo.samples, COLOR)


def jpeg(**options):
    stream = io.BytesIO()
    Image.fromarray(COLOR).save(stream, "JPEG", quality=95, **options)
    return stream.getvalue()


def test_bytes_between_segments_do_no_harm():
    content = jpeg()
    at = content.index(b"\xff\xdb")
    for junk in (b"\0" * 4, b"junk", b"\xff\0\xff\0"):
        photo = read(content[:at] + junk + content[at:])
        assert np.array_equal(photo.samples, read(content).samples)


@pytest.mark.parametrize("share", [0.5, 0.9])
def test_lost_data_are_no_harmless_bytes(share):
    content = jpeg()
    at = content.index(b"\xff\xdb")
    with_junk = content[:at] + b"junk" + content[at:]
    with pytest.raises(UnreadablePhotoError):
        read(with_junk[: int(len(content) * share)])
    middle = len(with_junk) * 2 // 3
    with pytest.raises(UnreadablePhotoError):
        read(with_junk[:middle] + b"\xff\xd9")


def test_the_base_picture_of_an_ultra_hdr_jpeg():
    base = jpeg()
    xmp = b'http://ns.adobe.com/xap/1.0/\0<x hdrgm:Version="1.0"/>'
    segment = b"\xff\xe1" + struct.pack(">H", len(xmp) + 2) + xmp
    content = base[:2] + segment + base[2:] + base
    photo = read(content)
    assert (photo.bit_depth, photo.pages_dropped) == (8, 0)
    assert np.array_equal(photo.samples, read(base).samples)


def test_pictures_of_an_mpo_are_counted():
    first, small = Image.fromarray(COLOR), Image.fromarray(COLOR[::4, ::4].copy())
    for others, dropped in (([first], 1), ([small], 0)):
        stream = io.BytesIO()
        first.save(stream, "MPO", save_all=True, append_images=others)
        photo = read(stream.getvalue())
        assert photo.pages_dropped == dropped
        assert photo.samples.shape == COLOR.shape


@pytest.mark.parametrize(("marker", "bits", "word"), [(0xC1, 12, "12-bit"), (0xC3, 16, "lossless")])
def test_jpegs_of_medicine_are_named(marker, bits, word):
    content = bytearray(jpeg())
    at = content.index(b"\xff\xc0")
    content[at + 1], content[at + 4] = marker, bits
    with pytest.raises(UnreadablePhotoError, match=f"a {word} JPEG"):
        read(bytes(content))


def test_gray_and_alpha_of_jpeg_2000():
    both = np.dstack([COLOR[..., 0], COLOR[..., 1]])
    stream = io.BytesIO()
    Image.fromarray(both, "LA").save(stream, "JPEG2000")
    photo = read(stream.getvalue())
    assert photo.was_gray
    assert np.array_equal(photo.samples[..., 0], COLOR[..., 0])
    assert np.array_equal(photo.alpha, COLOR[..., 1])


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
@pytest.mark.parametrize("limit", [255, 1000, 65535])
def test_pam(depth, limit):
    values = np.random.default_rng(depth).integers(0, limit + 1, (5, 6, depth))
    head = f"P7\n# made here\nWIDTH 6\nHEIGHT 5\nDEPTH {depth}\nMAXVAL {limit}\nENDHDR\n"
    content = head.encode() + values.astype(">u2" if limit > 255 else np.uint8).tobytes()
    assert recognize(content[:64]).name == "pnm"
    photo = read(content)
    colors = 3 if depth >= 3 else 1
    assert np.abs(photo.pixels[..., :colors] - values[..., :colors] / limit).max() < 1e-4
    assert (photo.alpha is not None) == (depth in (2, 4))
    with pytest.raises(UnreadablePhotoError, match="ends before"):
        read(content[:-1])


@pytest.mark.parametrize(
    "values",
    [np.linspace(0, 255, 75).reshape(5, 5, 3), np.full((4, 4), np.nan), np.full((4, 4), np.inf)],
)
def test_floats_that_are_no_picture(values):
    for source in (values, values.astype(np.float32)):
        with pytest.raises(UnreadablePhotoError):
            read(source)
    if values.ndim == 2 or values.max() > 1:
        plane = values if values.ndim == 2 else values[..., 0]
        with pytest.raises(UnreadablePhotoError):
            read(Image.fromarray(plane.astype(np.float32)))


def test_floats_of_resampling_are_clipped():
    assert np.array_equal(
        read(np.array([[-0.001, 0.5, 1.001]])).pixels[0, :, 0], np.float32([0, 0.5, 1])
    )


@pytest.mark.parametrize("quality", [0, 101, 500, -1])
@pytest.mark.parametrize("name", ["jpeg", "png"])
def test_a_quality_out_of_range(name, quality):
    with pytest.raises(UsageError, match="quality"):
        encode(read(COLOR), name, quality=quality)


def test_heic(tmp_path):
    pillow_heif = pytest.importorskip("pillow_heif")
    file = pillow_heif.from_pillow(Image.fromarray(COLOR))
    file.save(tmp_path / "a.heic", quality=-1)
    photo = read(tmp_path / "a.heic")
    assert (photo.format, photo.bit_depth) == ("heif", 8)
    assert np.abs(photo.to_uint8().astype(int) - COLOR).mean() < 3
    (tmp_path / "cut.heic").write_bytes((tmp_path / "a.heic").read_bytes()[:900])
    with pytest.raises(UnreadablePhotoError, match="cut"):
        read(tmp_path / "cut.heic")


def test_the_first_page_of_a_pdf(tmp_path):
    pytest.importorskip("pypdfium2")
    pages = [Image.fromarray(COLOR), Image.fromarray(COLOR[::-1].copy())]
    pages[0].save(tmp_path / "a.pdf", save_all=True, append_images=pages[1:], quality=95)
    photo = read(tmp_path / "a.pdf")
    assert (photo.format, photo.pages_dropped) == ("pdf", 1)
    assert photo.samples.shape == COLOR.shape
    assert np.abs(photo.to_uint8().astype(int) - COLOR).mean() < 3


@pytest.mark.parametrize(
    ("head", "extra"), [(b"%PDF-1.7\n", "pdf"), (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "heif"),
                        (b"FUJIFILMCCD-RAW 0201", "raw")]
)  # fmt: skip
def test_an_extra_that_is_missing_is_named(monkeypatch, head, extra):
    for module in ("pypdfium2", "pillow_heif", "rawpy"):
        monkeypatch.setitem(__import__("sys").modules, module, None)
    with pytest.raises(UnreadablePhotoError, match=rf"pip install 'rechroma\[{extra}\]'"):
        read(head + bytes(100))


def test_directories_in_a_circle_end(tmp_path):
    """A directory that names itself as the next one."""
    file = tmp_path / "circle.tif"
    Image.new("L", (4, 4), 99).save(file)
    content = bytearray(file.read_bytes())
    (offset,) = struct.unpack_from("<I", content, 4)
    (entries,) = struct.unpack_from("<H", content, offset)
    struct.pack_into("<I", content, offset + 2 + 12 * entries, offset)
    file.write_bytes(content)
    assert (read(file).to_uint8() == 99).all()


@pytest.mark.parametrize("kind", [np.float32, np.int32])
def test_numbers_of_another_scale_are_refused(tmp_path, kind):
    """Clipped they would be a white picture, and as parts of 32 bits a black one."""
    Image.fromarray(GRAY.astype(kind)).save(tmp_path / "a.tif")
    with pytest.raises(UnreadablePhotoError, match=r"above white|would be black"):
        read(tmp_path / "a.tif")


def test_lights_above_white_are_white(tmp_path):
    values = (GRAY / 255).astype(np.float32)
    values[:4] = 3.5
    Image.fromarray(values).save(tmp_path / "a.tif")
    shown = read(tmp_path / "a.tif").samples[..., 0]
    np.testing.assert_allclose(shown, np.clip(values, 0, 1), atol=1e-6)


def test_bytes_that_are_marked_as_signed(tmp_path):
    """Programs that write so mean the bytes as they are; Pillow and ImageMagick know it, too."""
    values = GRAY.astype(np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", values.view(np.int8), photometric="minisblack")
    np.testing.assert_array_equal(read(tmp_path / "a.tif").samples[..., 0], values)


def test_a_tiff_with_a_palette_and_alpha(tmp_path):
    picture = Image.fromarray(COLOR).quantize(32).convert("PA")
    picture.putalpha(Image.fromarray(GRAY.astype(np.uint8)).resize(picture.size))
    picture.save(tmp_path / "a.tif")
    photo, shown = read(tmp_path / "a.tif"), np.asarray(picture.convert("RGBA"))
    np.testing.assert_array_equal(photo.samples, shown[..., :3])
    np.testing.assert_array_equal(photo.alpha, shown[..., 3])


def test_a_gif_whose_frame_is_larger_than_its_screen(tmp_path):
    picture = Image.fromarray(COLOR).quantize(32)
    picture.save(tmp_path / "a.gif")
    content = bytearray((tmp_path / "a.gif").read_bytes())
    struct.pack_into("<HH", content, 6, picture.width // 2, picture.height // 2)
    np.testing.assert_array_equal(read(bytes(content)).samples, np.asarray(picture.convert("RGB")))


def test_a_gif_of_too_many_pixels_is_refused_before_it_is_decoded():
    head = b"GIF89a" + struct.pack("<HHBBB", 65535, 65535, 0, 0, 0)
    with pytest.raises(PhotoTooLargeError):
        read(head + bytes(100))
    with pytest.raises(UnreadablePhotoError):
        read(head + bytes(100), max_pixels=None)


def test_a_plain_bitmap_without_spaces():
    assert read(b"P1 # text\n3 2\n101001").samples[..., 0].tolist() == [[0, 255, 0], [255, 255, 0]]


def test_a_file_of_several_jpegs_is_a_picture_in_folders(tmp_path):
    first = Image.fromarray(COLOR)
    first.save(tmp_path / "a.mpo", save_all=True, append_images=[first])
    assert ".mpo" in readable_suffixes()
    photo = read(tmp_path / "a.mpo")
    assert photo.pages_dropped == 1
    with Image.open(tmp_path / "a.mpo") as shown:
        np.testing.assert_array_equal(photo.samples, np.asarray(shown))
