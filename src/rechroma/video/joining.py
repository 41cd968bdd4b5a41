"""The result: segments joined, and all else of the film beside them; nothing is encoded anew."""

from __future__ import annotations

from contextlib import ExitStack
from io import BytesIO
from typing import TYPE_CHECKING, Any

from rechroma.errors import UsageError
from rechroma.files import atomic_target
from rechroma.video.encoding import disk_errors, tag
from rechroma.video.kinds import load_pyav

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from fractions import Fraction
    from pathlib import Path

    from rechroma.video.source import Film

__all__ = ["check_container", "join"]

# FFmpeg doesn't say of transport streams what they hold.
_MORE = {
    "mpegts": frozenset(
        {"aac", "ac3", "dts", "dvb_subtitle", "dvb_teletext", "eac3", "h264", "hevc", "mp2", "mp3",
         "mpeg2video", "opus", "timed_id3"}
    ),
}  # fmt: skip
# Of one container's own working, and of the encoder that made the original.
_OWN_TAGS = frozenset({"major_brand", "minor_version", "compatible_brands", "encoder"})


def check_container(film: Film, target: Path, encoder: str) -> None:
    """Refuse a target that can't hold the result, before any work is done.

    Raises:
        UsageError: Its container is unknown, or has no room for the codec or one of the streams.
    """
    av = load_pyav()
    try:
        container = av.open(str(target), "w")
    except (ValueError, av.error.FFmpegError) as error:
        raise UsageError(f"{target}: not the suffix of a film", "use .mp4, .mkv or .mov") from error
    if not _holds(container, av.codec.Codec(encoder, "w").canonical_name):
        raise UsageError(
            f"{target.suffix} holds no {av.codec.Codec(encoder, 'w').canonical_name}",
            "use -o with .mkv or .mov, or another --codec",
        )
    with av.open(str(film.path)) as source:
        for stream in source.streams:
            context = stream.codec_context
            if stream.type in ("video", "attachment") or _is_made_by_container(stream, source):
                continue
            if context is None:
                name, fits = stream.name or stream.type, _takes(container.format.name, stream)
            else:
                name = context.codec.canonical_name
                fits = _holds(container, name)
            if not fits:
                others = " or ".join(sorted({film.path.suffix, ".mkv"} - {target.suffix}))
                raise UsageError(
                    f"{target.suffix} holds no {name}, which {film.path} has ({stream.type})",
                    f"use -o with {others}: nothing is left out or encoded anew",
                )


def _holds(container: Any, codec: str) -> bool:  # noqa: ANN401 - PyAV's
    return codec in container.supported_codecs or codec in _MORE.get(container.format.name, ())


def _takes(format: str, stream: Any) -> bool:  # noqa: A002, ANN401 - PyAV's
    """Tell whether a container takes a stream that nothing can decode, by beginning one with it."""
    av = load_pyav()
    try:
        with av.open(BytesIO(), "w", format=format) as trial:
            trial.add_stream_from_template(stream, opaque=True)
            trial.start_encoding()
    except (ValueError, av.error.FFmpegError):
        return False
    return True


def join(
    film: Film,
    segments: Sequence[Path],
    target: Path,
    *,
    overwrite: bool,
    span: tuple[float, float] = (0.0, float("inf")),
) -> None:
    """Write the result.

    Args:
        film: Where everything else comes from: sound, subtitles, chapters, attachments, tags.
        segments: Its frames, encoded.
        target: The result, which appears whole or not at all.
        overwrite: Replace what stands there.
        span: Seconds from the film's first frame that the segments are of; if they don't begin
            with it, times count from where they do.

    Raises:
        UnwritableFileError: The disk says no, or something stands there.
    """
    av = load_pyav()
    with ExitStack() as stack:
        unfinished = stack.enter_context(atomic_target(target, overwrite=overwrite))
        stack.enter_context(disk_errors(target))
        source = stack.enter_context(av.open(str(film.path)))
        template = stack.enter_context(av.open(str(segments[0])))
        result = stack.enter_context(av.open(str(unfinished), "w"))
        _write(film, source, template, result, segments, span)


def _write(
    film: Film, source: Any, template: Any, result: Any, segments: Sequence[Path],  # noqa: ANN401 - PyAV's
    span: tuple[float, float],
) -> None:  # fmt: skip
    result.metadata.update({k: v for k, v in source.metadata.items() if k not in _OWN_TAGS})
    chosen = next(s for s in source.streams.video if not _is_cover(s))
    places: dict[int, Any] = {}
    for stream in source.streams:
        if stream.type == "attachment":
            made = result.add_attachment(
                stream.metadata.get("filename", stream.name or "attachment"), stream.mimetype or "",
                bytes(stream.data),
            )  # fmt: skip
            continue
        if _is_made_by_container(stream, source):
            continue
        if stream is chosen:
            made = result.add_stream_from_template(template.streams.video[0], opaque=True)
            tag(made.codec_context, film)
            made.time_base = film.time_base
            if "timecode" in stream.metadata:
                made.framerate = film.rate  # QuickTime's track of time codes needs it
            if film.matrix:
                made.set_display_matrix(film.matrix)
        else:
            made = result.add_stream_from_template(stream, opaque=True)
            made.time_base = stream.time_base
        made.metadata.update({k: v for k, v in stream.metadata.items() if k not in _OWN_TAGS})
        made.disposition = stream.disposition
        places[stream.index] = made
    first = float(film.start * film.time_base)
    begin, end = span[0] and first + span[0], first + span[1]
    chapters = [_moved(each, begin, end) for each in source.chapters()]
    if kept := [each for each in chapters if each is not None]:
        result.set_chapters(kept)
    result.start_encoding()
    video = _video_packets(segments, film, begin)
    others = _other_packets(source, places, chosen.index, begin, end)
    for packet, stream in _merged(video, places[chosen.index], others):
        packet.stream = stream
        result.mux(packet)


def _is_made_by_container(stream: Any, source: Any) -> bool:  # noqa: ANN401 - PyAV's
    """Tell whether a stream is how MP4 and QuickTime store chapters or the first time code.

    They write both of what is said elsewhere: of the chapters, and of the picture's tags.
    """
    if stream.type != "data" or stream.codec_context is not None:
        return False
    chapters = stream.name == "bin_data" and bool(source.chapters())
    return chapters or (stream.name is None and "timecode" in stream.metadata)


def _is_cover(stream: Any) -> bool:  # noqa: ANN401 - PyAV's
    return bool(stream.disposition & type(stream.disposition).attached_pic)


def _moved(chapter: Any, begin: float, end: float) -> Any:  # noqa: ANN401 - PyAV's
    """Return a chapter on the result's clock; None if it lies outside."""
    if (begin, end) == (0.0, float("inf")):
        return chapter
    unit = float(chapter["time_base"])
    first, last = chapter["start"] * unit, chapter["end"] * unit
    if last <= begin or first >= end:
        return None
    moved = {**chapter, "start": round((max(first, begin) - begin) / unit)}
    return {**moved, "end": round((min(last, end) - begin) / unit)}


def _video_packets(segments: Sequence[Path], film: Film, begin: float) -> Iterator[Any]:
    """Yield the segments' packets with one order of decoding for the whole film.

    An encoder begins with times of decoding before those of showing; in the middle of a film they
    would lie before the end of the segment before. They are counted anew: the sorted times of all
    frames, moved by as many frames as any of them waits for others.
    """
    shift = round(begin / float(film.time_base))
    shown = [_rescaled(p, film.time_base) for p in _packets_of(segments)]
    order = sorted(shown)
    place = {ticks: number for number, ticks in enumerate(order)}
    delay = max((number - place[ticks] for number, ticks in enumerate(shown)), default=0)
    step = max(1, order[1] - order[0]) if len(order) > 1 else 1
    early = [order[0] - step * (delay - i) for i in range(delay)]
    decoded = [*early, *order]
    for number, packet in enumerate(_packets_of(segments)):
        packet.pts = _rescaled(packet, film.time_base) - shift
        packet.dts = decoded[number] - shift
        place_now = place[packet.pts + shift]
        after = order[place_now + 1] if place_now + 1 < len(order) else order[-1] + step
        packet.duration = after - order[place_now]
        packet.time_base = film.time_base
        yield packet


def _rescaled(packet: Any, time_base: Fraction) -> int:  # noqa: ANN401 - PyAV's
    return round(packet.pts * packet.time_base / time_base)


def _packets_of(segments: Sequence[Path]) -> Iterator[Any]:
    av = load_pyav()
    for path in segments:
        with av.open(str(path)) as container:
            for packet in container.demux(video=0):
                if packet.size:
                    yield packet


def _other_packets(
    source: Any, places: dict[int, Any], video: int, begin: float, end: float  # noqa: ANN401 - PyAV's
) -> Iterator[tuple[Any, Any]]:  # fmt: skip
    av = load_pyav()
    wanted = [source.streams[index] for index in places if index != video]
    if not wanted:
        return
    whole = (begin, end) == (0.0, float("inf"))
    packets = source.demux(wanted)
    while True:
        try:
            packet = next(packets)
        except (StopIteration, av.error.FFmpegError):
            return
        if packet.dts is None and not packet.size:
            continue
        if not whole and packet.pts is not None:
            seconds = float(packet.pts * packet.time_base)
            if seconds < begin or seconds >= end:
                continue
            shift = round(begin / float(packet.time_base))
            packet.pts -= shift
            packet.dts = None if packet.dts is None else packet.dts - shift
        yield packet, places[packet.stream_index]


def _merged(
    video: Iterator[Any],
    stream: Any,  # noqa: ANN401 - PyAV's
    others: Iterator[tuple[Any, Any]],
) -> Iterator[tuple[Any, Any]]:
    """Yield packets of both in the order of decoding."""
    waiting = next(others, None)
    for packet in video:
        now = packet.dts * packet.time_base
        while waiting is not None:
            other = waiting[0]
            if other.dts is not None and other.dts * other.time_base > now:
                break
            yield waiting
            waiting = next(others, None)
        yield packet, stream
    while waiting is not None:
        yield waiting
        waiting = next(others, None)
