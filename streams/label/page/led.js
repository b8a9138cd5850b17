/** Where who leads reads what was said about tasks, and answers: a list of tasks, and one of them open beside it. */
import { NoAnswer, Refused } from "./api.js";
import { ago } from "./comments.js";
import { Discussion } from "./discussion.js";
import { announce, button, element, key, one, redraw } from "./dom.js";
import { COMMENT_UNSENT, mayNotSee, ofNoComment } from "./sentences.js";

const KEYED = 9; // tasks that a digit opens
const NAMED = 8; // digits of a task's id that tell it from others on a list
const TICK = 1_000;
const LIST_AGAIN = 10_000; // whether the task of an open thread is still listed: its end must not wait for a key
const UNLISTED =
  "This task is not on the list any more, so its comments are closed. “Look again” tells whether it is still open.";

export class Led {
  #acts = null;
  #opened = null; // the id of the task that is open
  #threads = [];
  #turn = 0; // of the list: only the last that was asked for is drawn
  #ticking;
  #listed = 0; // when it was asked for
  #sentences = 0; // said so far: what is said while a list is on its way isn't answered by it
  #confirmed = ""; // what was pressed past a comment that is only typed, and was asked about

  constructor(clock) {
    this.clock = clock;
    this.discussion = new Discussion(one("#thread > div"), clock, {
      left: () => this.#toList(),
      typed: () => (this.#confirmed = ""),
    });
  }

  /**
   * `acts`: {threads(), thread(id), reply(id, text, key), refused(error), back(), help()}, the first four as
   * `Discussion.open` has them; `ticked()` each second while the list is open.
   */
  open(acts) {
    this.#acts = acts;
    one("#card").hidden = true;
    one("#led").hidden = false;
    document.title = "Comments · Veilstream";
    one("#led .tools").replaceChildren(
      button({ does: () => this.#list() }, "Look again"),
      button({ does: acts.help, data: { key: "?" } }, "Keys ", key("?")),
      button({ does: () => this.#past("back", acts.back), data: { key: "Escape" } }, "Back ", key("Escape")),
    );
    one("#led-title").focus();
    this.#ticking = setInterval(() => this.#tick(), TICK);
    this.#list();
  }

  /** Nothing is kept. */
  close() {
    clearInterval(this.#ticking);
    this.#acts = null;
    this.#shut();
    this.#threads = [];
    one("#led").hidden = true;
    one("#threads").replaceChildren();
    this.say("");
  }

  get isOpen() {
    return this.#acts !== null;
  }

  get isBegun() {
    return this.discussion.isBegun;
  }

  say(sentence) {
    this.#sentences += 1;
    one("#led-word").textContent = sentence;
  }

  #tick() {
    this.#acts.ticked();
    if (this.#acts && this.#opened && Date.now() - this.#listed >= LIST_AGAIN) this.#list(true);
  }

  /** `checking`: nothing moves under anybody's fingers unless the task that is open has left the list. */
  async #list(checking = false) {
    const acts = this.#acts;
    this.#listed = Date.now();
    if (!checking) this.#turn += 1;
    const turn = this.#turn;
    const sentences = this.#sentences;
    const stale = () => this.#acts !== acts || this.#turn !== turn;
    try {
      const { threads } = await acts.threads();
      if (stale()) return;
      const left = this.#isListed(this.#threads) && !this.#isListed(threads);
      if (checking && !left) return;
      if (left) this.discussion.hide(UNLISTED);
      this.#threads = threads;
      if (threads.length === 0) this.say("Nobody has said anything about a task that is open.");
      else if (this.#sentences === sentences) this.say("");
      this.#draw();
    } catch (error) {
      if (!(error instanceof Refused || error instanceof NoAnswer)) throw error;
      if (stale()) return;
      if (mayNotSee(error)) this.#empty();
      if (!acts.refused(error) && !(checking && error instanceof NoAnswer)) this.say(ofNoComment(error));
    }
  }

  #isListed(threads) {
    return threads.some(({ task_id: id }) => id === this.#opened);
  }

  /** The list itself, and what was said, are not for this person any more; what they typed stays. */
  #empty() {
    this.#threads = [];
    this.discussion.hide("");
    this.#draw();
  }

  /** Do what loses a comment that is only typed when it is pressed twice. */
  #past(pressed, act) {
    if (!this.isBegun || this.#confirmed === pressed) {
      act();
      return;
    }
    this.#confirmed = pressed;
    this.say(`${COMMENT_UNSENT} Press again to leave it.`);
  }

  #draw() {
    const awaiting = this.#threads.filter(({ awaits }) => awaits);
    const answered = this.#threads.filter(({ awaits }) => !awaits);
    redraw(
      one("#threads"),
      ...this.#group("Await an answer", awaiting, 0),
      ...this.#group("Answered", answered, awaiting.length),
    );
  }

  #group(title, threads, before) {
    if (threads.length === 0) return [];
    const items = threads.map((thread, at) => element("li", {}, this.#entry(thread, before + at)));
    return [element("h2", {}, `${title} (${threads.length})`), element("ul", {}, ...items)];
  }

  #entry({ task_id: id, comments, written_at: at }, place) {
    const name = place < KEYED ? String(place + 1) : "";
    const counted = comments === 1 ? "1 comment" : `${comments} comments`;
    const open = String(id === this.#opened);
    return button(
      { class: "go", "aria-pressed": open, data: { key: name, task: id }, does: () => this.#press(id) },
      element("span", { class: "name" }, nameOf(id)),
      element("span", { class: "when" }, `${counted} · ${ago(this.clock.now() - at)}`),
      key(name),
    );
  }

  #press(id) {
    if (id !== this.#opened) {
      this.#past(id, () => this.#read(id));
      return;
    }
    this.discussion.look();
    this.discussion.box.focus();
  }

  #read(id) {
    const acts = this.#acts;
    this.#shut();
    this.#opened = id;
    one("#thread").hidden = false;
    one("#thread h2").textContent = nameOf(id);
    this.#draw();
    this.discussion.open({
      read: () => acts.thread(id),
      write: (text, name) => acts.reply(id, text, name),
      refused: (error) => acts.refused(error),
      changed: () => this.#list(),
    });
    this.discussion.look();
    this.discussion.box.focus();
    announce(`${nameOf(id)} is open.`);
  }

  #shut() {
    this.#opened = null;
    this.#confirmed = "";
    this.discussion.close();
    one("#thread").hidden = true;
  }

  #toList() {
    (one(`#threads [data-task="${CSS.escape(this.#opened)}"]`) ?? one("#led-title")).focus();
  }
}

/** Does what the list offers for this key; whether it offers anything. */
export function pressOnList(pressed) {
  if (one("#led").hidden) return false;
  const wanted = one(`#led [data-key="${CSS.escape(pressed)}"]`);
  wanted?.click();
  return Boolean(wanted);
}

function nameOf(id) {
  return `Task ${id.slice(0, NAMED)}`;
}
