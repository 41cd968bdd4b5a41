"""Streams that are copied, full disks, and long films."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction

import av
import numpy as np
import pytest

from rechroma.video import colorize_film

from .conftest import luma_planes, packets, write_film

WORDS = b"1\n00:00:00,000 --> 00:00:00,400\nThe street\n\n2\n00:00:00,480 --> 00:00:00,900\nEnd\n"


def test_subtitles_and_attachments_are_copied(tmp_path):
    """The streams are put together by PyAV alone, from a film and a file of subtitles."""
    film, words, source = tmp_path / "a.mkv", tmp_path / "a.srt", tmp_path / "film.mkv"
    write_film(film, shots=(24,), sound=True)
    words.write_bytes(WORDS)
    with (
        av.open(str(film)) as one,
        av.open(str(words)) as other,
        av.open(str(source), "w") as result,
    ):
        places = {}
        for container in (one, other):
            for stream in container.streams:
                made = result.add_stream_from_template(stream, opaque=True)
                made.metadata["language"] = "eng"
                places[stream] = made
        result.add_attachment("note.txt", "text/plain", b"found in a shed")
        result.start_encoding()
        for container in (one, other):
            for packet in container.demux():
                if packet.size:
                    packet.stream = places[packet.stream]
                    result.mux(packet)
    target = tmp_path / "color.mkv"
    colorize_film(source, target)
    assert packets(target, "subtitle") == packets(source, "subtitle")
    assert len(packets(target, "subtitle")) == 2
    assert packets(target, "audio") == packets(source, "audio")
    with av.open(str(target)) as container:
        kinds = [stream.type for stream in container.streams]
        assert sorted(kinds) == ["attachment", "audio", "subtitle", "video"]
        attached = next(s for s in container.streams if s.type == "attachment")
        assert bytes(attached.data) == b"found in a shed"
        assert attached.metadata["filename"] == "note.txt"
        assert container.streams.subtitles[0].metadata["language"] == "eng"


LIMITED = """
import resource, signal, sys
import rechroma
from rechroma.errors import UnwritableFileError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), int(sys.argv[3])))
try:
    rechroma.colorize_film(sys.argv[1], sys.argv[2], codec="ffv1")
except UnwritableFileError as error:
    print(error)
    sys.exit(7)
"""


@pytest.mark.posix
def test_a_disk_that_is_full_in_the_middle_is_said_and_gone_on_from(tmp_path):
    source, target = tmp_path / "film.mkv", tmp_path / "color.mkv"
    # The second shot is too large for the limit, the first is not.
    given = write_film(source, shots=(4, 40), width=320, height=192)
    whole = tmp_path / "whole.mkv"
    colorize_film(source, whole, codec="ffv1")
    limit = str(whole.stat().st_size // 2)
    told = [sys.executable, "-c", LIMITED, source, target, limit]
    ended = subprocess.run(told, check=False, capture_output=True, text=True)
    assert ended.returncode == 7, ended.stderr
    assert len(ended.stdout.splitlines()) == 1
    assert "can't be written" in ended.stdout or "no room" in ended.stdout
    assert not target.exists()
    counted = []
    colorize_film(source, target, codec="ffv1", progress=lambda p: counted.append(p.frames))
    assert counted[0] == 5
    assert packets(target, "video") == packets(whole, "video")
    assert len(luma_planes(target)) == len(given)


MEASURED = """
import resource, sys
import rechroma
most = []
def tell(progress):
    if progress.frames % 100 == 0:
        most.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
rechroma.colorize_film(
    sys.argv[1], sys.argv[2], size=64, preset="ultrafast", gap=96, progress=tell
)
print(*most)
"""


@pytest.mark.posix
@pytest.mark.slow
def test_memory_stays_flat(tmp_path):
    """Two minutes of tiny frames, a shot of two seconds after the other."""
    source = tmp_path / "film.mkv"
    write_film(
        source, shots=[50] * 60, width=64, height=48, codec="mpeg4", time_base=Fraction(1, 25)
    )
    told = [sys.executable, "-c", MEASURED, source, tmp_path / "color.mkv"]
    said = subprocess.run(told, check=True, capture_output=True, text=True).stdout
    most = np.array(said.split(), float)
    assert len(most) == 30
    # The first shots fill what is kept; then nothing is added.
    assert most[-1] < 1.08 * most[14]
