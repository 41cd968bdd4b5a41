"""Parts of a picture by masks: what becomes of them, and that nothing else changes."""

from __future__ import annotations

import base64
import io
import json
from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from PIL import Image
from skimage.color import rgb2lab

from rechroma.colorizer import Colorizer, Hint, Mask, parse_mask, read_hints
from rechroma.errors import RechromaError, UsageError
from rechroma.mood import colorize
from rechroma.photo import encode, read

RED, BLUE = "#b03030", "#3050a0"
HEIGHT, WIDTH = 160, 240


@pytest.fixture(scope="module")
def colorizer():
    return Colorizer()


@pytest.fixture(scope="module")
def gray():
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    plane = 60 + 100 * columns / WIDTH + 20 * np.sin(rows / 9)
    plane += np.random.default_rng(0).normal(0, 3, plane.shape)
    return np.clip(plane, 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def photo(gray):
    return read(gray)


@pytest.fixture(scope="module")
def plain(colorizer, photo):
    return colorizer.colorize(photo).samples


def box(top=40, bottom=120, left=60, right=180, shape=(HEIGHT, WIDTH)):
    mask = np.zeros(shape, bool)
    mask[top:bottom, left:right] = True
    return mask


def soft():
    """White on the left, black on the right, a slope between."""
    slope = np.clip((160 - np.arange(WIDTH)) / 60, 0, 1)
    return np.tile(np.rint(255 * slope).astype(np.uint8), (HEIGHT, 1))


def chroma(samples):
    return np.hypot(*np.moveaxis(rgb2lab(samples)[..., 1:], -1, 0))


@pytest.mark.parametrize("bit_depth", [8, 16, 32])
@pytest.mark.parametrize("colored", [False, True])
def test_what_is_kept_has_the_very_pixels(colorizer, gray, bit_depth, colored):
    picture = np.dstack([gray, np.roll(gray, 9, 1), gray[::-1]] if colored else [gray] * 3)
    if bit_depth == 16:
        picture = picture.astype(np.uint16) * 257
    elif bit_depth == 32:
        picture = (picture / 255).astype(np.float32)
    given = picture if colored else picture[..., 0]
    masks = [Mask(box(), keep=True), Mask(box(), color=RED)]
    work = colorizer.predict(read(given), masks=masks)
    made = work.render(bit_depth=bit_depth, strength=1.3, vividness=0.5).samples
    assert made.dtype == picture.dtype
    np.testing.assert_array_equal(made[box()], picture[box()])
    assert (made[~box()] != picture[~box()]).mean() > 0.5


@pytest.mark.parametrize("said", [
    {"color": RED}, {"color": "gray"}, {"strength": 0.3}, {"keep": True},
])  # fmt: skip
@pytest.mark.parametrize("shown", [box, soft])
def test_outside_nothing_changes_at_all(colorizer, photo, plain, said, shown):
    mask = shown()
    made = colorizer.colorize(photo, masks=[Mask(mask, **said)]).samples
    np.testing.assert_array_equal(made[mask == 0], plain[mask == 0])
    assert (made[mask > 0] != plain[mask > 0]).any()


def test_a_color_arrives_and_lightness_stays(colorizer, photo):
    made = colorizer.colorize(photo, masks=[Mask(box(), color=RED)]).samples
    inside = rgb2lab(made)[box(48, 112, 68, 172)]
    wanted = rgb2lab(np.array([[[0xB0, 0x30, 0x30]]], np.uint8))[0, 0]
    np.testing.assert_allclose(inside[:, 1:].mean(axis=0), wanted[1:], atol=8)
    before = rgb2lab(photo.to_uint8())[..., 0]
    assert np.abs(rgb2lab(made)[..., 0] - before).max() < 0.5


def test_gray_takes_all_color_away(colorizer, photo):
    made = colorizer.colorize(photo, masks=[Mask(box(), color="gray")]).samples
    assert chroma(made)[box()].max() < 0.1


def test_a_strength_is_a_factor(colorizer, photo):
    half, whole = (
        colorizer.predict(photo, masks=masks).enlarged()
        for masks in ([Mask(box(), strength=0.5)], [])
    )
    np.testing.assert_allclose(half[:, box()], whole[:, box()] / 2, rtol=1e-5)


def test_soft_edges_blend(colorizer, photo):
    gray, whole = (
        colorizer.predict(photo, masks=masks).enlarged()
        for masks in ([Mask(soft(), color="gray")], [])
    )
    np.testing.assert_allclose(gray, whole * (1 - soft() / 255), atol=1e-4)


def test_the_later_one_counts_and_strength_is_for_what_is_beneath(colorizer, photo):
    masks = Mask(box(), color=RED), Mask(box(), color="gray"), Mask(box(), strength=0.5)

    def planes(*chosen):
        return colorizer.predict(photo, masks=chosen).enlarged()[:, box(60, 100, 80, 160)]

    red, gray, half = masks
    assert np.abs(planes(red, gray)).max() == 0
    assert np.abs(planes(gray, red)).mean() > 10
    np.testing.assert_allclose(planes(red, half), planes(red) / 2, rtol=1e-5)
    np.testing.assert_allclose(planes(half, red), planes(red), rtol=1e-5)


def test_the_order_of_masks_that_do_not_overlap_does_not_matter(colorizer, photo):
    masks = [
        Mask(box(0, 60, 0, 100), color=RED), Mask(box(90, 150, 120, 240), color=BLUE),
        Mask(box(0, 60, 120, 200), keep=True), Mask(box(90, 150, 0, 90), strength=0.2),
    ]  # fmt: skip
    first, *others = (colorizer.colorize(photo, masks=o).samples for o in permutations(masks))
    for other in others:
        np.testing.assert_allclose(other, first, atol=1e-4)


def test_a_mask_of_another_size_is_the_same_place(colorizer, photo):
    large = box(80, 240, 120, 360, (2 * HEIGHT, 2 * WIDTH))
    deep = np.kron(box().astype(np.uint16) * 65535, np.ones((3, 3), np.uint16))
    wanted = colorizer.colorize(photo, masks=[Mask(box(), color="gray")]).samples
    for mask in (large, deep):
        made = colorizer.colorize(photo, masks=[Mask(mask, color="gray")]).samples
        np.testing.assert_array_equal(made, wanted)


@pytest.mark.parametrize("deep", [False, True])
def test_masks_that_are_held_take_a_byte_for_a_pixel_and_no_more_than_the_photograph(photo, deep):
    large = np.kron(soft(), np.ones((3, 3), np.uint8))
    mask = Mask(large.astype(np.uint16) * 257 if deep else np.dstack([large] * 3), keep=True)
    read_in = mask.with_pictures_read(None).picture
    assert held(read_in) == large.size
    np.testing.assert_array_equal(np.abs(read_in.samples[..., 0].astype(int) - large) < 4, True)
    fitted = mask.fitted_to(photo).picture
    assert fitted.samples.shape == (HEIGHT, WIDTH, 3)
    assert held(fitted) == HEIGHT * WIDTH
    assert np.abs(fitted.samples[..., 0].astype(int) - soft()).max() < 4


def held(picture):
    """The bytes that a picture's samples lie in."""
    assert picture.alpha is None
    low, high = np.lib.array_utils.byte_bounds(picture.samples)
    return high - low


def test_a_mask_smaller_than_its_photograph_stays_as_it_is_and_another_shape_is_refused(photo):
    small = box(10, 30, 15, 45, (HEIGHT // 4, WIDTH // 4))
    fitted = Mask(small, keep=True).fitted_to(photo).picture
    np.testing.assert_array_equal(fitted.samples[..., 0], small * np.uint8(255))
    with pytest.raises(UsageError, match="does not fit"):
        Mask(small.T, keep=True).fitted_to(photo)


def test_what_is_not_transparent_is_inside(colorizer, photo):
    paint = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
    paint[box()] = 90, 20, 10, 255
    file = io.BytesIO()
    Image.fromarray(paint).save(file, "PNG")
    wanted = colorizer.colorize(photo, masks=[Mask(box(), color="gray")]).samples
    made = colorizer.colorize(photo, masks=[Mask(file.getvalue(), color="gray")]).samples
    np.testing.assert_array_equal(made, wanted)


def test_the_same_at_another_resolution(colorizer, photo):
    work = colorizer.predict(photo, masks=[Mask(box(), keep=True)])
    large = read(np.kron(photo.to_uint8()[..., 0], np.ones((2, 2), np.uint8)))
    made = work.on(large).render(bit_depth=8).samples
    kept = np.kron(box(), np.ones((2, 2), bool))
    np.testing.assert_array_equal(made[kept], large.to_uint8()[kept])


def test_a_gray_jpeg_keeps_its_gray_and_has_no_color_where_it_is_kept(colorizer, gray):
    jpeg = io.BytesIO()
    Image.fromarray(gray).save(jpeg, "JPEG", quality=95)
    photo = read(jpeg.getvalue())
    made = colorizer.colorize(photo, masks=[Mask(box(), keep=True), Mask(~box(), color=RED)])
    assert made.gray_copy is not None
    with Image.open(io.BytesIO(encode(made, "jpeg"))) as file:
        _, blue, red = (np.asarray(band, int) for band in file.convert("YCbCr").split())
    inner = box(56, 104, 76, 164)
    assert abs(blue[inner] - 128).max() <= 1
    assert abs(red[inner] - 128).max() <= 1
    assert (red - 128)[~box(24, 136, 44, 196)].mean() > 10


def test_a_mood_in_a_part(photo):
    warm = np.dstack([np.full((64, 64), v) for v in (0.9, 0.55, 0.2)]).astype(np.float32)
    warm *= np.linspace(0.3, 1, 64, dtype=np.float32)[:, None, None]
    whole = colorize(photo, mood=warm).samples
    part = colorize(photo, masks=[Mask(box(), mood=warm)]).samples
    plain = colorize(photo).samples
    np.testing.assert_allclose(part[box()], whole[box()], atol=2e-3)
    np.testing.assert_array_equal(part[~box()], plain[~box()])
    with pytest.raises(UsageError, match="black and white"):
        colorize(photo, masks=[Mask(box(), mood=photo)])


@pytest.mark.parametrize(
    ("mask", "words"),
    [
        (np.zeros((HEIGHT, WIDTH), bool), "the mask is empty"),
        (np.ones((WIDTH, HEIGHT), bool), "a mask of 160×240 does not fit <array>, 240×160"),
        (b"no picture", "<bytes>"),
        ("missing.png", "missing.png: no such file"),
    ],
)
def test_masks_that_do_not_do(colorizer, photo, mask, words):
    with pytest.raises(RechromaError, match=words):
        colorizer.predict(photo, masks=[Mask(mask, keep=True)])


@pytest.mark.parametrize("size", [(1, 1), (3, 2), (7, 5), (24, 19)])
def test_a_mask_whose_shape_says_nothing_is_refused(photo, size):
    mask = np.ones(size[::-1], bool)
    with pytest.raises(UsageError, match="does not fit") as caught:
        Mask(mask, keep=True).fitted_to(photo)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("size", [(24, 16), (25, 16), (12, 8), (96, 64), (479, 320), (961, 640)])
def test_a_mask_that_was_scaled_and_rounded_fits(photo, size):
    assert Mask(np.ones(size[::-1], bool), keep=True).fitted_to(photo) is not None


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"masks": ["coat.png=red"]}, "one of the masks is a str: give rechroma.Mask"),
        ({"masks": "coat.png=red"}, "masks are a str: give a list"),
        ({"masks": Mask(np.ones((9, 9), bool), keep=True)}, "masks are a Mask: give a list"),
        ({"hints": ["1,2,red"]}, "one of the hints is a str: give rechroma.Hint"),
        ({"hints": Hint(1, 2, "red")}, "hints are a Hint: give a list"),
        ({"hints": [(1, 2, "red")]}, "one of the hints is a tuple"),
    ],
)
def test_what_is_no_hint_and_no_mask(colorizer, photo, told, words):
    for call in (colorizer.predict, colorize):
        with pytest.raises(UsageError, match=words):
            call(photo, **told)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({}, "a mask that says nothing"),
        ({"keep": True, "strength": 1}, "a mask that says 2 things"),
        ({"color": "reddish"}, "the mask's color 'reddish' is none"),
        ({"strength": 1.6}, "strength 1.6 is out of range"),
    ],
)
def test_a_mask_says_one_thing(said, words):
    with pytest.raises(UsageError, match=words):
        Mask("a.png", **said)


def test_colors_need_a_model_that_takes_hints(make_model, photo):
    colorizer = Colorizer(make_model(offset=(20, 10)))
    with pytest.raises(UsageError, match="affine"):
        colorizer.predict(photo, masks=[Mask(box(), color=RED)])
    made = colorizer.predict(photo, masks=[Mask(box(), color="gray")]).enlarged()
    assert np.abs(made[:, box()]).max() == 0
    assert np.abs(made[:, ~box()]).min() > 5


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("coat.png=#7a2230", {"color": "#7a2230"}),
        ("a=b.png=navy", {"color": "#000080"}),
        ("face.png=strength:1.2", {"strength": 1.2}),
        ("sky.png=keep", {"keep": True}),
        ("wall.png=gray", {"color": "#808080"}),
    ],
)
def test_as_it_is_typed(text, said):
    mask = parse_mask(text)
    assert {k: getattr(mask, k) for k in said} == said
    assert str(mask.picture) == text.rpartition("=")[0]


def test_a_mood_as_it_is_typed():
    mask = parse_mask("coat.png=mood:a=b.jpg")
    assert (str(mask.picture), str(mask.mood)) == ("coat.png", "a=b.jpg")


@pytest.mark.parametrize(
    "text", ["coat.png", "=keep", "coat.png=", "a.png=strength:much", "a.png=strength:9", "a.png=1"]
)
def test_what_can_not_be_typed(text):
    with pytest.raises(UsageError):
        parse_mask(text)


def test_a_file_has_masks_beside_hints(tmp_path, colorizer, photo):
    Image.fromarray(box()).save(tmp_path / "box.png")
    data = base64.b64encode((tmp_path / "box.png").read_bytes()).decode()
    entries = [
        {"x": 3, "y": 4, "color": RED},
        {"mask": "box.png", "keep": True},
        {"mask": f"data:image/png;base64,{data}", "strength": 0.5},
    ]
    file = tmp_path / "told.json"
    file.write_text(json.dumps(entries))
    hint, *masks = read_hints(file)
    assert hint == Hint(3, 4, RED)
    given = [Mask(box(), keep=True), Mask(box(), strength=0.5)]
    for mask, wanted in zip(masks, given, strict=True):
        assert replace(mask, picture="") != wanted
        made, due = (colorizer.predict(photo, masks=[m]).enlarged() for m in (mask, wanted))
        np.testing.assert_array_equal(made, due)


@pytest.mark.parametrize(
    "entry",
    [{"mask": "a.png"}, {"mask": "a.png", "keep": 1}, {"mask": 3, "keep": True},
     {"mask": "a.png", "x": 3}, {"mask": "data:,x", "strength": True, "color": "red"},
     {"mask": "data:image/png;base64,%", "keep": True}],
)  # fmt: skip
def test_an_entry_that_can_not_be(tmp_path, entry):
    file = tmp_path / "told.json"
    file.write_text(json.dumps([{"x": 3, "y": 4, "color": RED}, entry]))
    with pytest.raises(UsageError, match=r"told\.json, hint 2"):
        read_hints(file)


def test_of_a_jpeg_in_color_what_is_kept_has_its_colors(colorizer, gray):
    jpeg = io.BytesIO()
    Image.fromarray(np.dstack([gray, gray // 2, gray // 3])).save(jpeg, "JPEG", quality=95)
    photo = read(jpeg.getvalue())
    made = colorizer.colorize(photo, masks=[Mask(box(), keep=True)])
    with Image.open(io.BytesIO(encode(made, "jpeg"))) as file:
        found = np.asarray(file.convert("RGB"), int)
    inner = box(56, 104, 76, 164)
    assert np.abs(found - photo.samples)[inner].mean() < 4
    np.testing.assert_array_equal(made.samples[box()], photo.pixels[box()])


def test_a_mask_in_color_is_refused(colorizer, photo):
    """Red is no white: how much of it is meant, nobody knows."""
    red = np.zeros((photo.height, photo.width, 3), np.uint8)
    red[:8, :8, 0] = 255
    mask = Mask(Image.fromarray(red), color="#7a2230")
    with pytest.raises(UsageError, match="in color: paint white"):
        colorizer.predict(photo, masks=[mask])


def test_hints_and_masks_may_be_any_iterables(colorizer, photo):
    plane = np.zeros((photo.height, photo.width), np.uint8)
    plane[:16, :16] = 255
    masks = [Mask(Image.fromarray(plane), strength=0)]
    of_list = colorizer.predict(photo, masks=masks).render()
    of_generator = colorizer.predict(photo, masks=(each for each in masks)).render()
    assert np.array_equal(of_list.samples, of_generator.samples)
    assert not np.array_equal(of_list.samples, colorizer.predict(photo).render().samples)
