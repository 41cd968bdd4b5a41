"""The RGB profile of a gray one: the same tone curve, with sRGB's primaries.

A gray profile on color data is invalid, and programs ignore it or refuse the file. ICC.1:2022:
sections 7.2 (header), 8.3 (display profiles), 9.2 (tags), 10.6 and 10.18 (curves).
"""

from __future__ import annotations

import struct
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from rechroma.color.constants import RGB_FROM_XYZ
from rechroma.photo.matrix_profile import (
    adaptation_to_d50,
    parse_curve,
    parse_gray_profile,
    profile_tags,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from rechroma.photo.matrix_profile import Curve

__all__ = ["ToneCurve", "gray_profile", "tone_curve"]

_D50 = (0.9642, 1.0, 0.8249)
# Levels of a curve that has to be sampled.
_SAMPLES = 4096
_DATE = struct.pack(">6H", 2000, 1, 1, 0, 0, 0)


class ToneCurve(NamedTuple):
    """How a gray profile's numbers become light.

    Attributes:
        to_linear: From encoded to linear, both 0…1; never falls.
        profile: The RGB profile with this curve.
    """

    to_linear: Curve
    profile: bytes


@lru_cache(maxsize=8)
def tone_curve(profile: bytes) -> ToneCurve | None:
    """Return a gray profile's curve; None for tables, for one that falls, and for a broken one."""
    known = parse_gray_profile(profile)
    if known is None:
        return None
    to_linear = known.curves[1]
    levels = to_linear(np.linspace(0, 1, _SAMPLES, dtype=np.float32))
    rises = bool(np.all(np.diff(levels) >= 0))
    if not rises or levels[0] < -1e-3 or not 0.9 < levels[-1] < 1.1:
        return None
    return ToneCurve(to_linear, _rgb_profile(_curve_tag(profile, levels)))


def gray_profile(profile: bytes) -> bytes | None:
    """Return the gray profile of an RGB one's tone curve; None where that has no single one."""
    try:
        tags = profile_tags(profile)
        curve = tags["gTRC"]
        _, length = parse_curve(curve)
    except (KeyError, ValueError, struct.error, UnicodeDecodeError):
        return None
    if profile[16:20] != b"RGB " or not tags["gTRC"] == tags.get("rTRC") == tags.get("bTRC"):
        return None
    return _profile_of(b"GRAY", "A gray tone curve", [((b"kTRC",), curve[:length])])


def _curve_tag(profile: bytes, levels: NDArray[np.float32]) -> bytes:
    tag = profile_tags(profile)["kTRC"]
    if profile[20:24] != b"Lab ":
        _, length = parse_curve(tag)
        return tag[:length]
    # The curve gives lightness there: the same one, as light.
    values = np.clip(levels * 65535 + 0.5, 0, 65535).astype(">u2")
    return b"curv" + bytes(4) + struct.pack(">I", _SAMPLES) + values.tobytes()


def _rgb_profile(curve: bytes) -> bytes:
    to_d50 = adaptation_to_d50()
    columns = (to_d50 @ np.linalg.inv(np.array(RGB_FROM_XYZ))).T
    return _profile_of(b"RGB ", "Gray's tone curve, sRGB's primaries", [
        ((b"chad",), _numbers(b"sf32", to_d50.ravel())),
        *(((name,), _numbers(b"XYZ ", column)) for name, column in
          zip((b"rXYZ", b"gXYZ", b"bXYZ"), columns, strict=True)),
        ((b"rTRC", b"gTRC", b"bTRC"), curve),
    ])  # fmt: skip


def _profile_of(space: bytes, title: str, own: list[tuple[tuple[bytes, ...], bytes]]) -> bytes:
    """Return a display profile of version 4 with these tags; several names may share one."""
    tags = [
        ((b"desc",), _text(title)),
        ((b"cprt",), _text("No copyright, use freely")),
        ((b"wtpt",), _numbers(b"XYZ ", _D50)),
        *own,
    ]
    at = 128 + 4 + 12 * sum(len(names) for names, _ in tags)
    table, data = b"", b""
    for names, body in tags:
        for name in names:
            table += struct.pack(">4sII", name, at + len(data), len(body))
        data += body + bytes(-len(body) % 4)
    body = struct.pack(">I", len(table) // 12) + table + data
    head = struct.pack(">I4sI4s4s4s", 128 + len(body), b"", 0x04400000, b"mntr", space, b"XYZ ")
    head = (head + _DATE + b"acsp").ljust(68, b"\0") + _fixed(_D50)
    return head.ljust(128, b"\0") + body


def _text(text: str) -> bytes:
    data = text.encode("utf-16-be")
    return b"mluc" + struct.pack(">III2s2sII", 0, 1, 12, b"en", b"US", len(data), 28) + data


def _numbers(kind: bytes, values: Iterable[float]) -> bytes:
    return kind + bytes(4) + _fixed(values)


def _fixed(values: Iterable[float]) -> bytes:
    return b"".join(struct.pack(">i", round(float(value) * 65536)) for value in values)
