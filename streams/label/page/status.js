/** The line on top: who, where, how far, how much time. */
import { announce, one } from "./dom.js";
import { minutes, spoken, urgency } from "./time.js";

export function showPerson(me) {
  one("#person").textContent = me?.person ?? "";
  one("#project").textContent = me?.project ?? "";
  one("#sign-out").hidden = !me?.csrf;
}

export function showPace({ labeled, skipped, perHour, median }) {
  const parts = [
    `${labeled} labeled`,
    skipped ? `${skipped} skipped` : "",
    perHour ? `${perHour} an hour` : "",
    median ? `${spoken(median)} each` : "",
  ];
  one("#progress").textContent = parts.filter(Boolean).join(" · ");
}

/** `left` of the lease, or null where there is none. `active`: its person does something. */
export function showLease(left, lifetime = 1, active = true) {
  const line = one("#lease");
  line.hidden = left === null;
  if (left === null) return;
  const state = urgency(left);
  line.dataset.urgency = state;
  line.style.setProperty("--left", String(Math.max(0, Math.min(1, left / lifetime))));
  const asks = state === "soon" && !active ? "Still there? Press any key. " : "";
  if (asks && !one("#lease .left").textContent.startsWith(asks)) announce(asks);
  one("#lease .left").textContent = `${asks}${minutes(left)} left`;
}

/** `left` of the session, or null: then nothing is said. */
export function showSession(left) {
  one("#session").hidden = left === null;
  if (left !== null) one("#session").textContent = `Session ends in ${minutes(left)}: send, skip or give back`;
}

/** What stands between a person and the server; empty when nothing does. */
export function showBanner(sentence) {
  one("#banner").hidden = !sentence;
  one("#banner").textContent = sentence;
}
