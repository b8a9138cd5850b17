/** What people are told, by the server's reasons. */

const ENDED = {
  signed_out: "You are signed out.",
  session_idle: "Nothing happened for a while, so your session ended.",
  session_expired: "Your session has reached its longest time.",
  session_replaced: "You have signed in somewhere else; that session goes on, this one has ended.",
  session_revoked: "You may not label in this project any more. Its owner can say why.",
  not_trained: "The last day of your training has passed. The project’s owner can renew it.",
  project_frozen: "The project is stopped for now.",
  session_completed: "That batch is done. Thank you!",
  bad_csrf: "Somebody has signed in anew in another window.",
};
const FORBIDDEN = {
  revoked: "You are revoked in this project. Its owner can say why.",
  not_permitted: "You may not label in this project now. Its owner can say why.",
  conflicting_duties: "You hold another duty in this project, so you may not label in it.",
  not_trained: "Your training for this project is not on record, or its last day has passed.",
  wrong_device: "This project is worked on from certain devices only; this is none of them.",
  outside_hours: "This project has working hours, and this is outside of them.",
  not_onboarded: "This project wants its practice tasks answered right first.",
};
const PROBLEMS = {
  ...FORBIDDEN,
  no_provider: "Signing in isn’t set up on this server. Ask who runs it.",
  signin_unavailable: "The service that checks who you are does not answer. Try again in a minute.",
  too_many_signins: "Too many attempts. Wait a minute, then try again.",
  stale_signin: "That sign-in took too long or was begun in another window. Begin it again.",
  provider_refused: "The sign-in was refused or cancelled.",
  bad_batch: "That address names no batch. Ask whoever gave it to you.",
  bad_answer: "The sign-in could not be checked. Begin it again; if it fails again, tell who runs this server.",
  no_second_factor: "Sign in with your second factor as well.",
  project_frozen: "The project is stopped for now; nobody can begin.",
  too_many_sessions: "As many people are signed in as this server allows. Try again later.",
};
const LOST = {
  lease_expired: "Your time on this task is over.",
  stale_token: "This task was opened again elsewhere.",
  unknown_lease: "This task is not yours any more.",
  not_permitted: "This task is not yours any more.",
  task_closed: "Others have finished this task meanwhile.",
  already_submitted: "This task is answered already.",
  idempotency_conflict: "This task is answered already.",
  excluded: "You are kept from this task. Who runs the project can say why.",
  withdrawn: "This task was withdrawn. Somebody may have reported it.",
};
/** After these it never comes back. */
const FOR_GOOD = new Set(["task_closed", "already_submitted", "idempotency_conflict", "withdrawn"]);
const UNFIT = {
  span_out_of_range: "A span does not fit the text.",
  unknown_field: "A span lies in a field that this task does not have.",
  duplicate: "A span is there twice.",
  unknown_label: "The project’s labels have changed meanwhile.",
  unknown_choice: "The project’s choices have changed meanwhile.",
  too_many_spans: "There are more spans than a task may have.",
};

const HINTS = {
  hints_stopped: "The project is stopped or paused: there are no hints for now.",
  person_paused: "You get no hints for now. An operator of the project can say more.",
  no_hint: "There are no hints about such placeholders.",
  unknown_placeholder: "There are no hints about such placeholders.",
};

export const ANSWER_UNSENT = "Your answer is not sent.";
export const ON_ITS_WAY = "What you sent has not arrived yet.";
export const KEPT_HERE = "What you entered to a task that may come back to you is kept in this window only.";
export const COMMENT_UNSENT = "Your comment is not sent.";
const COMMENTS_GONE = "This task is not open any more, or not to you. Its comments went with it.";
const COMMENTS = {
  comments_stopped: "The project is stopped or paused: nobody reads or writes comments for now.",
  person_paused: "You see no comments for now. An operator of the project can say more.",
  comments_used_up: "No more comments fit on this task, or on all that are open.",
  unknown_task: COMMENTS_GONE,
  not_permitted: "You may not do this with comments here. The project’s owner can say why.",
};

export const HINTS_USED_UP = "You have asked for as many hints about this task as the project allows.";

export const PAUSED = [
  "You get no new tasks for now: several of your latest answers differ from what is known to be right.",
  "Nothing that you sent is lost. Speak with an operator of the project, who can let you go on.",
];

export function ofEnding(reason) {
  return ENDED[reason] ?? "You are not signed in.";
}

export function ofProblem(reason) {
  return PROBLEMS[reason] ?? "You could not be signed in. Begin again.";
}

/** Why a task is gone, or undefined where it isn't. */
export function ofLoss({ status, reason }) {
  return LOST[reason] ?? (status === 410 ? "This task can’t be opened any more." : undefined);
}

/** Whether a task that is gone may come to the same person again. */
export function mayComeBack({ status, reason }) {
  return status !== 410 && !FOR_GOOD.has(reason);
}

export function ofRefusal({ reason }) {
  return UNFIT[reason] ?? FORBIDDEN[reason] ?? "The server does not accept this answer.";
}

/** Why there is no hint. `wait`: milliseconds until there may be one, where the hour's are used up. */
export function ofNoHint({ reason, wait = 0 }) {
  if (reason === "hints_used_up") return HINTS_USED_UP;
  if (reason === "too_many_hints")
    return `You have asked for as many hints as the project allows in an hour. The next one: in ${minutesOf(wait)}.`;
  return HINTS[reason] ?? FORBIDDEN[reason] ?? "There is no hint now. Try again in a moment.";
}

/** Refusals of what was typed: what was said may be seen on. */
const STILL_SEEN = new Set(["comments_used_up", "idempotency_conflict", "too_large", "unreadable"]);
const UNFIT_TO_READ = new Set([400, 413, 422]);

/** Whether a refusal means that this person may not see what was said, or not any more. Without an answer nobody knows. */
export function mayNotSee({ status, reason }) {
  return status !== undefined && !UNFIT_TO_READ.has(status) && !STILL_SEEN.has(reason);
}

/** Why there are no comments, or no more. `wait`: as of hints; `why` where there is no answer; `typed`: there is something. */
export function ofNoComment({ status, reason, why, wait = 0 }, typed = false) {
  if (reason === "too_many_comments")
    return `You have written as many comments as one may in an hour. The next one: in ${minutesOf(wait)}.`;
  if (why && typed) return "The server does not answer now. What you typed stays here: try again in a moment.";
  if (why) return "The server does not answer now. Try again in a moment.";
  if (status === 410) return COMMENTS_GONE;
  return COMMENTS[reason] ?? FORBIDDEN[reason] ?? "The server does not accept this comment.";
}

function minutesOf(milliseconds) {
  return `${Math.max(1, Math.ceil(milliseconds / 60_000))} min`;
}

export const STILL_SIGNED_IN = "You may still be signed in: the server does not answer. Try again in a moment.";

export function ofTrouble(why) {
  return why === "offline"
    ? "No connection. What you did is kept in this window, and goes on by itself when the connection is back."
    : "The server is busy. What you did is kept; it is tried again in a moment.";
}
