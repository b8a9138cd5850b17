/** The calls of the console. Each is asked once; whoever calls decides whether to ask again. */
import { asking } from "./asking.js";

const TIMEOUT = 40_000; // a call may wait 25 s for news
const LONG = 150_000; // a whole audit is read

/** The server refused, or there is no answer (`status` 0). `reason` is from its fixed vocabulary. */
export class Refused extends Error {
  constructor(status, reason, message) {
    super(message);
    this.status = status;
    this.reason = reason;
  }

  /** Whether the session is over. */
  get over() {
    return this.status === 401;
  }
}

export class Api {
  #csrf = "";

  async me() {
    const me = await this.#ask("GET", "/v1/me");
    this.#csrf = me.csrf;
    return me;
  }

  here() {
    return this.#ask("POST", "/v1/here");
  }

  signOut() {
    return this.#ask("POST", "/signout");
  }

  events(query, signal) {
    return this.#ask("GET", addressOf("/v1/events", query), { signal });
  }

  metrics(query, signal) {
    return this.#ask("GET", addressOf("/v1/metrics", query), { signal });
  }

  record(project, signal) {
    return this.#ask("GET", addressOf("/v1/record", { project }), { signal });
  }

  signatures(project, signal) {
    return this.#ask("GET", addressOf("/v1/signatures", { project }), { signal });
  }

  /** Where to sign what waits for one's signature: {address}. */
  sign(project, kind, target) {
    return this.#ask("POST", "/v1/signings", { body: { project, kind, target } });
  }

  lineage(project, id, signal) {
    return this.#ask("GET", addressOf("/v1/lineage", { project, id }), { signal, timeout: LONG });
  }

  access(project, person, signal) {
    return this.#ask("GET", addressOf("/v1/access", { project, person }), { signal, timeout: LONG });
  }

  /** All incidents, or all of one. */
  incidents(project, id, signal) {
    return this.#ask("GET", addressOf("/v1/incidents", { project, id }), { signal, timeout: LONG });
  }

  async #ask(method, address, { signal, timeout = TIMEOUT, body } = {}) {
    signal?.throwIfAborted();
    const request = asking(method, this.#csrf, { timeout, signal, body });
    let answer;
    let content = null;
    try {
      answer = await fetch(address, request);
      if (answer.status !== 204) content = await answer.json();
    } catch (error) {
      signal?.throwIfAborted();
      throw new Refused(0, "offline", "no connection", { cause: error });
    }
    if (answer.ok) return content;
    throw new Refused(answer.status, content?.error?.reason ?? "", content?.error?.message ?? "");
  }
}

/** What is empty is left out. */
export function addressOf(path, query) {
  const said = Object.entries(query).filter(([, value]) => value !== "" && value !== undefined && value !== false);
  const parameters = new URLSearchParams(said.map(([name, value]) => [name, String(value)]));
  return said.length ? `${path}?${parameters}` : path;
}
