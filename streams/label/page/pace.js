/** A person's own progress in this window. Counts only time spent on tasks, not breaks. No DOM here. */
export const MEANINGFUL = 3;

export class Pace {
  #counts = { label: 0, skip: 0, release: 0, report: 0 };
  #durations = [];

  /** A task ended so, after `milliseconds` with it. */
  ended(outcome, milliseconds) {
    this.#counts[outcome] += 1;
    if (outcome === "label") this.#durations.push(milliseconds);
  }

  /** {labeled, skipped, perHour, median}; the last two (median in ms) are null before there is enough to say. */
  summary() {
    const { label, skip, release, report } = this.#counts;
    const enough = this.#durations.length >= MEANINGFUL;
    const total = this.#durations.reduce((sum, duration) => sum + duration, 0);
    return {
      labeled: label,
      skipped: skip + release,
      reported: report,
      perHour: enough ? Math.round((label * 3_600_000) / Math.max(total, 1)) : null,
      median: enough ? median(this.#durations) : null,
    };
  }
}

function median(numbers) {
  const sorted = [...numbers].sort((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
