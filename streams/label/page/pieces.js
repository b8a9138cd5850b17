/** How a field is cut up for showing: at every edge of a span, mark or placeholder. No DOM here. */
import { overlapping } from "./text.js";

/**
 * Pieces in order: {start, end, atom, spans, marks, opening}. `spans` and `marks` are those that cover the piece,
 * `opening` the spans that begin with it. No piece lies partly in an atom.
 */
export function piecesOf(text, spans, marks = []) {
  const edges = [...spans, ...marks].flatMap(({ start, end }) => [start, end]).sort(rising);
  const [inside, atomOf] = [overlapping(text.atoms), overlapping(text.atoms)];
  const atoms = text.atoms.flatMap(({ start, end }) => [start, end]);
  const cuts = [...new Set([0, text.length, ...atoms, ...edges.filter((point) => !inside(point, point))])];
  cuts.sort(rising);
  return cuts.slice(0, -1).map((start, at) => {
    const end = cuts[at + 1];
    const covers = (span) => span.start < end && start < span.end;
    return {
      start,
      end,
      atom: atomOf(start, end),
      spans: spans.filter(covers),
      marks: marks.filter(covers),
      opening: spans.filter((span) => covers(span) && span.start >= start),
    };
  });
}

function rising(one, other) {
  return one - other;
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
