/** The card that stands where a task would: what is the case, and what can be done about it. */
import { button, element, key, one } from "./dom.js";

/** `actions`: [{says, does, key, href}]; the first is the main one. A string becomes a paragraph. */
export function showCard({ title, text = [], actions = [] }) {
  one("#work").hidden = true;
  one("#card").hidden = false;
  one("#card-title").textContent = title;
  one("#card-text").replaceChildren(...[text].flat().map((part) => element("p", {}, part)));
  one("#card-actions").replaceChildren(...actions.map(toElement));
  one("#main").focus({ preventScroll: true });
  document.title = `${title} · Veilstream`;
}

/** Does what the card offers for this key; whether it offers anything. */
export function pressOnCard(pressed) {
  if (one("#card").hidden) return false;
  const wanted = one(`#card-actions [data-key="${CSS.escape(pressed)}"]`);
  wanted?.click();
  return Boolean(wanted);
}

function toElement(action, at) {
  const style = at === 0 ? "primary" : "";
  const data = { key: action.key ?? "" };
  const inside = [action.says, action.key ? " " : null, key(action.key)];
  if (!action.href) return button({ class: style, data, does: action.does }, ...inside);
  const elsewhere = action.elsewhere ? { target: "_blank", rel: "noopener" } : {};
  return element("a", { class: `button ${style}`, href: action.href, data, ...elsewhere }, ...inside);
}
