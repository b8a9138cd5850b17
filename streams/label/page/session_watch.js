/** Whether the session goes on, and is still the same person's, while something is open that is for them alone. */
import { NoAnswer, Refused } from "./api.js";
import { showSession } from "./status.js";
import { sessionLeft } from "./time.js";

const LOOK_AGAIN = 5_000;

export class SessionWatch {
  #me = null;
  #notBefore = 0;

  /** `ended(error)`: it is over, or another's: a refusal, as the server gives them. */
  constructor(api, clock, ended) {
    this.api = api;
    this.clock = clock;
    this.ended = ended;
  }

  /** Who was met when they signed in. */
  meet(me) {
    this.#me = me;
  }

  /**
   * Each second. What ends soon is said in time; the server is asked whether it still does. `always`: it is asked also
   * while there is time, since nothing else would tell that the session is over.
   */
  tick(always = false) {
    const now = this.clock.now();
    const left = sessionLeft(this.#me, now);
    showSession(left);
    if ((left === null && !always) || now < this.#notBefore) return;
    this.#notBefore = now + LOOK_AGAIN;
    this.#look(always && left === 0);
  }

  /** `over`: as far as the page knows the session has ended; without an answer that is believed. */
  async #look(over) {
    const before = this.#me;
    try {
      const me = await this.api.look();
      if (this.#me !== before) return;
      if (me.person === before.person) this.#me = me;
      else this.ended(new Refused(401, "bad_csrf", ""));
    } catch (error) {
      if (!(error instanceof Refused || error instanceof NoAnswer)) throw error;
      if (this.#me !== before) return;
      if (error instanceof Refused) this.ended(error);
      else if (over) this.ended(new Refused(401, "", ""));
    }
  }
}
