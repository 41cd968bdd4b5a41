"""One picture in every format, by encoders that have nothing to do with the package's own."""

from __future__ import annotations

import base64
import io
import struct

import numpy as np
from PIL import Image

_ROWS, _COLUMNS = np.mgrid[0:6, 0:8]
# 8 columns, 6 rows; smooth, so that lossy encoders keep it.
PICTURE = np.stack([_COLUMNS * 30, _ROWS * 45, 200 - _COLUMNS * 10 - _ROWS * 5], axis=-1).astype(
    np.uint8
)


def _pillow(kind, **options):
    def encoded():
        stream = io.BytesIO()
        Image.fromarray(PICTURE).save(stream, kind, **options)
        return stream.getvalue()

    return encoded


def _openexr():
    """Three channels of 32-bit floats, linear, uncompressed, in scan lines."""

    def attribute(name, kind, value):
        return name + b"\0" + kind + b"\0" + struct.pack("<i", len(value)) + value

    height, width = PICTURE.shape[:2]
    window = struct.pack("<4i", 0, 0, width - 1, height - 1)
    channels = b"".join(
        name + b"\0" + struct.pack("<iB3xii", 2, 0, 1, 1) for name in (b"B", b"G", b"R")
    )
    header = struct.pack("<ii", 20000630, 2) + b"".join([
        attribute(b"channels", b"chlist", channels + b"\0"),
        attribute(b"compression", b"compression", b"\0"),
        attribute(b"dataWindow", b"box2i", window),
        attribute(b"displayWindow", b"box2i", window),
        attribute(b"lineOrder", b"lineOrder", b"\0"),
        attribute(b"pixelAspectRatio", b"float", struct.pack("<f", 1)),
        attribute(b"screenWindowCenter", b"v2f", struct.pack("<2f", 0, 0)),
        attribute(b"screenWindowWidth", b"float", struct.pack("<f", 1)),
        b"\0",
    ])  # fmt: skip
    rows = [
        struct.pack("<2i", y, 12 * width) + line[:, ::-1].T.astype("<f4").tobytes()
        for y, line in enumerate(_linear())
    ]
    first = len(header) + 8 * height
    offsets = [first + y * len(rows[0]) for y in range(height)]
    return header + struct.pack(f"<{height}Q", *offsets) + b"".join(rows)


def _hdr():
    """Flat RGBE: three mantissas and one exponent a pixel."""
    linear = np.maximum(_linear(), 1e-6)
    exponent = np.floor(np.log2(linear.max(axis=2))) + 1
    mantissas = np.clip(linear * 256 / 2 ** exponent[..., None], 0, 255)
    rgbe = np.dstack([mantissas, exponent + 128]).astype(np.uint8)
    height, width = PICTURE.shape[:2]
    head = f"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y {height} +X {width}\n"
    return head.encode() + rgbe.tobytes()


def _psd():
    height, width = PICTURE.shape[:2]
    head = b"8BPS" + struct.pack(">H6xHIIHH", 1, 3, height, width, 8, 3)
    # No color table, no resources, no layers; then the planes as they are.
    return head + bytes(12) + b"\0\0" + np.moveaxis(PICTURE, -1, 0).tobytes()


def _dpx():
    """Unpacked 8 bits, with of SMPTE 268M's header what has to be there."""
    height, width = PICTURE.shape[:2]
    data = PICTURE.tobytes()
    head = bytearray(b"\xff" * 2048)
    struct.pack_into(">4sI8sI", head, 0, b"SDPX", 2048, b"V1.0\0\0\0\0", 2048 + len(data))
    struct.pack_into(">HHII", head, 768, 0, 1, width, height)
    # Unsigned, from 0.0 for 0 to 1.0 for 255; RGB, transfer and colors undefined; then the offset.
    element = 0, 0, 0.0, 255, 1.0, 50, 0, 0, 8, 0, 0, 2048, 0, 0
    struct.pack_into(">IIfIfBBBBHHIII", head, 780, *element)
    return bytes(head) + data


def _linear():
    values = PICTURE / 255
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def _jpegxl():
    """`PICTURE`, lossless, by libjxl 0.11.2 through imagecodecs."""
    return base64.b64decode(
        "/wooMBAJCAQBABgDSzhA9TI9Pgqn5yooKAmRSIRSETGMjcbdMQYDCBEdw2h6bozBCaOh4QsEDEAGAyrgJ2HuGZ7h"
        "mTEvnmXSLMPNljM8y6RZBsaDZ3iWSTOZ4wzP8CyTwvBkGZ7hGZ7RZbh7W5d1t7vpSlUaqWk5Y9HG0WZo0T8HUkv3"
        "gmOYtcPdDvl7DGfaIeOz2wd2YAfsHJZ6uCGTJEuaUqmsC0nPVMblKdMzq8qUIlcnUCa6lTMzg6AjRgyMppgkYAII"
        "Egry5IUakkgALiEA"
    )


# Name of the format → its file.
ENCODERS = {
    "jpeg": _pillow("JPEG", quality=95, subsampling=0),
    "png": _pillow("PNG"),
    "tiff": _pillow("TIFF"),
    "webp": _pillow("WEBP", lossless=True),
    "openexr": _openexr,
    "jpeg2000": _pillow("JPEG2000"),
    "bmp": _pillow("BMP"),
    "targa": _pillow("TGA"),
    "pnm": _pillow("PPM"),
    "gif": _pillow("GIF"),
    "psd": _psd,
    "jpegxl": _jpegxl,
    "dpx": _dpx,
    "hdr": _hdr,
}
