"""What is shown to others: captions, and before and after that move."""

import io

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from .steps import give, no_violations, pick, ready, saved, until_kept

PIXELS = """c => {
  const data = c.getContext("2d").getImageData(0, 0, c.width, c.height).data;
  return [c.width, c.height, [...data]];
}"""


def shown(page, which):
    width, height, data = page.locator(f"#color-stage .{which}").evaluate(PIXELS)
    return np.array(data, np.uint8).reshape(height, width, 4)[..., :3].astype(int)


def shared(page, kind):
    """The file that is saved, and its name."""
    page.locator("#share").select_option(kind)
    with page.expect_download() as waiting:
        page.locator("#panel").get_by_role("button", name="Save picture").click()
    return io.BytesIO(saved(waiting.value)), waiting.value.suggested_filename


def noisy(width, height):
    """A picture that no packing makes small: every table of codes gets full."""
    rng = np.random.default_rng(3)
    smooth = np.linspace(40, 215, width)[None] + rng.normal(0, 20, (height, width))
    file = io.BytesIO()
    Image.fromarray(smooth.clip(0, 255).astype(np.uint8)).save(file, "PNG")
    return file.getvalue()


def test_a_caption_stands_below(page, make_picture):
    give(page, "main", "drop", ("a.png", make_picture(size=(300, 200))), ("b.png", make_picture()))
    ready(page, 2)
    bare, name = shared(page, "side")
    assert name == "a.side.png"
    page.get_by_label("Caption").first.fill("The harbor, about 1910, seen from the customs house")
    page.get_by_label("Caption").first.blur()
    written = np.asarray(Image.open(shared(page, "side")[0]).convert("L"))
    plain = np.asarray(Image.open(bare).convert("L"))
    assert np.array_equal(written[:200], plain)
    below = written[200:]
    assert below.shape[0] > 12
    # Letters, and paper around them.
    assert 0.01 < (below < 128).mean() < 0.5
    assert (below[:, :4] == 255).all()
    no_violations(page)
    # It is the picture's own, and it is kept.
    pick(page, "b.png")
    expect(page.get_by_label("Caption").first).to_have_value("")
    pick(page, "a.png")
    until_kept(page)
    page.reload()
    ready(page, 2)
    expect(page.get_by_label("Caption").first).to_have_value(
        "The harbor, about 1910, seen from the customs house"
    )
    page.get_by_role("button", name="Undo", exact=True).first.click()
    expect(page.get_by_label("Caption").first).to_have_value("")


def test_before_and_after_move_in_a_gif(page):
    """As another program reads it: gray first, in color half-way, and gray again."""
    give(page, "main", "drop", ("a.png", noisy(333, 240)))
    ready(page)
    file, name = shared(page, "gif")
    assert name == "a.slider.gif"
    before, after = shown(page, "before"), shown(page, "after")
    gif = Image.open(file)
    assert gif.size == (333, 240)
    assert gif.n_frames == 49
    assert gif.info["loop"] == 0
    frames = []
    for number in range(gif.n_frames):
        gif.seek(number)
        frames.append(np.asarray(gif.convert("RGB")).astype(int))
        assert gif.info["duration"] >= 20
    assert np.array_equal(frames[0][:, :-2], before[:, :-2])
    assert (frames[0][:, -2:] == 255).all()
    assert np.array_equal(frames[-1], frames[0])
    # 256 colors: near on the average of places, since rounding is spread over neighbors.
    half = frames[24]
    assert (half[:, :2] == 255).all()
    means = [np.abs(blocks(half) - blocks(each)).mean() for each in (after, before)]
    assert means[0] < 2 < means[1]
    quarter = frames[12]
    line = 1 + int((quarter == 255).all((0, 2)).nonzero()[0][-1])
    assert np.array_equal(quarter[:, : line - 2], frames[0][:, : line - 2])
    assert np.array_equal(quarter[:, line:], half[:, line:])


def blocks(picture, size=12):
    """The means of squares, without the columns of the line and what fills no square."""
    rows, columns = 240 // size, 324 // size
    part = picture[: rows * size, 4 : 4 + columns * size]
    return part.reshape(rows, size, columns, size, 3).mean((1, 3))


def test_before_and_after_move_in_a_film(page):
    av = pytest.importorskip("av")
    give(page, "main", "drop", ("a.png", noisy(333, 240)))
    ready(page)
    assert page.evaluate("Boolean(window.MediaRecorder)")
    file, name = shared(page, "film")
    assert name in {"a.slider.mp4", "a.slider.webm"}
    before, after = shown(page, "before"), shown(page, "after")
    with av.open(file) as film:
        frames = [frame.to_ndarray(format="rgb24").astype(int) for frame in film.decode(video=0)]
    assert frames[0].shape == (240, 332, 3)
    apart = [np.abs(blocks(frame) - blocks(after)).mean() for frame in frames]
    # In color in the middle, gray at both ends.
    assert min(apart) < 8
    assert np.abs(blocks(frames[0]) - blocks(before)).mean() < 8
    assert np.abs(blocks(frames[-1]) - blocks(before)).mean() < 8
    # What moves can't be copied.
    expect(page.locator("#panel").get_by_role("button", name="Copy")).to_be_hidden()


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_the_line_stops_at_the_caption(page, make_picture, mode):
    """What stands below is drawn once, on white paper; also if the photograph is in color."""
    give(page, "main", "drop", ("a.png", make_picture(size=(300, 200), mode=mode)))
    expect(page.locator(".filmstrip li[data-state=ready]")).to_have_count(1)
    if mode == "RGB":
        page.get_by_role("button", name="Color it anew").click()
    ready(page)
    page.get_by_label("Caption").first.fill("The harbor, about 1910")
    page.get_by_label("Caption").first.blur()
    gif = Image.open(shared(page, "gif")[0])
    assert gif.size[0] == 300
    assert gif.size[1] > 212
    lines = set()
    for number in range(gif.n_frames):
        gif.seek(number)
        frame = np.asarray(gif.convert("RGB")).astype(int)
        if number == 0:
            below = frame[200:]
        np.testing.assert_array_equal(frame[200:], below)
        lines |= set((frame[:200] == 255).all((0, 2)).nonzero()[0].tolist())
    assert (below[:, :8] == 255).all()
    assert (below[:, -8:] == 255).all()
    assert (below[..., 0] < 128).any()
    assert {0, 1, 298, 299} <= lines
