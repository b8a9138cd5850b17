/** The dialogs: leaving a task, signing out, and the keys. */
import { button, element, key, one, shown, words } from "./dom.js";
import { COMMANDS, ON_LIST } from "./keys.js";

export const NEVER = [
  ["unclear", "I can’t tell what is right"],
  ["wrong_language", "I don’t read this language"],
  ["conflict_of_interest", "I know who or what this is about"],
  ["distressing", "This is distressing"],
];
export const LATER = [
  ["break", "I take a break"],
  ["end_of_shift", "My work ends here for today"],
  ["technical", "Something technical is wrong"],
];

/** `acts`: {skip(reason), release(reason)}. A digit chooses. `losses`: sentences about what is lost by it. */
export function openLeave(acts, losses) {
  const dialog = one("#leave");
  const close = (act, reason) => {
    dialog.close();
    act(reason);
  };
  const entries = [
    ...NEVER.map(([reason, says]) => ({ says, reason, act: acts.skip })),
    ...LATER.map(([reason, says]) => ({ says, reason, act: acts.release })),
  ].map(({ says, reason, act }, at) =>
    element(
      "li",
      {},
      button(
        { class: "option", data: { reason, key: at + 1 }, does: () => close(act, reason) },
        says,
        key(String(at + 1)),
      ),
    ),
  );
  one("#leave-lost").textContent = losses.length ? `${losses.join(" ")} What is not sent is lost with the task.` : "";
  one("#leave .reasons").replaceChildren(
    element("h3", {}, "Never show it to me again"),
    element("ul", {}, ...entries.slice(0, NEVER.length)),
    element("h3", {}, "Give it back for now"),
    element("ul", {}, ...entries.slice(NEVER.length)),
  );
  one("#leave .actions").replaceChildren(
    button({ does: () => dialog.close() }, "Stay with this task ", key("Escape")),
  );
  dialog.onkeydown = (event) => one(`#leave [data-key="${CSS.escape(event.key)}"]`)?.click();
  dialog.showModal();
  if (losses.length) one("#leave .actions button").focus(); // Enter must not lose what was entered
}

/** Asked where something would be lost, which `losses` says in sentences; staying is first, and what Enter means. */
export function openSignOut(losses, signOut) {
  const dialog = one("#signing-out");
  const leave = () => {
    dialog.close();
    signOut();
  };
  one("#signing-out-lost").textContent = `${losses.join(" ")} Signing out loses it.`;
  one("#signing-out .actions").replaceChildren(
    button({ class: "primary", does: () => dialog.close() }, "Stay signed in ", key("Escape")),
    button({ does: leave }, "Sign out and lose it"),
  );
  dialog.showModal();
}

/** What was asked about a task is not any more when it has gone. */
export function closeQuestions() {
  one("#leave").close();
  one("#signing-out").close();
}

/** The keys of the list of tasks with comments. */
export function openListHelp() {
  showKeys(ON_LIST.map(({ key: name, says }) => [shown(name), says]));
}

/** The keys of this task and of the page. */
export function openHelp(task) {
  showKeys([
    ["← →", "Move by characters; Ctrl: by words; Shift: select"],
    ["↑ ↓", "Move by lines"],
    ["Tab", "Go to the next field or button"],
    ...labelRows(task),
    ...COMMANDS.map(({ key: name, says }) => [shown(name), says]),
  ]);
}

function showKeys(rows) {
  one("#help dl").replaceChildren(
    ...rows.flatMap(([name, says]) => [element("dt", {}, element("kbd", {}, name)), element("dd", {}, says)]),
  );
  one("#help .actions").replaceChildren(
    button({ class: "primary", does: () => one("#help").close() }, "Close ", key("Escape")),
  );
  one("#help").showModal();
}

function labelRows(task) {
  if (!task) return [];
  const labels = Object.entries(task.keys.labels).map(([label, name]) => [name, `Label: ${words(label)}`]);
  const options = Object.entries(task.keys.choices).flatMap(([choice, keys]) =>
    Object.entries(keys).map(([option, name]) => [name, `${words(choice)}: ${words(option)}`]),
  );
  return [...labels, ...options].filter(([name]) => name).map(([name, says]) => [shown(name), says]);
}
