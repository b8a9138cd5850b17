/** How a field is cut up for showing: at every edge of a span, mark or placeholder. No DOM here. */

/**
 * Pieces in order: {start, end, atom, spans, marks, opening}. `spans` and `marks` are those that cover the piece,
 * `opening` the spans that begin with it. No piece lies partly in an atom.
 */
export function piecesOf(text, spans, marks = []) {
  const edges = [...spans, ...marks].flatMap(({ start, end }) => [start, end]);
  const inside = (point) => text.atoms.some((atom) => atom.start < point && point < atom.end);
  const atoms = text.atoms.flatMap(({ start, end }) => [start, end]);
  const cuts = [...new Set([0, text.length, ...atoms, ...edges.filter((point) => !inside(point))])];
  cuts.sort((one, other) => one - other);
  return cuts.slice(0, -1).map((start, at) => {
    const end = cuts[at + 1];
    const covers = (span) => span.start < end && start < span.end;
    return {
      start,
      end,
      atom: text.atoms.find((atom) => atom.start <= start && end <= atom.end),
      spans: spans.filter(covers),
      marks: marks.filter(covers),
      opening: spans.filter((span) => covers(span) && span.start >= start),
    };
  });
}

/** The lane of each span, in their order: spans that overlap never share one; lanes are few. */
export function lanesOf(spans) {
  const order = spans
    .map((_, at) => at)
    .sort((one, other) => spans[one].start - spans[other].start || one - other);
  const ends = [];
  const lanes = new Array(spans.length);
  for (const at of order) {
    const free = ends.findIndex((end) => end <= spans[at].start);
    const lane = free < 0 ? ends.length : free;
    ends[lane] = spans[at].end;
    lanes[at] = lane;
  }
  return lanes;
}
