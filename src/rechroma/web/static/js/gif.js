// Animated GIFs: 256 colors a picture, and frames that are parts of the whole.

const COLORS = 256;
export const WHITE = COLORS - 1; // in every palette
const BITS = 5; // of each channel that colors are counted by
const CELLS = 1 << (3 * BITS);
const cellOf = (red, green, blue) => ((red >> 3) << 10) | ((green >> 3) << 5) | (blue >> 3);
const channelsOf = (cell) => [cell >> 10, (cell >> 5) & 31, cell & 31];

/** The colors of a picture as 256 of them: { palette: 768 bytes, indices, width, height }. */
export function indexed({ data, width, height }) {
  if (isGray(data)) return { palette: GRAYS, indices: Uint8Array.from({ length: width * height }, (_, at) => data[4 * at]), width, height };
  const palette = new Uint8Array(3 * COLORS).fill(255);
  averagesOf(data).forEach((color, index) => palette.set(color, 3 * index));
  return { palette, indices: dithered(data, width, height, palette), width, height };
}

const GRAYS = Uint8Array.from({ length: 3 * COLORS }, (_, at) => Math.floor(at / 3));

function isGray(data) {
  for (let at = 0; at < data.length; at += 4) {
    if (data[at] !== data[at + 1] || data[at] !== data[at + 2]) return false;
  }
  return true;
}

/** Median cut: the box with the most to tell is halved until there are enough. */
function averagesOf(data) {
  const counts = new Uint32Array(CELLS);
  for (let at = 0; at < data.length; at += 4) counts[cellOf(data[at], data[at + 1], data[at + 2])] += 1;
  const used = [];
  for (let cell = 0; cell < CELLS; cell += 1) if (counts[cell]) used.push(cell);
  const boxes = [boxOf(used, counts)];
  while (boxes.length < COLORS - 1) {
    const largest = boxes.reduce((best, box) => (box.worth > best.worth ? box : best));
    if (largest.worth === 0) break;
    boxes.splice(boxes.indexOf(largest), 1, ...halved(largest, counts));
  }
  return boxes.map(({ cells, count }) => {
    const sums = [0, 0, 0];
    for (const cell of cells) channelsOf(cell).forEach((level, channel) => { sums[channel] += level * counts[cell]; });
    return sums.map((sum) => Math.min(255, Math.round((sum / count) * 8 + 4)));
  });
}

function boxOf(cells, counts) {
  const spans = [0, 1, 2].map((channel) => {
    const levels = cells.map((cell) => channelsOf(cell)[channel]);
    return levels.reduce((most, level) => Math.max(most, level), 0) - levels.reduce((least, level) => Math.min(least, level), 31);
  });
  const span = Math.max(...spans);
  const count = cells.reduce((sum, cell) => sum + counts[cell], 0);
  return { cells, count, channel: spans.indexOf(span), worth: span * Math.sqrt(count) };
}

function halved({ cells, count, channel }, counts) {
  const sorted = [...cells].sort((one, other) => channelsOf(one)[channel] - channelsOf(other)[channel]);
  let at = 0;
  for (let sum = 0; at < sorted.length - 1 && sum < count / 2; at += 1) sum += counts[sorted[at]];
  const cut = Math.max(1, at);
  return [boxOf(sorted.slice(0, cut), counts), boxOf(sorted.slice(cut), counts)];
}

/** Floyd and Steinberg, 1976: what a pixel lacks is given to its neighbors. */
function dithered(data, width, height, palette) {
  const nearest = new Int16Array(CELLS).fill(-1);
  const indices = new Uint8Array(width * height);
  let [here, below] = [new Float32Array(3 * (width + 2)), new Float32Array(3 * (width + 2))];
  const within = (value) => Math.min(255, Math.max(0, value));
  for (let row = 0, pixel = 0; row < height; row += 1) {
    for (let column = 0; column < width; column += 1, pixel += 1) {
      if (data[4 * pixel] + data[4 * pixel + 1] + data[4 * pixel + 2] === 3 * 255) { // paper stays as it is
        indices[pixel] = WHITE;
        continue;
      }
      const at = 3 * (column + 1);
      const [red, green, blue] = [0, 1, 2].map((channel) => within(data[4 * pixel + channel] + here[at + channel]));
      const index = indices[pixel] = indexOf(red, green, blue, palette, nearest);
      [red, green, blue].forEach((level, channel) => {
        const rest = (level - palette[3 * index + channel]) / 16;
        here[at + 3 + channel] += 7 * rest;
        below[at - 3 + channel] += 3 * rest;
        below[at + channel] += 5 * rest;
        below[at + 3 + channel] += rest;
      });
    }
    [here, below] = [below, here.fill(0)];
  }
  return indices;
}

function indexOf(red, green, blue, palette, nearest) {
  const cell = cellOf(red, green, blue);
  if (nearest[cell] < 0) {
    const wanted = channelsOf(cell).map((level) => 8 * level + 4);
    let least = Infinity;
    for (let index = 0; index < COLORS; index += 1) {
      const distance = wanted.reduce((sum, level, channel) => sum + (level - palette[3 * index + channel]) ** 2, 0);
      if (distance < least) [least, nearest[cell]] = [distance, index];
    }
  }
  return nearest[cell];
}

/** A GIF that grows, and is shown again and again. */
export class Gif {
  constructor(width, height) {
    this.parts = [
      new TextEncoder().encode("GIF89a"), shorts(width, height), [0x70, 0, 0],
      [0x21, 0xff, 11], new TextEncoder().encode("NETSCAPE2.0"), [3, 1, 0, 0, 0],
    ];
  }

  /**
   * Add a part of a picture, which stays where nothing is put over it.
   * @param {{ palette: Uint8Array, indices: Uint8Array, width: number }} part
   * @param {number} left where it is put
   * @param {number} hundredths of a second until the next one
   */
  add({ palette, indices, width }, left, hundredths) {
    const height = indices.length / width;
    this.parts.push([0x21, 0xf9, 4, 4], shorts(hundredths), [0, 0]);
    this.parts.push([0x2c], shorts(left, 0, width, height), [0x87], palette, [8], ...packed(indices), [0]);
  }

  blob() {
    return new Blob([...this.parts, [0x3b]].map((part) => Uint8Array.from(part)), { type: "image/gif" });
  }
}

const shorts = (...values) => values.flatMap((value) => [value & 255, value >> 8]);

const CLEAR = COLORS;
const END = COLORS + 1;
const FULL = 4096;

/** Bytes by the algorithm of Lempel, Ziv and Welch, in blocks of up to 255 with their lengths. */
function packed(indices) {
  const bytes = [];
  const follows = new Uint16Array(FULL * COLORS); // code and next byte → code, 0 for none
  let [bits, held, size, next] = [0, 0, 9, END + 1];
  const write = (code) => {
    held |= code << bits;
    for (bits += size; bits >= 8; bits -= 8, held >>>= 8) bytes.push(held & 255);
  };
  write(CLEAR);
  let code = indices[0];
  for (let at = 1; at < indices.length; at += 1) {
    const place = code * COLORS + indices[at];
    if (follows[place]) {
      code = follows[place];
      continue;
    }
    write(code);
    code = indices[at];
    if (next === FULL) {
      write(CLEAR);
      follows.fill(0);
      [size, next] = [9, END + 1];
      continue;
    }
    follows[place] = next;
    // Codes get longer as soon as there is one that needs it.
    if (next === 1 << size) size += 1;
    next += 1;
  }
  write(code);
  write(END);
  if (bits) bytes.push(held & 255);
  const blocks = [];
  for (let at = 0; at < bytes.length; at += 255) {
    const block = bytes.slice(at, at + 255);
    blocks.push([block.length], block);
  }
  return blocks;
}
