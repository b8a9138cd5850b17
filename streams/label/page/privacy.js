/**
 * Makes it hard to take a text away without thinking. None of it stops somebody who wants to: a camera sees what eyes
 * see, and developer tools see everything. What protects the people in the texts is that they were redacted.
 */
import { element, one } from "./dom.js";
import { nameOf } from "./keys.js";

const MARKS = 60;
const TAKING = { copy: "copy", cut: "cut", dragstart: "drag", drop: null };
const BY_KEY = { p: "print", s: "save" };

/** The person's name and the time across the page: a photograph says who took it, and when. */
export function watermark(person, now) {
  const time = `${new Date(now).toISOString().slice(0, 16).replace("T", " ")} UTC`;
  const marks = Array.from({ length: MARKS }, () => element("span", {}, `${person} · ${time}`));
  one("#watermark").replaceChildren(...marks);
}

/**
 * Refuses copying, cutting, dragging, the context menu, printing and saving: `told(sentence)` says so, and
 * `tried(taking)` hears of what takes a text away. A context menu takes nothing, and many open one by habit.
 */
export function deter(told, tried) {
  const refuse = (taking) => (event) => {
    if (TAKING[event.type] && event.target.matches?.("textarea")) return; // their own words
    event.preventDefault();
    told("Copying, dragging, printing and saving are off on this page.");
    if (taking) tried(taking);
  };
  for (const [name, taking] of Object.entries(TAKING)) document.addEventListener(name, refuse(taking));
  document.addEventListener("contextmenu", (event) => {
    if (event.pointerType !== "touch") refuse(null)(event); // on touch screens it is how a selection begins
  });
  document.addEventListener("keydown", (event) => {
    const taking = event.ctrlKey || event.metaKey ? BY_KEY[nameOf(event)] : undefined;
    if (taking) refuse(taking)(event);
  });
  addEventListener("beforeprint", () => tried("print")); // by the browser's menu: it prints a notice
}

/** Hides texts while the window is not the one in use. */
export function hideWhenAway() {
  const hide = (away) => document.documentElement.classList.toggle("away", away);
  addEventListener("blur", () => hide(true));
  addEventListener("focus", () => hide(false));
  document.addEventListener("visibilitychange", () => hide(document.hidden || !document.hasFocus()));
  hide(!document.hasFocus());
}
