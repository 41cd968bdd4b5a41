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
def refs(photos, tmp_path):
    return [picture.ref for picture in catalog(photos, 1, tmp_path / "cache.json")]


def batches_of(refs, step=0, count=3, **changes):
    options = OPTIONS.model_copy(update=changes)
    batches = Batches(refs, options, 4, 5, CPU, conditioning=True).begin(step)
    return [next(batches) for _ in range(count)]


def assert_same(ones, others):
    for one, other in zip(ones, others, strict=True):
        assert all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def test_batches_do_not_depend_on_workers_memory_or_a_resume(refs, monkeypatch):
    whole = batches_of(refs)
    assert whole[0].rgb.shape == (4, 3, 32, 32)
    assert not torch.equal(whole[0].rgb, whole[1].rgb)
    assert_same(batches_of(refs, step=1, count=2), whole[1:])
    monkeypatch.setattr(data, "free_memory", lambda _: 0)
    assert_same(batches_of(refs), whole)
    assert_same(batches_of(refs, workers=2), whole)


def test_a_network_without_conditioning_gets_none(refs):
    batch = next(Batches(refs, OPTIONS, 4, 5, CPU, conditioning=False).begin(0))
    assert not batch.hints.any()
    assert not batch.mood.any()


def test_two_processes_share_a_step(refs):
    one, two = (
        Batches(refs, OPTIONS, 2, 5, CPU, conditioning=True, processes=2, rank=rank)
        for rank in (0, 1)
    )
    assert one.numbers(3) == two.numbers(3)
    assert len(one.numbers(3)) == 4
    assert not torch.equal(next(one.begin(3)).rgb, next(two.begin(3)).rgb)


def test_large_pictures_are_kept_as_small_as_crops_allow():
    """Crops of 32 from 40 % of the area: 51 rows, and at most 1.6 times as many columns."""
    assert data._reduced(np.zeros((510, 1020, 3), np.uint8), 51, 82).shape == (51, 82, 3)
    assert data._reduced(np.zeros((1020, 510, 3), np.uint8), 51, 82).shape == (82, 51, 3)
    assert data._reduced(np.zeros((20, 30, 3), np.uint8), 51, 82).shape == (20, 30, 3)


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
