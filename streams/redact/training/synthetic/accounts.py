"""A person's login, @handle and e-mail address, made from the name as such things are."""

from __future__ import annotations

import unicodedata
from random import Random

from streams.redact.training.synthetic.words import chance, digits, pick, words

_LOGINS = ("{given}{family}", "{g}{family}", "{given}.{family}", "{given}_{family}", "{given}{number}")
_HANDLES = ("{given}{family}", "{given}{number}", "{family}{g}", "the_{given}", "{given}_{family}")
_LOCAL_PARTS = (*_LOGINS, "{given}.{family}", "{given}.{family}{number}", "{family}.{given}", "{given}-{family}")
_OWN_DOMAINS = ("{family}.{ending}", "{family}family.{ending}", "{family}-law.{ending}", "{family}group.{ending}")


def accounts(rng: Random, given: str, family: str) -> dict[str, str]:
    """By the names of slots."""
    parts = {"given": _ascii(given), "family": _ascii(family), "number": digits(rng, pick(rng, (1, 2, 2, 4)))}
    parts |= {"g": parts["given"][0], "ending": pick(rng, words("mail_domains_own"))}
    handle = pick(rng, _HANDLES).format(**parts)
    domain = pick(rng, _OWN_DOMAINS).format(**parts) if chance(rng, 0.3) else pick(rng, words("mail_domains"))
    return {
        "USERNAME": pick(rng, _LOGINS).format(**parts),
        "HANDLE": f"@{handle if chance(rng, 0.6) else handle.title()}",
        "EMAIL": f"{pick(rng, _LOCAL_PARTS).format(**parts)}@{domain}",
    }


def _ascii(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return "".join(letter for letter in plain.lower() if letter.isalnum()) or "user"
