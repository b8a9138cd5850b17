/** What looks wrong by a rule, with what to do about it. */
import { element } from "./dom.js";
import { moment } from "./format.js";

const SEVERITY = { critical: "bad", warning: "warn", notice: "quiet" };

export function alertsPanel({ project, alerts, platform_alerts: platform, playbooks }) {
  return element(
    "section",
    { class: "panel" },
    element("h2", {}, "Alerts"),
    listed("own", `Of ${project}`, alerts.map((alert) => one(alert, playbooks))),
    listed("platform", "Of the platform", platform.map((alert) => ofPlatform(alert, playbooks))),
  );
}

function listed(name, title, told) {
  return element("div", { class: name }, element("h3", {}, title), ...(told.length ? told : [element("p", { class: "quiet" }, "No alert was told.")]));
}

/** The steps of a playbook, where there is one. */
function playbook(steps) {
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

/** Of one of the platform no more is told than concerns everybody. */
function ofPlatform(alert, playbooks) {
  const style = SEVERITY[alert.severity] ?? "";
  const who = [alert.process || "not a process of the platform", alert.operation].filter(Boolean).join(", ");
  return element(
    "details",
    { class: `alert ${style}`, data: { key: `${alert.rule} ${alert.at} ${who}` } },
    element("summary", {}, element("b", {}, alert.rule), element("span", { class: `badge ${style}` }, alert.severity), element("span", { class: "subject" }, who), element("time", {}, moment(alert.at))),
    element("p", { class: "quiet" }, "What exactly it is about may be of another project. Who runs the platform sees it with ", element("code", {}, "veil audit alerts"), "."),
    playbook(playbooks[alert.playbook]),
  );
}
