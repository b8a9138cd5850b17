/** From signing in to signing out: who is here, which view is open, of which project. */
import { Refused } from "./api.js";
import { element, one } from "./dom.js";
import { EventsView } from "./events.js";
import { IncidentsView } from "./incidents.js";
import { LineageView } from "./lineage.js";
import { MetricsView } from "./metrics.js";
import { RecordView } from "./record.js";
import { ofEnding, ofProblem, ofRefusal } from "./sentences.js";
import { SignaturesView } from "./signatures.js";

const VIEWS = [
  ["events", "Audit", (desk) => new EventsView(desk)],
  ["metrics", "Metrics", (desk) => new MetricsView(desk)],
  ["record", "Record", (desk) => new RecordView(desk)],
  ["lineage", "Lineage", (desk, asked) => new LineageView(desk, asked)],
  ["incidents", "Incidents", (desk, asked) => new IncidentsView(desk, asked)],
  ["signatures", "Signatures", (desk) => new SignaturesView(desk)],
];
const HERE = 60_000; // how often the server hears that somebody is there
const ALL = "";

export class Desk {
  #view = null;
  #me = null;
  #told = 0;
  #troubled = false; // a call failed: the banner says so, until one gets through

  constructor(api) {
    this.api = api;
    this.project = ALL;
    one("#sign-out").addEventListener("click", () => this.#signOut());
    one("#project").addEventListener("change", ({ target }) => this.go(this.name, { project: target.value }));
    addEventListener("hashchange", () => this.#me && this.#route());
    for (const sign of ["pointerdown", "keydown"]) addEventListener(sign, () => this.#here(), { passive: true });
  }

  async begin(problem) {
    try {
      this.#me = await this.api.me();
    } catch (error) {
      this.#out(problem ? ofProblem(problem) : error instanceof Refused && error.over ? "" : ofRefusal(error));
      return;
    }
    one("#person").textContent = this.#me.person;
    one("#sign-out").hidden = false;
    this.#route();
    if (problem) this.banner(ofProblem(problem));
  }

  get signedOut() {
    return !this.#me;
  }

  /** For calls that take all projects at once. */
  get projectOrAll() {
    return this.project === ALL ? undefined : this.project;
  }

  mayTrace(project) {
    return Boolean(this.#me?.projects.some(({ name, may }) => name === project && may.includes("lineage")));
  }

  /** Open a view; `asked`: {project, id}. */
  go(name, asked = {}) {
    const query = new URLSearchParams({ project: asked.project ?? this.project, ...(asked.id ? { id: asked.id } : {}) });
    const hash = `#${name}?${query}`;
    if (location.hash === hash) this.#route();
    else location.hash = hash;
  }

  /** What a call gives, or null where it can't be had; whoever is signed out is told, and sent to sign in. */
  async ask(call) {
    this.stop ??= new AbortController();
    return this.attempt(() => call(this.stop.signal));
  }

  async attempt(call) {
    try {
      const answer = await call();
      if (this.#troubled) this.banner("");
      this.#troubled = false;
      return answer;
    } catch (error) {
      if (error.name === "AbortError") return null;
      if (error instanceof Refused && error.over) this.#out(ofEnding(error.reason));
      else this.banner(this.sentence(error));
      this.#troubled = true;
      return null;
    }
  }

  sentence(error) {
    if (error instanceof Refused && error.over) this.#out(ofEnding(error.reason));
    return error instanceof Refused ? ofRefusal(error) : "This page has failed; reload it.";
  }

  banner(sentence) {
    one("#banner").hidden = !sentence;
    if (one("#banner").textContent !== sentence) one("#banner").textContent = sentence;
  }

  #route() {
    const [name, query] = location.hash.slice(1).split("?");
    const asked = Object.fromEntries(new URLSearchParams(query));
    const open = VIEWS.filter(([view]) => this.#projects(view).length);
    const [view, title, make] = open.find(([one]) => one === name) ?? open[0] ?? [];
    if (!view) {
      this.#card("Nothing to see", "You hold no duty in any project that the console shows.", []);
      return;
    }
    const projects = this.#projects(view);
    const all = view === "events";
    this.project = projects.includes(asked.project) ? asked.project : all ? ALL : projects[0];
    this.name = view;
    this.#choices(projects, all);
    one("#tabs").hidden = false;
    one("#tabs").replaceChildren(...open.map(([other, text]) => element("a", { href: `#${other}?project=${encodeURIComponent(this.project)}`, "aria-current": other === view ? "page" : undefined }, text)));
    document.title = `${title} · Veilstream console`;
    this.#close();
    one("#card").hidden = true;
    one("#view").hidden = false;
    this.#view = make(this, asked);
    one("#view").replaceChildren(this.#view.element);
    this.#view.begin();
  }

  #projects(view) {
    return this.#me.projects.filter(({ may }) => may.includes(view)).map(({ name }) => name);
  }

  #choices(projects, all) {
    one("#which").hidden = false;
    const options = [...(all ? [[ALL, "all"]] : []), ...projects.map((name) => [name, name])];
    one("#project").replaceChildren(...options.map(([value, text]) => element("option", { value }, text)));
    one("#project").value = this.project;
  }

  #close() {
    this.stop?.abort();
    this.stop = null;
    this.#view?.end();
    this.#view = null;
  }

  async #here() {
    if (!this.#me || Date.now() - this.#told < HERE) return;
    this.#told = Date.now();
    await this.attempt(() => this.api.here());
  }

  async #signOut() {
    const out = await this.attempt(() => this.api.signOut().then(() => true));
    if (out) this.#out("You are signed out.");
  }

  #out(sentence) {
    this.#me = null;
    this.#close();
    for (const id of ["#tabs", "#which", "#sign-out"]) one(id).hidden = true;
    one("#person").textContent = "";
    this.banner("");
    const about = "Who saw what, when, why, under which rule: read from the audit, live. What you look at here is on the audit, too.";
    this.#card("Compliance console", [sentence, about].filter(Boolean).join(" "), [element("a", { class: "button primary", href: "/signin" }, "Sign in")]);
  }

  #card(title, text, actions) {
    one("#view").hidden = true;
    one("#view").replaceChildren();
    one("#card").hidden = false;
    one("#card-title").textContent = title;
    one("#card-text").textContent = text;
    one("#card-actions").replaceChildren(...actions);
    document.title = `${title} · Veilstream`;
  }
}
