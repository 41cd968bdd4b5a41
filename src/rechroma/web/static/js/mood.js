// The room where one photograph gets the mood of another.

import * as api from "./api.js";
import { announce, find, make, replaceItems, setRange, showError, showNotes, whenQuiet, wordsOf } from "./dom.js";
import { History, wayOf } from "./edit.js";
import { MoodSide } from "./mood-side.js";
import { fileOf, keepFile } from "./kept.js";
import { inPixels } from "./rectangles.js";
import { FORMATS, saveFile, withButton } from "./save.js";
import { Share } from "./share.js";
import { Stage } from "./stage.js";
import { t } from "./text.js";

const SIDE = 1200;
const SMALL = 160;
const METHODS = [
  ["swatches", t("Regions"), t("Regions of color, each with its own change")],
  ["reinhard", "Reinhard", t("Mean and spread of each channel (2001)")],
  ["mkl", "MKL", t("The linear map that moves colors least")],
  ["sliced", t("Sliced"), t("The whole distribution, step by step")],
  ["histogram", t("Histogram"), t("Each channel's histogram")],
  ["reinhard-paper", t("Reinhard, as printed"), t("The paper's formula to the letter")],
];

const HELP = {
  source: t("Draw a rectangle in the picture whose mood is taken."),
  target: t("Now draw its counterpart in the other picture."),
};

export class MoodRoom {
  constructor({ choose, remember }, { methods, transfer }) {
    this.remember = remember;
    this.drawing = false;
    this.pairs = []; // { source: box, target: box }, boxes in 0…1
    this.shown = {}; // the photographs that the stage is about
    this.spares = []; // { name, file, kept } that were dropped when both sides had one
    this.pending = null; // the source's box of a pair whose counterpart is not drawn yet
    const actions = {
      choose,
      changed: () => this.photoChanged(),
      boxChanged: null, boxAdded: (role, box) => this.boxAdded(role, box),
    };
    this.source = new MoodSide("source", t("Take the mood from"), { ...actions, boxChanged: (index, box) => this.boxChanged("source", index, box) });
    this.target = new MoodSide("target", t("Give it to"), { ...actions, boxChanged: (index, box) => this.boxChanged("target", index, box) });
    this.swapButton = make("button", { type: "button", className: "swap", disabled: true, title: t("Swap the two"), aria: { label: t("Swap the two") }, on: { click: () => this.swap() } }, "⇄");
    find("mood-pair").append(this.source.root, make("div", { className: "arrow" }, make("span", { aria: { hidden: "true" } }, "→"), this.swapButton), this.target.root);
    this.spareList = make("ul", { className: "spares", hidden: true, aria: { label: t("Pictures that are not used") } });
    find("mood-pair").after(this.spareList);
    api.line.addEventListener("back", () => api.isOutage(this.problem) && this.load());
    this.stage = new Stage(find("mood-stage"), t("The picture with its new mood"));
    this.refresh = whenQuiet(() => this.load(), 120);
    this.panel(methods, transfer);
    this.caption = "";
    this.share = new Share(this.stage, {
      name: () => this.target.photo.name,
      result: async () => (await this.ask(() => api.moodPicture(this.target.photo.id, this.request(), "png"))).blob,
      caption: () => this.caption,
      setCaption: (caption) => { this.caption = caption; this.remember(); },
      failed: (error) => this.say(error),
    }, "mood-share");
    find("mood-panel").append(this.share.root);
    this.history = new History(this.settings());
    addEventListener("keydown", (event) => this.key(event));
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
    this.strength.addEventListener("change", () => this.changed());
    this.keep = make("input", { id: "mood-keep", type: "checkbox" });
    this.keep.addEventListener("change", () => this.changed());
    this.drawButton = make("button", { type: "button", aria: { pressed: "false" }, on: { click: () => this.setDrawing(!this.drawing) } }, t("Draw pairs"));
    this.addButton = make("button", { type: "button", on: { click: () => this.addPair() } }, t("Add a pair"));
    this.clearButton = make("button", { type: "button", on: { click: () => this.clear() } }, t("Clear"));
    this.taking = make("div", { className: "row", role: "group", aria: { label: t("Take a pair away") } });
    this.help = make("p", { className: "help", role: "status" });
    const button = (text, title, way) => make("button", { type: "button", title, disabled: true, on: { click: () => this.travel(way) } }, text);
    this.undo = button(t("Undo"), t("Undo (Ctrl+Z)"), "undo");
    this.redo = button(t("Redo"), t("Redo (Ctrl+Shift+Z)"), "redo");
    this.format = make("select", { id: "mood-format" }, ...FORMATS.map(([value, text]) => make("option", { value }, text)));
    this.download = make("button", { type: "button", className: "primary", id: "mood-download", on: { click: () => this.save() } }, t("Download"));
    this.cube = make("button", { type: "button", id: "mood-cube", on: { click: () => this.saveLook() } }, t("Download the look (.cube)"));
    const root = find("mood-panel");
    root.addEventListener("submit", (event) => event.preventDefault());
    root.append(
      this.methods = make("fieldset", { className: "methods" }, make("legend", {}, t("Method")), ...[...this.choices.values()].map(({ root: each }) => each)),
      make("div", { className: "field" }, make("label", { htmlFor: "mood-strength" }, t("Strength")), this.strengthValue, this.strength),
      make("div", { className: "field check" }, this.keep, make("label", { htmlFor: "mood-keep" }, t("Keep its own light and dark"))),
      make("div", { className: "row" }, this.undo, this.redo),
      make("div", { className: "group" }, make("h2", {}, t("Swatches")),
        make("p", { className: "help" }, t("Pairs of rectangles: what is in this one shall look like what is in that one.")),
        make("div", { className: "row" }, this.drawButton, this.addButton, this.clearButton), this.taking, this.help),
      make("div", { className: "group save" }, make("label", { htmlFor: "mood-format" }, t("Save"), " "), this.format, this.download, this.cube),
    );
  }

  /** The two change places, and each pair of rectangles with them. */
  swap() {
    this.setDrawing(this.drawing);
    this.source.exchange(this.target);
    this.setPairs(this.pairs.map(({ source, target }) => ({ source: target, target: source })));
    announce(t("The two pictures have changed places"));
  }

  get complete() { return Boolean(this.source.photo && this.target.photo); }

  take(file, role) { return this[role].take(file); }

  /** Give pictures to whichever side is free; those that are too many wait to be chosen. */
  takeAny(files) {
    const free = ["source", "target"].filter((role) => !this[role].photo && !this[role].coming);
    if (!free.length) free.push("target");
    free.slice(0, files.length).forEach((role, index) => this.take(files[index], role));
    const more = files.slice(free.length).map((file) => ({ name: file.name, file, kept: keepFile(file) }));
    this.setSpares([...this.spares, ...more]);
  }

  setSpares(spares) {
    this.spares = spares;
    this.spareList.hidden = spares.length === 0;
    const button = (spare, role, text) => make("button", {
      type: "button", aria: { label: `${text}: ${spare.name}` }, on: { click: () => this.useSpare(spare, role) },
    }, text);
    replaceItems(this.spareList, spares.map((spare) => make("li", {}, make("span", { className: "name" }, spare.name),
      button(spare, "source", t("Take its mood")), button(spare, "target", t("Give it the mood")))), this.source.root);
    this.remember();
  }

  /** Use a picture that waited; the one that was there waits instead. */
  useSpare(spare, role) {
    const before = this[role].coming ?? this[role].photo;
    const others = this.spares.filter((each) => each !== spare);
    this[role].take(spare.file, spare.kept);
    this.setSpares(before?.file ? [...others, { name: before.name, file: before.file, kept: before.kept }] : others);
    this[role].root.focus();
  }

  /** Ask the service; what it has forgotten is sent again first. */
  async ask(work) {
    try {
      return await work();
    } catch (error) {
      if (error.status !== 404) throw error;
      this.returning ??= Promise.all([this.source.sendAgain(), this.target.sendAgain()])
        .finally(() => { this.returning = null; });
      await this.returning;
      this.remember();
      return work();
    }
  }

  say(problem) {
    this.problem = problem;
    showError(find("mood-error"), problem);
  }

  photoChanged() {
    find("mood-work").hidden = !this.complete;
    find("mood").classList.toggle("complete", this.complete);
    find("mood-welcome").hidden = !this.empty;
    this.swapButton.disabled = !this.complete;
    this.remember();
    if (!this.complete) return;
    const [source, target] = [this.source.photo, this.target.photo];
    if (source === this.shown.source && target === this.shown.target) return;
    if (target !== this.shown.target) this.stage.showBefore(this.target.bitmap);
    this.shown = { source, target };
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
    if (remember) {
      const settings = this.settings();
      if (JSON.stringify(settings) !== JSON.stringify(this.history.now)) this.history.change(settings);
      this.remember();
    }
    this.undo.disabled = !this.history.canUndo;
    this.redo.disabled = !this.history.canRedo;
    if (this.complete) this.refresh();
  }

  /** What can be undone. */
  settings() {
    return { pairs: this.pairs, method: this.method, strength: Number(this.strength.value), keep: this.keep.checked };
  }

  apply({ pairs, method, strength, keep }) {
    this.pairs = pairs;
    this.strength.value = strength;
    this.keep.checked = keep;
    const radio = this.choices.get(method)?.root.querySelector("input");
    if (!radio) return;
    radio.checked = true;
    this.method = method;
  }

  travel(way) {
    this.history[way]();
    this.apply(this.history.now);
    this.setDrawing(this.drawing);
    this.changed();
  }

  key(event) {
    const way = find("mood").hidden || event.target.matches("input[type=text]") ? null : wayOf(event);
    if (!way) return;
    event.preventDefault();
    this.travel(way);
  }

  async load() {
    this.asking?.abort();
    this.asking = new AbortController();
    const { signal } = this.asking;
    this.stage.setBusy(true);
    this.say(null);
    showNotes(find("mood-note"), []);
    try {
      const { blob, notes } = await this.ask(() => api.moodPreview(this.target.photo.id, this.request(), SIDE, {
        signal, refused: (problem) => this.stage.setBusy(true, wordsOf(problem)),
      }));
      const bitmap = await createImageBitmap(blob);
      signal.throwIfAborted();
      this.stage.showAfter(bitmap);
      showNotes(find("mood-note"), notes);
      announce(t("The new mood is shown"));
      this.stage.setBusy(false);
      await this.loadMethods(signal);
    } catch (error) {
      if (error.name === "AbortError") return;
      this.stage.setBusy(false);
      this.say(error);
    }
  }

  /** Small previews of every method. */
  async loadMethods(signal) {
    const luminance = this.keep.checked ? "keep" : "match";
    const asked = JSON.stringify([this.source.photo.id, this.target.photo.id, luminance]);
    if (asked === this.smallFor) return;
    for (const [method, { image }] of this.choices) {
      const { blob } = await this.ask(() => api.moodPreview(this.target.photo.id, {
        source: this.source.photo.id, method, luminance, strength: 1, swatches: [],
      }, SMALL, { signal }));
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
      type: "button", aria: { label: t("Take pair {number} away", { number: index + 1 }) }, on: { click: () => this.takeAway(index) },
    }, `${index + 1} ×`)), this.addButton);
  }

  save() {
    return withButton(this.download, async (refused) => {
      saveFile(await this.ask(() => api.moodPicture(this.target.photo.id, this.request(), this.format.value, { refused })));
    }, (error) => this.say(error));
  }

  saveLook() {
    return withButton(this.cube, async (refused) => {
      saveFile(await this.ask(() => api.moodLook(this.target.photo.id, this.request(), { refused })));
    }, (error) => this.say(error));
  }

  saved() {
    return {
      source: this.source.saved(), target: this.target.saved(), history: this.history, caption: this.caption,
      spares: this.spares.map(({ name, kept }) => ({ name, kept })),
    };
  }

  /** The keys of the files that are needed. */
  files() {
    return [this.source.saved(), this.target.saved(), ...this.spares].map((each) => each?.kept).filter(Boolean);
  }

  get empty() { return this.files().length === 0; }

  /** The files themselves that are at hand, by their keys. */
  filesAtHand() {
    const records = ["source", "target"].map((role) => this[role].coming ?? this[role].photo);
    return new Map([...records, ...this.spares].filter((each) => each?.file).map(({ kept, file }) => [kept, file]));
  }

  async restore(saved) {
    this.history = History.from(saved.history);
    this.apply(this.history.now);
    this.caption = saved.caption ?? "";
    this.share.show();
    const spares = await Promise.all(saved.spares.map(async (spare) => ({ ...spare, file: spare.file ?? await fileOf(spare.kept) })));
    this.setSpares(spares.filter(({ file }) => file));
    await Promise.all(["source", "target"].map((role) => saved[role] && this[role].restore(saved[role])));
    this.drawPairs();
    this.changed(false);
  }
}
