/** Numbers and times as people read them. UTC, as on the audit. No DOM here. */

const LAST = 8.64e15; // milliseconds; no Date goes further
const PAD = (number) => String(number).padStart(2, "0");

export function timeOfDay(milliseconds) {
  const at = new Date(milliseconds);
  return `${PAD(at.getUTCHours())}:${PAD(at.getUTCMinutes())}:${PAD(at.getUTCSeconds())}`;
}

export function day(milliseconds) {
  return new Date(milliseconds).toISOString().slice(0, 10);
}

/** As the bare number where somebody wrote a time that no calendar has. */
export function moment(milliseconds) {
  if (Math.abs(milliseconds) > LAST) return `${milliseconds} ms`;
  return `${day(milliseconds)} ${timeOfDay(milliseconds)}`;
}

/** "3 s", "5 min", "2 h", "4 days". */
export function span(milliseconds) {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 90) return `${seconds} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 48 * 3600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}

/** 1234567 → "1,234,567". */
export function count(number) {
  return number.toLocaleString("en");
}

/** A figure with its unit: `share`, `count`, `milliseconds`, `agreement`. */
export function figure(value, unit) {
  if (value === "few") return "fewer than 10, or withheld";
  if (value === "gap") return "nothing published";
  if (unit === "share") return `${precise(100 * value)} %`;
  if (unit === "milliseconds") return duration(value);
  if (unit === "agreement") return value.toFixed(2);
  return count(value);
}

export function duration(milliseconds) {
  if (milliseconds < 1000) return `${precise(milliseconds)} ms`;
  if (milliseconds < 120_000) return `${precise(milliseconds / 1000)} s`;
  if (milliseconds < 7_200_000) return `${precise(milliseconds / 60_000)} min`;
  return `${precise(milliseconds / 3_600_000)} h`;
}

/** Three digits that matter. */
function precise(value) {
  if (value === 0) return "0";
  return String(Number(value.toPrecision(3)));
}
