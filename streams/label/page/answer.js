/**
 * An answer to a task, as values that never change: spans ({field, start, end, label}), choices ({name: option}) and
 * marks of what should not be there ({field, start, end}). No DOM here.
 */
export const NOTHING = Object.freeze({ spans: [], choices: {}, marks: [] });

export function sameRange(one, other) {
  return one.field === other.field && one.start === other.start && one.end === other.end;
}

export function sameSpan(one, other) {
  return sameRange(one, other) && one.label === other.label;
}

/** With the span, or without it if it was there. */
export function toggled(answer, span) {
  const without = answer.spans.filter((other) => !sameSpan(other, span));
  const spans = without.length < answer.spans.length ? without : inOrder([...answer.spans, span]);
  return { ...answer, spans };
}

export function withoutSpan(answer, span) {
  return { ...answer, spans: answer.spans.filter((other) => !sameSpan(other, span)) };
}

/** With another label on the span; the two become one where that span was there already. */
export function relabeled(answer, span, label) {
  const renamed = { ...span, label };
  const others = answer.spans.filter((other) => !sameSpan(other, span) && !sameSpan(other, renamed));
  return { ...answer, spans: inOrder([...others, renamed]) };
}

/** With the option chosen, or not any more if it was. */
export function chosen(answer, name, option) {
  const choices = { ...answer.choices };
  if (choices[name] === option) delete choices[name];
  else choices[name] = option;
  return { ...answer, choices };
}

export function toggledMark(answer, mark) {
  const without = answer.marks.filter((other) => !sameRange(other, mark));
  const marks = without.length < answer.marks.length ? without : inOrder([...answer.marks, mark]);
  return { ...answer, marks };
}

/** The names of the choices that have no option yet. */
export function openChoices(answer, choices) {
  return Object.keys(choices).filter((name) => !(name in answer.choices));
}

/** The spans that cover a point or end at it, the shortest first: what a click there means. */
export function spansAt(answer, field, point) {
  return answer.spans
    .filter((span) => span.field === field && span.start <= point && point <= span.end)
    .sort((one, other) => one.end - one.start - (other.end - other.start));
}

/** What the API takes. */
export function resultOf(answer) {
  return { spans: answer.spans, choices: answer.choices };
}

function inOrder(spans) {
  return spans.sort(
    (one, other) =>
      compare(one.field, other.field) ||
      one.start - other.start ||
      one.end - other.end ||
      compare(one.label, other.label),
  );
}

function compare(one = "", other = "") {
  return one < other ? -1 : Number(one > other);
}
