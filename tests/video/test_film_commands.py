"""Films on the command line: the same commands, told by content."""

from __future__ import annotations

import json

import av
import numpy as np
import pytest
from PIL import Image

from rechroma.cli import main
from rechroma.errors import UsageError
from rechroma.video.options import FilmOptions, format_time, parse_time
from rechroma.video.telling import parse_film_hint, parse_still, still_name

from .conftest import chroma_planes, luma_planes, packets


def test_films_and_photographs_of_one_folder(tmp_path, film, capsys):
    source, given = film
    Image.fromarray(np.tile(np.arange(64, dtype=np.uint8) * 4, (48, 1))).save(tmp_path / "a.png")
    out = tmp_path / "out"
    assert main(["colorize", str(tmp_path), "-o", str(out), "--json", "--codec", "ffv1"]) == 0
    assert sorted(path.name for path in out.iterdir()) == ["a.png", source.name]
    kept = luma_planes(out / source.name)
    assert all(np.array_equal(a, b) for a, b in zip(given, kept, strict=True))
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines[-1]["summary"]["done"] == 2
    # Again: nothing is left to do.
    assert main(["colorize", str(tmp_path), "-o", str(out), "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines[-1]["summary"]["skipped"] == 2


def test_a_picture_of_each_shot_goes_back_as_a_still(tmp_path, film):
    source, _ = film
    shots = tmp_path / "shots"
    assert main(["frames", str(source), "-o", str(shots)]) == 0
    pictures = sorted(shots.iterdir())
    assert [path.name[:10] for path in pictures] == ["shot-0001-", "shot-0002-"]
    red = np.zeros((64, 96, 3), np.uint8) + np.array([190, 90, 90], np.uint8)
    Image.fromarray(red).save(pictures[1])
    target = tmp_path / "color.mkv"
    told = ["colorize", str(source), "-o", str(target), "--codec", "ffv1", "--still"]
    assert main([*told, str(pictures[1])]) == 0
    frames = chroma_planes(target)
    assert all(np.median(frame[1]) > 15 for frame in frames[14:])
    assert np.median(frames[5][1]) < 12


def test_a_look_changes_every_frame_alike(tmp_path, film):
    source, given = film
    cube, target = tmp_path / "blue.cube", tmp_path / "blue.mkv"
    colors = [(r, g, 0.2 + 0.8 * b) for b in (0, 1) for g in (0, 1) for r in (0, 1)]
    rows = "\n".join(" ".join(map(str, color)) for color in colors)
    cube.write_text(f"LUT_3D_SIZE 2\n{rows}\n")
    assert main(["apply", str(cube), str(source), "-o", str(target), "--codec", "ffv1"]) == 0
    frames = chroma_planes(target)
    assert len(frames) == len(given)
    assert all(np.median(frame[0]) > 10 for frame in frames)
    assert packets(target, "audio") == packets(source, "audio")


def test_a_black_and_white_film_is_colored_with_the_mood(tmp_path, film, capsys):
    source, given = film
    mood = tmp_path / "mood.png"
    picture = np.random.default_rng(0).integers(0, 90, (48, 48, 3), np.uint8)
    picture[..., 2] += 150
    Image.fromarray(picture).save(mood)
    target = tmp_path / "new.mkv"
    told = ["transfer", "--src", str(mood), "--target", str(source)]
    assert main([*told, "--out", str(target), "--codec", "ffv1"]) == 0
    assert "colored with that mood" in capsys.readouterr().err
    kept = luma_planes(target)
    assert all(np.array_equal(a, b) for a, b in zip(given, kept, strict=True))
    assert np.mean([frame[0].mean() for frame in chroma_planes(target)]) > 5
    # A table of what isn't in color can't be made.
    other = ["--out", str(tmp_path / "b.mkv"), "--lut", str(tmp_path / "a.cube")]
    assert main([*told, *other]) == 2
    assert "--mood" in capsys.readouterr().err


def test_how_a_mood_is_brought_counts_for_black_and_white_films(tmp_path, film):
    source, given = film
    mood = tmp_path / "mood.png"
    picture = np.random.default_rng(0).integers(0, 90, (48, 48, 3), np.uint8)
    picture[..., 2] += 150
    Image.fromarray(picture).save(mood)
    blue = []
    strengths = {"all": [], "part": ["--strength", "0.3"], "none": ["--strength", "0"]}
    for name, told in strengths.items():
        target = tmp_path / f"{name}.mkv"
        options = ["--src", str(mood), "--target", str(source), "--out", str(target), *told]
        assert main(["transfer", *options, "--codec", "ffv1"]) == 0
        kept = luma_planes(target)
        assert all(np.array_equal(a, b) for a, b in zip(given, kept, strict=True))
        blue.append(np.mean([frame[0].mean() for frame in chroma_planes(target)]))
    assert blue[0] > blue[1] + 3 > blue[2] + 6


def test_a_still_is_as_told_beside_a_mood(tmp_path, film):
    source, _ = film
    mood, still, target = tmp_path / "mood.png", tmp_path / "still.png", tmp_path / "new.mkv"
    picture = np.random.default_rng(0).integers(0, 90, (48, 48, 3), np.uint8)
    picture[..., 2] += 150
    Image.fromarray(picture).save(mood)
    red = np.zeros((64, 96, 3), np.uint8) + np.array([190, 90, 90], np.uint8)
    Image.fromarray(red).save(still)
    told = ["colorize", str(source), "-o", str(target), "--codec", "ffv1", "--mood", str(mood)]
    assert main([*told, "--still", f"0={still}"]) == 0
    frames = chroma_planes(target)
    assert all(np.median(frame[1]) > 15 and np.median(frame[0]) < 0 for frame in frames[:10])
    assert all(np.median(frame[0]) > 5 for frame in frames[14:])


def test_a_preview_is_one_picture(tmp_path, film):
    source, _ = film
    sheet = tmp_path / "sheet.png"
    assert main(["colorize", str(source), "--preview", str(sheet)]) == 0
    with Image.open(sheet) as picture:
        assert picture.width > 300
    assert sorted(path.name for path in tmp_path.iterdir()) == ["film.mkv", "sheet.png"]


def test_a_preview_is_as_the_film_will_be(tmp_path, film, capsys):
    source, _ = film
    mood, sheet = tmp_path / "mood.png", tmp_path / "sheet.png"
    picture = np.random.default_rng(0).integers(0, 90, (48, 48, 3), np.uint8)
    picture[..., 2] += 150
    Image.fromarray(picture).save(mood)
    told = ["colorize", str(source), "--preview", str(sheet)]
    refused = ("--look=winter", "--versions=new", "--temperature=0.5", "--hint=0@3,4,red")
    for option in (*refused, f"--still=0={mood}"):
        assert main([*told, option]) == 2
        assert option[2:5] in capsys.readouterr().err
        assert not sheet.exists()
    assert main([*told, "--strength", "0"]) == 0
    with Image.open(sheet) as shown:
        assert np.ptp(np.asarray(shown.convert("RGB"), int), axis=2).max() <= 1
    assert main([*told, "--mood", str(mood), "--overwrite"]) == 0
    with Image.open(sheet) as shown:
        frames = np.asarray(shown.convert("RGB"), int)
    assert (frames[..., 2] - frames[..., 0]).mean() > 10


def test_a_film_in_color_has_no_preview_unless_it_is_recolored(tmp_path, capsys):
    source, sheet = tmp_path / "film.mkv", tmp_path / "sheet.png"
    rgb = np.zeros((64, 96, 3), np.uint8)
    rgb[:, :32, 0], rgb[:, 32:64, 1], rgb[:, 64:, 2] = 200, 180, 220
    with av.open(str(source), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        container.mux(stream.encode(av.VideoFrame.from_ndarray(rgb).reformat(format="yuv420p")))
        container.mux(stream.encode(None))
    told = ["colorize", str(source), "--preview", str(sheet)]
    assert main(told) == 2
    assert "in color already" in capsys.readouterr().err
    assert not sheet.exists()
    assert main([*told, "--recolor"]) == 0


def test_options_of_photographs_are_refused(tmp_path, film, capsys):
    source, _ = film
    target = str(tmp_path / "new.mkv")
    for option in ("--variants=2", "--look=winter", "--versions=new", "--temperature=0.5"):
        assert main(["colorize", str(source), "-o", target, option]) == 2
        assert option.partition("=")[0] in capsys.readouterr().err
    assert main(["colorize", str(source), "-o", target, "--hint", "3,4,red"]) == 2
    assert "TIME@x,y,color" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "seconds"), [("83.5", 83.5), ("1:23.5", 83.5), ("00:01:23.5", 83.5), ("2:00:00", 7200)]
)
def test_times(text, seconds):
    assert parse_time(text) == seconds
    assert parse_time(format_time(seconds)) == seconds
    assert parse_still(still_name(3, seconds)).seconds == seconds


def test_what_is_no_time():
    for text in ("", "1:2:3:4", "a", "-1"):
        with pytest.raises(UsageError):
            parse_time(text)
    with pytest.raises(UsageError):
        FilmOptions(start="2", end="1")
    with pytest.raises(UsageError):
        parse_still("mine.png")
    hint = parse_film_hint("1:02.5@10,20,#ff0000")
    assert (hint.seconds, hint.hint.x, hint.hint.color) == (62.5, 10, "#ff0000")
