// The strip of a film's shots.

import { make } from "./dom.js";
import { timeOf } from "./film-player.js";
import { shotPreview } from "./films-api.js";
import { t } from "./text.js";

const AT_ONCE = 4; // previews that are asked for at a time

/** Calls `chosen(shot)` when another one is wanted. */
export class ShotStrip {
  constructor(chosen) {
    this.chosen = chosen;
    this.root = make("ul", { id: "shots", className: "filmstrip", aria: { label: t("Shots") }, on: { keydown: (event) => this.key(event) } });
    this.clear();
  }

  clear() {
    for (const { picture } of this.items ?? []) URL.revokeObjectURL(picture.src);
    this.items = [];
    this.current = null;
    this.waiting = [];
    this.loading = 0;
    this.root.replaceChildren();
  }

  get count() { return this.items.length; }

  get shots() { return this.items.map(({ shot }) => shot); }

  /** Add the shots that were found, of a film with this id. */
  add(film, shots) {
    for (const shot of shots) {
      const picture = make("img", { alt: "", width: 118, height: 90 });
      const word = make("span", { className: "word" });
      const open = make("button", {
        type: "button", className: "open", on: { click: () => this.chosen(shot) },
      }, picture, make("span", { className: "name" }, timeOf(shot.seconds)), word);
      const item = { film, shot, picture, word, open };
      this.items.push(item);
      this.root.append(make("li", {}, open));
      this.refresh(shot);
    }
  }

  item(shot) { return this.items.find((each) => each.shot.number === shot.number); }

  /** Show what has become of a shot. */
  refresh(shot) {
    const item = this.item(shot);
    Object.assign(item.shot, shot);
    item.word.textContent = shot.still ? t("your colors") : "";
    item.open.setAttribute("aria-label", shot.still
      ? t("Shot {number} at {time}, in your colors", { number: shot.number, time: timeOf(shot.seconds) })
      : t("Shot {number} at {time}", { number: shot.number, time: timeOf(shot.seconds) }));
    item.open.parentElement.dataset.state = shot.still ? "told" : "ready";
    this.waiting.push(item);
    this.load();
  }

  async load() {
    if (this.loading >= AT_ONCE) return;
    const item = this.waiting.shift();
    if (!item) return;
    this.loading += 1;
    try {
      const blob = await shotPreview(item.film, item.shot);
      URL.revokeObjectURL(item.picture.src);
      item.picture.src = URL.createObjectURL(blob);
    } catch {
      // The shot itself says what is wrong once it is opened.
    }
    if (!this.items.includes(item)) URL.revokeObjectURL(item.picture.src);
    else this.loading -= 1;
    this.load();
  }

  mark(shot) {
    this.current = shot;
    for (const item of this.items) item.open.setAttribute("aria-current", String(item.shot === shot));
    const chosen = this.item(shot)?.open.parentElement;
    const { root } = this;
    if (!chosen) return;
    const left = chosen.offsetLeft - root.offsetLeft;
    if (left < root.scrollLeft || left + chosen.offsetWidth > root.scrollLeft + root.clientWidth) {
      root.scrollLeft = left - (root.clientWidth - chosen.offsetWidth) / 2;
    }
  }

  /** Arrows choose the neighbor, Home and End the first and the last. */
  key(event) {
    const last = this.items.length - 1;
    const at = this.items.findIndex(({ shot }) => shot === this.current);
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: last }[event.key];
    if (to === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const item = this.items[Math.min(last, Math.max(0, to))];
    if (item.shot !== this.current) this.chosen(item.shot);
    item.open.focus({ preventScroll: true });
  }
}
