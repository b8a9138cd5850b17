/** How Vault’s own log is matched with the audit: what is so far, and whether somebody is silent. */
import { element } from "./dom.js";
import { count, moment, span } from "./format.js";

/** What is so, in a sentence that stays: [style, words]. */
const STATES = {
  current: () => ["good", "Vault’s own log is matched with the audit up to minutes ago."],
  behind: ({ judged_until: until }, now) => ["warn", until ? `Matching with Vault’s own log is behind: it has come to ${moment(until)} UTC, ${span(now - until)} ago.` : "Matching with Vault’s own log has begun, and judged nothing yet."],
  matcher_silent: ({ at }) => ["bad", `The matcher is silent: it has said nothing since ${moment(at)} UTC. Nobody compares Vault’s own log with the audit.`],
  shipper_silent: ({ vault_until: until }) => ["bad", `Vault’s own log is silent: ${until ? `nothing of it has come since ${moment(until)} UTC` : "nothing of it has ever come"}. What Vault does now is not matched.`],
  never: () => ["warn", "Nobody matches Vault’s own log with the audit here."],
};

export function matchingVerdict({ matching, now }) {
  return STATES[matching.state](matching, now);
}

export function matchingPanel({ matching, now }) {
  const about = "Each use of Vault must have an event on the audit that announced it within a minute. These are the figures of all projects and the platform together, since matching began.";
  return element(
    "section",
    { class: "panel matching" },
    element("h2", {}, "Vault’s own log against the audit"),
    element("p", { class: "about" }, about),
    ...(matching.at ? [sides(matching, now), tallies(matching)] : []),
  );
}

function sides(matching, now) {
  const upTo = (until) => (until ? `${moment(until)} UTC (${span(now - until)} ago)` : "nowhere yet");
  const told = [
    ["judged up to", upTo(matching.judged_until)],
    ["audit read up to", upTo(matching.audit_until)],
    ["Vault’s log came up to", upTo(matching.vault_until)],
    ["waiting to be judged", matching.waiting ? `${count(matching.waiting)} ${matching.waiting === 1 ? "use" : "uses"}` : "none"],
  ];
  return element("dl", {}, ...told.flatMap(([name, text]) => [element("dt", {}, name), element("dd", {}, text)]));
}

function tallies({ matched, alerts }) {
  return element("div", { class: "tallies" }, tally("Announced uses", "kind of use", matched, ""), tally("Alerts told", "rule", alerts, "bad"));
}

/** Bars, so that what is rare stands out beside what is not. */
function tally(name, what, counts, style) {
  const found = Object.entries(counts).sort(([one, many], [other, more]) => more - many || one.localeCompare(other));
  const most = Math.max(1, ...found.map(([, number]) => number));
  const rows = found.map(([key, number]) => {
    const bar = element("span", { class: `bar-line ${style}` });
    bar.style.inlineSize = `${Math.max(1, (100 * number) / most)}%`;
    return element("tr", {}, element("th", { scope: "row" }, key), element("td", { class: "number" }, count(number)), element("td", { class: "bar-cell" }, bar));
  });
  const head = [element("th", { scope: "col" }, what), element("th", { scope: "col", class: "number" }, "how many"), element("td", {})];
  const body = rows.length ? element("table", {}, element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...rows)) : element("p", { class: "quiet" }, "None.");
  return element("div", {}, element("h3", {}, name), body);
}
