/** The server's time, and what is left of a lease. Milliseconds. No DOM here. */
export const SOON = 60_000;
const HALF_A_SECOND = 500; // HTTP's Date has no fractions: half a second is the smallest error
const AT_ONCE = 2_000; // a server writes down the date as a call comes: it is as old as the call took

/** Tells the server's time whatever this machine's clock says. */
export class ServerClock {
  #ahead = 0;
  #took = Infinity;

  /** `heard(date, took)`: of an answer, and of a call that took so long; the quickest so far is believed. */
  constructor(now = Date.now) {
    this.now = () => now() + this.#ahead;
    this.heard = (date, took = 0) => {
      const there = Date.parse(date ?? "");
      if (Number.isNaN(there) || took > Math.max(AT_ONCE, this.#took)) return;
      this.#ahead = there + HALF_A_SECOND - now();
      this.#took = took;
    };
  }
}

/** How long to wait before the next heartbeat: it comes when a third of the lease is used up. */
export function untilBeat(left, lifetime) {
  return Math.max(0, left - (lifetime * 2) / 3);
}

const ENDING = 120_000;

/**
 * How long the session of `me` lasts, or null where that is long enough to say nothing. `expires_at` and
 * `idle_expires_at` in seconds since the epoch.
 */
export function sessionLeft(me, now) {
  const left = Math.min(me.expires_at, me.idle_expires_at ?? Infinity) * 1000 - now;
  return left < ENDING ? Math.max(0, left) : null;
}

/** "calm", "soon" (within a minute) or "over". */
export function urgency(left) {
  if (left <= 0) return "over";
  return left <= SOON ? "soon" : "calm";
}

/** 65,000 → "1:05". */
export function minutes(milliseconds) {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** 65,000 → "65 s", 400,000 → "6.7 min". */
export function spoken(milliseconds) {
  return milliseconds < 100_000
    ? `${Math.round(milliseconds / 1000)} s`
    : `${(milliseconds / 60_000).toFixed(1)} min`;
}
