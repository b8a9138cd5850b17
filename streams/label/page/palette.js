/** The side of the task: labels and choices with their keys, what is marked, what is reported. */
import { sameSpan } from "./answer.js";
import { button, element, key, one, redraw, words } from "./dom.js";

const EXCERPT = 60;

/** `acts`: {label, choose, activate, removeSpan}. */
export function drawPalette(task, acts) {
  one("#labels").hidden = task.labels.spans.length === 0;
  one("#spans").hidden = task.labels.spans.length === 0;
  redraw(one("#labels .palette"), ...task.labels.spans.map((label) => labelButton(task, label, acts)));
  redraw(one("#choices"), ...Object.keys(task.labels.choices).map((name, at) => choice(task, name, at, acts)));
  const spans = task.answer.spans.map((span) => spanItem(task, span, acts));
  redraw(one("#spans ol"), ...(spans.length ? spans : [element("li", { class: "none" }, "Nothing yet.")]));
}

function labelButton(task, label, acts) {
  return button(
    { class: `label hue-${task.hue(label)}`, does: () => acts.label(label), data: { label } },
    element("span", { class: "dot", "aria-hidden": "true" }),
    element("span", { class: "name" }, words(label)),
    key(task.keys.labels[label]),
  );
}

function choice(task, name, at, acts) {
  const options = task.labels.choices[name].map((option) =>
    button(
      {
        class: "option",
        "aria-pressed": String(task.answer.choices[name] === option),
        does: () => acts.choose(name, option),
        data: { choice: name, option },
      },
      element("span", { class: "name" }, words(option)),
      key(task.keys.choices[name][option]),
    ),
  );
  return element(
    "section",
    { role: "group", "aria-labelledby": `choice-${at}` },
    element("h2", { id: `choice-${at}` }, words(name)),
    element("div", { class: "options" }, ...options),
  );
}

function spanItem(task, span, acts) {
  const excerpt = shortened(task.excerpt(span));
  const active = Boolean(task.active) && sameSpan(task.active, span);
  return element(
    "li",
    { class: `hue-${task.hue(span.label)}` },
    button(
      { class: "go", "aria-pressed": String(active), does: () => acts.activate(span) },
      element("span", { class: "dot", "aria-hidden": "true" }),
      element("span", { class: "name" }, words(span.label)),
      " ",
      element("bdi", {}, excerpt),
    ),
    button(
      {
        class: "remove",
        "aria-label": `Remove ${words(span.label)}: ${excerpt}`,
        does: () => acts.removeSpan(span),
      },
      "×",
    ),
  );
}

export const REPORT_REASONS = [
  { reason: "personal_data", says: "Personal data" },
  { reason: "secret", says: "A password, key or other secret" },
  { reason: "other_sensitive", says: "Something else that is sensitive" },
];

/** `acts`: {reason, mark, report, cancel}. */
export function drawReport(task, acts) {
  one("#exposed").hidden = !task.reporting;
  for (const part of ["#labels", "#choices", "#spans", "#send"])
    one(part).classList.toggle("aside", task.reporting);
  if (!task.reporting) return;
  redraw(one("#exposed ol"), ...task.answer.marks.map((mark) => markItem(task, mark, acts)));
  redraw(
    one("#exposed .palette"),
    ...REPORT_REASONS.map(({ reason, says }, at) =>
      button(
        {
          class: "option",
          "aria-pressed": String(task.reason === reason),
          does: () => acts.reason(reason),
          data: { reason },
        },
        element("span", { class: "name" }, says),
        key(String(at + 1)),
      ),
    ),
  );
  redraw(
    one("#exposed .actions"),
    button(
      { class: "primary danger", id: "report-now", does: acts.report },
      "Report and pull the task ",
      key("Enter"),
    ),
    button({ does: acts.mark }, "Mark the selection ", key("m")),
    button({ does: acts.cancel }, "Back to labeling ", key("Escape")),
  );
}

/** Of a task that is gone: what was marked in it is text of it. */
export function clearPalette() {
  for (const list of ["#spans ol", "#exposed ol"]) one(list).replaceChildren();
}

function markItem(task, mark, acts) {
  const excerpt = shortened(task.excerpt(mark));
  const remove = { class: "remove", "aria-label": `Unmark: ${excerpt}`, does: () => acts.unmark(mark) };
  return element("li", {}, element("bdi", { class: "exposed-text" }, excerpt), button(remove, "×"));
}

/** Long spans are named by their beginning; cut between code points. */
export function shortened(text) {
  const characters = [...text];
  return characters.length <= EXCERPT ? text : `${characters.slice(0, EXCERPT - 1).join("")}…`;
}
