/**
 * What is said about one task, and a box to say more. It is read when somebody opens it, and looked for again a few
 * times while something of theirs waits for redaction; nothing of it outlives `close`, nor the right to see it.
 */
import { NoAnswer, Refused } from "./api.js";
import { ago, countAloud, LONGEST, nextLook, partsOf, room, standingOf, tooLong, writerOf } from "./comments.js";
import { announce, button, element } from "./dom.js";
import { mayNotSee, ofNoComment } from "./sentences.js";

export class Discussion {
  #about = null;
  #sent = null; // {text, key}: what is repeated in the same words is the same comment
  #looks = 0;
  #turn = 0;
  #timer;
  #left = LONGEST; // characters that may still be typed
  #resting = true; // nothing is looked for, and no answer is shown
  #sending = false;
  #locked = false;

  /** `place`: the element it fills. `left()`: what comes after Escape in the box; `typed()` hears of each change in it. */
  constructor(place, clock, { left, typed = () => {} }) {
    this.place = place;
    this.clock = clock;
    this.name = place.parentElement.id;
    this.typing = this.#typing(left, typed);
    this.list = element("ol");
    const said = { class: "thread", role: "region", "aria-label": "What was said", translate: "no", hidden: true };
    this.thread = element("div", said, this.list);
    this.box = this.#newBox();
    this.count = element("span", { class: "count", id: `${this.name}-count` });
    this.word = element("p", { class: "word", role: "status" });
    this.again = button({ class: "again", does: () => this.look() }, "Look again");
    place.replaceChildren(
      this.thread,
      element(
        "div",
        { class: "asking" },
        element("label", {}, element("span", {}, "Ask or answer about this task"), this.box),
        this.count,
      ),
      element(
        "p",
        { class: "hint", id: `${this.name}-hint` },
        "What redaction finds is masked before anybody reads it. Write nobody’s name.",
      ),
      this.word,
      element(
        "p",
        { class: "actions" },
        button(
          { class: "send", "aria-keyshortcuts": "Control+Enter", does: () => this.send() },
          "Send comment ",
          element("kbd", { "aria-hidden": "true" }, "Ctrl ↵"),
        ),
        this.again,
      ),
    );
    this.close();
  }

  /**
   * `about`: {read(), write(text, key), refused(error), changed()}; `refused` says whether it has dealt with it, and
   * `changed` hears, where it is there, that something was said or became readable.
   */
  open(about) {
    this.close();
    this.#about = about;
  }

  /** Nothing is looked for any more, and what is answered meanwhile is not shown; what is typed stays. */
  rest() {
    this.#resting = true;
    clearTimeout(this.#timer);
  }

  /** What was said is taken away; what is typed stays. `sentence` says why. */
  hide(sentence) {
    this.rest();
    this.#empty();
    this.#say(sentence);
  }

  /** While the answer to the task is on its way, nothing is asked here and nothing typed. */
  lock(locked) {
    if (locked) this.rest();
    this.#locked = locked;
    this.#settle();
  }

  /** Nothing is kept: neither what was said nor what is typed. */
  close() {
    this.hide("");
    this.#about = null;
    this.#sent = null;
    this.#looks = 0;
    this.#sending = false;
    this.#locked = false;
    const box = this.#newBox(); // an emptied one has what was typed among what it can undo
    this.box.replaceWith(box);
    this.box = box;
    this.#counted();
  }

  /** Read what was said. That somebody does goes on record. */
  look() {
    if (this.#locked) return;
    this.#resting = false;
    if (this.#sending) return;
    this.#looks = 0;
    this.#ask((about) => about.read());
  }

  async send() {
    const text = this.box.value;
    const about = this.#about;
    if (!about || this.#sending || this.#locked) return;
    if (!text.trim()) this.#say("Write something first.");
    else if (room(text) < 0) this.#say(tooLong(-room(text)));
    else {
      if (this.#sent?.text !== text) this.#sent = { text, key: crypto.randomUUID() };
      const { key: name } = this.#sent;
      this.#sending = true;
      this.#settle();
      this.#looks = 0;
      this.#resting = false;
      try {
        if (await this.#ask(() => about.write(text, name))) this.#written();
      } finally {
        if (this.#about === about) {
          this.#sending = false;
          this.#settle();
        }
      }
    }
  }

  get isBegun() {
    return this.box.value.trim() !== "";
  }

  #settle() {
    this.box.readOnly = this.#sending || this.#locked;
  }

  #written() {
    this.#sent = null;
    this.box.value = "";
    this.#counted();
  }

  /** Whether it was answered, for the task that is still here, and before something else was asked. */
  async #ask(call) {
    const about = this.#about;
    if (!about) return false;
    clearTimeout(this.#timer);
    this.#turn += 1;
    const turn = this.#turn;
    try {
      const { comments } = await call(about);
      if (this.#about !== about || this.#turn !== turn) return false;
      if (this.#resting) return true;
      this.#say(comments.length ? "" : "Nobody has said anything about this task.");
      this.#draw(comments);
      this.#lookAgain(comments);
      return true;
    } catch (error) {
      if (!(error instanceof Refused || error instanceof NoAnswer)) throw error;
      if (this.#about !== about) return false;
      if (mayNotSee(error)) this.#empty();
      if (this.#turn === turn && !about.refused(error)) this.#say(ofNoComment(error, this.isBegun));
      return false;
    }
  }

  #lookAgain(comments) {
    const wait = nextLook(this.#looks);
    if (wait === null || !comments.some(({ standing }) => standing === "waiting")) return;
    this.#looks += 1;
    this.#timer = setTimeout(() => this.#ask((about) => about.read()), wait);
  }

  #empty() {
    if (this.list.childElementCount) announce(""); // the last of it was said aloud
    this.#draw([]);
  }

  #draw(comments) {
    const shown = comments.map(({ comment_id: name, standing }) => `${name} ${standing}`).join();
    const changed = shown !== this.shown;
    this.shown = shown;
    this.list.replaceChildren(...comments.map((one) => this.#item(one)));
    this.thread.hidden = comments.length === 0;
    if (this.thread.scrollHeight > this.thread.clientHeight) this.thread.tabIndex = 0;
    else this.thread.removeAttribute("tabindex");
    if (this.box.matches(":focus")) this.place.scrollIntoView({ block: "nearest" });
    if (!changed || comments.length === 0) return;
    this.thread.scrollTop = this.thread.scrollHeight;
    this.#about.changed?.();
    announce(`Comments: ${comments.length}. ${spoken(comments.at(-1))}`);
  }

  #item(comment) {
    const { mine, lead, standing, text, written_at: at } = comment;
    const state = standingOf(comment);
    return element(
      "li",
      { class: ["comment", mine && "mine", lead && "lead", standing].filter(Boolean).join(" ") },
      element("p", { class: "who" }, element("strong", {}, writerOf(comment)), ` · ${ago(this.clock.now() - at)}`),
      text ? element("p", { class: "said", dir: "auto" }, ...partsOf(text).map(piece)) : null,
      state ? element("p", { class: "state" }, state) : null,
    );
  }

  #newBox() {
    return element("textarea", {
      rows: 3,
      autocomplete: "off",
      autocorrect: "off",
      spellcheck: "false",
      translate: "no",
      writingsuggestions: "false",
      "aria-describedby": `${this.name}-hint ${this.name}-count`,
      on: this.typing,
    });
  }

  #typing(left, typed) {
    return {
      input: () => {
        this.#counted();
        typed();
      },
      keydown: (event) => {
        if (event.isComposing) return;
        if (event.key === "Escape") left();
        else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.send();
        else return;
        event.preventDefault();
      },
    };
  }

  #counted() {
    const left = room(this.box.value);
    const aloud = countAloud(this.#left, left);
    if (aloud) announce(aloud);
    this.#left = left;
    this.count.textContent = left < 0 ? `${-left} too many` : `${left} left`;
    this.count.classList.toggle("over", left < 0);
  }

  #say(sentence) {
    this.word.textContent = sentence;
  }
}

function piece({ text, masked }) {
  return masked ? element("span", { class: "masked" }, "masked") : text;
}

function spoken(comment) {
  const said = (comment.text ? partsOf(comment.text) : []).map(({ text, masked }) => (masked ? "masked" : text));
  return `The last, ${writerOf(comment)}: ${said.join("")} ${standingOf(comment)}`.trim();
}
