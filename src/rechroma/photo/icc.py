"""ICC profiles: from the file's colors to sRGB."""

from __future__ import annotations

import io
import struct
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from rechroma.errors import UnreadablePhotoError
from rechroma.photo.matrix_profile import parse_gray_profile, parse_matrix_profile
from rechroma.photo.table_profile import parse_table_profile

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

__all__ = ["is_srgb", "srgb_profile", "to_srgb"]


# Where an ICC header keeps its creation date (ICC.1:2022, table 17), and the date that we write:
# LittleCMS puts the present second there, and the same picture would give other bytes every time.
_DATE = slice(24, 36)
_FIXED_DATE = struct.pack(">6H", 2000, 1, 1, 0, 0, 0)


@lru_cache(maxsize=1)
def srgb_profile() -> bytes:
    """Return the sRGB profile that outputs are tagged with: the same bytes always."""
    from PIL import ImageCms

    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[_DATE] = _FIXED_DATE
    return bytes(profile)


# Levels of 255 by which a profile of sRGB may be off and still be one: roundings of its maker's.
_SAME = 1.0


@lru_cache(maxsize=32)
def is_srgb(profile: bytes) -> bool:
    """Tell whether a profile's curves and primaries are sRGB's, whatever it calls itself."""
    matrix = parse_matrix_profile(profile)
    if matrix is None:
        return False
    steps = np.linspace(0, 1, 9, dtype=np.float32)
    colors = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(-1, 1, 3)
    ramp = np.repeat(np.linspace(0, 1, 65, dtype=np.float32)[:, None, None], 3, axis=2)

    def error(device: NDArray[np.float32]) -> float:
        return float(np.abs(matrix.to_srgb(device) - device).max()) * 255

    # A rounding of the matrix shows most where a channel is zero beside others that are full.
    return error(ramp) < _SAME and error(colors) < 3 * _SAME


def to_srgb(
    pixels: NDArray[np.float32], profile: bytes, bits: int, name: str
) -> NDArray[np.float32]:
    """Convert colors of a profile to sRGB.

    Above 8 bits everything is done in float: matrices, as cameras and editors write them, and
    tables. Gray profiles always are. The rest goes through LittleCMS, which Pillow offers at
    8 bits.

    Args:
        pixels: Encoded, 0…1, shape (H, W, C): C = 1 gray, 3 RGB, 4 CMYK.
        profile: The ICC profile's bytes.
        bits: The file's bit depth.
        name: For messages.

    Returns:
        sRGB-encoded, 0…1, float32, shape (H, W, 3), or (H, W, 1) of gray.

    Raises:
        UnreadablePhotoError: The profile is broken.
    """
    if pixels.shape[2] == 1:
        known = parse_gray_profile(profile)
    elif bits > 8:
        known = parse_matrix_profile(profile) or parse_table_profile(profile)
    else:
        known = None
    return _by_littlecms(pixels, profile, name) if known is None else known.to_srgb(pixels)


def _by_littlecms(pixels: NDArray[np.float32], profile: bytes, name: str) -> NDArray[np.float32]:
    from PIL import Image, ImageCms

    modes = {1: "L", 3: "RGB", 4: "CMYK"}
    eight = np.clip(pixels * 255 + 0.5, 0, 255).astype(np.uint8)
    picture = Image.frombytes(modes[pixels.shape[2]], eight.shape[1::-1], eight.tobytes())
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        result = ImageCms.profileToProfile(
            picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    except (OSError, ImageCms.PyCMSError) as error:
        raise UnreadablePhotoError(
            f"{name}: its ICC profile can't be used: {error}", "remove or replace the profile"
        ) from error
    rgb: NDArray[Any] = np.asarray(result)
    return rgb.astype(np.float32) / np.float32(255)
