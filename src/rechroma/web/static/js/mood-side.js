// One of the two pictures of a transfer: where it is dropped, and where rectangles are drawn on it.

import * as api from "./api.js";
import { make, showError } from "./dom.js";
import { fileOf, keepFile } from "./kept.js";
import { bringBack, closePicture, onceMore, openPicture } from "./opened.js";
import { Rectangles } from "./rectangles.js";
import { t } from "./text.js";

const SIDE = 900;

export class MoodSide {
  /** @param {"source" | "target"} role */
  constructor(role, title, { choose, changed, boxChanged, boxAdded }) {
    this.role = role;
    this.changed = changed;
    this.photo = null; // { id, name, facts, file, kept }, see `Album`
    this.coming = null; // { name, file, kept } that is on its way, or was stopped by an outage
    this.image = make("img", { alt: "", hidden: true, draggable: false });
    this.frame = make("div", { className: "frame", hidden: true }, this.image);
    this.choose = make("button", { type: "button", on: { click: () => choose(role, false) } }, t("Choose…"));
    this.name = make("span", { className: "name" });
    this.progress = make("progress", { max: 1, hidden: true, aria: { label: t("Sending: {title}", { title }) } });
    this.cancel = make("button", { type: "button", hidden: true, on: { click: () => this.abort.abort() } }, t("Cancel"));
    this.error = make("p", { className: "error", role: "alert", hidden: true });
    this.help = make("p", { className: "help" }, t("Drop a photograph here, or choose one."));
    api.line.addEventListener("back", () => this.coming?.file && this.take(this.coming.file, this.coming.kept));
    this.root = make("section", { className: "mood-side", dataset: { take: role }, tabIndex: -1, aria: { label: title } },
      make("h2", {}, title), this.help, this.frame,
      make("div", { className: "row" }, this.choose, this.cancel, this.name), this.progress, this.error);
    this.rectangles = new Rectangles(this.frame, title, boxChanged, (box) => boxAdded(role, box));
  }

  async take(file, kept = keepFile(file)) {
    const coming = this.coming = { name: file.name, file, kept };
    this.changed();
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
      if (coming !== this.coming) {
        closePicture(facts.id);
        return;
      }
      const before = this.photo;
      await this.show({ id: facts.id, name: facts.name, facts, file, kept });
      if (before) closePicture(before.id);
    } catch (error) {
      if (error.name !== "AbortError") showError(this.error, error);
      if (coming === this.coming && !api.isOutage(error)) this.coming = null;
      this.changed();
    } finally {
      // An upload that was replaced ends after its successor began.
      if (abort === this.abort) this.progress.hidden = this.cancel.hidden = true;
    }
  }

  /** What is needed to bring this side back: { id, name, kept }; null for nothing. */
  saved() {
    const { id = null, name, kept } = this.coming ?? this.photo ?? {};
    return name ? { id, name, kept } : null;
  }

  /** Bring back what was there before the page was loaded again. */
  async restore({ id, name, kept, file: known }) {
    const file = known ?? await fileOf(kept);
    this.coming = { id, name, file, kept };
    this.bringBack(this.coming);
  }

  async bringBack({ id, name, file, kept }) {
    try {
      if (!id) throw new api.ServiceError(404, t("{name} is not open any more", { name }), t("choose it again"));
      await this.show({ id, name, facts: await bringBack(id), file, kept });
    } catch (error) {
      if (file) {
        await this.take(file, kept);
        return;
      }
      this.coming = null;
      showError(this.error, error);
    }
  }

  /** Send again what the service has forgotten. */
  async sendAgain() {
    const facts = await onceMore(this.photo);
    Object.assign(this.photo, { id: facts.id, facts });
  }

  async show(photo) {
    this.showing = photo;
    const blob = await api.original(photo.id, SIDE);
    const bitmap = await createImageBitmap(blob);
    if (photo !== this.showing) return;
    if (this.coming?.kept === photo.kept) this.coming = null;
    if (this.image.src) URL.revokeObjectURL(this.image.src);
    this.put({ photo, bitmap, address: URL.createObjectURL(blob) });
    this.image.hidden = this.frame.hidden = false;
    this.help.hidden = true;
    this.choose.textContent = t("Choose another…");
    this.changed();
  }

  put({ photo, bitmap, address }) {
    this.showing = this.photo = photo;
    this.bitmap = bitmap;
    this.image.src = address;
    this.image.alt = photo.name;
    this.name.textContent = photo.name;
  }

  /** Change places with the other side. */
  exchange(other) {
    const [mine, theirs] = [this, other].map(({ photo, bitmap, image }) => ({ photo, bitmap, address: image.src }));
    this.put(theirs);
    other.put(mine);
    this.changed();
  }
}
