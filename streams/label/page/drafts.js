/** What was entered to tasks that were lost, in case they come back: in this window's memory only. No DOM here. */
export const KEPT = 20;

export class Drafts {
  #histories = new Map();

  /** Whether there was something to keep. */
  keep(task) {
    if (!task?.lease || !task.isBegun) return false;
    this.#histories.set(task.lease.task_id, task.history);
    if (this.#histories.size > KEPT) this.#histories.delete(this.#histories.keys().next().value);
    return true;
  }

  /** What was entered to this task, or undefined; it is not kept any longer. */
  take(taskId) {
    const history = this.#histories.get(taskId);
    this.#histories.delete(taskId);
    return history;
  }

  clear() {
    this.#histories.clear();
  }

  get isEmpty() {
    return this.#histories.size === 0;
  }
}
