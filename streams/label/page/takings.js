/**
 * Puts on record that somebody tried to take a text away: the first time at once, and then together what came within a
 * while, so that a key held down is one call. What the server can't be told now waits.
 */
import { NoAnswer } from "./api.js";

const APART = 10_000;
const MOST = 100; // as many as a call may name

export class Takings {
  #waiting = []; // {lease, taking, times}
  #telling = false;

  constructor(api) {
    this.api = api;
  }

  tried(lease, taking) {
    const known = this.#waiting.find((one) => one.lease === lease && one.taking === taking);
    if (known) known.times = Math.min(known.times + 1, MOST);
    else this.#waiting.push({ lease, taking, times: 1 });
    if (!this.#telling) this.#tell();
  }

  async #tell() {
    this.#telling = true;
    while (this.#waiting.length) {
      const told = this.#waiting.shift();
      try {
        await this.api.attempt(told.lease, told.taking, told.times);
      } catch (error) {
        if (error instanceof NoAnswer) this.#waiting.push(told); // refused: the lease is over, and so is its text
      }
      await new Promise((resolve) => setTimeout(resolve, APART));
    }
    this.#telling = false;
  }
}
