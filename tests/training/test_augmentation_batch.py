"""Batched crops beside Pillow and slow NumPy, and whole batches."""

import numpy as np
import pytest
import torch
from PIL import Image
from scipy import stats
from skimage import data

from rechroma.color import rgb_to_lab
from rechroma.colorizer.conditioning import MOOD_SIZE
from rechroma.errors import ConfigError, UsageError
from rechroma.training.augmentation import (
    AugmentationOptions,
    PictureStore,
    SamplePlaces,
    sample_batch,
)
from rechroma.training.augmentation.crops import Boxes, crop, random_boxes

from . import one_by_one

CPU = torch.device("cpu")
EVERYTHING = AugmentationOptions(degraded=0.5, recompressed=0.5, hints=0.8, mood=0.8)


@pytest.fixture(scope="module")
def pictures():
    """Real pictures, wide and tall, of several sizes."""
    astronaut, cat = data.astronaut(), data.chelsea()
    parts = [astronaut[:80, 100:220], astronaut[40:160, 150:230], cat[50:130, 100:180],
             cat[80:150, 120:223], astronaut[200:290, 60:140]]  # fmt: skip
    return [np.ascontiguousarray(part) for part in parts]


@pytest.fixture(scope="module")
def store(pictures):
    return PictureStore.of([torch.from_numpy(picture) for picture in pictures])


def indices(count, store):
    return torch.arange(count) % len(store)


def bilinear(picture, box, side):
    """Sample one picture between its pixels; beyond its border the border goes on."""
    left, upper, right, lower = box
    height, width = picture.shape[:2]
    share = (np.arange(side)[:, None] + 0.5) / side
    y = np.clip(upper + share * (lower - upper) - 0.5, 0, height - 1)
    x = np.clip(left + share.T * (right - left) - 0.5, 0, width - 1)
    top, start = np.minimum(y.astype(int), height - 2), np.minimum(x.astype(int), width - 2)
    down, across = (y - top)[..., None], (x - start)[..., None]
    above, below = (
        (1 - across) * picture[row, start] + across * picture[row, start + 1]
        for row in (top, top + 1)
    )
    return (1 - down) * above + down * below


def crops_and_boxes(store, pictures, side, seed=0, least=0.3):
    """Return crops, and for each its picture and its box there: left, upper, right, lower."""
    draws = SamplePlaces(seed, 0, 12).draws(12)
    chosen = indices(12, store)
    boxes = random_boxes(draws, store.sizes[chosen], least)
    mirrored = torch.arange(12) % 3 == 0
    cut = crop(store, chosen, boxes, side, mirrored).permute(0, 2, 3, 1).numpy().astype(int)
    cut[mirrored.numpy()] = cut[mirrored.numpy(), :, ::-1]
    for number, index in enumerate(chosen.tolist()):
        order = [0, 1] if store.transposed[index] else [1, 0]
        start, extent = boxes.start[number, order], boxes.extent[number, order]
        yield cut[number], pictures[index], (*start.tolist(), *(start + extent).tolist())


def test_an_enlarging_crop_is_bilinear(store, pictures):
    for cut, picture, box in crops_and_boxes(store, pictures, side=128):
        assert np.abs(cut - bilinear(picture, box, 128)).max() <= 0.5 + 1e-3


@pytest.mark.parametrize("side", [32, 56, 96])
def test_a_crop_is_pillows(store, pictures, side):
    for cut, picture, box in crops_and_boxes(store, pictures, side, seed=side):
        theirs = Image.fromarray(picture).resize((side, side), Image.Resampling.BILINEAR, box=box)
        away = np.abs(cut - np.asarray(theirs).astype(int))
        # Pillow rounds twice.
        assert away.max() <= 1
        assert away.mean() < 0.2


def test_crops_to_the_border_do_not_see_the_canvas(pictures):
    small = torch.full((40, 50, 3), 200, dtype=torch.uint8)
    store = PictureStore.of([torch.from_numpy(pictures[0]), small])
    whole = Boxes(torch.tensor([[0.0, 10.0]]).double(), torch.tensor([[40.0, 40.0]]).double())
    for side in (16, 40, 77):
        cut = crop(store, torch.tensor([1]), whole, side, torch.tensor([False]))
        assert (cut == 200).all()


def test_boxes_are_those_of_one_sample():
    height, width, n = 80, 100, 1500
    draws = SamplePlaces(0, 0, n).draws(n)
    start, extent = random_boxes(draws, torch.tensor([[height, width]]).expand(n, -1), 0.4)
    ours = torch.cat([start.flip(1), (start + extent).flip(1)], 1).numpy()
    theirs = np.array(
        [
            one_by_one.random_box(np.random.default_rng(seed), width, height, 0.4)
            for seed in range(n)
        ]
    )
    for number in range(4):
        assert stats.ks_2samp(ours[:, number], theirs[:, number]).pvalue > 1e-3
    areas, ratios = (
        [operation(box[:, 2] - box[:, 0], box[:, 3] - box[:, 1]) for box in (ours, theirs)]
        for operation in (np.multiply, np.divide)
    )
    assert stats.ks_2samp(*areas).pvalue > 1e-3
    assert stats.ks_2samp(*ratios).pvalue > 1e-3
    assert (ours[:, :2] >= 0).all()
    assert (ours[:, 2:] <= [width + 1e-9, height + 1e-9]).all()


def test_half_of_the_crops_are_mirrored():
    ramp = torch.arange(64, dtype=torch.uint8).expand(3, 48, 64).permute(1, 2, 0)
    store = PictureStore.of([ramp, ramp.transpose(0, 1)])
    batch = sample_batch(
        store, indices(800, store), 8, AugmentationOptions(), SamplePlaces(0, 0, 800)
    )
    right = (batch.rgb[..., -1] - batch.rgb[..., 0]).mean((1, 2))
    below = (batch.rgb[..., -1, :] - batch.rgb[..., 0, :]).mean((1, 2))
    assert right[0::2].abs().min() > 0.05
    # The second picture stands upright again: it darkens downward, always.
    assert below[1::2].min() > 0.05
    assert below[0::2].abs().max() < 1e-6
    assert abs(float((right[0::2] > 0).float().mean()) - 0.5) < 4.5 * 0.5 / 20


def test_a_batch_is_what_it_says(store):
    batch = sample_batch(store, indices(40, store), 48, EVERYTHING, SamplePlaces(1, 2, 40))
    assert batch.rgb.shape == batch.lab.shape == batch.hints.shape == (40, 3, 48, 48)
    assert batch.seen.shape == (40, 1, 48, 48)
    assert batch.mood.shape == (40, MOOD_SIZE)
    assert all(each.dtype == torch.float32 for each in batch[:5])
    assert all(each.isfinite().all() for each in batch[:5])
    assert 0 <= batch.rgb.min() < batch.rgb.max() <= 1
    assert 0 <= batch.seen.min() < batch.seen.max() <= 100
    assert batch.hints[:, :2].abs().max() < 1.2
    levels = batch.rgb * 255
    assert (levels - levels.round()).abs().max() < 1e-4
    theirs = rgb_to_lab(batch.rgb.permute(0, 2, 3, 1).double().numpy())
    assert np.abs(batch.lab.permute(0, 2, 3, 1).numpy() - theirs).max() < 1e-3


def test_what_is_not_altered_is_seen_as_it_is(store):
    options = AugmentationOptions(degraded=0.2, recompressed=0.3)
    batch = sample_batch(store, indices(50, store), 32, options, SamplePlaces(1, 3, 50))
    assert len(batch.degraded) == 10
    assert len(batch.recompressed) == 15
    altered = torch.zeros(50, dtype=torch.bool)
    altered[batch.altered] = True
    assert altered.sum() == 25
    away = (batch.seen - batch.lab[:, :1]).abs().flatten(1).amax(1)
    assert away[~altered].max() == 0
    assert (away[batch.degraded] > 0.5).float().mean() > 0.8
    assert (away[batch.recompressed] > 0.5).float().mean() > 0.7


def test_parts_have_their_share_on_average():
    parts = [SamplePlaces(2, step, 7).apart(0.15, 0.25) for step in range(2000)]
    sizes = np.array([[len(part) for part in each] for each in parts])
    assert np.abs(sizes.mean(0) - [1.05, 1.75]).max() < 0.06
    assert (sizes.max(0) <= [2, 2]).all()
    assert [len(part) for part in SamplePlaces(2, 0, 4).apart(0.5, 0.5)] == [2, 2]


def test_the_same_seed_and_position_give_the_same_batch(store):
    def made(seed, position):
        places = SamplePlaces(seed, position, 20)
        return sample_batch(store, indices(20, store), 32, EVERYTHING, places)

    first = made(7, 3)
    torch.manual_seed(99)
    before = torch.get_rng_state()
    made(7, 2)
    again = made(7, 3)
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(a, b) for a, b in zip(first[:7], again[:7], strict=True))
    for other in (made(7, 4), made(8, 3), made(7 + 2**32, 3)):
        assert not torch.equal(first.rgb, other.rgb)
        assert not torch.equal(first.seen, other.seen)


def test_nothing_waits_for_the_device(store):
    """The meta device knows shapes alone: it refuses to tell a value."""
    away = PictureStore(store.pixels.to("meta"), store.sizes, store.transposed)
    batch, wanted = (
        sample_batch(each, indices(40, store), 48, EVERYTHING, SamplePlaces(1, 2, 40))
        for each in (away, store)
    )
    assert [each.shape for each in batch[:7]] == [each.shape for each in wanted[:7]]
    assert all(each.device.type == "meta" for each in batch[:7])


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_gives_the_same(store):
    options = AugmentationOptions(degraded=0.5, recompressed=0.5)
    there = PictureStore(store.pixels.cuda(), store.sizes, store.transposed)
    ours, theirs = (
        sample_batch(each, indices(40, store), 48, options, SamplePlaces(1, 2, 40))
        for each in (store, there)
    )
    for name, limit in (("rgb", 1.5 / 255), ("hints", 0.02), ("mood", 0.05)):
        assert (getattr(ours, name) - getattr(theirs, name).cpu()).abs().max() < limit
    assert (ours.seen - theirs.seen.cpu()).abs().mean() < 0.1


def test_pictures_of_any_shape_are_stored(pictures, store):
    assert store.pixels.shape == (5, 80, 120, 3)
    assert store.transposed.tolist() == [False, True, False, False, True]
    for number, picture in enumerate(pictures):
        rows, columns = store.sizes[number].tolist()
        kept = store.pixels[number, :rows, :columns]
        kept = kept.transpose(0, 1) if store.transposed[number] else kept
        assert np.array_equal(kept.numpy(), picture)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([], "no pictures"),
        ([torch.zeros(4, 4, 3)], "picture 0 is torch.float32"),
        ([torch.zeros(4, 4, 3, dtype=torch.uint8), torch.zeros(3, 4, 4, dtype=torch.uint8)],
         r"picture 1 .*\(3, 4, 4\)"),
    ],
)  # fmt: skip
def test_what_is_no_picture_is_refused(given, message):
    with pytest.raises(UsageError, match=message):
        PictureStore.of(given)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"print_blur": 1.2}, "print_blur is 1.2"),
        ({"hints": -0.1}, "hints is -0.1"),
        ({"mood": float("nan")}, "mood is nan"),
        ({"min_scale": 0.0}, "min_scale is 0"),
        ({"degraded": 0.6, "recompressed": 0.6}, "add up to 1.2"),
    ],
)
def test_what_is_no_probability_is_refused(values, message):
    with pytest.raises(ConfigError, match=message):
        AugmentationOptions(**values)


@pytest.mark.parametrize("share", [1, 3, 8])
def test_a_sample_is_the_same_whatever_others_it_is_made_with(store, share):
    """A step of 24 samples, whole and in parts that other processes might make."""
    chosen = indices(24, store)
    whole = sample_batch(store, chosen, 32, EVERYTHING, SamplePlaces(3, 5, 24))
    for start in range(0, 24, share):
        places = SamplePlaces(3, 5, 24, start)
        part = sample_batch(store, chosen[start : start + share], 32, EVERYTHING, places)
        here = slice(start, start + share)
        assert torch.equal(part.rgb, whole.rgb[here])
        for name in ("lab", "seen", "hints", "mood"):
            assert torch.allclose(getattr(part, name), getattr(whole, name)[here], atol=1e-4)
        assert set((part.altered + start).tolist()) == {
            each for each in whole.altered.tolist() if start <= each < start + share
        }
        assert part.altered_in_step == len(whole.altered)


def test_streams_are_random_and_apart():
    """Shares of neighbors in the run, of draws one after the other, and of noise."""
    draws = SamplePlaces(1, 7, 4000).draws(4000)
    first, second = draws.uniform(0, 1, 2).numpy(), draws.uniform(0, 1, 2).numpy()
    everything = np.concatenate([first, second], 1)
    for column in everything.T:
        assert stats.kstest(column, stats.uniform.cdf).pvalue > 1e-3
    rows = np.concatenate([everything[1:], everything[:-1]], 1)
    away = np.corrcoef(rows.T) - np.eye(8)
    # Each column meets itself, a row later, at a shift: no two are alike.
    assert np.abs(away).max() < 4.5 / np.sqrt(len(rows))
    noise = SamplePlaces(1, 0, 4).draws(4).noise(100, 100)
    assert stats.kstest(noise.flatten().numpy(), stats.norm.cdf).pvalue > 1e-3
    spectrum = np.abs(np.fft.fft2(noise.numpy()))[:, 1:, 1:]
    assert spectrum.max() / np.sqrt((spectrum**2).mean()) < 5
