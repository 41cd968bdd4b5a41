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

  /** Change a pixel of bytes; it is called for every one, so nothing is made on the way. */
  change(out, at) {
    const { nodes, size, below, part } = this;
    const red = out[at];
    const green = out[at + 1];
    const blue = out[at + 2];
    const x = part[red];
    const y = part[green];
    const z = part[blue];
    const r = 3 * size * size;
    const g = 3 * size;
    const low = below[red] * r + below[green] * g + below[blue] * 3;
    const high = low + r + g + 3;
    // From one corner of the cell to the other along its edges, the longest way first.
    let first = low;
    let second = high;
    let most = x;
    let least = z;
    if (x >= y) {
      if (y >= z) { first += r; second -= 3; }
      else if (x >= z) { first += r; second -= g; least = y; }
      else { first += 3; second -= g; most = z; least = y; }
    } else if (x >= z) { first += g; second -= 3; most = y; }
    else if (y >= z) { first += g; second -= r; most = y; least = x; }
    else { first += 3; second -= r; most = z; least = x; }
    const middle = x + y + z - most - least;
    for (let channel = 0; channel < 3; channel += 1) {
      out[at + channel] = (1 - most) * nodes[low + channel] + (most - middle) * nodes[first + channel]
        + (middle - least) * nodes[second + channel] + least * nodes[high + channel];
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
