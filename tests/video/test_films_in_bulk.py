"""Films as items of `rechroma bulk`: what a worker's child makes of one."""

from __future__ import annotations

import av
import numpy as np
import pytest

pytest.importorskip("ray")

from rechroma.batch import Status
from rechroma.batch.pictures import Saving
from rechroma.cli.bulk_work import ApplyOperation, ApplyOptions, ColorizeOperation
from rechroma.cli.colorize_work import Extras
from rechroma.cluster import child
from rechroma.cluster.operation import Shared
from rechroma.cluster.sources import open_source
from rechroma.colorizer.options import ColorizeOptions
from rechroma.colorizer.registry import find_model
from rechroma.video import colorize_film
from rechroma.video.options import FilmOptions

from .conftest import chroma_planes, packets, write_film

SHARED = Shared(Saving(overwrite=True), None)


def test_a_film_is_what_it_is_alone(tmp_path, film):
    source, _ = film
    alone, target = tmp_path / "alone.mkv", tmp_path / "out" / "film.mkv"
    target.parent.mkdir()
    colorize_film(source, alone, size=128)
    operation = ColorizeOperation(
        ColorizeOptions(recolor=False), Extras(), FilmOptions(), "auto", 128, SHARED
    )
    child.prepare(operation, {"model": find_model("default")}, 1)
    done = child.work_on(source, target, {}, 0)
    assert (done.outcome.status, done.files) == (Status.DONE, (target,))
    # Networks sum up in another order on other numbers of threads, and round differently.
    made, wanted = list(chroma_planes(target)), list(chroma_planes(alone))
    assert len(made) == len(wanted) > 1
    assert max(np.abs(a.astype(int) - b).mean() for a, b in zip(made, wanted, strict=True)) < 0.5
    times = [[time for time, _ in packets(path, "video")] for path in (target, alone)]
    assert times[0] == times[1]
    assert packets(target, "audio") == packets(source, "audio")


def test_a_look_and_a_broken_film(tmp_path):
    source, cube, target = tmp_path / "film.mkv", tmp_path / "blue.cube", tmp_path / "new.mkv"
    write_film(source, shots=(5,))
    colors = [(r, g, 0.2 + 0.8 * b) for b in (0, 1) for g in (0, 1) for r in (0, 1)]
    rows = "\n".join(" ".join(map(str, color)) for color in colors)
    cube.write_text(f"LUT_3D_SIZE 2\n{rows}\n")
    child.prepare(ApplyOperation(ApplyOptions(), FilmOptions(), SHARED), {"look": cube}, 1)
    assert child.work_on(source, target, {}, 0).outcome.status is Status.DONE
    assert all(frame[0].mean() > 10 for frame in chroma_planes(target))
    source.write_text("no film")
    outcome = child.work_on(source, tmp_path / "other.mkv", {}, 0).outcome
    assert outcome.error is not None
    assert "not a film" in outcome.error.what


def test_films_are_found(tmp_path):
    write_film(tmp_path / "film.mkv", shots=(2,))
    (tmp_path / "notes.txt").write_text("a")
    source = open_source(str(tmp_path))
    assert [(item.name, item.output) for item in source.items()] == [("film.mkv", "film.mkv")]
    with av.open(str(tmp_path / "film.mkv")) as container:
        assert container.streams.video
