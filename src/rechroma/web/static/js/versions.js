// Versions of a picture by name: small ones in the panel, large ones side by side.

import * as api from "./api.js";
import { addressOf, make } from "./dom.js";
import { amountsOf, wireOf } from "./edit.js";
import { show } from "./planes.js";
import { t } from "./text.js";

const SMALL = 160;
const LARGE = 900; // pixels of the longer side of a large one
const NAMES = {
  faithful: t("Faithful"), natural: t("Natural"), vivid: t("Vivid"), warm: t("Warm"), cool: t("Cool"),
  redder: t("Redder"), "more-orange": t("More orange"), yellower: t("Yellower"), greener: t("Greener"),
  "more-teal": t("More teal"), bluer: t("Bluer"), "more-purple": t("More purple"),
};
const HAS_KEYS = !matchMedia("(pointer: coarse)").matches;
const FIRST = { strength: 1, vividness: 1, temperature: 0 };

/** What a version is found by, whatever it is called under other hints. */
const keyOf = ({ name, answer }) => (answer ? `answer-${answer[0]}` : name);

/**
 * Calls `actions`: chosen(part of the edit), ask(picture, work), paint(picture, edit) => a picture
 * of what the edit gives, when its colors have come.
 */
export class Versions {
  constructor(actions) {
    this.actions = actions;
    this.shown = "";
    this.found = []; // as the service tells them, with their keys
    this.other = "natural"; // what the present one is compared with
    this.list = make("div", { className: "answers", role: "group", aria: { label: t("Versions") } });
    this.openButton = make("button", { type: "button", id: "versions-open", on: { click: () => this.open() } }, t("Side by side…"));
    this.compareButton = make("button", { type: "button", id: "versions-compare", title: HAS_KEYS ? t("Hold it, or the key C, to see the version before") : "" }, HAS_KEYS ? t("Hold to compare (C)") : t("Hold to compare"));
    this.root = make("div", { className: "group" }, make("h2", {}, t("Versions")), this.list,
      make("div", { className: "row" }, this.openButton, this.compareButton));
    this.grid = make("div", { className: "versions-grid", role: "group", aria: { label: t("Versions") } });
    this.dialog = make("dialog", { className: "versions", aria: { labelledby: "versions-title" }, on: { close: () => this.grid.replaceChildren() } },
      make("div", { className: "strip-head" }, make("h2", { id: "versions-title" }, t("Versions of this picture")),
        make("button", { type: "button", on: { click: () => this.dialog.close() } }, t("Done"))),
      make("p", { className: "help" }, HAS_KEYS ? t("Choose one; strength, light and look can be changed for each. Hold C to see the one before.")
        : t("Choose one; strength, light and look can be changed for each.")),
      this.grid);
    this.dialog.addEventListener("keydown", (event) => this.hold(event, true));
    this.dialog.addEventListener("keyup", (event) => this.hold(event, false));
    document.body.append(this.dialog);
  }

  /** Show none, and stop asking for some. */
  clear() {
    this.asking?.abort();
    this.shown = "";
    this.picture = null;
    this.found = [];
    this.list.replaceChildren();
    this.openButton.disabled = this.compareButton.disabled = true;
  }

  /** Show the versions of a picture; nothing is asked anew if what they depend on is the same. */
  async show(picture) {
    if (picture !== this.picture) {
      this.clear();
      this.other = "natural";
    }
    this.picture = picture;
    this.mark();
    const wanted = () => ({ ...wireOf(picture.history.now), ...FIRST, look: null, answer: null });
    const asked = JSON.stringify([picture.id, wanted()]);
    if (asked === this.shown) return;
    this.shown = asked;
    this.asking?.abort();
    const asking = this.asking = new AbortController();
    try {
      const found = await this.actions.ask(picture, () => api.versions(picture.id, wanted(), SMALL, { signal: asking.signal }));
      if (asking !== this.asking) return;
      this.found = found.map((each) => ({ ...each, key: keyOf(each) }));
      this.list.replaceChildren(...this.found.map((each) => this.item(each)));
      this.mark();
    } catch (error) {
      if (asking === this.asking) this.clear();
    }
  }

  item(version) {
    const name = nameOf(version);
    return make("button", {
      type: "button", title: name, aria: { pressed: "false" }, dataset: { version: version.key },
      on: { click: () => this.choose(version.key) },
    }, make("img", { src: addressOf(version.preview), alt: "", on: { load: ({ target }) => URL.revokeObjectURL(target.src) } }), make("span", {}, name));
  }

  /** What an edit becomes with another version: each keeps what somebody has made of it. */
  partFor(now, key) {
    const version = this.found.find((each) => each.key === key);
    if (!version) return null;
    const { strength, vividness, temperature, answer } = version;
    const usual = { strength, vividness, temperature, look: null };
    return {
      version: key, answer, ...now.tuned[key] ?? usual,
      tuned: { ...now.tuned, [now.version]: amountsOf(now) },
    };
  }

  choose(key) {
    const { now } = this.picture.history;
    if (key === now.version) return;
    const part = this.partFor(now, key);
    if (!part) return;
    this.other = now.version;
    this.actions.chosen(part);
    this.mark();
    if (this.dialog.open) this.fill();
  }

  /** The edit that the present one is compared with, and what it is called: [edit, name]. */
  compared() {
    const { now } = this.picture.history;
    const other = [this.other, "natural", "faithful", "vivid"].find((key) => key !== now.version && this.partFor(now, key));
    return other ? [{ ...now, ...this.partFor(now, other) }, nameOf(this.found.find(({ key }) => key === other))] : null;
  }

  mark() {
    const chosen = this.picture?.history.now.version;
    for (const root of [this.list, this.grid]) {
      for (const button of root.children) button.setAttribute("aria-pressed", String(button.dataset.version === chosen));
    }
    this.openButton.disabled = this.compareButton.disabled = !this.found.length;
  }

  /** Large ones, each with its name. */
  open() {
    this.grid.replaceChildren(...this.found.map((version) => make("button", {
      type: "button", dataset: { version: version.key }, aria: { pressed: "false" }, on: { click: () => this.choose(version.key) },
    }, make("canvas", { aria: { hidden: "true" } }), make("span", {}, nameOf(version)))));
    this.mark();
    this.dialog.showModal();
    this.grid.querySelector("[aria-pressed=true]")?.focus();
    return this.fill();
  }

  /** Paint the large ones, one after the other: those whose colors are here come at once. */
  async fill() {
    const { picture } = this;
    for (const button of [...this.grid.children]) {
      const { now } = picture.history;
      const key = button.dataset.version;
      try {
        const painted = await this.actions.paint(picture, key === now.version ? now : { ...now, ...this.partFor(now, key) }, LARGE);
        if (picture !== this.picture || !button.isConnected) return;
        show(button.querySelector("canvas"), painted);
      } catch (error) {
        if (error.name === "AbortError") return;
        button.title = error.message;
      }
    }
  }

  /** While C is held, the chosen one shows the one before it. */
  async hold(event, down) {
    if (event.key.toLowerCase() !== "c" || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    const button = this.grid.querySelector("[aria-pressed=true]");
    const compared = button && this.compared();
    if (!compared) return;
    this.holding = down;
    const present = this.found.find(({ key }) => key === button.dataset.version);
    const [edit, name] = down ? compared : [this.picture.history.now, nameOf(present)];
    try {
      const painted = await this.actions.paint(this.picture, edit, LARGE);
      if (this.holding !== down) return;
      show(button.querySelector("canvas"), painted);
    } catch (error) {
      if (error.name !== "AbortError") button.title = error.message;
      return;
    }
    button.querySelector("span").textContent = name;
    button.classList.toggle("comparing", down);
  }
}

const nameOf = ({ name }) => NAMES[name] ?? name;
