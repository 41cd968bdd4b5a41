// The picture that stands for a shot: before and after, and the colors that somebody puts into it.

import * as api from "./api.js";
import { Colored, Seen } from "./colored.js";
import { announce, setRange, make, whenQuiet } from "./dom.js";
import { History, plainEdit, wayOf, wireOf } from "./edit.js";
import { colorShot, dropStill, openShot } from "./films-api.js";
import { Cells } from "./guided.js";
import { Hints } from "./hints.js";
import { bringBack, closePicture } from "./opened.js";
import { Painter } from "./painter.js";
import { Stage } from "./stage.js";
import { t } from "./text.js";

const SIDE = 1600;
const QUIET = 600; // milliseconds after the last change, after which the shot gets it

const isPlain = ({ hints, strength, vividness }) => hints.length === 0 && strength === 1 && vividness === 1;

/**
 * Calls `actions`: told(shot) when a shot has other colors, failed(error) when something goes wrong,
 * null when nothing does any more.
 */
export class StillEditor {
  constructor(root, model, actions) {
    this.model = model;
    this.actions = actions;
    this.pictures = new Map(); // by the shots' numbers
    this.picture = null;
    this.stage = new Stage(root, t("The shot"));
    this.painter = new Painter(this.stage.after);
    this.hints = new Hints(this.stage, (hints, keep) => this.change({ hints }, keep), this);
    this.save = whenQuiet((picture) => this.give(picture), QUIET);
    this.panel = this.makePanel();
  }

  makePanel() {
    const button = (text, work, more = {}) => make("button", { type: "button", on: { click: work }, ...more }, text);
    this.strength = make("input", { id: "shot-strength", type: "range", step: 0.01 });
    this.value = make("output", { htmlFor: "shot-strength" }, "100 %");
    setRange(this.strength, this.model.colorize.strength);
    this.strength.addEventListener("input", () => this.amount(false));
    this.strength.addEventListener("change", () => this.amount(true));
    this.undo = button(t("Undo"), () => this.travel("undo"), { title: t("Undo (Ctrl+Z)") });
    this.redo = button(t("Redo"), () => this.travel("redo"), { title: t("Redo (Ctrl+Shift+Z)") });
    this.spot = button(t("Add a color spot"), () => this.hints.add(), { hidden: !this.model.hints });
    this.words = make("p", { className: "help", role: "status" });
    return make("div", { className: "group", id: "shot-panel" }, make("h2", {}, t("This shot")),
      make("p", { className: "help" }, t("Click in the picture where you know the color: the whole shot follows.")),
      this.spot,
      make("div", { className: "field" }, make("label", { htmlFor: "shot-strength" }, t("Strength")), this.value, this.strength),
      make("div", { className: "row" }, this.undo, this.redo), this.words);
  }

  /** Forget everything of a film. */
  clear() {
    for (const { id, abort, seen } of this.pictures.values()) {
      abort.abort();
      seen?.close();
      if (id) closePicture(id);
    }
    this.pictures.clear();
    this.use(null);
  }

  use(picture) {
    this.picture = picture;
    this.hints.use(picture?.id ? picture : null, this.model.hints);
    this.show();
  }

  /** Show a shot of a film. */
  async open(film, shot) {
    const before = this.picture;
    let picture = this.pictures.get(shot.number);
    if (!picture) {
      const now = shot.edit ? { ...plainEdit(), ...shot.edit, mood: null } : plainEdit();
      picture = {
        key: `${film}/${shot.number}`, film, shot, state: "ready", moods: [], history: new History(now),
        abort: new AbortController(), id: null, name: t("Shot {number}", { number: shot.number }),
      };
      this.pictures.set(shot.number, picture);
    }
    if (before && before !== picture) {
      before.asking?.abort();
      before.seen?.close();
      Object.assign(before, { seen: null, planes: null, planesFor: null });
    }
    this.use(picture);
    this.stage.clear();
    this.stage.setBusy(true);
    try {
      if (!picture.id) await this.bring(picture);
      if (picture !== this.picture) return;
      picture.seen ??= await this.ask(picture, () => api.exactly(picture.id, SIDE, picture.abort.signal).then(Seen.of));
      if (picture !== this.picture) return;
      this.stage.showBefore(picture.seen.bitmap, picture.facts);
      this.use(picture);
      await this.load();
    } catch (error) {
      this.failed(picture, error);
    }
  }

  /** Have the service open a shot's picture. */
  async bring(picture) {
    picture.facts = await openShot(picture.film, picture.shot.number, { signal: picture.abort.signal });
    picture.id = picture.facts.id;
    await bringBack(picture.id);
  }

  /** Ask the service something about a picture; one that it has forgotten is opened again first. */
  async ask(picture, work) {
    try {
      return await work();
    } catch (error) {
      if (error.status !== 404) throw error;
      await this.bring(picture);
      return work();
    }
  }

  /** Get the colors that are wanted, if they are not there, and show them. */
  async load() {
    const { picture } = this;
    if (!picture?.seen) return;
    const { hints } = picture.history.now;
    const wanted = JSON.stringify(hints);
    picture.asking?.abort();
    if (picture.planesFor !== wanted) {
      const { signal } = picture.asking = new AbortController();
      this.stage.setBusy(true);
      try {
        const cells = new Cells(await this.ask(picture, () => (
          api.cells(picture.id, wireOf(picture.history.now), { signal }))));
        if (!picture.seen) return;
        Object.assign(picture, { planes: new Colored(picture.seen, cells), planesFor: wanted });
      } catch (error) {
        if (error.name !== "AbortError") this.failed(picture, error);
        return;
      }
    }
    if (picture !== this.picture) return;
    this.stage.setBusy(false);
    const { strength, vividness } = picture.history.now;
    this.painter.use(picture.planes, strength, vividness);
    this.stage.after.style.visibility = "";
    this.hints.showReach();
  }

  failed(picture, error) {
    if (error.name === "AbortError" || picture !== this.picture) return;
    this.stage.setBusy(false);
    this.actions.failed(error);
  }

  /** The slider moves: what is seen follows at once, and undo takes back the whole movement. */
  amount(done) {
    const { history } = this.picture;
    const strength = Number(this.strength.value);
    if (history.now.strength !== strength) history.change({ strength }, !this.sliding);
    this.sliding = !done;
    this.painter.change(strength, history.now.vividness);
    this.show();
    if (done) this.save(this.picture);
  }

  change(part, keep = true) {
    this.picture.history.change(part, keep);
    this.changed();
  }

  travel(way) {
    this.picture.history[way]();
    this.changed();
  }

  changed() {
    const { picture } = this;
    this.use(picture);
    this.load();
    this.save(picture);
  }

  key(event) {
    const way = wayOf(event);
    if (!way || !this.picture?.id) return;
    event.preventDefault();
    this.travel(way);
  }

  show() {
    const { history, shot, id } = this.picture ?? {};
    for (const each of [this.strength, this.undo, this.redo, this.spot]) each.disabled = !id;
    if (!history) return;
    this.strength.value = history.now.strength;
    this.value.textContent = `${Math.round(100 * history.now.strength)} %`;
    this.undo.disabled = !id || !history.canUndo;
    this.redo.disabled = !id || !history.canRedo;
    this.words.textContent = shot.still ? t("The film gets these colors in this shot.") : "";
  }

  /** Give a shot the colors that its picture has here; the last wish wins. */
  async give(picture) {
    picture.giving = (picture.giving ?? Promise.resolve()).then(() => this.giveNow(picture));
    await picture.giving;
  }

  async giveNow(picture) {
    const { film, shot, history } = picture;
    const wanted = JSON.stringify(wireOf(history.now));
    if (picture.given === wanted) return;
    try {
      const told = isPlain(history.now)
        ? await dropStill(film, shot.number)
        : await colorShot(film, shot.number, wireOf(history.now));
      picture.given = wanted;
      if (!this.pictures.has(shot.number)) return;
      Object.assign(shot, told);
      this.actions.failed(null);
      this.actions.told(shot);
      if (picture === this.picture) this.show();
      announce(shot.still ? t("The film gets these colors in this shot.") : t("This shot has its own colors again"));
    } catch (error) {
      this.failed(picture, error);
    }
  }

  /** Wait until the shots have everything that is wanted of them. */
  async given() {
    for (const picture of this.pictures.values()) {
      if (picture.history.canUndo || picture.history.canRedo) await this.give(picture);
    }
  }
}
