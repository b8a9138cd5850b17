/** Whether somebody is there: what a page does by itself must not keep tasks and sessions for who has left. */
const SIGNS = ["keydown", "pointerdown", "pointermove", "wheel", "focus"];

export class Presence {
  constructor() {
    this.at = Date.now();
    for (const sign of SIGNS) {
      addEventListener(sign, () => (this.at = Date.now()), { passive: true, capture: true });
    }
  }

  /** Milliseconds since the last sign of life. */
  get missed() {
    return Date.now() - this.at;
  }
}
