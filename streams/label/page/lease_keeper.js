/**
 * Keeps a lease while its person is at work, and says how much of it is left. A lease of a page is short (two minutes),
 * so that the task of who has closed it is soon another's; who only reads is at work as well.
 */
import { NoAnswer, Refused } from "./api.js";
import { untilBeat } from "./time.js";

const TICK = 1000;
const AFTER_NO_ANSWER = 5_000;
const READING = 240_000; // a long read without touching anything

export class LeaseKeeper {
  #lease = null;
  #beating = false;
  #notBefore = 0;

  /**
   * `ticked(left, lifetime, active)` each second while a lease is held; `lost(refused)` when it can't be kept;
   * `ending()` when it is not prolonged any more, and can still be answered.
   */
  constructor(api, clock, presence, { ticked, ending, lost }) {
    this.api = api;
    this.clock = clock;
    this.presence = presence;
    this.ticked = ticked;
    this.ending = ending;
    this.lost = lost;
    setInterval(() => this.#tick(), TICK);
  }

  hold(lease) {
    this.#lease = lease;
    this.#notBefore = 0;
    this.lifetime = Math.max(1, lease.expires_at - this.clock.now());
    this.#tick();
  }

  drop() {
    this.#lease = null;
  }

  #tick() {
    if (!this.#lease) return;
    const left = this.#lease.expires_at - this.clock.now();
    const active = this.presence.missed < READING;
    this.ticked(left, this.lifetime, active);
    const due = untilBeat(left, this.lifetime) === 0;
    if (due && (active || left <= 0) && !this.#beating && this.clock.now() >= this.#notBefore) this.#beat();
  }

  /** Also when the time is over: the server knows best whether it is. */
  async #beat() {
    const lease = this.#lease;
    this.#beating = true;
    try {
      const { expires_at: until } = await this.api.heartbeat(lease);
      if (until <= lease.expires_at) this.#notBefore = until; // as long as a lease may live: no use in asking again
      lease.expires_at = until;
      this.lifetime = Math.max(1, until - this.clock.now());
    } catch (error) {
      if (error instanceof NoAnswer) this.#unanswered(lease);
      else if (!(error instanceof Refused)) throw error;
      else if (lease === this.#lease) this.#refused(error);
    } finally {
      this.#beating = false;
    }
  }

  /** A task whose time is over is not left on the screen for as long as nobody answers. */
  #unanswered(lease) {
    this.#notBefore = this.clock.now() + AFTER_NO_ANSWER;
    const over = lease === this.#lease && lease.expires_at <= this.clock.now();
    if (over) this.lost(new Refused(409, "lease_expired", ""));
  }

  #refused(error) {
    const { expires_at: until } = this.#lease;
    if (error.reason !== "outside_hours" || until <= this.clock.now()) {
      this.lost(error);
      return;
    }
    this.#notBefore = until;
    this.ending();
  }
}
