"""All that gray JPEGs can be, made of Pillow's by moving bytes about as T.81 allows."""

from __future__ import annotations

import io
import struct

import numpy as np
from PIL import Image
from skimage import data

SCENE = data.coffee()[90:250, 150:361].mean(axis=2).astype(np.uint8)


def coded(values=SCENE, **options):
    file = io.BytesIO()
    Image.fromarray(values).save(file, "JPEG", **{"quality": 90, **options})
    return file.getvalue()


def two_pictures():
    """Return a multi-picture file (CIPA DC-007): an index, and the second behind."""
    file = io.BytesIO()
    first, second = Image.fromarray(SCENE), Image.fromarray(SCENE[::-1, ::-1].copy())
    first.save(file, "MPO", save_all=True, append_images=[second], quality=85)
    return file.getvalue()


def segments(content):
    """Return (marker, body) of each segment before the first scan, and the rest of the file."""
    at, found = 2, []
    while content[at + 1] != 0xDA:
        (size,) = struct.unpack_from(">H", content, at + 2)
        found.append((content[at + 1], content[at + 4 : at + 2 + size]))
        at += 2 + size
    return found, content[at:]


def file_of(parts, rest, fill=b""):
    head = b"".join(
        fill + bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body
        for marker, body in parts
    )
    return b"\xff\xd8" + head + fill + rest


def changed(content, change):
    parts, rest = segments(content)
    return file_of([change(marker, body) for marker, body in parts], rest)


def with_segment(content, marker, body):
    parts, rest = segments(content)
    return file_of([(marker, body), *parts], rest)


def in_one_segment(content, marker):
    """Put all tables of a kind into one segment."""
    parts, rest = segments(content)
    tables = b"".join(body for kind, body in parts if kind == marker)
    others = [part for part in parts if part[0] != marker]
    return file_of([*others, (marker, tables)], rest)


def with_component(content, name):
    """Rename the component."""
    parts, rest = segments(content)
    frames = (0xC0, 0xC2)
    parts = [(m, b[:6] + bytes([name]) + b[7:] if m in frames else b) for m, b in parts]
    # Each scan's header has one component, whose name follows the count.
    scans = rest.split(b"\xff\xda\0\x08\1\1")
    return file_of(parts, (b"\xff\xda\0\x08\1" + bytes([name])).join(scans))


def with_further_table(content, number):
    """Define a quantization table that nothing needs."""
    parts, rest = segments(content)
    return file_of([(0xDB, bytes([number]) + bytes(range(1, 65))), *parts], rest)


def with_table_number(content, number):
    """Call the quantization table otherwise."""

    def change(marker, body):
        if marker == 0xDB:
            return marker, bytes([number]) + body[1:]
        return marker, body[:8] + bytes([number]) if marker in (0xC0, 0xC2) else body

    return changed(content, change)


def sampled(content, factors):
    frames = (0xC0, 0xC2)
    return changed(
        content, lambda m, b: (m, b[:7] + bytes([factors]) + b[8:] if m in frames else b)
    )


def tagged(content, orientation, further=b""):
    """Add EXIF with an orientation, and coordinates that are easily found."""
    exif = Image.Exif()
    exif[274] = orientation
    exif[0x8825] = {1: "N", 2: (48.0, 12.0, 34.5678), 29: "1911:11:11"}
    return with_segment(content, 0xE1, exif.tobytes()) + further


PLAIN, PROGRESSIVE = coded(), coded(progressive=True)
RESTARTED = coded(restart_marker_blocks=5)
KINDS = {
    "baseline": PLAIN,
    "progressive": PROGRESSIVE,
    "optimized": coded(optimize=True),
    "coarse": coded(quality=5),
    "fine": coded(quality=100),
    "restarts": RESTARTED,
    "restarts-progressive": coded(progressive=True, restart_marker_rows=1),
    "extended": PLAIN.replace(b"\xff\xc0", b"\xff\xc1", 1),
    "one-huffman-segment": in_one_segment(PLAIN, 0xC4),
    "one-huffman-segment-of-progressive": in_one_segment(PROGRESSIVE, 0xC4),
    "sampled": sampled(PLAIN, 0x22),
    "sampled-oddly": sampled(PROGRESSIVE, 0x41),
    "component-0": with_component(PLAIN, 0),
    "component-2": with_component(PROGRESSIVE, 2),
    "component-Y": with_component(RESTARTED, ord("Y")),
    "table-3": with_table_number(PLAIN, 3),
    "further-tables": with_further_table(with_further_table(PLAIN, 1), 2),
    "filled-up": file_of(*segments(PLAIN), fill=b"\xff\xff"),
    "filled-up-end": PLAIN[:-2] + b"\xff\xff\xff\xff\xd9",
    "bytes-behind": PLAIN + b"what follows the end, \xff\xd8\xff\xe1 too" * 9,
    "two-pictures": two_pictures(),
    "adobe": with_segment(PLAIN, 0xEE, b"Adobe\0d\0\0\0\0\0"),
    "no-jfif": file_of(segments(PLAIN)[0][1:], segments(PLAIN)[1]),
    "jfif-thumbnail": changed(
        PLAIN, lambda m, b: (m, b[:-2] + b"\2\2" + bytes(12)) if m == 0xE0 else (m, b)
    ),
    "comment": with_segment(PLAIN, 0xFE, b"Aunt Mary, 1911"),
}  # fmt: skip
SIZES = [(1, 1), (1, 37), (37, 1), (7, 9), (8, 8), (16, 16), (17, 16), (16, 17), (9, 200), (3, 2)]
