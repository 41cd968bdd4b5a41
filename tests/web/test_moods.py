"""Moods in a worker: one network, and the same result as the command line's."""

from __future__ import annotations

import numpy as np
import pytest

from rechroma import Hint
from rechroma.cli import main
from rechroma.colorizer import ColorizeOptions, Colorizer, session, shared
from rechroma.mood import TransferOptions, features
from rechroma.photo import read
from rechroma.web import jobs, mood_jobs, preview_jobs
from rechroma.web.settings import WorkerSetup
from rechroma.web.worker_state import ColorRequest, Upload, WorkerState


@pytest.fixture
def sessions(monkeypatch):
    """The models that were loaded, each time; nothing is kept of other tests."""
    opened, load = [], session._load

    def counted(path, *arguments, **options):
        opened.append(path.name)
        return load(path, *arguments, **options)

    monkeypatch.setattr(session, "_load", counted)
    monkeypatch.setattr(shared, "_shared", [])
    shared._loaded.cache_clear()
    shared._encoder.cache_clear()
    yield opened
    shared._loaded.cache_clear()
    shared._encoder.cache_clear()


@pytest.fixture
def kept(tmp_path, make_picture):
    """kept(name, **options): a picture as a client's upload."""

    def keep(name, **options):
        path = tmp_path / name
        path.write_bytes(make_picture(**options))
        return Upload(path, name)

    return keep


def worker(model, size=64):
    return WorkerState(WorkerSetup(str(model), "cpu", size, 1, None, ""))


def everything(state, source, target, options):
    """Colorize, transfer, and the page's ways to both."""
    plain, output = ColorizeOptions(), jobs.ResultFormat("png")
    mood = ColorRequest(mood=source)
    made = [
        jobs.colorize(state, target, output, mood, plain),
        jobs.transfer(state, source, target, output, options),
        preview_jobs.picture(state, target, output, mood, plain),
        mood_jobs.mood_picture(state, source, target, output, options),
    ]
    mood_jobs.mood_preview(state, source, target, options, side=64)
    for each in made:
        each.path.unlink()


def test_a_worker_loads_one_network(sessions, kept, monkeypatch):
    """Colors, and what places show: all from it."""
    asked, run = [], Colorizer.features
    monkeypatch.setattr(Colorizer, "features", lambda *a: asked.append(a[0]) or run(*a))
    state = worker("default")
    source = kept("source.png", mode="RGB", seed=1)
    for mode in ("L", "RGB"):
        everything(state, source, kept(f"{mode}.png", mode=mode, seed=2), TransferOptions())
    assert sessions == ["rechroma-v2.onnx"]
    assert asked
    assert set(map(id, asked)) == {id(state.colorizer)}


def test_with_another_model_the_default_one_tells_what_places_show(sessions, kept, unconditioned):
    state = worker(unconditioned)
    source = kept("source.png", mode="RGB", seed=1)
    everything(state, source, kept("target.png", seed=2), TransferOptions())
    assert sessions == ["unconditioned.onnx", "rechroma-v2.onnx"]
    assert features.default_encoder() is not state.colorizer


@pytest.mark.parametrize("model", ["conditioned", "unconditioned"])
@pytest.mark.usefixtures("sessions")
def test_the_page_the_service_and_the_command_line_give_the_same(
    model, request, kept, tmp_path, monkeypatch
):
    """A black-and-white target gets the mood once, whoever asks, whatever the model takes."""
    state = worker(request.getfixturevalue(model))
    # On the command line the default model colors.
    monkeypatch.setattr(shared, "_shared", [state.colorizer])
    source, target = kept("source.png", mode="RGB", seed=1), kept("target.png", seed=2)
    options = TransferOptions(method="mkl", strength=0.7, luminance="keep")
    out = tmp_path / "new.png"
    typed = ["--src", source.path, "--target", target.path, "-o", out, "--method", "mkl",
             "--strength", "0.7", "--luminance", "keep"]  # fmt: skip
    assert main(["transfer", *map(str, typed)]) == 0
    wanted = read(out).to_uint8().astype(int)
    assert np.ptp(wanted, axis=-1).mean() > 3
    for job in (jobs.transfer, mood_jobs.mood_picture):
        made = job(state, source, target, jobs.ResultFormat("png"), options)
        assert np.abs(read(made.path).to_uint8() - wanted).max() <= 1
        made.path.unlink()


def test_a_mood_is_told_to_a_model_that_takes_it(kept, conditioned, unconditioned):
    """Before the transfer, the colors of one depend on the mood, and of the other they do not."""
    target = kept("target.png", seed=2)
    sources = [kept(f"{seed}.png", mode="RGB", seed=seed) for seed in (1, 5)]
    for model, differs in ((conditioned, True), (unconditioned, False)):
        state = worker(model)
        first, second = (
            state.predict(target, ColorRequest(mood=source, is_target=True)) for source in sources
        )
        assert np.allclose(first.chroma, second.chroma) is not differs


def test_hints_go_with_a_mood(kept, conditioned):
    state = worker(conditioned)
    request = ColorRequest(hints=(Hint(60, 40, "#c22b2b"),), mood=kept("m.png", mode="RGB", seed=1))
    target = kept("target.png", seed=2)
    hinted = state.predict(target, request)
    assert not np.allclose(hinted.chroma, state.predict(target, ColorRequest()).chroma)
