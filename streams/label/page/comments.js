/** What is said about a task, in words: who, when, what is masked, how much may be typed. No DOM here. */

export const LONGEST = 1000; // code points, as the server counts them
const SAID_ALOUD = [100, 20, 0]; // characters left, when the count comes to so many or jumps past
const MASK = "*****"; // what redaction leaves of what it finds
const LOOKS = [1, 2, 4, 8, 15, 30]; // seconds between looking whether a comment is redacted; then people look
const UNSHOWN = {
  nothing_left: "Nothing of it can be shown: all of it was masked. Only you see that it was there.",
  risk_too_high: "It says too much about somebody, so it is shown to nobody. Ask in other words.",
};

/** Milliseconds until the next look, or null: as many as there may be were taken. */
export function nextLook(taken) {
  return taken < LOOKS.length ? 1000 * LOOKS[taken] : null;
}

/** Characters that may still be typed; below nothing where it is too long. */
export function room(text) {
  return LONGEST - [...text].length;
}

/** What is said aloud when room for `before` characters has become room for `left`; mostly nothing. */
export function countAloud(before, left) {
  if (left < 0) return before < 0 ? "" : "Too long.";
  return SAID_ALOUD.some((mark) => left <= mark && before > mark) ? `${left} characters left.` : "";
}

export function tooLong(characters) {
  return `That is too long: ${characters === 1 ? "1 character has" : `${characters} characters have`} to go.`;
}

/** [{text, masked}]: a text cut where redaction has masked something. */
export function partsOf(text) {
  const parts = text.split(MASK).flatMap((part, at) => [...(at ? [{ text: MASK, masked: true }] : []), { text: part }]);
  return parts.filter((part) => part.text);
}

export function writerOf({ mine, lead }) {
  if (mine) return "You";
  return lead ? "Who leads" : "An annotator";
}

/** What its writer is told of a comment that others don't see; empty where they do. */
export function standingOf({ standing, reason }) {
  if (standing === "waiting") return "Waits for redaction. Nobody sees it yet.";
  if (standing === "refused") return UNSHOWN[reason] ?? "It could not be redacted, so it is shown to nobody. Write it anew.";
  return "";
}

/** 130,000 → "2 min ago". */
export function ago(milliseconds) {
  const minutes = Math.floor(Math.max(0, milliseconds) / 60_000);
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${minutes} min ago`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h ago`;
  const days = Math.floor(hours / 24);
  return days === 1 ? "a day ago" : `${days} days ago`;
}
