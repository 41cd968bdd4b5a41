// Zip files, made and read in the browser (PKWARE's APPNOTE 6.3). What is put in is stored as it is:
// pictures are compressed already, and the file is made of the blobs themselves, without a copy.

import { t } from "./text.js";

const UTF8 = 0x0800;
const MOST = 0xffffffff; // beyond it the format needs other records, which are not written here
const CHUNK = 1 << 22; // bytes that are read at once

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

async function checksum(blob, signal) {
  let sum = MOST;
  for (let start = 0; start < blob.size; start += CHUNK) {
    signal?.throwIfAborted();
    const bytes = new Uint8Array(await blob.slice(start, start + CHUNK).arrayBuffer());
    for (const byte of bytes) sum = TABLE[(sum ^ byte) & 255] ^ (sum >>> 8);
  }
  return (sum ^ MOST) >>> 0;
}

/** Bytes of [value, size] pairs, little endian. */
function record(...fields) {
  const bytes = [];
  for (const [value, size] of fields) {
    for (let index = 0; index < size; index += 1) bytes.push(Math.floor(value / 256 ** index) & 255);
  }
  return new Uint8Array(bytes);
}

function stamp(date) {
  return [
    (date.getHours() << 11) | (date.getMinutes() << 5) | (date.getSeconds() >> 1),
    ((date.getFullYear() - 1980) << 9) | ((date.getMonth() + 1) << 5) | date.getDate(),
  ];
}

/** A zip file that grows. */
export class Zip {
  constructor() {
    this.parts = [];
    this.directory = [];
    this.size = 0;
  }

  /** Add a file. Throws if it gets too large, or when it is called off. */
  async add(name, blob, signal) {
    const path = new TextEncoder().encode(name);
    const sum = await checksum(blob, signal);
    const [time, day] = stamp(new Date());
    const common = [
      [20, 2], [UTF8, 2], [0, 2], [time, 2], [day, 2], [sum, 4], [blob.size, 4], [blob.size, 4],
      [path.length, 2], [0, 2],
    ];
    const start = this.size;
    this.push(record([0x04034b50, 4], ...common), path, blob);
    if (this.size > MOST) throw Object.assign(new Error(t("this is too much for one zip file")), { mend: t("save fewer pictures at once") });
    this.directory.push(
      record([0x02014b50, 4], [20, 2], ...common, [0, 2], [0, 2], [0, 2], [0, 4], [start, 4]), path,
    );
  }

  push(...parts) {
    this.parts.push(...parts);
    for (const part of parts) this.size += part.size ?? part.length;
  }

  blob() {
    const count = this.directory.length / 2;
    const length = this.directory.reduce((sum, part) => sum + part.length, 0);
    const end = record([0x06054b50, 4], [0, 2], [0, 2], [count, 2], [count, 2], [length, 4], [this.size, 4], [0, 2]);
    return new Blob([...this.parts, ...this.directory, end], { type: "application/zip" });
  }
}

const END = 22; // bytes of the last record
const COMMENT = 65535;

/** The files of a zip file: a map from name to a function that gives its blob. Throws if it is none. */
export async function openZip(blob) {
  const tail = await viewOf(blob.slice(Math.max(0, blob.size - END - COMMENT)));
  let end = tail.byteLength - END;
  while (end >= 0 && tail.getUint32(end, true) !== 0x06054b50) end -= 1;
  if (end < 0) throw new Error("no zip file");
  const count = tail.getUint16(end + 10, true);
  const start = tail.getUint32(end + 16, true);
  const directory = await viewOf(blob.slice(start, start + tail.getUint32(end + 12, true)));
  const files = new Map();
  for (let number = 0, at = 0; number < count; number += 1) {
    const [name, more, comment] = [28, 30, 32].map((offset) => directory.getUint16(at + offset, true));
    const path = new TextDecoder().decode(new Uint8Array(directory.buffer, at + 46, name));
    const [method, size, place] = [
      directory.getUint16(at + 10, true), directory.getUint32(at + 20, true), directory.getUint32(at + 42, true),
    ];
    files.set(path, () => stored(blob, place, size, method));
    at += 46 + name + more + comment;
  }
  return files;
}

const viewOf = async (blob) => new DataView(await blob.arrayBuffer());

async function stored(blob, place, size, method) {
  const head = await viewOf(blob.slice(place, place + 30));
  const start = place + 30 + head.getUint16(26, true) + head.getUint16(28, true);
  const bytes = blob.slice(start, start + size);
  if (method === 0) return bytes;
  return new Response(bytes.stream().pipeThrough(new DecompressionStream("deflate-raw"))).blob();
}
