// Saving many pictures at once: into one zip file or into a folder, or all of it as a project.

import * as api from "./api.js";
import { announce, find, wordsOf } from "./dom.js";
import { isAsked, wireOf } from "./edit.js";
import { saveFile } from "./save.js";
import { t } from "./text.js";
import { Zip } from "./zip.js";

/** Results one after the other, the next one on its way: { name, blob } or { name, problem }. */
async function* resultsOf(album, pictures, way) {
  const make = async (picture) => {
    try {
      return await album.ask(picture, () => api.picture(picture.id, wireOf(picture.history.now), "", way));
    } catch (problem) {
      if (problem.name === "AbortError") throw problem;
      return { name: picture.name, problem };
    }
  };
  let next = null;
  for (const [index, picture] of pictures.entries()) {
    const current = next ?? make(picture);
    const after = pictures[index + 1];
    next = after ? make(after) : null;
    next?.catch(() => {}); // it is looked at in its turn
    yield await current;
  }
}

/** A name that no other one is like on any disk, and note it. */
export function freeName(name, taken) {
  const [, stem, suffix] = /^(.*?)(\.[^.]*)?$/s.exec(name);
  const alike = (text) => text.normalize("NFC").toLowerCase();
  let free = name;
  for (let number = 2; taken.has(alike(free)); number += 1) free = `${stem}-${number}${suffix ?? ""}`;
  taken.add(alike(free));
  return free;
}

/** Calls `failed(problem)` with what went wrong; null for nothing. */
export class SaveAll {
  constructor(album, failed) {
    this.album = album;
    this.failed = failed;
    this.abort = null;
    this.bar = find("saving-bar");
    this.words = find("saving-words");
    find("save-all").addEventListener("click", () => this.zip());
    find("save-folder").addEventListener("click", () => this.folder());
    find("saving-cancel").addEventListener("click", () => this.abort?.abort());
    this.show();
  }

  /** Show what can be saved. */
  show() {
    const idle = !this.abort;
    for (const id of ["save-all", "save-folder"]) find(id).disabled = !(idle && this.wanted().length);
    find("save-project").disabled = !(idle && this.album.ready().length);
    find("save-folder").hidden = !window.showDirectoryPicker;
    find("saving").hidden = idle;
  }

  /** Those in color that nobody wants colored anew have no result. */
  wanted() { return this.album.ready().filter((picture) => !isAsked(picture)); }

  progress(done, all) {
    this.bar.max = all;
    this.bar.value = done;
    this.words.textContent = t("{number} of {all}", { number: Math.min(done + 1, all), all });
  }

  /** Do a long work that can be called off. */
  async run(work) {
    const { signal } = this.abort = new AbortController();
    this.failed(null);
    this.progress(0, 1);
    this.show();
    try {
      await work(signal);
    } catch (error) {
      if (error.name !== "AbortError") this.failed(error);
      else announce(t("Saving is cancelled"));
    } finally {
      this.abort = null;
      this.show();
    }
  }

  /** Give each result to `keep(name, blob)`; returns lines about those that failed. */
  async each(signal, keep) {
    const pictures = this.wanted();
    const refused = (problem) => { if (problem) this.words.textContent = wordsOf(problem); };
    const lines = [];
    let done = 0;
    this.progress(done, pictures.length);
    for await (const { name, blob, problem } of resultsOf(this.album, pictures, { signal, refused })) {
      signal.throwIfAborted();
      if (problem) lines.push(`${name}: ${wordsOf(problem)}`);
      else await keep(name, blob);
      this.progress(done += 1, pictures.length);
    }
    if (lines.length === pictures.length) throw new Error(lines[0]);
    if (lines.length) this.failed(new Error(lines.join(" ")));
    else announce(t("All pictures are saved"));
    return lines;
  }

  zip() {
    return this.run(async (signal) => {
      const zip = new Zip();
      const taken = new Set(["failed.txt"]);
      const lines = await this.each(signal, (name, blob) => zip.add(freeName(name, taken), blob, signal));
      if (lines.length) await zip.add("failed.txt", new Blob([`${lines.join("\n")}\n`]));
      saveFile({ blob: zip.blob(), name: "rechroma.zip" });
    });
  }

  /** Nothing that is in the folder is written over. */
  folder() {
    return this.run(async (signal) => {
      const folder = await window.showDirectoryPicker({ mode: "readwrite" });
      const taken = new Set();
      for await (const name of folder.keys()) freeName(name, taken);
      await this.each(signal, async (name, blob) => {
        const free = freeName(name, taken);
        const file = await folder.getFileHandle(free, { create: true });
        try {
          await blob.stream().pipeTo(await file.createWritable(), { signal });
        } catch (error) {
          await folder.removeEntry(free).catch(() => {}); // it is empty
          throw error;
        }
      });
    });
  }
}
