/** What may be told of the placeholder one is at: asked for by a button or a key, shown beside it. */
import { button, element, key, one, redraw } from "./dom.js";
import { chipText } from "./fields.js";

/** `acts`: {hint}. Its place is kept while there may be hints: labels must not move away from who goes for one. */
export function drawHint(task, acts) {
  const { asked } = task;
  one("#told").hidden = Object.keys(task.asks).length === 0;
  redraw(one("#told"), ...(asked ? [offered(task, asked, acts)] : []));
}

function offered(task, asked, acts) {
  const name = chipText(task.texts.get(asked.field), asked.atom);
  const known = task.hints.has(asked.placeholder);
  if (known) return element("span", {}, sentenceOf(name, task.hints.get(asked.placeholder)));
  return button({ does: acts.hint, id: "ask-hint" }, `Hint about ${name} `, key("."));
}

/** In words, for the eye and for the ear. */
export function sentenceOf(name, hint) {
  return hint ? `${name}: ${hint}` : `${name}: nothing can be told of this one.`;
}