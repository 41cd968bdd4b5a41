"""Tables against slow plain interpolation, and `.cube` files against other programs' readers."""

from __future__ import annotations

import pickle
import shutil
import subprocess

import colour
import numpy as np
import PyOpenColorIO as ocio
import pytest
from PIL import Image

from rechroma.errors import LookError
from rechroma.mood import fit_look, read_lut, write_cube
from rechroma.mood.lut import Lut3D, LutChain, grid
from rechroma.photo import read, write


def twisted(rgb):
    red, green, blue = rgb[..., 0], rgb[..., 1], rgb[..., 2]
    return np.stack([red**1.5, 0.2 + 0.6 * green * (1 - 0.5 * blue), 1 - blue], axis=-1)


@pytest.fixture
def lut():
    return table_of(twisted, 17)


def table_of(function, size):
    return Lut3D(function(grid(size)).astype(np.float32))


def tetrahedral(table, rgb):
    """One color at a time: sort the fractions, and walk along them from corner to corner."""
    top = len(table) - 1
    result = np.empty_like(rgb)
    for index in np.ndindex(rgb.shape[:-1]):
        position = np.clip(rgb[index], 0, 1) * top
        base = np.minimum(position.astype(int), top - 1)
        fraction = position - base
        corner, value = base.copy(), table[tuple(base)].astype(float)
        for axis in np.argsort(-fraction):
            following = corner.copy()
            following[axis] += 1
            step = table[tuple(following)].astype(float) - table[tuple(corner)]
            value = value + fraction[axis] * step
            corner = following
        result[index] = value
    return result


@pytest.mark.parametrize(
    ("dtype", "tolerance"), [(np.uint8, 0.51 / 255), (np.uint16, 2e-5), (np.float32, 2e-6)]
)
@pytest.mark.parametrize("threads", [1, 3])
def test_applying_agrees_with_plain_interpolation(lut, dtype, tolerance, threads):
    top = 1 if dtype is np.float32 else np.iinfo(dtype).max
    rgb = np.random.default_rng(0).random((13, 11, 3))
    samples = (rgb * top).astype(dtype) if top == 1 else np.round(rgb * top).astype(dtype)
    found = lut.apply(samples, threads=threads)
    assert found.dtype == dtype
    wanted = tetrahedral(lut.table, samples / top)
    np.testing.assert_allclose(found / top, wanted, atol=tolerance)


def test_the_input_stays_as_it_is(lut):
    samples = np.full((5, 5, 3), 100, np.uint8)
    lut.apply(samples)
    assert (samples == 100).all()


def test_a_gray_photos_shared_channels(lut):
    photo = read(np.full((6, 7), 90, np.uint8))
    assert lut.apply(photo.samples).shape == (6, 7, 3)


def test_many_strips_and_threads_give_what_one_gives(lut):
    samples = np.random.default_rng(1).integers(0, 256, (2000, 700, 3), dtype=np.uint8)
    np.testing.assert_array_equal(lut.apply(samples, threads=4), lut.apply(samples))


@pytest.mark.parametrize("size", [2, 17, 33, 65])
def test_writing_and_reading(tmp_path, size):
    lut = table_of(twisted, size)
    write_cube(lut, tmp_path / "a.cube", title='my "look"')
    again = read_lut(tmp_path / "a.cube")
    np.testing.assert_allclose(again.table, lut.table, atol=1e-6)
    assert (again.low, again.high) == (lut.low, lut.high)


def test_color_science_reads_it(lut, tmp_path):
    write_cube(lut, tmp_path / "a.cube")
    theirs = colour.read_LUT(str(tmp_path / "a.cube"))
    np.testing.assert_allclose(theirs.table, lut.table, atol=1e-6)
    rgb = np.random.default_rng(2).random((40, 3))
    wanted = theirs.apply(rgb, interpolator=colour.algebra.table_interpolation_tetrahedral)
    found = lut.apply(rgb[None].astype(np.float32))[0]
    np.testing.assert_allclose(found, wanted, atol=1e-5)


def test_opencolorio_reads_it(lut, tmp_path):
    write_cube(lut, tmp_path / "a.cube")
    transform = ocio.FileTransform(str(tmp_path / "a.cube"), interpolation=ocio.INTERP_TETRAHEDRAL)
    processor = ocio.Config.CreateRaw().getProcessor(transform).getDefaultCPUProcessor()
    rgb = np.random.default_rng(3).random((40, 3)).astype(np.float32)
    wanted = np.array([processor.applyRGB(each.tolist()) for each in rgb])
    np.testing.assert_allclose(lut.apply(rgb[None])[0], wanted, atol=1e-5)


FFMPEG = shutil.which("ffmpeg")


@pytest.mark.skipif(not FFMPEG, reason="ffmpeg is not installed")
def test_ffmpeg_gives_our_picture_within_one_level(warm, cool, tmp_path):
    look = fit_look(warm, cool)
    look.save(tmp_path / "look.cube")
    Image.fromarray(cool.to_uint8()).save(tmp_path / "in.png")
    subprocess.run(
        [FFMPEG, "-v", "error", "-i", "in.png", "-vf",
         "format=rgb24,lut3d=look.cube:interp=tetrahedral", "out.png"],
        check=True, cwd=tmp_path,
    )  # fmt: skip
    theirs = np.asarray(Image.open(tmp_path / "out.png")).astype(int)
    assert np.abs(theirs - look.apply(cool).to_uint8()).max() <= 1


def test_a_domain_of_its_own(tmp_path):
    """A table over 0…2: what stands in its middle is for an input of 1."""
    table = 2 * grid(3)
    write_cube(Lut3D(table.astype(np.float32), (0.0,) * 3, (2.0,) * 3), tmp_path / "a.cube")
    lut = read_lut(tmp_path / "a.cube")
    rgb = np.random.default_rng(4).random((4, 5, 3)).astype(np.float32)
    np.testing.assert_allclose(lut.apply(rgb), rgb, atol=1e-6)


GOOD = "LUT_3D_SIZE 2\n" + "\n".join(f"{i % 2} {i // 2 % 2} {i // 4}" for i in range(8)) + "\n"


def test_comments_blank_lines_and_a_byte_order_mark(tmp_path):
    (tmp_path / "a.cube").write_text('\ufeff# a comment\n\nTITLE "x"\n' + GOOD, encoding="utf-8")
    rgb = np.random.default_rng(5).random((4, 5, 3)).astype(np.float32)
    np.testing.assert_allclose(read_lut(tmp_path / "a.cube").apply(rgb), rgb, atol=1e-6)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no LUT_3D_SIZE"),
        ("hello\n", "the keyword HELLO is not known"),
        ("LUT_IN_VIDEO_RANGE\n" + GOOD, "the keyword LUT_IN_VIDEO_RANGE is not known"),
        ("0 0 0\n1 1 1\n", "no LUT_3D_SIZE"),
        ("LUT_1D_SIZE 3\n0 0 0\n1 1 1\n", "2 lines of colors, and a size of 3"),
        ("DOMAIN_MAX 2 2 2\nLUT_3D_INPUT_RANGE 0 3\n" + GOOD, "another LUT_3D_INPUT_RANGE"),
        ("LUT_1D_INPUT_RANGE 0 2\n" + GOOD, "without a LUT_1D_SIZE"),
        (GOOD.replace("1 1 1", "1,5,2,3"), "commas"),
        (GOOD.replace("SIZE 2", "SIZE 3"), "8 lines of colors, and a size of 3"),
        (GOOD.replace("SIZE 2", "SIZE 1"), "from 2 to 256"),
        (GOOD.replace("SIZE 2", "SIZE 100000"), "from 2 to 256"),
        (GOOD.replace("SIZE 2", "SIZE -2"), "from 2 to 256"),
        (GOOD.replace("SIZE 2", "SIZE two"), "LUT_3D_SIZE is not one number"),
        (GOOD.replace("1 1 1", "1 nan 1"), "finite"),
        (GOOD.replace("1 1 1", "1 inf 1"), "finite"),
        (GOOD.replace("1 1 1", "1 1"), "three numbers"),
        (GOOD.replace("1 1 1", "1 x 1"), "three numbers"),
        (GOOD + "1 1 1\n", "9 lines"),
        ("DOMAIN_MIN 0 0\n" + GOOD, "DOMAIN_MIN is not three numbers"),
        ("DOMAIN_MAX 1 nan 1\n" + GOOD, "DOMAIN_MAX is not three numbers that are finite"),
        ("DOMAIN_MIN 1 1 1\n" + GOOD, "begin and end at the same number"),
    ],
)  # fmt: skip
def test_a_broken_file_is_one_clear_error(tmp_path, text, words):
    (tmp_path / "bad.cube").write_text(text)
    with pytest.raises(LookError, match=words) as caught:
        read_lut(tmp_path / "bad.cube")
    assert "bad.cube" in caught.value.what


def test_no_file_no_text_and_a_hostile_size(tmp_path):
    with pytest.raises(LookError, match="No such file"):
        read_lut(tmp_path / "none.cube")
    (tmp_path / "bytes.cube").write_bytes(b"\xff\xfe\x00\xd8" * 10)
    with pytest.raises(LookError, match="not a text file"):
        read_lut(tmp_path / "bytes.cube")
    with (tmp_path / "huge.cube").open("wb") as file:
        file.truncate(1 << 33)
    with pytest.raises(LookError, match="larger than 64 MB"):
        read_lut(tmp_path / "huge.cube")


def test_an_existing_file_is_not_replaced(lut, tmp_path):
    (tmp_path / "a.cube").write_text("mine")
    with pytest.raises(Exception, match="exists already"):
        write_cube(lut, tmp_path / "a.cube")
    assert (tmp_path / "a.cube").read_text() == "mine"


ROWS = [f"{(i % 3) / 2} {0.3 + (i // 3 % 3) / 4} {1 - (i // 9) / 2}" for i in range(27)]
PLAIN = "LUT_3D_SIZE 3\n" + "\n".join(ROWS) + "\n"
RAMP = "0 0 0\n0.5 0.6 0.4\n1 1 1\n"


def by_opencolorio(path, rgb):
    """What OpenColorIO itself makes of a file."""
    transform = ocio.FileTransform(str(path), interpolation=ocio.INTERP_BEST)
    result = rgb.copy()
    ocio.Config.CreateRaw().getProcessor(transform).getDefaultCPUProcessor().applyRGB(result)
    return result


def random_rgb():
    return np.random.default_rng(6).random((9, 8, 3)).astype(np.float32)


@pytest.mark.parametrize(
    "content",
    [
        PLAIN.replace("LUT_3D_SIZE ", "LUT_3D_SIZE\t").encode(),
        PLAIN.lower().encode(),
        PLAIN.encode("utf-16"),
        PLAIN.encode("utf-16-le"),
        PLAIN.replace(".", ",").encode(),
        ("LUT_3D_SIZE 3\n" + "\n".join(row.replace(" ", ", ") for row in ROWS)).encode(),
        ("LUT_3D_SIZE 3\n" + "\n".join(row.replace(" ", ",") for row in ROWS)).encode(),
        ("LUT_3D_SIZE 3\n" + "\n".join(ROWS).replace(".", ",").replace(" ", ";")).encode(),
        b"# caf\xe9 \x85 LUT\n" + PLAIN.encode(),
        PLAIN.encode() + b"\x1a" + b"\0" * 90,
        PLAIN.encode() + b"\0" * 90,
        PLAIN.replace("\n", "\r").encode(),
        (PLAIN + "DOMAIN_MIN 0 0 0\nDOMAIN_MAX 1 1 1\n").encode(),
        PLAIN.replace("SIZE 3", "SIZE 3.0").encode(),
    ],
)  # fmt: skip
def test_dialects_mean_what_the_plain_file_means(content, tmp_path):
    (tmp_path / "plain.cube").write_text(PLAIN)
    (tmp_path / "a.cube").write_bytes(content)
    rgb = random_rgb()
    wanted = by_opencolorio(tmp_path / "plain.cube", rgb)
    np.testing.assert_allclose(read_lut(tmp_path / "a.cube").apply(rgb), wanted, atol=1e-5)


SPI1D = "Version 1\nFrom -0.5 1.5\nLength 3\nComponents 1\n{\n0\n0.3\n1\n}\n"
SPI3D = "SPILUT 1.0\n3 3\n2 2 2\n" + "\n".join(
    f"{r} {g} {b} {1 - r} {g * 0.5} {b}" for r in (0, 1) for g in (0, 1) for b in (0, 1)
)
FLAME = "\n".join(
    f"{1023 - 1023 * r} {g * 512} {b * 1023}" for r in (0, 1) for g in (0, 1) for b in (0, 1)
)
CSP = (
    "CSPLUTV100\n3D\n\nBEGIN METADATA\nEND METADATA\n\n" + "2\n0 2\n0 1\n" * 3
    + "\n2 2 2\n" + "\n".join(f"{i % 2} {i // 2 % 2 * 0.7} {i // 4}" for i in range(8)) + "\n"
)  # fmt: skip
CLF = (
    '<?xml version="1.0"?><ProcessList id="a" compCLFversion="3.0">'
    '<Matrix inBitDepth="32f" outBitDepth="32f"><Array dim="3 3">'
    "0.8 0.1 0.1 0 1 0 0.2 0 0.8</Array></Matrix></ProcessList>"
)
CC = (
    '<ColorCorrection id="a"><SOPNode><Slope>1.1 0.9 1</Slope><Offset>0 0.05 0</Offset>'
    "<Power>1 1 1.2</Power></SOPNode></ColorCorrection>"
)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("ranges.cube", "LUT_3D_INPUT_RANGE -0.5 2\n" + PLAIN),
        ("inverse.cube", "LUT_3D_INPUT_RANGE 1 0\n" + PLAIN),
        ("domain.cube", "DOMAIN_MIN -1 0 0.1\nDOMAIN_MAX 2 1 0.8\n" + PLAIN),
        ("curve.cube", "LUT_1D_SIZE 3\nLUT_1D_INPUT_RANGE 0.2 0.7\n" + RAMP),
        ("falling.cube", "LUT_1D_SIZE 3\n1 1 1\n0.5 0.5 0.5\n0 0 0\n"),
        ("shaper.cube", "LUT_1D_SIZE 3\nLUT_1D_INPUT_RANGE 0 2\nLUT_3D_SIZE 3\n"
         "LUT_3D_INPUT_RANGE 0.1 0.9\n" + RAMP + "\n".join(ROWS)),
        ("a.spi1d", SPI1D), ("a.spi3d", SPI3D), ("a.3dl", FLAME), ("a.csp", CSP), ("a.clf", CLF),
        ("a.cc", CC),
    ],
)  # fmt: skip
@pytest.mark.parametrize("dtype", ["float32", "uint8", "uint16"])
def test_every_kind_gives_what_opencolorio_gives(name, text, dtype, tmp_path):
    (tmp_path / name).write_text(text)
    rgb = random_rgb()
    top = 1 if dtype == "float32" else np.iinfo(dtype).max
    samples = rgb if top == 1 else np.round(rgb * top).astype(dtype)
    wanted = by_opencolorio(tmp_path / name, (samples / top).astype(np.float32))
    found = read_lut(tmp_path / name).apply(samples) / top
    step = 1e-5 if top == 1 else max(1 / top, 4e-5)
    np.testing.assert_allclose(found, wanted if top == 1 else np.clip(wanted, 0, 1), atol=step)


@pytest.mark.parametrize("level", [2, 3, 12])
@pytest.mark.parametrize("depth", [8, 16])
def test_a_hald_picture(level, depth, tmp_path):
    size = level**2
    blue, green, red = np.meshgrid(*[np.linspace(0, 1, size)] * 3, indexing="ij")
    colors = np.stack([red, 1 - green, blue**2], axis=-1).reshape(level**3, level**3, 3)
    picture = read(colors.astype(np.float32))
    write(picture, tmp_path / "hald.png", bit_depth=depth)
    lut = read_lut(tmp_path / "hald.png")
    rgb = random_rgb()
    table = np.stack([red, 1 - green, blue**2], axis=-1).transpose(2, 1, 0, 3)
    wanted = tetrahedral(table, rgb.astype(float))
    np.testing.assert_allclose(lut.apply(rgb), wanted, atol=0.6 / (2**depth - 1) + 1e-6)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.vf", "#Inventor\ngrid_size 2 2 2\nworld_origin 1 0 0\ndata\n", "world_origin"),
        ("a.3dl", FLAME + "\ngamma 2.2\n", "gamma 2.2"),
        ("a.3dl", "Mesh 1 12\n" + FLAME, "says 12 bits"),
        ("a.clf", CLF.replace("<Matrix", "<Vignette/><Matrix"), "<Vignette>"),
        ("a.ctf", CLF.replace("<Matrix", '<Reference path="/etc/x"/><Matrix'), "<Reference>"),
        ("a.clf", "<!DOCTYPE x>" + CLF, "DOCTYPE"),
        ("a.look", "<look><shaders><blur/></shaders><LUT></LUT></look>", "<shaders>"),
        ("a.spi1d", SPI1D.replace("0.3", "nan"), "finite|a number"),
        ("a.spi1d", SPI1D.replace("Length 3", "Length 2000000000"), "can be read"),
    ],
)  # fmt: skip
def test_what_changes_the_meaning_is_refused_by_name(name, text, words, tmp_path):
    (tmp_path / name).write_text(text)
    with pytest.raises(LookError, match=words) as caught:
        read_lut(tmp_path / name)
    assert "\n" not in str(caught.value)


def test_a_look_of_several_steps_travels_to_another_process():
    group = ocio.GroupTransform(
        [
            ocio.MatrixTransform(np.diag([0.9, 0.8, 1, 1]).ravel().tolist(), [0.02, 0, 0.01, 0]),
            ocio.ExponentTransform([1.2, 1, 0.9, 1]),
        ]
    )
    chain = LutChain(group)
    samples = np.random.default_rng(0).random((20, 30, 3), np.float32)
    travelled = pickle.loads(pickle.dumps(chain))  # noqa: S301 (our own)
    np.testing.assert_allclose(travelled.apply(samples), chain.apply(samples), atol=1e-6)
