// A picture as it came, or a part of it, and what it looks like in color.

import { lightnessOf, writePixel } from "./lab.js";

const STRIP = 64; // rows that are read at once: no second copy of the whole
const WHOLE = [0, 0, 1, 1];
const VEIL = 400; // pixels of a veil's longer side: it is smooth

/** Pixels as they came: { bitmap, width, height, lightness: L · 655.35, alpha or null }. */
export class Seen {
  /** @param {Blob} blob a PNG */
  static async of(blob) {
    return new Seen(await createImageBitmap(blob, { colorSpaceConversion: "none" }));
  }

  constructor(bitmap) {
    const { width, height } = bitmap;
    Object.assign(this, { bitmap, width, height, alpha: null });
    this.lightness = new Uint16Array(width * height);
    const strip = new OffscreenCanvas(width, Math.min(STRIP, height)).getContext("2d", { willReadFrequently: true });
    for (let top = 0; top < height; top += STRIP) {
      const rows = Math.min(STRIP, height - top);
      strip.clearRect(0, 0, width, rows);
      strip.drawImage(bitmap, 0, -top);
      this.read(strip.getImageData(0, 0, width, rows).data, top * width);
    }
  }

  read(pixels, start) {
    for (let at = 0, index = start; at < pixels.length; at += 4, index += 1) {
      this.lightness[index] = lightnessOf(pixels[at], pixels[at + 1], pixels[at + 2]);
      if (pixels[at + 3] < 255) {
        this.alpha ??= new Uint8Array(this.lightness.length).fill(255);
        this.alpha[index] = pixels[at + 3];
      }
    }
  }

  close() { this.bitmap.close(); }
}

/** What is seen, with the colors of cells; `box` is which part of the picture it is, in 0…1. */
export class Colored {
  constructor(seen, cells, box = WHOLE) {
    this.seen = seen;
    this.cells = cells;
    this.box = box;
    this.width = seen.width;
    this.height = seen.height;
  }

  get sure() { return this.cells.sure; }

  /** Paint every `step`-th pixel of every `step`-th row; `into` is taken if it has the size. */
  paint(strength, vividness, step = 1, into = null) {
    const { lightness, alpha } = this.seen;
    const columns = Math.ceil(this.width / step);
    const rows = Math.ceil(this.height / step);
    const fits = into?.width === columns && into.height === rows;
    const picture = fits ? into : new ImageData(columns, rows);
    const lines = this.cells.lines(strength, vividness);
    const read = this.cells.reader(lines, columns, rows, this.box);
    let at = 0;
    for (let row = 0; row < rows; row += 1) {
      const [slopeA, slopeB, restA, restB, low, high] = read(row);
      let from = row * step * this.width;
      for (let column = 0; column < columns; column += 1, from += step, at += 4) {
        const level = lightness[from] / 655.35;
        const guide = Math.min(high[column], Math.max(low[column], level));
        writePixel(
          picture.data, at, level,
          slopeA[column] * guide + restA[column], slopeB[column] * guide + restB[column],
        );
        if (alpha) picture.data[at + 3] = alpha[from];
      }
    }
    return picture;
  }

  /** Where the model guesses: the less it is sure, the more of a warm veil. */
  paintDoubt() {
    const scale = Math.min(1, VEIL / Math.max(this.width, this.height));
    const picture = new ImageData(Math.max(1, Math.round(scale * this.width)), Math.max(1, Math.round(scale * this.height)));
    const read = this.cells.reader([this.sure], picture.width, picture.height, this.box);
    for (let row = 0, at = 0; row < picture.height; row += 1) {
      for (const sure of read(row)[0]) {
        picture.data.set([255, 90, 0, 255 * (1 - sure) ** 2], at);
        at += 4;
      }
    }
    return picture;
  }
}
