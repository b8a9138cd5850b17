/** Where who leads reads what was said about tasks, and answers: a list of tasks, and one of them open beside it. */
import { NoAnswer, Refused } from "./api.js";
import { ago } from "./comments.js";
import { Discussion } from "./discussion.js";
import { announce, button, element, key, one, redraw } from "./dom.js";
import { ofNoComment } from "./sentences.js";

const KEYED = 9; // tasks that a digit opens
const NAMED = 8; // digits of a task's id that tell it from others on a list

export class Led {
  #acts = null;
  #opened = null; // the id of the task that is open
  #threads = [];

  constructor(clock) {
    this.clock = clock;
    this.discussion = new Discussion(one("#thread > div"), clock, () => this.#toList());
  }

  /** `acts`: {threads(), thread(id), reply(id, text, key), refused(error), back()}, as `Discussion.open` has them. */
  open(acts) {
    this.#acts = acts;
    one("#card").hidden = true;
    one("#led").hidden = false;
    document.title = "Comments · Veilstream";
    one("#led .tools").replaceChildren(
      button({ does: () => this.#list() }, "Look again"),
      button({ does: acts.back, data: { key: "Escape" } }, "Back ", key("Escape")),
    );
    one("#led-title").focus();
    this.#list();
  }

  /** Nothing is kept. */
  close() {
    this.#acts = null;
    this.#shut();
    this.#threads = [];
    one("#led").hidden = true;
    one("#threads").replaceChildren();
    this.#say("");
  }

  get isBegun() {
    return this.discussion.isBegun;
  }

  async #list() {
    const acts = this.#acts;
    try {
      const { threads } = await acts.threads();
      if (this.#acts !== acts) return;
      this.#threads = threads;
      this.#say(threads.length ? "" : "Nobody has said anything about a task that is open.");
      this.#draw();
    } catch (error) {
      if (!(error instanceof Refused || error instanceof NoAnswer)) throw error;
      if (this.#acts === acts && !acts.refused(error)) this.#say(ofNoComment(error));
    }
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
      { class: "go", "aria-pressed": open, data: { key: name, task: id }, does: () => this.#read(id) },
      element("span", { class: "name" }, nameOf(id)),
      element("span", { class: "when" }, `${counted} · ${ago(this.clock.now() - at)}`),
      key(name),
    );
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
    this.discussion.close();
    one("#thread").hidden = true;
  }

  #toList() {
    (one(`#threads [data-task="${CSS.escape(this.#opened)}"]`) ?? one("#led-title")).focus();
  }

  #say(sentence) {
    one("#led-word").textContent = sentence;
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
