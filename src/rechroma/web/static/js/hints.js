// Colors that somebody puts into the picture: spots that can be moved, changed and taken away.

import * as api from "./api.js";
import { announce, make, replaceItems } from "./dom.js";
import { conditionsOf, wireOf } from "./edit.js";
import { Planes } from "./planes.js";
import { drawOutline } from "./outline.js";
import { followPointer } from "./pointer.js";
import { t } from "./text.js";

const CLICK = 4;
const OUTLINE = 800; // pixels of the mask whose outline is shown
const REACH = 256; // pixels of the picture that shows how far a color goes
// How far a color goes, as the service calls it and as people do.
const REACHES = [["here", t("this place")], ["thing", t("this thing")], ["alike", t("everything alike")]];

const placeOf = ({ x, y }) => `${x}, ${y}`;

/**
 * Calls `changed` with the new list of hints, and whether it is a step of its own to undo, and
 * `toPart(picture, hint, the others)` to make the thing that a spot is on a part of the picture.
 */
export class Hints {
  constructor(stage, changed, album, toPart) {
    this.toPart = toPart;
    this.stage = stage;
    this.album = album;
    this.changed = changed;
    this.picture = null;
    this.reaches = []; // that the model knows
    this.popover = make("div", { className: "popover", hidden: true, role: "group" });
    this.index = null; // of the hint that the popover is about
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
    replaceItems(this.stage.marks, this.hints.map((hint, index) => this.mark(hint, index)), this.stage.view);
    if (!this.popover.hidden) this.follow();
  }

  /** The popover goes with its spot, and closes if undo has taken the spot away. */
  async follow() {
    const { index, picture } = this;
    const hint = this.hints[index];
    if (!hint) this.close();
    else if (placeOf(hint) !== this.place) {
      this.place = placeOf(hint);
      const colors = await this.suggest(picture, hint);
      if (picture === this.picture && index === this.index && !this.popover.hidden && this.place === placeOf(this.hints[index] ?? {})) this.open(index, colors);
    }
  }

  focus(index) {
    (this.stage.marks.children[index] ?? this.stage.view).focus();
  }

  /** Add a color at a place, 0…1 of the picture, or in its middle. */
  async add(at = { x: 0.5, y: 0.5 }) {
    const { picture } = this;
    if (!picture) return;
    const place = picture.placing.pixel(at);
    if (!picture.placing.isColored(place)) return;
    const colors = await this.suggest(picture, place);
    if (picture !== this.picture) return;
    const hint = { ...place, color: colors[0] ?? "#808080" };
    const index = this.hints.length;
    this.changed([...this.hints, hint], true);
    this.focus(index);
    this.open(index, colors);
    announce(t("Color {number} is placed; arrows move it, Enter changes it, Delete takes it away", { number: index + 1 }));
  }

  /** What a place is likely to have, whatever the hint says that is there already. */
  async suggest(picture, place) {
    const { x, y } = place;
    const edit = conditionsOf(picture.history.now);
    const hints = edit.hints.filter((hint) => hint !== place);
    try {
      const colors = await this.album.ask(picture, () => (
        api.likely(picture.id, { x, y, edit: { ...edit, hints } }, picture.abort.signal)));
      return colors.map(({ color }) => color);
    } catch {
      return []; // a model that does not tell: any color can still be picked
    }
  }

  mark(hint, index) {
    const at = this.picture.placing.shown(hint);
    const mark = make("button", {
      type: "button", className: "mark",
      style: { left: `${100 * at.x}%`, top: `${100 * at.y}%`, backgroundColor: hint.color },
      aria: { label: t("Color {number}: {color} at {x}, {y}", { number: index + 1, color: hint.color, x: Math.round(hint.x), y: Math.round(hint.y) }) },
    });
    mark.addEventListener("keydown", (event) => this.key(event, index));
    mark.addEventListener("pointerdown", (event) => this.hold(event, mark, index));
    mark.addEventListener("click", async (event) => {
      if (event.detail !== 0) return;
      this.open(index, await this.suggest(this.picture, hint));
      this.popover.querySelector("button, input").focus();
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
    const moved = { ...hint, x: within(hint.x + x, width), y: within(hint.y + y, height) };
    if (this.picture.placing.isColored(moved)) this.replace(index, moved);
  }

  /** Follow the pointer; what is let go of without having moved was a click. */
  hold(event, mark, index) {
    if (event.button !== 0) return;
    const start = { x: event.clientX, y: event.clientY };
    let at = null;
    const moved = (now) => {
      if (!at && Math.hypot(now.clientX - start.x, now.clientY - start.y) < CLICK) return;
      at = this.stage.pointOf(now) ?? at;
      if (at) Object.assign(mark.style, { left: `${100 * at.x}%`, top: `${100 * at.y}%` });
    };
    const dropped = async () => {
      const hint = this.hints[index];
      const place = at && this.picture.placing.pixel(at);
      if (at && !this.picture.placing.isColored(place)) this.draw();
      else if (at) this.replace(index, { ...hint, ...place });
      else this.open(index, await this.suggest(this.picture, hint));
    };
    followPointer(mark, event, { moved, dropped, cancelled: () => this.draw() });
  }

  replace(index, hint) {
    this.changed(this.hints.map((each, other) => (other === index ? hint : each)), true);
  }

  reachTo(index, reach) {
    if (!this.hints[index]) return;
    this.replace(index, { ...this.hints[index], reach });
    this.showOutline(this.picture, this.hints[index]);
  }

  remove(index) {
    this.close();
    this.changed(this.hints.filter((_, other) => other !== index), true);
    announce(t("Color {number} is taken away", { number: index + 1 }));
  }

  /** Offer the colors that the place may have, and any other. */
  open(index, colors) {
    const hint = this.hints[index];
    if (!hint) return;
    const choose = (color) => this.hints[index] && this.replace(index, { ...this.hints[index], color });
    const swatches = colors.map((color) => make("button", {
      type: "button", className: "swatch", style: { backgroundColor: color },
      title: color, aria: { label: t("Likely color {color}", { color }) }, on: { click: () => choose(color) },
    }));
    const any = make("input", {
      type: "color", value: hint.color, on: { change: (event) => choose(event.target.value) },
    });
    const reach = make(
      "select",
      { on: { change: (event) => this.reachTo(index, event.target.value) } },
      ...REACHES.filter(([value]) => this.reaches.includes(value)).map(([value, text]) => make("option", { value, selected: value === (hint.reach ?? "thing") }, text)),
    );
    const remove = make("button", { type: "button", on: { click: () => this.remove(index) } }, t("Take away"));
    const part = make("button", {
      type: "button", title: t("What the spot is on, with its color, to be painted further"), on: { click: () => this.makePart(index) },
    }, t("Make it a part"));
    const close = make("button", { type: "button", on: { click: () => this.close() } }, t("Done"));
    this.index = index;
    this.place = placeOf(hint);
    this.popover.setAttribute("aria-label", t("Color {number}", { number: index + 1 }));
    this.popover.replaceChildren(
      make("p", {}, swatches.length ? t("Likely here:") : t("Pick a color:")),
      make("div", { className: "swatches" }, ...swatches),
      make("label", {}, t("Any color"), " ", any),
      make("label", {}, t("Reaches"), " ", reach),
      make("div", { className: "row" }, part, remove, close),
    );
    this.popover.hidden = false;
    // On the other side than the spot, which shall be seen.
    const middle = (element) => { const { left, width } = element.getBoundingClientRect(); return left + width / 2; };
    this.popover.classList.toggle("right", middle(this.stage.marks.children[index]) < middle(this.stage.view));
    this.showReach();
  }

  makePart(index) {
    const { picture, hints } = this;
    this.close();
    return this.toPart(picture, hints[index], hints.filter((_, other) => other !== index));
  }

  /** Show what the color that the popover is about changes, while it is open. */
  async showReach() {
    this.reaching?.abort();
    const { picture, index } = this;
    if (!picture || this.popover.hidden || !this.hints[index]) return;
    const { signal } = this.reaching = new AbortController();
    this.showOutline(picture, this.hints[index]);
    const edit = wireOf(picture.history.now);
    const without = { ...edit, hints: edit.hints.filter((_, other) => other !== index) };
    const ask = (each) => api.planes(picture.id, each, REACH, { signal });
    try {
      const [here, there] = [await ask(edit), await ask(without)];
      const { frame, width, height } = picture.placing;
      const part = frame && [frame[0] / width, frame[1] / height, frame[2] / width, frame[3] / height];
      this.stage.showReach(new Planes(here).paintSame(new Planes(there)), part ?? undefined);
    } catch {
      this.stage.reach.hidden = true; // the picture itself says what is wrong
    }
  }

  /** Show what is one thing with a spot, while its popover is open. */
  async showOutline(picture, hint) {
    const { outline } = this.stage;
    const place = hint.reach === "here" || hint.reach === "alike" ? "" : [picture.key, hint.x, hint.y].join();
    if (place === this.outlined) return;
    this.outlined = place;
    outline.hidden = true;
    this.outlining?.abort();
    if (!place) return;
    const { signal } = this.outlining = new AbortController();
    try {
      const mask = await api.segment(picture.id, [hint], OUTLINE, signal);
      await drawOutline(outline, mask, picture.placing);
      outline.hidden = signal.aborted;
    } catch {
      // A model that can't tell things apart, or it was called off.
    }
  }

  /** Whoever is inside gets back to the spot. */
  close() {
    this.reaching?.abort();
    this.outlining?.abort();
    this.stage.reach.hidden = this.stage.outline.hidden = true;
    this.outlined = "";
    if (this.popover.contains(document.activeElement)) this.focus(this.index);
    this.popover.hidden = true;
  }
}
