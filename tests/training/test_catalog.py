import json

import numpy as np
import pytest
from PIL import Image
from skimage import data
from skimage.color import rgb2lab

from rechroma.errors import ConfigError
from rechroma.photo import read
from rechroma.training.catalog import (
    catalog,
    colorful,
    hold_out,
    refuse_overlap,
)
from rechroma.training.measures import CatalogEntry, mean_chroma
from rechroma.training.sources import PictureRef


def test_all_folders_are_searched_and_the_order_is_fixed(photos, tmp_path):
    pictures = catalog(photos, 2, tmp_path / "cache.json")
    assert len(pictures) == 12
    assert pictures == sorted(pictures, key=lambda picture: picture.ref.file)
    assert len(json.loads((tmp_path / "cache.json").read_text())) == 12
    assert catalog(photos, 2, tmp_path / "cache.json") == pictures


def test_gray_and_sepia_pictures_are_left_out(tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    color = data.coffee()
    gray = np.repeat(color.mean(-1, keepdims=True), 3, axis=-1)
    for name, pixels in {"color": color, "gray": gray, "sepia": gray * [1, 0.97, 0.93]}.items():
        Image.fromarray(pixels.astype(np.uint8)).save(photos / f"{name}.png")
    pictures = catalog(photos, 1, tmp_path / "cache.json")
    assert [picture.ref.stem for picture in colorful(pictures, 6.0)] == ["color"]
    with pytest.raises(ConfigError, match="MIN_CHROMA"):
        colorful(pictures, 200.0)


def test_mean_chroma_agrees_with_scikit_image(tmp_path):
    Image.fromarray(data.astronaut()).save(tmp_path / "a.png")
    lab = rgb2lab(data.astronaut())
    plain = np.hypot(lab[..., 1], lab[..., 2]).mean()
    assert mean_chroma(read(tmp_path / "a.png")) == pytest.approx(plain, rel=0.01)


def test_unreadable_pictures_are_named(tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    Image.fromarray(data.coffee()).save(photos / "good.png")
    (photos / "broken.jpg").write_bytes(b"not a picture")
    with pytest.raises(ConfigError, match=r"broken\.jpg"):
        catalog(photos, 1, tmp_path / "cache.json")


@pytest.mark.parametrize("kept", [[], [7.0], [7.0, "seen"], "seen", None, {"chroma": 7.0}])
def test_a_damaged_memory_of_a_picture_is_made_anew(photos, tmp_path, kept):
    cache = tmp_path / "cache.json"
    pictures = catalog(photos, 1, cache)
    known = json.loads(cache.read_text())
    cache.write_text(json.dumps({**known, next(iter(known)): kept}))
    assert catalog(photos, 1, cache) == pictures


def test_an_empty_folder_is_named(tmp_path):
    with pytest.raises(ConfigError, match="no pictures"):
        catalog(tmp_path, 1, tmp_path / "cache.json")


def numbered(folder, count):
    return [
        CatalogEntry(
            PictureRef(folder / f"{number}.png", f"{number}.png"),
            10.0,
            f"content {number}",
            (9, 9),
        )
        for number in range(count)
    ]


def test_pictures_stay_apart_when_others_come(tmp_path):
    pictures = numbered(tmp_path, 100)
    rest, apart = hold_out(pictures, 20)
    assert len(apart) == 20
    assert {p.ref for p in rest + apart} == {p.ref for p in pictures}
    _, fewer = hold_out(pictures[:60], 20)
    assert {p.ref for p in apart} & {p.ref for p in pictures[:60]} <= {p.ref for p in fewer}


def test_copies_of_a_picture_kept_apart_are_not_trained_on(tmp_path):
    pictures = numbered(tmp_path / "a", 30) + numbered(tmp_path / "b", 30)
    rest, apart = hold_out(pictures, 10)
    assert not {p.content for p in rest} & {p.content for p in apart}


def test_the_same_picture_under_another_name_and_format_is_found(tmp_path):
    for place in ("train", "val"):
        (tmp_path / place).mkdir()
    Image.fromarray(data.coffee()).save(tmp_path / "train" / "one.png")
    Image.fromarray(data.chelsea()).save(tmp_path / "train" / "two.png")
    Image.fromarray(data.coffee()).save(tmp_path / "val" / "other.tif")
    sides = [catalog(tmp_path / place, 1, tmp_path / "c.json") for place in ("train", "val")]
    with pytest.raises(ConfigError, match=r"1 pictures .*other\.tif is .*one\.png"):
        refuse_overlap(*sides)
    refuse_overlap(sides[0][1:], sides[1])


@pytest.mark.parametrize("content", ["", '{"half', "[1, 2]"])
def test_a_damaged_memory_is_made_anew(photos, tmp_path, content):
    cache = tmp_path / "cache.json"
    cache.write_text(content)
    assert len(catalog(photos, 1, cache)) == 12
    assert len(json.loads(cache.read_text())) == 12
