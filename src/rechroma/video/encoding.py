"""Encoders: which pixels they take of a film, and a segment written whole."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rechroma.errors import UnwritableFileError, UsageError
from rechroma.files import unwritable_file
from rechroma.video.kinds import load_pyav

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable
    from pathlib import Path

    from rechroma.video.options import FilmOptions
    from rechroma.video.source import Film

__all__ = ["Encoding", "chosen_encoding", "disk_errors", "write_segment"]

_ENCODERS = {"x264": "libx264", "x265": "libx265", "prores": "prores_ks", "ffv1": "ffv1"}
# Bits that an encoder has, in the order in which they are tried.
_BITS = {"x264": (8, 10), "x265": (8, 10, 12), "prores": (10,), "ffv1": (8, 10, 12, 14, 16)}
_SUFFIX = {8: "", 10: "10le", 12: "12le", 14: "14le", 16: "16le"}
# Of frames of more pixels x264 looks ahead over fewer than these presets would let it (30 to 60):
# at 1080p every ten of them take 70 MB.
_LARGE = 1 << 20
_LOOKAHEAD = 20
_LONG = frozenset({"fast", "medium", "slow", "slower", "veryslow"})
# Segments are of formats that keep any time base.
_SEGMENT_FORMATS = {"prores_ks": "mov"}
_SEGMENT_FORMAT = "nut"


@dataclass(frozen=True, slots=True)
class Encoding:
    """How a film is encoded; the same for each of its segments.

    Attributes:
        encoder: FFmpeg's name.
        pixel_format: Of the frames that it gets.
        options: Of the encoder.
        interlaced: See `Film.interlaced`.
        note: What is unusual about it; "" as a rule.
    """

    encoder: str
    pixel_format: str
    options: dict[str, str]
    interlaced: str
    note: str = ""


def chosen_encoding(film: Film, options: FilmOptions) -> Encoding:
    """Return how a film is encoded so that its luma goes in bit for bit.

    Raises:
        UsageError: The codec has not as many bits, or no fields.
    """
    bits = next((bits for bits in _BITS[options.codec] if bits >= film.bits), None)
    if bits is None:
        raise UsageError(
            f"{film.path}: {film.bits} bits, and {options.codec} has fewer", "use --codec ffv1"
        )
    if film.interlaced and options.codec == "x265":
        raise UsageError(
            f"{film.path}: interlaced, and x265 has no fields here", "use --codec x264"
        )
    sampling, note = film.sampling, ""
    if options.codec == "prores" and sampling == "420":
        sampling = "422"
    odd = (film.width % 2 and sampling != "444") or (film.height % 2 and sampling == "420")
    if odd and options.codec != "ffv1":
        sampling = "444"
        note = (
            f"{film.width}×{film.height} pixels: {options.codec} has no odd sizes with chroma of "
            "half the size, so it is written as 4:4:4"
        )
    how = {
        "x264": {"preset": options.preset, "crf": str(options.crf)},
        "x265": {
            "preset": options.preset,
            "crf": str(options.crf),
            "x265-params": "log-level=none",
        },
        "prores": {"profile": "4444" if sampling == "444" else "hq", "vendor": "apl0"},
        "ffv1": {"level": "3", "slicecrc": "1", "g": "1"},
    }[options.codec]
    if options.codec == "x264" and options.preset in _LONG and film.width * film.height > _LARGE:
        how["rc-lookahead"] = str(_LOOKAHEAD)
    if film.interlaced and options.codec == "x264":
        how["x264-params"] = f"{film.interlaced}=1"
    return Encoding(
        _ENCODERS[options.codec], f"yuv{sampling}p{_SUFFIX[bits]}", how, film.interlaced, note
    )


def write_segment(path: Path, film: Film, how: Encoding, frames: Iterable[tuple[int, Any]]) -> int:
    """Encode frames to a file that appears whole or not at all, and return how many there were.

    Args:
        path: The file.
        film: Whose frames they are.
        how: From `chosen_encoding`.
        frames: Times in the film's time base, and frames of its pixel format.

    Raises:
        UnwritableFileError: The disk says no.
    """
    av = load_pyav()
    unfinished = path.with_name(path.name + ".unfinished")
    count = 0
    with disk_errors(path):
        container = av.open(
            str(unfinished), "w", format=_SEGMENT_FORMATS.get(how.encoder, _SEGMENT_FORMAT),
            container_options={"avoid_negative_ts": "disabled"},
        )  # fmt: skip
        try:
            stream = container.add_stream(how.encoder, rate=film.rate, options=how.options)
            _describe(stream, film, how)
            for ticks, frame in frames:
                frame.pts, frame.time_base = ticks, film.time_base
                # The encoder decides, whatever the film's own encoder did.
                frame.pict_type = 0
                for packet in stream.encode(frame):
                    container.mux(packet)
                count += 1
            for packet in stream.encode(None):
                container.mux(packet)
        finally:
            with suppress(av.error.FFmpegError):
                container.close()
        if count:
            unfinished.replace(path)
    return count


def _describe(stream: Any, film: Film, how: Encoding) -> None:  # noqa: ANN401 - PyAV's
    context = stream.codec_context
    context.width, context.height = film.width, film.height
    context.pix_fmt = how.pixel_format
    context.time_base = stream.time_base = film.time_base
    tag(context, film)
    if how.interlaced:
        flags = load_pyav().codec.context.Flags
        context.flags |= flags.interlaced_dct | flags.interlaced_me


def tag(context: Any, film: Film) -> None:  # noqa: ANN401 - PyAV's
    """Give a codec's context the film's tags and the aspect of its pixels."""
    context.color_range, context.color_primaries, context.color_trc, context.colorspace = film.tags
    if film.aspect:
        context.sample_aspect_ratio = film.aspect


@contextmanager
def disk_errors(path: Path) -> Generator[None]:
    """Turn what FFmpeg and the system say of a disk into this package's error."""
    av = load_pyav()
    try:
        yield
    except av.error.FFmpegError as error:
        number = error.errno if 0 < (error.errno or 0) < 1000 else None
        if number is None:
            raise UnwritableFileError(
                f"{path}: can't be written: {error.strerror or error}", "choose another output"
            ) from error
        raise unwritable_file(path, OSError(number, os.strerror(number))) from error
    except OSError as error:
        raise unwritable_file(path, error) from error
