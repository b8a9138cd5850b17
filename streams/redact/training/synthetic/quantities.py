"""Numbers that name nobody: prices, scores, sizes, versions, doses, paragraphs, counts."""

from __future__ import annotations

from random import Random

from streams.redact.training.synthetic.words import Make, chance, listed, pick, shaped, words

_DOSES = (2.5, 5, 10, 20, 25, 40, 50, 75, 100, 200, 250, 400, 500, 1000)  # mg


def _amount(rng: Random) -> str:
    value = pick(rng, (rng.randrange(1, 100), rng.randrange(10, 1000), rng.randrange(1000, 250000)))
    return f"{value:,}" if chance(rng, 0.7) else str(value)


def price(rng: Random) -> str:
    cents, currency = pick(rng, ("", "", ".99", ".50", ".00")), pick(rng, words("currencies"))
    return pick(rng, words("price_forms")).format(a=_amount(rng), c=cents, cur=currency, n=rng.randrange(2, 90))


def percent(rng: Random) -> str:
    value = pick(rng, (str(rng.randrange(1, 101)), f"{rng.uniform(0, 100):.1f}", f"{rng.uniform(0, 10):.2f}"))
    return f"{value}{pick(rng, ('%', '%', ' %', ' percent', ' per cent'))}"


def quantity(rng: Random) -> str:
    return _amount(rng) if chance(rng, 0.5) else str(rng.randrange(2, 40))


def measure(rng: Random) -> str:
    value = pick(rng, (str(rng.randrange(1, 900)), f"{rng.uniform(0.1, 99):.1f}"))
    return f"{value}{pick(rng, (' ', ' ', ''))}{pick(rng, words('units'))}"


def duration(rng: Random) -> str:
    count = pick(rng, (str(rng.randrange(2, 60)), number_word(rng)))
    return f"{count} {pick(rng, words('time_units'))}"


def score(rng: Random) -> str:
    low, high = rng.randrange(5), rng.randrange(8)
    games = [rng.randrange(8) for _ in range(4)]
    sets, points = "{}-{} {}-{}".format(*games), f"{rng.randrange(70, 130)}-{rng.randrange(70, 130)}"
    return pick(
        rng, (f"{low}-{high}", f"{low} : {high}", f"{low}–{high}", sets, points, f"{points[:-3]} for {high}")
    )


def dose(rng: Random) -> str:
    return f"{pick(rng, _DOSES):g}{pick(rng, (' ', ''))}mg {pick(rng, words('dose_times'))}"


def lab_value(rng: Random) -> str:
    pressure = f"{rng.randrange(90, 190)}/{rng.randrange(50, 110)}"
    return pick(rng, (f"{rng.uniform(0.5, 15):.1f}", str(rng.randrange(3, 400)), pressure))


def _shapes(name: str) -> Make:
    return lambda rng: shaped(rng, pick(rng, words(name)))


number_word = listed("number_words")
ordinal = listed("ordinals")
version = _shapes("version_shapes")
section = _shapes("section_shapes")
model = _shapes("model_shapes")  # product codes and error codes
