// Looks: tables of colors that the service has under a name.

import * as api from "./api.js";

const tables = new Map();

/** A map of colors, read tetrahedrally between the nodes of a table. */
export class Table {
  /** @param {ArrayBuffer} data see GET /v1/looks/{name}/table */
  constructor(data) {
    this.nodes = Float32Array.from(new Uint16Array(data), (value) => value / 257);
    this.size = Math.round(Math.cbrt(this.nodes.length / 3));
    const steps = this.size - 1;
    this.below = Uint8Array.from({ length: 256 }, (_, byte) => Math.min(steps - 1, Math.floor((byte * steps) / 255)));
    this.part = Float32Array.from({ length: 256 }, (_, byte) => (byte * steps) / 255 - this.below[byte]);
  }

  /** Change a pixel of bytes. */
  change(out, at) {
    const { nodes, size, below, part } = this;
    const [red, green, blue] = [out[at], out[at + 1], out[at + 2]];
    const [x, y, z] = [part[red], part[green], part[blue]];
    const [r, g, b] = [3 * size * size, 3 * size, 3];
    const low = below[red] * r + below[green] * g + below[blue] * b;
    const high = low + r + g + b;
    // From one corner of the cell to the other along its edges, the longest way first.
    let [first, second] = [0, 0];
    let [most, middle, least] = [0, 0, 0];
    if (x >= y && y >= z) { first = r; second = r + g; most = x; middle = y; least = z; }
    else if (x >= z && z >= y) { first = r; second = r + b; most = x; middle = z; least = y; }
    else if (z >= x && x >= y) { first = b; second = b + r; most = z; middle = x; least = y; }
    else if (y >= x && x >= z) { first = g; second = g + r; most = y; middle = x; least = z; }
    else if (y >= z && z >= x) { first = g; second = g + b; most = y; middle = z; least = x; }
    else { first = b; second = b + g; most = z; middle = y; least = x; }
    for (let channel = 0; channel < 3; channel += 1) {
      out[at + channel] = (1 - most) * nodes[low + channel] + (most - middle) * nodes[low + first + channel]
        + (middle - least) * nodes[low + second + channel] + least * nodes[high + channel];
    }
  }
}

/** The table of a look; one that was asked for stays. */
export async function tableOf(name) {
  if (!tables.has(name)) tables.set(name, new Table(await api.lookTable(name)));
  return tables.get(name);
}

/** The table of a look if it is here, or null. */
export const tableAtHand = (name) => tables.get(name) ?? null;
