"""The table of picture formats: what each is called, how its files begin, what it can hold.

All else that depends on a format is derived from here: the search of a folder, the check of
uploads, media types, messages, and what the page lets people choose.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from typing import TYPE_CHECKING, Literal, TypeAlias, cast

from rechroma.errors import UnwritablePhotoError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "FORMATS",
    "SIGNATURE_LENGTH",
    "BitDepth",
    "Format",
    "FormatName",
    "browser_suffixes",
    "dropped_line",
    "find_format",
    "format_of",
    "name_by_suffix",
    "readable_suffixes",
    "recognize",
    "writable_format",
    "writable_suffixes",
]

# Bits of a channel; 32 means float.
BitDepth: TypeAlias = Literal[8, 16, 32]

# The names of the formats that can be written.
FormatName: TypeAlias = Literal[
    "jpeg", "png", "tiff", "webp", "openexr", "jpeg2000", "bmp", "targa", "pnm", "avif"
]

# Bytes at a file's beginning that tell every format.
SIGNATURE_LENGTH = 64
_DEFAULT_QUALITY = 95


@dataclass(frozen=True, slots=True)
class Format:
    """A picture format; all that the package knows of it.

    Attributes:
        name: OpenImageIO's name.
        title: What people call it.
        suffixes: In lower case with their dots; the first is what new files get.
        media_type: Of the IANA's registry, or the usual one.
        signature: A regular expression of how its files begin; empty if that tells nothing: such
            files are read where somebody names them, and not taken from strangers.
        depths: Bit depths that can be written, ascending; () for a format that is only read.
        alpha: Whether alpha can be written.
        min_side: Pixels of the shorter side that its encoder needs.
        linear: Whether its numbers are linear light, whatever a file says.
        by_rows: Whether its encoder and decoder work on rows in order.
        in_browsers: Whether every browser shows it.
        lossy: The name that its quality is set by, before the colon: "jpeg" gives "jpeg:95".
        options: Further attributes of an output.
        parts: What its files hold more than one of, of which the first is used.
        extra: The extra of the package that reads it; None for what is always there.
        library: The module that the extra installs.
    """

    name: str
    title: str
    suffixes: tuple[str, ...]
    media_type: str
    signature: bytes
    depths: tuple[BitDepth, ...] = ()
    alpha: bool = True
    min_side: int = 1
    linear: bool = False
    by_rows: bool = False
    in_browsers: bool = False
    lossy: str | None = None
    options: dict[str, str | int] = field(default_factory=dict[str, str | int])
    parts: str = "page"
    extra: str | None = None
    library: str | None = None

    @property
    def writable(self) -> bool:
        """Whether it can be written."""
        return bool(self.depths)

    @property
    def installed(self) -> bool:
        """Whether what reads it is installed."""
        return self.library is None or find_spec(self.library) is not None

    @property
    def default_quality(self) -> int:
        """The quality of a lossy output where nobody says another."""
        return _DEFAULT_QUALITY

    def begins(self, head: bytes) -> bool:
        """Tell whether a file with these first `SIGNATURE_LENGTH` bytes is of this format."""
        return bool(self.signature) and re.match(self.signature, head, re.DOTALL) is not None

    def nearest_depth(self, depth: BitDepth) -> BitDepth:
        """Return the most bits that it can be written with, not more than `depth` if it can."""
        below: list[BitDepth] = [each for each in self.depths if each <= depth]
        return below[-1] if below else self.depths[0]

    def settings(self, quality: int | None) -> dict[str, str | int]:
        """Return the attributes of an output of this quality, 1…100; 95 if None.

        Raises:
            UsageError: A quality out of this range.
        """
        if quality is not None and not 1 <= quality <= 100:
            raise UsageError(f"a quality of {quality} is out of range", "give 1 to 100")
        if self.lossy is None:
            return self.options
        wanted = _DEFAULT_QUALITY if quality is None else quality
        return {**self.options, "Compression": f"{self.lossy}:{wanted}"}

    def alike(self, *, chroma_halved: bool, quality: int | None) -> Format:
        """Return the format for a JPEG of a JPEG: chroma alike, if no quality is asked for."""
        if self.name != "jpeg" or quality is not None or not chroma_halved:
            return self
        return replace(self, options={**self.options, "jpeg:subsampling": "4:2:0"})


# The order is that of messages. Formats of films, textures and terminals are left out.
_TABLE = (
    Format(
        # A multi-picture file (CIPA DC-007) is a JPEG with others behind it.
        "jpeg", "JPEG", (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"), "image/jpeg", rb"\xff\xd8\xff",
        depths=(8,), alpha=False, by_rows=True, in_browsers=True, lossy="jpeg",
        # Chroma is not subsampled where it was not: color edges are what this package is about.
        options={"jpeg:subsampling": "4:4:4"}, parts="picture",
    ),
    Format(
        "png", "PNG", (".png",), "image/png", rb"\x89PNG\r\n\x1a\n",
        depths=(8, 16), by_rows=True, in_browsers=True, options={"png:compressionLevel": 4},
        parts="frame",
    ),
    Format(
        # The plus sign is BigTIFF's.
        "tiff", "TIFF", (".tif", ".tiff"), "image/tiff", rb"II[*+]\0|MM\0[*+]",
        depths=(8, 16, 32), by_rows=True, options={"compression": "zip"},
    ),
    Format(
        "webp", "WebP", (".webp",), "image/webp", rb"RIFF....WEBP",
        depths=(8,), in_browsers=True, lossy="webp", parts="frame",
    ),
    Format(
        "openexr", "OpenEXR", (".exr",), "image/x-exr", rb"v/1\x01", depths=(32,), linear=True,
        parts="part",
    ),
    Format(
        # The box of the file format, or the bare code stream; resolutions halve five times.
        "jpeg2000", "JPEG 2000", (".jp2", ".j2k"), "image/jp2",
        rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51", depths=(8, 16), min_side=32,
    ),
    Format(
        "bmp", "BMP", (".bmp",), "image/bmp", rb"BM", depths=(8,), alpha=False, in_browsers=True
    ),
    Format("targa", "TGA", (".tga",), "image/x-tga", b"", depths=(8,)),
    Format(
        "pnm", "PNM", (".ppm", ".pgm", ".pbm", ".pnm", ".pam"), "image/x-portable-anymap",
        rb"P[1-7fF]",
        depths=(8, 16), alpha=False,
    ),
    Format(
        # The main brand, or one of those that the file is compatible with: ISO/IEC 14496-12, 4.3.
        "avif", "AVIF", (".avif",), "image/avif",
        rb"....ftyp(avi[fs]|m[is].{6}(?:.{4}){0,10}avi[fs])",
        depths=(8,), in_browsers=True, lossy="avif", parts="frame",
    ),
    Format("gif", "GIF", (".gif",), "image/gif", rb"GIF8[79]a", in_browsers=True, parts="frame"),
    Format("psd", "PSD", (".psd",), "image/vnd.adobe.photoshop", rb"8BPS", parts="layer"),
    Format(
        "jpegxl", "JPEG XL", (".jxl",), "image/jxl", rb"\xff\x0a|\0\0\0\x0cJXL ", parts="frame"
    ),
    Format(
        "heif", "HEIC", (".heic", ".heif", ".hif"), "image/heic",
        rb"....ftyp(hei[cx]|hev[cx]|m[is]f1.{4}(?:.{4}){0,10}hei[cx])",
        parts="picture", extra="heif", library="pillow_heif",
    ),
    Format(
        # Those that are TIFFs are told apart by their tags: `photo.tiff_codec`.
        "raw", "camera RAW",
        (".dng", ".cr2", ".cr3", ".crw", ".nef", ".nrw", ".arw", ".sr2", ".srw", ".raf", ".orf",
         ".rw2", ".pef", ".rwl", ".3fr", ".iiq", ".mrw", ".x3f", ".dcr", ".kdc", ".erf", ".mef"),
        "image/x-dcraw",
        rb"II\*\0\x10\0\0\0CR|FUJIFILMCCD-RAW|IIR[OS]|MMOR|IIU\0|....ftypcrx |FOVb|\0MRM|"
        rb"II\x1a\0\0\0HEAPCCDR",
        extra="raw", library="rawpy",
    ),
    Format("pdf", "PDF", (".pdf",), "application/pdf", rb"%PDF-", extra="pdf", library="pypdfium2"),
    Format("dpx", "DPX", (".dpx",), "image/x-dpx", rb"SDPX|XPDS"),
    Format("hdr", "HDR", (".hdr",), "image/vnd.radiance", rb"#\?(RADIANCE|RGBE)", linear=True),
)  # fmt: skip

# Name → format.
FORMATS = {each.name: each for each in _TABLE}
_BY_SUFFIX = {suffix: each for each in _TABLE for suffix in each.suffixes}


def readable_suffixes() -> frozenset[str]:
    """Return the suffixes that a scan of a folder picks up, in lower case with their dots.

    Those of formats whose extra is not installed are left out.
    """
    missing = {each.name for each in _TABLE if not each.installed}
    return frozenset(suffix for suffix, each in _BY_SUFFIX.items() if each.name not in missing)


def writable_suffixes() -> frozenset[str]:
    """Return the suffixes that `write` knows."""
    return frozenset(suffix for suffix, each in _BY_SUFFIX.items() if each.writable)


def browser_suffixes() -> frozenset[str]:
    """Return the suffixes of what is read here and shown by every browser."""
    return frozenset(suffix for suffix, each in _BY_SUFFIX.items() if each.in_browsers)


def recognize(head: bytes) -> Format | None:
    """Return the format of a file that begins so; None if that does not tell.

    Args:
        head: Its first `SIGNATURE_LENGTH` bytes.
    """
    found = [each for each in _TABLE if each.begins(head)]
    # A camera's own signature says more than that of the TIFF which its file is as well.
    return found[-1] if found else None


def dropped_line(name: str | None, count: int) -> str:
    """Return the line on what is not in a result: `count` pages, frames… beyond the first.

    Args:
        name: The format's; None if nobody knows.
        count: At least 1.
    """
    part = FORMATS[name].parts if name in FORMATS else "page"
    return f"only the first {part} was used, {count} dropped"


def name_by_suffix(path: Path) -> str | None:
    """Return the name of the format that a file has by its suffix; None if that tells nothing."""
    found = _BY_SUFFIX.get(path.suffix.lower())
    return None if found is None else found.name


def format_of(target: Path) -> Format:
    """Return the format that a path's suffix stands for.

    Raises:
        UnwritablePhotoError: It stands for none that can be written.
    """
    suffix = target.suffix.lower()
    found = _BY_SUFFIX.get(suffix)
    if found is None or not found.writable:
        raise UnwritablePhotoError(
            f"{target}: {suffix or 'no suffix'} is no format that can be written",
            f"use one of {', '.join(sorted(writable_suffixes()))}",
        )
    return found


def find_format(name: str) -> Format:
    """Return a format that can be written.

    Args:
        name: Its name, such as "jpeg", or one of its suffixes without the dot, such as "jpg".

    Raises:
        UnwritablePhotoError: It can't be written.
    """
    found = FORMATS.get(name) or _BY_SUFFIX.get(f".{name}")
    if found is None or not found.writable:
        names = ", ".join(each.name for each in _TABLE if each.writable)
        raise UnwritablePhotoError(
            f"{name} is no format that can be written", f"use one of {names}"
        )
    return found


def writable_format(name: str | None) -> FormatName:
    """Return a format of that name if it can be written, else PNG."""
    if name is None or name not in FORMATS or not FORMATS[name].writable:
        return "png"
    return cast("FormatName", name)
