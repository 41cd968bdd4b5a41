"""ICC profiles with tables (ICC.1:2022, 10.10 to 10.12: `mft1`, `mft2`, `mAB `), applied in float.

LittleCMS, as Pillow offers it, has 8 bits. Here the same steps are taken: the perceptual table,
tetrahedral interpolation, black point compensation.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from rechroma.color import linear_to_srgb
from rechroma.color.constants import LAB_KAPPA
from rechroma.photo.matrix_profile import linear_from_d50, parse_curve, profile_tags
from rechroma.photo.samples import CACHED_PIXELS, do_strips, row_strips

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from rechroma.photo.matrix_profile import Curve

    Stage = Callable[[NDArray[np.float32]], NDArray[np.float32]]

__all__ = ["TableProfile", "lab_to_srgb", "parse_table_profile"]

_D50 = np.array([0.9642, 1.0, 0.8249], np.float32)
# What profiles of version 4 mean by black in their perceptual tables (ICC.1:2022, 6.3.4.3).
_PERCEPTUAL_BLACK = np.array([0.00336, 0.0034731, 0.00287], np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class TableProfile:
    """From device values to the connection space, in stages.

    Attributes:
        inputs: Channels of the device.
        stages: Each takes values of shape (N, C) and returns (N, C').
        to_xyz: From what the last stage gives to XYZ under D50.
        black: XYZ of the device's black, which becomes sRGB's.
    """

    inputs: int
    stages: tuple[Stage, ...]
    to_xyz: Stage
    black: NDArray[np.float32] = field(default_factory=lambda: np.zeros(3, np.float32))

    def xyz(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return XYZ under D50, shape (N, 3), of device values 0…1, shape (N, C)."""
        for stage in self.stages:
            values = stage(values)
        return self.to_xyz(values)

    def to_srgb(self, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        """Convert device values, 0…1, shape (H, W, C), to sRGB, shape (H, W, 3)."""
        result = np.empty((*pixels.shape[:2], 3), np.float32)

        def fill(rows: slice) -> None:
            flat = np.clip(pixels[rows].reshape(-1, pixels.shape[2]), 0, 1)
            scale = _D50 / (_D50 - self.black)
            xyz = ((self.xyz(flat) - self.black) * scale).astype(np.float32)
            result[rows] = _encode(xyz).reshape(result[rows].shape)

        do_strips(fill, row_strips(pixels.shape, CACHED_PIXELS))
        return result


def lab_to_srgb(lab: NDArray[np.float32]) -> NDArray[np.float32]:
    """Convert CIELAB under D50, L in 0…100, shape (H, W, 3), to sRGB, same shape."""
    result = np.empty(lab.shape, np.float32)

    def fill(rows: slice) -> None:
        result[rows] = _encode(_xyz_of_lab(lab[rows]))

    do_strips(fill, row_strips(lab.shape, CACHED_PIXELS))
    return result


def parse_table_profile(profile: bytes) -> TableProfile | None:
    """Read a profile's perceptual table; None where there is none that can be read."""
    inputs = {b"GRAY": 1, b"RGB ": 3, b"CMYK": 4}.get(profile[16:20])
    in_lab = profile[20:24] == b"Lab "
    try:
        tag = profile_tags(profile)["A2B0"]
        if inputs is None or inputs != tag[8] or tag[9] != 3:
            return None
        stages = _mab(tag) if tag[:4] == b"mAB " else _mft(tag)
    except (KeyError, ValueError, IndexError, struct.error, UnicodeDecodeError):
        return None
    to_xyz = _decode_lab(old=tag[:4] == b"mft2") if in_lab else _decode_xyz
    found = TableProfile(inputs, tuple(stages), to_xyz)
    if profile[8] >= 4:
        return TableProfile(inputs, found.stages, to_xyz, _PERCEPTUAL_BLACK)
    return TableProfile(inputs, found.stages, to_xyz, _black(found))


def _black(profile: TableProfile) -> NDArray[np.float32]:
    """Return the darkest color as LittleCMS takes it: neutral, not above half of the lightness."""
    ink = np.full((1, profile.inputs), 1.0 if profile.inputs == 4 else 0.0, np.float32)
    luminance = float(np.clip(profile.xyz(ink)[0, 1], 0, 0.18418651851))
    return (luminance * _D50).astype(np.float32)


def _mft(tag: bytes) -> list[Stage]:
    """Read `lut8Type` and `lut16Type`: curves, a table, curves; its matrix is for XYZ alone."""
    inputs, outputs, grid = tag[8:11]
    if tag[:4] == b"mft1":
        entries, after, kind, at = 256, 256, np.dtype(np.uint8), 48
    elif tag[:4] == b"mft2":
        entries, after = struct.unpack(">2H", tag[48:52])
        kind, at = np.dtype(">u2"), 52
    else:
        raise ValueError(tag[:4])

    def take(count: int) -> NDArray[np.float32]:
        nonlocal at
        values = np.frombuffer(tag, kind, count, at).astype(np.float32) / np.iinfo(kind).max
        at += count * kind.itemsize
        return values.astype(np.float32)

    first = take(inputs * entries).reshape(inputs, entries)
    table = take(grid**inputs * outputs).reshape(*[grid] * inputs, outputs)
    last = take(outputs * after).reshape(outputs, after)
    return [_curves(map(_sampled, first)), _interpolation(table), _curves(map(_sampled, last))]


def _mab(tag: bytes) -> list[Stage]:
    """Read `lutAToBType`: A curves, table, M curves, matrix, B curves, where they are there."""
    inputs, outputs = tag[8:10]
    b_at, matrix_at, m_at, table_at, a_at = struct.unpack(">5I", tag[12:32])
    stages: list[Stage] = []
    if a_at and table_at:
        stages += [_curves(_curve_list(tag, a_at, inputs)), _mab_table(tag, table_at)]
    elif inputs != outputs:
        raise ValueError(inputs)
    if m_at and matrix_at:
        numbers = np.array(struct.unpack(">12i", tag[matrix_at : matrix_at + 48])) / 65536
        matrix, offset = numbers[:9].reshape(3, 3).T.astype(np.float32), numbers[9:]
        shift = offset.astype(np.float32)
        stages += [
            _curves(_curve_list(tag, m_at, outputs)),
            _affine(matrix, shift),
        ]
    return [*stages, _curves(_curve_list(tag, b_at, outputs))]


def _affine(matrix: NDArray[np.float32], shift: NDArray[np.float32]) -> Stage:
    return lambda x: np.clip(x @ matrix + shift, 0, 1)


def _mab_table(tag: bytes, at: int) -> Stage:
    inputs, outputs = tag[8:10]
    shape = *tag[at : at + inputs], outputs
    kind = np.dtype(np.uint8) if tag[at + 16] == 1 else np.dtype(">u2")
    values = np.frombuffer(tag, kind, int(np.prod(shape)), at + 20).astype(np.float32)
    return _interpolation((values / np.iinfo(kind).max).astype(np.float32).reshape(shape))


def _curve_list(tag: bytes, at: int, count: int) -> list[Curve]:
    found: list[Curve] = []
    for _ in range(count):
        curve, length = parse_curve(tag[at:])
        found.append(curve)
        at += (length + 3) // 4 * 4
    return found


def _sampled(table: NDArray[np.float32]) -> Curve:
    at = np.linspace(0, 1, len(table))
    return lambda x: np.interp(x, at, table).astype(np.float32)


def _curves(curves: Sequence[Curve] | map[Curve]) -> Stage:
    each = list(curves)
    return lambda x: np.stack([curve(x[:, i]) for i, curve in enumerate(each)], axis=1)


def _interpolation(table: NDArray[np.float32]) -> Stage:
    """Return the interpolation in a table of shape (grid…, outputs).

    Over three channels it is tetrahedral; over a fourth, the first one, linear.
    """
    sides = table.shape[:-1]
    flat = np.ascontiguousarray(table.reshape(-1, table.shape[-1]))
    steps = np.array([int(np.prod(sides[i + 1 :])) for i in range(len(sides))])

    def look_up(values: NDArray[np.float32]) -> NDArray[np.float32]:
        scaled = np.clip(values, 0, 1) * (np.array(sides, np.float32) - 1)
        corner = np.minimum(scaled.astype(np.intp), np.maximum(np.array(sides) - 2, 0))
        share = (scaled - corner).astype(np.float32)
        start = corner @ steps
        if len(sides) <= 3:
            return _simplex(flat, start, share, steps)
        near = _simplex(flat, start, share[:, 1:], steps[1:])
        beyond = start + (steps[0] if sides[0] > 1 else 0)
        far = _simplex(flat, beyond, share[:, 1:], steps[1:])
        return (near + share[:, :1] * (far - near)).astype(np.float32)

    return look_up


def _simplex(
    flat: NDArray[np.float32], start: NDArray[np.intp], share: NDArray[np.float32],
    steps: NDArray[np.intp],
) -> NDArray[np.float32]:  # fmt: skip
    """Walk from a cell's near corner to its far one, along the largest share first."""
    order = np.argsort(-share, axis=1)
    shares = np.take_along_axis(share, order, axis=1)
    at, last = start, flat[start]
    result = last.copy()
    for step in range(share.shape[1]):
        # A share of 0 must not look beyond the table.
        at = at + np.where(shares[:, step] > 0, steps[order[:, step]], 0)
        value = flat[at]
        result += shares[:, step, None] * (value - last)
        last = value
    return result


def _decode_lab(*, old: bool) -> Stage:
    """Return the decoding of Lab; tables of 16 bits keep version 2's (ICC.1:2022, 10.10)."""
    scale = np.float32(65535 / 65280 if old else 1)
    shift = np.array([0, 128, 128], np.float32)
    top = np.array([100, 255, 255], np.float32) * scale
    return lambda x: _xyz_of_lab((x * top - shift).astype(np.float32))


def _decode_xyz(values: NDArray[np.float32]) -> NDArray[np.float32]:
    return (values * np.float32(65535 / 32768)).astype(np.float32)


def _xyz_of_lab(lab: NDArray[np.float32]) -> NDArray[np.float32]:
    fy = (lab[..., 0] + 16) / 116
    f = np.stack([fy + lab[..., 1] / 500, fy, fy - lab[..., 2] / 200], axis=-1)
    relative = np.where(f > 6 / 29, f**3, (116 * f - 16) / np.float32(LAB_KAPPA))
    return np.multiply(relative, _D50, dtype=np.float32)


def _encode(xyz: NDArray[np.float32]) -> NDArray[np.float32]:
    linear = xyz @ linear_from_d50().T.astype(np.float32)
    return linear_to_srgb(np.clip(linear, 0, 1)).astype(np.float32)
