/** A task under way: what was leased, what is answered so far, what is selected. No DOM here. */
import { NOTHING } from "./answer.js";
import { History } from "./history.js";
import { keysFor } from "./keys.js";
import { placeholdersIn } from "./practice.js";
import { FieldText } from "./text.js";

const HUES = 8;

export class Task {
  selection = null;
  active = null;
  reporting = false;
  reason = null;

  /** `history`: of an answer begun earlier to the same task. `known`: of a practice task. */
  constructor({ fields, placeholders, labels, lease = null, known = null, history, now }) {
    this.lease = lease;
    this.known = known;
    this.labels = labels;
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

  excerpt({ field, start, end }) {
    return this.texts.get(field).slice(start, end);
  }

  /** Whether anything was entered that would be a pity to lose. */
  get isBegun() {
    return this.history.canUndo;
  }
}
