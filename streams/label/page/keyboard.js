/** Key presses become commands of the workbench, or of what stands there where there is no task. */
import { pressOnCard } from "./card.js";
import { one } from "./dom.js";
import { commandOf, motionOf, nameOf } from "./keys.js";
import { pressOnList } from "./led.js";

/** What has its own use for Enter and Space. */
const OWN = "button, a, input, summary";

export function listen(workbench) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || one("dialog[open]")) return;
    if (handled(workbench, event)) event.preventDefault();
  });
}

function handled(workbench, event) {
  if (event.target.matches?.("textarea")) return false; // what is typed is no command
  const { key, code, shiftKey } = event;
  const name = nameOf({ key, code, shiftKey, altGraph: event.getModifierState("AltGraph") });
  const pressed = { key: name, control: event.ctrlKey || event.metaKey, shift: event.shiftKey };
  const focused = event.target.closest?.(OWN);
  if (focused && (event.key === "Enter" || event.key === " ")) return false;
  if (!workbench.task) return isPlain(event) && singleKeys(name) && (pressOnCard(name) || pressOnList(name));
  if (event.target.closest?.("[data-field]") && moves(workbench, pressed, event.altKey)) return true;
  if (event.altKey) return false;
  if (!pressed.control && !singleKeys(name)) return false;
  const command = commandOf(pressed);
  if (event.repeat) return Boolean(command); // a key that stays down must not answer the next task too
  if (command) return run(workbench, command);
  return !pressed.control && workbench.press(name);
}

/** Alt and a digit change the browser's tab, and a key that stays down presses nothing. */
function isPlain(event) {
  return !(event.ctrlKey || event.metaKey || event.altKey || event.repeat);
}

/** People who dictate, or whose hands shake, turn the single keys off (WCAG 2.2, 2.1.4). */
function singleKeys(name) {
  return name.length > 1 || one("#single-keys").checked;
}

function moves(workbench, pressed, alt) {
  if (!workbench.task.selection) return false;
  if (pressed.key === "ArrowUp" || pressed.key === "ArrowDown") {
    workbench.fields.line(pressed.key === "ArrowUp" ? "backward" : "forward", pressed.shift);
    return true;
  }
  const rightToLeft = workbench.fields.rightToLeft(workbench.task.selection.field);
  const motion = motionOf({ key: pressed.key, control: pressed.control || alt }, rightToLeft);
  if (motion) workbench.move(motion, pressed.shift);
  return Boolean(motion);
}

function run(workbench, command) {
  const commands = {
    send: () => workbench.send(),
    clear: () => workbench.clear(),
    undo: () => workbench.undo(),
    redo: () => workbench.redo(),
    nextSpan: () => workbench.step(1),
    previousSpan: () => workbench.step(-1),
    remove: () => workbench.remove(),
    hint: () => workbench.hint(),
    comment: () => workbench.comment(),
    skip: () => workbench.leave(),
    report: () => workbench.startReport(),
    mark: () => workbench.task.reporting && workbench.mark(),
    guidelines: () => one("#guidelines").toggleAttribute("open"),
    help: () => workbench.acts.help(workbench.task),
  };
  commands[command]();
  return true;
}
