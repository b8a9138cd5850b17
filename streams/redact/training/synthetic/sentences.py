"""Everyday sentences about no one in particular, from 22 patterns and 900 ordinary words."""

from __future__ import annotations

from random import Random

from streams.redact.training.synthetic.words import chance, pick, words


def sentence(rng: Random) -> str:
    text = pick(rng, words("sentence_patterns")).format(
        n=noun(rng),
        n2=noun(rng),
        q=quality(rng),
        q2=quality(rng),
        v=verb(rng),
        a=adverb(rng),
        k=rng.randrange(2, 30),
    )
    return text[0].upper() + text[1:]


def noun(rng: Random) -> str:
    return pick(rng, words("nouns" if chance(rng, 0.8) else "things"))


def quality(rng: Random) -> str:
    return pick(rng, words("qualities" if chance(rng, 0.7) else "adjectives"))


def verb(rng: Random) -> str:
    """A verb in the past tense that takes an object."""
    return pick(rng, words("verbs_past"))


def adverb(rng: Random) -> str:
    return pick(rng, words("adverbs"))
