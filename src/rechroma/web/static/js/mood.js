// The room where one photograph gets the mood of another.

import * as api from "./api.js";
import { announce, find, make, replaceItems, setRange, showError, showNotes, whenQuiet, wordsOf } from "./dom.js";
import { MoodSide } from "./mood-side.js";
import { bringBack } from "./opened.js";
import { inPixels } from "./rectangles.js";
import { FORMATS, saveFile, withButton } from "./save.js";
import { Stage } from "./stage.js";

const SIDE = 1200;
const SMALL = 160;
const METHODS = [
  ["swatches", "Regions", "Regions of color, each with its own change"],
  ["reinhard", "Reinhard", "Mean and spread of each channel (2001)"],
  ["mkl", "MKL", "The linear map that moves colors least"],
  ["sliced", "Sliced", "The whole distribution, step by step"],
  ["histogram", "Histogram", "Each channel's histogram"],
  ["reinhard-paper", "Reinhard, as printed", "The paper's formula to the letter"],
];

const HELP = {
  source: "Draw a rectangle in the left picture.",
  target: "Now draw its counterpart in the right picture.",
};

export class MoodRoom {
  constructor({ choose, remember }, { methods, transfer }) {
    this.remember = remember;
    this.drawing = false;
    this.pairs = []; // { source: box, target: box }, boxes in 0…1
    this.pending = null; // the source's box of a pair whose counterpart is not drawn yet
    const actions = {
      choose,
      changed: (role) => this.photoChanged(role),
      boxChanged: null, boxAdded: (role, box) => this.boxAdded(role, box),
    };
    this.source = new MoodSide("source", "Take the mood from", { ...actions, boxChanged: (index, box) => this.boxChanged("source", index, box) });
    this.target = new MoodSide("target", "Give it to", { ...actions, boxChanged: (index, box) => this.boxChanged("target", index, box) });
    find("mood-pair").append(this.source.root, make("p", { className: "arrow", aria: { hidden: "true" } }, "→"), this.target.root);
    this.stage = new Stage(find("mood-stage"), "The picture with its new mood");
    this.refresh = whenQuiet(() => this.load(), 120);
    this.panel(methods, transfer);
  }

  panel(methods, { strength }) {
    const known = METHODS.filter(([key]) => methods.includes(key));
    const others = methods.filter((key) => !known.some(([name]) => name === key)).map((key) => [key, key, ""]);
    this.method = known[0][0];
    this.choices = new Map([...known, ...others].map(([key, name, title]) => {
      const image = make("img", { alt: "", width: 72, height: 54 });
      const input = make("input", { type: "radio", name: "method", value: key, checked: key === this.method });
      input.addEventListener("change", () => { this.method = key; this.changed(); });
      return [key, { image, root: make("label", { className: "method", title }, input, image, make("span", {}, name)) }];
    }));
    this.strength = make("input", { id: "mood-strength", type: "range", step: 0.01 });
    setRange(this.strength, strength);
    this.strengthValue = make("output", { htmlFor: "mood-strength" }, "100 %");
    this.strength.addEventListener("input", () => this.changed(false));
    this.keep = make("input", { id: "mood-keep", type: "checkbox" });
    this.keep.addEventListener("change", () => this.changed());
    this.drawButton = make("button", { type: "button", aria: { pressed: "false" }, on: { click: () => this.setDrawing(!this.drawing) } }, "Draw pairs");
    this.addButton = make("button", { type: "button", on: { click: () => this.addPair() } }, "Add a pair");
    this.clearButton = make("button", { type: "button", on: { click: () => this.clear() } }, "Clear");
    this.taking = make("div", { className: "row", role: "group", aria: { label: "Take a pair away" } });
    this.help = make("p", { className: "help", role: "status" });
    this.format = make("select", { id: "mood-format" }, ...FORMATS.map(([value, text]) => make("option", { value }, text)));
    this.download = make("button", { type: "button", className: "primary", id: "mood-download", on: { click: () => this.save() } }, "Download");
    this.cube = make("button", { type: "button", id: "mood-cube", on: { click: () => this.saveLook() } }, "Download the look (.cube)");
    const root = find("mood-panel");
    root.addEventListener("submit", (event) => event.preventDefault());
    root.append(
      this.methods = make("fieldset", { className: "methods" }, make("legend", {}, "Method"), ...[...this.choices.values()].map(({ root: each }) => each)),
      make("div", { className: "field" }, make("label", { htmlFor: "mood-strength" }, "Strength"), this.strengthValue, this.strength),
      make("div", { className: "field check" }, this.keep, make("label", { htmlFor: "mood-keep" }, "Keep its own light and dark")),
      make("div", { className: "group" }, make("h2", {}, "Swatches"),
        make("p", { className: "help" }, "Pairs of rectangles: what is in this one shall look like what is in that one."),
        make("div", { className: "row" }, this.drawButton, this.addButton, this.clearButton), this.taking, this.help),
      make("div", { className: "group save" }, make("label", { htmlFor: "mood-format" }, "Save "), this.format, this.download, this.cube),
    );
  }

  get complete() { return Boolean(this.source.photo && this.target.photo); }

  take(file, role) { return this[role].take(file); }

  /** Give the second picture of a pair to whichever side is free. */
  takeAny(files) {
    const free = ["source", "target"].filter((role) => !this[role].photo);
    files.slice(0, 2).forEach((file, index) => this.take(file, free[index] ?? "target"));
  }

  photoChanged(role) {
    find("mood-work").hidden = !this.complete;
    this.remember();
    if (!this.complete) return;
    if (role === "target") this.stage.showBefore(this.target.bitmap);
    this.stage.fit();
    this.smallFor = "";
    this.changed();
  }

  request(more = {}) {
    const pairs = this.pairs.map(({ source, target }) => ({
      source: inPixels(source, this.source.photo.facts), target: inPixels(target, this.target.photo.facts),
    }));
    return {
      source: this.source.photo.id, method: pairs.length ? "swatches" : this.method,
      strength: Number(this.strength.value), luminance: this.keep.checked ? "keep" : "match",
      swatches: pairs, ...more,
    };
  }

  changed(remember = true) {
    this.strengthValue.textContent = `${Math.round(100 * this.strength.value)} %`;
    this.methods.disabled = this.pairs.length > 0;
    this.clearButton.disabled = this.pairs.length === 0;
    if (remember) this.remember();
    if (this.complete) this.refresh();
  }

  async load() {
    this.asking?.abort();
    this.asking = new AbortController();
    const { signal } = this.asking;
    this.stage.setBusy(true);
    showError(find("mood-error"), null);
    showNotes(find("mood-note"), []);
    try {
      const { blob, notes } = await api.moodPreview(this.target.photo.id, this.request(), SIDE, {
        signal, refused: (problem) => this.stage.setBusy(true, wordsOf(problem)),
      });
      const bitmap = await createImageBitmap(blob);
      signal.throwIfAborted();
      this.stage.showAfter(bitmap);
      showNotes(find("mood-note"), notes);
      announce("The new mood is shown");
      this.stage.setBusy(false);
      await this.loadMethods(signal);
    } catch (error) {
      if (error.name === "AbortError") return;
      this.stage.setBusy(false);
      showError(find("mood-error"), error);
    }
  }

  /** Small previews of every method. */
  async loadMethods(signal) {
    const luminance = this.keep.checked ? "keep" : "match";
    const asked = JSON.stringify([this.source.photo.id, this.target.photo.id, luminance]);
    if (asked === this.smallFor) return;
    for (const [method, { image }] of this.choices) {
      const { blob } = await api.moodPreview(this.target.photo.id, {
        source: this.source.photo.id, method, luminance, strength: 1, swatches: [],
      }, SMALL, { signal });
      if (image.src) URL.revokeObjectURL(image.src);
      image.src = URL.createObjectURL(blob);
    }
    this.smallFor = asked;
  }

  /** What is drawn next: a box in the source or, once there is one, its counterpart in the target. */
  setDrawing(on, pending = null) {
    this.drawing = on;
    this.pending = pending;
    this.drawButton.setAttribute("aria-pressed", String(on));
    this.source.rectangles.drawing = on && !pending;
    this.target.rectangles.drawing = on && Boolean(pending);
    for (const side of [this.source, this.target]) side.frame.classList.toggle("drawing", side.rectangles.drawing);
    this.help.textContent = on ? HELP[pending ? "target" : "source"] : "";
    this.drawPairs();
  }

  boxAdded(role, box) {
    if (role === "source") {
      this.setDrawing(true, box);
    } else {
      const pair = { source: this.pending, target: box };
      this.setDrawing(true);
      this.setPairs([...this.pairs, pair]);
    }
  }

  boxChanged(role, index, box) {
    if (index === this.pairs.length) this.setDrawing(this.drawing, box);
    else if (box === null) this.takeAway(index);
    else this.setPairs(this.pairs.map((pair, other) => (other === index ? { ...pair, [role]: box } : pair)));
  }

  takeAway(index) {
    this.setPairs(this.pairs.filter((_, other) => other !== index));
  }

  clear() {
    this.setDrawing(this.drawing);
    this.setPairs([]);
  }

  /** Without a pointer: a pair around the middle, to be moved by arrow keys. */
  addPair() {
    const aside = 0.06 * (this.pairs.length % 5);
    const box = [0.3 + aside, 0.3 + aside, 0.2, 0.2];
    this.setPairs([...this.pairs, { source: box, target: box }]);
    this.source.rectangles.layer.lastElementChild?.focus();
  }

  setPairs(pairs) {
    this.pairs = pairs;
    this.drawPairs();
    this.changed();
  }

  drawPairs() {
    const boxes = (role) => this.pairs.map((pair) => pair[role]);
    this.source.rectangles.show([...boxes("source"), this.pending].filter(Boolean));
    this.target.rectangles.show(boxes("target"));
    replaceItems(this.taking, this.pairs.map((_, index) => make("button", {
      type: "button", aria: { label: `Take pair ${index + 1} away` }, on: { click: () => this.takeAway(index) },
    }, `${index + 1} ×`)), this.addButton);
  }

  save() {
    return withButton(this.download, async (refused) => {
      saveFile(await api.moodPicture(this.target.photo.id, this.request(), this.format.value, { refused }));
    }, (error) => showError(find("mood-error"), error));
  }

  saveLook() {
    return withButton(this.cube, async (refused) => {
      saveFile(await api.moodLook(this.target.photo.id, this.request(), { refused }));
    }, (error) => showError(find("mood-error"), error));
  }

  saved() {
    const photo = (side) => side.photo && { id: side.photo.id, name: side.photo.name };
    return {
      source: photo(this.source), target: photo(this.target), pairs: this.pairs, method: this.method,
      strength: Number(this.strength.value), keep: this.keep.checked,
    };
  }

  async restore(saved) {
    this.strength.value = saved.strength;
    this.keep.checked = saved.keep;
    const radio = this.choices.get(saved.method)?.root.querySelector("input");
    if (radio) { radio.checked = true; this.method = saved.method; }
    for (const role of ["source", "target"]) {
      try {
        if (saved[role]) await this[role].show({ ...saved[role], facts: await bringBack(saved[role].id) });
      } catch (error) {
        if (error.status !== 404) throw error;
      }
    }
    if (this.complete) this.setPairs(saved.pairs);
  }
}
