// Old prints: a quiet suggestion what could be undone of what age has added, and a switch for it.

import * as api from "./api.js";
import { addressOf, find, make } from "./dom.js";
import { t } from "./text.js";

const SMALL = 240;
const USUAL = {
  border: "mask", straighten: true, neutralize: true, contrast: true, scratches: true, negative: false, prepared_lightness: true,
};
// What is found, what it is called, and the option that says what is done about it.
const STEPS = {
  border: [t("a paper border"), "border"], slant: [t("slanted edges"), "straighten"],
  tint: [t("a tint, or stains"), "neutralize"], contrast: [t("faded contrast"), "contrast"],
  scratches: [t("scratches or dust"), "scratches"], negative: [t("light and dark as in a negative"), "negative"],
};
const LABELS = {
  straighten: t("Straighten it"), neutralize: t("Take the tint away"), contrast: t("Restore the contrast"),
  scratches: t("Fill scratches and dust"), negative: t("It is a negative: invert it"),
  prepared_lightness: t("In the saved picture, too, not for the colors alone"),
};
const BORDERS = [["mask", t("Leave it uncolored")], ["crop", t("Cut it off")], ["keep", t("Color it, too")]];

/** Calls `actions`: changed(part of the edit) => when it is, or can't be; ask(picture, work). */
export class Prints {
  constructor(actions) {
    this.actions = actions;
    this.words = make("p", { id: "print-words" });
    this.before = make("img", { alt: t("The print as it is") });
    this.after = make("img", { alt: t("The print made ready") });
    this.use = make("input", { id: "print-use", type: "checkbox", on: { change: () => this.toggle() } });
    this.steps = make("div", { className: "steps", role: "group", aria: { label: t("What is done to the print") } });
    this.no = make("button", { type: "button", on: { click: () => this.dismiss() } }, t("No, thanks"));
    this.root = find("print-note");
    this.root.append(
      make("div", { className: "print-pair" },
        make("figure", {}, this.before, make("figcaption", {}, t("As it is"))),
        make("figure", {}, this.after, make("figcaption", {}, t("Made ready")))),
      make("div", { className: "print-said" }, this.words,
        make("div", { className: "field check" }, this.use, make("label", { htmlFor: "print-use" }, t("Make the print ready first"))),
        this.steps, make("div", { className: "row" }, this.no)),
    );
  }

  /** What making a picture ready does; what was asked for once is known, as long as it is open. */
  suggestion(picture, prepare) {
    // Several may wait for it: who does not any more must not end it for the others.
    const { signal } = picture.abort;
    const known = picture.suggestions ??= new Map();
    const key = JSON.stringify(prepare);
    if (!known.has(key)) {
      const asked = this.actions.ask(picture, () => api.preparation(picture.id, prepare, SMALL, { signal }));
      asked.catch(() => known.delete(key));
      known.set(key, asked);
    }
    return known.get(key);
  }

  clear() {
    this.asking?.abort();
    this.picture = null;
    this.root.hidden = true;
    delete this.root.dataset.of;
  }

  /** Suggest what could be done for a picture, or show what is. */
  async show(picture) {
    if (picture !== this.picture) this.clear();
    this.picture = picture;
    const { prepare } = picture.history.now;
    if (!prepare && picture.printDismissed) {
      this.root.hidden = true;
      return;
    }
    this.asking ??= new AbortController();
    if (this.asking.signal.aborted) this.asking = new AbortController();
    const { signal } = this.asking;
    try {
      // What is found does not depend on what is done about it, or hardly.
      const usual = await this.suggestion(picture, USUAL);
      const now = prepare ? await this.suggestion(picture, prepare) : usual;
      if (signal.aborted || picture !== this.picture || picture.history.now.prepare !== prepare) return;
      this.draw(usual, now, prepare);
    } catch (error) {
      if (error.name === "AbortError") return;
      this.root.hidden = !prepare;
    }
    this.root.dataset.of = picture.key;
  }

  draw(usual, now, prepare) {
    const found = usual.findings.filter(({ kind }) => STEPS[kind]);
    this.root.hidden = !(prepare || (found.length && (usual.changed || found.some(({ kind }) => kind === "negative"))));
    if (this.root.hidden) return;
    const names = found.map(({ kind }) => STEPS[kind][0]);
    this.words.textContent = names.length
      ? t("This looks like an old print: {found}.", { found: names.join(", ") }) : t("Nothing of an old print is found.");
    for (const [image, text] of [[this.before, now.before], [this.after, now.after]]) {
      if (image.shows === text) continue;
      if (image.src) URL.revokeObjectURL(image.src);
      image.src = addressOf(text);
      image.shows = text;
    }
    this.use.checked = Boolean(prepare);
    this.no.hidden = Boolean(prepare);
    this.drawSteps(found, prepare);
  }

  /** Each step can be taken off. */
  drawSteps(found, prepare) {
    this.steps.hidden = !prepare;
    const focused = document.activeElement?.closest(".steps [id]")?.id;
    const change = (part) => this.actions.changed({ prepare: { ...this.picture.history.now.prepare, ...part } });
    const check = (name) => make("div", { className: "field check" },
      make("input", { id: `print-${name}`, type: "checkbox", checked: prepare?.[name], on: { change: ({ target }) => change({ [name]: target.checked }) } }),
      make("label", { htmlFor: `print-${name}` }, LABELS[name]));
    const border = () => make("div", { className: "row" }, make("label", { htmlFor: "print-border" }, t("Paper border")),
      make("select", { id: "print-border", on: { change: ({ target }) => change({ border: target.value }) } },
        ...BORDERS.map(([value, text]) => make("option", { value, selected: value === prepare?.border }, text))));
    const names = found.map(({ kind }) => STEPS[kind][1]);
    const lightness = names.some((name) => ["neutralize", "contrast", "scratches", "negative"].includes(name)) ? [check("prepared_lightness")] : [];
    this.steps.replaceChildren(...names.map((name) => (name === "border" ? border() : check(name))), ...lightness);
    if (focused) find(focused)?.focus();
  }

  async toggle() {
    await this.actions.changed({ prepare: this.use.checked ? USUAL : null });
    // It may not have come to that.
    this.use.checked = Boolean(this.picture?.history.now.prepare);
  }

  dismiss() {
    this.picture.printDismissed = true;
    this.root.hidden = true;
    document.querySelector("#color-stage .view").focus({ preventScroll: true });
  }
}
