// Two pictures over each other with a divider between them, zoomed and moved together.

import { make } from "./dom.js";
import { show } from "./planes.js";
import { t } from "./text.js";

const MOST = 8;
const CLICK = 5; // pixels that a finger may tremble
const TWICE = 500; // milliseconds within which a second click at a place is a double click

/**
 * Dispatches "view" when another part of the picture is seen, and "place" with { x, y } in 0…1 of the picture when somebody clicks in it.
 */
export class Stage extends EventTarget {
  constructor(root, label) {
    super();
    this.scale = 1;
    this.offset = { x: 0, y: 0 };
    this.pointers = new Map();
    this.drawing = null; // the pointer that the tool has
    this.brush = null; // what gets the pointer instead: { begin(place), move(place), end(), cancel() }
    this.before = make("canvas", { className: "before", role: "img", aria: { label: t("{label}: before", { label }) } });
    this.after = make("canvas", { className: "after", role: "img", aria: { label: t("{label}: after", { label }) } });
    // The part that is looked at closely, over the whole pictures.
    this.closeBefore = make("canvas", { className: "close-up", hidden: true, aria: { hidden: "true" } });
    this.closeAfter = make("canvas", { className: "close-up", hidden: true, aria: { hidden: "true" } });
    this.overlay = make("canvas", { className: "overlay", hidden: true, aria: { hidden: "true" } });
    this.reach = make("canvas", { className: "reach", hidden: true, aria: { hidden: "true" } });
    this.outline = make("canvas", { className: "outline", hidden: true, aria: { hidden: "true" } });
    this.marks = make("div", { className: "marks" });
    this.world = make("div", { className: "world" }, this.before, this.closeBefore, this.after, this.closeAfter, this.overlay, this.reach, this.outline, this.marks);
    this.line = make("div", { className: "line", aria: { hidden: "true" } });
    this.view = make("div", {
      className: "view", tabIndex: 0, role: "group",
      aria: { label: t("{label}. Plus and minus zoom, arrows move, 0 fits.", { label }) },
    }, this.world, this.line);
    this.divider = make("input", {
      type: "range", min: 0, max: 100, step: 1, value: 50, className: "divider",
      aria: { label: t("Before and after: where the line between them is") },
      on: { input: () => this.place() },
    });
    this.busy = make("p", { className: "busy", hidden: true });
    this.name = make("p", { className: "compared", hidden: true, role: "status" });
    root.classList.add("stage");
    root.replaceChildren(this.view, this.busy, this.name, this.divider, this.tools());
    this.listen();
    new ResizeObserver(() => this.fit()).observe(this.view);
  }

  tools() {
    const button = (text, label, work) =>
      make("button", { type: "button", aria: { label }, title: label, on: { click: work } }, text);
    this.tool = make("div", { className: "tools", role: "group", aria: { label: t("Zoom") } },
      button("−", t("Zoom out"), () => this.zoom(1 / 1.5)),
      button(t("Fit"), t("Fit the picture into the window"), () => this.reset()),
      button("+", t("Zoom in"), () => this.zoom(1.5)));
    return this.tool;
  }

  /** Show nothing, until there is something of the next picture. */
  clear() {
    for (const canvas of [this.before, this.after]) canvas.style.visibility = "hidden";
    this.overlay.hidden = this.reach.hidden = this.outline.hidden = true;
    this.showClose(null);
    this.reset();
  }

  /** Show a part of the picture, a box in pixels of the whole one, over the rest; null for none. */
  showClose(box, bitmap = null) {
    this.closeBefore.hidden = this.closeAfter.hidden = !box;
    this.close = box;
    if (!box) return;
    this.closeBefore.width = bitmap.width;
    this.closeBefore.height = bitmap.height;
    this.closeBefore.getContext("2d").drawImage(bitmap, 0, 0);
    this.place();
  }

  /** What is seen of the picture, 0…1, and its width on the screen; null for nothing. */
  shown() {
    if (!this.size || !this.corner) return null;
    const { clientWidth, clientHeight } = this.view;
    const [width, height] = [this.size.width * this.scale, this.size.height * this.scale];
    const within = (value) => Math.min(1, Math.max(0, value));
    return {
      width, left: within(-this.corner.left / width), top: within(-this.corner.top / height),
      right: within((clientWidth - this.corner.left) / width), bottom: within((clientHeight - this.corner.top) / height),
    };
  }

  /**
   * Show a bitmap on the left of the line.
   * @param whole the picture's own size, if it is larger
   */
  showBefore(bitmap, whole = bitmap) {
    this.whole = whole;
    this.before.style.visibility = "";
    this.before.width = bitmap.width;
    this.before.height = bitmap.height;
    this.before.getContext("2d").drawImage(bitmap, 0, 0);
    this.shape = { width: bitmap.width, height: bitmap.height };
    this.fit();
  }

  showAfter(bitmap) {
    this.after.style.visibility = "";
    this.after.width = bitmap.width;
    this.after.height = bitmap.height;
    this.after.getContext("2d").drawImage(bitmap, 0, 0);
  }

  /** Show for a moment what a color reaches: a painted veil over all the rest of a part, 0…1. */
  showReach(veil, [left, top, right, bottom] = [0, 0, 1, 1]) {
    this.reach.hidden = true;
    const percent = (value) => `${100 * value}%`;
    Object.assign(this.reach.style, { left: percent(left), top: percent(top), width: percent(right - left), height: percent(bottom - top) });
    show(this.reach, veil);
    this.reach.getBoundingClientRect(); // so that it fades once more
    this.reach.hidden = false;
  }

  setBusy(busy, words = t("Working…")) {
    this.busy.textContent = words;
    this.busy.hidden = !busy;
    this.view.setAttribute("aria-busy", String(busy));
  }

  /** The picture's size on the screen at scale 1. */
  fit() {
    if (!this.shape) return;
    const { clientWidth: width, clientHeight: height } = this.view;
    const factor = Math.min(width / this.shape.width, height / this.shape.height);
    this.size = { width: this.shape.width * factor, height: this.shape.height * factor };
    Object.assign(this.world.style, {
      width: `${this.size.width}px`, height: `${this.size.height}px`,
    });
    this.place();
  }

  reset() {
    this.scale = 1;
    this.offset = { x: 0, y: 0 };
    this.place();
  }

  /** How far can be zoomed: to twice the picture's own pixels at least. */
  get most() {
    return this.size ? Math.max(MOST, (2 * this.whole.width) / (this.size.width * devicePixelRatio)) : MOST;
  }

  /** Zoom by a factor around a point of the view, its middle if none is given. */
  zoom(factor, at = null) {
    const scale = Math.min(this.most, Math.max(1, this.scale * factor));
    const box = this.view.getBoundingClientRect();
    const x = (at ? at.x - box.left : box.width / 2) - box.width / 2;
    const y = (at ? at.y - box.top : box.height / 2) - box.height / 2;
    const change = scale / this.scale;
    this.offset = { x: x - (x - this.offset.x) * change, y: y - (y - this.offset.y) * change };
    this.scale = scale;
    this.place();
  }

  move(x, y) {
    this.offset = { x: this.offset.x + x, y: this.offset.y + y };
    this.place();
  }

  /** Bring the pictures, and the line between them, where they belong. */
  place() {
    if (!this.size) return;
    const { clientWidth, clientHeight } = this.view;
    const room = (whole, part) => Math.max(0, (part * this.scale - whole) / 2);
    const limit = (value, most) => Math.min(most, Math.max(-most, value));
    this.offset.x = limit(this.offset.x, room(clientWidth, this.size.width));
    this.offset.y = limit(this.offset.y, room(clientHeight, this.size.height));
    const left = (clientWidth - this.size.width * this.scale) / 2 + this.offset.x;
    const top = (clientHeight - this.size.height * this.scale) / 2 + this.offset.y;
    this.world.style.transform = `translate(${left}px, ${top}px) scale(${this.scale})`;
    this.view.classList.toggle("zoomed", this.scale > 1);
    this.world.style.setProperty("--shrink", String(1 / this.scale));
    // The line moves over what is seen of the picture.
    const from = Math.max(0, left);
    const to = Math.min(clientWidth, left + this.size.width * this.scale);
    const line = from + ((to - from) * this.divider.value) / 100;
    this.line.style.transform = `translateX(${line}px)`;
    const hidden = Math.min(this.size.width, Math.max(0, (line - left) / this.scale));
    for (const canvas of [this.after, this.overlay]) canvas.style.clipPath = `inset(0 0 0 ${hidden}px)`;
    this.divider.setAttribute("aria-valuetext", t("{share} % in color", { share: 100 - this.divider.value }));
    this.edges = { from, to };
    this.corner = { left, top };
    if (this.close) this.placeClose(hidden);
    this.dispatchEvent(new CustomEvent("view"));
  }

  placeClose(hidden) {
    const [left, top, width, height] = this.close;
    const part = (value, of) => `${(100 * value) / of}%`;
    for (const canvas of [this.closeBefore, this.closeAfter]) {
      Object.assign(canvas.style, {
        left: part(left, this.whole.width), top: part(top, this.whole.height),
        width: part(width, this.whole.width), height: part(height, this.whole.height),
      });
    }
    const own = (left / this.whole.width) * this.size.width;
    this.closeAfter.style.clipPath = `inset(0 0 0 ${Math.max(0, hidden - own)}px)`;
  }

  listen() {
    const view = this.view;
    view.addEventListener("wheel", (event) => {
      // The page scrolls, unless somebody means the picture.
      if (this.scale === 1 && !event.ctrlKey) return;
      event.preventDefault();
      this.zoom(Math.exp(-event.deltaY / 400), { x: event.clientX, y: event.clientY });
    }, { passive: false });
    view.addEventListener("keydown", (event) => this.key(event));
    view.addEventListener("pointerdown", (event) => this.down(event));
    view.addEventListener("pointermove", (event) => this.drag(event));
    for (const type of ["pointerup", "pointercancel"]) {
      view.addEventListener(type, (event) => this.up(event));
    }
  }

  key(event) {
    if (event.target !== this.view) return;
    const step = 40;
    const moves = {
      ArrowLeft: () => this.move(step, 0), ArrowRight: () => this.move(-step, 0),
      ArrowUp: () => this.move(0, step), ArrowDown: () => this.move(0, -step),
      "+": () => this.zoom(1.25), "=": () => this.zoom(1.25), "-": () => this.zoom(0.8),
      0: () => this.reset(),
    };
    if (!moves[event.key] || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    moves[event.key]();
  }

  down(event) {
    if (event.button !== 0 || event.target.closest(".mark")) return;
    this.view.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    this.start = { x: event.clientX, y: event.clientY, moved: false };
    const box = this.view.getBoundingClientRect();
    const line = this.edges ? this.edges.from + ((this.edges.to - this.edges.from) * this.divider.value) / 100 : 0;
    this.onLine = !this.brush && Math.abs(event.clientX - box.left - line) < 16;
    if (this.brush && this.pointers.size === 1 && this.size) {
      this.drawing = event.pointerId;
      this.brush.begin(this.placeOf(event));
    } else this.stopDrawing();
  }

  drag(event) {
    const last = this.pointers.get(event.pointerId);
    if (!last) return;
    const now = { x: event.clientX, y: event.clientY };
    if (Math.hypot(now.x - this.start.x, now.y - this.start.y) > CLICK) this.start.moved = true;
    if (this.drawing === event.pointerId) this.brush?.move(this.placeOf(event));
    else if (this.pointers.size === 2) this.pinch(event.pointerId, last, now);
    else if (this.onLine) this.slide(now.x);
    else if (this.start.moved) this.move(now.x - last.x, now.y - last.y);
    this.pointers.set(event.pointerId, now);
  }

  slide(x) {
    const at = x - this.view.getBoundingClientRect().left;
    const { from, to } = this.edges;
    this.divider.value = (100 * (at - from)) / Math.max(1, to - from);
    this.place();
  }

  pinch(id, last, now) {
    const other = [...this.pointers].find(([key]) => key !== id)[1];
    const apart = (point) => Math.hypot(point.x - other.x, point.y - other.y);
    this.zoom(apart(now) / Math.max(1, apart(last)), { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 });
  }

  /** A second finger zooms: what the first one has begun is none. */
  stopDrawing() {
    if (this.drawing !== null) this.brush?.cancel();
    this.drawing = null;
  }

  up(event) {
    const { drawing } = this;
    if (!this.pointers.delete(event.pointerId)) return;
    if (drawing === event.pointerId) {
      if (event.type !== "pointercancel") {
        this.drawing = null;
        this.brush?.end();
      } else this.stopDrawing();
      return;
    }
    if (this.brush || event.type === "pointercancel") return;
    if (this.start.moved || this.onLine) return;
    const at = this.pointOf(event);
    const { last } = this;
    this.last = { x: event.clientX, y: event.clientY, time: event.timeStamp };
    const twice = last && event.timeStamp - last.time < TWICE
      && Math.hypot(event.clientX - last.x, event.clientY - last.y) < 2 * CLICK;
    if (at && !twice) this.dispatchEvent(new CustomEvent("place", { detail: at }));
  }

  /** Where an event happened, in 0…1 of the picture, perhaps outside. */
  placeOf(event) {
    const box = this.world.getBoundingClientRect();
    return { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height };
  }

  /** Where in the picture, 0…1, an event happened; null outside. */
  pointOf(event) {
    const { x, y } = this.placeOf(event);
    return x >= 0 && x < 1 && y >= 0 && y < 1 ? { x, y } : null;
  }
}
