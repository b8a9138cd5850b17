/** How an answer to a practice task compares with the known one. No DOM here. */
import { sameRange, sameSpan } from "./answer.js";

const PLACEHOLDER = /\[([A-Z][A-Z0-9_]*)_\d+\]/gu;

/**
 * {right, missed, wrongLabel, inexact, extra, choices, perfect}. `right`, `missed` and `extra` hold spans; `wrongLabel`
 * and `inexact` {given, known} pairs: the same place with another label; an overlapping place with the same label.
 * `choices`: {name, given, known} of those that differ.
 */
export function compared(known, answer) {
  const right = known.spans.filter((span) => answer.spans.some((given) => sameSpan(given, span)));
  const open = known.spans.filter((span) => !right.includes(span));
  const rest = answer.spans.filter((given) => !right.some((span) => sameSpan(given, span)));
  const wrongLabel = pairs(open, rest, sameRange);
  const inexact = pairs(open, rest, (given, span) => given.label === span.label && overlap(given, span));
  const choices = Object.entries(known.choices)
    .filter(([name, option]) => answer.choices[name] !== option)
    .map(([name, option]) => ({ name, given: answer.choices[name], known: option }));
  const perfect = open.length + rest.length + wrongLabel.length + inexact.length + choices.length === 0;
  return { right, missed: open, wrongLabel, inexact, extra: rest, choices, perfect };
}

/** Placeholders of a practice text, which comes without their places. */
export function placeholdersIn(text) {
  const points = (unit) => [...text.slice(0, unit)].length;
  return [...text.matchAll(PLACEHOLDER)].map((match) => ({
    start: points(match.index),
    end: points(match.index + match[0].length),
    category: match[1],
  }));
}

/** Takes what matches out of both lists. */
function pairs(known, given, matches) {
  const found = [];
  for (const span of [...known]) {
    const at = given.findIndex((other) => matches(other, span));
    if (at < 0) continue;
    found.push({ given: given[at], known: span });
    given.splice(at, 1);
    known.splice(known.indexOf(span), 1);
  }
  return found;
}

function overlap(one, other) {
  return one.field === other.field && one.start < other.end && other.start < one.end;
}
