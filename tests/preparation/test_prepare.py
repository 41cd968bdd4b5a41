"""What is found on made prints, and what is left of the damage."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from tests.preparation.prints import on_paper, photo, scene, scratched, stained

import rechroma
from rechroma.color import rgb_to_lab
from rechroma.colorizer import is_color
from rechroma.errors import UsageError
from rechroma.photo.samples import is_one_channel
from rechroma.preparation import PrepareOptions
from rechroma.preparation.tint import find_tint

GRAY = scene()
SIDES = (31, 22, 40, 50)


def kinds(ready):
    return {each.kind for each in ready.findings}


def error(ready, truth=GRAY):
    """The mean difference of L to the truth."""
    levels = [
        rgb_to_lab(np.repeat(np.asarray(each, float)[..., None] / 255, 3, 2))[..., 0]
        for each in (ready.photo.to_uint8()[..., 0], truth)
    ]
    return float(np.abs(levels[0] - levels[1]).mean())


def turned(rgb, degrees):
    picture = Image.fromarray(np.clip(rgb, 0, 255).astype(np.uint8))
    return np.asarray(
        picture.rotate(degrees, Image.Resampling.BICUBIC, fillcolor=tuple(map(int, rgb[0, 0])))
    )


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_clean_picture_comes_back_as_it_is(dtype, channels):
    scale = {"uint8": 1, "uint16": 257, "float32": np.float32(1 / 255)}[np.dtype(dtype).name]
    values = (GRAY.astype(dtype) * scale).astype(dtype)
    given = rechroma.read(values if channels == 1 else np.repeat(values[..., None], 3, axis=2))
    ready = rechroma.prepare(given)
    assert ready.photo is given
    assert ready.original is given
    assert not ready.is_changed
    assert ready.findings == ()
    assert ready.frame is None


@pytest.mark.parametrize("paper", [(240, 228, 200), (30, 28, 25), (150, 140, 120)])
def test_a_border_is_cropped(paper):
    ready = rechroma.prepare(photo(on_paper(GRAY, SIDES, paper)), PrepareOptions(border="crop"))
    left, top, _, _ = SIDES
    height, width = GRAY.shape
    true = left, top, left + width, top + height
    assert np.abs(np.array(ready.border.box) - true).max() < 0.01 * width
    assert abs(ready.photo.width - width) < 0.01 * width
    assert abs(ready.photo.height - height) < 0.01 * height
    assert ready.geometry.place(left + 10, top + 10) == pytest.approx((10, 10), abs=3)


def test_paper_on_a_scanners_lid():
    inner = on_paper(GRAY, SIDES)
    outer = np.full((inner.shape[0] + 60, inner.shape[1] + 50, 3), 20.0)
    outer[25:-35, 30:-20] = inner
    ready = rechroma.prepare(photo(outer))
    true = SIDES[0] + 30, SIDES[1] + 25, SIDES[0] + 30 + 360, SIDES[1] + 25 + 270
    assert ready.border.box == pytest.approx(true, abs=4)


@pytest.mark.parametrize("degrees", [-2.0, 1.5])
def test_a_slanted_print_is_straightened(degrees):
    slanted = photo(turned(on_paper(GRAY, SIDES), degrees))
    ready = rechroma.prepare(slanted, PrepareOptions(border="crop"))
    # Pillow turns counterclockwise.
    assert ready.border.angle == pytest.approx(-degrees, abs=0.2)
    assert abs(ready.photo.width - 360) < 7
    assert abs(ready.photo.height - 270) < 7
    # What was in the middle of the scene's black box is there again.
    rows, columns = ready.photo.height, ready.photo.width
    assert ready.photo.to_uint8()[int(0.42 * rows), int(0.37 * columns), 0] < 40
    left_as_it_is = rechroma.prepare(slanted, PrepareOptions(straighten=False))
    assert left_as_it_is.photo is slanted


@pytest.mark.parametrize("border", ["keep", "mask"])
def test_a_border_that_stays(border):
    given = photo(on_paper(GRAY, SIDES))
    ready = rechroma.prepare(given, PrepareOptions(border=border))
    assert ready.photo is given
    assert (ready.frame is not None) == (border == "mask")


def test_what_is_masked_stays_while_the_picture_changes():
    faded = 70 + GRAY * 0.4
    given = photo(on_paper(faded, SIDES))
    ready = rechroma.prepare(given)
    assert kinds(ready) >= {"border", "contrast"}
    outside = np.ones((given.height, given.width), bool)
    left, top, right, bottom = ready.frame
    outside[top - 3 : bottom + 3, left - 3 : right + 3] = False
    assert np.array_equal(ready.photo.samples[outside], given.samples[outside])
    inner = ready.inside(ready.photo)
    assert inner.to_uint8()[..., 0].std() > 1.8 * faded.std()
    again = ready.framed(inner)
    assert np.array_equal(again.samples[top:bottom, left:right], inner.samples)
    assert np.array_equal(again.samples[outside], given.samples[outside])


@pytest.mark.parametrize("gray", [True, False])
def test_faded_contrast_is_restored(gray):
    faded = 78 + GRAY * 0.38
    given = photo(faded if gray else np.repeat(faded[..., None], 3, 2) * [1, 0.99, 0.96])
    ready = rechroma.prepare(given)
    assert "contrast" in kinds(ready)
    before = error(rechroma.prepare(given, PrepareOptions(contrast=False, scratches=False)))
    assert error(ready) < before / 2
    assert is_one_channel(ready.photo.samples)
    assert ready.original is given
    # Brighter stays brighter.
    order = np.argsort(given.to_uint8()[..., 0].ravel(), kind="stable")
    assert (np.diff(ready.photo.to_uint8()[..., 0].ravel()[order].astype(int)) >= -2).all()


def test_sepia_is_made_gray_and_not_if_that_is_not_wanted():
    given = photo(np.repeat(GRAY[..., None] * 1.0, 3, axis=2) * [0.98, 0.86, 0.62] + [12, 6, 0])
    ready = rechroma.prepare(given)
    assert "tint" in kinds(ready)
    assert is_one_channel(ready.photo.samples)
    assert rechroma.prepare(given, PrepareOptions(neutralize=False, contrast=False)).photo is given


@pytest.mark.parametrize("lifted", [0.0, 0.07, 0.14])
def test_the_black_of_sepia_is_known_by_its_brown(lifted):
    """Blacks are brown and lifted, middle tones browner, lights nearly paper."""
    level = GRAY / 255
    tones = np.array([[0.08, 0.04, 0.0], [0.59, 0.45, 0.27], [1.0, 0.94, 0.82]])
    tones[0] += lifted
    rgb = np.dstack([np.interp(level, [0, 0.5, 1], tones[:, each]) for each in range(3)])
    given = photo(255 * rgb)
    ready = rechroma.prepare(given)
    assert kinds(ready) == {"tint", "contrast"}
    assert "stains" not in str(ready.findings[0])
    assert error(ready) < 1.5
    # The picture's own black is 12 of 255, wherever the print's is.
    assert abs(float(np.quantile(ready.photo.to_uint8(), 0.01)) - 12) < 12


def test_a_yellowed_print_without_black_may_have_had_none():
    """Its whites are white: it has not faded."""
    gray = 90 + GRAY * 0.62
    yellowed = photo(np.repeat(gray[..., None], 3, 2) * [1, 0.97, 0.88])
    ready = rechroma.prepare(yellowed)
    assert kinds(ready) == {"tint"}
    assert error(ready, gray) < 1


def test_stained_sepia_is_no_color():
    level = GRAY / 255
    tones = np.array([[0.14, 0.1, 0.06], [0.6, 0.47, 0.31], [0.97, 0.9, 0.76]])
    sepia = np.dstack([np.interp(level, [0, 0.5, 1], tones[:, each]) for each in range(3)])
    y, x = np.mgrid[0:270, 0:360]
    stain = 1 / (1 + np.exp(np.clip((np.hypot(x - 250, y - 90) - 70) / 5, -40, 40)))
    rgb = sepia * (1 - stain[..., None] * np.array([0.1, 0.25, 0.42]))
    given = photo(255 * rgb)
    # It is taken for one in color where nobody looks for stains.
    assert is_color(given)
    ready = rechroma.prepare(given)
    assert kinds(ready) == {"tint", "contrast"}
    assert "stains" in str(ready.findings[0])
    before = rgb_to_lab(rgb)[..., 0] - rgb_to_lab(np.repeat(level[..., None], 3, 2))[..., 0]
    assert error(ready) < 0.7 * np.abs(before).mean()


def test_what_is_more_than_stains_is_color():
    y, x = np.mgrid[0:270, 0:360]
    own = 0.7 * (np.hypot(x - 240, y - 90) < 50) + np.sin(x / 3) ** 2
    rgb = GRAY[..., None] * (1 - 0.25 * own[..., None] * np.array([0.2, 0.5, 1.0]))
    small = np.ascontiguousarray(rgb / 255, np.float32)
    everywhere = np.ones(GRAY.shape, bool)
    assert find_tint(small, everywhere) is None
    stain = np.ascontiguousarray(stained(GRAY) / 255, np.float32)
    found = find_tint(stain, everywhere)
    assert found is not None
    assert found.has_stains


def test_a_stain_is_taken_away():
    y, x = np.mgrid[0:270, 0:360]
    away = np.hypot(x - 110, y - 180) - 60
    stain = 1 / (1 + np.exp(np.clip(away / 10, -40, 40)))
    rgb = GRAY[..., None] * (1 - stain[..., None] * np.array([0.1, 0.27, 0.48]))
    ready = rechroma.prepare(photo(rgb))
    assert "stains" in next(each.reason for each in ready.findings if each.kind == "tint")
    level = rgb_to_lab(rgb / 255)[..., 0]
    before = float(
        np.abs(level - rgb_to_lab(np.repeat(GRAY[..., None] / 255, 3, 2))[..., 0]).mean()
    )
    assert error(ready) < before / 2


def test_tones_of_a_picture_in_color_are_left():
    y, x = np.mgrid[0:240, 0:320]
    rgb = np.dstack([90 + 0.3 * x, 110 + 0.2 * y, 150 - 0.2 * x + 0.1 * y])
    rgb[60:120, 60:140] = (150, 90, 90)
    given = photo(rgb)
    ready = rechroma.prepare(given)
    assert kinds(ready) == {"color"}
    assert ready.photo is given


def test_scratches_are_filled_and_nothing_else_is_changed():
    values, true = scratched(GRAY)
    given = photo(values)
    ready = rechroma.prepare(given)
    assert "scratches" in kinds(ready)
    mask = ready.scratches
    assert np.array_equal(ready.photo.samples[~mask], given.samples[~mask])
    assert (mask & true).sum() > 0.6 * true.sum()
    # Their edges are filled, too: a pixel on each side.
    assert mask.mean() < 5 * true.mean()
    assert error(ready) < error(rechroma.prepare(given, PrepareOptions(scratches=False))) / 3


def test_the_mask_that_is_given_counts():
    given = photo(GRAY)
    drawn = np.zeros(GRAY.shape, np.uint8)
    drawn[100:104, 50:250] = 255
    ready = rechroma.prepare(given, scratch_mask=drawn)
    assert np.array_equal(ready.scratches, drawn > 0)
    assert np.array_equal(ready.photo.samples[drawn == 0], given.samples[drawn == 0])
    assert not np.array_equal(ready.photo.samples, given.samples)
    with pytest.raises(UsageError, match="360×270"):
        rechroma.prepare(given, scratch_mask=drawn[:-40])


def test_a_scratch_mask_is_read_as_other_masks_are():
    given = photo(GRAY)
    drawn = np.zeros(GRAY.shape, np.uint8)
    drawn[100:104, 50:250] = 255
    # As a layer of an editor: black paint on transparent.
    painted = np.dstack([np.zeros((*GRAY.shape, 3), np.uint8), drawn])
    ready = rechroma.prepare(given, scratch_mask=painted)
    assert np.array_equal(ready.scratches, drawn > 0)
    # White everywhere, of which something is opaque.
    painted[..., :3] = 255
    assert np.array_equal(rechroma.prepare(given, scratch_mask=painted).scratches, drawn > 0)
    # At half the size.
    ready = rechroma.prepare(given, scratch_mask=drawn[::2, ::2])
    assert np.array_equal(ready.scratches, drawn > 0)
    with pytest.raises(UsageError, match="white all over"):
        rechroma.prepare(given, scratch_mask=np.full(GRAY.shape, 255, np.uint8))


def test_a_negative_is_inverted_if_that_is_asked_for_and_never_else():
    given = photo(255 - GRAY)
    assert rechroma.prepare(given).photo is given
    ready = rechroma.prepare(given, PrepareOptions(negative=True))
    assert np.array_equal(ready.photo.samples, photo(GRAY).samples)
    # The output's own lightness is the positive's.
    assert ready.original is ready.photo


def test_the_masked_border_of_a_negative_is_inverted_as_well():
    given = photo(255 - on_paper(GRAY, SIDES))
    ready = rechroma.prepare(given, PrepareOptions(negative=True))
    assert ready.frame is not None
    assert np.array_equal(ready.photo.samples[:9], 255 - given.samples[:9])


def test_alpha_goes_with_the_picture():
    rgb = np.clip(on_paper(GRAY, SIDES), 0, 255).astype(np.uint8)
    alpha = np.arange(rgb.shape[0] * rgb.shape[1]).reshape(rgb.shape[:2]) % 251
    given = rechroma.read(np.dstack([rgb, alpha.astype(np.uint8)]))
    ready = rechroma.prepare(given, PrepareOptions(border="crop"))
    left, top, right, bottom = ready.geometry.crop
    assert np.array_equal(ready.photo.alpha, given.alpha[top:bottom, left:right])
    assert np.array_equal(ready.photo.samples, given.samples[top:bottom, left:right])


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (33, 2), (20, 20)])
def test_tiny_pictures(size):
    values = np.random.default_rng(5).integers(0, 255, (*size, 3), dtype=np.uint8)
    assert rechroma.prepare(values).photo.samples.shape == (*size, 3)


def test_a_scratch_mask_without_a_scratch_fills_nothing():
    given = photo(GRAY)
    ready = rechroma.prepare(given, scratch_mask=np.zeros(GRAY.shape, np.uint8))
    assert ready.photo is given
    assert not ready.is_changed
    assert [str(each) for each in ready.findings] == [
        "scratches: none in the mask that was given; left as it is"
    ]


def test_a_blank_border_has_no_alpha():
    rgb = np.clip(on_paper(GRAY, SIDES), 0, 255).astype(np.uint8)
    alpha = np.full(rgb.shape[:2], 255, np.uint8)
    alpha[:, -9:] = 128
    ready = rechroma.prepare(rechroma.read(np.dstack([rgb, alpha])))
    inner = rechroma.read(ready.inside(ready.photo).to_uint8())
    assert ready.framed(inner, blank=True).alpha is None
    assert np.array_equal(ready.framed(inner).alpha, alpha)


def dotted(step, jitter, size=(400, 560), radius=1):
    """A soft scene with light dots on a grid, each moved by chance."""
    rng = np.random.default_rng(3)
    rows, columns = np.mgrid[: size[0], : size[1]]
    scene = 90 + 40 * np.sin(rows / 60) * np.cos(columns / 80)
    for row in range(step, size[0] - step, step):
        for column in range(step, size[1] - step, step):
            down, across = rng.integers(-jitter, jitter + 1, 2) if jitter else (0, 0)
            y, x = row + down, column + across
            scene[y - radius : y + radius + 1, x - radius : x + radius + 1] = 235
    return rechroma.read(scene.astype(np.uint8))


def scratches_found(photo):
    return [each for each in rechroma.prepare(photo).findings if each.kind == "scratches"]


def test_dots_in_a_pattern_are_no_dust_and_dots_by_chance_are():
    assert not scratches_found(dotted(24, 0))
    assert scratches_found(dotted(24, 11))


def test_dots_on_cloth_that_bends_are_no_dust():
    rows, columns = np.mgrid[:600, :800]
    scene = 150 + 30 * np.sin(columns / 60)
    scene[:, 200:600] = 60
    i, j = np.mgrid[1:37, 13:37]
    across = 16 * j + 8 * (i % 2) + 6 * np.sin(i / 4)
    down = 16 * i + 6 * np.sin(j / 3)
    for y, x in zip(down.ravel(), across.ravel(), strict=True):
        away = np.hypot(rows - y, columns - x)
        scene = np.maximum(scene, 60 + 190 * np.clip(2.2 - away, 0, 1))
    scene += np.random.default_rng(0).normal(0, 2, scene.shape)
    assert not scratches_found(photo(scene))


@pytest.mark.parametrize("ground", [30, 150])
def test_stars_are_no_dust(ground):
    chance = np.random.default_rng(1)
    rows, columns = np.mgrid[:400, :600]
    scene = ground * (0.5 + 0.5 * rows / 400)
    for _ in range(150):
        away = np.hypot(rows - chance.uniform(0, 400), columns - chance.uniform(0, 600))
        scene = np.maximum(scene, 255 * np.exp(-(away**2) / 1.5))
    scene = scene + chance.normal(0, 2, scene.shape)
    # As much is dust where there is light beside it.
    assert bool(scratches_found(photo(scene))) == (ground > 100)


@pytest.mark.parametrize("level", [0, 128, 235, 255])
def test_one_tone_has_no_contrast_and_is_no_negative(level):
    ready = rechroma.prepare(rechroma.read(np.full((90, 120), level, np.uint8)))
    assert not {"contrast", "negative"} & set(kinds(ready))


def test_a_picture_of_black_and_white_dots_has_no_dust():
    rng = np.random.default_rng(0)
    shade = np.linspace(0.2, 0.8, 300)[None].repeat(220, 0)
    dots = (rng.random(shade.shape) < shade) * np.uint8(255)
    assert not scratches_found(rechroma.read(dots))
