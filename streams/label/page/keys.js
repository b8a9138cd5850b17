/** Which key does what. Digits are labels; letters that no command has are options of choices. No DOM here. */

export const COMMANDS = [
  { key: "Enter", does: "send", says: "Send the answer, and get the next task" },
  { key: "Escape", does: "clear", says: "Select nothing; leave the report" },
  { key: "z", does: "undo", says: "Undo (also Ctrl Z)" },
  { key: "y", does: "redo", says: "Redo (also Ctrl Y)" },
  { key: "n", does: "nextSpan", says: "Go to the next span" },
  { key: "p", does: "previousSpan", says: "Go to the span before" },
  { key: "Delete", does: "remove", says: "Remove the span you are at (also Backspace)" },
  { key: ".", does: "hint", says: "Ask for a hint about the dotted placeholder you are at" },
  { key: "c", does: "comment", says: "Comments: read and write about the task (Esc: back to the text)" },
  { key: "s", does: "skip", says: "Skip the task or give it back" },
  { key: "x", does: "report", says: "Report exposed data" },
  { key: "m", does: "mark", says: "While reporting: mark what you selected" },
  { key: "g", does: "guidelines", says: "Open or close the guidelines" },
  { key: "?", does: "help", says: "Show the keys" },
];
/** Where who leads answers. */
export const ON_LIST = [
  { key: "1–9", says: "Open one of the first nine tasks; the open one: look again" },
  { key: "Ctrl ↵", says: "In the box: send the comment" },
  { key: "Escape", says: "In the box: back to the list; on the list: leave it" },
  { key: "?", says: "Show the keys" },
];
const ALSO = { Backspace: "remove" };
const WITH_CONTROL = { z: "undo", y: "redo" };
const DIGITS = [..."1234567890"];
const LETTERS = [..."qwertuioadfhjklvb"];

/** {label: key} and {choice: {option: key}}; who comes late and finds no key has none ("") and is clicked. */
export function keysFor(labels, choices) {
  const letters = [...LETTERS];
  const digits = [...DIGITS];
  const forLabels = Object.fromEntries(labels.map((label) => [label, digits.shift() ?? letters.shift() ?? ""]));
  const forChoices = Object.fromEntries(
    Object.entries(choices).map(([name, options]) => [
      name,
      Object.fromEntries(options.map((option) => [option, letters.shift() ?? ""])),
    ]),
  );
  return { labels: forLabels, choices: forChoices };
}

/**
 * How keys are called here. A letter of another alphabet is the one that stands in its place on most keyboards, and
 * a digit is one also where it takes Shift (UI Events, 5.3.6: `code` is the place).
 */
export function nameOf({ key, code = "", shiftKey = false, altGraph = false }) {
  if (key.length !== 1 || /^[a-z0-9]$/i.test(key) || altGraph) return key.length === 1 ? key.toLowerCase() : key;
  const [, letter, digit] = /^(?:Key([A-Z])|Digit([0-9]))$/.exec(code) ?? [];
  if (digit && !shiftKey) return digit;
  return letter && key > "\x7f" ? letter.toLowerCase() : key.toLowerCase();
}

/** The command a key press means, or undefined. `press`: {key, control, shift}. */
export function commandOf({ key, control, shift }) {
  if (control) return key === "z" && shift ? "redo" : WITH_CONTROL[key];
  return COMMANDS.find((command) => command.key === key)?.does ?? ALSO[key];
}

/** The motion of the selection a key press means, or undefined. `rightToLeft`: how the field reads. */
export function motionOf({ key, control }, rightToLeft) {
  const forward = rightToLeft ? "ArrowLeft" : "ArrowRight";
  const backward = rightToLeft ? "ArrowRight" : "ArrowLeft";
  if (key === forward) return control ? "nextWord" : "next";
  if (key === backward) return control ? "previousWord" : "previous";
  if (key === "Home") return "start";
  if (key === "End") return "end";
  return control && key === "a" ? "all" : undefined;
}
