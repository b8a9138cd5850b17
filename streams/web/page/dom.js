/** Elements from values. Text becomes text nodes only: there is no way to markup here (Trusted Types forbid it too). */

/** `properties`: attributes; `class`, `data` ({name: value}) and `on` ({event: listener}) as they are in HTML. */
export function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key === "on")
      for (const [event, listener] of Object.entries(value)) made.addEventListener(event, listener);
    else if (key === "data") Object.assign(made.dataset, value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

export function one(selector) {
  return document.querySelector(selector);
}

/** A button that does not take the selection out of the text when it is pressed. */
export function button(properties, ...children) {
  const { does, on = {}, ...rest } = properties;
  const keep = { mousedown: (event) => event.preventDefault(), click: does, ...on };
  return element("button", { type: "button", ...rest, on: keep }, ...children);
}

/** New content; who works without a mouse stays on the button they are on, or on the one that took its place. */
export function redraw(container, ...children) {
  const buttons = () => [...container.querySelectorAll("button")];
  const at = buttons().indexOf(document.activeElement);
  container.replaceChildren(...children);
  if (at >= 0)
    buttons()
      .at(Math.min(at, buttons().length - 1))
      ?.focus();
}

export function key(name) {
  return name ? element("kbd", { "aria-hidden": "true" }, shown(name)) : null;
}

/** Said to who listens instead of looking. */
export function announce(sentence) {
  one("#announcer").textContent = sentence;
}

/** How a name of the schema is written for people. */
export function words(name) {
  return name.replaceAll("_", " ").toLowerCase();
}

export function shown(name) {
  return { Enter: "↵", Escape: "Esc", Delete: "Del" }[name] ?? name.toUpperCase();
}
