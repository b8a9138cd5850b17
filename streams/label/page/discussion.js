/**
 * What is said about one task, and a box to say more. It is read when somebody opens it, and looked for again a few
 * times while something of theirs waits for redaction; nothing of it outlives `close`.
 */
import { NoAnswer, Refused } from "./api.js";
import { ago, nextLook, partsOf, room, standingOf, tooLong, writerOf } from "./comments.js";
import { announce, button, element } from "./dom.js";
import { ofNoComment } from "./sentences.js";

const SAID_ALOUD = [100, 20, 0, -1]; // of the characters left

export class Discussion {
  #about = null;
  #sent = null; // {text, key}: what is repeated in the same words is the same comment
  #looks = 0;
  #turn = 0;
  #timer;

  /** `place`: the element it fills. `left()`: what comes after Escape in the box. */
  constructor(place, clock, left) {
    this.place = place;
    this.clock = clock;
    this.list = element("ol");
    const said = { class: "thread", role: "region", "aria-label": "What was said", hidden: true };
    this.thread = element("div", said, this.list);
    this.box = element("textarea", { rows: 3, autocomplete: "off", spellcheck: "false", on: this.#typing(left) });
    this.count = element("span", { class: "count" });
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
      element("p", { class: "hint" }, "What redaction finds is masked before anybody reads it. Write nobody’s name."),
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

  /** Nothing is looked for any more; what is typed stays. */
  rest() {
    clearTimeout(this.#timer);
  }

  /** Nothing is kept: neither what was said nor what is typed. */
  close() {
    this.rest();
    if (this.list.childElementCount) announce(""); // the last of it was said aloud
    this.#about = null;
    this.#sent = null;
    this.#looks = 0;
    this.box.value = "";
    this.box.readOnly = false;
    this.#say("");
    this.#counted();
    this.#draw([]);
  }

  /** Read what was said. That somebody does goes on record. */
  look() {
    if (this.box.readOnly) return;
    this.#looks = 0;
    this.#ask((about) => about.read());
  }

  async send() {
    const text = this.box.value;
    if (!this.#about || this.box.readOnly) return;
    if (!text.trim()) this.#say("Write something first.");
    else if (room(text) < 0) this.#say(tooLong(-room(text)));
    else {
      if (this.#sent?.text !== text) this.#sent = { text, key: crypto.randomUUID() };
      const { key: name } = this.#sent;
      this.box.readOnly = true;
      this.#looks = 0;
      if (await this.#ask((about) => about.write(text, name))) this.#written();
      this.box.readOnly = false;
    }
  }

  get isBegun() {
    return this.box.value.trim() !== "";
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
      this.#say(comments.length ? "" : "Nobody has said anything about this task.");
      this.#draw(comments);
      this.#lookAgain(comments);
      return true;
    } catch (error) {
      if (!(error instanceof Refused || error instanceof NoAnswer)) throw error;
      if (this.#about === about && !about.refused(error)) this.#say(ofNoComment(error));
      return false;
    }
  }

  #lookAgain(comments) {
    const wait = nextLook(this.#looks);
    if (wait === null || !comments.some(({ standing }) => standing === "waiting")) return;
    this.#looks += 1;
    this.#timer = setTimeout(() => this.#ask((about) => about.read()), wait);
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

  #typing(left) {
    return {
      input: () => this.#counted(),
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
    if (SAID_ALOUD.includes(left)) announce(left < 0 ? "Too long." : `${left} characters left.`);
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
