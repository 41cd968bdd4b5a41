// What somebody wants of a picture's colors, and the way back.

export const plainEdit = () => ({ strength: 1, vividness: 1, temperature: 0, look: null,
  hints: [], mood: null, answer: null, anew: false,
  regions: [], // from below, { mask, what, color, strength, mood }; `mask` is its name
  version: "natural", // the key of a version
  tuned: {}, // what somebody has made of other versions, by their keys: amounts
  prepare: null, // how a print is made ready, as the service takes it; null for not at all
});

/** What of an edit each version has for itself. */
export const amountsOf = ({ strength, vividness, temperature, look }) => ({ strength, vividness, temperature, look });

/** Whether a picture is in color already, and nobody has said that it shall be colored anew. */
export const isAsked = ({ state, facts, history }) => state === "ready" && facts.in_color && !history.now.anew;

/** An edit that can be undone: every state is a value of its own. */
export class History {
  constructor(now = plainEdit(), past = [], future = []) {
    this.now = now;
    this.past = past;
    this.future = future;
  }

  get canUndo() { return this.past.length > 0; }
  get canRedo() { return this.future.length > 0; }

  /** Change something; `keep` false for steps of one movement, which are undone together. */
  change(part, keep = true) {
    if (keep) this.past.push(this.now);
    this.now = { ...this.now, ...part };
    if (keep) this.future = [];
  }

  undo() {
    if (!this.canUndo) return;
    this.future.push(this.now);
    this.now = this.past.pop();
  }

  redo() {
    if (!this.canRedo) return;
    this.past.push(this.now);
    this.now = this.future.pop();
  }

  /** The mood picture of this id has another one from now on. */
  renameMood(id, other) {
    const mood = (each) => (each.mood?.id === id ? { ...each, mood: { ...each.mood, id: other } } : each);
    const renamed = (edit) => ({ ...mood(edit), regions: edit.regions.map(mood) });
    this.now = renamed(this.now);
    this.past = this.past.map(renamed);
    this.future = this.future.map(renamed);
  }

  toJSON() { return { now: this.now, past: this.past.slice(-50), future: this.future.slice(-50) }; }

  /** All states, the present one first. */
  get states() { return [this.now, ...this.past, ...this.future]; }

  static from({ now, past, future }) { return new History(now, past, future); }

  /** The edits of a picture; what was saved by an older page lacks what that could not do. */
  static ofEdits({ now, past, future }) {
    const whole = (edit) => ({ ...plainEdit(), ...edit });
    return new History(whole(now), past.map(whole), future.map(whole));
  }
}

/** What becomes of a region, as the service takes it. */
const maskOf = ({ mask, what, color, strength, mood }) => ({ mask, ...{
  color: { color }, gray: { color: "gray" }, strength: { strength }, keep: { keep: true }, mood: { mood: mood?.id },
}[what] });

/** The regions that are heeded: one without a mood yet is not. */
export const heeded = ({ regions }) => regions.filter(({ what, mood }) => what !== "mood" || mood);

/** Whether the network has to be asked what a region gets. */
export const isAnswered = ({ what, color }) => what === "mood" || (what === "color" && !isGray(color));

/** Whether a color is none, which is said without the network. */
export const isGray = (color) => color.slice(1, 3) === color.slice(3, 5) && color.slice(3, 5) === color.slice(5, 7);

/** Which way a key goes: "undo", "redo", or undefined for neither. */
export function wayOf({ key, ctrlKey, metaKey, altKey, shiftKey }) {
  if (!(ctrlKey || metaKey) || altKey) return undefined;
  return { z: shiftKey ? "redo" : "undo", Z: "redo", y: "redo" }[key];
}

/** What decides what the network says: amounts, looks, and what takes color away do not. */
export const conditionsOf = ({ hints, mood, answer, prepare, ...edit }) => ({
  hints, mood: mood?.id ?? null, answer, prepare, masks: heeded(edit).filter(isAnswered).map(maskOf),
});

/** The edit as the service takes it. */
export const wireOf = (edit) => ({ ...conditionsOf(edit), masks: heeded(edit).map(maskOf), ...amountsOf(edit) });
