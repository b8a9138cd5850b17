"""Capitals that name no one: titles of works, hashtags, product names."""

from __future__ import annotations

from random import Random

from streams.redact.training.synthetic.words import chance, pick, words

_SMALL = (" Of ", " The ", " And ", " For ", " A ", " To ", "'S")
_TAILS = ("", "", " Plus", " Pro", " Lite", " 2", " XL", " 3000", " Max", " Gold", " SE", " Home")


def work(rng: Random) -> str:
    """A title of a book, film, song, album or episode."""
    a, b, c = (pick(rng, words("adjectives")) for _ in range(3))
    noun, animal = pick(rng, words("things")), pick(rng, words("animals"))
    title = pick(rng, words("work_forms")).format(a=a, b=b, c=c, n=noun, o=animal).title()
    for small in _SMALL:
        title = title.replace(small, small.lower())
    return title


def hashtag(rng: Random) -> str:
    if chance(rng, 0.6):
        return f"#{pick(rng, words('tags'))}"
    pair = f"{pick(rng, words('adjectives'))} {pick(rng, words(pick(rng, ('things', 'animals'))))}"
    return f"#{(pair.title() if chance(rng, 0.5) else pair).replace(' ', '')}"


def product(rng: Random) -> str:
    """A product, plan or service with capitals."""
    if chance(rng, 0.6):
        return pick(rng, words("products"))
    return f"{pick(rng, words('product_heads'))} {pick(rng, words('things')).title()}{pick(rng, _TAILS)}"
