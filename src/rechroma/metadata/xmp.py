"""XMP packets: what they say, and where each element stands.

Expat says where, and the bytes are cut there: prefixes, order, comments and everything that is not
understood stay. Adobe's XMP Specification, parts 1 and 3.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.parsers import expat  # (no entity is declared: a packet with a DTD is refused)

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "ATTRIBUTE",
    "CREATOR_TOOL",
    "EXIF",
    "RDF",
    "TAG",
    "TIFF",
    "XMP",
    "Name",
    "Node",
    "Packet",
    "creator_tool",
    "is_description",
    "orientation",
]

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
XMP = "http://ns.adobe.com/xap/1.0/"
EXIF = "http://ns.adobe.com/exif/1.0/"
TIFF = "http://ns.adobe.com/tiff/1.0/"
_XML = "http://www.w3.org/XML/1998/namespace"
CREATOR_TOOL = (XMP, "CreatorTool")
TAG = re.compile(rb"""<[^\s/>]+(?:\s+[^\s=]+\s*=\s*(?:"[^"]*"|'[^']*'))*\s*/?>""")
ATTRIBUTE = re.compile(rb"""\s+([^\s=]+)\s*=\s*("[^"]*"|'[^']*')""")
_MAX_DEPTH = 100
_MAX_ELEMENTS = 200_000
Name = tuple[str, str]


@dataclass
class Node:
    """An element, or an attribute that stands for one.

    Attributes:
        name: Namespace and local name.
        start: Of its bytes.
        end: Of its bytes.
        parent: Above it; None for the root.
        inner: Where its content is: (start, end); of an attribute, its value without quotes.
        attribute: Whether it is one.
        spaces: Prefix → namespace, as known here.
    """

    name: Name
    start: int
    end: int
    parent: Node | None
    inner: tuple[int, int]
    attribute: bool
    spaces: dict[str, str]
    children: list[Node] = field(default_factory=list["Node"])

    @property
    def depth(self) -> int:
        """How many elements are above it."""
        return 0 if self.parent is None else self.parent.depth + 1


class Packet:
    """A packet whose elements have been found.

    Raises:
        ValueError: It is no XML, or XML that XMP does not allow.
    """

    def __init__(self, data: bytes) -> None:
        self.data = _in_utf8(data)
        self.nodes: list[Node] = []
        self._open: list[Node] = []
        parser = expat.ParserCreate("utf-8")
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.StartDoctypeDeclHandler = _refuse
        self._parser = parser
        try:
            # The zero bytes that some writers append are no XML.
            parser.Parse(self.data, True)  # noqa: FBT003 (expat's own way)
        except expat.ExpatError as error:
            raise ValueError(f"XMP is no XML: {error}") from None
        finally:
            parser.StartElementHandler = parser.EndElementHandler = None

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        at = self._parser.CurrentByteIndex
        parent = self._open[-1] if self._open else None
        if len(self._open) > _MAX_DEPTH or len(self.nodes) > _MAX_ELEMENTS:
            raise ValueError("XMP is nested too deeply, or too long")
        spaces = parent.spaces if parent else {"xml": _XML}
        declared = {key: each for key, each in attributes.items() if key.startswith("xmlns")}
        if declared:
            spaces = {**spaces, **{key[6:]: each for key, each in declared.items()}}
        match = TAG.match(self.data, at)
        if match is None:
            raise ValueError("XMP has a tag that can't be found")
        node = Node(
            _resolved(name, spaces), at, match.end(), parent, (match.end(), match.end()),
            attribute=False, spaces=spaces,
        )  # fmt: skip
        self._add(node)
        self._open.append(node)
        for each in ATTRIBUTE.finditer(self.data, at, match.end()):
            key = each.group(1).decode()
            if not key.startswith("xmlns"):
                self._add(
                    Node(
                        _resolved(key, spaces), each.start(), each.end(), node,
                        (each.start(2) + 1, each.end(2) - 1), attribute=True, spaces=spaces,
                    )
                )  # fmt: skip

    def _add(self, node: Node) -> None:
        self.nodes.append(node)
        if node.parent is not None:
            node.parent.children.append(node)

    def _end(self, _: str) -> None:
        node, at = self._open.pop(), self._parser.CurrentByteIndex
        if self.data[node.end - 2 : node.end] == b"/>":
            return
        node.inner = node.end, at
        node.end = self.data.index(b">", at) + 1

    def value(self, node: Node) -> str:
        """Return the text of a simple property."""
        return self.data[slice(*node.inner)].decode("utf-8", "replace").strip()

    def properties(self) -> list[Node]:
        """Return the properties of the picture itself, in either form."""
        return [each for each in self.nodes if is_description(each.parent)
                and each.name[0] not in (RDF, _XML, "")]  # fmt: skip

    def with_edits(self, edits: list[tuple[int, int, bytes]]) -> bytes:
        """Return the packet with parts of it replaced; a part inside of another goes with it."""
        result: list[bytes] = []
        at = 0
        for start, end, new in sorted(edits, key=lambda edit: (edit[0], -edit[1])):
            if start < at:
                continue
            result += (self.data[at:start], new)
            at = end
        return b"".join([*result, self.data[at:]])

    def without(self, unwanted: Callable[[Node], bool]) -> bytes:
        """Return the packet without some nodes."""
        return self.with_edits([(n.start, n.end, b"") for n in self.nodes if unwanted(n)])


def _refuse(*_: object) -> None:
    raise ValueError("XMP has a DTD")


def is_description(node: Node | None) -> bool:
    """Tell whether a node is a description below RDF: its children are the properties."""
    above = None if node is None else node.parent
    return (
        node is not None and node.name == (RDF, "Description")
        and above is not None and above.name == (RDF, "RDF")
    )  # fmt: skip


def _resolved(name: str, spaces: dict[str, str]) -> Name:
    prefix, _, local = name.rpartition(":")
    return spaces.get(prefix, ""), local


def _in_utf8(data: bytes) -> bytes:
    data = data.rstrip(b"\0") if not _is_wide(data) else data
    for mark, encoding in ((b"\xff\xfe\0\0", "utf-32"), (b"\0\0\xfe\xff", "utf-32"),
                           (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"),
                           (b"<\0", "utf-16-le"), (b"\0<", "utf-16-be")):  # fmt: skip
        if data.startswith(mark):
            return data.decode(encoding).encode()
    # Before the XML declaration, white space is not allowed; after the end, zeros are not.
    return data.lstrip()


def _is_wide(data: bytes) -> bool:
    return data[:2] in (b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<") or data[:2] == b"\0\0"


def orientation(packet: bytes) -> int | None:
    """Return `tiff:Orientation`; None without it, or of a broken packet."""
    if b"Orientation" not in packet and not _is_wide(packet):
        return None
    try:
        found = Packet(packet)
    except ValueError:
        return None
    for node in found.properties():
        if node.name == (TIFF, "Orientation") and found.value(node) in "12345678":
            return int(found.value(node) or 1)
    return None


def creator_tool(packet: bytes) -> str:
    """Return `xmp:CreatorTool`; "" without it, or of a broken packet."""
    try:
        found = Packet(packet)
    except ValueError:
        return ""
    values = [found.value(n) for n in found.properties() if n.name == CREATOR_TOOL]
    return values[0] if values else ""
