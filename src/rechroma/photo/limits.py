"""The limit on decoded pixels, checked before anything is decoded."""

from __future__ import annotations

from rechroma.errors import PhotoTooLargeError

__all__ = ["DEFAULT_MAX_PIXELS", "check_pixels"]

# 400 megapixels are 4.8 GB as float32; more is asked for on purpose.
DEFAULT_MAX_PIXELS = 400_000_000


def check_pixels(width: int, height: int, max_pixels: int | None, name: str) -> None:
    """Raise `PhotoTooLargeError` if a picture has more pixels than the limit; None lifts it."""
    if max_pixels is not None and width * height > max_pixels:
        raise PhotoTooLargeError(
            f"{name}: {width}×{height} are more than {max_pixels:,} pixels",
            "raise the limit with --max-pixels (0 lifts it) if you trust the file",
        )
