// A preview's lightness and chroma, and the pictures that can be painted of them.

import { writePixel } from "./lab.js";

const CHANGE = 15; // units of a, b that are no small change any more

/** Planes of bytes as the service sends them; see POST /v1/sessions/{id}/planes. */
export class Planes {
  constructor({ width, height, data }) {
    const size = width * height;
    this.width = width;
    this.height = height;
    this.lightness = new Uint8Array(data, 0, size);
    this.a = new Int8Array(data, size, size);
    this.b = new Int8Array(data, 2 * size, size);
    const tells = data.byteLength >= 6 * size;
    this.meanA = tells ? new Int8Array(data, 3 * size, size) : this.a;
    this.meanB = tells ? new Int8Array(data, 4 * size, size) : this.b;
    this.sure = tells ? new Uint8Array(data, 5 * size, size) : null;
  }

  /** Paint every `step`-th pixel of every `step`-th row. */
  paint(strength, vividness, step = 1) {
    const columns = Math.ceil(this.width / step);
    const rows = Math.ceil(this.height / step);
    const picture = new ImageData(columns, rows);
    const { lightness, a, b, meanA, meanB } = this;
    const likeliest = strength * vividness;
    const mean = strength - likeliest;
    let at = 0;
    for (let row = 0; row < rows; row += 1) {
      let from = row * step * this.width;
      for (let column = 0; column < columns; column += 1, from += step, at += 4) {
        writePixel(
          picture.data, at, lightness[from],
          likeliest * a[from] + mean * meanA[from], likeliest * b[from] + mean * meanB[from],
        );
      }
    }
    return picture;
  }

  /** A veil over what has the same colors as in `planes`, of the same size: the rest stays bright. */
  paintSame({ a, b }) {
    const picture = new ImageData(this.width, this.height);
    for (let index = 0; index < this.a.length; index += 1) {
      const change = Math.hypot(this.a[index] - a[index], this.b[index] - b[index]);
      picture.data.set([0, 0, 0, 200 * Math.max(0, 1 - change / CHANGE)], 4 * index);
    }
    return picture;
  }

  /** Where the model guesses: the less it is sure, the more of a warm veil. */
  paintDoubt() {
    const picture = new ImageData(this.width, this.height);
    for (let index = 0; index < this.sure.length; index += 1) {
      const doubt = 1 - this.sure[index] / 255;
      picture.data.set([255, 90, 0, 255 * doubt * doubt], 4 * index);
    }
    return picture;
  }
}

/** Put a painted picture on a canvas, which takes its size. */
export function show(canvas, picture) {
  if (canvas.width !== picture.width) canvas.width = picture.width;
  if (canvas.height !== picture.height) canvas.height = picture.height;
  canvas.getContext("2d").putImageData(picture, 0, 0);
}
