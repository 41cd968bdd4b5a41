"""Shots that come back to a setting."""

from __future__ import annotations

import numpy as np
import pytest

from rechroma import read
from rechroma.video import Still, colorize_film

from .conftest import chroma_planes, packets, write_film


@pytest.fixture
def back_and_forth(tmp_path):
    """A film of two scenes in turn, 10 frames each, large enough for the network's features."""
    source = tmp_path / "film.mkv"
    write_film(source, shots=(10, 10, 10, 10), scenes=(3, 4, 3, 4), width=320, height=192)
    return source


def test_what_is_told_of_a_shot_holds_where_its_setting_comes_back(tmp_path, back_and_forth):
    blue = read(np.zeros((192, 320, 3), np.uint8) + np.array([90, 110, 190], np.uint8))
    plain, told = tmp_path / "plain.mkv", tmp_path / "told.mkv"
    assert colorize_film(back_and_forth, plain, codec="ffv1").shots == 4
    colorize_film(back_and_forth, told, codec="ffv1", stills=[Still(0.1, blue)])
    before, after = chroma_planes(plain), chroma_planes(told)
    gained = [float(np.median(b[0] - a[0])) for a, b in zip(before, after, strict=True)]
    assert min(gained[1:10]) > 10
    assert min(gained[21:30]) > 8
    assert max(map(abs, gained[10:20])) < 2
    assert max(map(abs, gained[30:40])) < 2


def test_other_words_about_a_later_shot_win(tmp_path, back_and_forth):
    blue, red = (
        read(np.zeros((192, 320, 3), np.uint8) + np.array(color, np.uint8))
        for color in ([90, 110, 190], [190, 100, 100])
    )
    target = tmp_path / "told.mkv"
    colorize_film(back_and_forth, target, codec="ffv1", stills=[Still(0.0, blue), Still(0.8, red)])
    frames = chroma_planes(target)
    assert np.median(frames[5][0]) > 12
    assert all(np.median(frames[i][1]) > 12 for i in (20, 25, 29))


def test_going_on_knows_the_settings(tmp_path, back_and_forth):
    whole, parts = tmp_path / "whole.mkv", tmp_path / "parts.mkv"
    blue = read(np.zeros((192, 320, 3), np.uint8) + np.array([90, 110, 190], np.uint8))
    how = {"codec": "ffv1", "stills": [Still(0.1, blue)]}
    colorize_film(back_and_forth, whole, **how)

    def stop(progress):
        if progress.frames == 15:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        colorize_film(back_and_forth, parts, **how, progress=stop)
    colorize_film(back_and_forth, parts, **how)
    assert packets(parts, "video") == packets(whole, "video")
