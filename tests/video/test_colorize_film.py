"""What a colored film keeps of the gray one, compared by PyAV alone."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from fractions import Fraction

import av
import numpy as np
import pytest

from rechroma.colorizer import Hint
from rechroma.errors import PhotoError, RechromaError, UnreadablePhotoError, UsageError
from rechroma.video import FilmHint, Still, colorize_film

from .conftest import chroma_planes, frame_times, luma_planes, packets, rises, write_film


@pytest.mark.parametrize(
    ("pix_fmt", "full", "size"),
    [
        ("yuv420p", False, (96, 64)),
        ("yuv422p", True, (96, 64)),
        ("yuv420p10le", False, (96, 64)),
        ("gray", True, (96, 64)),
        ("gray10le", False, (96, 64)),
        ("yuv420p", False, (97, 63)),
    ],
)
def test_luma_goes_in_bit_for_bit(tmp_path, pix_fmt, full, size):
    source, target = tmp_path / "film.mkv", tmp_path / "color.mkv"
    given = write_film(source, pix_fmt=pix_fmt, full=full, width=size[0], height=size[1])
    result = colorize_film(source, target, codec="ffv1")
    kept = luma_planes(target)
    assert result.frames == len(given) == len(kept)
    assert all(np.array_equal(one, other) for one, other in zip(given, kept, strict=True))
    with av.open(str(target)) as container:
        stream = container.streams.video[0]
        frame = next(container.decode(stream))
        assert (frame.width, frame.height) == size
        assert frame.color_range == (2 if full else 1)
        assert frame.colorspace == 1
        # Chroma is no larger than the film's own planes.
        halves = ((size[0] + 1) // 2, size[1] if "422" in pix_fmt else (size[1] + 1) // 2)
        assert (frame.planes[1].width, frame.planes[1].height) == halves


@pytest.mark.parametrize("codec", ["x264", "x265", "prores"])
def test_every_codec_gets_the_same_luma(tmp_path, codec):
    source, target = tmp_path / "film.mkv", tmp_path / "color.mov"
    given = write_film(source, shots=(6,))
    colorize_film(source, target, codec=codec, crf=0, preset="ultrafast")
    kept = luma_planes(target)
    shift = 2 if codec == "prores" else 0
    most = {"x264": 0, "x265": 0, "prores": 24}[codec]
    away = [
        np.abs((one.astype(int) << shift) - other) for one, other in zip(given, kept, strict=True)
    ]
    if codec == "x265":
        most = 6  # its crf 0 is not without loss
    assert max(each.max() for each in away) <= most


def test_sound_and_its_times_are_the_same(tmp_path, film):
    source, given = film
    target = tmp_path / "color.mkv"
    colorize_film(source, target)
    assert packets(target, "audio") == packets(source, "audio")
    assert frame_times(target) == frame_times(source)
    assert len(luma_planes(target)) == len(given)


def test_mp4_keeps_sound_tags_and_rotation(tmp_path):
    source, target = tmp_path / "film.mp4", tmp_path / "color.mp4"

    def prepare(container, stream):
        container.metadata["title"] = "The street"
        stream.codec_context.sample_aspect_ratio = Fraction(4, 3)
        stream.set_display_rotation(90)
        container.set_chapters(
            [{"id": 1, "start": 0, "end": 400, "time_base": Fraction(1, 1000),
              "metadata": {"title": "One"}}]
        )  # fmt: skip

    write_film(source, shots=(10, 9), codec="libx264", sound=True, prepare=prepare)
    colorize_film(source, target)
    assert packets(target, "audio") == packets(source, "audio")
    assert frame_times(target) == frame_times(source)
    with av.open(str(source)) as one, av.open(str(target)) as other:
        assert other.metadata["title"] == "The street"
        assert [c["metadata"] for c in other.chapters()] == [c["metadata"] for c in one.chapters()]
        first, second = (next(each.decode(video=0)) for each in (one, other))
        assert second.rotation == first.rotation != 0
        assert other.streams.video[0].sample_aspect_ratio == Fraction(4, 3)


def test_variable_frame_rate_stays(tmp_path):
    source, target = tmp_path / "film.mkv", tmp_path / "color.mkv"
    times = [0, 40, 95, 100, 250, 290, 333, 400, 900, 940, 980, 1300, 1301, 1400, 1444, 1500]
    write_film(source, shots=(8, 8), times=times)
    colorize_film(source, target)
    assert frame_times(target) == frame_times(source) == [Fraction(t, 1000) for t in times]
    with av.open(str(target)) as container:
        decoded = [p.dts for p in container.demux(video=0) if p.size and p.dts is not None]
    assert rises(decoded)


def test_a_shot_has_one_decision_and_a_cut_begins_another(tmp_path, film):
    source, _ = film
    target = tmp_path / "color.mkv"
    result = colorize_film(source, target, codec="ffv1")
    assert result.shots == 2
    frames = chroma_planes(target)
    # A texture that moves by a pixel a frame: half a pixel of chroma.
    within = [np.abs(a - b).mean() for a, b in itertools.pairwise(frames)]
    assert max(within) < np.abs(frames[13] - frames[14]).mean() + 2
    assert result.looks < result.frames / 2


def test_going_on_gives_the_same_bytes(tmp_path, film):
    source, _ = film
    whole, parts = tmp_path / "whole.mkv", tmp_path / "parts.mkv"
    colorize_film(source, whole, codec="ffv1")

    class Stop(Exception):  # noqa: N818
        pass

    def stop(progress):
        if progress.frames == 20:
            raise Stop

    with pytest.raises(Stop):
        colorize_film(source, parts, codec="ffv1", progress=stop)
    assert not parts.exists()
    counted = []
    colorize_film(source, parts, codec="ffv1", progress=lambda p: counted.append(p.frames))
    # The first shot was there.
    assert counted[0] == 15
    assert packets(parts, "video") == packets(whole, "video")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "film.mkv",
        "parts.mkv",
        "whole.mkv",
    ]


def test_a_long_take_goes_on_in_parts(tmp_path, monkeypatch):
    monkeypatch.setattr("rechroma.video.analysis._MOST_FRAMES", 8)
    source = tmp_path / "film.mkv"
    write_film(source, shots=(20,))
    result = colorize_film(source, tmp_path / "color.mkv", codec="ffv1")
    assert (result.frames, result.shots) == (20, 1)
    frames = chroma_planes(tmp_path / "color.mkv")
    steps = [np.abs(a - b).mean() for a, b in itertools.pairwise(frames)]
    assert max(steps[7], steps[15]) < 3 * np.median(steps) + 0.5


@pytest.mark.posix
def test_killed_it_goes_on(tmp_path, film):
    source, _ = film
    target = tmp_path / "color.mkv"
    code = (
        "import os, sys, rechroma\n"
        "def tell(p):\n    if p.frames == 18: os.kill(os.getpid(), 9)\n"
        "rechroma.colorize_film(sys.argv[1], sys.argv[2], codec='ffv1', progress=tell)\n"
    )
    ended = subprocess.run([sys.executable, "-c", code, source, target], check=False)
    assert ended.returncode == -9
    assert not target.exists()
    counted = []
    colorize_film(source, target, codec="ffv1", progress=lambda p: counted.append(p.frames))
    assert counted[0] == 15
    assert counted[-1] == 26


def test_what_an_older_version_has_begun_is_begun_anew(tmp_path, film):
    source, _ = film
    target = tmp_path / "color.mkv"

    def tell(progress):
        counted.append(progress.frames)
        if progress.frames == 18 and len(counted) == 18:
            raise KeyboardInterrupt

    counted = []
    with pytest.raises(KeyboardInterrupt):
        colorize_film(source, target, codec="ffv1", progress=tell)
    state = tmp_path / "color.mkv.rechroma" / "state.json"
    said = json.loads(state.read_text())
    said["key"]["format"] = 1
    state.write_text(json.dumps(said))
    counted = []
    colorize_film(source, target, codec="ffv1", progress=lambda p: counted.append(p.frames))
    assert counted[0] == 1


def test_from_and_to(tmp_path, film):
    source, given = film
    target = tmp_path / "color.mkv"
    result = colorize_film(source, target, codec="ffv1", start="0.2", end="0:00:00.4")
    assert result.frames == 5
    kept = luma_planes(target)
    assert all(np.array_equal(a, b) for a, b in zip(given[5:10], kept, strict=True))
    assert frame_times(target)[0] == 0


def test_a_hint_is_followed_through_its_shot_and_no_further(tmp_path, film):
    source, _ = film
    plain, told = tmp_path / "plain.mkv", tmp_path / "told.mkv"
    colorize_film(source, plain, codec="ffv1")
    hint = FilmHint(0.24, Hint(60, 30, "#c02020"))
    colorize_film(source, told, codec="ffv1", hints=[hint])
    before, after = chroma_planes(plain), chroma_planes(told)
    # The texture moves to the left by a pixel a frame; chroma is half the size.
    for number in (0, 6, 12):
        column, row = (60 + (6 - number)) // 2, 15
        assert after[number][1, row, column] > before[number][1, row, column] + 8
    assert np.array_equal(before[14], after[14])


def test_a_still_colors_its_shot(tmp_path, film):
    source, _ = film
    blue = np.zeros((64, 96, 3), np.uint8) + np.array([90, 110, 190], np.uint8)
    from rechroma import read

    target = tmp_path / "color.mkv"
    colorize_film(source, target, codec="ffv1", stills=[Still(0.2, read(blue))])
    frames = chroma_planes(target)
    assert all(np.median(frame[0]) > 15 for frame in frames[:13])
    assert np.median(frames[20][0]) < 10


def test_color_is_left_unless_told(tmp_path):
    source = tmp_path / "film.mkv"
    with av.open(str(source), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        rgb = np.zeros((64, 96, 3), np.uint8)
        rgb[:, :32, 0], rgb[:, 32:64, 1], rgb[:, 64:, 2] = 200, 180, 220
        for _ in range(4):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(rgb).reformat(format="yuv420p")))
        container.mux(stream.encode(None))
    (tmp_path / "out").mkdir()
    result = colorize_film(source, tmp_path / "out" / "film.mkv")
    assert result.kept
    assert (tmp_path / "out" / "film.mkv").read_bytes() == source.read_bytes()
    assert not colorize_film(source, tmp_path / "new.mkv", recolor=True).kept


def test_interlaced_film_stays_interlaced(tmp_path):
    source, target = tmp_path / "film.mkv", tmp_path / "color.mkv"

    def prepare(_, stream):
        stream.codec_context.flags |= 1 << 18 | 1 << 29
        stream.options = {"x264-params": "tff=1"}

    given = write_film(source, codec="libx264", prepare=prepare, shots=(6,))
    with av.open(str(source)) as container:
        assert next(container.decode(video=0)).interlaced_frame
    colorize_film(source, target)
    with av.open(str(target)) as container:
        frames = list(container.decode(video=0))
    assert all(frame.interlaced_frame for frame in frames)
    assert len(frames) == len(given)
    with pytest.raises(UsageError, match="x264"):
        colorize_film(source, tmp_path / "other.mkv", codec="x265")


def write_sound(path):
    with av.open(str(path), "w") as container:
        tone = container.add_stream("aac", rate=8000)
        for i in range(8):
            heard = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
            heard.sample_rate, heard.pts = 8000, i * 1024
            container.mux(tone.encode(heard))
        container.mux(tone.encode(None))


def write_truncated(path):
    write_film(path, shots=(20,), codec="libx264")
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


@pytest.mark.parametrize(
    ("name", "make", "what"),
    [
        ("sound.mp4", write_sound, "sound alone"),
        ("cut.mp4", write_truncated, "not a film that can be read"),
        ("empty.mp4", lambda path: path.write_bytes(b""), "not a film that can be read"),
        ("text.mp4", lambda path: path.write_text("a film"), "not a film that can be read"),
        ("nowhere.mp4", lambda _: None, "no such file"),
        ("photo.mp4", lambda path: write_photo(path), "a picture"),
    ],
)
def test_bad_input_is_one_line(tmp_path, name, make, what):
    source = tmp_path / name
    make(source)
    with pytest.raises(UnreadablePhotoError) as error:
        colorize_film(source, tmp_path / "color.mp4")
    assert what in str(error.value)
    assert "\n" not in str(error.value)
    assert not (tmp_path / "color.mp4").exists()


def write_photo(path):
    from PIL import Image

    Image.new("RGB", (32, 32), "gray").save(path, "PNG")


def test_a_film_cut_off_in_the_middle_is_done_as_far_as_it_goes(tmp_path):
    source, target = tmp_path / "film.mkv", tmp_path / "color.mkv"
    write_film(source, shots=(20,), codec="libx264")
    content = source.read_bytes()
    source.write_bytes(content[: len(content) * 3 // 4])
    result = colorize_film(source, target)
    assert 0 < result.frames < 20
    assert len(luma_planes(target)) == result.frames


def test_broken_frames_are_counted(tmp_path):
    source, target = tmp_path / "film.mkv", tmp_path / "color.mkv"
    write_film(source, shots=(20,), codec="libx264", width=160, height=96)
    with av.open(str(source)) as container:
        middle = [p for p in container.demux(video=0) if p.size][8]
        place, size = middle.pos, middle.size
    content = bytearray(source.read_bytes())
    content[place + size // 3 : place + size - 4] = bytes(
        np.random.default_rng(0).integers(0, 255, size - 4 - size // 3, np.uint8)
    )
    source.write_bytes(content)
    result = colorize_film(source, target)
    assert result.frames >= 18
    assert len(luma_planes(target)) == result.frames


def test_one_frame_and_frames_of_another_size(tmp_path):
    one = tmp_path / "one.mkv"
    write_film(one, shots=(1,))
    assert colorize_film(one, tmp_path / "one.color.mkv").frames == 1


def test_what_does_not_fit_is_said_before_any_work(tmp_path, film):
    source, _ = film
    for target, codec, what in (
        ("color.webm", "x264", "holds no h264"),
        ("color.xyz", "x264", "not the suffix of a film"),
    ):
        with pytest.raises(UsageError, match=what):
            colorize_film(source, tmp_path / target, codec=codec)
    with pytest.raises(UsageError, match="no frames between"):
        colorize_film(source, tmp_path / "color.mkv", start="1:00")
    with pytest.raises(RechromaError, match="exists already"):
        colorize_film(source, source)
    assert [path.name for path in tmp_path.iterdir()] == ["film.mkv"]


def test_changing_size_is_refused(tmp_path):
    one, other, joined = (tmp_path / f"{name}.h264" for name in ("one", "other", "joined"))
    write_film(one, codec="libx264", shots=(4,))
    write_film(other, codec="libx264", shots=(4,), width=64)
    joined.write_bytes(one.read_bytes() + other.read_bytes())
    with pytest.raises(PhotoError, match="change from 96×64 to 64×64"):
        colorize_film(joined, tmp_path / "color.mkv")
