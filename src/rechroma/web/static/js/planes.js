// A small preview's lightness and chroma, and the pictures that can be painted of them.

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
  }

  paint(strength, vividness) {
    const picture = new ImageData(this.width, this.height);
    const { lightness, a, b, meanA, meanB } = this;
    const likeliest = strength * vividness;
    const mean = strength - likeliest;
    for (let index = 0; index < lightness.length; index += 1) {
      writePixel(
        picture.data, 4 * index, lightness[index] / 2.55,
        likeliest * a[index] + mean * meanA[index], likeliest * b[index] + mean * meanB[index],
      );
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
}

/** Put a painted picture on a canvas, which takes its size. */
export function show(canvas, picture) {
  if (canvas.width !== picture.width) canvas.width = picture.width;
  if (canvas.height !== picture.height) canvas.height = picture.height;
  canvas.getContext("2d").putImageData(picture, 0, 0);
}
