// CIELAB to sRGB, for previews: the same as the package's own, which a test holds.

const WHITE = [0.950456, 1, 1.088754];
const KAPPA = 24389 / 27;
const EDGE = 6 / 29;
const TOLERANCE = 2e-5;
const HALVINGS = 12;

// Linear sRGB from X/Xn, Y/Yn, Z/Zn.
const M = inverse([
  [0.412453, 0.357580, 0.180423],
  [0.212671, 0.715160, 0.072169],
  [0.019334, 0.119193, 0.950227],
]).map((row) => row.map((value, column) => value * WHITE[column]));
const [M00, M01, M02] = M[0];
const [M10, M11, M12] = M[1];
const [M20, M21, M22] = M[2];

function inverse([[a, b, c], [d, e, f], [g, h, i]]) {
  const det = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
  return [
    [(e * i - f * h) / det, (c * h - b * i) / det, (b * f - c * e) / det],
    [(f * g - d * i) / det, (a * i - c * g) / det, (c * d - a * f) / det],
    [(d * h - e * g) / det, (b * g - a * h) / det, (a * e - b * d) / det],
  ];
}

const expand = (f) => (f > EDGE ? f * f * f : (116 * f - 16) / KAPPA);

// Bytes of sRGB for linear light, finer than the eye.
const STEPS = 4096;
const ENCODED = Uint8ClampedArray.from({ length: STEPS + 1 }, (_, index) => {
  const linear = index / STEPS;
  return 255 * (linear <= 0.0031308 ? 12.92 * linear : 1.055 * linear ** (1 / 2.4) - 0.055);
});
// Linear light of bytes of sRGB, as parts of Y.
const LIGHT = Float64Array.from({ length: 256 }, (_, byte) => {
  const value = byte / 255;
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
});
const levelOf = (y) => (y > EDGE ** 3 ? 116 * Math.cbrt(y) - 16 : KAPPA * y);
const GRAYS = Uint16Array.from({ length: 256 }, (_, byte) => Math.round(655.35 * levelOf(LIGHT[byte])));

/** L · 655.35 of a color, bytes of sRGB. */
export const lightnessOf = (red, green, blue) => (red === green && green === blue ? GRAYS[red]
  : Math.round(655.35 * levelOf(Math.min(1, 0.212671 * LIGHT[red] + 0.715160 * LIGHT[green] + 0.072169 * LIGHT[blue]))));

const inside = (red, green, blue) =>
  red > -TOLERANCE && green > -TOLERANCE && blue > -TOLERANCE
  && red < 1 + TOLERANCE && green < 1 + TOLERANCE && blue < 1 + TOLERANCE;

/**
 * Write one pixel; a color outside of sRGB loses chroma at the same L and hue.
 * @param {Uint8ClampedArray} out RGBA
 * @param {number} at index of the pixel's red
 * @param {number} level L, 0…100
 */
export function writePixel(out, at, level, a, b) {
  const fy = (level + 16) / 116;
  const y = expand(fy);
  let x = expand(fy + a / 500);
  let z = expand(fy - b / 200);
  let red = M00 * x + M01 * y + M02 * z;
  let green = M10 * x + M11 * y + M12 * z;
  let blue = M20 * x + M21 * y + M22 * z;
  if (!inside(red, green, blue)) {
    let low = 0;
    let step = 0.5;
    for (let turn = 0; turn < HALVINGS; turn += 1, step /= 2) {
      x = expand(fy + (a * (low + step)) / 500);
      z = expand(fy - (b * (low + step)) / 200);
      const r = M00 * x + M01 * y + M02 * z;
      const g = M10 * x + M11 * y + M12 * z;
      const v = M20 * x + M21 * y + M22 * z;
      if (inside(r, g, v)) low += step;
    }
    x = expand(fy + (a * low) / 500);
    z = expand(fy - (b * low) / 200);
    red = M00 * x + M01 * y + M02 * z;
    green = M10 * x + M11 * y + M12 * z;
    blue = M20 * x + M21 * y + M22 * z;
  }
  out[at] = encoded(red);
  out[at + 1] = encoded(green);
  out[at + 2] = encoded(blue);
  out[at + 3] = 255;
}

// What white by D65 looks like in the light of D50, in linear sRGB: `colorizer/temperature.py`.
const D50 = [1.1776, 0.9760, 0.7224];
const [N0, N1, N2] = inverse([[M00, M01, M02], [M10, M11, M12], [M20, M21, M22]]);
const compress = (part) => (part > EDGE ** 3 ? Math.cbrt(part) : (KAPPA * part + 16) / 116);

/** a and b in warmer light (1: 5000 K where it was 6500 K) or cooler light (−1); L is left alone. */
export function warmed(level, a, b, temperature) {
  const fy = (level + 16) / 116;
  const [x, y, z] = [expand(fy + a / 500), expand(fy), expand(fy - b / 200)];
  const red = (M00 * x + M01 * y + M02 * z) * D50[0] ** temperature;
  const green = (M10 * x + M11 * y + M12 * z) * D50[1] ** temperature;
  const blue = (M20 * x + M21 * y + M22 * z) * D50[2] ** temperature;
  const [u, v, w] = [N0, N1, N2].map(([r, g, l]) => compress(r * red + g * green + l * blue));
  return [500 * (u - v), 200 * (v - w)];
}

/** Chroma in CIELAB of a color as #rrggbb. */
export function chromaOf(color) {
  const light = [1, 3, 5].map((at) => LIGHT[Number.parseInt(color.slice(at, at + 2), 16)]);
  const [x, y, z] = [N0, N1, N2].map((row) => compress(row.reduce((sum, factor, channel) => sum + factor * light[channel], 0)));
  return Math.hypot(500 * (x - y), 200 * (y - z));
}

const encoded = (linear) =>
  ENCODED[linear <= 0 ? 0 : linear >= 1 ? STEPS : (linear * STEPS + 0.5) | 0];
