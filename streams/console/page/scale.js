/** From values to places, and which values an axis names. Pure: no DOM here. */

const HOUR = 3_600_000;
const STEPS = [60_000, 300_000, 900_000, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, 24 * HOUR, 48 * HOUR, 168 * HOUR];

/** Round values from 0 (or below) to at least `most`, about `wanted` of them. */
export function ticks(least, most, wanted = 5) {
  const reach = most - least || 1;
  const raw = reach / wanted;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((one) => one * power).find((one) => one >= raw);
  const first = Math.floor(least / step + 1e-9);
  const last = Math.ceil(most / step - 1e-9);
  return Array.from({ length: last - first + 1 }, (_, at) => Number(((first + at) * step).toPrecision(12)));
}

/** Powers of ten around what is drawn; every second or third one where there are many. */
export function logTicks(least, most, wanted = 5) {
  const first = Math.floor(Math.log10(Math.max(least, 1)));
  const last = Math.max(first + 1, Math.ceil(Math.log10(Math.max(most, 1))));
  const step = Math.ceil((last - first) / wanted);
  return Array.from({ length: Math.floor((last - first) / step) + 1 }, (_, at) => 10 ** (first + at * step));
}

/** Whole hours or days between two times, at most `wanted`. */
export function timeTicks(since, until, wanted) {
  const step = STEPS.find((one) => (until - since) / one <= wanted) ?? STEPS.at(-1);
  const found = [];
  for (let at = Math.ceil(since / step) * step; at <= until; at += step) found.push(at);
  return found;
}

/** A function from values to places. */
export function linear([from, to], [start, end]) {
  return (value) => start + ((value - from) / (to - from || 1)) * (end - start);
}

export function logarithmic([from, to], range) {
  const place = linear([Math.log10(from), Math.log10(to)], range);
  return (value) => place(Math.log10(Math.max(value, from)));
}

/** Points that are numbers, in runs: a line is drawn through a run and never over what is missing. */
export function runs(points) {
  const found = [];
  let run = [];
  points.forEach((value, at) => {
    if (typeof value === "number") run.push(at);
    else if (run.length) {
      found.push(run);
      run = [];
    }
  });
  if (run.length) found.push(run);
  return found;
}
