// A picture to show to others: the result, or before and after in one; saved, or copied.

import { make } from "./dom.js";
import { saveFile, withButton } from "./save.js";
import { filmKind, filmOf, gifOf } from "./slider.js";
import { t } from "./text.js";

const GAP = 8;
const MOVING = 720; // pixels of the longer side of what moves
const KINDS = [
  ["side", t("Side by side")], ["split", t("Before | after")], ["result", t("The result")],
  ["gif", t("Moving line (GIF)")], ["film", t("Moving line (video)")],
];
const MOVES = ["gif", "film"];
const PARTS_OF_WIDTH = 36; // a caption's letters are so much smaller than the picture

/** A canvas of a size, at most `most` on its longer side, with a pen that draws pictures of the full size. */
function canvasOf(width, height, most = Infinity) {
  const scale = Math.min(1, most / Math.max(width, height));
  const canvas = make("canvas", { width: Math.round(width * scale), height: Math.round(height * scale) });
  const pen = canvas.getContext("2d");
  pen.imageSmoothingQuality = "high";
  pen.scale(scale, scale);
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, width, height);
  return [canvas, pen];
}

/** Before and after of a stage in one picture: a canvas of the preview's size. */
export function joined({ before, after, divider }, kind) {
  const { width, height } = before;
  const [canvas, pen] = canvasOf(kind === "side" ? 2 * width + GAP : width, height);
  pen.drawImage(before, 0, 0);
  if (kind === "side") {
    pen.drawImage(after, 0, 0, after.width, after.height, width + GAP, 0, width, height);
    return canvas;
  }
  const line = Math.round((divider.value / 100) * width);
  const share = after.width / width;
  if (line < width) pen.drawImage(after, line * share, 0, (width - line) * share, after.height, line, 0, width - line, height);
  pen.fillRect(line - GAP / 4, 0, GAP / 2, height);
  return canvas;
}

/** The words of a caption in lines that fit; what fits in no line is broken. */
function linesOf(caption, pen, room) {
  const lines = [];
  let line = "";
  for (const part of caption.trim().split(/(\s+)/)) {
    for (const piece of pen.measureText(part).width > room ? [...part] : [part]) {
      if (line && pen.measureText(line + piece).width > room) {
        lines.push(line.trim());
        line = "";
      }
      line += piece;
    }
  }
  return [...lines, line.trim()].filter(Boolean);
}

/** A picture with words below it. */
export function captioned(picture, caption) {
  if (!caption.trim()) return picture;
  const size = Math.max(12, Math.round(picture.width / PARTS_OF_WIDTH));
  const font = `${size}px system-ui, sans-serif`;
  const measure = make("canvas").getContext("2d");
  measure.font = font;
  const lines = linesOf(caption, measure, picture.width - 2 * size);
  const [canvas, pen] = canvasOf(picture.width, picture.height + Math.round(size * (1.4 * lines.length + 1)));
  pen.drawImage(picture, 0, 0, picture.width, picture.height);
  Object.assign(pen, { font, fillStyle: "#222", textAlign: "center", textBaseline: "top" });
  lines.forEach((line, index) => pen.fillText(line, picture.width / 2, picture.height + size * (0.7 + 1.4 * index)));
  return canvas;
}

const blobOf = (canvas) => new Promise((resolve) => { canvas.toBlob(resolve, "image/png"); });

/**
 * Calls `actions`: name() of the picture, result() => Promise<Blob>, a PNG of all of it,
 * caption(), setCaption(words), failed(error).
 */
export class Share {
  constructor(stage, actions, id) {
    this.stage = stage;
    this.actions = actions;
    const offered = KINDS.filter(([kind]) => kind !== "film" || filmKind());
    this.kind = make("select", { id, on: { change: () => this.show() } }, ...offered.map(([value, text]) => make("option", { value }, text)));
    this.caption = make("input", {
      type: "text", id: `${id}-caption`, maxLength: 200, autocomplete: "off",
      on: { change: ({ target }) => actions.setCaption(target.value) },
    });
    const button = (text, work) => make("button", {
      type: "button", on: { click: ({ currentTarget }) => withButton(currentTarget, work, actions.failed) },
    }, text);
    this.copyButton = button(t("Copy"), () => this.copy());
    this.root = make("div", { className: "group share" }, make("label", { htmlFor: id }, t("Share"), " "), this.kind,
      make("label", { htmlFor: this.caption.id }, t("Caption"), " "), this.caption,
      make("div", { className: "row" }, this.copyButton, button(t("Save picture"), () => this.save())));
    this.show();
  }

  /** Show the caption of the picture, and what can be done with what is chosen. */
  show() {
    // Browsers copy pictures only where the page itself came safely, and none that move.
    this.copyButton.hidden = MOVES.includes(this.kind.value) || !(window.ClipboardItem && navigator.clipboard?.write);
    if (document.activeElement !== this.caption) this.caption.value = this.actions.caption();
  }

  /** What is to be shown, as a file: { blob, suffix }. */
  async picture() {
    const kind = this.kind.value;
    const caption = this.caption.value;
    if (MOVES.includes(kind)) {
      const both = [captioned(this.still("before"), caption), this.still("after")];
      return kind === "gif"
        ? { blob: gifOf(...both), suffix: "gif" } : { blob: await filmOf(...both), suffix: filmKind()[1] };
    }
    if (kind !== "result") return { blob: await blobOf(captioned(joined(this.stage, kind), caption)), suffix: "png" };
    const blob = await this.actions.result();
    if (!caption.trim()) return { blob, suffix: "png" };
    const bitmap = await createImageBitmap(blob);
    const canvas = captioned(bitmap, caption);
    bitmap.close();
    return { blob: await blobOf(canvas), suffix: "png" };
  }

  /** One of the two pictures of the stage, small enough to move. */
  still(name) {
    const { width, height } = this.stage.before;
    const [canvas, pen] = canvasOf(width, height, MOVING);
    pen.drawImage(this.stage[name], 0, 0, width, height);
    return canvas;
  }

  copy() {
    const blob = this.picture().then((made) => made.blob);
    return navigator.clipboard.write([new ClipboardItem({ "image/png": blob })]);
  }

  async save() {
    const stem = this.actions.name().replace(/\.[^.]*$/, "");
    const kind = this.kind.value;
    const { blob, suffix } = await this.picture();
    saveFile({ blob, name: `${stem}.${MOVES.includes(kind) ? "slider" : kind}.${suffix}` });
  }
}
