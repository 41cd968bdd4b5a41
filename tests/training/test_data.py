import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from torch.utils.data import DataLoader

from rechroma.training.catalog import catalog
from rechroma.training.data import Crops, Positions, center_crops, random_box


def test_an_epoch_shows_every_picture_once():
    positions = list(Positions(pictures=10, seed=3, start=0, stop=20))
    first, second = positions[:10], positions[10:]
    assert sorted(index for _, index in first) == list(range(10))
    assert sorted(index for _, index in second) == list(range(10))
    assert [index for _, index in first] != [index for _, index in second]


def test_a_resumed_order_is_the_tail_of_the_whole_one():
    whole = list(Positions(7, seed=1, start=0, stop=40))
    assert list(Positions(7, seed=1, start=23, stop=40)) == whole[23:]


def test_samples_do_not_depend_on_workers(photos, tmp_path):
    paths = [picture.path for picture in catalog(photos, 1, tmp_path / "cache.json")]
    batches = [
        torch.stack(list(DataLoader(Crops(paths, 32, 0.5, seed=5), sampler=order,
                                    num_workers=workers, batch_size=None)))
        for workers in (0, 2)
        for order in [Positions(len(paths), 5, 0, 9)]
    ]  # fmt: skip
    assert torch.equal(batches[0], batches[1])
    assert batches[0].dtype == torch.uint8
    assert batches[0].shape == (9, 3, 32, 32)


@given(
    width=st.integers(1, 5000),
    height=st.integers(1, 5000),
    min_scale=st.floats(0.01, 1),
    seed=st.integers(0, 2**32),
)
def test_a_box_lies_inside_and_is_nearly_square(width, height, min_scale, seed):
    left, upper, right, lower = random_box(np.random.default_rng(seed), width, height, min_scale)
    assert 0 <= left < right <= width + 1e-6
    assert 0 <= upper < lower <= height + 1e-6
    short = min(width, height)
    assert (right - left) * (lower - upper) <= short**2 * (1 + 1e-9)
    assert (right - left) * (lower - upper) >= min_scale * short**2 * 0.74
    assert 0.74 < (right - left) / (lower - upper) < 1.34


def test_center_crops_are_central(photos, tmp_path):
    paths = [picture.path for picture in catalog(photos, 1, tmp_path / "cache.json")[:3]]
    crops = center_crops(paths, 100)
    assert crops.shape == (3, 3, 100, 100)
    # 100 × 120 pixels each: nothing is scaled, and ten columns are left out on either side.
    for path, crop in zip(paths, crops, strict=True):
        with Image.open(path) as picture:
            wanted = np.asarray(picture)[:, 10:-10]
        # Two decoders of JPEG may differ by a level or two.
        assert np.abs(crop.movedim(0, -1).numpy().astype(int) - wanted).max() <= 3
