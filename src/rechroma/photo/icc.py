"""ICC profiles: from the file's colors to sRGB."""

from __future__ import annotations

import io
import struct
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from rechroma.errors import UnreadablePhotoError
from rechroma.photo.matrix_profile import parse_matrix_profile

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


def is_srgb(profile: bytes) -> bool:
    """Tell whether a profile calls itself sRGB, as cameras and editors write it."""
    # The description tag holds ASCII or UTF-16 text; with the zero bytes gone both read alike.
    return b"sRGB" in profile.replace(b"\0", b"")


def to_srgb(
    pixels: NDArray[np.float32], profile: bytes, bits: int, name: str
) -> NDArray[np.float32]:
    """Convert colors of a profile to sRGB.

    Above 8 bits a matrix profile, as cameras and editors write it, is applied in float. Profiles
    of every other kind (tables, gray, CMYK) go through LittleCMS, which Pillow offers at 8 bits:
    of a 16-bit picture with such a profile, 8 bits are left.

    Args:
        pixels: Encoded, 0…1, shape (H, W, C): C = 1 gray, 3 RGB, 4 CMYK.
        profile: The ICC profile's bytes.
        bits: The file's bit depth.
        name: For messages.

    Returns:
        sRGB-encoded, 0…1, float32, shape (H, W, 3).

    Raises:
        UnreadablePhotoError: The profile is broken.
    """
    matrix = parse_matrix_profile(profile) if pixels.shape[2] == 3 and bits > 8 else None
    if matrix is not None:
        return matrix.to_srgb(pixels)
    return _by_littlecms(pixels, profile, name)


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
