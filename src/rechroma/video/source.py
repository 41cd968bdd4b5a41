"""Reading a film: what it says about itself, and its frames one after the other."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from rechroma.errors import PhotoError, UnreadablePhotoError
from rechroma.video.kinds import load_pyav

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["Film", "Shown", "Trouble", "frames_of", "luma_of", "open_film"]

# Of the matrix that makes Y'CbCr (ITU-T H.273, table 4): the weights of red and blue.
_WEIGHTS = {
    1: (0.2126, 0.0722),
    4: (0.30, 0.11),
    5: (0.299, 0.114),
    6: (0.299, 0.114),
    7: (0.212, 0.087),
    9: (0.2627, 0.0593),
}
_FULL, _LIMITED = 2, 1
# Curves that are no picture for an ordinary screen: PQ and HLG.
_HDR = {16: "PQ", 18: "HLG"}
# From so many rows on, a film that does not say its matrix is taken for BT.709, as players do.
_HD_ROWS = 720
# Decoders of pictures, whose gray is 0…255; others give studio range unless they say otherwise.
_STUDIO = frozenset({"h264", "hevc", "av1", "vp8", "vp9", "mpeg1video", "mpeg2video", "mpeg4"})
# Formats, and brands of MP4's, that are of pictures.
_PICTURES = frozenset({"image2", "gif", "apng"})
_PICTURE_BRANDS = frozenset({"avif", "heic", "heim", "heis", "heix", "mif1", "mif2", "miaf"})
_ROOM = {8: "", 10: "10le", 12: "12le", 14: "14le", 16: "16le"}
_SAMPLINGS = {"420": (1, 1), "422": (1, 0), "444": (0, 0)}


@dataclass(frozen=True, slots=True)
class Film:
    """What is known of a film before its frames are decoded.

    Attributes:
        path: The file.
        width: Pixels of a stored row; rotation is not applied.
        height: Stored rows.
        bits: Of a sample, 8 to 16.
        sampling: Of chroma, "420", "422" or "444"; of a gray film "420".
        full: Whether luma runs over all numbers, not 16…235.
        gray: Whether it has no chroma planes at all.
        weights: Of red and blue in luma.
        time_base: Seconds of one tick of a frame's time.
        rate: Frames a second on the average.
        frames: How many it says it has; 0 if it doesn't say.
        seconds: How long it says it is; 0 if it doesn't say.
        interlaced: "tff" or "bff" for fields, the upper or the lower one first; "" for frames.
        convert: The pixel format to which frames are converted, where luma can't be taken as it
            is; "" as a rule.
        tags: range, primaries, curve and matrix, as numbers of H.273, for the encoder.
        aspect: Of a pixel; None if it isn't said.
        matrix: The display matrix (rotation), nine integers; None for none.
        stamped: Whether frames have times.
        start: The time of the first frame, in ticks.
        turns: Quarter turns, counterclockwise, after which a frame is upright.
    """

    path: Path
    width: int
    height: int
    bits: int
    sampling: str
    full: bool
    gray: bool
    weights: tuple[float, float]
    time_base: Fraction
    rate: Fraction
    frames: int
    seconds: float
    interlaced: str
    convert: str
    tags: tuple[int, int, int, int]
    aspect: Fraction | None
    matrix: tuple[int, ...] | None
    stamped: bool
    start: int
    turns: int

    @property
    def pixel_format(self) -> str:
        """The planar format that holds its luma bit for bit."""
        return f"yuv{self.sampling}p{_ROOM[self.bits]}"

    @property
    def subsampling(self) -> tuple[int, int]:
        """Log2 of how many pixels share a chroma sample, in a row and in a column."""
        return _SAMPLINGS[self.sampling]

    @property
    def expected_frames(self) -> int:
        """About how many frames it has; 0 if nobody knows."""
        return self.frames or round(self.seconds * float(self.rate))


@dataclass(slots=True)
class Trouble:
    """What was wrong with a film's frames, counted while they are read."""

    lost: int = 0
    concealed: int = 0

    def __str__(self) -> str:
        parts = [
            f"{count} frames {what}"
            for count, what in (
                (self.lost, "could not be decoded"),
                (self.concealed, "were broken"),
            )
            if count
        ]
        return " and ".join(parts) + ": what was near stands in for them" if parts else ""


@dataclass(frozen=True, slots=True)
class Shown:
    """One frame: its number from the start of the film, its time, and the decoder's frame."""

    number: int
    ticks: int
    frame: Any = field(repr=False)


def open_film(path: Path) -> Film:
    """Look into a film.

    Raises:
        UnreadablePhotoError: It is not a film, has no picture in it, or one that can't be decoded.
        PhotoError: A kind of film that is not worked on, such as HDR.
        MissingExtraError: PyAV isn't installed.
    """
    av = load_pyav()
    if not path.exists():
        raise UnreadablePhotoError(f"{path}: no such file", "check the path")
    try:
        with av.open(str(path)) as container:
            streams = [s for s in container.streams.video if not _is_cover(s)]
            if not streams:
                raise _without_pictures(path, container)
            stream = streams[0]
            if stream.codec_context is None:
                raise UnreadablePhotoError(
                    f"{path}: a codec that FFmpeg doesn't know", "convert it to another codec"
                )
            return _described(path, container, stream, _first_frame(path, container, stream))
    except av.error.FFmpegError as error:
        raise _broken(path, error) from error


def _is_cover(stream: Any) -> bool:  # noqa: ANN401 - PyAV's
    return bool(stream.disposition & type(stream.disposition).attached_pic)


def _without_pictures(path: Path, container: Any) -> UnreadablePhotoError:  # noqa: ANN401 - PyAV's
    kinds = {stream.type for stream in container.streams}
    alone = "words alone" if "subtitle" in kinds else "nothing"
    what = "sound alone" if "audio" in kinds else alone
    return UnreadablePhotoError(f"{path}: no film in it, {what}", "give a film")


def _first_frame(path: Path, container: Any, stream: Any) -> Any:  # noqa: ANN401 - PyAV's
    av = load_pyav()
    last: Any = None
    for packet in container.demux(stream):
        try:
            for frame in packet.decode():
                return frame
        except av.error.FFmpegError as error:
            last = error
    what = f": {last.strerror}" if last is not None and last.strerror else ""
    raise UnreadablePhotoError(
        f"{path}: no frame in it that can be decoded{what}", "check that the file is whole"
    )


def _broken(path: Path, error: Any) -> UnreadablePhotoError:  # noqa: ANN401 - PyAV's
    return UnreadablePhotoError(
        f"{path}: not a film that can be read: {error.strerror or error}",
        "check that the file is whole; a picture needs a picture's suffix",
    )


def _described(path: Path, container: Any, stream: Any, frame: Any) -> Film:  # noqa: ANN401 - PyAV's
    context = stream.codec_context
    name = container.format.name
    brand = container.metadata.get("major_brand", "").strip()
    if name.endswith("_pipe") or name in _PICTURES or brand in _PICTURE_BRANDS:
        raise UnreadablePhotoError(
            f"{path}: a picture, not a film", "give it the suffix of its own format"
        )
    bits, sampling, gray, convert = _layout(path, frame.format)
    primaries, curve, matrix = frame.color_primaries, frame.color_trc, frame.colorspace
    if curve in _HDR:
        raise PhotoError(
            f"{path}: a film in HDR ({_HDR[curve]})", "convert it to an ordinary range (SDR) first"
        )
    if matrix not in _WEIGHTS:
        matrix = 1 if frame.height >= _HD_ROWS else 6
    said = frame.color_range
    jpeg = frame.format.name.startswith("yuvj")
    full = said == _FULL or jpeg or (said == 0 and gray and context.name not in _STUDIO)
    if convert:
        full = False
    time_base = stream.time_base or Fraction(1, 90000)
    rate = stream.average_rate or stream.guessed_rate or Fraction(25)
    seconds = float(stream.duration * time_base) if stream.duration else 0.0
    if not seconds and container.duration:
        seconds = container.duration / 1_000_000
    return Film(
        path, frame.width, frame.height, bits, sampling, full, gray,
        _WEIGHTS[matrix], time_base, rate, stream.frames, seconds,
        _fields(context, frame), convert,
        (_FULL if full else _LIMITED, primaries, curve, matrix),
        stream.sample_aspect_ratio, _display_matrix(frame), frame.pts is not None,
        frame.pts or 0, round(frame.rotation / 90) % 4,
    )  # fmt: skip


def _layout(path: Path, format: Any) -> tuple[int, str, bool, str]:  # noqa: ANN401, A002 - PyAV's
    """Return bits, sampling, whether it is gray, and to what it has to be converted."""
    name = format.name
    first = format.components[0]
    bits = first.bits
    if name.startswith("gray") and not name.endswith(("be", "f32le", "f32be")) and bits in _ROOM:
        return bits, "420", True, ""
    planar = name.startswith(("yuv4", "yuvj4")) and not name.endswith("be")
    if planar and bits in _ROOM:
        sampling = name.removeprefix("yuvj").removeprefix("yuv")[:3]
        return bits, sampling if sampling in _SAMPLINGS else "420", False, ""
    if bits > 10:
        raise PhotoError(f"{path}: pixels of the kind {name}", "convert it to yuv444p10le first")
    return (10, "444", False, "yuv444p10le") if bits > 8 else (8, "444", False, "yuv444p")


def _fields(context: Any, frame: Any) -> str:  # noqa: ANN401 - PyAV's
    if not frame.interlaced_frame:
        return ""
    # FFmpeg's AV_FIELD_BB and AV_FIELD_BT: the lower field is shown first.
    return "bff" if context.field_order in (3, 5) else "tff"


def _display_matrix(frame: Any) -> tuple[int, ...] | None:  # noqa: ANN401 - PyAV's
    data = frame.side_data.get("DISPLAYMATRIX")
    if data is None:
        return None
    return tuple(np.frombuffer(bytes(data), np.int32)[:9].tolist())


def frames_of(
    film: Film, trouble: Trouble, start: int = 0, ticks: int | None = None
) -> Iterator[Shown]:
    """Yield the film's frames in the order in which they are shown.

    What can't be decoded is left out, and the frame before stays for longer; what the decoder has
    patched is kept. Both are counted.

    Args:
        film: From `open_film`.
        trouble: Where it is counted.
        start: The number of the first frame that is wanted.
        ticks: That frame's time, or the least that it may have: then what is before is not
            decoded, as a rule. None to count frames from the first.

    Raises:
        PhotoError: The size of the picture changes on the way.
    """
    if ticks is not None and film.stamped:
        first = True
        for shown in _decoded(film, trouble, ticks):
            if first and shown.ticks > ticks:
                break  # the file has no place before to which one can go
            first = False
            if shown.ticks >= ticks:
                yield Shown(start + shown.number, shown.ticks, shown.frame)
        else:
            return
    number = 0
    for shown in _decoded(film, trouble, None):
        if (shown.number >= start) if ticks is None else (shown.ticks >= ticks):
            yield Shown(start + number, shown.ticks, shown.frame)
            number += 1


class _BrokenError(Exception):
    """The decoder's threads met an error, and lose frames around it; or a place was not found."""


def _decoded(film: Film, trouble: Trouble, ticks: int | None) -> Iterator[Shown]:
    """Yield frames from the key frame before a time on; numbered from that time, or the start.

    By several threads as long as nothing is wrong, and from there on by one: an error would take
    with it what other threads have decoded meanwhile.
    """
    number, count, last = 0, 0, None
    step = max(1, round(1 / (film.rate * film.time_base)))
    place, threads = ticks, True
    while True:
        known, skip = last, 0 if film.stamped else count
        try:
            for frame in _frames(film, trouble, place, threads=threads):
                if skip:
                    skip -= 1
                    continue
                now = frame.pts
                if now is None:
                    now = 0 if last is None else last + step
                if place is not None and not threads and known is not None and now > known:
                    raise _BrokenError
                place = None
                if last is not None and now <= last:
                    trouble.lost += known is None or now > known
                    continue
                last = now
                trouble.concealed += frame.is_corrupt
                yield Shown(
                    number, now, frame.reformat(format=film.convert) if film.convert else frame
                )
                count += 1
                number += ticks is None or now >= ticks
        except _BrokenError:
            place = None if not threads else last if film.stamped and count else ticks
            threads = False
        else:
            return


def _frames(film: Film, trouble: Trouble, place: int | None, *, threads: bool) -> Iterator[Any]:
    """Yield what the decoder gives, from the key frame before a time on.

    Raises:
        PhotoError: The size of the picture changes.
        _BrokenError: Something can't be decoded, and there are threads; without, that is counted.
    """
    av = load_pyav()
    with av.open(str(film.path)) as container:
        stream = next(s for s in container.streams.video if not _is_cover(s))
        stream.thread_type = "AUTO" if threads else "NONE"
        if place is not None:
            container.seek(place, stream=stream, backward=True)
        missing = 0
        for packet in _packets(container, stream, trouble, threads=threads):
            frames: list[Any] = []
            try:
                frames = stream.codec_context.decode(packet)
            except av.error.FFmpegError as error:
                if threads:
                    raise _BrokenError from error
                trouble.lost += 1
            missing += (packet is not None and packet.size > 0) - len(frames)
            for frame in frames:
                _check_size(film, frame)
                yield frame
        if threads and missing > 0:
            # At the end threads pass over errors. (Fields that are packets of their own make this
            # happen, too: then what follows yields nothing new.)
            raise _BrokenError


def _packets(
    container: Any,  # noqa: ANN401 - PyAV's
    stream: Any,  # noqa: ANN401 - PyAV's
    trouble: Trouble,
    *,
    threads: bool,
) -> Iterator[Any]:
    """Yield a stream's packets; None instead of those behind the place where the file breaks off.

    Raises:
        _BrokenError: It breaks off, and there are threads; without, that is counted.
    """
    av = load_pyav()
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except StopIteration:
            return
        except av.error.FFmpegError as error:
            # The file ends in the middle of something.
            if threads:
                raise _BrokenError from error
            trouble.lost += 1
            yield None
            return
        yield packet


def _check_size(film: Film, frame: Any) -> None:  # noqa: ANN401 - PyAV's
    if (frame.width, frame.height) != (film.width, film.height):
        raise PhotoError(
            f"{film.path}: its frames change from {film.width}×{film.height} to "
            f"{frame.width}×{frame.height}",
            "cut it there, or scale it to one size first",
        )


def luma_of(film: Film, frame: Any) -> NDArray[Any]:  # noqa: ANN401 - PyAV's
    """Return the frame's luma plane as it is, shape (H, W), uint8 or uint16: a view."""
    return plane_of(frame.planes[0], film.width, film.height, film.bits)


def plane_of(plane: Any, width: int, height: int, bits: int) -> NDArray[Any]:  # noqa: ANN401 - PyAV's
    """Return a view of one of a frame's planes, shape (height, width)."""
    kind = np.uint8 if bits == 8 else np.uint16
    samples = np.frombuffer(plane, kind)
    return samples.reshape(-1, plane.line_size // samples.itemsize)[:height, :width]
