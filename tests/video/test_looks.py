"""Films with the mood of a photograph: one look for all, or one a shot, and none a frame."""

from __future__ import annotations

import av
import numpy as np
import pytest
from PIL import Image

from rechroma.cli import main
from rechroma.mood import TransferOptions
from rechroma.photo import read
from rechroma.video.looks import fit_film_look, fit_shot_looks, grade_film
from rechroma.video.options import FilmLookOptions

from .conftest import write_color_film

SHOTS = ((200, 120, 90), (90, 170, 110), (200, 120, 90))


@pytest.fixture
def colored(tmp_path):
    """A film of three shots of ten frames, the last one like the first; and a mood."""
    film, mood = tmp_path / "film.mkv", tmp_path / "mood.png"
    write_color_film(film, SHOTS, 10)
    picture = np.random.default_rng(0).integers(0, 90, (48, 48, 3), np.uint8)
    picture[..., 2] += 150
    Image.fromarray(picture).save(mood)
    return film, mood


def pictures(path):
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24").astype(float) for frame in container.decode()]


def test_a_look_a_shot_changes_at_cuts_and_nowhere_else(tmp_path, colored):
    film, mood = colored
    results = {}
    for name, told in {"whole": [], "shots": ["--per-shot"]}.items():
        target = tmp_path / f"{name}.mkv"
        options = ["--src", str(mood), "--target", str(film), "--out", str(target)]
        assert main(["transfer", *options, "--codec", "ffv1", *told]) == 0
        results[name] = pictures(target)
    assert len(results["shots"]) == 30
    # One look for all keeps the shots' colors apart; with one each they come together.
    apart = {
        name: np.abs(frames[5].mean((0, 1)) - frames[15].mean((0, 1))).max()
        for name, frames in results.items()
    }
    assert apart["shots"] < 0.6 * apart["whole"]
    # Inside a shot the same colors become the same ones: one map holds for every frame of it.
    before = pictures(film)
    for first in (0, 10, 20):
        maps = [color_map(before[i], results["shots"][i]) for i in range(first, first + 10)]
        assert max(np.abs(each - maps[0]).max() for each in maps) < 4
    other = color_map(before[14], results["shots"][14]) - color_map(before[4], results["shots"][4])
    assert np.abs(other).max() > 8


def color_map(before, after):
    """Return how the colors of a frame are changed, as a polynomial told at some colors."""

    def terms(rgb):
        r, g, b = rgb.reshape(-1, 3).T / 255
        return np.stack([np.ones_like(r), r, g, b, r * r, g * g, b * b], axis=1)

    found, *_ = np.linalg.lstsq(terms(before), after.reshape(-1, 3), rcond=None)
    grays = np.repeat(np.array([[90.0], [120.0], [160.0]]), 3, axis=1)
    return terms(grays) @ found


def test_looks_are_fitted_once_a_shot(tmp_path, colored, monkeypatch):
    film, mood = colored
    how = FilmLookOptions(codec="ffv1", per_shot=True)
    looks = fit_shot_looks(film, [read(mood)], how, TransferOptions())
    assert looks.begins == (0.0, 0.4, 0.8)
    assert looks.at(0.39) is looks.at(0.0) is looks.looks[0]
    assert looks.at(0.4) is looks.looks[1] is not looks.looks[0]

    def refit(*_):
        raise AssertionError

    monkeypatch.setattr("rechroma.video.looks.fit", refit)
    assert grade_film(film, tmp_path / "new.mkv", looks, how).shots == 3


def test_words_in_black_and_white_get_the_look_of_the_film(tmp_path, colored):
    _, mood = colored
    film = tmp_path / "words.mkv"
    write_color_film(film, [(200, 120, 90), (255, 255, 255), (90, 170, 110)], 10)
    given = film, [read(mood)], FilmLookOptions(), TransferOptions()
    looks = fit_shot_looks(*given).looks
    assert len(looks) == 3
    tables = [each.as_table().table for each in looks]
    assert np.array_equal(tables[1], fit_film_look(*given).as_table().table)
    assert not np.array_equal(tables[0], tables[1])


def test_what_a_look_a_shot_does_not_go_with(tmp_path, colored, film, capsys):
    source, mood = colored
    told = ["transfer", "--src", str(mood), "--out", str(tmp_path / "new.mkv"), "--per-shot"]
    assert main([*told, "--target", str(source), "--lut", str(tmp_path / "a.cube")]) == 2
    assert "--per-shot" in capsys.readouterr().err
    # Black and white: it would have to be colored first.
    assert main([*told, "--target", str(film[0])]) == 2
    assert "black and white" in capsys.readouterr().err
    assert not (tmp_path / "new.mkv").exists()
