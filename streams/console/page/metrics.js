/** The plots of one project: over which time, of which policy version. */
import { Chart } from "./chart.js";
import { element } from "./dom.js";

const RANGES = [
  ["Last 3 hours, by minute", { days: 1, windows: "minute", last: 180 }],
  ["Last day, by hour", { days: 1, windows: "hour" }],
  ["Last 7 days, by hour", { days: 7, windows: "hour" }],
  ["Last 30 days, by hour", { days: 30, windows: "hour" }],
];
const AGAIN = 60_000;

export class MetricsView {
  #charts = [];
  #content = null;

  constructor(desk) {
    this.desk = desk;
    this.range = select("Time", RANGES.map(([name], at) => [String(at), name]), () => this.load());
    this.range.value = "1";
    this.policy = select("Policy version", [["", "the newest"]], () => this.#show());
    this.charts = element("div", { class: "plots" });
    this.element = element(
      "div",
      { class: "metrics" },
      element("div", { class: "bar" }, element("h1", {}, "Privacy metrics"), this.range.label, this.policy.label),
      this.charts,
    );
  }

  begin() {
    this.load();
    this.timer = setInterval(() => this.load(), AGAIN);
  }

  end() {
    clearInterval(this.timer);
    this.#clear();
  }

  async load() {
    const [, range] = RANGES[Number(this.range.value)];
    const content = await this.desk.ask((signal) => this.desk.api.metrics({ project: this.desk.project, days: range.days, windows: range.windows }, signal));
    if (!content) return;
    this.#content = range.last ? latest(content, range.last) : content;
    this.#offer(content.policies);
    this.#show();
  }

  #offer(policies) {
    const kept = this.policy.value;
    const known = policies.filter(({ hash }) => hash);
    const options = [["", "the newest"], ["*", "all of them"], ...known.map(({ hash, name }) => [hash, name])];
    this.policy.offer(options);
    this.policy.value = options.some(([value]) => value === kept) ? kept : "";
  }

  #show() {
    if (!this.#content || this.charts.contains(document.activeElement)) return; // nobody is interrupted while reading
    this.#clear();
    const { plots, policies, windows, length_ms: length } = this.#content;
    const wanted = this.#wanted(policies);
    this.#charts = plots.map((plot) => new Chart({ plot, windows, length, limit: this.#limit(plot, policies, wanted), lines: linesOf(plot, policies, wanted) }));
    this.charts.replaceChildren(...this.#charts.map((chart) => chart.element));
  }

  /** Hashes of the policies to show; what belongs to the project as a whole always. */
  #wanted(policies) {
    if (this.policy.value === "*") return policies.map(({ hash }) => hash);
    const one = this.policy.value || policies.find(({ hash }) => hash)?.hash;
    return ["", ...(one ? [one] : [])];
  }

  #limit(plot, policies, wanted) {
    if (plot.id !== "leak") return null;
    const limits = policies.filter(({ hash, limit }) => wanted.includes(hash) && limit !== null).map(({ limit }) => limit);
    return limits.length ? Math.min(...limits) : null;
  }

  #clear() {
    for (const chart of this.#charts) chart.close();
    this.#charts = [];
  }
}

/** A line for each curve and policy: the hue says which curve, the dashes which policy. */
export function linesOf(plot, policies, wanted) {
  const shown = policies.filter(({ hash }) => wanted.includes(hash));
  return plot.curves.flatMap((curve, at) => {
    const mine = shown.filter(({ hash }) => curve.points[hash]);
    return mine.map(({ hash, name }, which) => ({
      name: mine.length > 1 || plot.curves.length === 1 ? [curve.name, hash && name].filter(Boolean).join(" · ") : curve.name,
      points: curve.points[hash],
      hue: at % 8,
      dash: which % 4,
    }));
  });
}

/** The last windows only. */
export function latest(content, number) {
  const from = Math.max(0, content.windows.length - number);
  const cut = (points) => Object.fromEntries(Object.entries(points).map(([hash, line]) => [hash, line.slice(from)]));
  const curve = (one) => ({ ...one, points: cut(one.points) });
  return { ...content, windows: content.windows.slice(from), plots: content.plots.map((plot) => ({ ...plot, curves: plot.curves.map(curve) })) };
}

/** A labelled choice; `label` is its element. */
function select(name, options, chosen) {
  const made = element("select", { on: { change: chosen } });
  const label = element("label", { class: "choice" }, `${name} `, made);
  const offer = (some) => made.replaceChildren(...some.map(([value, text]) => element("option", { value }, text)));
  offer(options);
  return {
    label,
    offer,
    get value() {
      return made.value;
    },
    set value(value) {
      made.value = value;
    },
  };
}
