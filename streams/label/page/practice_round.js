/** Practice: tasks with known answers, checked here at once. Nothing of it is sent. */
import { showCard } from "./card.js";
import { element, one, words } from "./dom.js";
import { compared } from "./practice.js";
import { Task } from "./task.js";

export class Practice {
  /** `done()`: what comes after the last task. */
  constructor(bench, now, done) {
    this.bench = bench;
    this.now = now;
    this.done = done;
  }

  begin(guide) {
    this.guide = guide;
    this.at = 0;
    this.perfect = 0;
    this.#open();
  }

  /** The first time it compares; the second time it goes on. */
  check(task) {
    if (task.checked) {
      this.at += 1;
      if (this.at < this.guide.onboarding.length) this.#open();
      else this.#end();
      return;
    }
    task.checked = true;
    const found = compared(task.known, task.answer);
    this.perfect += Number(found.perfect);
    this.bench.missed = [
      ...found.missed,
      ...found.inexact.map(({ known }) => known),
      ...found.wrongLabel.map(({ known }) => known),
    ];
    this.bench.sendSays = this.at + 1 < this.guide.onboarding.length ? "Next" : "Finish";
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
    const { onboarding, schema } = this.guide;
    const title = `Practice ${this.at + 1} of ${onboarding.length}`;
    this.bench.open(Task.practice(onboarding[this.at], schema, this.now()), { title, send: "Check" });
  }

  #end() {
    this.bench.close();
    showCard({
      title: "That was the practice",
      text: [
        `${this.perfect} of ${this.guide.onboarding.length} were right at once.`,
        "The guidelines stay beside each task.",
      ],
      actions: [{ says: "Go on", key: "Enter", does: this.done }],
    });
  }
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
