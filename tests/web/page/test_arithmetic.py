"""What the browser computes itself, against the package."""

import numpy as np
import pytest

from rechroma.color import lab_to_gamut_rgb, lightness
from rechroma.colorizer.guided import GuidedPlanes

from .steps import sample, settled


def test_the_browser_computes_as_the_package_does(page):
    """JavaScript's CIELAB against the package's own, gamut mapping included."""
    rng = np.random.default_rng(0)
    count = 4000
    level = rng.integers(0, 256, count)
    a, b = rng.uniform(-120, 120, (2, count)) * rng.uniform(0, 1, count)
    got = page.evaluate(
        """async ([l, a, b]) => {
          const { writePixel } = await import("/static/js/lab.js");
          const out = new Uint8ClampedArray(4 * l.length);
          for (let i = 0; i < l.length; i += 1) writePixel(out, 4 * i, l[i] / 2.55, a[i], b[i]);
          return [...out];
        }""",
        [level.tolist(), a.tolist(), b.tolist()],
    )
    rgb = np.array(got).reshape(-1, 4)[:, :3]
    wanted = 255 * lab_to_gamut_rgb(np.stack([level / 2.55, a, b], axis=-1))
    # Rounding, and a table of 4,096 steps for the curve of sRGB.
    assert np.abs(rgb - wanted).max() < 2
    assert np.abs(rgb - wanted).mean() < 0.5


def test_the_browser_reads_lightness_as_the_package_does(page):
    rng = np.random.default_rng(1)
    colors = rng.integers(0, 256, (3000, 3))
    colors[:256] = np.arange(256)[:, None]
    got = page.evaluate(
        """async (colors) => {
          const { lightnessOf } = await import("/static/js/lab.js");
          return colors.map((color) => lightnessOf(...color) / 655.35);
        }""",
        colors.tolist(),
    )
    assert np.abs(got - lightness(colors / 255)).max() < 0.002


@pytest.mark.parametrize("box", [(0, 0, 90, 70), (37, 21, 31, 40)])
def test_the_browser_enlarges_as_the_package_does(page, box):
    """The whole picture and a part of it: chroma follows lightness as in `rechroma.colorizer`."""
    rng = np.random.default_rng(2)
    width, height, extent = 90, 70, (7.25, 8.6)
    cells = rng.uniform(-60, 60, (6, 8, 9)).astype(np.float32)
    cells[0] = np.abs(cells[0])
    cells[5] = np.abs(cells[5]) / 60
    gray = rng.integers(0, 256, (height, width))
    left, top, across, down = box
    strength, vividness = 0.8, 0.6
    got = page.evaluate(
        """async ([cells, gray, extent, box, strength, vividness]) => {
          const { Cells } = await import("/static/js/guided.js");
          const { Colored, Seen } = await import("/static/js/colored.js");
          const image = new ImageData(gray[0].length, gray.length);
          gray.flat().forEach((byte, at) => image.data.set([byte, byte, byte, 255], 4 * at));
          const seen = new Seen(await createImageBitmap(image));
          const data = new Float32Array(cells).buffer;
          const colored = new Colored(seen, new Cells({ width: 9, height: 8, extent, data }), box);
          return [...colored.paint({ strength, vividness }).data];
        }""",
        [
            cells.ravel().tolist(),
            gray[top : top + down, left : left + across].tolist(),
            extent,
            [left / width, top / height, across / width, down / height],
            strength,
            vividness,
        ],
    )
    planes = strength * (cells[3:5] + vividness * (cells[1:3] - cells[3:5]))
    level = lightness(np.repeat(gray[..., None], 3, axis=2) / 255)
    guided = GuidedPlanes(planes, cells[0], (height, width), extent)
    chroma = guided.rows(0, level.astype(np.float32))
    wanted = 255 * lab_to_gamut_rgb(np.concatenate([level[None], chroma]).transpose(1, 2, 0))
    wanted = wanted[top : top + down, left : left + across]
    rgb = np.array(got).reshape(down, across, 4)[..., :3]
    assert np.abs(rgb - wanted).max() < 2
    assert np.abs(rgb - wanted).mean() < 0.5


def test_a_frame_is_enough(page):
    """What a slider says is painted in the next frame, and nobody is asked."""
    sample(page)
    settled(page)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    same = page.evaluate(
        """async () => {
          const canvas = document.querySelector("#color-stage .after");
          const look = () => canvas.toDataURL();
          const same = [];
          for (const [id, value] of [["strength", 0.5], ["vividness", 0.3], ["strength", 1.2]]) {
            const slider = document.getElementById(id);
            const before = look();
            slider.value = value;
            slider.dispatchEvent(new Event("input"));
            await new Promise(requestAnimationFrame);
            if (look() === before) same.push(id);
          }
          return same;
        }"""
    )
    assert same == []
    assert asked == []
