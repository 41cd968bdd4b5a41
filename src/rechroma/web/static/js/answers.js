// Small pictures of other plausible answers.

import * as api from "./api.js";
import { make } from "./dom.js";
import { wireOf } from "./edit.js";
import { Planes, show } from "./planes.js";
import { t } from "./text.js";

const COUNT = 4;
const SIDE = 128;

export class Answers {
  constructor(root, choose, album) {
    this.root = root;
    this.album = album;
    this.choose = choose;
    this.shown = "";
  }

  /** Show none, and stop asking for some. */
  clear() {
    this.asking?.abort();
    this.asking = null;
    this.shown = "";
    this.picture = null;
    this.root.replaceChildren();
  }

  /** Show the answers of a picture; nothing is asked anew if its conditions are the same. */
  async show(picture) {
    if (picture !== this.picture) this.clear();
    this.picture = picture;
    const edit = wireOf(picture.history.now);
    const asked = JSON.stringify([picture.id, edit.hints, edit.mood]);
    this.mark(edit.answer);
    if (asked === this.shown) return;
    this.shown = asked;
    this.asking?.abort();
    const asking = this.asking = new AbortController();
    const choices = [null, ...Array.from({ length: COUNT }, (_, index) => [index + 1, COUNT])];
    try {
      const items = [];
      for (const answer of choices) {
        const planes = new Planes(await this.album.ask(picture, () => (
          api.planes(picture.id, { ...wireOf(picture.history.now), answer }, SIDE, { signal: asking.signal }))));
        items.push(this.item(answer, planes));
      }
      this.root.replaceChildren(...items);
      this.mark(picture.history.now.answer);
    } catch (error) {
      if (asking === this.asking) this.clear();
    }
  }

  item(answer, planes) {
    const canvas = make("canvas", { aria: { hidden: "true" } });
    show(canvas, planes.paint(1, 1));
    const name = answer ? t("Answer {number}", { number: answer[0] }) : t("The model's own");
    return make("button", {
      type: "button", title: name, aria: { label: name, pressed: "false" },
      dataset: { answer: JSON.stringify(answer) }, on: { click: () => this.choose(answer) },
    }, canvas);
  }

  mark(answer) {
    for (const button of this.root.children) {
      button.setAttribute("aria-pressed", String(button.dataset.answer === JSON.stringify(answer)));
    }
  }
}
