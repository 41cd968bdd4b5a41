"""Films as they come: broken, of odd kinds, and with odd streams; made by PyAV alone."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image

from rechroma.cli import main
from rechroma.errors import PhotoError, UnreadablePhotoError, UsageError
from rechroma.video import colorize_film

from .conftest import frame_times, luma_planes, packets, write_film


def write_nothing(path):
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        container.start_encoding()


def write_words(path):
    words = path.with_suffix(".srt")
    words.write_bytes(b"1\n00:00:00,000 --> 00:00:00,400\nThe street\n")
    with av.open(str(words)) as source, av.open(str(path), "w") as result:
        made = result.add_stream_from_template(source.streams[0], opaque=True)
        for packet in source.demux():
            if packet.size:
                packet.stream = made
                result.mux(packet)


def write_unknown(name):
    def write(path):
        write_film(path, codec="libx264", shots=(3,))
        content = path.read_bytes()
        assert name in content
        path.write_bytes(content.replace(name, b"V_Z" + b"Z" * (len(name) - 3)))

    return write


def write_avif(path):
    Image.new("RGB", (64, 64), "gray").save(path, "AVIF")


@pytest.mark.parametrize(
    ("name", "make", "what"),
    [
        ("nothing.mp4", write_nothing, "no film in it, nothing"),
        ("words.mkv", write_words, "no film in it, words alone"),
        ("unknown.mp4", write_unknown(b"avc1"), "a codec that FFmpeg doesn't know"),
        ("unknown.mkv", write_unknown(b"V_MPEG4/ISO/AVC"), "a codec that FFmpeg doesn't know"),
        ("photo.mp4", write_avif, "a picture, not a film"),
    ],
)
def test_what_is_no_film_is_said_in_a_line(tmp_path, name, make, what):
    make(tmp_path / name)
    with pytest.raises(UnreadablePhotoError, match=what) as error:
        colorize_film(tmp_path / name, tmp_path / "color.mkv")
    assert "\n" not in str(error.value)
    assert not list(tmp_path.glob("color*"))


@pytest.mark.parametrize("size", [(300, 2), (20, 300), (1, 1)])
def test_frames_that_are_lines(tmp_path, size):
    """In a process of its own: OpenCV's search for motion has ended it, with such."""
    source, target = tmp_path / "film.mkv", tmp_path / "color.mkv"
    given = write_film(source, width=size[0], height=size[1], shots=(4,))
    code = "import sys, rechroma; rechroma.colorize_film(sys.argv[1], sys.argv[2], codec='ffv1')"
    ended = subprocess.run([sys.executable, "-c", code, source, target], check=False)
    assert ended.returncode == 0
    kept = luma_planes(target)
    assert all(np.array_equal(a, b) for a, b in zip(given, kept, strict=True))


def test_every_frame_before_a_film_breaks_off_is_there(tmp_path):
    whole, source, target = (tmp_path / f"{name}.mp4" for name in ("whole", "film", "color"))
    unit = Fraction(1, 12800)

    def prepare(_, stream):
        stream.options = {"g": "8"}

    write_film(whole, shots=(40,), codec="libx264", time_base=unit, prepare=prepare)
    with (
        av.open(str(whole)) as one,
        av.open(str(source), "w", options={"movflags": "faststart"}) as other,
    ):
        made = other.add_stream_from_template(one.streams.video[0])
        for packet in one.demux(video=0):
            if packet.size:
                packet.stream = made
                other.mux(packet)
    content = source.read_bytes()
    source.write_bytes(content[: len(content) * 2 // 3])
    # What one thread decodes, a packet after the other.
    expected = 0
    with av.open(str(source)) as container:
        container.streams.video[0].thread_type = "NONE"
        for packet in container.demux(video=0):
            with suppress(av.error.FFmpegError):
                expected += len(packet.decode())
    result = colorize_film(source, target)
    assert 0 < result.frames == expected < 40
    assert "could not be decoded" in result.notes[0]


def test_transport_streams_stay_in_time(tmp_path):
    source, target = tmp_path / "film.ts", tmp_path / "color.ts"
    write_film(source, shots=(12,), codec="libx264", sound=True, time_base=Fraction(1, 25))
    colorize_film(source, target)
    assert packets(target, "audio") == packets(source, "audio")
    assert frame_times(target) == frame_times(source)


def test_a_part_of_a_film_that_begins_late_keeps_its_own_sound(tmp_path):
    source, target = tmp_path / "film.mkv", tmp_path / "color.mkv"
    times = [400 + 40 * i for i in range(40)]
    write_film(source, shots=(40,), times=times, sound=True)
    colorize_film(source, target, start="0.2", end="0.6")
    assert frame_times(target) == [Fraction(40 * i, 1000) for i in range(10)]
    # The film's 0.2 is 0.6 on the file's clock.
    sound = [
        (time - Fraction(6, 10), content)
        for time, content in packets(source, "audio")
        if Fraction(6, 10) <= time < 1
    ]
    assert sound
    assert packets(target, "audio") == sound


def write_gray(container, stream, count):
    for i in range(count):
        frame = av.VideoFrame(96, 64, "yuv420p")
        for plane, value in zip(frame.planes, (100 + i, 128, 128), strict=True):
            plane.update(bytes([value]) * plane.buffer_size)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def test_time_codes_stay(tmp_path):
    source = tmp_path / "film.mov"
    with av.open(str(source), "w") as container:
        container.metadata["timecode"] = "01:00:00:00"
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        write_gray(container, stream, 4)
    colorize_film(source, tmp_path / "color.mov")
    with av.open(str(tmp_path / "color.mov")) as container:
        assert [stream.type for stream in container.streams] == ["video", "data"]
        assert container.streams.video[0].metadata["timecode"] == "01:00:00:00"


def test_data_are_copied_or_refused_before_any_work(tmp_path):
    source = tmp_path / "film.ts"
    with av.open(str(source), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        said = container.add_data_stream("klv")
        for i in range(4):
            packet = av.Packet(b"\x06\x0e\x2b\x34" + bytes([i] * 12))
            packet.stream, packet.pts, packet.dts = said, i, i
            packet.time_base = Fraction(1, 25)
            container.mux(packet)
        write_gray(container, stream, 4)
    colorize_film(source, tmp_path / "color.ts")
    assert packets(tmp_path / "color.ts", "data") == packets(source, "data")
    assert len(packets(source, "data")) == 4
    with pytest.raises(UsageError, match="holds no klv"):
        colorize_film(source, tmp_path / "color.mkv")
    assert not list(tmp_path.glob("color.mkv*"))


def test_what_can_not_be_gone_on_with_is_not_kept(tmp_path, monkeypatch):
    monkeypatch.setattr("rechroma.video.analysis._MOST_FRAMES", 4)
    one, other, joined = (tmp_path / f"{name}.h264" for name in ("one", "other", "joined"))
    write_film(one, codec="libx264", shots=(12,))
    write_film(other, codec="libx264", shots=(4,), width=64)
    joined.write_bytes(one.read_bytes() + other.read_bytes())
    with pytest.raises(PhotoError, match="change from 96×64 to 64×64"):
        colorize_film(joined, tmp_path / "color.mkv")
    assert not list(tmp_path.glob("color*"))


def test_what_is_unusual_is_said_once(tmp_path, capsys):
    source = tmp_path / "film.mkv"
    write_film(source, width=97, height=63, shots=(2,))
    assert main(["colorize", str(source), "-o", str(tmp_path / "color.mkv")]) == 0
    assert capsys.readouterr().err.count("4:4:4") == 1


def test_a_film_that_ends_too_early_is_told(tmp_path):
    """Of a Matroska file that was cut between two frames no decoder complains."""
    source = tmp_path / "film.mkv"

    def prepare(_, stream):
        stream.options = {"g": "4"}

    write_film(source, shots=(48,), codec="libx264", prepare=prepare)
    content = source.read_bytes()
    source.write_bytes(content[: len(content) * 2 // 3])
    result = colorize_film(source, tmp_path / "color.mkv")
    assert 0 < result.frames < 43
    assert any(f"it ends after {result.frames} of about 48 frames" in each for each in result.notes)
