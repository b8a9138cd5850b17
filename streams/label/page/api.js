/** The calls of the label API. What may be asked again in the same words is, until there is an answer. */
import { asking } from "./asking.js";

const FIRST_WAIT = 500;
const LONGEST_WAIT = 15_000;
const TIMEOUT = 20_000; // the server gives up by itself after 8 s, and for opening a task after 8 s more
const NEXT = "?next=true&reserve=true";
const PASSING = new Set([429, 500, 502, 503, 504]);

/** The server refused. `reason` is from its fixed vocabulary. */
export class Refused extends Error {
  constructor(status, reason, message) {
    super(message);
    this.status = status;
    this.reason = reason;
  }
}

/** There is no answer, or only "ask again"; whether the call took effect is not known. */
export class NoAnswer extends Error {
  constructor(why, wait, reason = "") {
    super(why);
    this.why = why; // "offline" or "busy"
    this.wait = wait;
    this.reason = reason; // the server's, where it gave one
  }
}

export class Api {
  #csrf = "";

  /**
   * `clock` hears the server's time. `trouble(why)` is told when a call waits to be repeated, and null when it got
   * through.
   */
  constructor(clock, trouble) {
    this.clock = clock;
    this.trouble = trouble;
  }

  async me() {
    const me = await this.#until("GET", "/v1/me");
    this.#csrf = me.csrf ?? "";
    return me;
  }

  /** The same, asked once: for looking how long the session lasts. */
  look() {
    return this.#once("GET", "/v1/me");
  }

  guide(project) {
    return this.#until("GET", `/v1/projects/${encodeURIComponent(project)}/guide`);
  }

  /** An answer to an onboarding task: {right, passed, onboarded}. */
  practise(project, id, result) {
    const path = `/v1/projects/${encodeURIComponent(project)}/onboarding/${encodeURIComponent(id)}`;
    return this.#until("POST", path, { result });
  }

  /**
   * A lease, or null when there is no task, also after `wait` seconds. The one after it is kept for us. Throws whatever
   * `signal` is aborted with.
   */
  lease(project, wait = 0, signal = undefined) {
    const path = `/v1/projects/${encodeURIComponent(project)}/leases?reserve=true&wait=${wait}`;
    return this.#until("POST", path, undefined, {}, { more: 1000 * wait, signal });
  }

  /** One attempt: the next beat is the repetition. */
  heartbeat(lease) {
    return this.#told("POST", ...ofLease(lease, "heartbeat"));
  }

  /** The end of a lease, and in its `next` the next one: both in one commit, so that it is there with no wait. */
  label(lease, result, key) {
    return this.#until("POST", ...ofLease(lease, `label${NEXT}`, { result }), { "Idempotency-Key": key });
  }

  skip(lease, reason) {
    return this.#until("POST", ...ofLease(lease, `skip${NEXT}`, { reason }));
  }

  release(lease, reason) {
    return this.#until("POST", ...ofLease(lease, "release", { reason }));
  }

  report(lease, reason, spans) {
    return this.#until("POST", ...ofLease(lease, `report${NEXT}`, { reason, spans }));
  }

  /** One attempt: {placeholder, hint, left}. Asking again is for people. */
  hint(lease, placeholder) {
    return this.#once("POST", ...ofLease(lease, "hint", { placeholder }));
  }

  /** One attempt: {task_id, comments}. That they are read goes on record. */
  comments(lease) {
    const token = encodeURIComponent(lease.fencing_token);
    return this.#once("GET", `/v1/leases/${encodeURIComponent(lease.lease_id)}/comments?fencing_token=${token}`);
  }

  /** One attempt, named by `key`: the same, with one more. */
  comment(lease, text, key) {
    return this.#once("POST", ...ofLease(lease, "comments", { text }), { "Idempotency-Key": key });
  }

  /** One attempt: {threads}, for who leads. No comment is opened for it. */
  threads(project) {
    return this.#once("GET", `/v1/projects/${encodeURIComponent(project)}/comments`);
  }

  /** As `comments`, of any open task. */
  thread(project, task) {
    return this.#once("GET", ofTask(project, task));
  }

  /** As `comment`, of any open task. */
  reply(project, task, text, key) {
    return this.#once("POST", ofTask(project, task), { text }, { "Idempotency-Key": key });
  }

  /** One attempt: `takings.js` asks again. */
  attempt(lease, taking, times) {
    return this.#once("POST", ...ofLease(lease, "attempt", { taking, times }));
  }

  signOut() {
    return this.#once("POST", "/signout");
  }

  async #until(method, path, body, headers, options) {
    for (let wait = FIRST_WAIT; ; wait = Math.min(2 * wait, LONGEST_WAIT)) {
      try {
        return await this.#told(method, path, body, headers, options);
      } catch (error) {
        if (!(error instanceof NoAnswer)) throw error;
        await patience(Math.max(wait, error.wait));
      }
    }
  }

  /** Of what is asked again, whether there is an answer. */
  async #told(...call) {
    try {
      const answer = await this.#once(...call);
      this.trouble(null);
      return answer;
    } catch (error) {
      this.trouble(error instanceof NoAnswer ? error.why : null);
      throw error;
    }
  }

  /** `more`: milliseconds that the server may take beyond the usual. */
  async #once(method, path, body, headers = {}, { more = 0, signal } = {}) {
    signal?.throwIfAborted();
    const request = asking(method, this.#csrf, { timeout: TIMEOUT + more, signal, headers, body });
    const asked = performance.now();
    let answer;
    let content = null;
    try {
      answer = await fetch(path, request);
      if (answer.status !== 204) content = await answer.json();
    } catch (error) {
      signal?.throwIfAborted();
      if (answer && !PASSING.has(answer.status)) throw new Refused(answer.status, "unreadable", "");
      throw new NoAnswer("offline", 0, { cause: error });
    }
    this.clock.heard(answer.headers.get("Date"), performance.now() - asked);
    if (answer.ok) return content;
    if (PASSING.has(answer.status))
      throw new NoAnswer("busy", 1000 * Number(answer.headers.get("Retry-After") ?? 0), content?.error?.reason);
    throw new Refused(answer.status, content?.error?.reason ?? "", content?.error?.message ?? "");
  }
}

function ofLease(lease, call, more = {}) {
  const body = { fencing_token: lease.fencing_token, ...more };
  return [`/v1/leases/${encodeURIComponent(lease.lease_id)}/${call}`, body];
}

function ofTask(project, task) {
  return `/v1/projects/${encodeURIComponent(project)}/tasks/${encodeURIComponent(task)}/comments`;
}

/** Waits so long, or until the network is back. */
function patience(milliseconds) {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      removeEventListener("online", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    addEventListener("online", done);
  });
}
