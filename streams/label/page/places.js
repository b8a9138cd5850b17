/** Between places in the DOM and code points of a field. Pieces carry `data-start` and `data-end`. */

/** {field, point} of a place in the DOM, or null where it lies in no field. `late`: which edge of a placeholder. */
export function pointAt(node, offset, texts, late) {
  const holder = (node instanceof Element ? node : node.parentElement)?.closest("[data-field]");
  if (!holder) return null;
  const { field } = holder.dataset;
  const text = texts.get(field);
  if (node === holder) return { field, point: edge(holder, offset, text) };
  const piece = (node instanceof Element ? node : node.parentElement).closest("[data-start]");
  const [start, end] = [Number(piece.dataset.start), Number(piece.dataset.end)];
  if (piece.classList.contains("chip")) return { field, point: late ? end : start };
  if (node instanceof Element) return { field, point: offset > 0 ? end : start };
  return { field, point: text.toPoints(text.toUnits(start) + offset) };
}

/** Where a point is in the DOM: [node, offset]. */
export function placeOf(holder, point, text) {
  const pieces = [...holder.querySelectorAll("[data-start]")];
  const piece = pieces.find((one) => point <= Number(one.dataset.end)) ?? pieces.at(-1);
  if (!piece) return [holder, 0];
  if (piece.classList.contains("chip")) {
    const at = [...holder.childNodes].indexOf(piece);
    return [holder, point > Number(piece.dataset.start) ? at + 1 : at];
  }
  return [piece.firstChild, text.toUnits(point) - text.toUnits(Number(piece.dataset.start))];
}

function edge(holder, offset, text) {
  const next = holder.childNodes[offset];
  return next ? Number(next.dataset.start) : text.length;
}
