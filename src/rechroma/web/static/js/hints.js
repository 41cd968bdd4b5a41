// Colours that somebody puts into the picture: spots that can be moved, changed and taken away.

import * as api from "./api.js";
import { announce, make } from "./dom.js";
import { adviceOf } from "./edit.js";

const CLICK = 4;

/** Calls `changed` with the new list of hints, and whether it is a step of its own to undo. */
export class Hints {
  constructor(stage, changed) {
    this.stage = stage;
    this.changed = changed;
    this.picture = null;
    this.popover = make("div", { className: "popover", hidden: true, role: "group" });
    stage.view.after(this.popover);
    stage.addEventListener("place", ({ detail }) => this.add(detail));
    document.addEventListener("keydown", (event) => event.key === "Escape" && this.close());
    document.addEventListener("pointerdown", (event) => {
      if (!event.target.closest(".popover, .mark")) this.close();
    });
  }

  /** Show the hints of a picture; null for none. */
  use(picture, takesHints) {
    if (picture !== this.picture) this.close();
    this.picture = takesHints ? picture : null;
    this.stage.view.classList.toggle("takes-hints", Boolean(this.picture));
    this.draw();
  }

  get hints() { return this.picture?.history.now.hints ?? []; }

  draw() {
    const { marks } = this.stage;
    const focused = [...marks.children].indexOf(document.activeElement);
    marks.replaceChildren(...this.hints.map((hint, index) => this.mark(hint, index)));
    if (focused >= 0) marks.children[Math.min(focused, marks.children.length - 1)]?.focus();
  }

  /** Add a colour at a place, 0…1 of the picture, or in its middle. */
  async add(at = { x: 0.5, y: 0.5 }) {
    const { picture } = this;
    if (!picture) return;
    const { width, height } = picture.facts;
    const place = { x: Math.floor(at.x * width), y: Math.floor(at.y * height) };
    const colors = await this.suggest(picture, place);
    if (picture !== this.picture) return;
    const hint = { ...place, color: colors[0] ?? "#808080" };
    const index = this.hints.length;
    this.changed([...this.hints, hint], true);
    this.stage.marks.children[index]?.focus();
    this.open(index, colors);
    announce(`Colour ${index + 1} is placed; arrows move it, Enter changes it, Delete takes it away`);
  }

  async suggest(picture, place) {
    try {
      const edit = adviceOf(picture.history.now);
      return (await api.likely(picture.id, { ...place, edit })).map(({ color }) => color);
    } catch {
      return []; // a model that does not tell: any colour can still be picked
    }
  }

  mark(hint, index) {
    const { width, height } = this.picture.facts;
    const mark = make("button", {
      type: "button", className: "mark",
      style: { left: `${(100 * (hint.x + 0.5)) / width}%`, top: `${(100 * (hint.y + 0.5)) / height}%`, backgroundColor: hint.color },
      aria: { label: `Colour ${index + 1}: ${hint.color} at ${Math.round(hint.x)}, ${Math.round(hint.y)}` },
    });
    mark.addEventListener("keydown", (event) => this.key(event, index));
    mark.addEventListener("pointerdown", (event) => this.hold(event, mark, index));
    mark.addEventListener("click", async (event) => {
      if (event.detail === 0) this.open(index, await this.suggest(this.picture, hint));
    });
    return mark;
  }

  key(event, index) {
    const { width, height } = this.picture.facts;
    const step = Math.max(1, Math.round((event.shiftKey ? 0.05 : 0.01) * Math.max(width, height)));
    const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
    if (moves[event.key]) this.move(index, ...moves[event.key]);
    else if (event.key === "Delete" || event.key === "Backspace") this.remove(index);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  move(index, x, y) {
    const { width, height } = this.picture.facts;
    const hint = this.hints[index];
    const within = (value, most) => Math.min(most - 1, Math.max(0, value));
    this.replace(index, { ...hint, x: within(hint.x + x, width), y: within(hint.y + y, height) });
  }

  /** Follow the pointer; what is let go of without having moved was a click. */
  hold(event, mark, index) {
    mark.setPointerCapture(event.pointerId);
    const start = { x: event.clientX, y: event.clientY };
    let at = null;
    const follow = (moved) => {
      if (!at && Math.hypot(moved.clientX - start.x, moved.clientY - start.y) < CLICK) return;
      at = this.stage.pointOf(moved) ?? at;
      if (at) Object.assign(mark.style, { left: `${100 * at.x}%`, top: `${100 * at.y}%` });
    };
    const drop = async () => {
      mark.removeEventListener("pointermove", follow);
      const { width, height } = this.picture.facts;
      const hint = this.hints[index];
      if (at) this.replace(index, { ...hint, x: Math.floor(at.x * width), y: Math.floor(at.y * height) });
      else this.open(index, await this.suggest(this.picture, hint));
    };
    mark.addEventListener("pointermove", follow);
    mark.addEventListener("pointerup", drop, { once: true });
  }

  replace(index, hint) {
    this.changed(this.hints.map((each, other) => (other === index ? hint : each)), true);
  }

  remove(index) {
    this.close();
    this.changed(this.hints.filter((_, other) => other !== index), true);
    announce(`Colour ${index + 1} is taken away`);
  }

  /** Offer the colours that the place may have, and any other. */
  open(index, colors) {
    const hint = this.hints[index];
    if (!hint) return;
    const choose = (color) => this.hints[index] && this.replace(index, { ...this.hints[index], color });
    const swatches = colors.map((color) => make("button", {
      type: "button", className: "swatch", style: { backgroundColor: color },
      title: color, aria: { label: `Likely colour ${color}` }, on: { click: () => choose(color) },
    }));
    const any = make("input", {
      type: "color", value: hint.color, on: { change: (event) => choose(event.target.value) },
    });
    const remove = make("button", { type: "button", on: { click: () => this.remove(index) } }, "Take away");
    const close = make("button", { type: "button", on: { click: () => this.close() } }, "Done");
    this.popover.setAttribute("aria-label", `Colour ${index + 1}`);
    this.popover.replaceChildren(
      make("p", {}, swatches.length ? "Likely here:" : "Pick a colour:"),
      make("div", { className: "swatches" }, ...swatches),
      make("label", {}, "Any colour ", any),
      make("div", { className: "row" }, remove, close),
    );
    this.popover.hidden = false;
  }

  close() {
    this.popover.hidden = true;
  }
}
