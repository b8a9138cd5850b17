/** From signing in to the end of work: what the server says becomes what is shown. */
import { NoAnswer, Refused } from "./api.js";
import { showCard } from "./card.js";
import { closeQuestions, openHelp, openLeave, openListHelp, openSignOut } from "./dialogs.js";
import { announce, element, one, words } from "./dom.js";
import { Drafts } from "./drafts.js";
import { LeaseKeeper } from "./lease_keeper.js";
import { Led } from "./led.js";
import { Pace } from "./pace.js";
import { isWanted, Practice } from "./practice_round.js";
import { Presence } from "./presence.js";
import { hideWhenAway, watermark } from "./privacy.js";
import {
  COMMENT_UNSENT, KEPT_HERE, mayComeBack, ofEnding, ofLoss, ofNoHint, ofProblem, ofRefusal, PAUSED, STILL_SIGNED_IN,
} from "./sentences.js";
import { showBanner, showLease, showPace, showPerson, showSession } from "./status.js";
import { SessionWatch } from "./session_watch.js";
import { Takings } from "./takings.js";
import { Task } from "./task.js";
import { Workbench } from "./workbench.js";

const WAIT = 25; // seconds that the server keeps a call until there is a task
const AT_ONCE = 1_000; // a call that was not kept: the server keeps as many as it can, and none now
const ASK_AGAIN = 5_000; // after such a one
const AWAY = 300_000; // nobody waits so long without touching anything

export class Desk {
  #me = null;
  #drafts = new Drafts();
  #pace = new Pace();
  #waiting = null;

  constructor(api, clock) {
    this.api = api;
    this.clock = clock;
    this.takings = new Takings(api);
    this.bench = new Workbench(clock, {
      send: (task) => (task.known ? this.practice.check(task) : this.#send(task)),
      report: (task, reason, marks) =>
        this.#end("report", () => this.api.report(task.lease, reason, marks.map(place))),
      leave: (losses) => this.#leave(losses),
      help: openHelp,
      hint: (task, placeholder) => this.#hint(task, placeholder),
      comments: (task) => this.#comments(task),
    });
    this.led = new Led(clock);
    this.presence = new Presence();
    this.watch = new SessionWatch(api, clock, (error) => this.#lost(error));
    this.keeper = new LeaseKeeper(api, clock, this.presence, {
      ticked: (...lease) => this.#ticked(...lease),
      ending: () => this.bench.say("Working hours are over. You can send your answer while there is time left."),
      lost: (refused) => this.#lost(refused),
    });
    this.practice = new Practice(
      this.bench,
      () => this.clock.now(),
      {
        send: ({ known, answer: { spans, choices } }) =>
          this.api.practise(this.#me.project, known.id, { spans, choices }),
        done: () => this.ready(),
        refused: (error) => this.#failed(error),
      },
    );
    one("#sign-out").addEventListener("mousedown", (event) => event.preventDefault()); // one stays in the text
    one("#sign-out").addEventListener("click", () => this.#askToSignOut());
    addEventListener("focus", () => this.#waiting?.());
    addEventListener("beforeunload", (event) => this.#losses.length && event.preventDefault());
  }

  /** What would be lost with this window, or by signing out, in sentences. */
  get #losses() {
    const reply = this.led.isBegun ? COMMENT_UNSENT : "";
    return [...this.bench.losses, reply, this.#drafts.isEmpty ? "" : KEPT_HERE].filter(Boolean);
  }

  /** Say something of the page itself, where it is seen. */
  say(sentence) {
    if (this.led.isOpen) this.led.say(sentence);
    else this.bench.say(sentence);
    announce(sentence);
  }

  /** Somebody tried to take the text away. Practice has known texts, and goes on no record. */
  tried(taking) {
    const lease = this.bench.task?.lease;
    if (lease) this.takings.tried(lease, taking);
  }

  /** Who is it, and what does the project say? */
  async begin(problem) {
    try {
      await this.#meet();
      const guide = await this.api.guide(this.#me.project);
      this.guide = guide;
      if (guide.blur) hideWhenAway();
      const contact = guide.contact ? [element("p", {}, `Questions, or something is wrong? ${guide.contact}`)] : [];
      one("#guidelines > div").replaceChildren(
        ...paragraphs(guide.guidelines, guide.schema.spans),
        ...contact,
      );
      one("#guidelines").hidden = guide.guidelines === "" && contact.length === 0;
      one("#guidelines").open = matchMedia("(min-width: 60rem)").matches;
      showPace(this.#pace.summary());
      this.ready();
    } catch (error) {
      this.#failed(error, problem);
    }
  }

  /** Before the first task: nothing is opened, and nobody's view is on the audit, until a person wants it. */
  ready() {
    this.#rest();
    const first = isWanted(this.guide);
    const start = { says: "Start labeling", key: "Enter", does: () => this.next() };
    showCard({
      title: "Ready when you are",
      text: [
        `You are ${this.#me.person}, labeling for ${this.#me.project}.`,
        "What could tell who a text is about has been replaced.",
        "You get one task at a time. That you opened it is on record, and so is your answer.",
        first ? "This project begins with practice: real tasks come when each of its known ones was right once." : "",
      ].filter(Boolean),
      actions: [first ? null : start, this.#practising(first ? "Enter" : "p"), this.#leading(first)].filter(Boolean),
    });
  }

  /** What a card offers for practice, where the project has tasks for it. */
  #practising(key) {
    const count = this.guide.onboarding.length;
    const says = `Practise on ${count} known tasks`;
    return count ? { says, key, does: () => this.practice.begin(this.guide) } : null;
  }

  /** What a card offers to who leads, once they have practised. */
  #leading(first = false) {
    return this.guide.leads && !first ? { says: "Comments on tasks", key: "c", does: () => this.#lead() } : null;
  }

  /** Reading and answering what was said about tasks; no task is opened for it. */
  #lead() {
    const { project } = this.#me;
    this.#rest();
    this.led.open({
      threads: () => this.api.threads(project),
      thread: (task) => this.api.thread(project, task),
      reply: (task, text, key) => this.api.reply(project, task, text, key),
      refused: (error) => this.#gone(error),
      ticked: () => this.#ledTicked(),
      help: openListHelp,
      back: () => this.ready(),
    });
  }

  /** Each second while the list is open: no lease ends it, so the session and the presence of its reader do. */
  #ledTicked() {
    if (this.presence.missed >= AWAY) this.#away(this.#leading());
    else this.watch.tick(true);
  }

  /** The next task, or the one that is open already. */
  async next() {
    this.#rest();
    showCard({ title: "One moment …" });
    try {
      const lease = await this.api.lease(this.#me.project);
      if (lease) this.#open(lease);
      else this.#none();
    } catch (error) {
      if (error instanceof Refused && error.status === 410) this.next();
      else this.#failed(error);
    }
  }

  #open(lease) {
    const draft = this.#drafts.take(lease.task_id);
    const task = Task.leased(lease, draft, this.clock.now());
    this.bench.open(task, { title: "Task", send: "Send" });
    if (draft) this.bench.say("This task came back to you, and what you had entered with it.");
    this.keeper.hold(lease);
    announce("A new task.");
  }

  #none() {
    showCard({
      title: "No task for you now",
      text: "This page waits for one: it opens by itself the moment there is.",
      actions: [{ says: "Ask now", key: "Enter", does: () => this.next() }, this.#leading()].filter(Boolean),
    });
    const waiting = new AbortController();
    const watch = setInterval(() => this.presence.missed >= AWAY && this.#away(), AT_ONCE);
    this.stopWaiting = () => {
      clearInterval(watch);
      waiting.abort(new Over());
    };
    this.#wait(waiting.signal);
  }

  /** The server keeps the call until there is a task; whoever leaves meanwhile hangs up, and none is opened for them. */
  async #wait(signal) {
    try {
      for (;;) {
        const asked = performance.now();
        const lease = await this.api.lease(this.#me.project, WAIT, signal);
        signal.throwIfAborted();
        if (lease) {
          this.#rest();
          this.#open(lease);
          return;
        }
        if (performance.now() - asked < AT_ONCE) await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN));
      }
    } catch (error) {
      if (error instanceof Over) return;
      this.#rest();
      if (error instanceof Refused && error.status === 410) this.next();
      else this.#failed(error);
    }
  }

  /** Asking on would open a task for nobody, keep the session of who has left, or show comments to who comes by. */
  #away(leading = null) {
    this.#rest();
    const done = leading ? "closed the comments" : "stopped asking for tasks";
    showCard({
      title: "Are you still there?",
      text: `Nobody has touched this page for a while, so it has ${done}.`,
      actions: [leading, { says: "Go on labeling", key: "Enter", does: () => this.next() }].filter(Boolean),
    });
  }

  /** Each second while there is a task. */
  #ticked(left, lifetime, active) {
    showLease(left, lifetime, active);
    this.watch.tick();
  }

  #rest() {
    closeQuestions();
    this.stopWaiting?.();
    this.#waiting = null;
    this.keeper.drop();
    showLease(null);
    showSession(null);
    this.bench.close();
    this.led.close();
  }

  #send(task) {
    task.name ??= crypto.randomUUID();
    const { spans, choices } = task.answer;
    return this.#end("label", () => this.api.label(task.lease, { spans, choices }, task.name));
  }

  #leave(losses) {
    const { lease } = this.bench.task;
    const acts = {
      skip: (reason) => this.#end("skip", () => this.api.skip(lease, reason)),
      release: (reason) => this.#end("release", () => this.api.release(lease, reason)),
    };
    openLeave(acts, losses);
  }

  /** A hint is on record before it is here; what goes wrong is said, and changes nothing about the task. */
  async #hint(task, placeholder) {
    try {
      this.bench.told(task, await this.api.hint(task.lease, placeholder));
    } catch (error) {
      if (!(error instanceof Refused || error instanceof NoAnswer)) throw error;
      if (this.bench.task === task && !this.#gone(error)) this.bench.say(ofNoHint(error));
    }
  }

  /** What may be said about a task, where its project lets people say anything. Each look is on record. */
  #comments(task) {
    const { lease } = task;
    if (!lease || !this.guide.comments) return null;
    return {
      read: () => this.api.comments(lease),
      write: (text, key) => this.api.comment(lease, text, key),
      refused: (error) => this.#gone(error),
    };
  }

  /** A call beside the answer was refused: whether that was because the task is not ours any more, or the session. */
  #gone(error) {
    if (this.bench.isLocked) return false; // the call that ends the task is told itself
    const gone = error instanceof Refused && error.reason !== "not_permitted";
    const ours = this.bench.task !== null && ofLoss(error);
    if (!gone || !(ofAnotherSession(error) || ours)) return false;
    this.#lost(error);
    return true;
  }

  /** The end of a lease, repeated in the same words until the server has answered. */
  async #end(outcome, call) {
    const { task } = this.bench;
    this.bench.lock(true);
    this.keeper.drop(); // what becomes of the lease is now for this call to say
    let ended;
    try {
      ended = await call();
    } catch (error) {
      if (this.bench.task !== task) return;
      this.bench.lock(false);
      task.name = undefined; // refused for good: what is sent next are other words
      this.#failed(error);
      if (this.bench.task === task) this.keeper.hold(task.lease);
      return;
    }
    if (this.bench.task !== task) return;
    this.bench.lock(false);
    this.#pace.ended(outcome, this.clock.now() - task.began);
    showPace(this.#pace.summary());
    if (outcome === "release") this.#released();
    else if (ended.next) this.#follow(ended.next);
    else this.next();
  }

  /** The next task came with the answer to the one before. */
  #follow(lease) {
    this.#rest();
    this.#open(lease);
  }

  #released() {
    this.#rest();
    showCard({
      title: "Given back",
      text: "The task waits for somebody else, or for you later.",
      actions: [{ says: "Go on labeling", key: "Enter", does: () => this.next() }, this.#leading()].filter(Boolean),
    });
  }

  #failed(error, problem) {
    if (!(error instanceof Refused)) throw error;
    if (ofAnotherSession(error)) this.#signedOut(error.reason, problem);
    else if (this.bench.task && ofLoss(error)) this.#lost(error);
    else if (error.reason === "person_paused") this.#paused();
    else if (this.bench.task) this.bench.say(ofRefusal(error));
    else
      showCard({
        title: "This does not work",
        text: ofRefusal(error),
        actions: [{ says: "Try again", key: "Enter", does: () => this.begin() }],
      });
  }

  /** Nothing is wrong with the page: this person gets no tasks until an operator lets them in again. */
  #paused() {
    this.#rest();
    showCard({
      title: "A pause for you",
      text: PAUSED,
      actions: [{ says: "Look again", key: "Enter", does: () => this.next() }, this.#practising("p")].filter(Boolean),
    });
  }

  /** The task is gone; what was entered is kept where it may come back. */
  #lost(refused) {
    if (ofAnotherSession(refused)) {
      this.#signedOut(refused.reason);
      return;
    }
    const begun = this.bench.task?.isBegun;
    const kept = mayComeBack(refused) && this.#drafts.keep(this.bench.task);
    this.#rest();
    const fate = kept
      ? "What you entered is kept in this window. If the task comes back to you, it is there."
      : "What you entered went with it.";
    showCard({
      title: ofLoss(refused) ?? "This task is not yours any more.",
      text: begun ? [fate] : [],
      actions: [{ says: "Next task", key: "Enter", does: () => this.next() }],
    });
  }

  #signedOut(reason, problem) {
    const kept = this.#drafts.keep(this.bench.task) || !this.#drafts.isEmpty;
    this.#rest();
    showPerson(null);
    const signIn = { says: "Sign in", key: "Enter", href: "/signin", elsewhere: kept };
    const goOn = { says: "I have signed in", does: () => this.#resume() };
    showCard({
      title: problem ? "You are not signed in" : ofEnding(reason),
      text: [
        problem ? ofProblem(problem) : "Sign in with your name and your second factor.",
        kept ? "What you entered is kept in this window: sign in in the new one, then come back here." : "",
      ].filter(Boolean),
      actions: kept ? [signIn, goOn] : [signIn],
    });
    if (kept) this.#waiting = () => this.#resume();
  }

  /** Somebody has signed in, perhaps in another window. What was entered is for the same person only. */
  async #resume() {
    this.#waiting = null;
    const before = this.#me?.person;
    try {
      await this.#meet();
    } catch (error) {
      this.#failed(error);
      return;
    }
    if (this.#me.person !== before) this.#drafts.clear();
    if (this.guide) this.next();
    else this.begin();
  }

  async #meet() {
    this.#me = await this.api.me();
    this.watch.meet(this.#me);
    showPerson(this.#me);
    const mark = () => watermark(this.#me.person, this.clock.now());
    mark();
    clearInterval(this.marking);
    this.marking = setInterval(mark, 60_000);
  }

  #askToSignOut() {
    const losses = this.#losses;
    if (losses.length) openSignOut(losses, () => this.#signOut());
    else this.#signOut();
  }

  /** Until the server has answered, nothing is let go of. */
  async #signOut() {
    try {
      await this.api.signOut();
    } catch (error) {
      if (error.status !== 401) {
        this.#notSignedOut(error);
        return;
      }
    }
    showBanner("");
    this.#drafts.clear();
    this.bench.close();
    this.#signedOut("signed_out");
  }

  #notSignedOut(error) {
    if (error instanceof NoAnswer) showBanner(STILL_SIGNED_IN);
    else this.#failed(error);
  }
}

/** A call that nobody waits for any more. */
class Over extends Error {}

/** Nobody is signed in any more, or somebody has signed in anew in another window. */
function ofAnotherSession({ status, reason }) {
  return status === 401 || reason === "bad_csrf";
}

function place({ field, start, end }) {
  return { field, start, end };
}

/** Paragraphs; where one begins with a label and a colon, the label stands out. */
function paragraphs(text, labels) {
  const parts = text.split(/\n\s*\n/u).map((part) => part.trim());
  return parts.filter(Boolean).map((part) => {
    const label = labels.find((name) => part.startsWith(`${name}:`));
    return label
      ? element("p", {}, element("strong", {}, words(label)), part.slice(label.length))
      : element("p", {}, part);
  });
}
