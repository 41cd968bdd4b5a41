// Before and after as a short film: the line between them goes to the left and back.

import { Gif, indexed, WHITE } from "./gif.js";

const STEPS = 24; // from one side to the other
const HUNDREDTHS = 6; // of a second, a step
const STAY = 100; // hundredths of a second at each side
const LINE = 2; // pixels of the line
const RATE = 5e6; // bits a second of a film

// What browsers may be able to record, what most people can play first.
const FILMS = [
  ["video/mp4;codecs=avc1.42E01F", "mp4"], ["video/mp4", "mp4"],
  ["video/webm;codecs=vp9", "webm"], ["video/webm", "webm"],
];

/** What this browser records films as: [its name for it, how files are called]; undefined for nothing. */
export const filmKind = () => FILMS.find(([kind]) => window.MediaRecorder?.isTypeSupported(kind));

/** Where the line is, step by step, and how long it stays there: [column, hundredths of a second]. */
function* movement(width) {
  const far = width - LINE;
  // It begins and ends slowly.
  const at = (step) => Math.round((far * (1 + Math.cos((Math.PI * step) / STEPS))) / 2);
  for (let step = 0; step <= 2 * STEPS; step += 1) {
    yield [step === 2 * STEPS ? far : at(step), step % STEPS ? HUNDREDTHS : STAY];
  }
}

/**
 * @param before canvas of the picture, and perhaps of words below it, which stay as they are
 * @param after canvas of the picture alone, of the same width
 * @returns {Blob}
 */
export function gifOf(before, after) {
  const { width, height } = before;
  const [gray, color] = [before, after].map((canvas) => indexed(canvas.getContext("2d").getImageData(0, 0, width, canvas.height)));
  const gif = new Gif(width, height);
  let last = null;
  for (const [column, hundredths] of movement(width)) {
    const backwards = last !== null && column > last;
    // What lies between the line now and the line before changes, and no more.
    const [left, right] = last === null ? [0, width] : [Math.min(last, column), Math.max(last, column) + LINE];
    const rows = last === null ? height : after.height;
    gif.add(strip(backwards || last === null ? gray : color, [left, right, rows], column, after.height), left, hundredths);
    last = column;
  }
  return gif.blob();
}

/** Columns of the upper rows of a picture, with the line in them, so many rows long. */
function strip({ palette, indices, width }, [left, right, rows], line, long) {
  const wide = right - left;
  const part = new Uint8Array(wide * rows);
  for (let row = 0; row < rows; row += 1) {
    part.set(indices.subarray(row * width + left, row * width + right), row * wide);
    if (row < long) part.fill(WHITE, row * wide + line - left, row * wide + line - left + LINE);
  }
  return { palette, indices: part, width: wide };
}

/** The same as a film, recorded while it is drawn: it takes as long as it is. */
export async function filmOf(before, after) {
  const [kind] = filmKind();
  const canvas = document.createElement("canvas");
  // Encoders want even sizes.
  canvas.width = before.width - (before.width % 2);
  canvas.height = before.height - (before.height % 2);
  const pen = canvas.getContext("2d");
  const draw = (column) => {
    pen.drawImage(before, 0, 0);
    const rest = canvas.width - column;
    if (rest > 0) pen.drawImage(after, column, 0, rest, after.height, column, 0, rest, after.height);
    pen.fillStyle = "#fff";
    pen.fillRect(column, 0, LINE, after.height);
  };
  draw(canvas.width - LINE);
  const recorder = new MediaRecorder(canvas.captureStream(), { mimeType: kind, videoBitsPerSecond: RATE });
  const parts = [];
  recorder.addEventListener("dataavailable", ({ data }) => parts.push(data));
  const ended = new Promise((resolve, reject) => {
    recorder.addEventListener("stop", resolve);
    recorder.addEventListener("error", ({ error }) => reject(error));
  });
  recorder.start();
  for (const [column, hundredths] of movement(canvas.width)) {
    draw(column);
    await new Promise((resolve) => { setTimeout(resolve, 10 * hundredths); });
  }
  draw(canvas.width - LINE);
  recorder.stop();
  await ended;
  recorder.stream.getTracks().forEach((track) => track.stop());
  return new Blob(parts, { type: kind.split(";")[0] });
}
