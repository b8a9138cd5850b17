"""Ways to reach someone or something: telephone numbers, web addresses, IP and MAC addresses, coordinates."""

from __future__ import annotations

from random import Random

from streams.redact.training.synthetic.people import invented_name
from streams.redact.training.synthetic.words import chance, digits, one_of, pick, shaped, words

_SHORTENED = ("http://t.co/", "https://t.co/", "http://bit.ly/", "https://youtu.be/")
_STARTS = ("http://", "https://", "https://www.", "http://www.", "www.")
_PATHS = (
    "",
    "/",
    "",
    "/about",
    "/index.html",
    "/news/2021/03/{w}",
    "/{w}?id={n}",
    "/#{w}",
    "/en/{w}",
    "/user/{w}",
)
_CODE = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ0123456789"


def phone(rng: Random) -> str:
    """In national and international forms of 45 countries; not all are numbers in service."""
    return shaped(rng, pick(rng, words("phones")))


def domain(rng: Random) -> str:
    name = one_of(rng, (2, _pair), (1, lambda source: invented_name(source, "place_endings")))
    return f"{name if chance(rng, 0.3) else name.lower()}.{pick(rng, words('web_endings'))}"


def _pair(rng: Random) -> str:
    second = pick(rng, words("things")).title().replace(" ", "")
    return f"{pick(rng, words('company_words'))}{pick(rng, ('', '', '-'))}{second}"


def url(rng: Random) -> str:
    if chance(rng, 0.15):
        return pick(rng, _SHORTENED) + "".join(rng.choices(_CODE, k=10))
    path = pick(rng, _PATHS).format(w=pick(rng, words("animals")), n=digits(rng, 5))
    return f"{pick(rng, _STARTS)}{domain(rng)}{path}"


def ip_address(rng: Random) -> str:
    return one_of(rng, (70, _ip4), (10, _ip6_short), (20, lambda source: ":".join(_hex(source) for _ in range(8))))


def _ip4(rng: Random) -> str:
    return ".".join(str(rng.randrange(256)) for _ in range(4)) + pick(rng, ("", "", "", ":8080", "/24"))


def _ip6_short(rng: Random) -> str:
    return f"2001:db8::{_hex(rng)}:{_hex(rng)}"


def _hex(rng: Random) -> str:
    return f"{rng.randrange(16**4):x}"


def mac_address(rng: Random) -> str:
    text = pick(rng, (":", "-")).join(f"{rng.randrange(256):02x}" for _ in range(6))
    return text.upper() if chance(rng, 0.4) else text


def coordinates(rng: Random) -> str:
    lat, lon = rng.uniform(-80, 80), rng.uniform(-180, 180)
    if chance(rng, 0.7):
        places = rng.randint(3, 6)
        return f"{lat:.{places}f}, {lon:.{places}f}"
    minutes = [rng.randrange(60) for _ in range(4)]
    return "{}°{}'{}\"N {}°{}'{}\"E".format(abs(int(lat)), *minutes[:2], abs(int(lon)), *minutes[2:])
