// Masks that somebody paints: white where a part of the photograph is, in the photograph's own shape.

import { keepFile, newKey } from "./kept.js";

const SIDE = 1600; // pixels of a mask's longer side, at most
const PLACES = 12; // of a stroke, by which its thing is found
const BEGINNING = 1 / 3; // of a stroke: that part says what thing is meant

const AT_HAND = 24; // masks whose pixels are kept: those that were used last
const PLANES = 24; // the same of each picture that is shown

const canvases = new Map(); // of records, the newest last
const planes = new WeakMap(); // of what is shown, by the names of masks

/** An empty mask of a photograph of this size. */
export function emptyMask({ width, height }) {
  const scale = Math.min(1, SIDE / Math.max(width, height));
  return new OffscreenCanvas(Math.max(1, Math.round(scale * width)), Math.max(1, Math.round(scale * height)));
}

/** Another mask with the same in it. */
export function copyOf(mask) {
  const copy = new OffscreenCanvas(mask.width, mask.height);
  copy.getContext("2d").drawImage(mask, 0, 0);
  return copy;
}

function keepAtHand(record, canvas) {
  canvases.delete(record);
  canvases.set(record, canvas);
  if (canvases.size > AT_HAND) canvases.delete(canvases.keys().next().value);
}

/** Keep a mask of a picture; returns the name under which its regions and the service know it. */
export async function keepMask(picture, canvas) {
  const file = await canvas.convertToBlob({ type: "image/png" });
  const record = { name: newKey(), file, kept: keepFile(file) };
  keepAtHand(record, canvas);
  picture.masks.push(record);
  return record.name;
}

/** The mask of this name, which was painted here or comes out of what the browser keeps. */
export async function maskOf(picture, name, fileOf) {
  const record = picture.masks.find((each) => each.name === name);
  if (!record) return null;
  if (!canvases.has(record)) {
    record.file ??= await fileOf(record.kept);
    if (!record.file) return null;
    const bitmap = await createImageBitmap(record.file);
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    canvas.getContext("2d").drawImage(bitmap, 0, 0);
    bitmap.close();
    keepAtHand(record, canvas);
  }
  return canvases.get(record);
}

/** The mask of this name if it is at hand. */
export function maskAtHand(picture, name) {
  const record = picture.masks.find((each) => each.name === name);
  return (record && canvases.get(record)) ?? null;
}

/** Whether nothing is in a mask. */
export function isEmpty(mask) {
  const { data } = mask.getContext("2d").getImageData(0, 0, mask.width, mask.height);
  for (let at = 3; at < data.length; at += 4) if (data[at] > 3) return false;
  return true;
}

/**
 * How far each pixel of what is shown belongs to a mask: a byte each.
 * @param colored what is shown: { width, height, part: [left, top, width, height] in 0…1 }
 */
export function planeOf(colored, name, mask, placing) {
  const known = planes.get(colored) ?? planes.set(colored, new Map()).get(colored);
  if (!known.has(name)) {
    if (known.size >= PLANES) known.delete(known.keys().next().value);
    const { width, height, part: [left, top, across, down] } = colored;
    const pen = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
    const [wide, high] = [width / across, height / down];
    placing.turnPen(pen, wide, high, mask);
    const turned = pen.getTransform();
    pen.setTransform(new DOMMatrix([1, 0, 0, 1, -left * wide, -top * high]).multiply(turned));
    pen.imageSmoothingQuality = "high";
    pen.drawImage(mask, 0, 0);
    const { data } = pen.getImageData(0, 0, width, height);
    const plane = new Uint8Array(width * height);
    for (let at = 0; at < plane.length; at += 1) {
      const share = data[4 * at + 3];
      plane[at] = share < 4 ? 0 : share > 251 ? 255 : share;
    }
    known.set(name, plane);
  }
  return known.get(name);
}

/** A stroke with a round brush through points of a mask. */
export function drawStroke(mask, points, width) {
  const pen = mask.getContext("2d");
  Object.assign(pen, { lineWidth: width, lineCap: "round", lineJoin: "round", strokeStyle: "#fff" });
  pen.beginPath();
  pen.moveTo(points[0].x, points[0].y);
  for (const { x, y } of points) pen.lineTo(x + 0.01, y);
  pen.stroke();
}

/** Places along the beginning of a stroke, not too many. */
export const sampled = (points) => {
  const first = points.slice(0, Math.ceil(BEGINNING * points.length));
  const step = Math.max(1, Math.ceil(first.length / PLACES));
  return first.filter((_, index) => index % step === 0);
};

/** A picture that is white inside, as the service tells what is one thing, as a mask of this size. */
export async function maskFrom(blob, { width, height }) {
  const bitmap = await createImageBitmap(blob);
  const small = new OffscreenCanvas(bitmap.width, bitmap.height);
  const pen = small.getContext("2d", { willReadFrequently: true });
  pen.drawImage(bitmap, 0, 0);
  bitmap.close();
  const picture = pen.getImageData(0, 0, small.width, small.height);
  for (let at = 0; at < picture.data.length; at += 4) picture.data.set([255, 255, 255, picture.data[at]], at);
  pen.putImageData(picture, 0, 0);
  const mask = new OffscreenCanvas(width, height);
  const into = mask.getContext("2d");
  // Its steps are those of the network's cells.
  into.filter = `blur(${Math.max(0.5, Math.max(width, height) / 640)}px)`;
  into.drawImage(small, 0, 0, width, height);
  return mask;
}

/** Put a stroke into a mask, or take it out. */
export function combine(mask, stroke, erases) {
  const pen = mask.getContext("2d");
  pen.globalCompositeOperation = erases ? "destination-out" : "source-over";
  pen.drawImage(stroke, 0, 0);
  pen.globalCompositeOperation = "source-over";
}

/** What two masks have in common. */
export function common(one, other) {
  const mask = copyOf(one);
  const pen = mask.getContext("2d");
  pen.globalCompositeOperation = "destination-in";
  pen.drawImage(other, 0, 0);
  return mask;
}
