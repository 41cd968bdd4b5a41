"""The options about metadata, declared once: of every command and function that writes pictures."""

from __future__ import annotations

from dataclasses import dataclass

from rechroma.options import CheckedOptions, option

__all__ = ["MetadataOptions"]


@dataclass(frozen=True, kw_only=True)
class MetadataOptions(CheckedOptions):
    """What of its metadata a result keeps; see `rechroma.photo.write`."""

    strip_metadata: bool = option(
        False,  # noqa: FBT003 (its default)
        "Leave out EXIF, XMP, IPTC, comments and resolution.",
    )
    strip_gps: bool = option(
        False,  # noqa: FBT003 (its default)
        "Leave out coordinates: EXIF's GPS, and those in XMP. Names of places stay.",
    )
    mark: bool = option(
        True,  # noqa: FBT003 (its default)
        "Say in XMP that a machine made the colors, and with which model and settings.",
    )
    keep_dates: bool = option(
        False,  # noqa: FBT003 (its default)
        "Give the result the file dates of its input.",
    )

    @property
    def strips(self) -> bool:
        """Whether something has to go that a copy of the file would hold."""
        return self.strip_metadata or self.strip_gps
