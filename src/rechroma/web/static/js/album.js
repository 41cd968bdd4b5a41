// The pictures of the page: sent one after the other, each with its own state.

import * as api from "./api.js";
import { announce, wordsOf } from "./dom.js";
import { History, wireOf } from "./edit.js";

const AT_ONCE = 2;

/**
 * Dispatches "change" when a picture's state has changed, "select" when another one is chosen.
 *
 * A picture: { key, name, state: waiting | sending | opening | ready | failed | cancelled,
 * progress, problem, id, facts, history, planes, before }.
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
      file, history: new History(), abort: new AbortController(),
    }));
    this.pictures.push(...added);
    if (!this.current || this.current.state === "failed") this.select(added[0]);
    this.changed();
    this.work();
    return added;
  }

  /** Bring back what was open before the page was loaded again. */
  async restore(saved) {
    for (const { id, name, history } of saved) {
      try {
        const facts = await api.facts(id);
        const picture = {
          key: this.next++, name, state: "ready", progress: 1, id, facts,
          history: History.from(history), abort: new AbortController(),
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
    return this.ready().map(({ id, name, history }) => ({ id, name, history }));
  }

  ready() { return this.pictures.filter((picture) => picture.state === "ready"); }

  select(picture) {
    this.current = picture;
    this.dispatchEvent(new CustomEvent("select"));
  }

  remove(picture) {
    const index = this.pictures.indexOf(picture);
    picture.abort.abort(new DOMException("cancelled", "AbortError"));
    picture.state = "cancelled";
    this.pictures.splice(index, 1);
    if (picture.id) api.closePicture(picture.id);
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
      picture.facts = await openWhenPossible(picture, (share) => {
        picture.progress = share;
        if (share === 1) picture.state = "opening";
        this.changed(picture);
      });
      picture.id = picture.facts.id;
      picture.state = "ready";
      announce(`${picture.name} is ready`);
    } catch (error) {
      if (error.name === "AbortError") return;
      picture.state = "failed";
      picture.problem = error;
      announce(wordsOf(error));
    } finally {
      picture.file = picture.state === "failed" ? picture.file : null;
      this.changed(picture);
      this.work();
    }
    if (this.current === picture) this.select(picture);
  }

  /** The planes of a picture as its edit wants them; the newest wish wins. */
  async planesOf(picture, side) {
    picture.asking?.abort();
    picture.asking = new AbortController();
    return api.planes(picture.id, wireOf(picture.history.now), side, picture.asking.signal);
  }
}

async function openWhenPossible(picture, progress) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await api.openPicture(picture.file, progress, picture.abort.signal);
    } catch (error) {
      if (!error.retryAfter || attempt === 30) throw error;
      await new Promise((resolve) => setTimeout(resolve, error.retryAfter * 1000));
      picture.abort.signal.throwIfAborted();
    }
  }
}
