from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from rechroma.training import data
from rechroma.training.catalog import catalog
from rechroma.training.config import DataConfig
from rechroma.training.data import Batches, PictureOrder, center_crops, draw_weights
from rechroma.training.sources import PictureRef
from rechroma.training.split import Split, StepPart

CPU = torch.device("cpu")
OPTIONS = DataConfig(crop=32, degraded=0.3, recompressed=0.3, workers=0)


def test_an_epoch_shows_every_picture_once():
    order = PictureOrder([1.0] * 10, seed=3)
    first, second = order.at(0, 10), order.at(10, 20)
    assert sorted(first) == sorted(second) == list(range(10))
    assert first != second


def test_a_resumed_order_is_the_tail_of_the_whole_one():
    weights = [1.0, 0.5, 2.0, 1.0, 0.0, 1.0, 1.0]
    assert PictureOrder(weights, 1).at(23, 40) == PictureOrder(weights, 1).at(0, 40)[23:]


def test_pictures_are_drawn_as_often_as_they_weigh():
    """Ten epochs of 1 + 0.5 + 2.5 + 0 + 1 draws."""
    order = PictureOrder([1.0, 0.5, 2.5, 0.0, 1.0], seed=0)
    counts = [Counter(order.at(5 * k, 5 * k + 5)) for k in range(200)]
    assert all(count[0] == count[4] == 1 and count[3] == 0 for count in counts)
    assert {count[2] for count in counts} == {2, 3}
    assert sum(count[1] for count in counts) == pytest.approx(100, abs=30)


def test_weights_of_sources_by_names_with_and_without_folders():
    names = ["deep/sports_1.avif", "minilow_7.jpg", "deep/other.png"]
    refs = [PictureRef(Path(name), name) for name in names]
    assert draw_weights(refs, {"sports_*": 0.35, "mini*": 2, "deep/*": 3}) == [0.35, 2, 3]
    assert draw_weights(refs, {}) == [1, 1, 1]


@pytest.fixture
def pictures(photos, tmp_path):
    return catalog(photos, 1, tmp_path / "cache.json")


def batches_of(pictures, step=0, count=3, **changes):
    options = OPTIONS.model_copy(update=changes)
    batches = Batches(pictures, options, Split(4), 5, CPU, conditioning=True).begin(step)
    return [next(batches) for _ in range(count)]


def assert_same(ones, others):
    for one, other in zip(ones, others, strict=True):
        assert all(torch.equal(a, b) for a, b in zip(one[:7], other[:7], strict=True))


def test_batches_do_not_depend_on_workers_memory_or_a_resume(pictures, monkeypatch):
    whole = batches_of(pictures)
    assert whole[0].rgb.shape == (4, 3, 32, 32)
    assert not torch.equal(whole[0].rgb, whole[1].rgb)
    assert_same(batches_of(pictures, step=1, count=2), whole[1:])
    monkeypatch.setattr(data, "free_memory", lambda _: 0)
    assert_same(batches_of(pictures), whole)
    assert_same(batches_of(pictures, workers=2), whole)


def test_a_network_without_conditioning_gets_none(pictures):
    batch = next(Batches(pictures, OPTIONS, Split(4), 5, CPU, conditioning=False).begin(0))
    assert not batch.hints.any()
    assert not batch.mood.any()


@pytest.mark.parametrize(("processes", "parts"), [(2, 1), (1, 2), (2, 2), (4, 1)])
@pytest.mark.parametrize("in_memory", [True, False])
def test_processes_and_parts_share_a_step(pictures, monkeypatch, processes, parts, in_memory):
    """They see the samples that one process sees, each of them once, in the same order."""
    whole = batches_of(pictures, count=2)
    if not in_memory:
        monkeypatch.setattr(data, "free_memory", lambda _: 0)
    found = [[], []]
    for rank in range(processes):
        split = Split(4, processes, rank, parts)
        shared = Batches(pictures, OPTIONS, split, 5, CPU, conditioning=True)
        samples = shared.begin(0)
        for step in range(2):
            for part in range(parts):
                found[step].append((split.part(part).start, next(samples)))
    for batch, pieces in zip(whole, found, strict=True):
        ordered = [piece for _, piece in sorted(pieces, key=lambda piece: piece[0])]
        assert torch.equal(torch.cat([piece.rgb for piece in ordered]), batch.rgb)
        assert torch.allclose(torch.cat([piece.seen for piece in ordered]), batch.seen, atol=1e-4)
        assert torch.equal(torch.cat([piece.hints for piece in ordered]), batch.hints)


def test_a_process_decodes_its_own_pictures_alone(pictures, monkeypatch):
    monkeypatch.setattr(data, "free_memory", lambda _: 0)
    usual, reads = data._Canvases.__getitem__, []
    monkeypatch.setattr(
        data._Canvases, "__getitem__", lambda self, n: reads.append(n) or usual(self, n)
    )
    per_rank = []
    for rank in range(2):
        reads.clear()
        shared = Batches(pictures, OPTIONS, Split(6, 2, rank), 5, CPU, conditioning=True)
        # Two steps are an epoch of these twelve.
        assert [len(batch.rgb) for _, batch in zip(range(2), shared.begin(0), strict=False)] == [
            3,
            3,
        ]
        per_rank.append(set(reads[:6]))
    assert not per_rank[0] & per_rank[1]
    assert len(per_rank[0] | per_rank[1]) == 12


def test_parts_choose_what_the_whole_step_chooses():
    for wanted in range(1, 25):
        whole = StepPart(0, 24, 24).chosen(wanted)
        assert len(whole) == wanted
        parts = [StepPart(start, 4, 24) for start in range(0, 24, 4)]
        assert [part.start + n for part in parts for n in part.chosen(wanted)] == whole


def test_large_pictures_are_kept_as_small_as_crops_allow():
    """Crops of 32 from 40 % of the area: 51 rows, and at most 1.6 times as many columns."""
    assert data._reduced(np.zeros((510, 1020, 3), np.uint8), 51, 82).shape == (51, 82, 3)
    assert data._reduced(np.zeros((1020, 510, 3), np.uint8), 51, 82).shape == (82, 51, 3)
    assert data._reduced(np.zeros((20, 30, 3), np.uint8), 51, 82).shape == (20, 30, 3)


@pytest.mark.parametrize("side", [51, 77, 133, 1000])
def test_a_canvas_is_no_larger_than_the_largest_picture(tmp_path, side):
    sizes = [(40, 333), (101, 130), (260, 90), (150, 149)]
    (tmp_path / "photos").mkdir()
    for number, (height, width) in enumerate(sizes):
        picture = Image.new("RGB", (width, height), (200, 30, 90))
        picture.save(tmp_path / "photos" / f"{number}.png")
    pictures = catalog(tmp_path / "photos", 1, tmp_path / "cache.json")
    canvases = data._Canvases(pictures, side)
    found = [data._reduced(picture.ref.read().to_uint8(), *canvases._most) for picture in pictures]
    assert canvases.shape == (
        max(min(each.shape[:2]) for each in found),
        max(max(each.shape[:2]) for each in found),
    )
    for number, each in enumerate(found):
        assert (canvases[number].pixels[..., 0] == 200).sum() == each[..., 0].size


def test_center_crops_are_central(photos, tmp_path):
    refs = [picture.ref for picture in catalog(photos, 1, tmp_path / "cache.json")[:3]]
    crops = center_crops(refs, 100)
    assert crops.shape == (3, 3, 100, 100)
    # 100 × 120 pixels each: nothing is scaled, and ten columns are left out on either side.
    for ref, crop in zip(refs, crops, strict=True):
        with Image.open(ref.file) as picture:
            wanted = np.asarray(picture)[:, 10:-10]
        # Two decoders of JPEG may differ by a level or two.
        assert np.abs(crop.movedim(0, -1).numpy().astype(int) - wanted).max() <= 3
