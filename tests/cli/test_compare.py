"""`rechroma compare`: the page's data; a browser is not needed for these."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from PIL import Image

from rechroma.cli import main

# Windows has no file names with < or >, which are what matters here.
pytestmark = pytest.mark.posix
NAMES = ["a.jpg", "b c.png", "deep/ü</script>.webp", "only-in-a.jpg", "scan.tif"]


@pytest.fixture
def folders(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for folder in ("one", "two"):
        Path(folder, "deep").mkdir(parents=True)
        for name in NAMES:
            name = name.replace("</script>", "<s>")
            if folder == "one" or "only" not in name:
                Image.new("RGB", (8, 8)).save(Path(folder, name))
    return tmp_path


def data_of(page):
    return json.loads(
        re.search(r"const data = (.*);\n", Path(page).read_text(encoding="utf-8")).group(1)
    )


@pytest.mark.usefixtures("folders")
def test_pairs_are_those_that_both_have_and_a_browser_shows(capfd):
    assert main(["compare", "one", "two"]) == 0
    assert "3 pairs: open compare.html" in capfd.readouterr().err
    data = data_of("compare.html")
    assert sorted(pair["name"] for pair in data["pairs"]) == ["a", "b c", "deep/ü<s>"]
    assert data["names"] == ["one", "two"]
    for pair in data["pairs"]:
        for link, folder in zip(pair["pictures"], ("one", "two"), strict=True):
            assert Path(unquote(link)).is_file()
            assert link.startswith(folder)
    assert "<s>" not in Path("compare.html").read_text(encoding="utf-8").split("<script", 1)[1]


@pytest.mark.usefixtures("folders")
def test_links_work_from_another_folder():
    Path("pages").mkdir()
    assert main(["compare", "one", "two", "-o", "pages/x.html"]) == 0
    for pair in data_of("pages/x.html")["pairs"]:
        assert all(Path("pages", unquote(link)).is_file() for link in pair["pictures"])


def test_sides_and_order_are_mixed_and_repeat(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for folder in ("one", "two"):
        Path(folder).mkdir()
        for number in range(40):
            Image.new("L", (4, 4)).save(Path(folder, f"{number:02d}.png"))
    assert main(["compare", "one", "two"]) == 0
    first = data_of("compare.html")
    assert main(["compare", "one", "two", "--overwrite"]) == 0
    assert data_of("compare.html") == first
    assert 8 < sum(pair["swapped"] for pair in first["pairs"]) < 32
    names = [pair["name"] for pair in first["pairs"]]
    assert names != sorted(names)


@pytest.mark.usefixtures("folders")
def test_other_pictures_are_another_comparison(capfd):
    main(["compare", "one", "two"])
    assert "1 pictures are in one of the folders alone" in capfd.readouterr().err
    first = data_of("compare.html")["key"]
    Image.new("RGB", (9, 9)).save("two/a.jpg")
    main(["compare", "one", "two", "--overwrite"])
    assert data_of("compare.html")["key"] != first


@pytest.mark.usefixtures("folders")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["one", "twins"], "twins/a.jpg and twins/a.png have one name"),
        (["one", "none"], "none: no such folder"),
        (["one", "empty"], "no picture of the same name"),
    ],
)
def test_what_can_not_be_compared(capfd, arguments, message):
    Path("empty").mkdir()
    Path("twins").mkdir()
    for name in ("a.png", "a.jpg"):
        Image.new("L", (4, 4)).save(Path("twins", name))
    assert main(["compare", *arguments]) == 2
    assert message in capfd.readouterr().err
    assert not Path("compare.html").exists()


@pytest.mark.usefixtures("folders")
def test_a_page_is_not_written_over(capfd):
    Path("compare.html").write_text("mine", encoding="utf-8")
    assert main(["compare", "one", "two"]) != 0
    assert "exists already" in capfd.readouterr().err
    assert Path("compare.html").read_text(encoding="utf-8") == "mine"
