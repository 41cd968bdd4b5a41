// A picture to show to others: the result, or before and after in one; saved, or copied.

import { make } from "./dom.js";
import { saveFile, withButton } from "./save.js";
import { t } from "./text.js";

const GAP = 8;
const KINDS = [["side", t("Side by side")], ["split", t("Before | after")], ["result", t("The result")]];

/** Before and after of a stage in one picture: a canvas of the preview's size. */
export function joined({ before, after, divider }, kind) {
  const { width, height } = before;
  const canvas = make("canvas", { width: kind === "side" ? 2 * width + GAP : width, height });
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, canvas.width, height);
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

const blobOf = (canvas) => new Promise((resolve) => { canvas.toBlob(resolve, "image/png"); });

/**
 * Calls `actions`: name() of the picture, result() => Promise<Blob>, a PNG of all of it,
 * failed(error).
 */
export class Share {
  constructor(stage, actions, id) {
    this.stage = stage;
    this.actions = actions;
    this.kind = make("select", { id }, ...KINDS.map(([value, text]) => make("option", { value }, text)));
    const button = (text, work) => make("button", {
      type: "button", on: { click: ({ currentTarget }) => withButton(currentTarget, work, actions.failed) },
    }, text);
    this.copyButton = button(t("Copy"), () => this.copy());
    // Browsers copy pictures only where the page itself came safely.
    this.copyButton.hidden = !(window.ClipboardItem && navigator.clipboard?.write);
    this.root = make("div", { className: "group share" }, make("label", { htmlFor: id }, t("Share"), " "), this.kind,
      make("div", { className: "row" }, this.copyButton, button(t("Save picture"), () => this.save())));
  }

  picture() {
    return this.kind.value === "result" ? this.actions.result() : blobOf(joined(this.stage, this.kind.value));
  }

  copy() { return navigator.clipboard.write([new ClipboardItem({ "image/png": this.picture() })]); }

  async save() {
    const stem = this.actions.name().replace(/\.[^.]*$/, "");
    saveFile({ blob: await this.picture(), name: `${stem}.${this.kind.value}.png` });
  }
}
