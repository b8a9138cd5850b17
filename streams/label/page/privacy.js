/**
 * Makes it hard to take a text away without thinking. None of it stops somebody who wants to: a camera sees what eyes
 * see, and developer tools see everything. What protects the people in the texts is that they were redacted.
 */
import { element, one } from "./dom.js";

const MARKS = 60;
const PRINT_OR_SAVE = new Set(["p", "s"]);

/** The person's name and the time across the page: a photograph says who took it, and when. */
export function watermark(person, now) {
  const time = `${new Date(now).toISOString().slice(0, 16).replace("T", " ")} UTC`;
  const marks = Array.from({ length: MARKS }, () => element("span", {}, `${person} · ${time}`));
  one("#watermark").replaceChildren(...marks);
}

/** Refuses copying, cutting, dragging, the context menu, printing and saving; `told(sentence)` says so. */
export function deter(told) {
  const refuse = (event) => {
    event.preventDefault();
    told("Copying, dragging, printing and saving are off on this page.");
  };
  for (const name of ["copy", "cut", "dragstart", "drop"]) document.addEventListener(name, refuse);
  document.addEventListener("contextmenu", (event) => {
    if (event.pointerType !== "touch") refuse(event); // on touch screens it is how a selection begins
  });
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && PRINT_OR_SAVE.has(event.key.toLowerCase())) refuse(event);
  });
}

/** Hides texts while the window is not the one in use. */
export function hideWhenAway() {
  const hide = (away) => document.documentElement.classList.toggle("away", away);
  addEventListener("blur", () => hide(true));
  addEventListener("focus", () => hide(false));
  document.addEventListener("visibilitychange", () => hide(document.hidden || !document.hasFocus()));
  hide(!document.hasFocus());
}
