/**
 * Practice: tasks with known answers, checked here at once. Each answer is sent, too: where the project wants its
 * onboarding done, the server gives no real task until it has seen every one answered right.
 */
import { showCard } from "./card.js";
import { element, one, words } from "./dom.js";
import { compared } from "./practice.js";
import { Task } from "./task.js";

export class Practice {
  /** `send(task)`: the server's word on an answer. `done()`: what comes after the last task; `refused(error)`. */
  constructor(bench, now, { send, done, refused }) {
    this.bench = bench;
    this.now = now;
    this.send = send;
    this.done = done;
    this.refused = refused;
  }

  /** All tasks; where some have yet to be answered right, these. */
  begin(guide) {
    this.guide = guide;
    this.tasks = isWanted(guide) ? guide.onboarding.filter(({ passed }) => !passed) : guide.onboarding;
    this.at = 0;
    this.perfect = 0;
    this.sent = [];
    this.#open();
  }

  /** The first time it compares; the second time it goes on. */
  check(task) {
    if (task.checked) {
      this.at += 1;
      if (this.at < this.tasks.length) this.#open();
      else this.#end();
      return;
    }
    task.checked = true;
    const sent = this.send(task);
    sent.catch(() => {}); // looked at in the end
    this.sent.push(sent);
    const found = compared(task.known, task.answer);
    this.perfect += Number(found.perfect);
    this.bench.missed = [
      ...found.missed,
      ...found.inexact.map(({ known }) => known),
      ...found.wrongLabel.map(({ known }) => known),
    ];
    this.bench.sendSays = this.at + 1 < this.tasks.length ? "Next" : "Finish";
    this.bench.draw();
    const lines = remarks(task, found);
    one("#feedback").replaceChildren(
      element("h2", {}, found.perfect ? "Just right" : "Almost: compare"),
      element("ul", {}, ...lines.map(({ kind, text }) => element("li", { class: kind }, text))),
      element("p", {}, task.known.explains),
    );
    one("#feedback").hidden = false;
    one("#feedback").setAttribute("tabindex", "-1");
    one("#feedback").focus();
  }

  #open() {
    const title = `Practice ${this.at + 1} of ${this.tasks.length}`;
    const task = Task.practice(this.tasks[this.at], this.guide.schema, this.now());
    this.bench.open(task, { title, send: "Check" });
  }

  async #end() {
    this.bench.close();
    showCard({ title: "One moment …" });
    try {
      for (const { passed, onboarded } of await Promise.all(this.sent)) this.#noted(passed, onboarded);
    } catch (error) {
      this.refused(error);
      return;
    }
    const right = `${this.perfect} of ${this.tasks.length} were right at once.`;
    if (isWanted(this.guide)) this.#again(right);
    else this.#over(right);
  }

  /** The server may have answered out of order, but nothing that was right becomes wrong. */
  #noted(passed, onboarded) {
    for (const task of this.guide.onboarding) task.passed ||= passed.includes(task.id);
    this.guide.onboarded ||= onboarded;
  }

  #again(right) {
    const open = this.guide.onboarding.filter(({ passed }) => !passed).length;
    showCard({
      title: "Not quite yet",
      text: [right, `Real tasks come when each was right once: ${open} to go.`],
      actions: [{ says: "Practise these again", key: "Enter", does: () => this.begin(this.guide) }],
    });
  }

  #over(right) {
    showCard({
      title: "That was the practice",
      text: [right, "The guidelines stay beside each task."],
      actions: [{ says: "Go on", key: "Enter", does: this.done }],
    });
  }
}

/** Whether there is no real task before the practice is done. */
export function isWanted(guide) {
  return guide.onboarding_required && !guide.onboarded;
}

/** [{kind, text}]: what was right and what wasn't, in words. */
function remarks(task, found) {
  const named = (span) => `${words(span.label)} “${task.excerpt(span)}”`;
  return [
    ...found.right.map((span) => ({ kind: "right", text: `Right: ${named(span)}` })),
    ...found.inexact.map(({ given, known }) => ({
      kind: "near",
      text: `The place: ${named(given)} should be “${task.excerpt(known)}”`,
    })),
    ...found.wrongLabel.map(({ given, known }) => ({
      kind: "wrong",
      text: `The label: ${named(given)} is ${words(known.label)}`,
    })),
    ...found.missed.map((span) => ({ kind: "wrong", text: `Missed: ${named(span)}` })),
    ...found.extra.map((span) => ({ kind: "wrong", text: `Not wanted: ${named(span)}` })),
    ...found.choices.map(({ name, known }) => ({ kind: "wrong", text: `${words(name)}: ${words(known)}` })),
  ];
}
