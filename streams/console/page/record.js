/** How the record stands: what is sealed, what was checked, by whom; Vault’s own log beside it; what looks wrong. */
import { alertsPanel } from "./alerts.js";
import { element } from "./dom.js";
import { count, moment, span } from "./format.js";
import { matchingPanel, matchingVerdict } from "./matching.js";

const AGAIN = 5_000;
const LATE = 10_000; // a checkpoint is at most two seconds behind; ten are no chance
const FAULTS = {
  unreadable: "a checkpoint that the sealer’s pinned key has not signed",
  shrunk: "a log that got shorter: entries were cut off, or this is another log",
  forked: "two different roots for one size: two histories were signed",
};

export class RecordView {
  constructor(desk) {
    this.desk = desk;
    this.verdicts = [verdict, matchingVerdict].map((say) => [element("p", { class: "verdict", role: "status", hidden: true }), say]);
    this.body = element("div", { class: "record-body" });
    const bar = element("div", { class: "bar" }, element("h1", {}, "State of the record"));
    this.element = element("div", { class: "record" }, bar, ...this.verdicts.map(([line]) => line), this.body);
  }

  begin() {
    this.load();
    this.timer = setInterval(() => this.load(), AGAIN);
  }

  end() {
    clearInterval(this.timer);
  }

  async load() {
    const content = await this.desk.ask((signal) => this.desk.api.record(this.desk.project, signal));
    if (!content || this.#same(content)) return;
    for (const [line, say] of this.verdicts) show(line, say(content));
    const open = new Set([...this.body.querySelectorAll("details[open]")].map(({ dataset }) => dataset.key));
    const at = document.activeElement?.closest(".record-body details")?.dataset.key;
    this.body.replaceChildren(logs(content), proof(content), matchingPanel(content), alertsPanel(content));
    for (const one of this.body.querySelectorAll("details")) {
      if (open.has(one.dataset.key)) one.open = true;
      if (one.dataset.key === at) one.querySelector("summary").focus(); // who works with keys stays where they are
    }
  }

  /** Nobody is interrupted by what is the same. */
  #same(content) {
    const said = JSON.stringify({ ...content, now: Math.floor(content.now / AGAIN) });
    const same = said === this.said;
    this.said = said;
    return same;
  }
}

/** A sentence that is the same is not said again to who listens. */
function show(line, [style, words]) {
  line.hidden = false;
  line.className = `verdict ${style}`;
  if (line.textContent !== words) line.textContent = words;
}

function all(content) {
  return [...content.logs, ...content.platform];
}

function verdict(content) {
  const found = all(content);
  const faults = found.filter(({ fault }) => fault);
  const late = found.map(({ behind_ms: behind }) => behind).filter((behind) => behind > LATE);
  const bare = found.filter(({ size }) => size === null);
  if (faults.length) return ["bad", `${faults.length} of ${found.length} logs show ${FAULTS[faults[0].fault]}.`];
  if (late.length) return ["warn", `Sealing is ${span(Math.max(...late))} behind.`];
  if (!found.length) return ["warn", "No checkpoint has been seen yet."];
  if (bare.length) return ["warn", `${bare.length} of ${found.length} logs ${bare.length === 1 ? "has" : "have"} no checkpoint yet.`];
  return ["good", `All ${found.length} logs are sealed up to now, and no checkpoint contradicts another.`];
}

function logs(content) {
  const head = ["log", "entries", "last checkpoint (UTC)", "not sealed yet", "checkpoints checked", "state"];
  const rows = all(content).map((log) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, log.origin.split("/").slice(1).join("/")),
      element("td", {}, log.size === null ? "–" : count(log.size)),
      element("td", {}, log.at ? `${moment(log.at)} (${span(content.now - log.at)} ago)` : "–"),
      element("td", {}, log.waiting ? `${count(log.waiting)}, for ${span(log.behind_ms)}` : "none"),
      element("td", {}, count(log.checked)),
      element("td", { class: log.fault ? "bad" : log.size === null ? "warn" : "good" }, log.fault ?? (log.size === null ? "no checkpoint" : "holds")),
    ),
  );
  return element(
    "section",
    { class: "panel" },
    element("h2", {}, "Checkpoints"),
    element("p", { class: "about" }, "Of each the console checks: the sealer’s pinned key has signed it, its log never gets shorter, and one size has one root."),
    scroller("Checkpoints", element("table", {}, element("thead", {}, element("tr", {}, ...head.map((name) => element("th", { scope: "col" }, name)))), element("tbody", {}, ...rows))),
  );
}

function proof(content) {
  const witnesses = [...new Set(all(content).flatMap((log) => log.witnesses))];
  return element(
    "section",
    { class: "panel" },
    element("h2", {}, "What proves it"),
    element(
      "dl",
      {},
      element("dt", {}, "witnesses"),
      element("dd", {}, witnesses.length ? `cosigned by ${witnesses.join(", ")}; verify says whether their signatures hold` : "no witness configured here: nothing shows that everybody was shown the same log"),
      element("dt", {}, "entries"),
      element("dd", {}, "the console does not read the log from its beginning. That every entry is the one that was sealed is proven by ", element("code", {}, "veil audit export"), " and ", element("code", {}, "veil audit verify"), ", on any machine."),
    ),
  );
}

function scroller(name, ...children) {
  return element("div", { class: "scroller", tabindex: 0, role: "region", "aria-label": name }, ...children);
}
