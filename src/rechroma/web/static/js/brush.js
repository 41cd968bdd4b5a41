// A brush and an eraser on the stage: strokes with a pointer, or with arrows and the space bar.

import { make } from "./dom.js";
import { drawStroke, emptyMask } from "./masks.js";
import { drawEdge } from "./outline.js";
import { t } from "./text.js";

const TINT = "rgb(255 64 160 / 0.5)"; // what is painted, while it is painted
const FINE = 1000; // pixels of the longer side of what is drawn over the picture, at most
const LINE = 2.5; // pixels on the screen of the line around a part
const STEP = 0.5; // of the brush's width, that an arrow moves it

/**
 * Calls `actions`: stroke({ stroke, points, width, erases }), a mask of its own with its points in
 * pixels of the photograph, resize(factor), and left() when somebody puts the tool away.
 */
export class Brush {
  constructor(stage, actions) {
    this.stage = stage;
    this.actions = actions;
    this.width = 0.06; // of the longer side of what is shown, when all of it is seen
    this.erases = false;
    this.ring = make("div", { className: "brush-ring", hidden: true, aria: { hidden: "true" } });
    stage.marks.after(this.ring);
    this.veil = make("canvas", { className: "paint", hidden: true, aria: { hidden: "true" } });
    this.edge = make("canvas", { className: "part-edge", hidden: true, aria: { hidden: "true" } });
    stage.outline.after(this.veil, this.edge);
    stage.addEventListener("view", () => this.outline());
    stage.view.addEventListener("pointermove", (event) => this.follow(stage.placeOf(event)));
    stage.view.addEventListener("pointerleave", () => { this.ring.hidden = true; });
    stage.view.addEventListener("keydown", (event) => this.key(event), true);
  }

  get active() { return this.stage.brush === this; }

  /** Its width as a part of the longer side of what is shown: close up it is finer. */
  get reach() { return this.width / this.stage.scale; }

  /** Take the tool up for a picture. */
  take(picture, erases) {
    this.picture = picture;
    this.erases = erases;
    this.stage.brush = this;
    this.stage.view.classList.add("painting");
    this.ring.classList.toggle("erases", erases);
  }

  put() {
    if (!this.active) return;
    this.stage.brush = null;
    this.stroke = null;
    this.at = null;
    this.ring.hidden = this.veil.hidden = true;
    this.stage.view.classList.remove("painting");
  }

  /** Show what is painted already, a mask or null: a veil for a moment, and a line around it that stays. */
  show(picture, mask) {
    const isNew = mask !== this.mask;
    this.mask = mask;
    this.outlined = mask && picture;
    this.outline();
    this.veil.hidden = !this.active;
    if (!this.active) return;
    this.draw();
    if (isNew && !this.stroke) this.rest();
  }

  /** What is painted fades, so that its colors are seen. */
  rest() {
    this.veil.classList.remove("resting");
    this.veil.getBoundingClientRect(); // so that it fades once more
    this.veil.classList.add("resting");
  }

  draw() {
    const { placing } = this.picture;
    Object.assign(this.veil, this.fine());
    const pen = this.veil.getContext("2d");
    const lay = (mask, how) => {
      pen.globalCompositeOperation = how;
      placing.turnPen(pen, this.veil.width, this.veil.height, mask);
      pen.drawImage(mask, 0, 0);
      pen.resetTransform();
    };
    if (this.mask) lay(this.mask, "source-over");
    if (this.stroke) lay(this.stroke, this.erases ? "destination-out" : "source-over");
    pen.globalCompositeOperation = "source-in";
    pen.fillStyle = TINT;
    pen.fillRect(0, 0, this.veil.width, this.veil.height);
    pen.globalCompositeOperation = "source-over";
  }

  /** The size of what is drawn over the picture. */
  fine() {
    const { width, height } = this.stage.before;
    const scale = Math.min(1, FINE / Math.max(width, height));
    return { width: Math.max(1, Math.round(scale * width)), height: Math.max(1, Math.round(scale * height)) };
  }

  /** The line around what is painted, on both sides of the divider; as wide close up as from afar. */
  outline() {
    const { size, scale } = this.stage;
    const placing = this.outlined?.placing;
    this.edge.hidden = !(placing && size);
    if (this.edge.hidden) {
      this.drawn = null;
      return;
    }
    const { width, height } = this.fine();
    const wide = Math.max(1, (LINE * width) / (size.width * scale));
    const wanted = [this.mask, placing, width, height, wide];
    if (this.drawn?.every((each, index) => each === wanted[index])) return;
    this.drawn = wanted;
    Object.assign(this.edge, { width, height });
    drawEdge(this.edge, this.mask, placing, wide);
  }

  /** The ring, where the brush is: a place in 0…1 of what is shown, perhaps outside. */
  follow(at) {
    this.ring.hidden = !(this.active && at);
    if (this.ring.hidden) return;
    const { width, height } = this.stage.size;
    const size = this.reach * Math.max(width, height);
    Object.assign(this.ring.style, { left: `${100 * at.x}%`, top: `${100 * at.y}%`, width: `${size}px`, height: `${size}px` });
  }

  begin(at) {
    this.stroke = emptyMask(this.picture.facts);
    this.points = [];
    this.veil.classList.remove("resting");
    this.move(at);
  }

  move(at) {
    if (!this.stroke) return;
    const { placing } = this.picture;
    const { whole } = placing;
    const scale = this.stroke.width / whole.width;
    this.points.push(placing.pixel(at));
    const last = this.points.slice(-2).map(({ x, y }) => ({ x: scale * (x + 0.5), y: scale * (y + 0.5) }));
    drawStroke(this.stroke, last, scale * this.pixels());
    this.follow(at);
    if (this.drawing) return;
    this.drawing = requestAnimationFrame(() => {
      this.drawing = 0;
      if (this.active) this.draw();
    });
  }

  /** The brush's width in pixels of the photograph. */
  pixels() {
    const { placing } = this.picture;
    return this.reach * Math.max(placing.width, placing.height);
  }

  end() {
    const { stroke, points, erases } = this;
    if (stroke) this.actions.stroke({ stroke, points, width: this.pixels(), erases });
  }

  /** A stroke is part of the mask now, or was none. */
  done(stroke) {
    if (stroke !== this.stroke) return; // the next one is under way
    this.stroke = null;
    if (!this.active) return;
    this.draw();
    this.rest();
  }

  cancel() { this.done(this.stroke); }

  /** Arrows move the brush, the space bar paints, [ and ] change its size, Escape puts it away. */
  key(event) {
    if (!this.active || event.target !== this.stage.view || event.ctrlKey || event.metaKey || event.altKey) return;
    const { width, height } = this.stage.size;
    const longer = Math.max(width, height);
    const step = (event.shiftKey ? 4 : 1) * STEP * this.reach;
    const moves = {
      ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
    };
    this.at ??= { x: 0.5, y: 0.5 };
    if (moves[event.key]) {
      const [across, down] = moves[event.key];
      const within = (value) => Math.min(1, Math.max(0, value));
      this.at = { x: within(this.at.x + (across * step * longer) / width), y: within(this.at.y + (down * step * longer) / height) };
      this.follow(this.at);
    } else if (event.key === " ") {
      this.begin(this.at);
      this.end();
    } else if (event.key === "[" || event.key === "]") {
      this.actions.resize(event.key === "]" ? 1.25 : 0.8);
      this.follow(this.at);
    } else if (event.key === "Escape") this.actions.left();
    else return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }
}

export const BRUSH_HELP = t("Paint in the picture. With keys: arrows move the brush, Space paints, [ and ] change its size, Escape puts it away.");
