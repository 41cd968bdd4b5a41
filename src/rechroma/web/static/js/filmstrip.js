// The list of pictures: what each one is up to, and the way to it.

import * as api from "./api.js";
import { find, make, wordsOf } from "./dom.js";
import { isAsked, wireOf } from "./edit.js";
import { Planes, show } from "./planes.js";
import { t } from "./text.js";

const THUMB = 96;
const WORDS = { waiting: t("waiting"), sending: t("sending"), opening: t("opening"), ready: t("ready") };

export class Filmstrip {
  /** @param amounts (picture, colored) => what a picture is painted with */
  constructor(album, amounts) {
    this.album = album;
    this.amounts = amounts;
    this.list = find("filmstrip");
    this.items = new Map();
    this.list.addEventListener("keydown", (event) => this.key(event));
    album.addEventListener("change", () => this.draw());
    album.addEventListener("select", () => {
      this.draw();
      this.reveal();
    });
  }

  draw() {
    const { pictures, current } = this.album;
    let next = null;
    for (const [key, item] of this.items) {
      if (!pictures.some((picture) => picture.key === key)) {
        if (item.root.contains(document.activeElement)) next = item.root.nextElementSibling ?? item.root.previousElementSibling;
        item.root.remove();
        this.items.delete(key);
      }
    }
    next?.querySelector(".close").focus();
    pictures.forEach((picture, index) => {
      const item = this.items.get(picture.key) ?? this.item(picture);
      item.open.setAttribute("aria-current", String(picture === current));
      item.root.dataset.state = picture.state;
      item.bar.hidden = picture.state === "ready" || picture.state === "failed";
      if (picture.state === "sending") item.bar.value = picture.progress;
      else item.bar.removeAttribute("value");
      item.again.hidden = !(picture.state === "failed" && picture.file);
      const said = picture.problem ?? picture.refusal;
      item.word.textContent = said ? wordsOf(said) : WORDS[picture.state] ?? "";
      if (picture.planes && item.planes?.deref() !== picture.planes) this.thumb(item, picture);
      if (this.list.children[index] !== item.root) this.list.insertBefore(item.root, this.list.children[index]);
    });
    this.fill();
  }

  /** Arrows choose the neighbor, Home and End the first and the last. */
  key(event) {
    const { pictures, current } = this.album;
    const last = pictures.length - 1;
    const at = pictures.indexOf(current);
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: last }[event.key];
    if (to === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const picture = pictures[Math.min(last, Math.max(0, to))];
    if (picture !== current) this.album.select(picture);
    this.focus(picture);
  }

  /** Bring the chosen picture into sight: the row scrolls, the page does not. */
  reveal() {
    const chosen = this.items.get(this.album.current?.key)?.root;
    if (!chosen) return;
    const { list } = this;
    const left = chosen.offsetLeft - list.offsetLeft;
    if (left < list.scrollLeft || left + chosen.offsetWidth > list.scrollLeft + list.clientWidth) {
      list.scrollLeft = left - (list.clientWidth - chosen.offsetWidth) / 2;
    }
  }

  focus({ key }) { this.items.get(key)?.open.focus({ preventScroll: true }); }

  /** Show the pictures that nobody has opened yet, too: small, and one after the other. */
  async fill() {
    if (this.filling) return;
    this.filling = true;
    for (let picture = this.unseen(); picture; picture = this.unseen()) {
      const item = this.items.get(picture.key);
      item.asked = true;
      try {
        await this.small(picture, item);
      } catch {
        // The picture itself says what is wrong once it is opened.
      }
    }
    this.filling = false;
  }

  async small(picture, item) {
    const { signal } = picture.abort;
    if (isAsked(picture)) {
      const bitmap = await createImageBitmap(await this.album.ask(picture, () => api.original(picture.id, THUMB, signal)));
      Object.assign(item.canvas, { width: bitmap.width, height: bitmap.height });
      item.canvas.getContext("2d").drawImage(bitmap, 0, 0);
      bitmap.close();
      return;
    }
    const { strength, vividness } = picture.history.now;
    const small = new Planes(await this.album.ask(picture, () => (
      api.planes(picture.id, wireOf(picture.history.now), THUMB, { signal }))));
    if (!picture.planes) show(item.canvas, small.paint(strength, vividness));
  }

  /** Ask for all small pictures anew, but for the one that is looked at. */
  refresh() {
    for (const [key, item] of this.items) item.asked = key === this.album.current?.key;
    this.fill();
  }

  unseen() {
    return this.album.ready().find(({ key }) => this.items.has(key) && !this.items.get(key).asked);
  }

  thumb(item, picture) {
    const { planes } = picture;
    const step = Math.ceil(Math.max(planes.width, planes.height) / THUMB);
    show(item.canvas, planes.paint(this.amounts(picture, planes), step));
    // The list shall not keep what the page lets go of.
    item.planes = new WeakRef(planes);
    item.asked = true;
  }

  item(picture) {
    const canvas = make("canvas", { width: THUMB, height: THUMB, aria: { hidden: "true" } });
    const word = make("span", { className: "word" });
    const bar = make("progress", { max: 1, aria: { label: t("Sending {name}", picture) } });
    const open = make("button", {
      type: "button", className: "open", on: { click: () => this.album.select(picture) },
    }, canvas, make("span", { className: "name" }, picture.name));
    const close = make("button", {
      type: "button", className: "close", title: t("Cancel or close"),
      aria: { label: t("Close {name}", picture) }, on: { click: () => this.album.remove(picture) },
    }, "×");
    const again = make("button", {
      type: "button", hidden: true, aria: { label: t("Send {name} again", picture) },
      on: { click: () => this.album.retry(picture) },
    }, t("Try again"));
    const root = make("li", {}, open, close, bar, word, again);
    this.list.append(root);
    const item = { root, open, canvas, word, bar, again };
    this.items.set(picture.key, item);
    return item;
  }
}
