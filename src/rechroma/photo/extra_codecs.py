"""HEIC, camera RAW and PDF by libraries that are extras of the package, and PAM by none."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from rechroma.errors import UnreadablePhotoError, UnwritablePhotoError
from rechroma.metadata import Metadata, from_blocks, read_metadata
from rechroma.photo.code_points import of_code_points
from rechroma.photo.codec import Decoded, check_pixels, unreadable
from rechroma.photo.formats import FORMATS
from rechroma.photo.openimageio_codec import OpenImageIOCodec
from rechroma.photo.pillow_codec import decode_by_pillow

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from rechroma.photo.formats import Format

__all__ = ["HeifCodec", "PdfCodec", "PnmCodec", "RawCodec"]

_POINTS_PER_INCH = 72
# Dots per inch of a page that holds no picture, and the most of one that does.
_PAGE_DPI, _MAX_PAGE_DPI = 300, 1200


class _ReadOnly:
    """The half of a `Codec` that refuses to write."""

    def encode(
        self,
        file: Path,
        format: Format,  # noqa: A002 - the word that everybody uses
        values: NDArray[Any],
        metadata: Metadata,
        quality: int | None,
    ) -> None:
        """Refuse: the table of formats says that it is only read."""
        del values, metadata, quality
        raise UnwritablePhotoError(f"{file}: {format.title} is only read", "write another format")


class HeifCodec(_ReadOnly):
    """The main picture of HEIC files, by pillow-heif; what turns it is applied by libheif."""

    def decode(self, path: Path, name: str, max_pixels: int | None) -> Decoded:
        """Decode a file; see `Codec`."""
        library = _library("heif", name)
        try:
            file = library.open_heif(path, convert_hdr_to_8bit=False)
            picture = file[file.primary_index]
            width, height = picture.size
            check_pixels(width, height, max_pixels, name)
            values = np.asarray(picture)
        except (OSError, ValueError, RuntimeError, SyntaxError, EOFError) as error:
            raise unreadable(name, str(error), path) from error
        values = values[..., None] if values.ndim == 2 else values
        has_alpha = values.shape[2] in (2, 4)
        info, profile = picture.info, picture.info.get("icc_profile")
        return Decoded(
            colors=values[..., :-1] if has_alpha else values,
            alpha=np.ascontiguousarray(values[..., -1]) if has_alpha else None,
            bit_depth=16 if values.dtype.itemsize == 2 else 8,
            format="heif",
            encoding=None if profile else _by_nclx(info.get("nclx_profile")),
            profile=cast("bytes | None", profile or None),
            orientation=1,
            metadata=replace(from_blocks(info.get("exif"), info.get("xmp")), orientation=1),
            pages=len(file),
        )


def _by_nclx(nclx: dict[str, int] | None) -> Any:  # noqa: ANN401 - a profile or None
    if not nclx:
        return None
    transfer = int(nclx.get("transfer_characteristics", 13))
    # Encoders of photographs call sRGB the curve of BT.709, and everybody shows it as sRGB.
    transfer = 13 if transfer in (1, 6, 14, 15) else transfer
    return of_code_points(int(nclx.get("color_primaries", 1)), transfer)


class RawCodec(_ReadOnly):
    """Camera RAW, developed by LibRaw with the camera's white balance to 16 bits of sRGB."""

    def decode(self, path: Path, name: str, max_pixels: int | None) -> Decoded:
        """Decode a file; see `Codec`."""
        library = _library("raw", name)
        try:
            with library.imread(str(path)) as raw:
                check_pixels(raw.sizes.width, raw.sizes.height, max_pixels, name)
                values = raw.postprocess(
                    use_camera_wb=True, output_bps=16, gamma=(2.4, 12.92),
                    output_color=library.ColorSpace.sRGB,
                )  # fmt: skip
        except (library.LibRawError, OSError, ValueError) as error:
            reason = error.args[0] if error.args else ""
            said = reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
            raise unreadable(name, said, path) from error
        # LibRaw has turned the pixels; where each camera keeps what, nobody knows: no word on that.
        metadata = replace(read_metadata(path), orientation=1, notes=())
        return replace(_plain(values, "raw", 16), metadata=metadata)


class PdfCodec(_ReadOnly):
    """The first page of a PDF, by PDFium, at the resolution of the scan that it holds."""

    def decode(self, path: Path, name: str, max_pixels: int | None) -> Decoded:
        """Decode a file; see `Codec`."""
        library = _library("pdf", name)
        try:
            with library.PdfDocument(path) as document:
                page = document[0]
                width, height = page.get_size()
                scale = _page_dpi(library, page) / _POINTS_PER_INCH
                check_pixels(round(width * scale), round(height * scale), max_pixels, name)
                values = page.render(scale=scale, rev_byteorder=True).to_numpy().copy()
                pages = len(document)
        except (library.PdfiumError, OSError, ValueError, IndexError) as error:
            raise unreadable(name, str(error), path) from error
        return _plain(np.ascontiguousarray(values[..., :3]), "pdf", 8, pages)


def _page_dpi(library: Any, page: Any) -> float:  # noqa: ANN401 - pypdfium2's
    """Return the dots per inch at which no picture of a page loses any."""
    found: list[float] = []
    for part in page.get_objects(filter=[library.raw.FPDF_PAGEOBJ_IMAGE]):
        left, bottom, right, top = part.get_bounds()
        columns, rows = part.get_px_size()
        sides = max(right - left, top - bottom), max(columns, rows)
        if sides[0] > 0:
            found.append(sides[1] / sides[0] * _POINTS_PER_INCH)
    return min(max(found), _MAX_PAGE_DPI) if found else _PAGE_DPI


class PnmCodec(OpenImageIOCodec):
    """OpenImageIO as a `Codec`; it reads no PAM (`P7`), and no `P1` without spaces."""

    def decode(self, path: Path, name: str, max_pixels: int | None) -> Decoded:
        """Decode the first picture of a file; see `Codec`."""
        with path.open("rb") as file:
            kind = file.read(2)
        if kind == b"P1":
            from PIL.PpmImagePlugin import PpmImageFile

            return decode_by_pillow(PpmImageFile, path, name, max_pixels, "pnm")
        if kind == b"P7":
            return _pam(path, name, max_pixels)
        return super().decode(path, name, max_pixels)


def _pam(path: Path, name: str, max_pixels: int | None) -> Decoded:
    head, _, pixels = path.read_bytes().partition(b"ENDHDR\n")
    lines = [line.split(None, 1) for line in head.splitlines()[1:] if not line.startswith(b"#")]
    said = {line[0]: line[1].strip() for line in lines if len(line) == 2}
    try:
        width, height, depth, limit = (
            int(said[key]) for key in (b"WIDTH", b"HEIGHT", b"DEPTH", b"MAXVAL")
        )
    except (KeyError, ValueError) as error:
        raise unreadable(name, "its PAM header is broken") from error
    if min(width, height) < 1 or depth not in (1, 2, 3, 4) or not 1 <= limit <= 65535:
        raise unreadable(name, f"a PAM of {width}×{height}×{depth} up to {limit}")
    check_pixels(width, height, max_pixels, name)
    kind = np.dtype(">u2" if limit > 255 else np.uint8)
    if len(pixels) < width * height * depth * kind.itemsize:
        raise unreadable(name, "it ends before its pixels do")
    values = np.frombuffer(pixels, kind, width * height * depth).reshape(height, width, depth)
    top = 65535 if limit > 255 else 255
    if limit != top:
        values = np.minimum(values.astype(np.float32) * (top / limit) + 0.5, top)
    values = values.astype(np.uint16 if limit > 255 else np.uint8)
    found = _plain(values[..., : 3 if depth >= 3 else 1], "pnm", 16 if limit > 255 else 8)
    if depth in (2, 4):
        return replace(found, alpha=np.ascontiguousarray(values[..., -1]))
    return found


def _plain(values: NDArray[Any], name: str, bits: Any, pages: int = 1) -> Decoded:  # noqa: ANN401
    return Decoded(values, None, bits, name, None, None, 1, Metadata(), pages)


def _library(format_name: str, name: str) -> Any:  # noqa: ANN401 - has no types, or is not there
    """Return the module that reads a format.

    Raises:
        UnreadablePhotoError: Its extra is not installed.
    """
    known = FORMATS[format_name]
    try:
        return import_module(str(known.library))
    except ImportError as error:
        raise UnreadablePhotoError(
            f"{name}: {known.title} is read by a library that is not installed",
            f"pip install 'rechroma[{known.extra}]'",
        ) from error
