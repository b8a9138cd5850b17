"""The card that goes with the model: what went in, under which licences, and how good the result is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from streams.redact.detect.detector import build_detector
from streams.redact.detect.model import Model
from streams.redact.quality import sets
from streams.redact.quality.annotated import AnnotatedText, without_links
from streams.redact.quality.evaluation import Evaluation, evaluate
from streams.redact.training import train
from streams.redact.training.corpus import Example
from topology.policies import Mode, Policy

_TITLES = {
    "presidio_generated": "synthetic records",
    "wikigold_a": "Wikipedia",
    "btc_a": "tweets, links and handles left out of over-redaction",
}
Figures = Mapping[str, Mapping[Mode, Evaluation]]


def measure(model: Model, policy: Policy, examples: Sequence[Example]) -> Figures:
    """Leak and over-redaction on those of each corpus, in each mode."""
    texts = {name: annotated([one for one in examples if one.family == name], name) for name in _TITLES}
    found: dict[str, dict[Mode, Evaluation]] = {name: {} for name in texts}
    for mode in Mode:
        moved = replace(policy, detection=replace(policy.detection, mode=mode))
        detector = build_detector(moved, model)
        for name, of_corpus in texts.items():
            found[name][mode] = evaluate(of_corpus, moved, detector)
    return found


def table(figures: Figures) -> str:
    """Markdown: leak / over-redaction in per cent, with 95 % intervals."""
    return "\n".join(_rows(figures))


def card(trained: train.Trained, seed: int, date: str, figures: Figures) -> str:
    """The whole card, Markdown."""
    return _CARD.format(
        seed=seed, date=date, texts=trained.texts, words=trained.words, table=table(figures),
        invented=train.INVENTED, foreign=train.FOREIGN, refilled=train.REFILLED, size=len(trained.content),
    )  # fmt: skip


def annotated(examples: list[Example], name: str) -> list[AnnotatedText]:
    texts = [sets.annotated(one) for one in examples]
    return without_links(texts) if name == "btc_a" else texts


def _rows(figures: Figures) -> Iterator[str]:
    yield "| texts | " + " | ".join(mode.value for mode in Mode) + " |"
    yield "|---|" + "---|" * len(Mode)
    for name, by_mode in figures.items():
        yield f"| {_TITLES[name]} | " + " | ".join(_cell(by_mode[mode]) for mode in Mode) + " |"


def _cell(one: Evaluation) -> str:
    return " / ".join(
        f"{100 * value.value:.1f} ({100 * value.low:.1f}–{100 * value.high:.1f})"
        for value in (one.leak, one.over_redaction)
    )


_CARD = """# Card of `model.npz`
Made by `veil detect train --seed {seed}` on {date}; `streams/redact/training` is all it takes.

**What it does.** For each word of a text: the probability that it is sensitive, and of which kind (person,
location, organization, address, occupation, number, other). It is one of several detectors; the union of their
finds is hidden. {size:,} bytes.

**What went in.** {texts:,} texts, {words:,} words:

| source | use | licence |
|---|---|---|
| presidio-research, `generated_large` | by template: 60 % train, 15 % dev, 25 % test | MIT |
| wikigold | by blocks of neighbouring texts, the same shares | CC BY 4.0 |
| Broad Twitter Corpus | the same | CC BY 4.0 |
| FakeNameGenerator.com | 1,500 invented identities, as values | CC BY-SA 3.0 US |
| Faker | names, places, companies, addresses, occupations, as values | MIT |
| our own templates (`training/synthetic`) | {invented:,} texts | as this project |
| wordfreq | {foreign:,} strings of common words of other languages | data CC BY-SA 4.0 |
| `../lexicon/lexicon.npz` | what is known of words | `../lexicon/LICENCES.md` |

Train and dev parts went in, each text with two (synthetic) or five changed copies ({refilled:.0%} of the values
replaced; other case, spacing, typing errors); the test parts did not. How often they were
looked at is in `streams/redact/README.md`. No customer's
records were used.

**How good it is.** The whole redactor under the policy `text` on the test parts, leak / over-redaction in per cent
of characters, with 95 % bootstrap intervals (over templates for the synthetic records, over texts for the others).
Left out are texts beside another part's, and synthetic ones that show what one of the 1,500 identities alone has
(`streams/redact/training/reported.py`):

{table}

**What it can't.** It was trained on English and names of many languages; other languages are served by word lists
alone. Names that are everyday words in lower case, and what only the meaning gives away, may stay readable.
"""
