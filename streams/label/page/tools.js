/** What can be done with the task as a whole, and what is selected in it. */
import { button, element, key, one, redraw } from "./dom.js";
import { shortened } from "./palette.js";

/** `send`: what the main button says. `acts`: {undo, redo, leave, report, help, send}. */
export function drawTools(task, send, acts) {
  const tool = (says, name, does, properties = {}) => button({ does, ...properties }, says, " ", key(name));
  const reporting = { class: "danger", "aria-expanded": String(task.reporting) };
  const forReal = [tool("Skip", "s", acts.leave), tool("Report exposed data", "x", acts.report, reporting)];
  redraw(
    one("#task-tools"),
    tool("Undo", "z", acts.undo, { disabled: !task.history.canUndo }),
    tool("Redo", "y", acts.redo, { disabled: !task.history.canRedo }),
    ...(task.known ? [] : forReal),
    tool("Keys", "?", acts.help),
  );
  redraw(one("#send"), tool(send, "Enter", acts.send, { class: "primary", id: "send-now" }));
}

/** `range`: {field, start, end} or null. */
export function drawSelected(task, range) {
  const selected = range
    ? ["Selected: ", element("bdi", {}, shortened(task.excerpt(range)))]
    : ["Nothing is selected."];
  one("#selected").replaceChildren(...selected);
}
