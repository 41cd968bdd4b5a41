// The pictures of the page: sent one after the other, each with its own state.

import * as api from "./api.js";
import { announce, wordsOf } from "./dom.js";
import { History } from "./edit.js";
import { fileOf, keepFile } from "./kept.js";
import { bringBack, closePicture, onceMore, openPicture } from "./opened.js";
import { t } from "./text.js";

/** The masks that some state of a picture has. */
function usedMasks({ history, masks }) {
  const used = new Set(history.states.flatMap(({ regions }) => regions.map(({ mask }) => mask)));
  return masks.filter(({ name }) => used.has(name));
}

const AT_ONCE = 2;
const ABOUT_THE_FILE = [413, 415, 422]; // problems that sending it again does not solve

/**
 * Dispatches "change" when a picture's state has changed, "select" when another one is chosen.
 *
 * A picture: { key, name, state: waiting | sending | opening | ready | failed | cancelled,
 * progress, refusal, problem, id, facts, file, kept, history, moods, planes, seen }; `kept` is
 * what the browser keeps the file under. Undoing may bring any of its moods back, so all of them
 * ({ id, name, file, kept }) stay open with it, and its masks ({ name, file, kept }) are kept.
 */
export class Album extends EventTarget {
  constructor() {
    super();
    this.pictures = [];
    this.current = null;
    this.closed = []; // { picture, index }, the last one last
    this.next = 1;
    api.line.addEventListener("back", () => this.failed().filter(({ problem }) => api.isOutage(problem)).forEach((each) => this.retry(each)));
  }

  add(files) {
    const added = [...files].map((file) => this.picture({
      name: file.name || t("pasted picture"), file, kept: keepFile(file), history: new History(), moods: [], masks: [],
    }));
    this.pictures.push(...added);
    if (!this.current || this.current.state === "failed") this.select(added[0]);
    this.changed();
    this.work();
    return added;
  }

  picture(known) {
    return { key: this.next++, state: "waiting", progress: 0, abort: new AbortController(), ...known };
  }

  /** Bring back what was there before the page was loaded again, or add a project's. */
  async restore({ pictures, current }) {
    const returned = [];
    for (const { history, ...known } of pictures) {
      returned.push(this.picture({
        masks: [], ...known, state: "opening", history: History.ofEdits(history), file: known.file ?? await fileOf(known.kept),
      }));
    }
    this.pictures.push(...returned);
    if (returned.length) this.select(returned[current] ?? returned[0]);
    this.changed();
    this.returnAll(returned);
  }

  async returnAll(pictures) {
    for (const picture of pictures) await this.return(picture);
    this.work();
  }

  /** Show a picture that may still be open; else it is sent again. */
  async return(picture) {
    try {
      if (!picture.id) throw new Error(t("it was not open yet"));
      picture.facts = await bringBack(picture.id);
      // Moods that have gone are sent again when they are asked for.
      await Promise.allSettled(picture.moods.map(({ id }) => bringBack(id)));
      picture.state = "ready";
    } catch (error) {
      picture.state = picture.file ? "waiting" : "failed";
      picture.problem = picture.file ? null : error;
    }
    if (!this.pictures.includes(picture)) return;
    this.changed(picture);
    if (this.current === picture) this.select(picture);
  }

  saved() {
    const saved = ({ id, name, kept, history, moods, masks }) => ({
      id, name, kept, history, moods: moods.map((mood) => ({ id: mood.id, name: mood.name, kept: mood.kept })),
      masks: usedMasks({ history, masks }).map((mask) => ({ name: mask.name, kept: mask.kept })),
    });
    return { pictures: this.pictures.map(saved), current: this.pictures.indexOf(this.current) };
  }

  /** The keys of the files that are needed. */
  files() {
    return this.pictures.flatMap((picture) => (
      [picture, ...picture.moods, ...usedMasks(picture)].map(({ kept }) => kept))).filter(Boolean);
  }

  /** The files themselves that are at hand, by their keys. */
  filesAtHand() {
    const records = this.pictures.flatMap((picture) => [picture, ...picture.moods, ...picture.masks]);
    return new Map(records.filter(({ file }) => file).map(({ kept, file }) => [kept, file]));
  }

  ready() { return this.pictures.filter((picture) => picture.state === "ready"); }

  failed() { return this.pictures.filter((picture) => picture.state === "failed"); }

  /**
   * Ask the service something about a picture; if it has forgotten the picture, or the mood, they
   * are sent again first.
   */
  async ask(picture, work) {
    try {
      await this.sendMasks(picture);
      return await work();
    } catch (error) {
      if (error.status !== 404) throw error;
      picture.sentMasks = null;
      picture.returning ??= this.sendAgain(picture).finally(() => { picture.returning = null; });
      await picture.returning;
      await this.sendMasks(picture);
      return work();
    }
  }

  /** Give the service the masks of a picture's regions that it does not have yet. */
  async sendMasks(picture) {
    if (picture.sentMasks?.id !== picture.id) picture.sentMasks = { id: picture.id, done: new Map() };
    const { id, done } = picture.sentMasks;
    for (const { mask: name } of picture.history.now.regions) {
      const record = picture.masks.find((each) => each.name === name);
      if (!record) continue;
      if (!done.has(name)) {
        const sending = (async () => {
          record.file ??= await fileOf(record.kept);
          if (record.file) await api.sendMask(id, name, record.file, picture.abort.signal);
        })();
        sending.catch(() => done.delete(name));
        done.set(name, sending);
      }
      await done.get(name);
    }
  }

  async sendAgain(picture) {
    const { mood, regions } = picture.history.now;
    const wanted = new Set([mood, ...regions.map((region) => region.mood)].map((each) => each?.id));
    const needed = [picture, ...picture.moods.filter(({ id }) => wanted.has(id))];
    for (const each of needed) {
      const before = each.id;
      const facts = await onceMore(each, picture.abort.signal);
      each.id = facts.id;
      if (each === picture) picture.facts = facts;
      else picture.history.renameMood(before, each.id);
    }
    this.changed(picture);
  }

  select(picture) {
    this.current = picture;
    this.dispatchEvent(new CustomEvent("select"));
  }

  remove(picture) {
    const index = this.pictures.indexOf(picture);
    picture.abort.abort();
    picture.asking?.abort();
    picture.state = "cancelled";
    this.pictures.splice(index, 1);
    this.closed.push({ picture, index });
    for (const { id } of [picture, ...picture.moods]) if (id) closePicture(id);
    if (this.current === picture) this.select(this.pictures[Math.min(index, this.pictures.length - 1)] ?? null);
    this.changed();
    this.work();
  }

  /** Open the picture again that was closed last; the service gets it anew. */
  reopen() {
    const { picture, index } = this.closed.pop();
    const again = picture.file
      ? { state: "waiting", problem: null, refusal: null } : { state: "failed" };
    // What was under way for it before it was closed may still end: it is another object.
    const opened = { ...picture, ...again, id: null, progress: 0, returning: null, abort: new AbortController() };
    this.pictures.splice(index, 0, opened);
    this.select(opened);
    this.changed();
    this.work();
    return opened;
  }

  changed(picture = null) {
    this.dispatchEvent(new CustomEvent("change", { detail: picture }));
  }

  work() {
    const busy = this.pictures.filter(({ state }) => state === "sending" || state === "opening");
    const waiting = this.pictures.filter(({ state }) => state === "waiting");
    for (const picture of waiting.slice(0, Math.max(0, AT_ONCE - busy.length))) this.send(picture);
  }

  async send(picture) {
    picture.state = "sending";
    this.changed(picture);
    try {
      picture.facts = await openPicture(picture.file, {
        signal: picture.abort.signal,
        progress: (share) => this.note(picture, { refusal: null, progress: share, state: share === 1 ? "opening" : "sending" }),
        refused: (refusal) => this.note(picture, { refusal }),
      });
      picture.id = picture.facts.id;
      picture.state = "ready";
      announce(t("{name} is ready", picture));
    } catch (error) {
      if (error.name === "AbortError") return;
      picture.state = "failed";
      picture.problem = error;
      if (ABOUT_THE_FILE.includes(error.status)) picture.file = null;
      announce(wordsOf(error));
    } finally {
      this.changed(picture);
      this.work();
    }
    if (this.current === picture) this.select(picture);
  }

  /** Send what was refused once more. */
  retry(picture) {
    this.note(picture, { state: "waiting", problem: null, refusal: null });
    if (this.current === picture) this.select(picture);
    this.work();
  }

  note(picture, news) {
    Object.assign(picture, news);
    this.changed(picture);
  }
}
