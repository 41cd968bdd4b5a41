// One of the two pictures of a transfer: where it is dropped, and where rectangles are drawn on it.

import * as api from "./api.js";
import { make, showError } from "./dom.js";
import { closePicture, openPicture } from "./opened.js";
import { Rectangles } from "./rectangles.js";

const SIDE = 900;

export class MoodSide {
  /** @param {"source" | "target"} role */
  constructor(role, title, { choose, changed, boxChanged, boxAdded }) {
    this.role = role;
    this.changed = changed;
    this.photo = null; // { id, name, facts }
    this.image = make("img", { alt: "", hidden: true });
    this.frame = make("div", { className: "frame", hidden: true }, this.image);
    this.choose = make("button", { type: "button", on: { click: () => choose(role, false) } }, "Choose…");
    this.name = make("span", { className: "name" });
    this.progress = make("progress", { max: 1, hidden: true, aria: { label: `Sending ${title}` } });
    this.cancel = make("button", { type: "button", hidden: true, on: { click: () => this.abort.abort() } }, "Cancel");
    this.error = make("p", { className: "error", role: "alert", hidden: true });
    this.help = make("p", { className: "help" }, "Drop a photograph here, or choose one.");
    this.root = make("section", { className: "mood-side", dataset: { take: role }, tabIndex: -1, aria: { label: title } },
      make("h2", {}, title), this.help, this.frame,
      make("div", { className: "row" }, this.choose, this.cancel, this.name), this.progress, this.error);
    this.rectangles = new Rectangles(this.frame, title, boxChanged, (box) => boxAdded(role, box));
  }

  async take(file) {
    this.abort?.abort();
    const abort = this.abort = new AbortController();
    showError(this.error, null);
    this.progress.value = 0;
    this.progress.hidden = this.cancel.hidden = false;
    try {
      const facts = await openPicture(file, {
        signal: abort.signal,
        progress: (share) => { this.progress.value = share; },
        refused: (problem) => showError(this.error, problem),
      });
      showError(this.error, null);
      if (this.photo) closePicture(this.photo.id);
      await this.show({ id: facts.id, name: facts.name, facts });
    } catch (error) {
      if (error.name !== "AbortError") showError(this.error, error);
    } finally {
      // An upload that was replaced ends after its successor began.
      if (abort === this.abort) this.progress.hidden = this.cancel.hidden = true;
    }
  }

  async show(photo) {
    this.photo = photo;
    const blob = await api.original(photo.id, SIDE);
    if (photo !== this.photo) return;
    if (this.image.src) URL.revokeObjectURL(this.image.src);
    this.image.src = URL.createObjectURL(blob);
    this.image.alt = photo.name;
    this.image.hidden = this.frame.hidden = false;
    this.help.hidden = true;
    this.name.textContent = photo.name;
    this.choose.textContent = "Choose another…";
    this.bitmap = await createImageBitmap(blob);
    this.changed(this.role);
  }
}
