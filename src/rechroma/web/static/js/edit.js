// What somebody wants of a picture's colors, and the way back.

export const plainEdit = () => ({ strength: 1, vividness: 1, hints: [], mood: null, answer: null, anew: false });

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
    const renamed = (edit) => (edit.mood?.id === id ? { ...edit, mood: { ...edit.mood, id: other } } : edit);
    this.now = renamed(this.now);
    this.past = this.past.map(renamed);
    this.future = this.future.map(renamed);
  }

  toJSON() { return { now: this.now, past: this.past.slice(-50), future: this.future.slice(-50) }; }

  static from({ now, past, future }) { return new History(now, past, future); }
}

/** Which way a key goes: "undo", "redo", or undefined for neither. */
export function wayOf({ key, ctrlKey, metaKey, altKey, shiftKey }) {
  if (!(ctrlKey || metaKey) || altKey) return undefined;
  return { z: shiftKey ? "redo" : "undo", Z: "redo", y: "redo" }[key];
}

/** What decides which planes are needed: strength and vividness do not. */
export const conditionsOf = ({ hints, mood, answer }) =>
  ({ hints, mood: mood?.id ?? null, answer });

/** The edit as the service takes it. */
export const wireOf = (edit) => ({ ...conditionsOf(edit), strength: edit.strength, vividness: edit.vividness });
