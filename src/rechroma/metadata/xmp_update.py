"""XMP of an old picture for a new one: changed in the few places that have become untrue.

Adobe's XMP Specification, part 1; MWG's guidelines.
"""

from __future__ import annotations

import re
from html import escape  # XML's own `saxutils` brings half of `urllib` with it
from typing import TYPE_CHECKING

from rechroma.metadata.exif import turned
from rechroma.metadata.xmp import CREATOR_TOOL, EXIF, RDF, TIFF, XMP, Name, Packet, is_description

if TYPE_CHECKING:
    from rechroma.metadata.model import Mark

__all__ = ["RDF_END", "marked", "opened", "unmarked", "upright", "without_gps"]

_PHOTOSHOP = "http://ns.adobe.com/photoshop/1.0/"
_IPTC_EXT = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
_AREA = "http://ns.adobe.com/xmp/sType/Area#"
_REGIONS = "http://www.metadataworkinggroup.com/schemas/regions/"
_DIMENSIONS = "http://ns.adobe.com/xap/1.0/sType/Dimensions#"
_SOURCE_TYPE = (_IPTC_EXT, "DigitalSourceType")
_MACHINE_COLORED = (
    "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
)
# What is said of an older file's pixels, and thumbnails.
_UNTRUE = frozenset({
    (XMP, "Thumbnails"), (_PHOTOSHOP, "ICCProfile"), (TIFF, "BitsPerSample"),
    (TIFF, "SamplesPerPixel"), (TIFF, "PhotometricInterpretation"), (TIFF, "Compression"),
    (TIFF, "PlanarConfiguration"), (TIFF, "WhitePoint"), (TIFF, "PrimaryChromaticities"),
    (TIFF, "TransferFunction"), (EXIF, "NativeDigest"), (TIFF, "NativeDigest"),
    (_PHOTOSHOP, "ColorMode"),
})  # fmt: skip
_COORDINATE = re.compile(r"^gps|latitude|longitude", re.IGNORECASE)
RDF_END = re.compile(rb"</([^\s:>]+:)?RDF\s*>")
_EMPTY = (
    b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/">\n'
    b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">\n'
    b'</rdf:RDF>\n</x:xmpmeta>\n<?xpacket end="w"?>'
)


def upright(
    packet: bytes, width: int, height: int, turn: int = 1, stands: int = 1, *, srgb: bool = True
) -> bytes:
    """Return a packet for the new pixels: upright, of this size, in sRGB, without thumbnails.

    Args:
        packet: As it was.
        width: Of the new pixels.
        height: Of the new pixels.
        turn: How the old ones stood, EXIF's tag 274: regions of faces are turned with them.
        stands: How the new ones stand, which is upright but where they are copied.
        srgb: Whether they are in sRGB, or as their profile says.

    Raises:
        ValueError: It is broken.
    """
    found = Packet(packet)
    space = "1" if srgb else "65535"
    new = {
        (TIFF, "Orientation"): str(stands), (EXIF, "ColorSpace"): space,
        (TIFF, "ImageWidth"): str(width), (TIFF, "ImageLength"): str(height),
        (EXIF, "PixelXDimension"): str(width), (EXIF, "PixelYDimension"): str(height),
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


def _turned_regions(found: Packet, turn: int) -> list[tuple[int, int, bytes]]:
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


def _turned_values(values: dict[Name, float], turn: int) -> dict[Name, float]:
    new: dict[Name, float] = {}
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
    return Packet(packet).without(
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
    replaced = {CREATOR_TOOL} | ({_SOURCE_TYPE} if mark.machine_colored else set[Name]())
    about = b'""'
    try:
        found = Packet(packet)
    except ValueError:
        data, prefix = packet, b"rdf:"
    else:
        names = [n for n in found.nodes if n.name[1] == "about" and is_description(n.parent)]
        if value := found.value(names[0]) if names else "":
            about = f'"{escape(_unescaped(value))}"'.encode()
        wanted = [n for n in found.properties() if n.name in replaced]
        data = found.with_edits([(n.start, n.end, b"") for n in wanted])
        data, prefix = opened(data)
    ends = list(RDF_END.finditer(data))
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
    found = Packet(packet)
    properties = list(found.properties())
    said = [node for node in properties if node.name in (CREATOR_TOOL, _SOURCE_TYPE)]
    if len(said) == len(properties):
        return None
    return found.with_edits([(node.start, node.end, b"") for node in said])


def _unescaped(text: str) -> str:
    for name, sign in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'"),
                       ("&amp;", "&")):  # fmt: skip
        text = text.replace(name, sign)
    return text


def opened(data: bytes) -> tuple[bytes, bytes]:
    """Return a packet whose RDF has an end tag, and RDF's prefix with its colon."""
    found = Packet(data)
    root = next((n for n in found.nodes if n.name == (RDF, "RDF") and not n.attribute), None)
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
    tool = f'"{escape(mark.creator_tool)}"'
    name = f"{rdf}:" if rdf else ""
    return (
        f'<{name}Description xmlns:rdf="{RDF}" rdf:about={about}\n  xmlns:xmp="{XMP}"'
        f"\n  xmp:CreatorTool={tool}{source}/>\n"
    ).encode()
