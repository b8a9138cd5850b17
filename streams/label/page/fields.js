/** Shows the fields of a task, and keeps the browser's selection and ours the same. */
import { element, words } from "./dom.js";
import { lanesOf, piecesOf } from "./pieces.js";
import { placeOf, pointAt } from "./places.js";
import { caretAt, isEmpty } from "./selection.js";

const NUMBERED = /^\[[A-Z][A-Z0-9_]*_(\d+)\]$/u;
const LANES = 4; // bars below a line; what overlaps more shares the last

export class Fields {
  /** `selected(selection)` is told what people select, by mouse, finger or keys; `reached(field, point)` of clicks. */
  constructor(root, { selected, reached }) {
    this.root = root;
    this.caret = element("span", { class: "caret", hidden: true, "aria-hidden": "true" });
    this.selected = selected;
    this.reached = reached;
    this.texts = new Map();
    this.hintOf = () => undefined;
    this.holders = new Map();
    document.addEventListener("selectionchange", () => this.#follow());
    root.addEventListener("mousedown", (event) => this.#press(event));
    addEventListener("mouseup", () => this.dragging && this.#settle());
    addEventListener("resize", () => this.#drawCaret());
  }

  /** `texts`: a Map of FieldText by path. `hintOf(path, atom)`: see `#hint`. */
  open(texts, hintOf = () => undefined) {
    this.texts = texts;
    this.hintOf = hintOf;
    this.selection = null;
    this.holders = new Map([...texts.keys()].map((path) => [path, this.#holder(path)]));
    this.root.replaceChildren(
      ...[...this.holders].map(([path, holder], at) =>
        element("section", { class: "field" }, element("h2", { id: `field-${at}` }, path), holder),
      ),
    );
    [...this.holders.values()].forEach((holder, at) => holder.setAttribute("aria-labelledby", `field-${at}`));
  }

  /** `answer` with its spans and marks; `hue(label)`; `active`: the span to stand out; `missed`: spans to hint at. */
  draw(answer, hue, active = null, missed = []) {
    for (const [path, holder] of this.holders) {
      const of = (spans) => spans.filter((span) => span.field === path);
      const spans = [...of(answer.spans), ...of(missed).map((span) => ({ ...span, missed: true }))];
      const pieces = piecesOf(this.texts.get(path), spans, of(answer.marks));
      const lanes = new Map(lanesOf(spans).map((lane, at) => [spans[at], Math.min(lane, LANES - 1)]));
      holder.replaceChildren(...pieces.map((piece) => this.#piece(path, piece, lanes, hue, active)));
    }
    this.show(this.selection);
  }

  /** Select this, as if a person had. */
  select(selection) {
    this.show(selection);
    this.selected(selection);
  }

  /** Bring the browser's selection to ours. */
  show(selection) {
    this.selection = selection;
    const native = getSelection();
    const holder = selection && this.holders.get(selection.field);
    if (!holder) {
      if (this.#isOurs(native)) native.removeAllRanges();
    } else {
      const text = this.texts.get(selection.field);
      const place = (point) => placeOf(holder, point, text);
      native.setBaseAndExtent(...place(selection.anchor), ...place(selection.focus));
    }
    this.#drawCaret();
  }

  /** Where a line above or below is: the browser knows its lines. */
  line(direction, extend) {
    const native = getSelection();
    native.modify(extend ? "extend" : "move", direction, "line");
    this.#settle();
  }

  focus(field = [...this.holders.keys()][0]) {
    this.holders.get(field)?.focus({ preventScroll: false });
  }

  rightToLeft(field) {
    return getComputedStyle(this.holders.get(field)).direction === "rtl";
  }

  #holder(path) {
    const holder = element("div", {
      class: "text",
      dir: "auto",
      tabindex: "0",
      role: "group",
      "aria-describedby": "how-to-select",
      data: { field: path },
    });
    holder.addEventListener("focus", () => {
      if (this.selection?.field !== path) this.select(caretAt(path, 0));
      this.#drawCaret();
    });
    holder.addEventListener("blur", () => this.#drawCaret());
    return holder;
  }

  #piece(path, piece, lanes, hue, active) {
    const text = this.texts.get(path);
    const shown = piece.atom ? chipText(text, piece.atom) : text.slice(piece.start, piece.end);
    const made = element("span", { data: { start: piece.start, end: piece.end } }, shown);
    made.className = ["piece", piece.atom && "chip", piece.marks.length && "mark"].filter(Boolean).join(" ");
    if (piece.atom) made.title = words(piece.atom.category);
    if (piece.atom) this.#hint(made, this.hintOf(path, piece.atom));
    if (piece.opening.length) made.dataset.tag = piece.opening.map((span) => words(span.label)).join(" · ");
    if (piece.spans.length) this.#bars(made, piece.spans, lanes, hue);
    if (active && piece.spans.some((span) => isSpan(span, active))) made.classList.add("active");
    return made;
  }

  /** `hint`: what was told of the placeholder; null where it may be asked, undefined where it may not. */
  #hint(made, hint) {
    if (hint === undefined) return;
    made.classList.add("asks");
    if (hint) made.dataset.hint = hint;
  }

  /** One bar a span, each in its lane; the tint is that of the shortest. */
  #bars(made, spans, lanes, hue) {
    const shortest = spans.reduce((one, other) => (other.end - other.start < one.end - one.start ? other : one));
    made.classList.add("span", `hue-${hue(shortest.label)}`);
    if (spans.every((span) => span.missed)) made.classList.add("missed");
    made.style.backgroundImage = spans.map((span) => bar(`var(--hue-${hue(span.label)})`, span.missed)).join(", ");
    made.style.backgroundPosition = spans.map((span) => `0 calc(100% - ${lanes.get(span) * 4}px)`).join(", ");
  }

  /** A mouse begins to select: what was selected is let go, or the browser would drag it. */
  #press(event) {
    if (event.button === 2) event.preventDefault(); // no menu opens, so nothing shall be let go of for one
    if (event.button !== 0) return;
    this.dragging = true;
    if (!event.shiftKey) getSelection().removeAllRanges();
  }

  /** The browser's selection has changed: take it over, as it is. Not while a mouse selects: to draw would disturb it. */
  #follow() {
    const native = getSelection();
    if (this.dragging || this.#showing(native) || !this.#isOurs(native)) return;
    const found = this.#read(native);
    if (!found || same(found, this.selection)) return;
    this.selection = found;
    this.#drawCaret();
    this.selected(found);
  }

  /** The mouse has let go: snap to whole characters and placeholders, and show what is selected. */
  #settle() {
    this.dragging = false;
    const found = this.#read(getSelection());
    if (!found) return;
    const text = this.texts.get(found.field);
    const forward = found.anchor <= found.focus;
    const [anchor, focus] = isEmpty(found)
      ? [text.stopBefore(found.anchor), text.stopBefore(found.anchor)]
      : forward
        ? [text.stopBefore(found.anchor), text.stopAfter(found.focus)]
        : [text.stopAfter(found.anchor), text.stopBefore(found.focus)];
    this.select({ field: found.field, anchor, focus });
    if (anchor === focus) this.reached(found.field, anchor);
  }

  /** A selection that leaves its field ends at the field's edge. */
  #read(native) {
    if (!native.anchorNode) return null;
    const forward = native.direction !== "backward" && isForward(native);
    const anchor = pointAt(native.anchorNode, native.anchorOffset, this.texts, !forward);
    if (!anchor) return null;
    const focus = pointAt(native.focusNode, native.focusOffset, this.texts, forward);
    const edge = forward ? this.texts.get(anchor.field).length : 0;
    return {
      field: anchor.field,
      anchor: anchor.point,
      focus: focus?.field === anchor.field ? focus.point : edge,
    };
  }

  #isOurs(native) {
    return native.anchorNode !== null && this.root.contains(native.anchorNode);
  }

  /** Whether the browser shows just what we have, so that there is nothing to take over. */
  #showing(native) {
    const found = this.#isOurs(native) ? this.#read(native) : null;
    return found !== null && same(found, this.selection);
  }

  /** The browser draws no caret where nothing can be typed. */
  #drawCaret() {
    this.#drawChips();
    const holder = this.selection && this.holders.get(this.selection.field);
    const visible = holder && isEmpty(this.selection) && document.activeElement === holder;
    this.caret.hidden = !visible;
    if (!visible) return;
    holder.parentElement.append(this.caret);
    const { x, y, height } = caretBox(holder, this.selection.focus, this.texts.get(this.selection.field));
    const frame = holder.parentElement.getBoundingClientRect();
    this.caret.style.transform = `translate(${x - frame.x}px, ${y - frame.y}px)`;
    this.caret.style.height = `${height}px`;
  }

  /** The browser would tint only the words in a chip. */
  #drawChips() {
    const { field, anchor, focus } = this.selection ?? { anchor: 0, focus: 0 };
    const [start, end] = [Math.min(anchor, focus), Math.max(anchor, focus)];
    for (const [path, holder] of this.holders) {
      for (const chip of holder.querySelectorAll(".chip")) {
        const inside = path === field && start <= Number(chip.dataset.start) && Number(chip.dataset.end) <= end;
        chip.classList.toggle("selected-chip", inside && start < end);
      }
    }
  }
}

/** Of a span; dashed where it should have been. */
function bar(color, missed) {
  return `repeating-linear-gradient(90deg, ${color} 0 5px, ${missed ? "transparent" : color} 5px 9px)`;
}

function same(one, other) {
  return Boolean(other) && one.field === other.field && one.anchor === other.anchor && one.focus === other.focus;
}

function isSpan(span, other) {
  return span.start === other.start && span.end === other.end && span.label === other.label && !span.missed;
}

function isForward({ anchorNode, anchorOffset, focusNode, focusOffset }) {
  if (anchorNode === focusNode) return anchorOffset <= focusOffset;
  return Boolean(anchorNode.compareDocumentPosition(focusNode) & Node.DOCUMENT_POSITION_FOLLOWING);
}

/** What a placeholder shows: what kind it is and which one; never more than the text has. */
export function chipText(text, atom) {
  const written = text.slice(atom.start, atom.end);
  const number = NUMBERED.exec(written)?.[1];
  if (number) return `${words(atom.category)} ${number}`;
  return /^[*•]+$/u.test(written) ? words(atom.category) : written;
}

function caretBox(holder, point, text) {
  const range = document.createRange();
  range.setStart(...placeOf(holder, point, text));
  const box = [...range.getClientRects()].at(-1);
  if (box) return box;
  const piece = [...holder.children].find((one) => point <= Number(one.dataset.end));
  if (!piece) return holder.getBoundingClientRect();
  const boxes = [...piece.getClientRects()];
  const ltr = getComputedStyle(holder).direction === "ltr";
  const ends = point > Number(piece.dataset.start);
  const edge = ends ? boxes.at(-1) : boxes[0];
  return { x: ends === ltr ? edge.right : edge.left, y: edge.top, height: edge.height };
}
