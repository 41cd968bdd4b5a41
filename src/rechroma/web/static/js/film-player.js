// A film and its result over each other, played in step, with a divider between them.

import { make } from "./dom.js";
import { t } from "./text.js";

const FAR = 0.2; // seconds apart from which one jumps to the other
const NEAR = 0.015; // seconds apart that nobody sees
const CHASE = 0.08; // how much faster or slower the one runs to meet the other

/** Minutes and seconds. */
export const timeOf = (seconds) => {
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (number) => String(number).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
};

const film = (name, label) => make("video", { className: name, preload: "auto", playsInline: true, aria: { label } });

export class Player {
  constructor(root) {
    this.before = film("before", t("The film: before"));
    this.after = film("after", t("The film: after"));
    this.before.muted = true;
    this.line = make("div", { className: "line", aria: { hidden: "true" } });
    this.frame = make("div", { className: "film-frame" }, this.before, this.after, this.line);
    this.divider = make("input", {
      type: "range", min: 0, max: 100, step: 1, value: 50, className: "divider",
      aria: { label: t("Before and after: where the line between them is") }, on: { input: () => this.place() },
    });
    this.button = make("button", { type: "button", on: { click: () => this.toggle() } });
    this.mute = make("button", { type: "button", on: { click: () => { this.after.muted = !this.after.muted; } } });
    this.seek = make("input", {
      type: "range", min: 0, max: 1, step: 0.01, value: 0, aria: { label: t("Time in the film") },
      on: { input: () => this.go(Number(this.seek.value)) },
    });
    this.time = make("output", { className: "film-time" }, "0:00");
    this.note = make("p", { className: "help", hidden: true });
    root.classList.add("film-player");
    root.replaceChildren(this.frame, this.divider,
      make("div", { className: "film-controls" }, this.button, this.seek, this.time, this.mute), this.note);
    this.listen();
    this.show();
  }

  listen() {
    const { before, after } = this;
    after.addEventListener("play", () => before.play().catch(() => {}));
    after.addEventListener("pause", () => before.pause());
    after.addEventListener("seeking", () => { before.currentTime = after.currentTime; });
    after.addEventListener("ratechange", () => { before.playbackRate = after.playbackRate; });
    for (const type of ["play", "pause", "ended", "timeupdate", "durationchange", "volumechange"]) {
      after.addEventListener(type, () => this.show());
    }
    after.addEventListener("loadedmetadata", () => this.place());
    before.addEventListener("error", () => this.withoutOriginal());
    after.addEventListener("error", () => this.fail());
    this.frame.addEventListener("click", (event) => event.detail && !this.moved && this.toggle());
    this.frame.addEventListener("pointerdown", (event) => this.hold(event));
    const step = () => {
      if (this.after.isConnected && !this.after.paused) this.keepInStep();
      requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
    new ResizeObserver(() => this.place()).observe(this.frame);
  }

  /** Play a film and its result from these addresses. */
  use(original, result) {
    this.note.hidden = true;
    this.result = result;
    this.before.classList.remove("without-color");
    this.frame.hidden = this.divider.hidden = false;
    this.before.src = original;
    this.after.src = result;
  }

  clear() {
    for (const each of [this.before, this.after]) {
      each.pause();
      each.removeAttribute("src");
      each.load();
    }
    this.result = null;
  }

  /** What the browser can't play is shown by what it can: the result without its colors. */
  withoutOriginal() {
    if (!this.result || this.before.getAttribute("src") === this.result || !this.before.getAttribute("src")) return;
    this.before.src = this.result;
    this.before.classList.add("without-color");
    this.before.currentTime = this.after.currentTime;
    this.say(t("This browser can't play the film as it came: on the left is the result without its colors."));
  }

  fail() {
    if (!this.result) return;
    this.frame.hidden = this.divider.hidden = true;
    this.say(t("This browser can't play the result. Download it, and play it with another program."));
  }

  say(words) {
    this.note.textContent = words;
    this.note.hidden = false;
  }

  toggle() {
    if (this.after.paused) this.after.play().catch(() => {});
    else this.after.pause();
  }

  pause() { this.after.pause(); }

  go(seconds) { this.after.currentTime = seconds; }

  keepInStep() {
    const apart = this.after.currentTime - this.before.currentTime;
    if (this.before.readyState < 2) return;
    if (Math.abs(apart) > FAR) this.before.currentTime = this.after.currentTime;
    const rate = Math.abs(apart) < NEAR ? 1 : 1 + Math.sign(apart) * CHASE;
    if (this.before.playbackRate !== rate) this.before.playbackRate = rate;
    this.seek.value = this.after.currentTime;
  }

  show() {
    const { after } = this;
    const length = Number.isFinite(after.duration) ? after.duration : 0;
    const words = after.paused ? t("Play") : t("Pause");
    this.button.textContent = after.paused ? "▶" : "❚❚";
    this.button.setAttribute("aria-label", words);
    this.button.title = words;
    this.mute.textContent = after.muted ? t("Sound on") : t("Sound off");
    this.seek.max = length || 1;
    this.seek.value = after.currentTime;
    this.time.textContent = t("{now} of {all}", { now: timeOf(after.currentTime), all: timeOf(length) });
    this.seek.setAttribute("aria-valuetext", this.time.textContent);
  }

  /** Bring the line, and what is seen of the result, where they belong. */
  place() {
    const { clientWidth, clientHeight } = this.frame;
    const { videoWidth, videoHeight } = this.after;
    if (!videoWidth || !clientWidth) return;
    const width = videoWidth * Math.min(clientWidth / videoWidth, clientHeight / videoHeight);
    const left = (clientWidth - width) / 2;
    const line = left + (width * this.divider.value) / 100;
    this.edges = { left, width };
    this.line.style.transform = `translateX(${line}px)`;
    this.after.style.clipPath = `inset(0 0 0 ${line}px)`;
    this.divider.setAttribute("aria-valuetext", t("{share} % in color", { share: 100 - this.divider.value }));
  }

  /** The line follows a pointer that has taken it; elsewhere a click plays. */
  hold(event) {
    this.moved = false;
    if (event.button !== 0 || !this.edges) return;
    const box = this.frame.getBoundingClientRect();
    const { left, width } = this.edges;
    const line = box.left + left + (width * this.divider.value) / 100;
    if (Math.abs(event.clientX - line) > 20) return;
    this.moved = true;
    this.frame.setPointerCapture(event.pointerId);
    const follow = (now) => {
      this.divider.value = (100 * (now.clientX - box.left - left)) / width;
      this.place();
    };
    this.frame.addEventListener("pointermove", follow);
    for (const type of ["pointerup", "pointercancel"]) {
      this.frame.addEventListener(type, () => this.frame.removeEventListener("pointermove", follow), { once: true });
    }
  }
}
