// What can be changed about a picture's colors.

import * as api from "./api.js";
import { make, setRange } from "./dom.js";
import { isAsked, wireOf } from "./edit.js";
import { FORMATS, saveFile, withButton } from "./save.js";
import { t } from "./text.js";

// Those of the package; others are called what somebody has called them.
const LOOKS = {
  bleached: t("Bleached"), "cinema-teal": t("Cinema teal"), "cool-slide": t("Cool slide"), "deep-matte": t("Deep matte"),
  "faded-print": t("Faded print"), "golden-hour": t("Golden hour"), "hand-tinted": t("Hand-tinted"), moonlight: t("Moonlight"),
  pastel: t("Pastel"), "starch-grain": t("Starch grain"), "tea-toned": t("Tea-toned"), "two-color": t("Two-color"),
  "warm-slide": t("Warm slide"), winter: t("Winter"),
};

const percent = (value) => `${Math.round(100 * value)} %`;
const signed = (value) => `${value > 0 ? "+" : ""}${Math.round(100 * value)}`;

const AMOUNTS = [["strength", percent], ["vividness", percent], ["temperature", signed]];

const slider = (id, label, listener) => {
  const value = make("output", { htmlFor: id });
  const input = make("input", { id, type: "range", step: 0.01 });
  input.addEventListener("input", () => listener(Number(input.value), false));
  input.addEventListener("change", () => listener(Number(input.value), true));
  return { input, value, root: make("div", { className: "field" }, make("label", { htmlFor: id }, label), value, input) };
};

/**
 * Calls `actions`: amounts(part, done), undo(), redo(), addHint(), mood(), dropMood(), doubt(on),
 * ask(picture, work), failed(error, picture).
 */
export class Panel {
  /** @param parts further groups: { versions, regions } */
  constructor(root, actions, parts) {
    this.actions = actions;
    this.strength = slider("strength", t("Strength"), (strength, done) => actions.amounts({ strength }, done));
    this.vividness = slider("vividness", t("Vividness"), (vividness, done) => actions.amounts({ vividness }, done));
    this.temperature = slider("temperature", t("Light: cooler or warmer"), (temperature, done) => actions.amounts({ temperature }, done));
    this.look = make("select", { id: "look", on: { change: () => actions.amounts({ look: this.look.value || null }, true) } }, make("option", { value: "" }, t("none")));
    const button = (text, work, more = {}) => make("button", { type: "button", on: { click: work }, ...more }, text);
    this.undo = button(t("Undo"), () => actions.undo(), { title: t("Undo (Ctrl+Z)") });
    this.redo = button(t("Redo"), () => actions.redo(), { title: t("Redo (Ctrl+Shift+Z)") });
    this.hintButton = button(t("Add a color spot"), () => actions.addHint());
    this.spots = make("div", { className: "group" },
      make("h2", {}, t("Colors you know")),
      make("p", { className: "help" }, t("Click in the picture where you know the color.")),
      this.hintButton);
    this.legend = make("p", { className: "legend help", hidden: true }, t("Orange: it is guessing. Clear: it is sure."));
    this.doubt = make("input", { id: "doubt", type: "checkbox" });
    this.doubt.addEventListener("change", () => {
      this.legend.hidden = !this.doubt.checked;
      actions.doubt(this.doubt.checked);
    });
    this.doubtField = make("div", { className: "field check" }, this.doubt,
      make("label", { htmlFor: "doubt" }, t("Show where it is guessing")), this.legend);
    this.moodButton = button(t("Choose a mood picture…"), () => actions.mood(), { id: "mood-choose" });
    this.moodName = make("p", { className: "help", id: "mood-name" });
    this.moodProgress = make("progress", { max: 1, hidden: true, aria: { label: t("Sending the mood picture") } });
    this.moodCancel = button(t("Cancel"), () => this.moodAbort.abort(), { hidden: true });
    this.moodDrop = button(t("Take the mood away"), () => actions.dropMood(), { hidden: true });
    this.toMood = button(t("Continue in Mood"), () => {}, { dataset: { toMood: "" } });
    this.copy = button(t("Same settings for all"), () => actions.copy(), { id: "copy-all", hidden: true, title: t("Version, strength, vividness, light, look and mood; spots and parts stay each picture's own") });
    this.format = make("select", { id: "format" }, ...FORMATS.map(([value, text]) => make("option", { value }, text)));
    this.download = button(t("Download"), () => this.save(), { className: "primary", id: "download" });
    root.addEventListener("submit", (event) => event.preventDefault());
    root.append(
      this.strength.root, this.vividness.root, this.temperature.root,
      make("div", { className: "field" }, make("label", { htmlFor: "look" }, t("Look")), this.look),
      make("div", { className: "row" }, this.undo, this.redo),
      make("div", { className: "group save" },
        make("label", { htmlFor: "format" }, t("Save"), " "), this.format, this.download),
      make("div", { className: "row" }, this.toMood, this.copy),
      this.doubtField, parts.versions, this.spots, parts.regions,
      make("div", { className: "group", id: "mood-drop" }, make("h2", {}, t("Mood")), this.moodName, this.moodProgress,
        make("div", { className: "row" }, this.moodButton, this.moodDrop, this.moodCancel)),
    );
    this.root = root;
  }

  /** Show what a model can do. */
  suit({ hints, answers, colorize }) {
    for (const [name, words] of AMOUNTS) {
      setRange(this[name].input, colorize[name]);
      this[name].value.textContent = words(colorize[name].default);
    }
    this.spots.hidden = !hints;
    this.vividness.root.hidden = !answers;
    this.doubtField.hidden = !answers;
  }

  /** Offer looks by name. */
  offerLooks(looks) {
    this.look.append(...looks.map(({ name }) => make("option", { value: name }, LOOKS[name] ?? name)));
    if (this.picture?.state === "ready") this.show(this.picture);
  }

  /** Show the state of a picture. */
  show(picture) {
    this.picture = picture;
    const ready = picture?.state === "ready";
    const asked = ready && isAsked(picture);
    for (const field of this.root.elements) field.disabled = !ready || asked;
    // By keyboard it can be scrolled even if there is nothing in it to go to.
    if (!ready || asked) this.root.tabIndex = 0;
    else this.root.removeAttribute("tabindex");
    if (!ready) return;
    const { now, canUndo, canRedo } = picture.history;
    for (const [name, words] of AMOUNTS) {
      this[name].input.value = now[name];
      this[name].value.textContent = words(now[name]);
    }
    this.look.value = now.look ?? "";
    this.undo.disabled = !canUndo;
    this.redo.disabled = !canRedo;
    this.moodName.textContent = now.mood ? t("The tone of {name}", now.mood) : t("Let a color photograph set the tone.");
    this.moodDrop.hidden = !now.mood;
  }

  /** Whether there are other pictures. */
  others(some) { this.copy.hidden = !some; }

  /** Show that a mood picture is on its way; returns what cancels it. */
  sendMood(name) {
    this.moodAbort?.abort();
    this.moodAbort = new AbortController();
    this.moodName.textContent = t("Sending {name}…", { name });
    this.moodSent(this.moodAbort, 0);
    this.moodProgress.hidden = this.moodCancel.hidden = false;
    return this.moodAbort;
  }

  // What has been replaced tells nothing any more.
  moodSent(abort, share) {
    if (abort === this.moodAbort) this.moodProgress.value = share;
  }

  moodDone(abort) {
    if (abort !== this.moodAbort) return;
    this.moodProgress.hidden = this.moodCancel.hidden = true;
    this.show(this.picture);
  }

  save() {
    const { picture } = this;
    return withButton(this.download, async (refused) => {
      saveFile(await this.actions.ask(picture, () => (
        api.picture(picture.id, wireOf(picture.history.now), this.format.value, { refused }))));
    }, (error) => this.actions.failed(error, picture));
  }
}
