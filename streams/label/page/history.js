/** What can be undone and redone. States are values; how many are kept is bounded. */
export const KEPT = 500;

export class History {
  #past = [];
  #future = [];

  constructor(present) {
    this.present = present;
  }

  /** A new state; what was undone before can't be redone any more. */
  push(state) {
    this.#past.push(this.present);
    if (this.#past.length > KEPT) this.#past.shift();
    this.#future = [];
    this.present = state;
  }

  /** Whether there was something to undo. */
  undo() {
    return this.#step(this.#past, this.#future);
  }

  /** Whether there was something to redo. */
  redo() {
    return this.#step(this.#future, this.#past);
  }

  get canUndo() {
    return this.#past.length > 0;
  }

  get canRedo() {
    return this.#future.length > 0;
  }

  #step(from, to) {
    if (from.length === 0) return false;
    to.push(this.present);
    this.present = from.pop();
    return true;
  }
}
