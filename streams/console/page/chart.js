/** One plot: lines over time in SVG, with axes, a legend, a readout for pointer and keys, and the numbers as a table. */
import { button, element } from "./dom.js";
import { duration, figure, moment, timeOfDay } from "./format.js";
import { linear, logarithmic, logTicks, runs, ticks, timeTicks } from "./scale.js";

const SVG = "http://www.w3.org/2000/svg";
const ROOT = 15; // pixels of a rem for which the measures below are meant; they grow with it
const HEIGHT = 240;
const MARGIN = { top: 14, right: 14, bottom: 44, left: 58 };
const STRIP = 12; // where what is too few to tell is marked, below the axis

function measures() {
  const times = parseFloat(getComputedStyle(document.documentElement).fontSize) / ROOT;
  const margin = Object.fromEntries(Object.entries(MARGIN).map(([side, size]) => [side, size * times]));
  return { times, height: HEIGHT * times, margin, strip: STRIP * times };
}
const DASHES = ["", "7 4", "2 3", "10 3 2 3"];

function drawn(name, attributes, ...children) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) if (value !== undefined) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** `lines`: [{name, points, hue, dash}]; `windows`: their times; `limit`: a line across, or null. */
export class Chart {
  #hidden = new Set();
  #at = null;
  #width = 0;

  constructor({ plot, lines, windows, length, limit }) {
    Object.assign(this, { plot, lines, windows, length, limit });
    this.readout = element("p", { class: "readout" });
    this.figure = element("div", { class: "canvas" });
    this.element = element(
      "section",
      { class: "plot", "aria-label": plot.title },
      element("div", { class: "plot-head" }, element("h2", {}, plot.title), this.#legend()),
      element("p", { class: "about" }, plot.about),
      this.figure,
      this.readout,
      this.#table(),
    );
    this.#rest();
    this.watcher = new ResizeObserver(([entry]) => this.#resized(entry.contentRect.width));
    this.watcher.observe(this.figure);
  }

  close() {
    this.watcher.disconnect();
  }

  #resized(width) {
    if (Math.abs(width - this.#width) < 2) return;
    this.#width = width;
    this.#draw();
  }

  get #shown() {
    return this.lines.filter((_, at) => !this.#hidden.has(at));
  }

  #legend() {
    const toggles = this.lines.map((line, at) =>
      button(
        {
          class: `legend hue-${line.hue}`,
          "aria-pressed": "true",
          does: ({ currentTarget }) => this.#toggle(at, currentTarget),
        },
        this.#sample(line),
        line.name,
      ),
    );
    return element("div", { class: "legends" }, ...(this.lines.length > 1 ? toggles : []));
  }

  #sample({ dash }) {
    const stroke = { x1: 0, y1: 5, x2: 22, y2: 5, class: "line", "stroke-dasharray": DASHES[dash] || undefined };
    return drawn("svg", { width: 22, height: 10, "aria-hidden": "true" }, drawn("line", stroke));
  }

  #toggle(at, pressed) {
    if (!this.#hidden.delete(at)) this.#hidden.add(at);
    pressed.setAttribute("aria-pressed", String(!this.#hidden.has(at)));
    this.#draw();
  }

  #draw() {
    if (!this.#width) return;
    if (!this.#shown.some((line) => runs(line.points).length)) {
      this.figure.replaceChildren(element("p", { class: "nothing" }, "Nothing published in this time: fewer than 10 in each window, or none."));
      return;
    }
    const focused = document.activeElement === this.svg;
    this.size = measures();
    const scales = this.#scales();
    this.svg = drawn("svg", {
      width: this.#width,
      height: this.size.height,
      viewBox: `0 0 ${this.#width} ${this.size.height}`,
      tabindex: 0,
      role: "img",
      "aria-label": `${this.plot.title}. Arrow keys read it window by window; the table below has all numbers.`,
    });
    this.cross = drawn("g", { class: "cross" });
    this.svg.append(this.#axes(scales), ...this.#limits(scales), ...this.#shown.map((line) => this.#line(line, scales)), this.cross);
    this.svg.addEventListener("pointermove", (event) => this.#point(event, scales));
    this.svg.addEventListener("pointerleave", () => this.#read(null, scales));
    this.svg.addEventListener("keydown", (event) => this.#press(event, scales));
    this.svg.addEventListener("blur", () => this.#read(null, scales));
    this.figure.replaceChildren(this.svg);
    if (focused) this.svg.focus();
  }

  #scales() {
    const { height, margin } = this.size;
    const { top, right, bottom, left } = margin;
    const values = this.#shown.flatMap((line) => line.points.filter((value) => typeof value === "number"));
    if (this.limit !== null) values.push(this.limit);
    const log = this.plot.unit === "milliseconds";
    const least = log ? Math.min(...values) : Math.min(0, ...values);
    const most = Math.max(...values, this.plot.unit === "agreement" ? 1 : 0);
    const names = log ? logTicks(least, most) : ticks(least, most || 1);
    const range = [height - bottom, top];
    const place = (log ? logarithmic : linear)([names[0], names.at(-1)], range);
    const x = linear([this.windows[0], this.windows.at(-1) + this.length], [left, this.#width - right]);
    return { names, y: place, x: (at) => x(this.windows[at] + this.length / 2), time: x };
  }

  #axes({ names, y, time }) {
    const { times, height, margin } = this.size;
    const { right, bottom, left } = margin;
    const end = this.#width - right;
    const until = this.windows.at(-1) + this.length;
    const across = names.flatMap((value) => [
      drawn("line", { class: "grid", x1: left, x2: end, y1: y(value), y2: y(value) }),
      drawn("text", { class: "tick", x: left - 8 * times, y: y(value) + 4 * times, "text-anchor": "end" }, this.#tick(value)),
    ]);
    const wanted = Math.max(2, Math.floor((end - left) / (64 * times)));
    const along = timeTicks(this.windows[0], until, wanted).flatMap((at) => [
      drawn("line", { class: "grid", x1: time(at), x2: time(at), y1: height - bottom, y2: height - bottom + 5 }),
      drawn("text", { class: "tick", x: time(at), y: height - bottom + 32 * times, "text-anchor": "middle" }, this.#clock(at)),
    ]);
    const base = drawn("line", { class: "axis", x1: left, x2: end, y1: height - bottom, y2: height - bottom });
    return drawn("g", { "aria-hidden": "true" }, ...across, ...along, base);
  }

  #tick(value) {
    if (this.plot.unit === "share") return `${Number((100 * value).toPrecision(6))} %`;
    if (this.plot.unit === "milliseconds") return duration(value);
    return value >= 10_000 ? `${value / 1000} k` : String(value);
  }

  #clock(at) {
    const days = this.windows.at(-1) - this.windows[0] > 3 * 86_400_000;
    return days || at % 86_400_000 === 0 ? moment(at).slice(5, 10) : timeOfDay(at).slice(0, 5);
  }

  #limits({ y }) {
    if (this.limit === null) return [];
    const { margin } = this.size;
    const end = this.#width - margin.right;
    const at = y(this.limit);
    const words = `limit ${figure(this.limit, this.plot.unit)}`;
    return [
      drawn("line", { class: "limit", x1: margin.left, x2: end, y1: at, y2: at }),
      drawn("text", { class: "limit-text", x: end, y: at - 5, "text-anchor": "end" }, words),
    ];
  }

  #line({ points, hue, dash }, { x, y }) {
    const group = drawn("g", { class: `hue-${hue}` });
    for (const run of runs(points)) {
      const path = run.map((at, step) => `${step ? "L" : "M"}${x(at).toFixed(1)} ${y(points[at]).toFixed(1)}`).join("");
      group.append(drawn("path", { class: "line", d: path, "stroke-dasharray": DASHES[dash] || undefined }));
      if (run.length === 1 || points.length <= 48)
        group.append(...run.map((at) => drawn("circle", { class: "dot-mark", cx: x(at), cy: y(points[at]), r: 2.6 * this.size.times })));
    }
    const { times, height, margin } = this.size;
    const strip = height - margin.bottom + this.size.strip;
    points.forEach((value, at) => {
      if (value === "few") group.append(drawn("circle", { class: "few", cx: x(at), cy: strip, r: 2.8 * times }));
    });
    return group;
  }

  #point(event, scales) {
    const box = this.svg.getBoundingClientRect();
    const reach = this.windows.at(-1) + this.length - this.windows[0];
    const inside = (event.clientX - box.left - this.size.margin.left) / (box.width - this.size.margin.left - this.size.margin.right);
    const at = Math.floor((inside * reach) / this.length);
    this.#read(at >= 0 && at < this.windows.length ? at : null, scales);
  }

  #press(event, scales) {
    const last = this.windows.length - 1;
    const from = this.#at ?? last + 1;
    const to = { ArrowLeft: from - 1, ArrowRight: from + 1, Home: 0, End: last, Escape: null }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.readout.setAttribute("aria-live", "polite");
    this.#read(to === null ? null : Math.max(0, Math.min(last, to)), scales);
  }

  #read(at, { x, y }) {
    this.#at = at;
    this.cross.replaceChildren();
    if (at === null) {
      this.readout.removeAttribute("aria-live");
      this.#rest();
      return;
    }
    this.cross.append(drawn("line", { class: "hair", x1: x(at), x2: x(at), y1: this.size.margin.top, y2: this.size.height - this.size.margin.bottom }));
    for (const { points, hue } of this.#shown)
      if (typeof points[at] === "number")
        this.cross.append(drawn("circle", { class: `mark hue-${hue}`, cx: x(at), cy: y(points[at]), r: 4.5 * this.size.times }));
    const said = this.#shown.map(({ name, points, hue }) =>
      element("span", { class: `said hue-${hue}` }, element("i", { class: "dot" }), `${name} `, element("b", {}, figure(points[at], this.plot.unit))),
    );
    this.readout.replaceChildren(element("time", {}, `${moment(this.windows[at]).slice(0, 16)} UTC`), ...said);
  }

  #rest() {
    const few = this.lines.some(({ points }) => points.includes("few"));
    const words = few ? "○ below the axis: fewer than 10, so the number is not published." : "";
    this.readout.replaceChildren(element("span", { class: "quiet" }, words || "Point at the plot, or use its arrow keys."));
  }

  #table() {
    const head = element("tr", {}, element("th", { scope: "col" }, "window (UTC)"), ...this.lines.map(({ name }) => element("th", { scope: "col" }, name)));
    const body = element("tbody");
    const table = element("table", {}, element("thead", {}, head), body);
    const fill = () => {
      if (body.childElementCount) return;
      const row = (since, at) =>
        element(
          "tr",
          {},
          element("th", { scope: "row" }, moment(since).slice(0, 16)),
          ...this.lines.map(({ points }) => element("td", {}, figure(points[at], this.plot.unit))),
        );
      const told = this.windows.map((since, at) => [since, at]).filter(([, at]) => this.lines.some(({ points }) => points[at] !== "gap"));
      body.replaceChildren(...told.reverse().map(([since, at]) => row(since, at)));
    };
    const scroller = element("div", { class: "scroller", tabindex: 0, role: "region", "aria-label": `${this.plot.title}: numbers` }, table);
    return element("details", { on: { toggle: fill } }, element("summary", {}, "Numbers"), scroller);
  }
}
