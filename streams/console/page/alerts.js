/** What looks wrong by a rule, with what to do about it. */
import { element } from "./dom.js";
import { moment } from "./format.js";

export const SEVERITY = { critical: "bad", warning: "warn", notice: "quiet" };

export function alertsPanel({ alerts, playbooks }) {
  const told = alerts.map((alert) => one(alert, playbooks));
  return element("section", { class: "panel" }, element("h2", {}, "Alerts"), ...(told.length ? told : [element("p", { class: "quiet" }, "Nothing looks wrong by any rule.")]));
}

/** The steps of a playbook, where there is one. */
export function playbook(steps) {
  return steps ? element("pre", { class: "playbook" }, steps) : element("p", { class: "quiet" }, "No playbook is written for this rule.");
}

function one(alert, playbooks) {
  const style = SEVERITY[alert.severity] ?? "";
  return element(
    "details",
    { class: `alert ${style}`, data: { key: alert.alert_id } },
    element("summary", {}, element("b", {}, alert.rule), element("span", { class: `badge ${style}` }, alert.severity), element("span", { class: "subject" }, alert.subject), element("time", {}, moment(alert.at))),
    element(
      "dl",
      {},
      element("dt", {}, "from when on"),
      element("dd", {}, moment(alert.since)),
      ...Object.entries(alert.details).flatMap(([name, text]) => [element("dt", {}, name), element("dd", {}, text)]),
      element("dt", {}, "evidence"),
      element("dd", {}, alert.evidence.length ? alert.evidence.join(", ") : "none named"),
    ),
    playbook(playbooks[alert.details.playbook]),
  );
}
