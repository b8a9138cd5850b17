/** From a raw record to its joined label, or what a person has seen: as a picture and as a tree to walk along. */
import { button, element } from "./dom.js";
import { count } from "./format.js";

export class LineageView {
  constructor(desk, asked = {}) {
    this.desk = desk;
    this.asked = asked;
    this.id = element("input", { type: "search", autocomplete: "off", spellcheck: "false", maxlength: 200, placeholder: "raw.demo/0/17, a task, label, policy …" });
    this.person = element("input", { type: "search", autocomplete: "off", spellcheck: "false", maxlength: 200, placeholder: "ann-1" });
    this.result = element("div", { class: "result", "aria-live": "polite" });
    this.element = element(
      "div",
      { class: "lineage" },
      element("div", { class: "bar" }, element("h1", {}, "Lineage and access")),
      element(
        "div",
        { class: "asking" },
        this.#form("Trace an id", this.id, "Trace", () => this.#trace()),
        this.#form("What a person has seen", this.person, "Look", () => this.#access()),
      ),
      this.result,
    );
  }

  begin() {
    if (this.asked.id) {
      this.id.value = this.asked.id;
      this.#trace();
    } else this.result.replaceChildren(element("p", { class: "quiet" }, "Each question reads the whole audit of the project, and is itself on the audit."));
  }

  end() {
    this.stop?.abort();
  }

  #form(name, input, word, does) {
    const submit = element("button", { type: "submit", class: "primary" }, word);
    const ask = (event) => {
      event.preventDefault();
      if (input.value.trim()) does();
    };
    return element("form", { class: "ask", on: { submit: ask } }, element("label", {}, element("span", {}, name), input), submit);
  }

  async #trace() {
    const id = this.id.value.trim();
    const found = await this.#asked((signal) => this.desk.api.lineage(this.desk.project, id, signal));
    if (found) this.result.replaceChildren(...this.#lineage(found));
  }

  async #access() {
    const person = this.person.value.trim();
    const found = await this.#asked((signal) => this.desk.api.access(this.desk.project, person, signal));
    if (found) this.result.replaceChildren(...accessed(found, person));
  }

  async #asked(call) {
    this.stop?.abort();
    this.stop = new AbortController();
    this.result.replaceChildren(element("p", { class: "quiet" }, "Reading the audit …"));
    try {
      return await call(this.stop.signal);
    } catch (error) {
      if (this.stop.signal.aborted) return null;
      this.result.replaceChildren(element("p", { class: "verdict warn" }, this.desk.sentence(error)));
      return null;
    }
  }

  #lineage({ asked, summary, picture, branches, findings }) {
    const image = element("img", { src: picture, alt: `${asked}: ${summary}. The same as a tree below.` });
    return [
      element("h2", { class: "plain" }, asked),
      element("p", {}, summary),
      warning(findings),
      element("div", { class: "picture scroller", tabindex: 0, role: "region", "aria-label": "Picture of the lineage" }, image),
      element("section", { class: "panel", "aria-label": "As a tree" }, element("ul", { class: "tree" }, ...branches.map((one) => this.#branch(one)))),
    ].filter(Boolean);
  }

  #branch({ id, title, upward, asked, moment, said, branches }) {
    const name = button({ class: asked ? "id asked" : "id", title: "Trace this", does: () => this.#follow(id) }, title);
    const told = [moment, ...said].filter(Boolean).join(", ");
    return element("li", {}, upward ? element("span", { class: "quiet" }, `${upward}: `) : null, name, element("span", { class: "quiet" }, ` ${told}`), branches.length ? element("ul", {}, ...branches.map((one) => this.#branch(one))) : null);
  }

  #follow(id) {
    this.id.value = id;
    this.#trace();
  }
}

function accessed(found, person) {
  const told = Object.entries(found.counts).map(([what, number]) => `${count(number)} × ${what}`);
  const head = ["when (UTC)", "what", "of", "why", "rule"];
  const rows = [...found.latest].reverse().map((one) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, one.time.slice(0, 19).replace("T", " ")),
      ...[`${one.what}${one.again ? " again" : ""}${one.count > 1 ? ` × ${one.count}` : ""}`, one.resource, [one.purpose, one.reason].filter(Boolean).join(", "), one.rule ?? ""].map((text) => element("td", {}, text)),
    ),
  );
  return [
    element("h2", { class: "plain" }, person),
    element("p", {}, `${told.join(", ")}; ${count(found.tasks)} tasks`),
    warning(found.findings),
    found.left_out ? element("p", { class: "quiet" }, `${count(found.left_out)} older ones are in these numbers only.`) : null,
    element("div", { class: "scroller panel", tabindex: 0, role: "region", "aria-label": "Latest" }, element("table", {}, element("thead", {}, element("tr", {}, ...head.map((name) => element("th", { scope: "col" }, name)))), element("tbody", {}, ...rows))),
  ].filter(Boolean);
}

function warning(findings) {
  return findings ? element("p", { class: "verdict warn" }, `${count(findings)} records of the audit can’t be read or disagree with their headers: veil audit reconcile`) : null;
}
