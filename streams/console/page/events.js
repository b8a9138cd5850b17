/** The live tail of the audit: newest first, narrowed down, paused, each event whole. */
import { announce, button, element } from "./dom.js";
import { cells, whole } from "./event.js";
import { count } from "./format.js";
import { Rows } from "./rows.js";

const KEPT = 10_000; // rows in this window; older ones are asked for again by scrolling no further than this
const FIRST = 500;
const WAIT = 25;
const AGAIN = 2_000;
const PACE = 500; // on a busy log every call is answered at once: five windows stay within what a person may ask a minute
const TYPED = 350;

export class EventsView {
  #rows = [];
  #held = [];
  #last = 0;
  #paused = false;
  #missed = 0;

  constructor(desk) {
    this.desk = desk;
    this.list = new Rows({ make: cells, chosen: (row) => this.#open(row), label: "Audit events, newest first" });
    this.filters = Object.fromEntries(["type", "person", "process", "resource"].map((name) => [name, this.#field(name)]));
    this.denied = element("input", { type: "checkbox", on: { change: () => this.#restart() } });
    this.pause = button({ class: "pause", "aria-pressed": "false", does: () => this.#turn() }, "Pause");
    this.said = element("p", { class: "said-line" });
    this.detail = element("aside", { class: "detail", "aria-label": "The chosen event", hidden: true });
    this.element = element(
      "div",
      { class: "events" },
      element("div", { class: "bar" }, element("h1", {}, "Audit, live"), this.pause, this.said),
      element(
        "form",
        { class: "filters", role: "search", "aria-label": "Narrow down", on: { submit: (event) => event.preventDefault() } },
        ...Object.values(this.filters).map((input) => input.parentElement),
        element("label", { class: "switch" }, this.denied, "only refused or failed"),
      ),
      element("div", { class: "split" }, this.list.element, this.detail),
    );
  }

  begin() {
    this.#restart();
  }

  end() {
    this.stop?.abort();
    this.list.close();
  }

  #field(name) {
    const hints = { type: "task.viewed or task.", person: "ann-1", process: "label.demo", resource: "part of an id" };
    const input = element("input", { type: "search", placeholder: hints[name], autocomplete: "off", spellcheck: "false", maxlength: 200 });
    input.addEventListener("input", () => {
      clearTimeout(this.typing);
      this.typing = setTimeout(() => this.#restart(), TYPED);
    });
    element("label", {}, element("span", {}, name), input);
    return input;
  }

  get #query() {
    const narrowed = Object.fromEntries(Object.entries(this.filters).map(([name, input]) => [name, input.value.trim()]));
    return { project: this.desk.projectOrAll, ...narrowed, denied: this.denied.checked };
  }

  /** Anew, under other filters. */
  #restart() {
    this.stop?.abort();
    this.stop = new AbortController();
    this.#rows = [];
    this.#held = [];
    this.#last = 0;
    this.#missed = 0;
    this.list.show([]);
    this.#follow(this.stop.signal);
  }

  async #follow(signal) {
    let query = { ...this.#query, limit: FIRST };
    while (!signal.aborted) {
      const page = await this.desk.attempt(() => this.desk.api.events(query, signal));
      if (signal.aborted) return;
      if (page) this.#take(page);
      else if (this.desk.signedOut) return;
      await new Promise((resolve) => setTimeout(resolve, page ? PACE : AGAIN));
      query = { ...this.#query, limit: FIRST, after: this.#last || undefined, wait: this.#last ? WAIT : undefined };
    }
  }

  #take({ rows, last, missed, more }) {
    // Numbers that begin anew: the console was started again.
    if (last < this.#last) return this.#restart();
    const first = !this.#last;
    this.#last = Math.max(last, 1);
    if (!first) this.#missed += missed + (more ? 1 : 0);
    if (this.#paused) {
      this.#held = [...rows, ...this.#held].slice(0, KEPT);
    } else {
      this.#rows = [...rows, ...this.#rows].slice(0, KEPT);
      if (rows.length || first) this.list.show(this.#rows, rows.length);
    }
    this.#say();
    return undefined;
  }

  #turn() {
    this.#paused = !this.#paused;
    this.pause.setAttribute("aria-pressed", String(this.#paused));
    this.pause.textContent = this.#paused ? "Go on" : "Pause";
    if (!this.#paused) {
      const above = this.#held.length;
      this.#rows = [...this.#held, ...this.#rows].slice(0, KEPT);
      this.#held = [];
      this.list.show(this.#rows, above);
    }
    announce(this.#paused ? "Paused" : "Live");
    this.#say();
  }

  #say() {
    const parts = [`${count(this.#rows.length)} events`];
    if (this.#held.length) parts.push(`${count(this.#held.length)} new while paused`);
    if (this.#missed) parts.push("some passed too quickly to show: the audit has them");
    this.said.replaceChildren(element("span", { class: this.#paused ? "pulse still" : "pulse" }), parts.join(" · "));
  }

  #open(row) {
    this.detail.hidden = false;
    const follow = this.desk.mayTrace(row.project) ? (id) => this.desk.go("lineage", { project: row.project, id }) : null;
    const close = button({ class: "close", "aria-label": "Close", does: () => this.#close() }, "×");
    this.detail.replaceChildren(close, ...whole(row, follow));
  }

  #close() {
    this.detail.hidden = true;
    this.list.select(null);
    this.list.element.focus();
  }
}
