/** The task on the screen: what people do to it becomes a new answer, and the answer is drawn. */
import { chosen, openChoices, relabeled, sameSpan, spansAt, toggled, toggledMark, withoutSpan } from "./answer.js";
import { announce, one, words } from "./dom.js";
import { chipText, Fields } from "./fields.js";
import { drawHint, sentenceOf } from "./hint.js";
import { clearPalette, drawPalette, drawReport, REPORT_REASONS } from "./palette.js";
import { ANSWER_UNSENT, COMMENT_UNSENT, HINTS_USED_UP, ON_ITS_WAY } from "./sentences.js";
import { caretAt, isEmpty, moved, rangeOf } from "./selection.js";
import { TaskComments } from "./task_comments.js";
import { drawSelected, drawTools } from "./tools.js";

export class Workbench {
  #confirmed = ""; // the doubt that was said, and is not said twice
  #locked = false;

  /**
   * `acts`: {send(task), leave(losses), report(task, reason, marks), help(task), hint(task, placeholder)}; each decides what
   * comes next. `comments(task)`: what may be said about it (`Discussion.open`), or null.
   */
  constructor(clock, acts) {
    this.acts = acts;
    this.task = null;
    this.comments = new TaskComments(clock, {
      back: () => this.fields.focus(this.task?.selection?.field),
      typed: () => (this.#confirmed = ""),
    });
    this.fields = new Fields(one("#fields"), {
      selected: (selection) => this.#selected(selection),
      reached: (field, point) => this.#reached(field, point),
    });
  }

  /** Show a task. `title`, `send`: what the heading and the main button say. */
  open(task, { title, send }) {
    this.task = task;
    this.#confirmed = "";
    this.lock(false);
    this.missed = [];
    one("#card").hidden = true;
    one("#work").hidden = false;
    one("#feedback").hidden = true;
    one("#task-title").textContent = title;
    document.title = `${title} · Veilstream`;
    this.sendSays = send;
    this.say("");
    this.fields.open(task.texts, (field, atom) => task.hintOf(field, atom));
    this.comments.open(this.acts.comments(task));
    this.draw();
    this.fields.focus();
  }

  /** Nothing of the task stays on the page, to look at or to listen to. */
  close() {
    this.task = null;
    this.lock(false);
    this.comments.close();
    one("#work").hidden = true;
    this.fields.open(new Map());
    clearPalette();
    for (const said of ["#selected", "#told", "#feedback"]) one(said).replaceChildren();
    announce("");
  }

  /** What would be lost if the task went now, in sentences. */
  get losses() {
    const answer = this.task?.isBegun ? ANSWER_UNSENT : "";
    return [this.#locked ? ON_ITS_WAY : answer, this.#unsent()].filter(Boolean);
  }

  /** While an answer is on its way nothing about it may change: it is repeated in the same words. */
  lock(locked) {
    this.#locked = locked;
    this.comments.lock(locked);
    one("#work").classList.toggle("locked", locked);
    one("#work").toggleAttribute("aria-busy", locked);
  }

  get isLocked() {
    return this.#locked;
  }

  say(sentence) {
    one("#notice").textContent = sentence;
  }

  draw() {
    const { task } = this;
    this.fields.draw(task.answer, (label) => task.hue(label), task.active, this.missed);
    drawPalette(task, {
      label: (label) => this.label(label),
      choose: (name, option) => this.choose(name, option),
      activate: (span) => this.activate(span),
      removeSpan: (span) => this.#change(withoutSpan(task.answer, span), `Removed ${words(span.label)}.`),
    });
    drawReport(task, {
      reason: (reason) => this.#pick(reason),
      mark: () => this.mark(),
      unmark: (mark) => this.#change(toggledMark(task.answer, mark), "Unmarked."),
      report: () => this.send(),
      cancel: () => this.clear(),
    });
    drawTools(task, this.sendSays, {
      undo: () => this.undo(),
      redo: () => this.redo(),
      leave: () => this.leave(),
      report: () => this.startReport(),
      help: () => this.acts.help(task),
      send: () => this.send(),
    });
    this.#drawSelection();
  }

  label(label) {
    const { task } = this;
    const range = this.#range();
    const span = { ...(range ?? task.active), label };
    if (range) this.#toggle(span);
    else if (!task.active) this.say("Select some text first, then press a label’s key.");
    else if (sameSpan(span, task.active)) this.#toggle(span);
    else
      this.#change(relabeled(task.answer, task.active, label), `Now ${words(label)}: ${task.excerpt(span)}`, span);
  }

  choose(name, option) {
    this.#change(chosen(this.task.answer, name, option), `${words(name)}: ${words(option)}`);
  }

  mark() {
    const range = this.#range();
    if (!range) this.say("Select the characters that should not be there, then press M.");
    else {
      this.#collapse(range);
      this.#change(toggledMark(this.task.answer, range), "Marked as exposed.");
    }
  }

  activate(span) {
    this.task.active = span;
    this.task.selection = { field: span.field, anchor: span.end, focus: span.end };
    this.fields.show(this.task.selection);
    this.draw();
    announce(`At ${words(span.label)}: ${this.task.excerpt(span)}`);
  }

  /** To the next span (1) or the one before (-1). */
  step(direction) {
    const { spans } = this.task.answer;
    if (spans.length === 0) return this.say("Nothing is marked yet.");
    const at = this.task.active ? spans.findIndex((span) => sameSpan(span, this.task.active)) : -1;
    const next = at < 0 && direction < 0 ? spans.length - 1 : (at + direction + spans.length) % spans.length;
    return this.activate(spans[next]);
  }

  remove() {
    const { task } = this;
    const at = task.active ?? this.#spanHere();
    if (!at) return this.say("Go to a span first: click it, or press N.");
    return this.#change(withoutSpan(task.answer, at), `Removed ${words(at.label)}.`);
  }

  /** Ask what may be told of the placeholder one is at; what was told is said again. */
  hint() {
    const { task } = this;
    if (this.#locked) return;
    const { asked } = task;
    if (Object.keys(task.asks).length === 0) this.say("There are no hints for this task.");
    else if (!asked) this.say("Go to a dotted placeholder first, then press the full stop.");
    else if (task.hints.has(asked.placeholder)) announce(this.#told(asked));
    else if (task.hintsLeft === 0) this.say(HINTS_USED_UP);
    else this.acts.hint(task, asked.placeholder);
  }

  /** The server's word on a placeholder of this task. */
  told(task, { placeholder, hint, left }) {
    if (this.task !== task) return;
    task.hints.set(placeholder, hint);
    task.hintsLeft = left;
    this.say("");
    this.draw();
    const { asked } = task;
    if (asked?.placeholder === placeholder) announce(this.#told(asked));
    else announce(hint ?? "Nothing can be told of that one.");
  }

  #told({ placeholder, field, atom }) {
    return sentenceOf(chipText(this.task.texts.get(field), atom), this.task.hints.get(placeholder));
  }

  comment() {
    if (!this.#locked && !this.comments.enter()) this.say("There are no comments about this task.");
  }

  undo() {
    this.#travel((history) => history.undo(), "Undone.", "There is nothing to undo.");
  }

  redo() {
    this.#travel((history) => history.redo(), "Done again.", "There is nothing to do again.");
  }

  clear() {
    this.task.reporting = false;
    this.task.active = null;
    this.#confirmed = "";
    this.say("");
    const { selection } = this.task;
    this.fields.select(selection && caretAt(selection.field, selection.focus));
    this.draw();
  }

  /** Begin to report; what is selected is marked at once. */
  startReport() {
    if (this.#locked || this.task.known || this.task.reporting) return;
    this.task.reporting = true;
    this.#confirmed = "";
    if (this.#range()) this.mark();
    this.draw();
    one("#exposed").scrollIntoView({ block: "nearest" });
    announce("Reporting exposed data. Select the characters, press M, choose what they are, then Enter.");
  }

  /** Send what is there: the report while reporting, else the answer. */
  send() {
    const { task } = this;
    if (this.#locked) return;
    if (task.reporting) {
      if (!task.reason) this.say("Say what is exposed: 1, 2 or 3.");
      else if (this.#confirms(this.#unsent())) this.acts.report(task, task.reason, task.answer.marks);
      return;
    }
    const doubts = task.known ? [] : [this.#unsent(), this.#unreported(), this.#forgotten()];
    if (this.#confirms(doubts.filter(Boolean).join(" "))) this.acts.send(task);
  }

  /** Whether there is no doubt, or the same one was said before. Enter pressed twice must not answer the next task too. */
  #confirms(doubt) {
    if (!doubt || doubt === this.#confirmed) return true;
    this.#confirmed = doubt;
    this.say(`${doubt} Press Enter again to send it so.`);
    return false;
  }

  #unsent() {
    return this.comments.isBegun ? COMMENT_UNSENT : "";
  }

  #unreported() {
    const { answer, reporting } = this.task;
    return answer.marks.length && !reporting ? "What you marked as exposed is not reported." : "";
  }

  #forgotten() {
    const { answer, labels } = this.task;
    const open = openChoices(answer, labels.choices);
    if (open.length) return `Not chosen: ${open.map(words).join(", ")}.`;
    return answer.spans.length || Object.keys(answer.choices).length ? "" : "Nothing is marked.";
  }

  leave() {
    if (!this.#locked && !this.task.known) this.acts.leave(this.losses);
  }

  /** A key that names a label, an option, or while reporting a reason; whether it was one. */
  press(name) {
    const { task } = this;
    if (task.reporting) {
      const reason = REPORT_REASONS[Number(name) - 1]?.reason;
      if (reason) this.#pick(reason);
      return Boolean(reason);
    }
    const label = task.labels.spans.find((one) => task.keys.labels[one] === name);
    if (label) this.label(label);
    const option = label ? null : optionOf(task.keys.choices, name);
    if (option) this.choose(...option);
    return Boolean(label || option);
  }

  /** Move the selection as `keys.motionOf` says. */
  move(motion, extend) {
    const { selection } = this.task;
    const text = this.task.texts.get(selection.field);
    this.fields.select(moved(selection, text, motion, extend));
    if (!extend && isEmpty(this.task.selection)) this.#reached(selection.field, this.task.selection.focus);
  }

  #selected(selection) {
    if (!this.task) return;
    this.task.selection = selection;
    if (!isEmpty(selection) && this.task.active) {
      this.task.active = null;
      this.draw();
    }
    this.#drawSelection();
  }

  #drawSelection() {
    drawSelected(this.task, this.#range());
    drawHint(this.task, { hint: () => this.hint() });
  }

  #reached(field, point) {
    const [span = null] = spansAt(this.task.answer, field, point);
    const changed = this.task.active !== span;
    this.task.active = span;
    if (changed) this.draw();
  }

  #spanHere() {
    const { selection, answer } = this.task;
    return selection ? spansAt(answer, selection.field, selection.focus)[0] : undefined;
  }

  /** {field, start, end} of what is selected, or null. */
  #range() {
    const { selection, texts } = this.task;
    return isEmpty(selection)
      ? null
      : { field: selection.field, ...rangeOf(selection, texts.get(selection.field)) };
  }

  /** Mark or unmark. What was marked is the span one is at: its key again removes it, another one relabels it. */
  #toggle(span) {
    const { answer } = this.task;
    const had = answer.spans.some((other) => sameSpan(other, span));
    this.#collapse(span);
    const sentence = `${had ? "Removed" : "Marked"} ${words(span.label)}: ${this.task.excerpt(span)}`;
    this.#change(toggled(answer, span), sentence, had ? null : span);
  }

  /** Select nothing any more, so that what was marked shows. */
  #collapse({ field, end }) {
    if (!this.#locked) this.fields.select(caretAt(field, end));
  }

  /** `active`: the span one is at afterwards. */
  #change(answer, sentence, active = null) {
    if (this.#locked) return;
    this.#confirmed = "";
    this.task.history.push(answer);
    this.task.active = active;
    this.say("");
    this.draw();
    announce(sentence);
  }

  #travel(step, done, nothing) {
    if (this.#locked) return;
    this.task.active = null;
    announce(step(this.task.history) ? done : nothing);
    this.draw();
  }

  #pick(reason) {
    if (this.#locked) return;
    this.task.reason = reason;
    this.say("");
    this.draw();
  }
}

function optionOf(keys, name) {
  for (const [choice, options] of Object.entries(keys)) {
    const option = Object.keys(options).find((one) => options[one] === name);
    if (option) return [choice, option];
  }
  return null;
}
