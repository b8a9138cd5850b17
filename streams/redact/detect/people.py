"""What says something of a person beside the name: titles, ages, nationalities, occupations."""

from __future__ import annotations

from importlib import resources

from streams.redact.detect.find import LIKELY, STRONG, WEAK
from streams.redact.detect.presidio_checks import Check
from streams.redact.detect.recognizers import Recognizer, form, labelled

_WORD = r"[A-Z\x1a][\w'\x1a-]*"
_TITLE = (
    "[Mm]rs?|[Mm]s|[Mm]iss|Mx|[Dd]r|[Pp]rof|Professor|Sir|Dame|Lord|Lady|Rev|Reverend|Fr|Father|Sister"
    "|Capt|Captain|Sgt|Lt|Col"
    "|Maj|Gen|Adm|Cpl|Hon|Judge|Justice|Sen|Senator|Rep|Gov|Governor|Herr|Frau|Hr|Monsieur|Madame|Mme"
    "|Mlle|Senora?|Senorita"
    "|Sr|Sra|Srta|Signora?|Sig|Dott|Dottore|Don|Dona|Dhr|Mevr|Mevrouw|Meneer|Pani?|Sheikh|Imam|Rabbi"
    "|Shri|Smt|Doctor|Uncle"
    "|Aunt|Auntie"
)
_ALONE = r"\b(?:Mr|Mrs|Ms|Dr|Prof|Mme|Mlle|Sra|Srta|Herr|Frau|Miss)\b\.?"
_POINTED = r"\b(?:mr|mrs|ms|mx|dr|prof|rev|mme|mlle|sra|srta)\."
_LOW = r"\b(?:mr|mrs|mister|herr|frau|senora?|monsieur|madame|signora?)\b\.? ?"
_POINTED_LOW = r"\b(?:ms|dr|prof|rev|mlle|mme|sra)\. ?"

_OLD = r"(?:years?|yrs?|yr|months?|weeks?)[- ](?:old|of age)|y[./ ]?o|jahre alt|ans|anos|anni|jaar oud|ar gammal"
_AGED = r"\b(?:aged?|ages|age of|at age|edad|alter|eta|wiek|leeftijd)(?: is)?[ :=]{1,2}(?:about |only )?"
_AM = (
    r"(?:i'm|i am|he's|he is|she's|she is|who is|who's|turned|turning|turns)(?: only| just| already| almost|"
    r" nearly| now)?"
)
# "I'm 82." is an age, "I'm 82 % sure" and "it turned 180 degrees" are none: what follows decides.
_AM_FOLLOWED = (
    r"(?=[ ]?(?:[.!?)]+(?:\s|$)|,|$|\n|;|and |but |now|years|with |who |this |next |today|last |male|female"
    r"|[mf]\b))"
)
_NUMBER = (
    "(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:[- ](?:one|two|three|four|five|six"
    "|seven|eight|nine))?"
    "|(?:thir|four|fif|six|seven|eigh|nine)teen|ten|eleven|twelve|one|two|three|four|five|six|seven|eight|nine"
)
# An occupation in a sentence is everyday speech; as an entry of its own, or said of somebody, it is a find.
_SAID = (
    r"\b(?:works? as|worked as|working as|employed as|hired as|job as|career as|i am|i'm|job ?title"
    r"|occupation|profession"
    r"|position)(?::| is| was)?(?: an?| the)? "
)
_BESIDE = ", (?:the|an?|our|their|his|her) "
_AFTER_JOB = r"(?=,|[ \t]*$| (?:at|for|of|in|from|and|who|with|said|says)\b|[.;])"


def people_forms() -> tuple[Recognizer, ...]:
    """Patterns of titles, ages, nationalities and occupations."""
    nationalities, is_nationality = _last_words("demonyms.txt")
    occupations, _ = _last_words("occupations.txt")
    endings = "|".join(sorted({word[-3:] for word in occupations}))
    words = r"(?:[a-z][\w'/-]*,? )"
    job = rf"{words}{{0,8}}(?:{'|'.join(occupations)})s?"
    may_be_job = rf"{words}*[a-z][\w'/-]*(?:{endings})s?"
    return (
        form(
            "person/title and name",
            "PERSON",
            rf"\b(?:{_TITLE})\b\.?(?: {_WORD}){{1,3}}",
            STRONG,
            cased=True,
            trigger=rf"\b(?:{_TITLE})\b\.? [A-Z\x1a]",
            reach=90,
        ),
        form("person/title", "PREFIX", _ALONE, WEAK + 0.05, cased=True),
        form("person/pointed title", "PREFIX", _POINTED, WEAK + 0.05),
        labelled("person/title and name, low", "PERSON", _LOW, r"[a-z\x1a][\w'\x1a-]+\b", LIKELY),
        labelled("person/pointed title and name, low", "PERSON", _POINTED_LOW, r"[a-z\x1a][\w'\x1a-]+\b", LIKELY),
        form("age/old", "AGE", rf"\b(?:1[0-2]\d|\d{{1,2}})(?:[./]\d{{1,2}})?[- ]?(?:{_OLD})\b", LIKELY),
        form("age/spelled", "AGE", rf"\b(?:{_NUMBER})[- ](?:years?|months?|weeks?)[- ](?:old|of age)\b", LIKELY),
        labelled("age/aged", "AGE", _AGED, r"\d{1,3}\b", LIKELY),
        form(
            "age/am",
            "AGE",
            rf"\b{_AM} (\d{{1,3}})\b{_AM_FOLLOWED}",
            LIKELY,
            trigger=rf"\b{_AM} \d{{1,3}}\b",
            reach=12,
        ),
        form(
            "person/nationality",
            "NRP",
            r"\b[\w'-]+",
            LIKELY,
            check=is_nationality,
            literals=nationalities,
            behind=24,
            reach=6,
        ),
        form(
            "person/occupation",
            "TITLE",
            rf"(?|^({job})[ \t]*$|(?:{_SAID}|{_BESIDE})({job}){_AFTER_JOB})",
            LIKELY,
            trigger=rf"^{may_be_job}[ \t]*\n|(?:{_SAID}|{_BESIDE}){may_be_job}[,.;\s]",
            reach=6,
            behind=180,
        ),
    )


def _last_words(name: str) -> tuple[tuple[str, ...], Check]:
    """The last words of all entries, and what tells them from words that only hold them.

    An entry counts in any case, unless = marks it: then it is another word in lower case.
    """
    lines = _lines(name)
    listed = {line.lstrip("=").split()[-1] for line in lines}
    low = {line.split()[-1].lower() for line in lines if not line.startswith("=")}

    def check(text: str) -> bool | None:
        last = text.rsplit(None, 1)[-1] if text else ""
        candidates = {last, last.removesuffix("s")}
        return None if candidates & listed or {word.lower() for word in candidates} & low else False

    return tuple(sorted(listed)), check


def _lines(name: str) -> list[str]:
    text = resources.files("streams.redact.detect").joinpath("data", name).read_text("utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]
