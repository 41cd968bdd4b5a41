// The room where a film gets its color back.

import * as api from "./api.js";
import { announce, find, make, setRange, showError, showNotes } from "./dom.js";
import { Player, timeOf } from "./film-player.js";
import { ShotStrip } from "./film-shots.js";
import { StillEditor } from "./film-still.js";
import * as films from "./films-api.js";
import { closePicture, openPicture } from "./opened.js";
import { problemWords } from "./problems.js";
import { withButton } from "./save.js";
import { language, t } from "./text.js";

const KEPT = "rechroma.film";
const BUSY = ["finding", "waiting", "rendering"];
const SOON = 700; // milliseconds between two looks at what is under way
const AGAIN = 5000; // after something went wrong
const LATER = 300_000; // and between two that keep the film open
const QUALITIES = [["18", t("High")], ["23", t("Medium")], ["28", t("Small file")]];

const number = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
const button = (text, work, more = {}) => make("button", { type: "button", on: { click: work }, ...more }, text);

export class FilmRoom {
  constructor(model, { choose }) {
    this.choose = choose;
    this.film = null; // as the service tells of it
    this.mood = null;
    this.anew = false;
    this.dirty = false; // whether other options are wanted than the last time
    this.root = find("film");
    this.strip = new ShotStrip((shot) => this.open(shot));
    const stage = make("div", { id: "film-stage" });
    this.still = new StillEditor(stage, model, {
      told: (shot) => { this.strip.refresh(shot); this.show(); },
      failed: (error) => this.say(error),
    });
    const player = make("div", { id: "film-player", hidden: true });
    this.player = new Player(player);
    this.views = { shot: stage, film: player };
    this.makeWelcome();
    this.makeDesk(model);
    addEventListener("keydown", (event) => this.key(event));
    addEventListener("hashchange", () => this.player.pause());
    api.line.addEventListener("back", () => this.look());
    this.showView("shot");
    this.show();
    this.begin();
  }

  makeWelcome() {
    this.error = make("p", { id: "film-error", className: "error", role: "alert", hidden: true });
    this.limits = make("p", { className: "help", id: "film-limits" });
    this.chooseButton = button(t("Choose a film…"), () => this.choose("film", false), { className: "primary" });
    this.bar = make("progress", { max: 1, value: 0, aria: { label: t("Sending the film") } });
    this.sendWords = make("span", {});
    this.sending = make("div", { className: "row", hidden: true }, this.bar, this.sendWords,
      button(t("Cancel"), () => this.abort?.abort()));
    this.welcome = make("div", { className: "welcome" },
      make("h1", {}, t("Give an old film its color back")),
      make("p", { className: "lead" }, t("Drop a film anywhere on this page, or choose one.")),
      make("p", { className: "row center" }, this.chooseButton), this.sending, this.error, this.limits,
      make("p", { className: "help" }, t("The service keeps a film when this page is closed, so that it can be colored meanwhile. Close the film to have it forgotten.")));
  }

  makeDesk(model) {
    this.problem = make("p", { className: "error", role: "alert", hidden: true });
    this.inColor = make("div", { className: "question row", role: "status", hidden: true },
      make("span", {}, t("This film is in color already. Color it anew, from its light and dark?")),
      button(t("Color it anew"), () => { this.anew = true; this.show(); this.open(this.strip.shots[0]); }));
    this.viewButtons = {
      shot: button(t("Shot by shot"), () => { this.showView("shot"); this.open(this.strip.current); }),
      film: button(t("The film in color"), () => this.showView("film")),
    };
    this.found = make("span", { className: "help", role: "status" });
    const looking = make("div", { className: "looking" },
      make("div", { className: "row film-views", role: "group", aria: { label: t("What is shown") } }, ...Object.values(this.viewButtons)),
      ...Object.values(this.views), this.problem, this.inColor,
      make("div", { className: "strip" },
        make("div", { className: "strip-head" }, make("h2", {}, t("Shots")), this.found), this.strip.root));
    this.desk = make("div", { className: "desk" },
      this.title = make("h1", { className: "film-title", tabIndex: -1 }),
      make("div", { className: "side-by-side" }, looking, this.makePanel(model)));
  }

  makePanel(model) {
    this.facts = make("p", { className: "help" });
    this.quality = make("select", { id: "film-quality", on: { change: () => { this.dirty = true; } } },
      ...QUALITIES.map(([value, text]) => make("option", { value }, text)));
    this.amount = make("output", { htmlFor: "film-strength" }, "100 %");
    this.strength = make("input", { id: "film-strength", type: "range", step: 0.01 });
    setRange(this.strength, model.colorize.strength);
    this.strength.addEventListener("input", () => {
      this.dirty = true;
      this.showAmount();
    });
    this.usual = { crf: this.quality.value, strength: this.strength.value };
    this.moodName = make("span", { className: "help" }, t("Let a color photograph set the tone."));
    this.moodButton = button(t("Choose a mood picture…"), () => this.choose("mood-of-film", false));
    this.moodDrop = button(t("Take the mood away"), () => this.setMood(null), { hidden: true });
    this.go = button("", () => this.render(), { className: "primary", id: "film-go" });
    this.stop = button(t("Cancel"), () => withButton(this.stop, () => this.cancel(), (error) => this.say(error)), { hidden: true });
    this.progress = make("progress", { max: 1, aria: { label: t("Coloring the film") } });
    this.words = make("p", { className: "help", id: "film-words" });
    this.working = make("div", { hidden: true }, this.progress, this.words);
    this.notes = make("p", { className: "help", hidden: true });
    this.download = make("a", { className: "button", hidden: true, download: "" }, t("Download the film"));
    this.close = button(t("Close the film"), () => withButton(this.close, () => this.end(), (error) => this.say(error)));
    const mood = make("div", { className: "group", dataset: { take: "mood-of-film" } }, make("h2", {}, t("Mood")), this.moodName,
      make("div", { className: "row" }, this.moodButton, this.moodDrop));
    return this.panel = make("form", {
      id: "film-panel", className: "panel", aria: { label: t("How the film is colored") },
      on: { submit: (event) => event.preventDefault() },
    }, this.facts,
    make("div", { className: "field" }, make("label", { htmlFor: "film-strength" }, t("Strength of the whole film")), this.amount, this.strength),
    make("div", { className: "save film-save" }, make("label", { htmlFor: "film-quality" }, t("Quality"), " "), this.quality),
    make("div", { className: "row" }, this.go, this.stop), this.working, this.download, this.notes,
    this.still.panel, mood, make("div", { className: "group" }, make("div", { className: "row" }, this.close)));
  }

  /** What can be done here, and the film that was open before the page was loaded again. */
  async begin() {
    try {
      const { missing, limits } = await films.support();
      this.chooseButton.hidden = Boolean(missing);
      const [message, mend] = problemWords({ code: "films-not-installed", detail: missing });
      this.missing = missing && { message, mend };
      this.limits.textContent = missing ? "" : t("Up to {minutes} minutes, {size} MB and {pixels} megapixels a frame.", {
        minutes: number.format(limits.seconds / 60), size: number.format(limits.bytes / 2 ** 20),
        pixels: number.format(limits.pixels / 1e6),
      });
      showError(this.error, this.missing || null);
      const kept = localStorage.getItem(KEPT);
      if (kept && !this.film && !this.abort) await this.use(await films.filmFacts(kept));
    } catch (error) {
      if (error.status === 404) localStorage.removeItem(KEPT);
      else showError(this.error, error);
    }
  }

  /** Send a film; one at a time. */
  async take(file) {
    if (this.film) {
      this.say({ message: t("{name} is open", this.film), mend: t("close it first: one film is worked on at a time") });
      return;
    }
    if (this.missing || this.abort) return;
    this.abort = new AbortController();
    const { signal } = this.abort;
    this.sending.hidden = false;
    this.chooseButton.disabled = true;
    showError(this.error, null);
    const sent = (share) => {
      this.bar.value = share;
      this.sendWords.textContent = share < 1 ? t("Sending {name}…", file) : t("Opening {name}…", file);
    };
    sent(0);
    try {
      const film = await api.patiently(() => films.sendFilm(file, sent, signal), signal, (problem) => showError(this.error, problem));
      showError(this.error, null);
      await this.use(film);
      this.title.focus();
    } catch (error) {
      if (error.name !== "AbortError") showError(this.error, error);
    } finally {
      this.abort = null;
      this.sending.hidden = true;
      this.chooseButton.disabled = false;
    }
  }

  /** Show a film that the service has. */
  async use(film) {
    localStorage.setItem(KEPT, film.id);
    this.film = film;
    this.anew = false;
    this.showOptions(film.options ?? this.usual);
    this.showView("shot");
    if (film.result && !BUSY.includes(film.state.stage)) this.showView("film");
    await this.look(film);
  }

  /** See how far the film is, now and as long as something is under way. */
  async look(known = null) {
    clearTimeout(this.timer);
    if (!this.film) return;
    try {
      const { id } = this.film;
      const film = known ?? await films.filmFacts(id);
      if (this.film?.id !== id) return;
      const [before, after] = [this.film.state.stage, film.state.stage];
      this.film = film;
      if (this.strip.count < film.shots) {
        const shots = await films.shotsOf(id, this.strip.count);
        if (this.film?.id !== id) return;
        this.strip.add(id, shots);
      }
      this.showResult(before === "rendering" && after === "done");
      if (!this.strip.current && this.strip.count && this.colorable) this.open(this.strip.shots[0]);
      this.show();
      const wait = BUSY.includes(after) ? SOON : LATER;
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.look(), wait);
    } catch (error) {
      if (error.status === 404) {
        this.forget();
        showError(this.error, error);
        return;
      }
      this.say(error);
      // Whether the service is there again is heard in another way.
      if (!api.isOutage(error)) this.timer = setTimeout(() => this.look(), AGAIN);
    }
  }

  /** Whether the film can be colored: nobody has to be asked about its own colors. */
  get colorable() { return Boolean(this.film) && (!this.film.in_color || this.anew || Boolean(this.film.result)); }

  showResult(isNew) {
    const { result, original } = this.film;
    if (!result) return;
    if (isNew || !this.player.result) this.player.use(original, `${result}?v=${Date.now()}`);
    if (isNew) {
      this.showView("film");
      announce(t("The film is colored"));
    }
  }

  showView(which) {
    for (const [name, element] of Object.entries(this.views)) {
      element.hidden = name !== which;
      this.viewButtons[name].setAttribute("aria-pressed", String(name === which));
    }
    this.still.panel.hidden = which !== "shot";
    if (which === "shot") this.player.pause();
    else this.player.place();
  }

  show() {
    const { film } = this;
    const shown = film ? this.desk : this.welcome;
    if (shown.parentElement !== this.root) this.root.replaceChildren(shown);
    if (!film) return;
    const { stage } = film.state;
    const working = stage === "waiting" || stage === "rendering";
    this.title.textContent = film.name;
    this.facts.textContent = t("{width} × {height} pixels, {time}, {rate} frames a second", {
      ...film, time: timeOf(film.seconds), rate: number.format(film.rate),
    });
    this.found.textContent = stage === "finding"
      ? t("{count} so far; looking for more…", { count: film.shots })
      : t("{count} in all, {told} in your colors", { count: film.shots, told: this.strip.shots.filter(({ still }) => still).length });
    this.viewButtons.film.disabled = !film.result;
    this.inColor.hidden = this.colorable;
    this.go.textContent = { stopped: t("Go on"), failed: t("Try again"), done: t("Color it again") }[stage] ?? t("Color the film");
    this.go.classList.toggle("primary", stage !== "done");
    this.go.disabled = working || !this.colorable;
    for (const each of [this.strength, this.quality, this.moodButton, this.moodDrop]) each.disabled = working;
    this.stop.hidden = !working;
    this.working.hidden = !working;
    this.showProgress(film.state);
    this.download.hidden = !film.result || working;
    if (film.result) this.download.href = `${film.result}?download=true`;
    showNotes(this.notes, stage === "done" ? film.state.notes : []);
    if (stage === "failed") {
      const [message, mend] = problemWords({ ...film.state, detail: film.state.problem });
      this.say({ message, mend });
    }
  }

  showProgress({ stage, frames, total, rate, seconds_left: left }) {
    if (stage === "rendering" && total) this.progress.value = frames / total;
    else this.progress.removeAttribute("value");
    const parts = [t("{frames} of {total} frames", { frames, total })];
    if (rate) parts.push(t("{rate} a second", { rate: number.format(rate) }));
    if (left !== null) parts.push(t("{time} left", { time: timeOf(left) }));
    this.words.textContent = stage === "waiting" ? t("It waits for its shots, or for another film.") : parts.join(", ");
  }

  /** Say what is wrong with the film that is open; null for nothing. */
  say(problem) { showError(this.problem, problem); }

  /** Show a shot: its picture, or where it begins in the film in color. */
  async open(shot) {
    if (!shot || !this.colorable) return;
    this.strip.mark(shot);
    if (this.views.shot.hidden) this.player.go(shot.seconds);
    else if (this.still.picture?.shot !== shot) await this.still.open(this.film.id, shot);
  }

  /** A photograph whose mood the film shall have. */
  async takeMood(file) {
    if (!this.film) return;
    this.moodButton.disabled = true;
    try {
      this.moodName.textContent = t("Sending {name}…", file);
      const mood = await openPicture(file, { progress: () => {}, refused: (problem) => this.say(problem) });
      this.say(null);
      this.setMood(mood);
    } catch (error) {
      this.setMood(null);
      this.say(error);
    } finally {
      this.moodButton.disabled = false;
    }
  }

  setMood(mood) {
    if (this.mood) closePicture(this.mood.id);
    this.mood = mood;
    this.dirty = true;
    this.moodName.textContent = mood ? t("The tone of {name}", mood) : t("Let a color photograph set the tone.");
    this.moodDrop.hidden = !mood;
  }

  showAmount() { this.amount.textContent = `${Math.round(100 * this.strength.value)} %`; }

  /** Show what was wanted the last time, since that is what a film goes on with. */
  showOptions({ crf, strength }) {
    if (![...this.quality.options].some(({ value }) => value === String(crf))) {
      this.quality.append(make("option", { value: String(crf) }, `CRF ${crf}`));
    }
    this.quality.value = String(crf);
    this.strength.value = strength;
    this.showAmount();
    this.dirty = false;
  }

  options() {
    return {
      crf: Number(this.quality.value), strength: Number(this.strength.value),
      recolor: this.film.in_color, mood: this.mood?.id ?? null,
    };
  }

  render() {
    return withButton(this.go, async () => {
      await this.still.given();
      const goesOn = !this.dirty && ["stopped", "failed"].includes(this.film.state.stage);
      await this.look(await films.renderFilm(this.film.id, goesOn ? null : this.options()));
      this.dirty = false;
    }, (error) => this.say(error)).then(() => this.show());
  }

  async cancel() { await this.look(await films.cancelFilm(this.film.id)); }

  async end() {
    await films.closeFilm(this.film.id);
    this.forget();
    this.chooseButton.focus();
  }

  forget() {
    localStorage.removeItem(KEPT);
    clearTimeout(this.timer);
    this.film = null;
    this.dirty = false;
    this.setMood(null);
    this.still.clear();
    this.strip.clear();
    this.player.clear();
    this.say(null);
    this.show();
  }

  key(event) {
    if (this.root.hidden || !this.film || event.target.matches("input[type=text]")) return;
    if (!this.views.shot.hidden) this.still.key(event);
    else if (event.key === " " && event.target === document.body) {
      event.preventDefault();
      this.player.toggle();
    }
  }
}
