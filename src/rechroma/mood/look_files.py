"""Looks from files of every kind: `.cube`, what OpenColorIO reads, and Hald CLUT pictures.

OpenColorIO's own readers make sense of a file. Before them stand our limits, and a check of words
that they pass over though they change what a look means: such a file is refused, by that word.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import numpy as np

from rechroma.errors import LookError, PhotoError
from rechroma.mood.cube import MEND, parse_cube
from rechroma.mood.library import LOOK_SUFFIXES
from rechroma.mood.lut import MAX_ENGINE_SIZE, Lut3D, LutChain, grid, ocio
from rechroma.photo import read, readable_suffixes
from rechroma.photo.formats import SIGNATURE_LENGTH, recognize
from rechroma.photo.samples import to_float

if TYPE_CHECKING:
    import os

    from rechroma.mood.lut import Triple

__all__ = ["look_suffix", "read_lut"]

# 256³ lines of text are a gigabyte; what people exchange is at most 65³ (8 MB).
_MAX_BYTES = 64 << 20
# A Hald picture of level n is n³ pixels a side: 16 stands for 256³ colors.
_MAX_HALD_LEVEL = 16
_PROBE = 9
_WHY = 160

# How files begin whose suffix does not tell: an upload has none.
_BEGINNINGS = (
    (r"SPILUT", ".spi3d"),
    (r"CSPLUTV100", ".csp"),
    (r"#Inventor", ".vf"),
    (r"# Truelight", ".cub"),
    (r"(?s).*<(\w+:)?ProcessList\b", ".ctf"),
    (r"(?s).*<(look|LOOK)\b", ".look"),
    (r"(?s).*<ColorDecisionList\b", ".cdl"),
    (r"(?s).*<ColorCorrectionCollection\b", ".ccc"),
    (r"(?s).*<ColorCorrection\b", ".cc"),
    (r"(?s).*^\s*channel\s+3d", ".m3d"),
    (r"(?sm).*^\s*LUT_[13]D_SIZE\b", ".cube"),
    (r"(?sm)(.*^)?LUT:\s*\d", ".lut"),
    (r"(?sm).*^Type\s+(C|3D)", ".lut"),
    (r"(?s)Version\s*\d.*From", ".spi1d"),
    (r"(?sm)(.*^)?\s*3DMESH|\s*(#[^\n]*\n\s*)*\d+(\s+\d+){3,}\s*\n\s*\d+\s+\d+\s+\d+\s*\n", ".3dl"),
)
_HEAD = 4096

_TEXT_WORDS = {
    ".3dl": {"3DMESH", "MESH", "GAMMA", "LUT8", "LUT10", "LUT12", "LUT16"},
    ".spi1d": {"VERSION", "FROM", "LENGTH", "COMPONENTS", "{", "}"},
    ".vf": {"GRID_SIZE", "GLOBAL_TRANSFORM", "ELEMENT_SIZE", "WORLD_ORIGIN", "DATA"},
    ".m3d": {"CHANNEL", "IN", "OUT", "FORMAT", "VALUES"},
}
_TEXT_WORDS[".mga"] = _TEXT_WORDS[".m3d"]
# Words that a reader passes over, with the one value that means nothing.
_IDLE = {
    ".3dl": {"GAMMA": [1.0]},
    ".vf": {"ELEMENT_SIZE": [1.0, 1.0, 1.0], "WORLD_ORIGIN": [0.0, 0.0, 0.0]},
    ".lut": {"BLACK": [0.0], "WHITE": [1.0], "TO": [0.0, 1.0], "EXPOSURE": [0.0]},
}

# The elements of CLF, CTF and ASC CDL files that OpenColorIO heeds, and those that only describe.
_ELEMENTS = frozenset(
    {
        "ACES", "ACESParams", "ASC_CDL", "ASC_SAT", "ASC_SOP", "Array", "Blacks", "Blue",
        "Brightness", "Clamp", "ColorCorrection", "ColorCorrectionCollection",
        "ColorDecision", "ColorDecisionList", "Contrast", "ControlPoints", "Description",
        "DynamicParameter", "ECParams", "Exponent", "ExponentParams", "Exposure",
        "ExposureContrast", "FixedFunction", "Function", "Gain", "Gamma", "GammaParams",
        "GradingHueCurve", "GradingPrimary", "GradingRGBCurve", "GradingTone", "Green",
        "Highlights", "HueFx", "HueHue", "HueLum", "HueSat", "Id", "IndexMap", "Info",
        "InputDescription", "InputDescriptor", "InverseLUT1D", "InverseLUT3D", "Lift",
        "Log", "LogParams", "LUT1D", "LUT3D", "LumLum", "LumSat", "Master", "Matrix",
        "Midtones", "Offset", "OutputDescriptor", "Pivot", "Power", "ProcessList",
        "Range", "Red", "SATNode", "SatNode", "SOPNode", "SContrast", "SatLum", "SatSat",
        "Saturation", "Shadows", "Slope", "Slopes", "ViewingDescription", "Whites",
        "maxInValue", "maxOutValue", "minInValue", "minOutValue",
    }
)  # fmt: skip
_DESCRIBING = frozenset({"Info", "Description", "InputDescription", "ViewingDescription"})
_XML = frozenset({".clf", ".ctf", ".cc", ".ccc", ".cdl", ".look"})


def read_lut(path: str | os.PathLike[str]) -> Lut3D | LutChain:
    """Read a look of another program.

    Args:
        path: A `.cube` file in any dialect, a file of another kind that OpenColorIO reads, or a
            Hald CLUT picture. What is in it decides where the suffix does not tell.

    Returns:
        A table, if that is all that the file holds; else the steps in their order.

    Raises:
        LookError: Not there, too large, broken, no look at all, or with a word in it that changes
            its meaning and is not heeded.
    """
    path = Path(path)
    content = _content(path)
    if path.suffix.lower() in readable_suffixes() or recognize(content[:SIGNATURE_LENGTH]):
        return _hald(path)
    suffix = _suffix(path, content)
    if suffix in _XML:
        _check_xml(content, suffix, str(path))
        return _by_engine(content.rstrip(b"\0\x1a\r\n \t"), suffix, path)
    text = _text(content, str(path))
    if suffix == ".cube":
        return _cube(text, path)
    _check_words(text, suffix, str(path))
    return _by_engine(text.encode("ascii", "replace"), suffix, path)


def look_suffix(path: Path) -> str:
    """Return the suffix by which a look's file is known: its own, or that of what is in it.

    Raises:
        LookError: Not there, too large, or no look.
    """
    if path.suffix.lower() in LOOK_SUFFIXES | readable_suffixes():
        return path.suffix.lower()
    content = _content(path)
    picture = recognize(content[:SIGNATURE_LENGTH])
    return _suffix(path, content) if picture is None else picture.suffixes[0]


def _content(path: Path) -> bytes:
    try:
        if path.stat().st_size > _MAX_BYTES and path.suffix.lower() not in readable_suffixes():
            raise LookError(
                f"{path}: larger than {_MAX_BYTES >> 20} MB", "use a LUT of at most 65³"
            )
        with path.open("rb") as file:
            return file.read(_MAX_BYTES)
    except OSError as error:
        raise LookError(f"{path}: {error.strerror}", "check the path") from error


def _suffix(path: Path, content: bytes) -> str:
    """Return the suffix of the kind that a file is of: its own, or the one that its head tells."""
    suffix = path.suffix.lower()
    if suffix in LOOK_SUFFIXES:
        return suffix
    head = content[:_HEAD].replace(b"\0", b"").decode("latin-1").lstrip("ÿþ\ufeffï»¿")
    for pattern, kind in _BEGINNINGS:
        if re.match(pattern, head, re.MULTILINE):
            return kind
    raise LookError(
        f"{path}: not a look", f"give one of {', '.join(sorted(LOOK_SUFFIXES))}, or a Hald picture"
    )


def _text(content: bytes, name: str) -> str:
    """Return a text file's lines, whatever system wrote it and however it is padded."""
    try:
        if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
            text = content[: len(content) // 2 * 2].decode("utf-16")
        elif content[1:8:2] == b"\0" * 4:
            text = content.decode("utf-16-le")
        elif content[0:8:2] == b"\0" * 4:
            text = content.decode("utf-16-be")
        else:
            # Comments and titles may be in any encoding; all that counts is ASCII.
            text = content.removeprefix(b"\xef\xbb\xbf").decode("latin-1")
    except UnicodeDecodeError as error:
        raise LookError(f"{name}: not a text file", MEND) from error
    text = text.split("\x1a", 1)[0].rstrip("\0")
    if "\0" in text:
        raise LookError(f"{name}: not a text file", MEND)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _cube(text: str, path: Path) -> Lut3D | LutChain:
    found = parse_cube(text, str(path))
    edge = 0 if found.table is None else round(len(found.table) ** (1 / 3))
    if found.table is None or edge <= MAX_ENGINE_SIZE:
        return _by_engine(found.canonical().encode("ascii"), ".cube", path)
    if found.curve is not None:
        raise LookError(f"{path}: a 1-D table before one of {edge}³", "use at most 129³")
    table = found.table.astype(np.float32).reshape(edge, edge, edge, 3).transpose(2, 1, 0, 3)
    return Lut3D(np.ascontiguousarray(table), *found.table_domain)


def _hald(path: Path) -> Lut3D:
    """Read a Hald CLUT picture: the colors of a table in the order of reading, red fastest."""
    try:
        photo = read(path)
    except PhotoError as error:
        raise LookError(error.what, error.mend) from error
    level = round(photo.width ** (1 / 3))
    size = level**2
    if photo.height != photo.width or level**3 != photo.width or level < 2:
        raise LookError(
            f"{path}: a picture of {photo.width}×{photo.height} pixels, not a look (a Hald CLUT "
            "has n³×n³)",
            "for a photograph's mood use rechroma transfer, or rechroma look save",
        )
    if level > _MAX_HALD_LEVEL:
        raise LookError(f"{path}: a Hald CLUT of level {level}", f"use {_MAX_HALD_LEVEL} or less")
    table = to_float(photo.samples).reshape(size, size, size, 3).transpose(2, 1, 0, 3)
    return Lut3D(np.ascontiguousarray(table))


def _check_words(text: str, suffix: str, name: str) -> None:
    """Refuse words that a reader passes over though they change what a look means."""
    known, idle = _TEXT_WORDS.get(suffix), _IDLE.get(suffix, {})
    for line in text.split("\n"):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if re.match(r"[-+.\d]", words[0]):
            if suffix == ".3dl" and "." in line:
                raise LookError(f"{name}: a line that is not whole numbers: {line.strip()}", MEND)
            continue
        # "Version1" is one of .spi1d's spellings.
        key = re.sub(r"\d+$", "", words[0]).upper() if suffix == ".spi1d" else words[0].upper()
        if key in ("NAN", "INF", "-NAN", "-INF"):
            raise LookError(f"{name}: a number that is not finite: {line.strip()}", MEND)
        if known is not None and key not in known:
            raise _unheeded(words[0], name)
        if key in idle and not _same_numbers(words[1:], idle[key]):
            raise _unheeded(" ".join(words), name)
    if suffix == ".3dl":
        _check_mesh(text, name)


def _same_numbers(words: list[str], wanted: list[float]) -> bool:
    try:
        return [float(word) for word in words] == wanted
    except ValueError:
        return False


def _check_mesh(text: str, name: str) -> None:
    """Refuse a .3dl file whose numbers are too small for the depth that it says they have.

    OpenColorIO tells the depth from the largest number: a dark 12-bit look is one of 10 bits to it.
    """
    mesh = re.search(r"(?im)^\s*mesh\s+(\d+)\s+(\d+)\s*$", text)
    if mesh is None:
        return
    rows = re.findall(r"(?m)^[ \t]*(\d+)[ \t]+(\d+)[ \t]+(\d+)[ \t]*$", text)
    top = max((int(word) for row in rows for word in row), default=0)
    seen = next((bits for bits in (8, 10, 12) if top < 2 << bits), 16)
    if seen != int(mesh[2]):
        raise LookError(
            f"{name}: {mesh[0].strip()} says {mesh[2]} bits, and its numbers look like {seen}", MEND
        )


def _check_xml(content: bytes, suffix: str, name: str) -> None:
    """Refuse entities, other files, and elements that a reader passes over."""
    plain = content.replace(b"\0", b"")
    if b"<!DOCTYPE" in plain or b"<!ENTITY" in plain:
        raise LookError(f"{name}: DOCTYPE and ENTITY are not heeded", MEND)
    try:
        root = ElementTree.fromstring(content.rstrip(b"\0\x1a\r\n \t"))  # noqa: S314 (no entities)
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise LookError(f"{name}: broken XML: {error}", MEND) from error
    if suffix == ".look":
        for each in root:
            if _local(each) != "LUT" and len(each):
                raise _unheeded(f"<{_local(each)}>", name)
        return
    corrections = [each for each in root.iter() if _local(each) == "ColorCorrection"]
    if len(corrections) > 1:
        raise LookError(
            f"{name}: {len(corrections)} corrections, and which one is not said",
            "save the one that is meant as a .cc file",
        )
    _check_elements(root, name)


def _check_elements(element: ElementTree.Element, name: str) -> None:
    if _local(element) not in _ELEMENTS:
        raise _unheeded(f"<{_local(element)}>", name)
    if _local(element) not in _DESCRIBING:
        for each in element:
            _check_elements(each, name)


def _local(element: ElementTree.Element) -> str:
    return element.tag.rsplit("}", 1)[-1]


def _unheeded(word: str, name: str) -> LookError:
    return LookError(
        f"{name}: {word} is not known, and what it changes would be lost",
        "export the look again without it",
    )


def _by_engine(content: bytes, suffix: str, path: Path) -> Lut3D | LutChain:
    """Read a look with OpenColorIO."""
    with tempfile.TemporaryDirectory(prefix="rechroma-") as folder:
        # Names may say something: "12to16fp.lut" tells its depths.
        stem = re.sub(r"[^A-Za-z0-9_-]", "_", path.stem)[:64] or "look"
        file = Path(folder, f"{stem}{suffix}")
        file.write_bytes(content)
        # Of the interpolations it takes the best for each step: tetrahedral, and linear for curves.
        transform = ocio.FileTransform(src=str(file), interpolation=ocio.INTERP_BEST)
        level = ocio.GetLoggingLevel()
        # Its remarks on formats that it tries in vain would be lines of ours.
        ocio.SetLoggingLevel(ocio.LOGGING_LEVEL_NONE)
        try:
            group = ocio.Config.CreateRaw().getProcessor(transform).createGroupTransform()
            found = _simplest(group)
            _check_finite(group, found, path)
        except (ocio.Exception, RuntimeError, ValueError, MemoryError) as error:
            raise LookError(f"{path}: {_reason(error, file)}", MEND) from error
        finally:
            ocio.SetLoggingLevel(level)
            # The next look of that name is another one.
            ocio.ClearAllCaches()
    return found


def _reason(error: Exception, file: Path) -> str:
    """Return the last thing that the engine says, as a part of one line."""
    said = " ".join(str(error).replace(str(file), "it").split())
    last = re.split(r"failed with: |with this error: |Error is: ", said)[-1]
    return f"not a look that can be read: {last.rstrip('. ')[:_WHY]}"


def _simplest(group: Any) -> Lut3D | LutChain:  # noqa: ANN401 - see `ocio`
    """Return a table where that is all; a change of scale before it is the table's domain."""
    steps = list(group)
    forward = all(step.getDirection() == ocio.TRANSFORM_DIR_FORWARD for step in steps)
    if not forward or not steps or not isinstance(steps[-1], ocio.Lut3DTransform):
        return LutChain(group)
    low, high = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
    if len(steps) == 2 and isinstance(steps[0], ocio.MatrixTransform):
        matrix = np.array(steps[0].getMatrix()).reshape(4, 4)[:3, :3]
        scale, offset = np.diag(matrix), np.array(steps[0].getOffset())[:3]
        if (matrix != np.diag(scale)).any() or not scale.all():
            return LutChain(group)
        low, high = _triple(-offset / scale), _triple((1 - offset) / scale)
    elif len(steps) > 1:
        return LutChain(group)
    size = steps[-1].getGridSize()
    table = np.array(steps[-1].getData(), np.float32).reshape(size, size, size, 3)
    return Lut3D(table, low, high)


def _triple(values: Any) -> Triple:  # noqa: ANN401 - see `ocio`
    red, green, blue = map(float, values)
    return red, green, blue


def _check_finite(group: Any, found: Lut3D | LutChain, path: Path) -> None:  # noqa: ANN401 - see `ocio`
    """Refuse numbers that are none, in a table or on the way through."""
    for step in group:
        table = isinstance(step, ocio.Lut3DTransform | ocio.Lut1DTransform)
        # A curve over all half floats begins and ends at infinity.
        half = isinstance(step, ocio.Lut1DTransform) and step.getInputHalfDomain()
        if table and not half and not np.isfinite(np.array(step.getData())).all():
            raise LookError(f"{path}: a number that is not finite", MEND)
    probe = grid(_PROBE).astype(np.float32).reshape(_PROBE**2, _PROBE, 3)
    if not np.isfinite(found.apply(probe)).all():
        raise LookError(f"{path}: it makes numbers that are not finite", MEND)
