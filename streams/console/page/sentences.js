/** What people are told, by the server's reasons. */

const ENDED = {
  signed_out: "You are signed out.",
  session_idle: "Nothing happened for an hour, so your session ended.",
  session_expired: "Your session has reached its longest time.",
  session_replaced: "You have signed in somewhere else; that session goes on, this one has ended.",
  session_revoked: "You may not use the console any more. Who runs the projects can say why.",
  bad_csrf: "Somebody has signed in anew in another window.",
};
const PROBLEMS = {
  no_provider: "Signing in isn’t set up on this server. Ask who runs it.",
  signin_unavailable: "The service that checks who you are, or the audit, does not answer. Try again in a minute.",
  too_many_signins: "Too many attempts. Wait a minute, then try again.",
  stale_signin: "That sign-in took too long or was begun in another window. Begin it again.",
  provider_refused: "The sign-in was refused or cancelled.",
  bad_answer: "The sign-in could not be checked. Begin it again; if it fails again, tell who runs this server.",
  no_second_factor: "Sign in with your second factor as well.",
  not_permitted: "You hold no duty that the console is for. A project’s owner can name you as an officer.",
  revoked: "You are revoked; two people of the project must agree before you may enter again.",
  conflicting_duties: "You hold another duty in this project, so you may not watch over it.",
  bad_signature: "That signature was begun too long ago, used already, or is not yours over what was asked for. Nothing was signed.",
  signing_in_doubt: "Whether your signature has reached control is not known. Look at the signatures; sign again if it is not there.",
  too_many_sessions: "As many people are signed in as this server allows. Try again later.",
};

export function ofEnding(reason) {
  return ENDED[reason] ?? "You are not signed in.";
}

export function ofProblem(reason) {
  return PROBLEMS[reason] ?? "You could not be signed in. Begin again.";
}

/** Why a view can't be shown. */
export function ofRefusal({ status, reason, message }) {
  if (reason === "offline") return "No connection. It is tried again by itself.";
  if (reason === "audit_unavailable") return "The audit can’t be written now, and nobody looks unseen. Tried again soon.";
  if (status === 503) return "A part does not answer now. It is tried again by itself.";
  if (status === 429) return "Too many calls. It goes on in a moment.";
  return message ? `${message[0].toUpperCase()}${message.slice(1)}.` : "The server does not answer this.";
}
