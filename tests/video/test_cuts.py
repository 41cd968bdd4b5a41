"""Cuts, flashes and dissolves."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from rechroma.video import colorize_film
from rechroma.video.shots import find_shots
from rechroma.video.source import open_film

from .conftest import chroma_planes, scene, write_film


def test_a_flash_is_no_cut(tmp_path):
    source, target = tmp_path / "film.mkv", tmp_path / "color.mkv"
    noise = np.random.default_rng(1)

    def flash(number, light):
        return 0.9 + 0.1 * noise.random(light.shape) if number in (8, 9) else light

    write_film(source, shots=(20,), change=flash)
    assert colorize_film(source, target, codec="ffv1").shots == 1
    assert len(list(find_shots(open_film(source)))) == 1
    frames = chroma_planes(target)
    within = [np.abs(a - b).mean() for a, b in pairwise(frames[:8])]
    # Three frames later the picture has moved by three pixels.
    assert np.abs(frames[7] - frames[10]).mean() < 3 * max(within) + 0.5


def test_two_shots_of_few_frames_are_no_flash(tmp_path):
    source = tmp_path / "film.mkv"
    write_film(source, shots=(10, 3, 10))
    assert [shot.frames for shot in find_shots(open_film(source))] == [10, 3, 10]


def test_colors_go_over_with_a_dissolve(tmp_path):
    source, target = tmp_path / "film.mkv", tmp_path / "color.mkv"

    def dissolve(number, light):
        share = min(max((number - 15) / 14, 0), 1)
        return light + share * (scene(4, number * 1.0, 96, 64) - light)

    write_film(source, shots=(45,), scenes=(3,), change=dissolve)
    colorize_film(source, target, codec="ffv1")
    frames = chroma_planes(target)
    steps = [float(np.abs(a - b).mean()) for a, b in pairwise(frames)]
    whole = np.abs(frames[14] - frames[30]).mean()
    assert max(steps) < 0.4 * whole + 1
