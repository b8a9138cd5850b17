/** What is selected: {field, anchor, focus} in code points; the focus is the end that moves. No DOM here. */

/** What `moved` understands; "all" takes the whole field whether it extends or not. */
export const MOTIONS = ["next", "previous", "nextWord", "previousWord", "start", "end", "all"];

export function caretAt(field, point) {
  return { field, anchor: point, focus: point };
}

export function isEmpty(selection) {
  return !selection || selection.anchor === selection.focus;
}

/** The range selected, widened to whole characters and placeholders. */
export function rangeOf(selection, text) {
  const [start, end] = [selection.anchor, selection.focus].sort((one, other) => one - other);
  return start === end ? { start, end } : text.snap(start, end);
}

/** The selection after a motion; `extend` leaves the anchor where it is. */
export function moved(selection, text, motion, extend) {
  const { field, anchor, focus } = selection;
  if (motion === "all") return { field, anchor: 0, focus: text.length };
  if (!extend && anchor !== focus && (motion === "next" || motion === "previous")) {
    return caretAt(field, motion === "next" ? Math.max(anchor, focus) : Math.min(anchor, focus));
  }
  const target = {
    next: () => text.nextCharacter(focus),
    previous: () => text.previousCharacter(focus),
    nextWord: () => text.nextWord(focus),
    previousWord: () => text.previousWord(focus),
    start: () => 0,
    end: () => text.length,
  }[motion]();
  return extend ? { field, anchor, focus: target } : caretAt(field, target);
}
