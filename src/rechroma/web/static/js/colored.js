// A picture as it came, or a part of it, and what it looks like in color.

import { lightnessOf, writePixel } from "./lab.js";

const STRIP = 64; // rows that are read at once: no second copy of the whole
const WHOLE = [0, 0, 1, 1];
const VEIL = 400; // pixels of a veil's longer side: it is smooth

/**
 * Pixels as they came: { bitmap, width, height, lightness: L · 655.35, alpha or null }; `before`, of a
 * print made ready, is a bitmap of what it was.
 */
export class Seen {
  /**
   * @param {Blob} blob a PNG
   * @param {Blob} [before] another one
   */
  static async of(blob, before) {
    const seen = new Seen(await createImageBitmap(blob, { colorSpaceConversion: "none" }));
    if (before) seen.before = await createImageBitmap(before, { colorSpaceConversion: "none" });
    return seen;
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

  close() {
    this.bitmap.close();
    this.before?.close();
  }
}

/**
 * What is seen, with the colors of cells; `part` is which part of what is shown it is, in 0…1, and
 * `box` the same in parts of what the cells cover.
 */
export class Colored {
  constructor(seen, cells, box = WHOLE, part = box) {
    this.seen = seen;
    this.cells = cells;
    this.box = box;
    this.part = part;
    this.width = seen.width;
    this.height = seen.height;
  }

  get sure() { return this.cells.sure; }

  /**
   * Paint every `step`-th pixel of every `step`-th row; `into` is taken if it has the size.
   * @param amounts { strength, vividness, temperature, table, regions, frame }: a look's table or
   *   null; regions from below, { plane, answer, strength, keep } with a byte a pixel, the number of
   *   a further answer or -1; frame, left, top, right and bottom in 0…1 of what gets colors, or null
   */
  paint(amounts, step = 1, into = null) {
    const { lightness, alpha } = this.seen;
    const { table = null, regions = [], frame = null } = amounts;
    const columns = Math.ceil(this.width / step);
    const rows = Math.ceil(this.height / step);
    const fits = into?.width === columns && into.height === rows;
    const picture = fits ? into : new ImageData(columns, rows);
    const lines = this.cells.lines(amounts);
    const read = this.cells.reader(lines, columns, rows, this.box);
    const tops = regions.filter(({ keep }) => !keep);
    const kept = regions.filter(({ keep }) => keep);
    let at = 0;
    for (let row = 0; row < rows; row += 1) {
      const found = read(row);
      const [slopeA, slopeB, restA, restB, low, high] = found;
      let from = row * step * this.width;
      for (let column = 0; column < columns; column += 1, from += step, at += 4) {
        const level = lightness[from] / 655.35;
        const guide = Math.min(high[column], Math.max(low[column], level));
        let a = slopeA[column] * guide + restA[column];
        let b = slopeB[column] * guide + restB[column];
        for (let index = 0; index < tops.length; index += 1) {
          const { plane, answer, strength } = tops[index];
          const share = plane[from] / 255;
          if (share === 0) continue;
          if (answer < 0) {
            a -= share * (1 - strength) * a;
            b -= share * (1 - strength) * b;
          } else {
            const first = 6 + 4 * answer;
            a += share * (found[first][column] * guide + found[first + 2][column] - a);
            b += share * (found[first + 1][column] * guide + found[first + 3][column] - b);
          }
        }
        writePixel(picture.data, at, level, a, b);
        if (table) table.change(picture.data, at);
        if (alpha) picture.data[at + 3] = alpha[from];
      }
    }
    if (kept.length || frame) this.keep(picture, kept, frame, step);
    return picture;
  }

  /** Put pixels as they came where they shall stay. */
  keep(picture, kept, frame, step) {
    const { width, height, data } = picture;
    const pen = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
    pen.imageSmoothingEnabled = false;
    pen.drawImage(this.seen.bitmap, 0, 0, width, height);
    const own = pen.getImageData(0, 0, width, height).data;
    const [left, top, across, down] = this.part;
    const [first, above, last, below] = frame ?? [-1, -1, 2, 2];
    for (let row = 0, at = 0; row < height; row += 1) {
      const y = top + (down * (row + 0.5)) / height;
      const isOut = y < above || y > below;
      for (let column = 0; column < width; column += 1, at += 4) {
        const x = left + (across * (column + 0.5)) / width;
        let share = isOut || x < first || x > last ? 255 : 0;
        for (const { plane } of kept) share = Math.max(share, plane[(row * this.width + column) * step]);
        if (share === 0) continue;
        for (let channel = at; channel < at + 3; channel += 1) {
          data[channel] += Math.round((share / 255) * (own[channel] - data[channel]));
        }
      }
    }
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
