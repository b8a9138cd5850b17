"""Numbers read out digit by digit, or in pairs: "oh one seven one, two three four". Calls are written down so."""

from __future__ import annotations

from streams.redact.detect.find import NUMBER, WEAK
from streams.redact.detect.recognizers import Recognizer, form

# Folded. Each is a common word, and five in a row are none: people count to three, and dial with four.
_DIGITS = (
    "zero oh o nought one two three four five six seven eight nine double triple"
    " null eins zwei zwo drei vier funf fuenf sechs sieben acht neun"
    " un deux trois quatre cinq sept huit neuf"
    " cero uno dos tres cuatro cinco seis siete ocho nueve"
    " due tre quattro cinque sei sette otto nove"
    " um dois quatro meia sete oito"
    " nul een twee drie vijf zes zeven negen"
    " jeden dwa trzy cztery piec szesc siedem osiem dziewiec"
)
_TENS = (
    "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
    " twenty thirty forty fifty sixty seventy eighty ninety"
)
_WORD = rf"(?:{'|'.join(dict.fromkeys(f'{_DIGITS} {_TENS}'.split()))})\b"
_LEAST_MORE = 4  # words after the first
_NEXT = rf"[ ,./\n-]{{1,3}}{_WORD}"


def spoken_forms() -> tuple[Recognizer, ...]:
    """The pattern of numbers in words. Hyperscan looks for two words: of five it could not say the start."""
    number, two = rf"\b{_WORD}(?:{_NEXT}){{{_LEAST_MORE},}}+", rf"\b{_WORD}{_NEXT}"
    return (form("number/spoken", NUMBER, number, WEAK + 0.02, trigger=two),)
