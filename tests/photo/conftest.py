"""Real files by two encoders."""

import numpy as np
import OpenImageIO as oiio
import pytest
from PIL import Image
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
