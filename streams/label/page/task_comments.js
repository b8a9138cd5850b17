/** The comments beside a task: closed until somebody wants them, and gone with the task. */
import { Discussion } from "./discussion.js";
import { one } from "./dom.js";

export class TaskComments {
  /** `back()`: to the text. `typed()`: something was typed about it, or taken back. */
  constructor(clock, { back, typed }) {
    this.details = one("#comments");
    this.discussion = new Discussion(one("#comments > div"), clock, { left: () => this.#fold(back), typed });
    this.details.addEventListener("toggle", () => (this.details.open ? this.discussion.look() : this.discussion.rest()));
  }

  /** `about`: as `Discussion` has it, or null where there are no comments. */
  open(about) {
    this.close();
    this.details.hidden = about === null;
    if (about) this.discussion.open(about);
  }

  close() {
    this.details.open = false;
    this.details.hidden = true;
    this.discussion.close();
  }

  /** To the box; what was said is read again. Whether there is one. */
  enter() {
    if (this.details.hidden) return false;
    if (this.details.open) this.discussion.look();
    else this.details.open = true;
    this.discussion.box.focus();
    this.details.scrollIntoView({ block: "nearest" });
    return true;
  }

  /** While an answer is on its way. */
  lock(locked) {
    this.discussion.lock(locked);
  }

  get isBegun() {
    return this.discussion.isBegun;
  }

  #fold(back) {
    this.details.open = false;
    back();
  }
}
