/** How an audit event is shown: in a line, and whole. */
import { button, element } from "./dom.js";
import { count, moment, timeOfDay } from "./format.js";

const FAMILIES = { incident: 4, task: 6, lease: 6, label: 3, verdict: 3, batch: 0, record: 1, raw: 1, session: 2, access: 4, console: 2, policy: 2, control: 2 };

export function hueOf(type) {
  return FAMILIES[type.split(".")[0]] ?? 7;
}

export function isBad(row) {
  return row.decision === "deny" || !["success", undefined].includes(row.outcome);
}

/** What stands in a line, from left to right. */
export function cells(row) {
  return [
    element("time", { class: "when" }, timeOfDay(row.time)),
    element("span", { class: `kind hue-${hueOf(row.type)}` }, element("i", { class: "dot" }), row.type),
    element("span", { class: "who" }, row.person ?? row.process),
    element("span", { class: "what" }, row.resource),
    element("span", { class: isBad(row) ? "more bad" : "more" }, more(row)),
    element("span", { class: "of" }, row.project),
  ];
}

/** What is not ordinary about it. */
export function more(row) {
  const outcomes = Object.entries(row.outcomes ?? {}).map(([name, number]) => `${count(number)} ${name}`);
  const said = row.outcome !== "success" ? row.outcome : "";
  return [said, row.decision === "deny" ? "denied" : "", row.reason, row.purpose, ...outcomes].filter(Boolean).join(" · ");
}

/** All of an event; `trace(id)` follows a name in it, where that may be done. */
export function whole(row, trace) {
  const plain = [
    ["when (UTC)", moment(row.time)],
    ["who", row.person],
    ["process", row.process],
    ["project", row.project],
    ["outcome", row.outcome],
    ["decision", row.decision === "none" ? "" : row.decision],
    ["reason", row.reason],
    ["purpose", row.purpose],
    ["event", row.id],
  ];
  const named = [["resource", [row.resource]], ["parents", row.parents ?? []], ["bundle", row.bundle ? [row.bundle] : []]];
  const told = [...Object.entries(row.outcomes ?? {}).map(([name, number]) => [name, count(number)]), ...Object.entries(row.details ?? {})];
  return [
    element("h2", { class: `kind hue-${hueOf(row.type)}` }, element("i", { class: "dot" }), row.type),
    element(
      "dl",
      {},
      ...plain.filter(([, text]) => text).flatMap(([name, text]) => pair(name, text)),
      ...named.filter(([, ids]) => ids.length).flatMap(([name, ids]) => pair(name, ...ids.map((id) => follow(id, trace)))),
      ...told.flatMap(([name, text]) => pair(name, text)),
    ),
  ];
}

function pair(name, ...values) {
  return [element("dt", {}, name), element("dd", {}, ...values)];
}

function follow(id, trace) {
  if (!trace) return element("span", { class: "id" }, id);
  return button({ class: "id", title: "Follow its lineage", does: () => trace(id) }, id);
}
