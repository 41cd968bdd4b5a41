"""Albums: which pictures are in them, what stands below, and what is never written over."""

import io
import json
import re
from html import unescape

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from rechroma.album import find_entries, make_album
from rechroma.album.captions import caption_of, name_as_words
from rechroma.cli.app import main
from rechroma.errors import UnwritableFileError, UsageError
from rechroma.metadata import read_metadata
from rechroma.photo import Photo, encode

RED = (200, 40, 30)


def write(path, color=RED, size=(40, 30), **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB" if isinstance(color, tuple) else "L", size, color).save(path, **options)
    return path


def names(entries, folder):
    return [
        (each.name, each.after.relative_to(folder).as_posix(),
         each.before and each.before.relative_to(folder).as_posix()) for each in entries
    ]  # fmt: skip


def captions(text):
    return [unescape(each) for each in re.findall(r"<span>(.*?)</span></a>", text)]


def test_results_beside_their_originals(tmp_path):
    for name in ("scan10.jpg", "scan2.tif", "old.gif", "alone.png", "below/a.png"):
        write(tmp_path / name, 90)
    for name in ("scan10.color.jpg", "scan2.color.tif", "old.gif.color.png", "below/a.mood.png"):
        write(tmp_path / name)
    entries, alone = find_entries(tmp_path)
    assert names(entries, tmp_path) == [
        ("a", "below/a.mood.png", "below/a.png"),
        ("old.gif", "old.gif.color.png", "old.gif"),
        ("scan2", "scan2.color.tif", "scan2.tif"),
        ("scan10", "scan10.color.jpg", "scan10.jpg"),
    ]
    assert alone == 1


def test_originals_in_another_folder(tmp_path):
    for name in ("new/a.jpg", "new/b.color.jpg", "new/c.jpg"):
        write(tmp_path / name)
    for name in ("old/a.tif", "old/b.png"):
        write(tmp_path / name, 90)
    entries, alone = find_entries(tmp_path / "new", tmp_path / "old")
    assert names(entries, tmp_path) == [
        ("a", "new/a.jpg", "old/a.tif"), ("b", "new/b.color.jpg", "old/b.png"),
        ("c", "new/c.jpg", None),
    ]  # fmt: skip
    assert alone == 0
    write(tmp_path / "others/x.jpg")
    with pytest.raises(UsageError, match="others: none of 3 pictures has its original there"):
        find_entries(tmp_path / "new", tmp_path / "others")


def test_what_is_left_out(tmp_path):
    for name in ("a.jpg", "x/b.jpg", ".hidden/c.jpg", "out/d.jpg"):
        write(tmp_path / name)
    entries, _ = find_entries(tmp_path, outside=tmp_path / "out", exclude=["x/"])
    assert [each.name for each in entries] == ["a"]
    with pytest.raises(UsageError):
        find_entries(tmp_path / "nowhere")
    with pytest.raises(UsageError):
        find_entries(tmp_path, exclude=["*"])


def described(tmp_path, kind, text):
    """A picture that some other program has described."""
    path = tmp_path / f"file-name.{'png' if kind == 'png' else 'jpg'}"
    if kind == "exif":
        exif = Image.Exif()
        exif[0x010E] = text
        write(path, exif=exif)
    elif kind == "png":
        info = PngInfo()
        info.add_text("Description", text)
        write(path, pnginfo=info)
    elif kind == "xmp":
        packet = (
            '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
            'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
            'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:description><rdf:Alt>'
            f'<rdf:li xml:lang="x-default">{text.replace("&", "&amp;")}</rdf:li>'
            '<rdf:li xml:lang="de">anders</rdf:li></rdf:Alt></dc:description>'
            "</rdf:Description></rdf:RDF></x:xmpmeta>"
        )
        write(path, xmp=packet.encode())
    else:
        said = text.encode()
        records = b"\x1c\x01\x5a\0\3\x1b%G" + b"\x1c\2\x78" + len(said).to_bytes(2, "big") + said
        block = b"8BIM\x04\x04\0\0" + len(records).to_bytes(4, "big") + records
        block += b"\0" * (len(records) % 2)
        segment = b"Photoshop 3.0\0" + block
        data = io.BytesIO()
        Image.new("RGB", (40, 30), RED).save(data, "JPEG")
        raw = data.getvalue()
        app13 = b"\xff\xed" + (len(segment) + 2).to_bytes(2, "big") + segment
        path.write_bytes(raw[:2] + app13 + raw[2:])
    return path


@pytest.mark.parametrize("kind", ["xmp", "iptc", "exif", "png"])
def test_captions_are_what_the_file_says(tmp_path, kind):
    said = "Großmutter & Hund, Kärnten"
    text = said if kind != "exif" else "Grandmother & dog, Carinthia"
    assert caption_of([described(tmp_path, kind, text)], "file-name") == text


def test_what_cameras_say_is_no_caption(tmp_path):
    path = described(tmp_path, "exif", "OLYMPUS DIGITAL CAMERA         ")
    assert caption_of([path], "pea-pickers_nipomo") == "pea pickers nipomo"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("IMG_0001", "IMG 0001"),
        ("1936-05-12 harbor", "1936-05-12 harbor"),
        ("the-old__mill-1910", "the old mill 1910"),
        ("___", "___"),
    ],
)
def test_names_as_words(name, words):
    assert name_as_words(name) == words


def test_what_an_album_consists_of(tmp_path):
    """Its links lead to files that are there; pictures are small, turned, and tell nothing."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "</span><script>alert(1)</script>"
    exif[0x8825] = {1: "N", 2: (48.0, 12.0, 0.0)}
    write(tmp_path / "in/a.jpg", size=(2400, 1200), exif=exif)
    write(tmp_path / "in/b.png", size=(30, 20))
    entries, _ = find_entries(tmp_path / "in")
    made = make_album(entries, tmp_path / "out", title="<b>&")
    assert (made.pictures, made.pages, made.failed) == (2, 1, ())
    page = made.page.read_text(encoding="utf-8")
    assert "<title>&lt;b&gt;&amp;</title>" in page
    assert captions(page) == ["</span><script>alert(1)</script>", "b"]
    links = re.findall(r'(?:href|src|data-before)="([^"#]+)"', page)
    assert len(links) == 6
    assert all((tmp_path / "out" / each).is_file() for each in links)
    assert "//" not in re.sub(r"//[^\n]*\n", "\n", page[page.index("<script>\n") :])
    assert "//" not in page[: page.index("<script>\n")]
    with Image.open(tmp_path / "out/pictures/0001-after.jpg") as large:
        assert large.size == (800, 1600)
        assert not large.getexif()
        assert np.abs(np.asarray(large).astype(int).mean((0, 1)) - RED).max() < 3
    with Image.open(tmp_path / "out/thumbnails/0001.jpg") as small:
        assert small.size == (180, 360)
    with Image.open(tmp_path / "out/pictures/0002-after.jpg") as kept:
        assert kept.size == (30, 20)
    # Without an original: the same lightness, and no color. Of this red L is 44.
    gray = np.asarray(Image.open(tmp_path / "out/pictures/0001-before.jpg")).astype(int)
    assert np.ptp(gray, axis=2).max() <= 2
    assert abs(gray.mean() - 104) < 3


def test_the_mark_stays_and_nothing_else(tmp_path):
    photo = Photo(np.full((20, 30, 3), RED, np.uint8)).marked("a model", machine_colored=True)
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.jpg").write_bytes(encode(photo, "jpeg"))
    entries, _ = find_entries(tmp_path / "in")
    make_album(entries, tmp_path / "out", title="t")
    marks = [
        b"TrainedAlgorithmicMedia" in (read_metadata(tmp_path / "out" / name).xmp or b"")
        for name in ("pictures/0001-after.jpg", "thumbnails/0001.jpg", "pictures/0001-before.jpg")
    ]
    assert marks == [True, True, False]


def test_an_album_of_many_has_pages(tmp_path):
    for number in range(1, 64):
        write(tmp_path / f"in/{number}.png", size=(8, 8))
    entries, _ = find_entries(tmp_path / "in")
    made = make_album(entries, tmp_path / "out", title="t")
    assert made.pages == 2
    first, second = (
        (tmp_path / "out" / name).read_text(encoding="utf-8")
        for name in ("index.html", "page-2.html")
    )
    assert captions(first) == [str(number) for number in range(1, 61)]
    assert captions(second) == ["61", "62", "63"]
    assert 'data-previous="" data-next="page-2.html"' in first
    assert 'data-previous="index.html" data-next=""' in second
    # With fewer pictures it is smaller, and leaves nothing of before.
    make_album(entries[:2], tmp_path / "out", title="t")
    left = sorted(
        p.relative_to(tmp_path / "out").as_posix() for p in (tmp_path / "out").rglob("*.*")
    )
    assert left == [
        "album.json", "index.html", "pictures/0001-after.jpg", "pictures/0001-before.jpg",
        "pictures/0002-after.jpg", "pictures/0002-before.jpg", "thumbnails/0001.jpg",
        "thumbnails/0002.jpg",
    ]  # fmt: skip


def snapshot(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("taken", ["index.html", "album.json", "pictures/0001-after.jpg"])
def test_files_of_others_are_never_written_over(tmp_path, taken):
    write(tmp_path / "in/a.png")
    entries, _ = find_entries(tmp_path / "in")
    own = tmp_path / "out" / taken
    own.parent.mkdir(parents=True)
    own.write_text("mine")
    before = snapshot(tmp_path / "out")
    with pytest.raises(UnwritableFileError, match="exists already"):
        make_album(entries, tmp_path / "out", title="t")
    assert snapshot(tmp_path / "out") == before


def test_what_somebody_has_changed_stays(tmp_path):
    write(tmp_path / "in/a.png")
    entries, _ = find_entries(tmp_path / "in")
    made = make_album(entries, tmp_path / "out", title="t")
    (tmp_path / "out/notes.txt").write_text("mine")
    make_album(entries, tmp_path / "out", title="other")
    assert (tmp_path / "out/notes.txt").read_text() == "mine"
    made.page.write_text("better words")
    before = snapshot(tmp_path / "out")
    with pytest.raises(UnwritableFileError, match=r"index\.html"):
        make_album(entries, tmp_path / "out", title="t")
    assert snapshot(tmp_path / "out") == before


def test_a_list_names_nothing_outside(tmp_path):
    """Whoever gives somebody a folder can't have other files deleted or replaced by it."""
    write(tmp_path / "in/a.png")
    victim = tmp_path / "victim.txt"
    victim.write_text("mine")
    (tmp_path / "out").mkdir()
    said = {"generator": "rechroma album 2", "files": {"../victim.txt": "", str(victim): ""}}
    (tmp_path / "out/album.json").write_text(json.dumps(said))
    entries, _ = find_entries(tmp_path / "in")
    with pytest.raises(UnwritableFileError):
        make_album(entries, tmp_path / "out", title="t")
    assert victim.read_text() == "mine"


def test_an_interrupted_album_can_be_made_again(tmp_path):
    for name in "abc":
        write(tmp_path / f"in/{name}.png")
    entries, _ = find_entries(tmp_path / "in")

    def stop(done):
        if done == 2:
            raise KeyboardInterrupt

    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            make_album(entries, tmp_path / "out", title="t", jobs=1, tell=stop)
    assert make_album(entries, tmp_path / "out", title="t").pictures == 3


def test_the_command(tmp_path, capfd):
    write(tmp_path / "my-album/a.jpg", 90)
    write(tmp_path / "my-album/a.color.jpg")
    write(tmp_path / "my-album/c.color.jpg")
    write(tmp_path / "my-album/c.jpg", 90)
    (tmp_path / "my-album/c.color.jpg").write_bytes(b"broken")
    assert main(["album", str(tmp_path / "my-album")]) == 1
    said = capfd.readouterr().err
    assert "c.color.jpg" in said
    assert "1 photographs" not in said
    page = (tmp_path / "my-album-album/index.html").read_text()
    assert "<h1>my album</h1>" in page
    assert captions(page) == ["a"]
    assert main(["album", str(tmp_path / "nowhere")]) == 2
    (tmp_path / "my-album/a.color.jpg").write_bytes(b"broken, too")
    assert main(["album", str(tmp_path / "my-album"), "-o", str(tmp_path / "other")]) == 3
