"""The gray JPEG that a color one was made of, given back; see `jpeg_record`."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rechroma.errors import UnreadablePhotoError
from rechroma.files import write_whole
from rechroma.metadata import jpeg, xmp, xmp_update
from rechroma.photo.codec import DEFAULT_MAX_PIXELS, check_pixels, unreadable
from rechroma.photo.gray_profile import gray_profile
from rechroma.photo.icc import is_srgb
from rechroma.photo.jpeg_record import find_record, put_together
from rechroma.photo.jpeg_scans import (
    APP0,
    DHT,
    DQT,
    DRI,
    SOS,
    Gray,
    UncopiedError,
    coded_parts,
    header_parts,
    profile_in,
    profile_segments,
)

if TYPE_CHECKING:
    from typing import BinaryIO

    from rechroma.metadata import Metadata
    from rechroma.photo.jpeg_scans import Part

__all__ = ["Original", "original"]

_END = b"\xff\xd9"


@dataclass(frozen=True, slots=True)
class Original:
    """A gray JPEG out of a color one.

    Attributes:
        content: The file.
        gray: `ORIGINAL`: the very file, as its SHA-256 says. `COPIED`: its scans as they stand;
            what describes it is the color file's. `RECOMPRESSED`: decoded, and coded anew.
        why: Why it is not the very file; empty if it is.

    Examples:
        >>> import rechroma
        >>> colored = rechroma.colorize("examples/buffalo-savings-bank-1908.jpg")
        >>> path = colored.save("bank.jpg", strip_gps=True)
        >>> found = rechroma.original(path)
        >>> str(found.gray), found.why
        ('copied', 'it has no record of a gray file')
    """

    content: bytes
    gray: Gray
    why: str = ""

    def save(self, target: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
        """Write the file, and return its path.

        Args:
            target: The new file; its folder exists.
            overwrite: Replace what stands there.

        Raises:
            UnwritableFileError: Something stands there, or the disk says no.
        """
        write_whole(Path(target), self.content, overwrite=overwrite)
        return Path(target)


def original(
    source: str | os.PathLike[str] | bytes | BinaryIO,
    *,
    max_pixels: int | None = DEFAULT_MAX_PIXELS,
    name: str | None = None,
) -> Original:
    """Give the gray JPEG back that a color one was made of: byte for byte.

    A JPEG that was colored with its metadata stripped has no record of the gray file, and one that
    another program has written anew holds another gray: then the gray that is there is given back,
    and `Original.why` says so.

    Args:
        source: A JPEG: its path, its bytes, or a binary file.
        max_pixels: Refuse more pixels than this where they are decoded; None lifts the limit.
        name: What messages call it; None for its path.

    Raises:
        UnreadablePhotoError: It is no JPEG in color, or a broken one.
        PhotoTooLargeError: More pixels than the limit.

    Examples:
        >>> from pathlib import Path
        >>> import rechroma
        >>> colored = rechroma.colorize("examples/buffalo-savings-bank-1908.jpg").save("bank.jpg")
        >>> gray = rechroma.original("bank.jpg")
        >>> gray.content == Path("examples/buffalo-savings-bank-1908.jpg").read_bytes()
        True
        >>> print(gray.save("bank.gray.jpg"))
        bank.gray.jpg
    """
    if isinstance(source, bytes):
        return _original_of(source, name or "<bytes>", max_pixels)
    if isinstance(source, str | os.PathLike):
        try:
            content = Path(source).read_bytes()
        except OSError as error:
            raise UnreadablePhotoError(f"{source}: {error.strerror}", "check the path") from error
        return _original_of(content, name or str(source), max_pixels)
    return _original_of(source.read(), name or str(getattr(source, "name", "<file>")), max_pixels)


def _original_of(content: bytes, name: str, max_pixels: int | None) -> Original:
    if content[:2] != b"\xff\xd8":
        raise UnreadablePhotoError(f"{name}: no JPEG", "give one that rechroma colorize has made")
    try:
        header = list(header_parts(content))
    except UncopiedError:
        header = []
    record = find_record(content, header)
    found = None if record is None else put_together(content, header, record)
    if found is not None:
        return Original(found, Gray.ORIGINAL)
    why = "it has no record of a gray file" if record is None else "another program changed it"
    try:
        alone = _y_alone(content, header)
    except UncopiedError:
        again = _y_decoded(content, name, max_pixels)
        return Original(again, Gray.RECOMPRESSED, f"{why}; its gray was coded anew")
    return Original(alone, Gray.COPIED, why)


def _y_alone(content: bytes, header: list[Part]) -> bytes:
    """Return a file of the scans of Y, if they hold nothing else.

    Raises:
        UncopiedError: They do, or something is unusual.
    """
    frame = next((part for part in header if part.marker in (0xC0, 0xC1, 0xC2)), None)
    if frame is None or content[frame.body] != 8 or content[frame.body + 5] != 3:
        raise UncopiedError("it is not in color")
    name = content[frame.body + 6]
    parts = [*_descriptions(content, header)]
    for part in header[:-1]:
        if part is frame:
            size, component = content[part.body : part.body + 5], part.body + 6
            body = size + b"\1" + content[component : component + 3]
            parts.append(jpeg.segment(part.marker, body))
        elif part.marker in (DHT, DQT, DRI):
            parts.append(content[part.body - 4 : part.end])
    tables: list[bytes] = []
    for part in coded_parts(content, header[-1].start):
        if part.marker != SOS:
            tables.append(content[part.body - 4 : part.end])
        elif content[part.body : part.body + 2] == bytes([1, name]):
            parts += [*tables, content[part.body - 4 : part.rest]]
            tables = []
        elif name in _components(content, part):
            raise UncopiedError("its scans hold several components")
    return b"".join([*parts, _END])


def _components(content: bytes, scan: Part) -> bytes:
    return content[scan.body + 1 : scan.body + 1 + 2 * content[scan.body] : 2]


def _y_decoded(content: bytes, name: str, max_pixels: int | None) -> bytes:
    """Return a gray file of the decoded Y, coded with the same quantization."""
    from PIL.JpegImagePlugin import JpegImageFile

    encoded = io.BytesIO()
    try:
        # Not `Image.open`: it has a limit on pixels of its own.
        with JpegImageFile(io.BytesIO(content)) as picture:
            if picture.mode == "L":
                raise UnreadablePhotoError(f"{name}: it is in gray", "give a picture in color")
            check_pixels(picture.width, picture.height, max_pixels, name)
            tables, progressive = [picture.quantization[0]], "progressive" in picture.info
            # Y itself, where the picture has one.
            picture.draft("L", picture.size)
            picture.convert("L").save(encoded, "JPEG", qtables=tables, progressive=progressive)
        header = list(header_parts(content))
    except (OSError, ValueError, SyntaxError, KeyError) as error:
        raise unreadable(name, str(error)) from error
    made = encoded.getvalue()
    parts = [made[part.start : part.end] for part in header_parts(made) if part.marker != APP0]
    scan = parts.pop()
    return b"".join([*_descriptions(content, header), *parts, made[made.index(scan) :]])


def _descriptions(content: bytes, header: list[Part]) -> list[bytes]:
    """Return the first segments of a gray file: what describes it, and its tone curve."""
    found = jpeg.header_of(_unmarked(jpeg.read(io.BytesIO(content))))
    profile = profile_in(content, header)
    gray = None if profile is None or is_srgb(profile) else gray_profile(profile)
    return [b"\xff\xd8", *found, *(profile_segments(gray) if gray else [])]


def _unmarked(metadata: Metadata) -> Metadata:
    """Return metadata that don't say that a machine made the colors: there are none."""
    packet = metadata.xmp
    try:
        if packet is not None and xmp.creator_tool(packet).startswith("Rechroma"):
            return replace(metadata, xmp=xmp_update.unmarked(packet))
    except ValueError:
        pass
    return metadata
