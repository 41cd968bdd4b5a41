"""`rechroma transfer`, `apply` and `look`, as they are typed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import data

from rechroma.cli import main


@pytest.fixture
def photos(tmp_path, monkeypatch):
    """The current folder with src.jpg, target.jpg, grey.jpg and more/0.jpg, more/1.jpg."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RECHROMA_LOOKS", str(tmp_path / "looks"))
    Path("more").mkdir()
    small = {name: Image.fromarray(getattr(data, name)()).resize((120, 80))
             for name in ("coffee", "rocket", "chelsea")}  # fmt: skip
    small["coffee"].save("src.jpg")
    small["rocket"].save("target.jpg")
    small["chelsea"].convert("L").save("grey.jpg")
    small["rocket"].save("more/0.jpg")
    small["chelsea"].save("more/1.jpg")
    return tmp_path


pytestmark = pytest.mark.usefixtures("photos")


def call(capfd, *arguments):
    capfd.readouterr()
    code = main([str(each) for each in arguments])
    return code, *capfd.readouterr()


def pixels(path):
    return np.asarray(Image.open(path).convert("RGB")).astype(int)


def test_as_the_original_did(capfd):
    before = Path("target.jpg").read_bytes()
    code, out, err = call(
        capfd, "transfer", "--src", "src.jpg", "--target", "target.jpg", "--out", "new.png"
    )
    assert (code, out) == (0, "")
    assert "1 changed: new.png" in err
    assert Path("target.jpg").read_bytes() == before
    assert np.abs(pixels("new.png") - pixels("target.jpg")).mean() > 10


def test_a_folder_keeps_its_tree_and_is_resumed(capfd):
    arguments = ("transfer", "--src", "src.jpg", "--target", "more", "--out", "warm/")
    assert call(capfd, *arguments)[0] == 0
    assert sorted(p.name for p in Path("warm").iterdir()) == ["0.jpg", "1.jpg"]
    assert "2 skipped" in call(capfd, *arguments)[2]


def test_without_out_it_goes_beside_the_target(capfd):
    assert call(capfd, "transfer", "--src", "src.jpg", "--target", "target.jpg")[0] == 0
    assert Path("target.mood.jpg").exists()


def test_the_lut_gives_the_same_picture(capfd):
    call(capfd, "transfer", "--src", "src.jpg", "--target", "target.jpg", "-o", "a.png",
         "--lut", "look.cube")  # fmt: skip
    assert call(capfd, "apply", "look.cube", "target.jpg", "-o", "b.png")[0] == 0
    assert np.abs(pixels("a.png") - pixels("b.png")).max() <= 1


def test_a_lut_of_several_targets_is_refused(capfd):
    code, _, err = call(
        capfd, "transfer", "--src", "src.jpg", "--target", "more", "-o", "x/", "--lut", "l.cube"
    )
    assert code == 2
    assert "rechroma look save" in err


def test_source_and_target_mixed_up(capfd):
    code, _, err = call(
        capfd, "transfer", "--src", "grey.jpg", "--target", "target.jpg", "-o", "new.png"
    )
    assert code == 2
    assert "grey.jpg: the source, where the mood comes from, is black and white" in err
    assert not Path("new.png").exists()


def test_a_grey_target_is_colorized_first(capfd):
    assert (
        call(capfd, "transfer", "--src", "src.jpg", "--target", "grey.jpg", "-o", "n.png")[0] == 0
    )
    assert np.ptp(pixels("n.png"), axis=2).mean() > 5


def test_looks_by_name(capfd):
    assert call(capfd, "look", "save", "brown", "--from", "src.jpg")[0] == 0
    assert call(capfd, "look", "list")[1].startswith("brown\t")
    assert call(capfd, "apply", "brown", "more", "-o", "out/")[0] == 0
    assert len(list(Path("out").iterdir())) == 2
    assert call(capfd, "look", "save", "brown", "--from", "target.jpg")[0] == 3
    call(capfd, "transfer", "--src", "src.jpg", "--target", "target.jpg", "--lut", "x.cube")
    assert call(capfd, "look", "add", "x.cube", "other")[0] == 0
    assert len(call(capfd, "look", "list")[1].splitlines()) == 2


@pytest.mark.parametrize("look", ["none.cube", "nobody"])
def test_no_such_look(capfd, look):
    code, _, err = call(capfd, "apply", look, "target.jpg", "-o", "o.png")
    assert code == 3
    assert err.count("error:") == 1


def test_the_help_tells_which_is_which(capfd):
    out = call(capfd, "transfer", "--help")[1]
    assert "the mood comes from here  this photograph is changed" in out


def test_strength_nought_changes_next_to_nothing(capfd):
    call(capfd, "transfer", "--src", "src.jpg", "--target", "target.jpg", "-o", "n.png",
         "--strength", "0")  # fmt: skip
    assert np.abs(pixels("n.png") - pixels("target.jpg")).max() <= 1
