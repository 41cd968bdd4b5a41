import json
import zipfile

import numpy as np
import pytest
from PIL import Image
from skimage.color import lab2rgb, rgb2lab

from rechroma.cli import main
from rechroma.evaluation.evenness import even_regions, splits, spread, unevenness
from rechroma.evaluation.scores import hue_shares, score


def flat(*color, shape=(100, 120)):
    return np.broadcast_to(np.array(color, float), (*shape, len(color))).copy()


def test_two_halves_of_one_color_each_are_two_regions():
    chroma = flat(0, 0)
    chroma[:, 60:] = 20, 5
    regions = even_regions(chroma)
    assert sorted(int(np.flatnonzero(region.any(0))[0]) for region in regions) == [0, 60]
    assert all(region.sum() == 6000 for region in regions)


@pytest.mark.parametrize(("side", "found"), [(15, 1), (16, 2)])
def test_what_is_smaller_than_a_fiftieth_is_no_region(side, found):
    """A square of 15 × 15 has 1.9 % of 100 × 120 pixels, one of 16 × 16 has 2.1 %."""
    chroma = flat(0, 0)
    chroma[10 : 10 + side, 10 : 10 + side] = 40, 0
    assert len(even_regions(chroma)) == found


def test_regions_are_connected():
    chroma = flat(0, 0)
    chroma[:, 30:50] = 40, 0
    chroma[:, 70:90] = 40, 0
    assert len(even_regions(chroma)) == 5


def test_a_chain_of_small_steps_is_no_even_region():
    """A ramp of 60 units in steps of half a unit has a spread of 17; noise of 1 unit is even."""
    ramp = flat(0, 0)
    ramp[..., 0] = np.arange(120) / 2
    assert even_regions(ramp) == []
    noise = flat(0, 0) + np.random.default_rng(0).uniform(-0.7, 0.7, (100, 120, 2))
    (region,) = even_regions(noise)
    assert region.all()


def test_a_wide_region_is_cut_where_its_steps_are_largest():
    """Steps of 1.5 join two plains 12 units apart; by steps below 1 they are two."""
    chroma = flat(0, 0)
    chroma[..., 0] = np.clip(np.arange(120) - 56, 0, 8) * 1.5
    assert len(even_regions(chroma)) == 2


def test_the_spread_is_the_distance_from_the_mean():
    assert spread(np.array([[0.0, 0], [6, 8]])) == 5
    assert spread(np.ones((7, 2))) == 0


@pytest.mark.parametrize(
    ("apart", "share", "two"),
    [(10, 0.5, True), (9.9, 0.5, False), (30, 0.2, True), (30, 0.19, False)],
)
def test_two_colors_are_far_from_each_other_and_each_has_its_part(apart, share, two):
    colors = np.zeros((1000, 2))
    colors[: round(1000 * share)] = 0.6 * apart, 0.8 * apart
    assert splits(colors) is two


def test_an_even_color_does_not_split_and_a_long_ramp_does():
    assert not splits(np.full((50, 2), 30.0))
    assert not splits(np.zeros((1, 2)))
    # The halves of a ramp are half of its length apart.
    ramp = np.linspace(0, 1, 500)[:, None] * [3, 4]
    assert splits(ramp * 4.1)
    assert not splits(ramp * 3.9)


def test_sums_over_even_regions():
    truth, answer = flat(0, 0), flat(10, 10)
    truth[:, 60:] = 30, 0
    truth[::2, :60, 0] = 1.0
    # The left half comes out in two colors, the right one in one, and a little noisy.
    answer[:, :30] = 10, -20
    answer[::2, 60:, 1] += 4
    found = unevenness(answer, truth)
    assert (found.regions, found.split) == (2, 1)
    assert found.spread_truth == pytest.approx(0.5)
    assert found.spread == pytest.approx(15 + 2)


def test_the_truth_itself_has_a_ratio_of_one():
    rng = np.random.default_rng(1)
    truth = np.repeat(np.repeat(np.indices((4, 4)).transpose(1, 2, 0) * 15.0, 30, 0), 30, 1)
    truth += rng.uniform(-0.5, 0.5, truth.shape)
    found = unevenness(truth, truth)
    assert found.regions == 16
    assert found.spread == found.spread_truth
    assert found.split == 0


def hue(degrees, chroma=30.0):
    return 60.0, chroma * np.cos(np.radians(degrees)), chroma * np.sin(np.radians(degrees))


def as_pixels(lab):
    return np.round(lab2rgb(lab) * 255).astype(np.uint8)


def test_shares_of_hues_by_scikit_image():
    rows = [flat(*hue(15 + 30 * k), shape=(k + 1, 20)) for k in range(12)]
    lab = np.concatenate([*rows, flat(*hue(80, 6), shape=(22, 20))])
    shares = hue_shares(as_pixels(lab))
    assert shares == pytest.approx(np.arange(1, 13) / 100)
    truth = as_pixels(lab)
    found = score(truth, truth, lambda x, _: x.sum((1, 2, 3)) * 0)
    assert found.neutral == found.neutral_truth == pytest.approx(0.22)


def test_scores_tell_a_veil_and_a_blotch():
    gray = as_pixels(flat(60, 0, 0, shape=(256, 256)))
    veiled, torn = gray.copy(), gray.copy()
    veiled[:] = as_pixels(flat(*hue(280, 14), shape=(1, 1)))
    torn[:, :128] = veiled[0, 0]
    zero = lambda x, _: x.sum((1, 2, 3)) * 0  # noqa: E731
    even, split = score(veiled, gray, zero), score(torn, gray, zero)
    assert (even.neutral, even.neutral_truth, split.neutral) == (0, 1, 0.5)
    assert (even.even_regions, even.even_split, split.even_split) == (1, 0, 1)
    assert even.even_spread == pytest.approx(0, abs=1e-4)
    # Half of the picture is neutral: the mean lies in the middle.
    distance = np.linalg.norm(rgb2lab(torn)[0, 0, 1:])
    assert split.even_spread == pytest.approx(distance / 2, abs=0.1)


@pytest.fixture
def folder(tmp_path):
    """A picture of two colors in a zip, and a gray one beside it."""
    place = tmp_path / "pictures"
    place.mkdir()
    picture = np.zeros((64, 96, 3), np.uint8)
    picture[:, :48], picture[:, 48:] = (180, 60, 50), (60, 90, 160)
    Image.fromarray(picture).save(tmp_path / "two.png")
    with zipfile.ZipFile(place / "shard.zip", "w") as shard:
        shard.write(tmp_path / "two.png", "deep/two.png")
    Image.fromarray(picture[..., 1]).save(place / "gray.png")
    return place


@pytest.mark.filterwarnings("error")
def test_the_command_reads_shards_and_tells_of_blotches_and_casts(folder, capsys):
    assert main(["evaluate", str(folder), "--baselines", "--json"]) == 0
    out, err = capsys.readouterr()
    rows = {row["name"]: row for row in map(json.loads, out.splitlines())}
    assert "1 of 2 pictures are gray and left out" in err
    gray = rows["gray copy"]
    assert gray["count"] == 1
    assert gray["even_split_share"]["mean"] == 0
    assert gray["hues"] == [0] * 12
    assert sorted(gray["hues_truth"]) == pytest.approx([0] * 10 + [0.5, 0.5])
    # There are no neutral pixels in the truth.
    assert gray["neutral_ratio"] == {"mean": None, "low": None, "high": None}


@pytest.mark.filterwarnings("error")
def test_gray_pictures_alone_are_refused_in_one_line(folder, capsys):
    (folder / "shard.zip").unlink()
    assert main(["evaluate", str(folder)]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert "all 1 pictures are gray" in line


def test_one_shard_and_the_table_for_people(folder, capsys):
    assert main(["evaluate", str(folder / "shard.zip"), "--quiet"]) == 0
    table, _, hues = capsys.readouterr().out.partition("\n\n")
    assert "even regions: split" in table
    assert "| – |" in table
    assert hues.splitlines()[-1].startswith("| truth | 0.0 |")
