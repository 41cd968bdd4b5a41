// The room where pictures get their color back.

import * as api from "./api.js";
import { Album } from "./album.js";
import { Colored, Seen } from "./colored.js";
import { announce, find, make, showError, whenQuiet, wordsOf } from "./dom.js";
import { amountsOf, conditionsOf, heeded, isAnswered, isAsked, wayOf, wireOf } from "./edit.js";
import { Detail } from "./detail.js";
import { Filmstrip } from "./filmstrip.js";
import { Cells } from "./guided.js";
import { Hints } from "./hints.js";
import { keepFile } from "./kept.js";
import { maskAtHand, planeOf } from "./masks.js";
import { closePicture, openPicture } from "./opened.js";
import { Painter } from "./painter.js";
import { Panel } from "./panel.js";
import { Placing } from "./placing.js";
import { show } from "./planes.js";
import { Prints } from "./prints.js";
import { Regions } from "./regions.js";
import { SaveAll } from "./save-all.js";
import { withButton } from "./save.js";
import { Share } from "./share.js";
import { Stage } from "./stage.js";
import { tableAtHand, tableOf } from "./tables.js";
import { t } from "./text.js";
import { Versions } from "./versions.js";

const SIDE = 1600;
// Pictures whose pixels are kept, up to 12 MB each: those that were looked at last.
const RECENT = 1;
const WHOLE = [0, 0, 1, 1];
// What the network said under so many conditions of a picture is remembered: undo is there at once.
const REMEMBERED = 8;

export class ColorRoom {
  constructor(model, { choose, remember, giveToMood }) {
    this.model = model;
    this.remember = remember;
    this.album = new Album();
    this.recent = [];
    this.stage = new Stage(find("color-stage"), t("The picture"));
    this.painter = new Painter(this.stage.after);
    this.detail = new Detail(
      this.stage, (picture, box, side, signal) => this.seenOf(picture, side, signal, box),
      (picture, colored) => this.painted(picture, colored),
    );
    const ask = (picture, work) => this.album.ask(picture, work);
    this.regions = new Regions(this.stage, model, {
      changed: (part, keep) => this.change(part, keep), ask, failed: (error) => this.say(error),
      mood: (index) => { this.moodFor = index; choose("mood-of-part", false); },
      seen: (picture) => picture.planes && this.repaint(),
    });
    this.versions = new Versions({
      chosen: (part) => this.change(part), ask, paint: (picture, edit, side) => this.paintOf(picture, edit, side),
    });
    this.prints = new Prints({ changed: (part) => this.changePrint(part), ask });
    this.hints = new Hints(
      this.stage, (hints, keep) => this.change({ hints }, keep), this.album,
      (picture, hint, hints) => this.regions.fromSpot(picture, hint, hints),
    );
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
    }, { versions: this.versions.root, regions: this.regions.root });
    api.looks().then((looks) => this.panel.offerLooks(looks), () => {});
    this.compareWith(this.versions.compareButton);
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
    this.filmstrip = new Filmstrip(this.album, (picture, colored) => this.painted(picture, colored));
    this.refresh = whenQuiet(() => this.load(), 60);
    this.album.addEventListener("select", () => this.selected());
    this.album.addEventListener("change", () => this.frame());
    this.saveAll = new SaveAll(this.album, (error) => this.say(error));
    for (const button of document.querySelectorAll("[data-reopen]")) {
      button.addEventListener("click", () => this.filmstrip.focus(this.album.reopen()));
    }
    addEventListener("keydown", (event) => this.key(event));
    addEventListener("keyup", (event) => event.key.toLowerCase() === "c" && this.compare(false));
    addEventListener("blur", () => this.compare(false));
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

  /** A photograph whose mood the current picture shall have, or the part of it of this index. */
  async takeMood(file, part = null) {
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
      this.giveMood(picture, mood, file, part);
    } catch (error) {
      if (error.name !== "AbortError") this.say(error);
    } finally {
      this.panel.moodDone(abort);
    }
  }

  /** It may not be the current picture any more, nor be there at all. */
  giveMood(picture, { id, name }, file, part = null) {
    if (!this.album.pictures.includes(picture)) {
      closePicture(id);
      return;
    }
    picture.moods.push({ id, name, file, kept: keepFile(file) });
    if (part !== null) {
      this.regions.giveMood(picture, part, { id, name });
      return;
    }
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
    // Of what the panel has just enabled.
    this.regions.draw();
    this.versions.mark();
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
    if (ready) picture.placing ??= new Placing(picture.facts);
    if (!colored || picture !== this.versions.picture) this.versions.clear();
    if (!colored || picture !== this.prints.picture) this.prints.clear();
    this.hints.use(colored ? picture : null, this.model.hints);
    this.regions.show(colored ? picture : null);
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
      Object.assign(each, { planes: null, planesFor: null, seen: null, cells: null });
    }
  }

  /** What is shown of a picture, or of a part of it: as it came, or made ready. */
  seenOf(picture, side, signal, box = null) {
    return this.album.ask(picture, async () => {
      const { prepare } = picture.history.now;
      if (!prepare) return Seen.of(await api.exactly(picture.id, side, signal, box));
      const [shown, before] = await Promise.all([false, true].map((each) => (
        api.print(picture.id, prepare, { side, box, before: each }, signal))));
      return Seen.of(shown, before);
    });
  }

  /** Show the picture as it came: the browser's own until the service has it; tells whether to go on. */
  async showBefore(picture, ready) {
    try {
      const wanted = printOf(picture);
      if (ready && (!picture.seen || picture.seenFor !== wanted)) {
        const { prepare } = picture.history.now;
        const made = prepare && await this.prints.suggestion(picture, prepare);
        const seen = await this.seenOf(picture, SIDE, picture.abort.signal);
        if (picture !== this.picture || (picture.seen && picture.seenFor === wanted) || printOf(picture) !== wanted) {
          seen.close();
          return false;
        }
        picture.seen?.close();
        this.detail.clear();
        this.painter.planes = null;
        Object.assign(picture, {
          seen, seenFor: wanted, placing: new Placing(picture.facts, made), planes: null, planesFor: null,
        });
        this.hints.draw();
      }
    } catch (error) {
      if (error.name === "AbortError") return false;
      if (picture === this.picture) this.stage.setBusy(false);
      this.failed(picture, error);
      return false;
    }
    const own = picture.seen ? null : await ownBitmap(picture.file);
    // The service may have been faster than the browser.
    const bitmap = picture.seen?.before ?? picture.seen?.bitmap ?? own;
    const stays = picture === this.picture;
    if (stays && bitmap) this.stage.showBefore(bitmap, picture.placing ?? bitmap);
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
    if (picture.seenFor !== printOf(picture)) {
      this.stage.setBusy(true);
      if (!(await this.showBefore(picture, true))) return;
    }
    if (picture.planesFor !== wanted(picture) && !(await this.ask(picture))) return;
    if (picture !== this.picture) return;
    this.stage.setBusy(false);
    if (this.problem?.status !== undefined) this.say(null);
    this.paint();
    this.hints.showReach();
    await this.versions.show(picture);
    if (picture === this.picture) await this.prints.show(picture);
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

  /** All pictures get what this one has of amounts, version and mood; its spots and parts are its own. */
  copyToAll() {
    const { now } = this.picture.history;
    const { answer, mood, version, tuned } = now;
    const model = this.picture.moods.find(({ id }) => id === mood?.id);
    for (const picture of this.album.pictures.filter((each) => each !== this.picture)) {
      if (model && !picture.moods.some(({ id }) => id === model.id)) picture.moods.push({ ...model });
      picture.history.change({ ...amountsOf(now), answer, mood, version, tuned });
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
      const cells = await this.cellsOf(picture, () => {
        conditions = wanted(picture);
        return picture.history.now;
      }, {
        signal, refused: (problem) => picture === this.picture && this.stage.setBusy(true, wordsOf(problem)),
      });
      if (!picture.seen) return false; // another one is looked at
      picture.planes = new Colored(picture.seen, cells, picture.placing.seen(WHOLE), WHOLE);
    } catch (error) {
      if (error.name === "AbortError") return false;
      if (picture === this.picture) {
        this.stage.setBusy(false);
        this.versions.clear();
      }
      this.failed(picture, error);
      return false;
    }
    picture.planesFor = conditions;
    this.album.changed(picture);
    return true;
  }

  /** What the network says to the edit that `edit()` gives: remembered, or asked for. */
  async cellsOf(picture, edit, way) {
    picture.cells ??= new Map();
    const known = picture.cells;
    const found = known.get(JSON.stringify(conditionsOf(edit())));
    if (found) return found;
    let conditions;
    const cells = new Cells(await this.album.ask(picture, () => {
      conditions = JSON.stringify(conditionsOf(edit()));
      return api.cells(picture.id, wireOf(edit()), way);
    }));
    known.set(conditions, cells);
    if (known.size > REMEMBERED) known.delete(known.keys().next().value);
    return cells;
  }

  /** What an edit's colors are painted with; what is not at hand yet is painted when it has come. */
  painted(picture, colored, edit = picture.history.now) {
    const { placing } = picture;
    const table = edit.look && tableAtHand(edit.look);
    if (edit.look && !table) tableOf(edit.look).then(() => picture === this.picture && picture.planes && this.repaint(), (error) => this.failed(picture, error));
    const { layers } = colored.cells;
    const answered = heeded(edit).filter(isAnswered);
    const regions = [];
    for (const region of heeded(edit)) {
      const mask = maskAtHand(picture, region.mask);
      const needs = isAnswered(region);
      // Its answer is still on its way.
      if (!mask || (needs && layers.length !== answered.length)) continue;
      regions.push({
        plane: planeOf(colored, region.mask, mask, placing), keep: region.what === "keep",
        answer: needs ? layers[answered.indexOf(region)] : -1, strength: region.what === "strength" ? region.strength : 0,
      });
    }
    const { frame, width, height } = placing;
    return {
      ...amountsOf(edit), table, regions,
      frame: frame && [frame[0] / width, frame[1] / height, frame[2] / width, frame[3] / height],
    };
  }

  /** A picture of at most about `side` pixels of what an edit gives. */
  async paintOf(picture, edit, side) {
    if (!picture.seen) throw new DOMException("another picture is looked at", "AbortError");
    if (edit.look) await tableOf(edit.look);
    const cells = await this.cellsOf(picture, () => edit, { signal: picture.abort.signal });
    if (!picture.seen) throw new DOMException("another picture is looked at", "AbortError");
    const colored = new Colored(picture.seen, cells, picture.placing.seen(WHOLE), WHOLE);
    const step = Math.max(1, Math.floor(Math.max(colored.width, colored.height) / side));
    return colored.paint(this.painted(picture, colored, edit), step);
  }

  /** Show the version before the present one for as long as this is on. */
  async compare(on) {
    if (Boolean(on) === Boolean(this.comparing)) return;
    const { picture } = this;
    const compared = on && picture?.planes && this.versions.picture === picture && this.versions.compared();
    this.comparing = compared ? picture : null;
    this.stage.name.hidden = !compared;
    this.stage.closeAfter.style.visibility = compared ? "hidden" : "";
    if (!compared) {
      if (!on && picture?.planes) this.painter.release();
      return;
    }
    const [edit, name] = compared;
    this.stage.name.textContent = name;
    try {
      const painted = await this.paintOf(picture, edit, SIDE);
      if (this.comparing === picture) this.painter.hold(painted);
    } catch (error) {
      if (error.name !== "AbortError") this.failed(picture, error);
    }
  }

  /** A button that compares while it is pressed. */
  compareWith(button) {
    button.addEventListener("pointerdown", () => this.compare(true));
    for (const type of ["pointerup", "pointerleave", "pointercancel"]) button.addEventListener(type, () => this.compare(false));
    button.addEventListener("keydown", ({ key, repeat }) => (key === " " || key === "Enter") && !repeat && this.compare(true));
    button.addEventListener("keyup", ({ key }) => (key === " " || key === "Enter") && this.compare(false));
  }

  paint() {
    const { picture } = this;
    this.comparing = null;
    this.stage.name.hidden = true;
    this.stage.closeAfter.style.visibility = "";
    this.painter.use(picture.planes, this.painted(picture, picture.planes));
    this.detail.use(picture);
    this.stage.after.style.visibility = "";
    this.showDoubt(this.panel.doubt.checked);
    announce(t("{name} is colored", picture));
  }

  /** Paint what is there with other amounts, in the next frame. */
  repaint() {
    this.painter.change(this.painted(this.picture, this.picture.planes));
    this.detail.change();
  }

  /** Something about a picture went wrong; null if nothing does any more. */
  async failed(picture, error) {
    if (error?.status === 404) {
      if (await isOpen(picture)) {
        if (!this.loseParts(picture)) this.loseMood(picture);
        return;
      }
      picture.state = "failed";
      picture.problem = error;
      if (picture === this.picture) this.versions.clear();
      this.album.changed(picture);
    }
    if (picture === this.picture) this.say(error);
  }

  /** It is the mood that is not open any more: go on without it. */
  loseMood(picture) {
    const { regions, mood: whole } = picture.history.now;
    const mood = whole ?? regions.find((region) => region.mood)?.mood;
    if (!mood) return;
    picture.history.change({ mood: null, regions: regions.map((region) => (region.mood?.id === mood.id ? { ...region, mood: null } : region)) });
    if (picture !== this.picture) return;
    this.changed();
    this.say({
      message: t("the mood picture {name} is not open any more", mood), mend: t("drop it again"),
    });
  }

  /** Masks that neither the browser nor the service has any more: go on without; tells whether there are some. */
  loseParts(picture) {
    const { regions } = picture.history.now;
    const there = regions.filter(({ mask }) => picture.masks.find(({ name }) => name === mask)?.file);
    if (there.length === regions.length) return false;
    picture.history.change({ regions: there });
    if (picture === this.picture) {
      this.changed();
      this.say({ message: t("a part of {name} is not there any more", picture), mend: t("paint it again") });
    }
    return true;
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
    if (this.picture.planes) this.repaint();
    this.panel.show(this.picture);
    this.regions.draw();
    if (done) this.remember();
  }

  /** Something that needs other colors. */
  change(part, keep = true) {
    this.picture.history.change(part, keep);
    this.changed();
  }

  /** Making the print ready, or not: spots that would lie outside of it are taken away with it. */
  async changePrint({ prepare }) {
    const { picture } = this;
    try {
      const made = prepare && await this.prints.suggestion(picture, prepare);
      if (picture !== this.picture) return;
      const placing = new Placing(picture.facts, made);
      this.change({ prepare, hints: picture.history.now.hints.filter((hint) => placing.isColored(hint)) });
    } catch (error) {
      if (error.name !== "AbortError") this.failed(picture, error);
    }
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
    this.regions.show(isAsked(picture) ? null : picture);
    if (isAsked(picture)) {
      this.versions.clear();
      this.prints.clear();
    } else if (this.versions.picture === picture) this.versions.mark();
    if (picture.planes) this.repaint();
    this.remember();
    this.refresh();
  }

  key(event) {
    // A key alone means something only where the picture or its versions are.
    const away = find("color").hidden || !event.target.matches("body, #color-stage *, .answers *, #versions-compare");
    if (event.key.toLowerCase() === "c" && !event.ctrlKey && !event.metaKey && !event.altKey && !event.repeat && !away) this.compare(true);
    const way = find("color").hidden ? null : wayOf(event);
    if (!way || this.picture?.state !== "ready" || event.target.matches("input[type=text]")) return;
    event.preventDefault();
    this.travel(way);
  }
}

/** What the planes of a picture have to be for. */
const wanted = ({ history }) => JSON.stringify(conditionsOf(history.now));

/** How what is shown of a picture has to be made ready. */
const printOf = ({ history }) => JSON.stringify(history.now.prepare);

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
