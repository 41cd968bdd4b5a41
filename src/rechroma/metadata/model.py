"""What is kept of a file beside its pixels: blocks of bytes, as they stood there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from rechroma._version import __version__

__all__ = ["MAX_BLOCK", "Mark", "Metadata", "Resolution", "Text"]

# Bytes of one block, unpacked; a larger one is left out. Depth maps in XMP have some millions.
MAX_BLOCK = 1 << 26


class Resolution(NamedTuple):
    """Pixels per unit.

    Attributes:
        x: Across.
        y: Down.
        unit: "inch", "cm", or "none": then only their ratio means something.
    """

    x: float
    y: float
    unit: str

    @property
    def per_meter(self) -> tuple[float, float] | None:
        """Pixels per meter; None without a unit."""
        if self.unit == "none":
            return None
        factor = 100.0 if self.unit == "cm" else 1 / 0.0254
        return self.x * factor, self.y * factor


class Text(NamedTuple):
    """A PNG's text chunk.

    Attributes:
        keyword: As "Title".
        value: The text; bytes that are no text in its encoding are read as Latin-1.
        kind: The chunk's type: b"tEXt", b"zTXt" or b"iTXt".
        chunk: Its data as they stood in the file.
    """

    keyword: str
    value: str
    kind: bytes
    chunk: bytes


class Mark(NamedTuple):
    """What a result says about how it was made.

    Attributes:
        how: The model and its settings, or the look.
        machine_colored: Whether a network has made its colors.
    """

    how: str
    machine_colored: bool

    @property
    def creator_tool(self) -> str:
        """XMP's `xmp:CreatorTool`: program, version, model, settings."""
        return f"Rechroma {__version__} ({self.how})"


@dataclass(frozen=True, slots=True)
class Metadata:
    """What describes a picture, as bytes: nothing is decoded, so nothing can be misread.

    Attributes:
        exif: A TIFF structure, without JPEG's "Exif" before it.
        xmp: One packet; JPEG's extended part is joined to it.
        iptc: Records of IPTC-IIM.
        photoshop: Photoshop's image resources, but for IPTC, thumbnails and other blocks' copies.
        comments: Of JPEG and GIF; nothing says how they are encoded.
        texts: Of PNG.
        changed: PNG's time of the last change; its chunk's seven bytes.
        resolution: As the container says it, or else EXIF.
        orientation: EXIF's tag 274: how the pixels stood in the file.
        times: Access and change of the file in nanoseconds; None without a file.
        mark: What a result will say about how it was made.
        notes: What was broken and had to be left, a sentence each.
    """

    exif: bytes | None = None
    xmp: bytes | None = None
    iptc: bytes | None = None
    photoshop: bytes | None = None
    comments: tuple[bytes, ...] = ()
    texts: tuple[Text, ...] = ()
    changed: bytes | None = None
    resolution: Resolution | None = None
    orientation: int = 1
    times: tuple[int, int] | None = None
    mark: Mark | None = None
    notes: tuple[str, ...] = ()
