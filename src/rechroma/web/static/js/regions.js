// Parts of the picture that somebody paints, and what becomes of each.

import * as api from "./api.js";
import { Brush, BRUSH_HELP } from "./brush.js";
import { announce, make } from "./dom.js";
import { conditionsOf } from "./edit.js";
import { fileOf } from "./kept.js";
import { chromaOf } from "./lab.js";
import { combine, common, copyOf, drawStroke, emptyMask, isEmpty, keepMask, maskAtHand, maskFrom, maskOf, sampled } from "./masks.js";
import { t } from "./text.js";

const SEGMENT = 1024; // pixels of the service's answer what is one thing
const MOST = 16; // parts of one picture
const WIDER = 1.4; // how far a brush looks beyond itself for an edge
const SOME = 0.15; // of a stroke that has to be of one thing, or it is taken as it is
const COLORFUL = 15; // chroma of a color that shows
const SHOWS = "#c0562f"; // what a part becomes where no likely color does
const KINDS = [
  ["color", t("This color")], ["gray", t("No color")], ["strength", t("More or less color")],
  ["mood", t("The tone of a photograph")], ["keep", t("Leave it as it was")],
];

/**
 * Calls `actions`: changed(part of the edit, keep), ask(picture, work), failed(error), mood(region's
 * index), and `seen(picture)` when a mask that is not painted here has come.
 */
export class Regions {
  constructor(stage, model, actions) {
    this.stage = stage;
    this.model = model;
    this.actions = actions;
    this.picture = null;
    this.chosen = null; // the index of the part that is painted; null for a new one
    this.brush = new Brush(stage, {
      stroke: (stroke) => this.take(stroke), left: () => this.leave(), resize: (factor) => this.resize(factor),
    });
    const button = (text, work, more = {}) => make("button", { type: "button", on: { click: work }, ...more }, text);
    this.brushButton = button(t("Brush"), () => this.use(false), { aria: { pressed: "false" } });
    this.eraserButton = button(t("Eraser"), () => this.use(true), { aria: { pressed: "false" } });
    this.size = make("input", { id: "brush-size", type: "range", min: 0.01, max: 0.3, step: 0.005, value: 0.06, on: { input: () => this.sized() } });
    this.snap = make("input", { id: "brush-snap", type: "checkbox", checked: true, on: { change: () => this.draw() } });
    this.list = make("ul", { className: "regions", hidden: true });
    this.newButton = button(t("Paint another part"), () => this.another(), { hidden: true });
    this.help = make("p", { className: "help", id: "brush-help" }, t("Paint a part of the picture, and say what becomes of it."));
    this.root = make("div", { className: "group", role: "group", aria: { labelledby: "regions-title" } },
      make("h2", { id: "regions-title" }, t("Parts of the picture")), this.help,
      make("div", { className: "row" }, this.brushButton, this.eraserButton),
      make("div", { className: "field" }, make("label", { htmlFor: "brush-size" }, t("Size")), this.size),
      make("div", { className: "field check" }, this.snap, make("label", { htmlFor: "brush-snap" }, t("Snap to edges"))),
      this.list, this.newButton);
    document.addEventListener("keydown", ({ key }) => key === "Escape" && this.brush.active && this.leave());
  }

  get regions() { return this.picture?.history.now.regions ?? []; }

  /** Show the parts of a picture; null for none. */
  async show(picture) {
    if (picture !== this.picture) {
      this.leave();
      this.chosen = null;
    }
    this.picture = picture;
    if (this.chosen !== null && this.chosen >= this.regions.length) this.chosen = null;
    this.draw();
    for (const { mask } of this.regions) {
      if (maskAtHand(picture, mask)) continue;
      if (await maskOf(picture, mask, fileOf) && picture === this.picture) {
        this.actions.seen(picture);
        this.veil();
      }
    }
  }

  /** Take the brush or the eraser up, or put it away. */
  use(erases) {
    if (!this.picture) return;
    if (this.brush.active && this.brush.erases === erases) {
      this.leave();
      return;
    }
    if (erases && this.chosen === null && this.regions.length) this.chosen = this.regions.length - 1;
    this.brush.take(this.picture, erases);
    this.draw();
    this.toStage();
    announce(BRUSH_HELP);
  }

  leave() {
    if (!this.brush.active) return;
    const inView = document.activeElement === this.stage.view;
    const button = this.brush.erases ? this.eraserButton : this.brushButton;
    this.brush.put();
    this.draw();
    if (inView) button.focus();
  }

  another() {
    this.chosen = null;
    if (!this.brush.active || this.brush.erases) this.brush.take(this.picture, false);
    this.draw();
    this.toStage();
  }

  /** To the picture, which on a small screen is far above. */
  toStage() {
    this.stage.view.focus({ preventScroll: true });
    this.stage.view.scrollIntoView({ block: "nearest" });
  }

  sized() { this.brush.width = Number(this.size.value); }

  resize(factor) {
    this.size.value = Number(this.size.value) * factor;
    this.sized();
  }

  /** What is painted of the chosen part is shown in the picture. */
  veil() {
    const region = this.chosen === null ? null : this.regions[this.chosen];
    this.brush.show(this.picture, region ? maskAtHand(this.picture, region.mask) : null);
  }

  /** Make a stroke part of the chosen part, or of a new one; one after the other. */
  take(drawn) {
    const { picture } = this;
    this.working = (this.working ?? Promise.resolve()).then(() => picture === this.picture && this.takeNow(drawn));
    return this.working;
  }

  async takeNow({ stroke, points, width, erases }) {
    const { picture, chosen } = this;
    const region = chosen === null ? null : this.regions[chosen];
    try {
      if (erases && !region) return;
      const shape = this.snap.checked ? await this.snapped(picture, stroke, points, width) : stroke;
      const before = region && (await maskOf(picture, region.mask, fileOf));
      const mask = before ? copyOf(before) : emptyMask(picture.facts);
      combine(mask, shape, erases);
      if (picture !== this.picture) return;
      if (isEmpty(mask)) {
        if (region) this.remove(chosen);
        return;
      }
      const made = region ? { ...region, mask: await keepMask(picture, mask) }
        : { ...await this.plain(picture, points), mask: await keepMask(picture, mask) };
      if (region) this.replace(chosen, made);
      else this.add(picture, made);
    } catch (error) {
      if (error.name !== "AbortError") this.actions.failed(error);
    } finally {
      this.brush.done(stroke);
    }
  }

  /** What a new part becomes at first: the likeliest color where it was begun that shows. */
  async plain(picture, points) {
    const plain = { what: this.model.hints ? "color" : "gray", color: SHOWS, strength: 1.3, mood: null };
    if (!this.model.hints || !this.model.answers) return plain;
    const inside = points.find((point) => picture.placing.isColored(point));
    if (!inside) return plain;
    const within = (value, most) => Math.min(most - 1, Math.max(0, value));
    const place = { x: within(inside.x, picture.facts.width), y: within(inside.y, picture.facts.height) };
    const colors = await this.actions.ask(picture, () => (
      api.likely(picture.id, { ...place, edit: conditionsOf(picture.history.now) }, picture.abort.signal)));
    return { ...plain, color: colors.find(({ color }) => chromaOf(color) > COLORFUL)?.color ?? SHOWS };
  }

  /** A stroke up to the edges of the thing that it is on: a little wider than it was drawn. */
  async snapped(picture, stroke, points, width) {
    const { width: wide, height: high } = picture.facts;
    const inside = points.filter(({ x, y }) => x >= 0 && y >= 0 && x < wide && y < high);
    if (!inside.length) return stroke;
    let thing;
    try {
      const blob = await this.actions.ask(picture, () => (
        api.segment(picture.id, sampled(inside), SEGMENT, picture.abort.signal)));
      thing = await maskFrom(blob, stroke);
    } catch (error) {
      if (error.status === 422) return stroke; // this model can't tell things apart
      throw error;
    }
    const scale = stroke.width / wide;
    const around = emptyMask(picture.facts);
    drawStroke(around, points.map(({ x, y }) => ({ x: scale * (x + 0.5), y: scale * (y + 0.5) })), WIDER * scale * width);
    const found = common(around, thing);
    return amountOf(found) < SOME * amountOf(stroke) ? stroke : found;
  }

  /** Make the thing that a color spot is on a part of its own, in the place of the spot. */
  async fromSpot(picture, hint, hints) {
    try {
      const blob = await this.actions.ask(picture, () => (
        api.segment(picture.id, [hint], SEGMENT, picture.abort.signal)));
      const mask = await maskFrom(blob, emptyMask(picture.facts));
      const name = await keepMask(picture, mask);
      if (picture === this.picture) this.add(picture, { what: "color", color: hint.color, strength: 1.3, mood: null, mask: name }, { hints });
    } catch (error) {
      if (error.name !== "AbortError") this.actions.failed(error);
    }
  }

  add(picture, region, more = {}) {
    if (this.regions.length >= MOST) {
      this.actions.failed({ message: t("a picture has {count} parts at most", { count: MOST }), mend: t("take one away") });
      return;
    }
    this.chosen = this.regions.length;
    this.actions.changed({ ...more, regions: [...this.regions, region] });
    announce(`${t("Part {number} is made", { number: this.chosen + 1 })}. ${this.words()}`);
  }

  replace(index, region, keep = true) {
    this.actions.changed({ regions: this.regions.map((each, other) => (other === index ? region : each)) }, keep);
  }

  remove(index) {
    this.chosen = null;
    this.actions.changed({ regions: this.regions.filter((_, other) => other !== index) });
    announce(t("Part {number} is taken away", { number: index + 1 }));
    (this.list.children[Math.min(index, this.list.children.length - 1)]?.querySelector("button") ?? this.brushButton).focus();
  }

  draw() {
    const { active, erases } = this.brush;
    this.brushButton.setAttribute("aria-pressed", String(active && !erases));
    this.eraserButton.setAttribute("aria-pressed", String(active && erases));
    this.eraserButton.disabled = !this.regions.length;
    this.help.textContent = this.words();
    this.list.hidden = this.newButton.hidden = !this.regions.length;
    const shown = JSON.stringify([this.picture?.key, this.regions, this.chosen]);
    if (shown !== this.shown) {
      this.shown = shown;
      const focused = document.activeElement?.closest(".regions li [data-field]")?.dataset.field;
      this.list.replaceChildren(...this.regions.map((region, index) => this.item(region, index)));
      if (focused) this.list.querySelector(`[data-field="${focused}"]`)?.focus();
    }
    this.veil();
  }

  /** What there is to do next. */
  words() {
    if (this.chosen !== null) {
      const next = t("The line is around part {number}. Say below what becomes of it, or paint on to make it larger.", { number: this.chosen + 1 });
      return this.snap.checked ? `${next} ${t("With “Snap to edges”, a stroke takes only the thing that it began on.")}` : next;
    }
    return this.brush.active ? BRUSH_HELP : t("Paint a part of the picture, and say what becomes of it.");
  }

  item(region, index) {
    const field = (name) => ({ field: `${name}-${index}` });
    const change = (part, keep) => this.replace(index, { ...this.regions[index], ...part }, keep);
    const number = { number: index + 1 };
    const choose = make("button", {
      type: "button", dataset: field("choose"), aria: { pressed: String(index === this.chosen) },
      on: { click: () => { this.chosen = index === this.chosen ? null : index; this.draw(); } },
    }, t("Part {number}", number));
    const kinds = KINDS.filter(([kind]) => this.model.hints || !["color", "mood"].includes(kind));
    const what = make("select", {
      dataset: field("what"), aria: { label: t("What becomes of part {number}", number) },
      on: { change: ({ target }) => { change({ what: target.value }); if (target.value === "mood" && !this.regions[index]?.mood) this.actions.mood(index); } },
    }, ...kinds.map(([value, text]) => make("option", { value, selected: value === region.what }, text)));
    const remove = make("button", {
      type: "button", className: "close", dataset: field("remove"), title: t("Take away"),
      aria: { label: t("Take part {number} away", number) }, on: { click: () => this.remove(index) },
    }, "×");
    return make("li", {}, choose, what, remove, this.detail(region, index, field, change));
  }

  /** What else has to be said of a part. */
  detail(region, index, field, change) {
    const number = { number: index + 1 };
    if (region.what === "color") {
      return make("input", {
        type: "color", value: region.color, dataset: field("color"), aria: { label: t("Color of part {number}", number) },
        on: { change: ({ target }) => change({ color: target.value }) },
      });
    }
    if (region.what === "strength") {
      let begun = false;
      const slide = (value, done) => {
        this.shown = ""; // the slider itself has it
        const same = this.regions[index].strength === value;
        if (!same || done) this.sliding(index, { ...this.regions[index], strength: value }, !begun && !same);
        begun = !done;
      };
      return make("input", {
        type: "range", min: 0, max: 1.5, step: 0.01, value: region.strength, dataset: field("strength"),
        aria: { label: t("How much color part {number} has", number) },
        on: { input: ({ target }) => slide(Number(target.value), false), change: ({ target }) => slide(Number(target.value), true) },
      });
    }
    if (region.what === "mood") {
      return make("button", { type: "button", dataset: field("mood"), on: { click: () => this.actions.mood(index) } },
        region.mood ? region.mood.name : t("Choose a mood picture…"));
    }
    return null;
  }

  /** A slider moves: the list stays as it is, so that the slider stays in the hand. */
  sliding(index, region, keep) {
    const regions = this.regions.map((each, other) => (other === index ? region : each));
    this.shown = JSON.stringify([this.picture?.key, regions, this.chosen]);
    this.actions.changed({ regions }, keep);
  }

  /** A mood that somebody has chosen for a part. */
  giveMood(picture, index, mood) {
    const { regions } = picture.history.now;
    if (!regions[index]) return;
    const given = regions.map((each, other) => (other === index ? { ...each, what: "mood", mood } : each));
    if (picture === this.picture) this.actions.changed({ regions: given });
    else picture.history.change({ regions: given });
  }
}

function amountOf(mask) {
  const small = new OffscreenCanvas(64, 64).getContext("2d", { willReadFrequently: true });
  small.drawImage(mask, 0, 0, 64, 64);
  const { data } = small.getImageData(0, 0, 64, 64);
  let sum = 0;
  for (let at = 3; at < data.length; at += 4) sum += data[at];
  return sum;
}
