"""XMP packets: changed in the few places that a new picture makes untrue, else left as they are.

Expat says where each element stands, and the bytes are cut there: prefixes, order, comments and
everything that is not understood stay. Adobe's XMP Specification, parts 1 and 3; MWG's guidelines.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.parsers import expat  # (no entity is declared: a packet with a DTD is refused)
from xml.sax.saxutils import escape, quoteattr

from rechroma.metadata.exif import turned

if TYPE_CHECKING:
    from collections.abc import Callable

    from rechroma.metadata.model import Mark

__all__ = ["creator_tool", "joined", "marked", "orientation", "split", "upright", "without_gps"]

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_XMP = "http://ns.adobe.com/xap/1.0/"
_EXIF = "http://ns.adobe.com/exif/1.0/"
_TIFF = "http://ns.adobe.com/tiff/1.0/"
_NOTE = "http://ns.adobe.com/xmp/note/"
_PHOTOSHOP = "http://ns.adobe.com/photoshop/1.0/"
_IPTC_EXT = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
_AREA = "http://ns.adobe.com/xmp/sType/Area#"
_REGIONS = "http://www.metadataworkinggroup.com/schemas/regions/"
_DIMENSIONS = "http://ns.adobe.com/xap/1.0/sType/Dimensions#"
_XML = "http://www.w3.org/XML/1998/namespace"
_SOURCE_TYPE = (_IPTC_EXT, "DigitalSourceType")
_CREATOR_TOOL = (_XMP, "CreatorTool")
_MACHINE_COLORED = (
    "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
)
# What is said of an older file's pixels, and thumbnails.
_UNTRUE = frozenset({
    (_XMP, "Thumbnails"), (_PHOTOSHOP, "ICCProfile"), (_TIFF, "BitsPerSample"),
    (_TIFF, "SamplesPerPixel"), (_TIFF, "PhotometricInterpretation"), (_TIFF, "Compression"),
    (_TIFF, "PlanarConfiguration"), (_TIFF, "WhitePoint"), (_TIFF, "PrimaryChromaticities"),
    (_TIFF, "TransferFunction"), (_EXIF, "NativeDigest"), (_TIFF, "NativeDigest"),
    (_PHOTOSHOP, "ColorMode"),
})  # fmt: skip
_COORDINATE = re.compile(r"^gps|latitude|longitude", re.IGNORECASE)
_TAG = re.compile(rb"""<[^\s/>]+(?:\s+[^\s=]+\s*=\s*(?:"[^"]*"|'[^']*'))*\s*/?>""")
_ATTRIBUTE = re.compile(rb"""\s+([^\s=]+)\s*=\s*("[^"]*"|'[^']*')""")
_END = re.compile(rb"</([^\s:>]+:)?RDF\s*>")
_MAX_DEPTH = 100
_MAX_ELEMENTS = 200_000
_EMPTY = (
    b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/">\n'
    b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">\n'
    b'</rdf:RDF>\n</x:xmpmeta>\n<?xpacket end="w"?>'
)

_Name = tuple[str, str]


@dataclass
class _Node:
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

    name: _Name
    start: int
    end: int
    parent: _Node | None
    inner: tuple[int, int]
    attribute: bool
    spaces: dict[str, str]
    children: list[_Node] = field(default_factory=list["_Node"])

    @property
    def depth(self) -> int:
        """How many elements are above it."""
        return 0 if self.parent is None else self.parent.depth + 1


class _Packet:
    """A packet whose elements have been found.

    Raises:
        ValueError: It is no XML, or XML that XMP does not allow.
    """

    def __init__(self, data: bytes) -> None:
        self.data = _in_utf8(data)
        self.nodes: list[_Node] = []
        self._open: list[_Node] = []
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
        match = _TAG.match(self.data, at)
        if match is None:
            raise ValueError("XMP has a tag that can't be found")
        node = _Node(
            _resolved(name, spaces), at, match.end(), parent, (match.end(), match.end()),
            attribute=False, spaces=spaces,
        )  # fmt: skip
        self._add(node)
        self._open.append(node)
        for each in _ATTRIBUTE.finditer(self.data, at, match.end()):
            key = each.group(1).decode()
            if not key.startswith("xmlns"):
                self._add(
                    _Node(
                        _resolved(key, spaces), each.start(), each.end(), node,
                        (each.start(2) + 1, each.end(2) - 1), attribute=True, spaces=spaces,
                    )
                )  # fmt: skip

    def _add(self, node: _Node) -> None:
        self.nodes.append(node)
        if node.parent is not None:
            node.parent.children.append(node)

    def _end(self, _: str) -> None:
        node, at = self._open.pop(), self._parser.CurrentByteIndex
        if self.data[node.end - 2 : node.end] == b"/>":
            return
        node.inner = node.end, at
        node.end = self.data.index(b">", at) + 1

    def value(self, node: _Node) -> str:
        """Return the text of a simple property."""
        return self.data[slice(*node.inner)].decode("utf-8", "replace").strip()

    def properties(self) -> list[_Node]:
        """Return the properties of the picture itself, in either form."""
        return [each for each in self.nodes if _is_description(each.parent)
                and each.name[0] not in (_RDF, _XML, "")]  # fmt: skip

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

    def without(self, unwanted: Callable[[_Node], bool]) -> bytes:
        """Return the packet without some nodes."""
        return self.with_edits([(n.start, n.end, b"") for n in self.nodes if unwanted(n)])


def _refuse(*_: object) -> None:
    raise ValueError("XMP has a DTD")


def _is_description(node: _Node | None) -> bool:
    above = None if node is None else node.parent
    return (
        node is not None and node.name == (_RDF, "Description")
        and above is not None and above.name == (_RDF, "RDF")
    )  # fmt: skip


def _resolved(name: str, spaces: dict[str, str]) -> _Name:
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
        found = _Packet(packet)
    except ValueError:
        return None
    for node in found.properties():
        if node.name == (_TIFF, "Orientation") and found.value(node) in "12345678":
            return int(found.value(node) or 1)
    return None


def creator_tool(packet: bytes) -> str:
    """Return `xmp:CreatorTool`; "" without it, or of a broken packet."""
    try:
        found = _Packet(packet)
    except ValueError:
        return ""
    values = [found.value(n) for n in found.properties() if n.name == _CREATOR_TOOL]
    return values[0] if values else ""


def upright(packet: bytes, width: int, height: int, turn: int = 1, stands: int = 1) -> bytes:
    """Return a packet for the new pixels: upright, of this size, in sRGB, without thumbnails.

    Args:
        packet: As it was.
        width: Of the new pixels.
        height: Of the new pixels.
        turn: How the old ones stood, EXIF's tag 274: regions of faces are turned with them.
        stands: How the new ones stand, which is upright but where they are copied.

    Raises:
        ValueError: It is broken.
    """
    found = _Packet(packet)
    new = {
        (_TIFF, "Orientation"): str(stands), (_EXIF, "ColorSpace"): "1",
        (_TIFF, "ImageWidth"): str(width), (_TIFF, "ImageLength"): str(height),
        (_EXIF, "PixelXDimension"): str(width), (_EXIF, "PixelYDimension"): str(height),
    }  # fmt: skip
    edits: list[tuple[int, int, bytes]] = []
    for node in found.properties():
        if node.name in _UNTRUE:
            edits.append((node.start, node.end, b""))
        elif node.name in new and found.value(node) != new[node.name]:
            edits.append((*node.inner, new[node.name].encode()))
    if turn != 1:
        edits += _turned_regions(found, turn)
    return found.with_edits(edits)


def _turned_regions(found: _Packet, turn: int) -> list[tuple[int, int, bytes]]:
    """Return the edits that turn MWG's regions, whose positions count in the stored picture."""
    edits: list[tuple[int, int, bytes]] = []
    for node in found.nodes:
        parts = {
            each.name: each for below in (node, *node.children) for each in below.children
        }  # the struct itself, or an rdf:Description in it
        if node.name == (_REGIONS, "Area"):
            names = [(_AREA, key) for key in "xywh"]
        elif node.name == (_REGIONS, "AppliedToDimensions"):
            names = [(_DIMENSIONS, key) for key in "wh"]
        else:
            continue
        try:
            values = {name: float(found.value(parts[name])) for name in names if name in parts}
        except ValueError:
            continue
        new = _turned_values(values, turn)
        edits += [(*parts[key].inner, _number(value)) for key, value in new.items() if key in parts]
    return edits


def _turned_values(values: dict[_Name, float], turn: int) -> dict[_Name, float]:
    new: dict[_Name, float] = {}
    x, y = (values.get((_AREA, key)) for key in "xy")
    if x is not None and y is not None:
        new[_AREA, "x"], new[_AREA, "y"] = turned(x, y, 1.0, 1.0, turn)
    for space in (_AREA, _DIMENSIONS):
        if turn >= 5 and (space, "w") in values and (space, "h") in values:
            new[space, "w"], new[space, "h"] = values[space, "h"], values[space, "w"]
    return new


def _number(value: float) -> bytes:
    return f"{value:.10g}".encode()


def without_gps(packet: bytes) -> bytes:
    """Return a packet without coordinates, wherever they stand; names of places stay.

    Raises:
        ValueError: It is broken.
    """
    return _Packet(packet).without(
        lambda node: bool(_COORDINATE.search(node.name[1])) and node.parent is not None
    )


def marked(packet: bytes | None, mark: Mark) -> bytes:
    """Return a packet that says how the picture was made; all else in it stays.

    Args:
        packet: As it was; None makes a new one. Of a broken one the end is enough.
        mark: What to say.

    Raises:
        ValueError: It has no place for it.
    """
    packet = _EMPTY if packet is None else packet
    replaced = {_CREATOR_TOOL} | ({_SOURCE_TYPE} if mark.machine_colored else set[_Name]())
    about = b'""'
    try:
        found = _Packet(packet)
    except ValueError:
        data, prefix = packet, b"rdf:"
    else:
        names = [n for n in found.nodes if n.name[1] == "about" and _is_description(n.parent)]
        about = quoteattr(_unescaped(found.value(names[0]))).encode() if names else about
        wanted = [n for n in found.properties() if n.name in replaced]
        data = found.with_edits([(n.start, n.end, b"") for n in wanted])
        data, prefix = _opened(data)
    ends = list(_END.finditer(data))
    if not ends:
        raise ValueError("XMP has no RDF")
    prefix = ends[-1].group(1) or prefix
    said = _description(mark, prefix.rstrip(b":").decode(), about.decode())
    at = ends[-1].start()
    return data[:at] + said + data[at:]


def unmarked(packet: bytes) -> bytes | None:
    """Return a packet without what `marked` says; None if nothing else is in it.

    Raises:
        ValueError: It is broken.
    """
    found = _Packet(packet)
    said = [node for node in found.properties() if node.name in (_CREATOR_TOOL, _SOURCE_TYPE)]
    if len(said) == len(list(found.properties())):
        return None
    return found.with_edits([(node.start, node.end, b"") for node in said])


def _unescaped(text: str) -> str:
    for name, sign in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'"),
                       ("&amp;", "&")):  # fmt: skip
        text = text.replace(name, sign)
    return text


def _opened(data: bytes) -> tuple[bytes, bytes]:
    """Return a packet whose RDF has an end tag, and RDF's prefix with its colon."""
    found = _Packet(data)
    root = next((n for n in found.nodes if n.name == (_RDF, "RDF") and not n.attribute), None)
    if root is None:
        raise ValueError("XMP has no RDF")
    name = data[root.start + 1 : root.end].split(None, 1)[0].rstrip(b"/>")
    prefix = name[: name.rfind(b":") + 1]
    data = found.data
    if data[root.end - 2 : root.end] == b"/>":
        data = data[: root.end - 2] + b"></" + name + b">" + data[root.end :]
    return data, prefix


def _description(mark: Mark, rdf: str, about: str) -> bytes:
    source = (
        f'\n  xmlns:Iptc4xmpExt="{_IPTC_EXT}"\n  Iptc4xmpExt:DigitalSourceType="{_MACHINE_COLORED}"'
        if mark.machine_colored
        else ""
    )
    tool = quoteattr(mark.creator_tool)
    name = f"{rdf}:" if rdf else ""
    return (
        f'<{name}Description xmlns:rdf="{_RDF}" rdf:about={about}\n  xmlns:xmp="{_XMP}"'
        f"\n  xmp:CreatorTool={tool}{source}/>\n"
    ).encode()


def joined(packet: bytes, extended: bytes) -> bytes:
    """Return one packet of a JPEG's two.

    Raises:
        ValueError: One is broken.
    """
    main, more = _Packet(packet), _Packet(extended)
    data = main.without(lambda node: node.name == (_NOTE, "HasExtendedXMP"))
    data, _ = _opened(data)
    root = next((n for n in more.nodes if n.name == (_RDF, "RDF")), None)
    if root is None:
        raise ValueError("extended XMP has no RDF")
    parts = [_with_spaces(more, n) for n in root.children if not n.attribute]
    at = list(_END.finditer(data))[-1].start()
    return data[:at] + b"\n".join(parts) + b"\n" + data[at:]


def _with_spaces(packet: _Packet, node: _Node) -> bytes:
    """Return an element with every namespace that it knows declared in its own tag."""
    text = packet.data[node.start : node.end]
    match = _TAG.match(text)
    assert match is not None  # noqa: S101 (it was found by it)
    own = {each.group(1).decode() for each in _ATTRIBUTE.finditer(match.group())}
    declared = "".join(
        f" xmlns:{prefix}={quoteattr(uri)}"
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
    found = _Packet(packet)
    moved: list[_Node] = []
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
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{_RDF}">'
        f'<rdf:Description rdf:about="">'
    ).encode()
    extended += parts + b"</rdf:Description></rdf:RDF></x:xmpmeta>"
    main, prefix = _opened(found.with_edits([(n.start, n.end, b"") for n in moved]))
    name = escape(sign(extended))
    said = (
        f'<{prefix.decode()}Description xmlns:rdf="{_RDF}" rdf:about="" xmlns:xmpNote="{_NOTE}" '
        f'xmpNote:HasExtendedXMP="{name}"/>'
    ).encode()
    at = list(_END.finditer(main))[-1].start()
    return main[:at] + said + main[at:], extended


def trimmed(packet: bytes) -> bytes:
    """Return a packet without the white space before its end, which is there to write into."""
    return re.sub(rb"\s{100,}(?=<\?xpacket end)", b"\n", packet)
