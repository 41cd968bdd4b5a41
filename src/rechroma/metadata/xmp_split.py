"""XMP in a JPEG: what is too large for one segment stands in a second packet.

Adobe's XMP Specification, part 3.
"""

from __future__ import annotations

import re
from html import escape  # XML's own `saxutils` brings half of `urllib` with it
from typing import TYPE_CHECKING

from rechroma.metadata.xmp import ATTRIBUTE, RDF, TAG, Packet
from rechroma.metadata.xmp_update import RDF_END, opened

if TYPE_CHECKING:
    from collections.abc import Callable

    from rechroma.metadata.xmp import Node

__all__ = ["joined", "split", "trimmed"]

_NOTE = "http://ns.adobe.com/xmp/note/"


def joined(packet: bytes, extended: bytes) -> bytes:
    """Return one packet of a JPEG's two.

    Raises:
        ValueError: One is broken.
    """
    main, more = Packet(packet), Packet(extended)
    data = main.without(lambda node: node.name == (_NOTE, "HasExtendedXMP"))
    data, _ = opened(data)
    root = next((n for n in more.nodes if n.name == (RDF, "RDF")), None)
    if root is None:
        raise ValueError("extended XMP has no RDF")
    parts = [_with_spaces(more, n) for n in root.children if not n.attribute]
    at = list(RDF_END.finditer(data))[-1].start()
    return data[:at] + b"\n".join(parts) + b"\n" + data[at:]


def _with_spaces(packet: Packet, node: Node) -> bytes:
    """Return an element with every namespace that it knows declared in its own tag."""
    text = packet.data[node.start : node.end]
    match = TAG.match(text)
    assert match is not None  # noqa: S101 (it was found by it)
    own = {each.group(1).decode() for each in ATTRIBUTE.finditer(match.group())}
    declared = "".join(
        f' xmlns:{prefix}="{escape(uri)}"'
        for prefix, uri in node.spaces.items()
        if prefix not in ("", "xml") and f"xmlns:{prefix}" not in own
    )
    name = text.split(None, 1)[0]
    name = name[: len(re.match(rb"<[^\s/>]+", text).group())]  # type: ignore[union-attr]
    return name + declared.encode() + text[len(name) :]


def split(packet: bytes, limit: int, sign: Callable[[bytes], str]) -> tuple[bytes, bytes]:
    """Return a packet as a JPEG's two, of which the first is not larger than the limit.

    Args:
        packet: A whole one.
        limit: Bytes.
        sign: Makes the second one's name from its bytes.

    Raises:
        ValueError: It is broken, or no part of it is small enough.
    """
    found = Packet(packet)
    moved: list[Node] = []
    size = len(found.data) + 200
    for node in sorted(
        (n for n in found.properties() if not n.attribute), key=lambda n: n.start - n.end
    ):
        if size <= limit:
            break
        moved.append(node)
        size -= node.end - node.start
    if size > limit or not moved:
        raise ValueError("XMP is too large")
    parts = b"\n".join(_with_spaces(found, node) for node in moved)
    extended = (
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{RDF}">'
        f'<rdf:Description rdf:about="">'
    ).encode()
    extended += parts + b"</rdf:Description></rdf:RDF></x:xmpmeta>"
    main, prefix = opened(found.with_edits([(n.start, n.end, b"") for n in moved]))
    name = sign(extended)
    said = (
        f'<{prefix.decode()}Description xmlns:rdf="{RDF}" rdf:about="" xmlns:xmpNote="{_NOTE}" '
        f'xmpNote:HasExtendedXMP="{name}"/>'
    ).encode()
    at = list(RDF_END.finditer(main))[-1].start()
    return main[:at] + said + main[at:], extended


def trimmed(packet: bytes) -> bytes:
    """Return a packet without the white space before its end, which is there to write into."""
    return re.sub(rb"\s{100,}(?=<\?xpacket end)", b"\n", packet)
