"""What stands below a picture: what its metadata say of it, or else its file's name."""

from __future__ import annotations

import re
import struct
from itertools import chain
from typing import TYPE_CHECKING
from xml.sax.saxutils import unescape

from rechroma.metadata import ifd, read_metadata
from rechroma.metadata.files import FAULTS
from rechroma.metadata.xmp import Packet

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from rechroma.metadata import Metadata

__all__ = ["caption_of", "name_as_words"]

_DC = "http://purl.org/dc/elements/1.1/"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
# EXIF 2.32, table 4; IPTC-IIM 4.2, chapter 6: record 2, "Caption/Abstract" and "Headline".
_IMAGE_DESCRIPTION = 0x010E
_IPTC_CAPTIONS = (120, 105)
_IPTC_CHARACTER_SET = b"\x1c\x01\x5a"
_LONGEST = 500
# What cameras write of themselves: "OLYMPUS DIGITAL CAMERA", "SONY DSC".
_SAYS_NOTHING = re.compile(r"[\w ]{0,24}(digital (still ?)?camera|dsc|dji camera)", re.IGNORECASE)
_KEYWORDS = ("Description", "Title")


def caption_of(files: Sequence[Path], name: str) -> str:
    """Return the caption of a picture: XMP's, IPTC's, EXIF's or PNG's description, or its name.

    Args:
        files: Of the picture; the first one that says something is heard.
        name: Its file's name without what makes it a result, and without the suffix.
    """
    for found in chain.from_iterable(_descriptions(read_metadata(each)) for each in files):
        text = " ".join(found.replace("\0", " ").split())
        if text and not _SAYS_NOTHING.fullmatch(text):
            return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
    return name_as_words(name)


def name_as_words(name: str) -> str:
    """Return a file's name as words: "pea-pickers_1936" is "pea pickers 1936"; dates stay whole."""
    words = re.sub(r"_+|(?<!\d)-+|-+(?!\d)", " ", name)
    return " ".join(words.split()) or name


def _descriptions(metadata: Metadata) -> Iterable[str]:
    for block, read in (
        (metadata.xmp, _of_xmp), (metadata.iptc, _of_iptc), (metadata.exif, _of_exif),
    ):  # fmt: skip
        if block is None:
            continue
        try:
            yield from read(block)
        except FAULTS:
            # Broken metadata cost nothing but what they say.
            continue
    for keyword in _KEYWORDS:
        yield from (each.value for each in metadata.texts if each.keyword == keyword)


def _of_xmp(block: bytes) -> Iterable[str]:
    packet = Packet(block)
    for wanted in ("description", "title"):
        for node in packet.properties():
            if node.name != (_DC, wanted):
                continue
            # A text in several languages: the first one is the default.
            items = [each for each in packet.nodes if each.name == (_RDF, "li") and each.parent
                     and each.parent.parent is node]  # fmt: skip
            text = packet.value(items[0] if items else node)
            yield unescape(text, {"&quot;": '"', "&apos;": "'"})


def _of_iptc(block: bytes) -> Iterable[str]:
    encoding = "utf-8" if block.startswith(_IPTC_CHARACTER_SET) else "latin-1"
    found: dict[int, str] = {}
    at = 0
    while at + 5 <= len(block) and block[at] == 0x1C:
        record, dataset, size = struct.unpack_from(">BBH", block, at + 1)
        if size >= 1 << 15:
            break
        if record == 2:
            found.setdefault(dataset, block[at + 5 : at + 5 + size].decode(encoding, "replace"))
        at += 5 + size
    yield from (found[each] for each in _IPTC_CAPTIONS if each in found)


def _of_exif(block: bytes) -> Iterable[str]:
    source = ifd.Bytes(block)
    header = ifd.read_header(source)
    entry = ifd.read_directory(source, header, header.first).entries.get(_IMAGE_DESCRIPTION)
    if entry is not None and entry.type == 2:
        raw = source.read(entry.value_at, entry.count)
        try:
            yield raw.decode("utf-8")
        except UnicodeDecodeError:
            yield raw.decode("latin-1")
