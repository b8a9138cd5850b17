/**
 * A field's text and the three ways to count in it: UTF-16 units (the DOM), code points (the API), and characters as a
 * reader sees them (grapheme clusters, Unicode Standard Annex 29). No DOM here.
 *
 * An atom ({start, end, category}, code points) is a placeholder: nothing ends inside one.
 */
export class FieldText {
  constructor(text, atoms = []) {
    this.text = text;
    this.atoms = [...atoms].sort((one, other) => one.start - other.start);
    this.units = unitsOf(text);
    this.length = this.units.length - 1;
    this.stops = this.#stops();
    this.words = this.#words();
  }

  /** The UTF-16 index at which code point number `point` begins. */
  toUnits(point) {
    return this.units[Math.max(0, Math.min(point, this.length))];
  }

  /** The number of the code point that UTF-16 index `unit` lies in; the second half of a pair belongs to its first. */
  toPoints(unit) {
    return lastAtMost(this.units, Math.max(0, unit));
  }

  slice(start, end) {
    return this.text.slice(this.toUnits(start), this.toUnits(end));
  }

  /** The smallest range around these points that cuts no character and no placeholder. */
  snap(start, end) {
    return { start: this.stopBefore(start), end: this.stopAfter(end) };
  }

  /** `point`, or where the character that it cuts begins. */
  stopBefore(point) {
    return this.stops[lastAtMost(this.stops, Math.max(0, point))];
  }

  /** `point`, or where the character that it cuts ends. */
  stopAfter(point) {
    return this.stops.find((stop) => stop >= point) ?? this.length;
  }

  nextCharacter(point) {
    return this.stops.find((stop) => stop > point) ?? this.length;
  }

  previousCharacter(point) {
    return this.stops.findLast((stop) => stop < point) ?? 0;
  }

  /** The next end of a word: going on by words never takes a blank along. */
  nextWord(point) {
    return this.words.find((word) => word.end > point)?.end ?? this.length;
  }

  /** The start of the word before. */
  previousWord(point) {
    return this.words.findLast((word) => word.start < point)?.start ?? 0;
  }

  /** The word that `point` lies in or touches, or undefined. */
  wordAt(point) {
    return (
      this.words.find((word) => word.start <= point && point < word.end) ??
      this.words.find((word) => word.end === point)
    );
  }

  #stops() {
    const overlaps = overlapping(this.atoms);
    const clusters = segments(this.text, "grapheme").map((segment) => this.toPoints(segment.index));
    const edges = this.atoms.flatMap((atom) => [atom.start, atom.end]);
    const stops = new Set([0, ...clusters.filter((point) => !overlaps(point, point)), ...edges, this.length]);
    return [...stops].sort((one, other) => one - other);
  }

  #words() {
    const overlaps = overlapping(this.atoms);
    const words = segments(this.text, "word")
      .filter((segment) => segment.isWordLike)
      .map((segment) => ({
        start: this.toPoints(segment.index),
        end: this.toPoints(segment.index + segment.segment.length),
      }))
      .filter((word) => !overlaps(word.start, word.end));
    const atoms = this.atoms.map(({ start, end }) => ({ start, end }));
    return [...words, ...atoms].sort((one, other) => one.start - other.start);
  }
}

/**
 * Which of these atoms, in order, a range overlaps, or undefined; asked of ranges in order as well, so that a long text
 * with many atoms takes no longer for each of them. A point is inside, not at an edge.
 */
export function overlapping(atoms) {
  let at = 0;
  return (start, end) => {
    while (at < atoms.length && atoms[at].end <= start) at += 1;
    return at < atoms.length && atoms[at].start < end ? atoms[at] : undefined;
  };
}

function segments(text, granularity) {
  return [...new Intl.Segmenter(undefined, { granularity }).segment(text)];
}

function unitsOf(text) {
  const units = [0];
  for (const character of text) units.push(units.at(-1) + character.length);
  return units;
}

/** The index of the last of these rising numbers that is not above `limit`. */
function lastAtMost(numbers, limit) {
  let [low, high] = [0, numbers.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (numbers[middle] <= limit) low = middle;
    else high = middle - 1;
  }
  return low;
}
