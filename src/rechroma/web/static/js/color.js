// The room where pictures get their color back.

import * as api from "./api.js";
import { Album } from "./album.js";
import { Answers } from "./answers.js";
import { Colored, Seen } from "./colored.js";
import { announce, find, make, showError, whenQuiet, wordsOf } from "./dom.js";
import { conditionsOf, isAsked, wayOf, wireOf } from "./edit.js";
import { Detail } from "./detail.js";
import { Filmstrip } from "./filmstrip.js";
import { Cells } from "./guided.js";
import { Hints } from "./hints.js";
import { keepFile } from "./kept.js";
import { closePicture, openPicture } from "./opened.js";
import { Painter } from "./painter.js";
import { Panel } from "./panel.js";
import { show } from "./planes.js";
import { SaveAll } from "./save-all.js";
import { withButton } from "./save.js";
import { Share } from "./share.js";
import { Stage } from "./stage.js";
import { t } from "./text.js";

const SIDE = 1600;
// Pictures whose pixels are kept, up to 12 MB each: those that were looked at last.
const RECENT = 1;

export class ColorRoom {
  constructor(model, { choose, remember, giveToMood }) {
    this.model = model;
    this.remember = remember;
    this.album = new Album();
    this.recent = [];
    this.stage = new Stage(find("color-stage"), t("The picture"));
    this.painter = new Painter(this.stage.after);
    this.detail = new Detail(this.stage, (picture, box, side, signal) => (
      this.album.ask(picture, () => api.exactly(picture.id, side, signal, box).then(Seen.of))));
    this.hints = new Hints(this.stage, (hints, keep) => this.change({ hints }, keep), this.album);
    this.hints.reaches = model.reaches;
    this.panel = new Panel(find("panel"), {
      amounts: (part, done) => this.amounts(part, done),
      undo: () => this.travel("undo"), redo: () => this.travel("redo"),
      addHint: () => this.hints.add(),
      mood: () => choose("mood-of-color", false),
      dropMood: () => this.change({ mood: null }),
      copy: () => this.copyToAll(),
      doubt: (on) => this.showDoubt(on),
      ask: (picture, work) => this.album.ask(picture, work),
      failed: (error, picture) => this.failed(picture, error),
    });
    find("anew").addEventListener("click", () => this.anew([this.picture]));
    find("anew-all").addEventListener("click", () => this.anew(this.album.pictures.filter(isAsked)));
    for (const button of document.querySelectorAll("[data-to-mood]")) {
      button.addEventListener("click", () => this.toMood(button, giveToMood));
    }
    find("mood-drop").dataset.take = "mood-of-color";
    this.panel.suit(model);
    this.share = new Share(this.stage, {
      name: () => this.picture.name,
      result: () => this.resultAsPng(this.picture),
      caption: () => this.picture?.history.now.caption ?? "",
      setCaption: (caption) => this.write(caption),
      failed: (error) => this.say(error),
    }, "share");
    this.panel.root.append(this.share.root);
    this.answers = new Answers(this.panel.answers, (answer) => this.change({ answer }), this.album);
    this.filmstrip = new Filmstrip(this.album);
    this.refresh = whenQuiet(() => this.load(), 60);
    this.album.addEventListener("select", () => this.selected());
    this.album.addEventListener("change", () => this.frame());
    this.saveAll = new SaveAll(this.album, (error) => this.say(error));
    for (const button of document.querySelectorAll("[data-reopen]")) {
      button.addEventListener("click", () => this.filmstrip.focus(this.album.reopen()));
    }
    addEventListener("keydown", (event) => this.key(event));
    api.line.addEventListener("back", () => api.isOutage(this.problem) && this.selected());
    this.frame();
  }

  get picture() { return this.album.current; }

  /** Say what is wrong with the picture that is shown; null for nothing. */
  say(problem) {
    this.problem = problem;
    showError(find("picture-error"), problem);
  }

  take(files) { this.album.add(files); }

  /** A photograph whose mood the current picture shall have. */
  async takeMood(file) {
    const { picture } = this;
    if (!picture) return;
    this.say(null);
    const abort = this.panel.sendMood(file.name);
    try {
      const mood = await openPicture(file, {
        signal: abort.signal,
        progress: (share) => this.panel.moodSent(abort, share),
        refused: (problem) => this.say(problem),
      });
      this.giveMood(picture, mood, file);
    } catch (error) {
      if (error.name !== "AbortError") this.say(error);
    } finally {
      this.panel.moodDone(abort);
    }
  }

  /** It may not be the current picture any more, nor be there at all. */
  giveMood(picture, { id, name }, file) {
    if (!this.album.pictures.includes(picture)) {
      closePicture(id);
      return;
    }
    picture.moods.push({ id, name, file, kept: keepFile(file) });
    picture.history.change({ mood: { id, name } });
    if (picture === this.picture) this.changed();
    else this.remember();
  }

  frame() {
    const empty = this.album.pictures.length === 0;
    // Who has scrolled down to the samples shall see the picture.
    if (!empty && find("desk").hidden) scrollTo(0, 0);
    find("welcome").hidden = !empty;
    find("desk").hidden = empty;
    const closed = this.album.closed.at(-1);
    for (const button of document.querySelectorAll("[data-reopen]")) {
      button.hidden = !closed;
      button.textContent = closed ? t("Undo closing {name}", closed.picture) : "";
    }
    this.saveAll.show();
    this.panel.show(this.picture);
    this.share.show();
    this.panel.others(this.album.pictures.length > 1);
    this.remember();
    if (!empty) this.stage.fit();
  }

  /** Another picture is chosen, or its state has changed. */
  async selected() {
    const { picture } = this;
    const ready = picture?.state === "ready";
    this.say(picture?.problem ?? null);
    const colored = ready && !isAsked(picture);
    this.askAboutColor();
    this.panel.show(picture);
    this.share.show();
    if (!colored || picture !== this.answers.picture) this.answers.clear();
    this.hints.use(colored ? picture : null, this.model.hints);
    this.stage.setBusy(Boolean(picture) && picture.state !== "failed");
    if (picture) this.lookAt(picture);
    if (picture !== this.staged) {
      this.staged = picture;
      this.detail.clear();
      this.stage.clear();
    }
    if (picture?.planes) this.paint();
    if (picture && !(await this.showBefore(picture, ready))) return;
    if (ready) await this.load();
  }

  /** Ask about a photograph that is in color, once for each; it is colored anew only then. */
  askAboutColor() {
    const asked = this.album.pictures.filter(isAsked);
    find("in-color").hidden = !asked.includes(this.picture);
    find("anew-all").hidden = asked.length < 2;
  }

  /** Color photographs anew that are in color, from their light and dark. */
  anew(pictures) {
    for (const { history } of pictures) history.change({ anew: true });
    this.say(null);
    this.selected();
    this.frame();
  }

  /** Let go of what was looked at long ago: it comes again when it is wanted. */
  lookAt(picture) {
    this.recent = [picture, ...this.recent.filter((each) => each !== picture)];
    for (const each of this.recent.splice(RECENT)) {
      each.asking?.abort();
      each.seen?.close();
      Object.assign(each, { planes: null, planesFor: null, seen: null });
    }
  }

  /** Show the picture as it came: the browser's own until the service has it; tells whether to go on. */
  async showBefore(picture, ready) {
    try {
      if (ready && !picture.seen) {
        const seen = await this.album.ask(picture, () => (
          api.exactly(picture.id, SIDE, picture.abort.signal).then(Seen.of)));
        if (picture !== this.picture || picture.seen) {
          seen.close();
          return false;
        }
        picture.seen = seen;
      }
    } catch (error) {
      if (error.name === "AbortError") return false;
      if (picture === this.picture) this.stage.setBusy(false);
      this.failed(picture, error);
      return false;
    }
    const own = picture.seen ? null : await ownBitmap(picture.file);
    // The service may have been faster than the browser.
    const bitmap = picture.seen?.bitmap ?? own;
    const stays = picture === this.picture;
    if (stays && bitmap) this.stage.showBefore(bitmap, picture.facts ?? bitmap);
    this.stage.view.classList.toggle("transparent", Boolean(picture.seen?.alpha));
    own?.close();
    return stays;
  }

  /** Get the colors that the edit asks for, if they are not there. */
  async load() {
    const { picture } = this;
    if (picture?.state !== "ready") return;
    if (isAsked(picture)) {
      this.showUncolored(picture);
      return;
    }
    // Also if what is wanted is there: what is under way would take its place.
    picture.asking?.abort();
    if (picture.planesFor !== wanted(picture) && !(await this.ask(picture))) return;
    if (picture !== this.picture) return;
    this.stage.setBusy(false);
    if (this.problem?.status !== undefined) this.say(null);
    this.paint();
    this.hints.showReach();
    if (this.model.answers) this.answers.show(picture);
  }

  /** Show a picture as it came, whose colors nobody wants to have changed. */
  showUncolored(picture) {
    picture.asking?.abort();
    Object.assign(picture, { planes: null, planesFor: null });
    this.detail.clear();
    this.painter.planes = null;
    this.stage.after.style.visibility = "hidden";
    this.stage.overlay.hidden = true;
    this.stage.setBusy(false);
    this.album.changed(picture);
  }

  async resultAsPng(picture) {
    return (await this.album.ask(picture, () => api.picture(picture.id, wireOf(picture.history.now), "png"))).blob;
  }

  /** What shall stand below the picture where it is shown to others. */
  write(caption) {
    this.picture.history.change({ caption });
    this.panel.show(this.picture);
    this.remember();
  }

  /** Take what is shown to the other room, as what gets a mood. */
  toMood(button, giveToMood) {
    const { picture } = this;
    return withButton(button, async (refused) => {
      if (isAsked(picture)) {
        giveToMood(picture.file);
        return;
      }
      const { blob, name } = await this.album.ask(picture, () => (
        api.picture(picture.id, wireOf(picture.history.now), "", { refused })));
      giveToMood(new File([blob], name, { type: blob.type }));
    }, (error) => this.failed(picture, error));
  }

  /** All pictures get what this one has of amounts, answer and mood; its spots are its own. */
  copyToAll() {
    const { strength, vividness, answer, mood } = this.picture.history.now;
    const model = this.picture.moods.find(({ id }) => id === mood?.id);
    for (const picture of this.album.pictures.filter((each) => each !== this.picture)) {
      if (model && !picture.moods.some(({ id }) => id === model.id)) picture.moods.push({ ...model });
      picture.history.change({ strength, vividness, answer, mood });
    }
    announce(t("All pictures have these settings"));
    this.filmstrip.refresh();
    this.remember();
  }

  /** Tells whether the colors came: the newest conditions win. */
  async ask(picture) {
    const { signal } = picture.asking = new AbortController();
    this.stage.setBusy(true);
    let conditions;
    try {
      const cells = new Cells(await this.album.ask(picture, () => {
        conditions = wanted(picture);
        return api.cells(picture.id, wireOf(picture.history.now), {
          signal, refused: (problem) => picture === this.picture && this.stage.setBusy(true, wordsOf(problem)),
        });
      }));
      if (!picture.seen) return false; // another one is looked at
      picture.planes = new Colored(picture.seen, cells);
    } catch (error) {
      if (error.name === "AbortError") return false;
      if (picture === this.picture) {
        this.stage.setBusy(false);
        this.answers.clear();
      }
      this.failed(picture, error);
      return false;
    }
    picture.planesFor = conditions;
    this.album.changed(picture);
    return true;
  }

  paint() {
    const { planes, history } = this.picture;
    this.painter.use(planes, history.now.strength, history.now.vividness);
    this.detail.use(this.picture);
    this.stage.after.style.visibility = "";
    this.showDoubt(this.panel.doubt.checked);
    announce(t("{name} is colored", this.picture));
  }

  /** Something about a picture went wrong; null if nothing does any more. */
  async failed(picture, error) {
    if (error?.status === 404) {
      if (await isOpen(picture)) {
        this.loseMood(picture);
        return;
      }
      picture.state = "failed";
      picture.problem = error;
      if (picture === this.picture) this.answers.clear();
      this.album.changed(picture);
    }
    if (picture === this.picture) this.say(error);
  }

  /** It is the mood that is not open any more: go on without it. */
  loseMood(picture) {
    const { mood } = picture.history.now;
    if (!mood) return;
    picture.history.change({ mood: null });
    if (picture !== this.picture) return;
    this.changed();
    this.say({
      message: t("the mood picture {name} is not open any more", mood), mend: t("drop it again"),
    });
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
    this.detail.change(history.now.strength, history.now.vividness);
    this.panel.show(this.picture);
    if (done) this.remember();
  }

  /** Something that needs other colors. */
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
    this.say(null);
    this.askAboutColor();
    this.panel.show(picture);
    this.share.show();
    this.hints.use(isAsked(picture) ? null : picture, this.model.hints);
    if (isAsked(picture)) this.answers.clear();
    for (const each of [this.painter, this.detail]) {
      if (picture.planes) each.change(picture.history.now.strength, picture.history.now.vividness);
    }
    this.remember();
    this.refresh();
  }

  key(event) {
    const way = find("color").hidden ? null : wayOf(event);
    if (!way || this.picture?.state !== "ready" || event.target.matches("input[type=text]")) return;
    event.preventDefault();
    this.travel(way);
  }
}

/** What the planes of a picture have to be for. */
const wanted = ({ history }) => JSON.stringify(conditionsOf(history.now));

/** A file as the browser itself reads it, at most as large as a preview; null if it can't. */
async function ownBitmap(file) {
  try {
    const whole = await createImageBitmap(file);
    const factor = Math.min(1, SIDE / Math.max(whole.width, whole.height));
    const small = await createImageBitmap(whole, {
      resizeWidth: Math.max(1, Math.round(whole.width * factor)),
      resizeHeight: Math.max(1, Math.round(whole.height * factor)), resizeQuality: "medium",
    });
    whole.close();
    return small;
  } catch {
    return null;
  }
}

const isOpen = ({ id }) => api.facts(id).then(() => true, () => false);
