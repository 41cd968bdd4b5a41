"""Real files by two encoders."""

import io
import struct

import numpy as np
import OpenImageIO as oiio
import pytest
from PIL import Image, ImageCms
from skimage import data

COLOR = np.ascontiguousarray(data.coffee()[100:180, 200:310])


def write_oiio(path, values, **attributes):
    kind = "float" if values.dtype.kind == "f" else str(values.dtype)
    spec = oiio.ImageSpec(values.shape[1], values.shape[0], values.shape[2], kind)
    for name, value in attributes.items():
        spec.attribute(name.replace("__", ":"), value)
    output = oiio.ImageOutput.create(str(path))
    assert output.open(str(path), spec)
    assert output.write_image(values)
    assert output.close()


@pytest.fixture(scope="session")
def files(tmp_path_factory):
    """Name → path of seventeen pictures of the same scene."""
    folder = tmp_path_factory.mktemp("files")
    picture = Image.fromarray(COLOR)
    sixteen = COLOR.astype(np.uint16) * 257
    saved = {
        "jpeg": ("a.jpg", picture, {"quality": 90}),
        "progressive": ("p.jpg", picture, {"progressive": True, "subsampling": 0}),
        "cmyk": ("c.jpg", picture.convert("CMYK"), {"quality": 95}),
        "png": ("a.png", picture, {}),
        "palette": ("pal.png", picture.convert("P"), {}),
        "bilevel": ("one.png", picture.convert("1"), {}),
        "gray": ("gray.png", picture.convert("L"), {}),
        "gray-alpha": ("la.png", picture.convert("LA"), {}),
        "webp": ("a.webp", picture, {"lossless": True}),
        "avif": ("a.avif", picture, {"exif": b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0"}),
        "gif": ("a.gif", picture, {}),
        "bmp": ("a.bmp", picture, {}),
        "lzw": ("lzw.tif", picture, {"compression": "tiff_lzw"}),
        "fax": ("fax.tif", picture.convert("1"), {"compression": "group4"}),
    }
    for name, content, options in saved.values():
        content.save(folder / name, **options)
    write_oiio(folder / "sixteen.tif", sixteen, compression="zip")
    write_oiio(folder / "sixteen.png", sixteen)
    write_oiio(folder / "tiled.tif", (COLOR / 255).astype(np.float32))
    written = {key: folder / name for key, (name, _, _) in saved.items()}
    return written | {
        "sixteen-tiff": folder / "sixteen.tif",
        "sixteen-png": folder / "sixteen.png",
        "float-tiff": folder / "tiled.tif",
    }


@pytest.fixture(scope="session")
def adobe_profile():
    """A matrix profile with Adobe RGB's primaries and gamma, written tag by tag."""

    def xyz(values):
        return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(v * 65536) for v in values))

    # Adobe RGB (1998) colorants adapted to D50, and its gamma 563/256.
    tags = {
        b"rXYZ": xyz((0.60974, 0.31111, 0.01947)),
        b"gXYZ": xyz((0.20528, 0.62567, 0.06087)),
        b"bXYZ": xyz((0.14919, 0.06322, 0.74457)),
        b"wtpt": xyz((0.9642, 1.0, 0.8249)),
        b"cprt": b"text\0\0\0\0none\0",
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", 6) + b"Adobe\0" + b"\0" * 78,
        **{name: b"curv\0\0\0\0" + struct.pack(">IH", 1, 563) for name in
           (b"rTRC", b"gTRC", b"bTRC")},
    }  # fmt: skip
    table, body = b"", b""
    start = 128 + 4 + 12 * len(tags)
    for name, content in tags.items():
        content += b"\0" * (-len(content) % 4)
        table += struct.pack(">4sII", name, start + len(body), len(content))
        body += content
    size = start + len(body)
    header = struct.pack(">I4sI4s4s4s", size, b"\0\0\0\0", 0x02100000, b"mntr", b"RGB ", b"XYZ ")
    header = header.ljust(36, b"\0") + b"acsp" + b"\0" * 28 + struct.pack(
        ">3i", *(round(v * 65536) for v in (0.9642, 1.0, 0.8249)))  # fmt: skip
    profile = header.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body
    ImageCms.ImageCmsProfile(io.BytesIO(profile))
    return profile
