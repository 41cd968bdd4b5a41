// The pictures of the page: sent one after the other, each with its own state.

import { announce, wordsOf } from "./dom.js";
import { History } from "./edit.js";
import { bringBack, closePicture, openPicture } from "./opened.js";

const AT_ONCE = 2;
const ABOUT_THE_FILE = [413, 415, 422]; // problems that sending it again does not solve

/**
 * Dispatches "change" when a picture's state has changed, "select" when another one is chosen.
 *
 * A picture: { key, name, state: waiting | sending | opening | ready | failed | cancelled,
 * progress, refusal, problem, id, facts, history, moods, planes, before }. Undoing may bring any of
 * its moods back, so all of them (their ids) stay open with it.
 */
export class Album extends EventTarget {
  constructor() {
    super();
    this.pictures = [];
    this.current = null;
    this.next = 1;
  }

  add(files) {
    const added = [...files].map((file) => ({
      key: this.next++, name: file.name || "pasted picture", state: "waiting", progress: 0,
      file, history: new History(), moods: [], abort: new AbortController(),
    }));
    this.pictures.push(...added);
    if (!this.current || this.current.state === "failed") this.select(added[0]);
    this.changed();
    this.work();
    return added;
  }

  /** Bring back what was open before the page was loaded again. */
  async restore(saved) {
    for (const { id, name, history, moods = [] } of saved) {
      try {
        const facts = await bringBack(id);
        // A mood that has gone is told of when it is asked for.
        await Promise.allSettled(moods.map(bringBack));
        const picture = {
          key: this.next++, name, state: "ready", progress: 1, id, facts,
          history: History.from(history), moods, abort: new AbortController(),
        };
        this.pictures.push(picture);
        if (!this.current) this.select(picture);
      } catch (error) {
        if (error.status !== 404) throw error;
      }
    }
    this.changed();
  }

  saved() {
    return this.ready().map(({ id, name, history, moods }) => ({ id, name, history, moods }));
  }

  ready() { return this.pictures.filter((picture) => picture.state === "ready"); }

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
    for (const id of [picture.id, ...picture.moods].filter(Boolean)) closePicture(id);
    if (this.current === picture) this.select(this.pictures[Math.min(index, this.pictures.length - 1)] ?? null);
    this.changed();
    this.work();
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
      announce(`${picture.name} is ready`);
      picture.file = null;
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
