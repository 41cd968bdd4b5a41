// The room where pictures get their colour back.

import * as api from "./api.js";
import { Album } from "./album.js";
import { Answers } from "./answers.js";
import { announce, find, make, showError, whenQuiet } from "./dom.js";
import { adviceOf, wireOf } from "./edit.js";
import { Filmstrip } from "./filmstrip.js";
import { Hints } from "./hints.js";
import { Painter } from "./painter.js";
import { Panel } from "./panel.js";
import { Planes, show } from "./planes.js";
import { saveFile, withButton } from "./save.js";
import { Stage } from "./stage.js";

const SIDE = 1600;

export class ColorRoom {
  constructor(model, { choose, remember }) {
    this.model = model;
    this.remember = remember;
    this.album = new Album();
    this.stage = new Stage(find("color-stage"), "The picture");
    this.painter = new Painter(this.stage.after);
    this.hints = new Hints(this.stage, (hints, keep) => this.change({ hints }, keep));
    this.panel = new Panel(find("panel"), {
      amounts: (part, done) => this.amounts(part, done),
      undo: () => this.travel("undo"), redo: () => this.travel("redo"),
      addHint: () => this.hints.add(),
      mood: () => choose("mood-of-color", false),
      dropMood: () => this.change({ mood: null }),
      doubt: (on) => this.showDoubt(on),
      failed: (error) => showError(find("picture-error"), error),
    });
    find("mood-drop").dataset.take = "mood-of-color";
    this.panel.suit(model);
    this.answers = new Answers(this.panel.answers, (answer) => this.change({ answer }));
    this.filmstrip = new Filmstrip(this.album);
    this.refresh = whenQuiet(() => this.load(), 60);
    this.album.addEventListener("select", () => this.selected());
    this.album.addEventListener("change", () => this.frame());
    find("save-all").addEventListener("click", (event) => this.saveAll(event.currentTarget));
    addEventListener("keydown", (event) => this.key(event));
    this.samples();
    this.frame();
  }

  get picture() { return this.album.current; }

  samples() {
    for (const [file, name] of SAMPLES) {
      const address = `static/samples/${file}`;
      const take = async () => {
        const blob = await (await fetch(address)).blob();
        this.take([new File([blob], file, { type: "image/jpeg" })]);
      };
      find("samples").append(make("li", {}, make("button", {
        type: "button", aria: { label: `Colour the sample: ${name}` }, on: { click: take },
      }, make("img", { src: address, alt: "", width: 160, height: 160 }), make("span", {}, name))));
    }
  }

  openIds() {
    return this.album.pictures.flatMap(({ id, history }) => [id, history.now.mood?.id]).filter(Boolean);
  }

  take(files) { this.album.add(files); }

  /** A photograph whose mood the current picture shall have. */
  async takeMood(file) {
    const { picture } = this;
    if (!picture) return;
    showError(find("picture-error"), null);
    const { signal } = this.panel.sendMood(file.name);
    try {
      const { id, name } = await api.openPicture(file, (share) => this.panel.moodSent(share), signal);
      if (picture === this.picture) this.change({ mood: { id, name } });
    } catch (error) {
      if (error.name !== "AbortError") showError(find("picture-error"), error);
    } finally {
      this.panel.moodDone();
    }
  }

  frame() {
    const empty = this.album.pictures.length === 0;
    find("welcome").hidden = !empty;
    find("desk").hidden = empty;
    find("save-all").disabled = this.album.ready().length === 0;
    this.panel.show(this.picture);
    this.remember();
    if (!empty) this.stage.fit();
  }

  /** Another picture is chosen, or its state has changed. */
  async selected() {
    const { picture } = this;
    const ready = picture?.state === "ready";
    showError(find("picture-error"), picture?.problem ?? null);
    this.panel.show(picture);
    this.hints.use(ready ? picture : null, this.model.hints);
    this.stage.setBusy(Boolean(picture) && picture.state !== "failed");
    for (const canvas of [this.stage.before, this.stage.after]) canvas.style.visibility = ready ? "" : "hidden";
    if (!ready) return;
    this.stage.reset();
    try {
      picture.before ??= await createImageBitmap(await api.original(picture.id, SIDE));
    } catch (error) {
      this.failed(picture, error);
      return;
    }
    if (picture !== this.picture) return;
    this.stage.showBefore(picture.before);
    if (picture.planes) this.paint();
    await this.load();
  }

  /** Get the colours that the edit asks for, if they are not there. */
  async load() {
    const { picture } = this;
    if (picture?.state !== "ready") return;
    const wish = JSON.stringify(adviceOf(picture.history.now));
    if (picture.planesFor !== wish) {
      this.stage.setBusy(true);
      try {
        picture.planes = new Planes(await this.album.planesOf(picture, SIDE));
        picture.planesFor = wish;
      } catch (error) {
        if (error.name !== "AbortError") this.failed(picture, error);
        return;
      } finally {
        if (picture === this.picture) this.stage.setBusy(false);
      }
      this.album.changed(picture);
    }
    if (picture !== this.picture) return;
    this.stage.setBusy(false);
    this.paint();
    if (this.model.answers) this.answers.show(picture);
  }

  paint() {
    const { planes, history } = this.picture;
    this.painter.use(planes, history.now.strength, history.now.vividness);
    this.showDoubt(this.panel.doubt.checked);
    announce(`${this.picture.name} is coloured`);
  }

  failed(picture, error) {
    if (error.status === 404) {
      picture.state = "failed";
      picture.problem = error;
      this.album.changed(picture);
    }
    if (picture === this.picture) showError(find("picture-error"), error);
    this.stage.setBusy(false);
  }

  showDoubt(on) {
    const { overlay } = this.stage;
    const planes = this.picture?.planes;
    overlay.hidden = !(on && planes?.sure);
    if (!overlay.hidden) show(overlay, planes.paintDoubt());
  }

  /** A slider moves: what is seen follows at once, and undo takes back the whole movement. */
  amounts(part, done) {
    const { history } = this.picture;
    const same = Object.entries(part).every(([name, value]) => history.now[name] === value);
    if (!same) history.change(part, !this.sliding);
    this.sliding = !done;
    this.painter.change(history.now.strength, history.now.vividness);
    this.panel.show(this.picture);
    if (done) this.remember();
  }

  /** Something that needs other colours. */
  change(part, keep = true) {
    this.picture.history.change(part, keep);
    this.changed();
  }

  travel(way) {
    this.picture?.history?.[way]();
    this.changed();
  }

  changed() {
    const { picture } = this;
    showError(find("picture-error"), null);
    this.panel.show(picture);
    this.hints.draw();
    if (picture.planes) this.painter.change(picture.history.now.strength, picture.history.now.vividness);
    this.remember();
    this.refresh();
  }

  key(event) {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || find("color").hidden) return;
    const way = { z: event.shiftKey ? "redo" : "undo", Z: "redo", y: "redo" }[event.key];
    if (!way || this.picture?.state !== "ready" || event.target.matches("input[type=text]")) return;
    event.preventDefault();
    this.travel(way);
  }

  saveAll(button) {
    const pictures = this.album.ready().map(({ id, history }) => ({ id, edit: wireOf(history.now) }));
    return withButton(button, async () => saveFile(await api.archive(pictures)),
      (error) => showError(find("picture-error"), error));
  }
}

const SAMPLES = [
  ["detroit-1915.jpg", "Detroit, about 1915"],
  ["louis-armstrong-1946.jpg", "Louis Armstrong, 1946"],
  ["migrant-mother-1936.jpg", "Migrant Mother, 1936"],
];
