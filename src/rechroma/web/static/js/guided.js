// A network's small planes at a picture's own resolution, with its lightness as a guide: the same as
// the package's own `colorizer/guided.py`, which a test holds.

import { warmed } from "./lab.js";

const EPSILON = 1; // in L², the variance of L below which it is taken for noise
const MARGIN = 0.25; // how far the guide may leave the range of L around, as a part of it

/** Combine the 3 × 3 cells around each one; the border is repeated outwards. */
function windowed(plane, rows, columns, combine) {
  const across = new Float32Array(plane.length);
  const result = new Float32Array(plane.length);
  for (let row = 0; row < rows; row += 1) {
    const start = row * columns;
    for (let column = 0; column < columns; column += 1) {
      const left = plane[start + Math.max(0, column - 1)];
      const right = plane[start + Math.min(columns - 1, column + 1)];
      across[start + column] = combine(combine(left, plane[start + column]), right);
    }
  }
  for (let row = 0; row < rows; row += 1) {
    const above = Math.max(0, row - 1) * columns;
    const below = Math.min(rows - 1, row + 1) * columns;
    for (let column = 0; column < columns; column += 1) {
      const here = row * columns + column;
      result[here] = combine(combine(across[above + column], across[here]), across[below + column]);
    }
  }
  return result;
}

const add = (one, other) => one + other;
const mean = (plane, rows, columns) => windowed(plane, rows, columns, add).map((sum) => sum / 9);

/** Where pixels lie between cells: the cell before each, and the weight of the next one. */
function neighbors(count, from, to, cells) {
  const before = new Int32Array(count);
  const weight = new Float32Array(count);
  for (let index = 0; index < count; index += 1) {
    const at = from + ((index + 0.5) / count) * (to - from) - 0.5;
    const position = Math.min(cells - 1, Math.max(0, at));
    before[index] = position;
    weight[index] = position - before[index];
  }
  return { before, weight };
}

/** What the service says of a picture's colors; see POST /v1/sessions/{id}/cells. */
export class Cells {
  constructor({ width, height, extent, data, layers = [] }) {
    const plane = (index) => new Float32Array(data, 4 * index * width * height, width * height);
    const further = Math.max(0, ...layers.map((number) => number + 1));
    const tells = data.byteLength === 4 * (6 + 4 * further) * width * height;
    this.columns = width;
    this.rows = height;
    this.extent = extent; // rows and columns that the picture covers
    this.lightness = plane(0);
    const answer = (at, usual) => ({ own: [plane(at), plane(at + 1)], mean: tells ? [plane(usual), plane(usual + 1)] : null });
    this.answer = answer(1, 3);
    this.sure = tells ? plane(5) : null;
    const step = tells ? 4 : 2;
    const first = tells ? 6 : 3;
    this.further = Array.from({ length: further }, (_, index) => answer(first + step * index, first + 2 + step * index));
    this.layers = layers; // of each mask the number of its further answer, or -1
    this.bounds = this.range();
  }

  /** How dark and how light the guide may be at each cell. */
  range() {
    const { lightness, rows, columns } = this;
    const low = windowed(lightness, rows, columns, Math.min);
    const high = windowed(lightness, rows, columns, Math.max);
    return [low.map((least, at) => least - MARGIN * (high[at] - least)),
      high.map((most, at) => most + MARGIN * (most - low[at]))];
  }

  /**
   * Planes of lines, chroma = slope · L + rest, and the bounds of L: [slope a, slope b, rest a,
   * rest b, low, high], and the first four again of each further answer.
   */
  lines({ strength, vividness, temperature = 0 }) {
    const { rows, columns, lightness } = this;
    const middle = lightness.reduce(add, 0) / lightness.length;
    const guide = lightness.map((level) => level - middle);
    const around = (plane) => mean(plane, rows, columns);
    const means = around(guide);
    const variance = around(guide.map((level) => level * level))
      .map((squares, at) => Math.max(0, squares - means[at] * means[at]));
    const fitted = (answer) => {
      const planes = this.colors(answer, vividness, temperature).map((plane) => plane.map((value) => strength * value));
      const slopes = planes.map((plane) => {
        const average = around(plane);
        return around(plane.map((value, at) => value * guide[at]))
          .map((product, at) => (product - average[at] * means[at]) / (variance[at] + EPSILON));
      });
      const rests = planes.map((plane, index) => plane.map((value, at) => value - slopes[index][at] * lightness[at]));
      return [...slopes, ...rests];
    };
    return [...fitted(this.answer), ...this.bounds, ...this.further.flatMap(fitted)];
  }

  /** a and b of an answer at a vividness and in some light. */
  colors({ own, mean: usual }, vividness, temperature) {
    const planes = own.map((plane, index) => (usual
      ? plane.map((value, at) => usual[index][at] + vividness * (value - usual[index][at])) : plane.slice()));
    if (temperature) {
      this.lightness.forEach((level, at) => {
        [planes[0][at], planes[1][at]] = warmed(level, planes[0][at], planes[1][at], temperature);
      });
    }
    return planes;
  }

  /**
   * Read planes row by row, at a part of the picture.
   * @param planes of cells
   * @param box left, top, width and height of the part, 0…1 of the picture
   * @returns {(row: number) => Float32Array[]} a row of each plane; the next call writes over it
   */
  reader(planes, width, height, [left, top, across, down]) {
    const { rows, columns, extent } = this;
    const vertical = neighbors(height, top * extent[0], (top + down) * extent[0], rows);
    const horizontal = neighbors(width, left * extent[1], (left + across) * extent[1], columns);
    const between = new Float32Array(columns + 1);
    const found = planes.map(() => new Float32Array(width));
    return (row) => {
      const above = vertical.before[row] * columns;
      const below = Math.min(rows - 1, vertical.before[row] + 1) * columns;
      const weight = vertical.weight[row];
      planes.forEach((plane, index) => {
        for (let column = 0; column < columns; column += 1) {
          const upper = plane[above + column];
          between[column] = upper + weight * (plane[below + column] - upper);
        }
        between[columns] = between[columns - 1];
        const out = found[index];
        for (let column = 0; column < width; column += 1) {
          const cell = horizontal.before[column];
          out[column] = between[cell] + horizontal.weight[column] * (between[cell + 1] - between[cell]);
        }
      });
      return found;
    };
  }
}
