/** A task under way: what was leased, what is answered so far, what is selected. No DOM here. */
import { NOTHING } from "./answer.js";
import { History } from "./history.js";
import { keysFor } from "./keys.js";
import { placeholdersIn } from "./practice.js";
import { FieldText } from "./text.js";

const HUES = 8;
const NUMBERED = /^\[[A-Z][A-Z0-9_]*_\d+\]$/u;

export class Task {
  selection = null;
  active = null;
  reporting = false;
  reason = null;
  checked = false; // of a practice task: its answer was compared, and is sent
  hints = new Map(); // placeholder → what was told of it; null where nothing can be
  hintsLeft = null; // how many more may be asked for; null before the first

  /** `history`: of an answer begun earlier to the same task. `known`: of a practice task. */
  constructor({ fields, placeholders, labels, lease = null, known = null, history, now }) {
    this.lease = lease;
    this.known = known;
    this.labels = labels;
    this.asks = lease?.hints ?? {}; // of which kinds of placeholders a hint may be asked for
    this.keys = keysFor(labels.spans, labels.choices);
    this.texts = new Map(
      Object.entries(fields).map(([path, text]) => [path, new FieldText(text, placeholders[path])]),
    );
    this.history = history ?? new History(NOTHING);
    this.began = now;
  }

  static leased(lease, history, now) {
    return new Task({ ...lease, lease, history, now });
  }

  static practice(known, labels, now) {
    const placeholders = Object.fromEntries(
      Object.entries(known.fields).map(([path, text]) => [path, placeholdersIn(text)]),
    );
    return new Task({ fields: known.fields, placeholders, labels, known, now });
  }

  get answer() {
    return this.history.present;
  }

  /** The number of a label's color. */
  hue(label) {
    return Math.max(0, this.labels.spans.indexOf(label)) % HUES;
  }

  /** The placeholder at `atom`, as `[LOCATION_1]`, where a hint about it may be asked for; or null. */
  asksAbout(field, { start, end, category }) {
    const written = this.texts.get(field).slice(start, end);
    return category in this.asks && NUMBERED.test(written) ? written : null;
  }

  /** {placeholder, field, atom} of the one that one is at, if a hint about it may be asked for; or null. */
  get asked() {
    if (!this.selection) return null;
    const { field, anchor, focus } = this.selection;
    const [start, end] = [Math.min(anchor, focus), Math.max(anchor, focus)];
    const away = (atom) => Math.abs(atom.start - start) + Math.abs(atom.end - end);
    const [atom] = this.texts
      .get(field)
      .atoms.filter((one) => one.start <= end && start <= one.end && this.asksAbout(field, one))
      .sort((one, other) => away(one) - away(other));
    return atom ? { placeholder: this.asksAbout(field, atom), field, atom } : null;
  }

  /** What was told of the placeholder at `atom`; null where nothing was yet, undefined where it can't be asked. */
  hintOf(field, atom) {
    const placeholder = this.asksAbout(field, atom);
    return placeholder === null ? undefined : (this.hints.get(placeholder) ?? null);
  }

  excerpt({ field, start, end }) {
    return this.texts.get(field).slice(start, end);
  }

  /** Whether anything was entered that would be a pity to lose. */
  get isBegun() {
    return this.history.canUndo && !this.checked;
  }
}
