/** A list of thousands of rows of which only those in sight are in the document. */
import { element } from "./dom.js";

const MORE = 12; // rows drawn beyond both edges, so that a quick scroll shows no hole

/** `make(row)` gives what is in a row; `chosen(row)` is told what was clicked or walked to. */
export class Rows {
  #rows = [];
  #selected = null;
  #drawn = "";
  #height = 0;

  constructor({ make, chosen, label }) {
    this.make = make;
    this.chosen = chosen;
    this.space = element("div", { class: "space", role: "presentation" });
    this.element = element("div", { class: "rows", role: "listbox", tabindex: 0, "aria-label": label }, this.space);
    this.element.addEventListener("scroll", () => this.#soon());
    this.element.addEventListener("keydown", (event) => this.#press(event));
    this.element.addEventListener("click", (event) => this.#click(event));
    this.watcher = new ResizeObserver(() => this.#soon(true));
    this.watcher.observe(this.element);
  }

  close() {
    this.watcher.disconnect();
  }

  /** New rows; who has scrolled down stays at the row they read: `above` of them are new on top. */
  show(rows, above = 0) {
    this.#rows = rows;
    const reads = this.element.scrollTop > 0;
    this.#measure();
    this.space.style.setProperty("height", `${rows.length * this.#height}px`);
    if (reads && above) this.element.scrollTop += above * this.#height;
    this.#draw(true);
  }

  #measure() {
    this.#height = parseFloat(getComputedStyle(this.element).getPropertyValue("--row")) * parseFloat(getComputedStyle(document.documentElement).fontSize);
  }

  #soon(measure = false) {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => {
      if (measure) {
        this.#measure();
        this.space.style.setProperty("height", `${this.#rows.length * this.#height}px`);
      }
      this.#draw(measure);
    });
  }

  #draw(anew = false) {
    if (!this.#height) return;
    const first = Math.max(0, Math.floor(this.element.scrollTop / this.#height) - MORE);
    const last = Math.min(this.#rows.length, Math.ceil((this.element.scrollTop + this.element.clientHeight) / this.#height) + MORE);
    if (!anew && this.#drawn === `${first}-${last}`) return;
    this.#drawn = `${first}-${last}`;
    this.space.replaceChildren(...this.#rows.slice(first, last).map((row, at) => this.#option(row, first + at)));
    const selected = this.#rows.findIndex(({ number }) => number === this.#selected);
    if (selected >= first && selected < last) this.element.setAttribute("aria-activedescendant", `row-${this.#selected}`);
    else this.element.removeAttribute("aria-activedescendant");
  }

  #option(row, at) {
    const made = element(
      "div",
      {
        class: "row",
        id: `row-${row.number}`,
        role: "option",
        "aria-selected": String(row.number === this.#selected),
        "aria-setsize": String(this.#rows.length),
        "aria-posinset": String(at + 1),
        data: { number: row.number },
      },
      ...this.make(row),
    );
    made.style.setProperty("top", `${at * this.#height}px`);
    return made;
  }

  #click(event) {
    const number = Number(event.target.closest?.("[data-number]")?.dataset.number);
    const row = this.#rows.find((one) => one.number === number);
    if (row) this.select(row);
  }

  #press(event) {
    const page = Math.max(1, Math.floor(this.element.clientHeight / this.#height) - 1);
    const at = this.#rows.findIndex(({ number }) => number === this.#selected);
    const to = { ArrowDown: at + 1, ArrowUp: at < 0 ? 0 : at - 1, PageDown: at + page, PageUp: at - page, Home: 0, End: this.#rows.length - 1 }[event.key];
    if (to === undefined || !this.#rows.length) return;
    event.preventDefault();
    const row = this.#rows[Math.max(0, Math.min(this.#rows.length - 1, to))];
    this.#reveal(this.#rows.indexOf(row));
    this.select(row);
  }

  #reveal(at) {
    const top = at * this.#height;
    const { scrollTop, clientHeight } = this.element;
    if (top < scrollTop) this.element.scrollTop = top;
    else if (top + this.#height > scrollTop + clientHeight) this.element.scrollTop = top + this.#height - clientHeight;
  }

  select(row) {
    this.#selected = row?.number ?? null;
    this.#draw(true);
    if (row) this.chosen(row);
  }
}
