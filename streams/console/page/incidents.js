/** Incidents: how far each is, what was ordered and obeyed in it, and what closing still needs. */
import { announce, button, element } from "./dom.js";
import { hueOf, isBad, more } from "./event.js";
import { count, moment, span } from "./format.js";

const AGAIN = 2_000; // after another question is answered, which may be one's own that was left

export class IncidentsView {
  constructor(desk, asked = {}) {
    this.desk = desk;
    this.asked = asked;
    this.result = element("div", { class: "result" });
    const again = button({ does: () => this.load() }, "Look again");
    this.element = element("div", { class: "incidents" }, element("div", { class: "bar" }, element("h1", {}, "Incidents"), again), this.result);
  }

  begin() {
    this.load();
  }

  end() {
    this.stop?.abort();
    clearTimeout(this.again);
  }

  /** The whole audit is read for it, so not by itself again and again, but where it could not be read. */
  async load() {
    this.end();
    this.stop = new AbortController();
    const { signal } = this.stop;
    this.result.replaceChildren(element("p", { class: "quiet", role: "status" }, "Reading the audit …"));
    try {
      const found = await this.desk.api.incidents(this.desk.project, this.asked.id, signal);
      this.result.replaceChildren(...(this.asked.id ? this.#story(found) : this.#list(found)).filter(Boolean));
      announce(this.asked.id ? `Incident ${found.id}` : `Incidents: ${found.incidents.length}`);
    } catch (error) {
      if (signal.aborted) return;
      this.result.replaceChildren(element("p", { class: "verdict warn", role: "status" }, this.desk.sentence(error)));
      if (error.status === 503) this.again = setTimeout(() => this.load(), AGAIN);
    }
  }

  #list({ incidents, findings, project, you, works }) {
    const cards = incidents.map((one) => element("article", { class: "signed" }, element("h3", {}, this.#link(one), state(one)), element("p", {}, how(one))));
    const open = command(`veil incident open --playbook NAME --as ${you} --project ${project}`);
    return [
      warning(findings),
      element("section", { class: "panel" }, ...(cards.length ? cards : [element("p", { class: "quiet" }, "Nobody has opened an incident in this project.")])),
      works ? element("p", { class: "quiet" }, "Open one with ", open, ", or about an alert with ", element("code", {}, "--alert ID"), ".") : null,
    ];
  }

  #link(one) {
    return button({ class: "id", title: "All of this incident", does: () => this.desk.go("incidents", { id: one.id }) }, one.id);
  }

  #story(one) {
    const back = button({ does: () => this.desk.go("incidents") }, "All incidents");
    return [
      warning(one.findings),
      element("p", { class: "actions" }, back),
      element("h2", { class: "plain" }, one.id, state(one)),
      facts(one),
      playbook(one),
      closing(one),
      orders(one),
      timeline(one),
    ];
  }
}

function state({ closed }) {
  return element("span", { class: `badge ${closed ? "good" : "warn"}` }, closed ? "closed" : "open");
}

function how({ playbook: name, opened, steps, done, evidence }) {
  const kept = evidence ? "evidence put aside" : "no evidence put aside";
  return `${name || "a playbook that is not here"}: ${done} of ${steps} steps done, ${kept}; opened by ${opened.person}, ${moment(opened.at)} UTC`;
}

function facts({ opened, since, alert, playbook: name }) {
  const told = [
    ["playbook", name || "not one of those here"],
    ["opened", `by ${opened.person}, ${moment(opened.at)} UTC`],
    ["looked into from", `${moment(since)} UTC on`],
    ["alert", alert || "none"],
  ];
  return element("dl", {}, ...told.flatMap(([term, text]) => [element("dt", {}, term), element("dd", {}, text)]));
}

function playbook({ plan, id, project, you, works, closed }) {
  const steps = plan.map(({ text, by }) => mark(Boolean(by), ...withCode(text), by ? element("span", { class: "quiet" }, ` ${by.person}, ${moment(by.at)} UTC`) : null));
  const next = plan.findIndex(({ by }) => !by) + 1;
  const say = works && next && !closed ? element("p", { class: "quiet" }, "Say that a step is done with ", command(`veil incident step ${id} ${next} --as ${you} --project ${project}`)) : null;
  return panel("Playbook", steps.length ? element("ol", { class: "steps" }, ...steps) : element("p", { class: "quiet" }, "Its playbook is not here."), say);
}

/** What is there of what closing needs, and how to give what is not. */
function closing({ preserved, closed, id, project, you, works }) {
  const kept = preserved.map(({ manifest, person, at }) => mark(true, `evidence put aside by ${person}, ${moment(at)} UTC, manifest `, element("span", { class: "hash" }, manifest)));
  const lines = [
    ...(kept.length ? kept : [mark(false, "evidence is not put aside yet")]),
    closed ? mark(true, `closed by ${closed.person}, ${moment(closed.at)} UTC, changed: ${closed.change || "what can’t be shown"}`) : mark(false, "what was learned, and what was changed: given when it is closed"),
  ];
  const how = works && !closed ? element("p", { class: "quiet" }, kept.length ? "Close it with " : "Put evidence aside with ", command(kept.length ? `veil incident close ${id} FOLDER --lessons FILE --change REF --as ${you} --project ${project}` : `veil incident preserve ${id} FOLDER --as ${you} --project ${project}`)) : null;
  return panel(closed ? "How it was closed" : "What closing needs", element("ul", { class: "signers" }, ...lines), how);
}

function orders({ orders: given, orders_left_out: left }) {
  const head = ["order", "by", "when (UTC)", "obeyed by"];
  const rows = given.map(({ key, by, at, obeyed }) => {
    const who = obeyed.map((one) => `${one.by} after ${span(one.at - at)}`).join(", ");
    return element("tr", {}, element("th", { scope: "row" }, key), element("td", {}, by), element("td", {}, moment(at)), element("td", { class: who ? "good" : "" }, who || "nobody has said so"));
  });
  const about = "A stage says that it obeys when an order changes what is in force; one that waits for a second signature, or repeats another, changes nothing.";
  return panel("Orders", element("p", { class: "about" }, about), earlier(left), rows.length ? scroller("Orders", table(head, rows)) : element("p", { class: "quiet" }, "Nothing was ordered."));
}

function timeline({ timeline: rows, left_out: left, since }) {
  const lines = rows.map((row) =>
    element(
      "li",
      { class: `hue-${hueOf(row.type)}` },
      element("time", {}, moment(row.time)),
      element("span", { class: "quiet" }, `+${span(row.time - since)}`),
      element("b", {}, element("i", { class: "dot" }), row.type),
      element("span", {}, row.person ?? row.process),
      element("span", { class: "id" }, row.resource),
      element("span", { class: isBad(row) ? "bad" : "quiet" }, more(row)),
    ),
  );
  return panel("Timeline", earlier(left), lines.length ? element("ol", { class: "timeline", tabindex: 0, "aria-label": "Timeline" }, ...lines) : element("p", { class: "quiet" }, "Nothing has happened since."));
}

function earlier(left) {
  return left ? element("p", { class: "quiet" }, `${count(left)} earlier ones are left out.`) : null;
}

function mark(done, ...said) {
  return element("li", {}, element("span", { class: done ? "good" : "warn", role: "img", "aria-label": done ? "done" : "open" }, done ? "✓" : "○"), " ", ...said);
}

/** Text with commands between backticks. */
function withCode(text) {
  return text.split("`").map((part, at) => (at % 2 ? command(part) : part));
}

function command(text) {
  return element("code", {}, text);
}

function panel(name, ...children) {
  return element("section", { class: "panel" }, element("h2", {}, name), ...children);
}

function scroller(name, child) {
  return element("div", { class: "scroller", tabindex: 0, role: "region", "aria-label": name }, child);
}

function table(head, rows) {
  return element("table", {}, element("thead", {}, element("tr", {}, ...head.map((name) => element("th", { scope: "col" }, name)))), element("tbody", {}, ...rows));
}

function warning(findings) {
  return findings ? element("p", { class: "verdict warn" }, `${count(findings)} records of the audit can’t be read or disagree with their headers: veil audit reconcile`) : null;
}
