import json

import numpy as np
import pytest
from PIL import Image
from skimage import data
from skimage.color import rgb2lab

from rechroma.errors import ConfigError
from rechroma.training.catalog import colour_pictures, hold_out, mean_chroma


def test_all_folders_are_searched_and_the_order_is_fixed(photos, tmp_path):
    paths = colour_pictures(photos, 0, 2, tmp_path / "cache.json")
    assert len(paths) == 12
    assert paths == sorted(paths)
    assert len(json.loads((tmp_path / "cache.json").read_text())) == 12
    assert colour_pictures(photos, 0, 2, tmp_path / "cache.json") == paths


def test_grey_and_sepia_pictures_are_left_out(tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    colour = data.coffee()
    grey = np.repeat(colour.mean(-1, keepdims=True), 3, axis=-1)
    for name, pixels in {"colour": colour, "grey": grey, "sepia": grey * [1, 0.97, 0.93]}.items():
        Image.fromarray(pixels.astype(np.uint8)).save(photos / f"{name}.png")
    paths = colour_pictures(photos, 6.0, 1, tmp_path / "cache.json")
    assert [path.stem for path in paths] == ["colour"]


def test_mean_chroma_agrees_with_scikit_image(tmp_path):
    Image.fromarray(data.astronaut()).save(tmp_path / "a.png")
    lab = rgb2lab(data.astronaut())
    plain = np.hypot(lab[..., 1], lab[..., 2]).mean()
    assert mean_chroma(tmp_path / "a.png") == pytest.approx(plain, rel=0.01)


def test_unreadable_pictures_are_named(tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    Image.fromarray(data.coffee()).save(photos / "good.png")
    (photos / "broken.jpg").write_bytes(b"not a picture")
    with pytest.raises(ConfigError, match=r"broken\.jpg"):
        colour_pictures(photos, 6.0, 1, tmp_path / "cache.json")


def test_an_empty_folder_is_named(tmp_path):
    with pytest.raises(ConfigError, match="no pictures"):
        colour_pictures(tmp_path, 6.0, 1, tmp_path / "cache.json")


def test_pictures_stay_apart_when_others_come(tmp_path):
    paths = [tmp_path / f"{number}.png" for number in range(100)]
    rest, apart = hold_out(paths, 20)
    assert len(apart) == 20
    assert sorted(rest + apart) == sorted(paths)
    _, fewer = hold_out(paths[:60], 20)
    assert set(apart) & set(paths[:60]) <= set(fewer)
