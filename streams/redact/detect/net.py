"""What names somebody or a machine on the net: addresses of pages, mail and hosts, handles, wallets."""

from __future__ import annotations

import re
from ipaddress import ip_address

from streams.redact.detect.checksums import base58_check, bech32, mod97
from streams.redact.detect.find import LIKELY, STRONG
from streams.redact.detect.recognizers import Recognizer, form, labelled, top_level_domains

LONGEST = 2000  # characters of an address that are hidden with it; RFC 9110 asks servers for 8,000
_SCHEME = (
    "(?:https?|ftps?|sftp|ssh|git|wss?|tel|sips?|mailto|skype|whatsapp|tg|data|file|jdbc:[a-z0-9]+|[a-z]+sql)"
)
_LAST = r"[^\s<>\"'.,;:!?)\]}]"  # a full stop or bracket after an address belongs to the sentence
_EMAIL = r"[^\s@<>\"',;:()\[\]]{1,64}@[^\s@<>\"',;:()\[\]]{1,64}\.(?:xn--[a-z0-9-]{1,59}|[a-z\x1a]{2,24})"
_BRACKETED = r"\b[\w.+-]+ ?[(\[{<] ?at ?[)\]}>] ?[\w-]+(?: ?(?:\.|[(\[{<] ?dot ?[)\]}>]| dot ) ?[\w-]+){1,4}\b"
_IN_WORDS = r"\b[\w.+-]+ at [\w-]+(?: dot [\w-]+){1,3}\b"
# A name of a site where people have pages, and the page; the scheme is left out as often as not.
_SITES = (
    "facebook|fb|instagram|twitter|x|linkedin|tiktok|youtube|github|gitlab|reddit|t|telegram|vk|xing"
    "|snapchat|medium"
    "|pinterest|threads|bsky|keybase|paypal|venmo|cash|wa"
)
_PAGE = rf"\b[a-z0-9.-]+\.[a-z]{{2,24}}(?::\d{{2,5}})?/[^\s<>\"']*{_LAST}"
_LABEL = (
    r"\b(?:insta(?:gram)?|twitter|snap(?:chat)?|tiktok|telegram|skype|discord|steam|user ?name|login"
    r"|handle|nickname"
    r"|screen ?name)(?: (?:is|name|id|handle))?(?: ?[:=] ?| is )"
)
_GROUP = "[0-9a-f]{1,4}"
_IPV6 = rf"(?:(?:{_GROUP}:){{1,7}}|:)(?::|{_GROUP})(?:{_GROUP}|[:.])*(?:/\d{{1,3}})?"
_ACCOUNT = r"\b[a-z]{2}\d{2}(?:[ -]?[a-z0-9]{4}){2,7}(?:[ -]?[a-z0-9]{1,4})?\b"
_BANK = r"\b(?:bic|swift)(?:[ /-]?code)?(?: is)?:? "


def net_forms() -> tuple[Recognizer, ...]:
    """Patterns of the net."""
    domains = top_level_domains() | set(_MORE_DOMAINS.split())

    def is_domain(text: str) -> bool | None:
        host = re.split(r"[/:]", text, maxsplit=1)[0]
        labels = host.split(".")
        return None if labels[-1].lower() in domains and not _RUNS_ON.search(host) else False

    return (
        form(
            "net/url", "URL", rf"{_SCHEME}:[^\s<>\"']*{_LAST}", STRONG, trigger=rf"\b{_SCHEME}:\S", reach=LONGEST
        ),
        form("net/www", "URL", rf"www\d?\.[^\s<>\"']*{_LAST}", STRONG, trigger=r"\bwww\d?\.\S", reach=LONGEST),
        form(
            "net/page",
            "URL",
            _PAGE,
            LIKELY,
            trigger=r"[a-z0-9]\.[a-z]{2,24}(?::\d{2,5})?/\S*\s",
            behind=400,
            check=is_domain,
        ),
        form(
            "net/profile",
            "URL",
            rf"\b(?:{_SITES})\.(?:com|me|org|app|social)/\S*{_LAST}",
            STRONG,
            trigger=rf"\b(?:{_SITES})\.(?:com|me|org|app|social)/\S+\s",
        ),
        form("net/domain", "URL", r"\b(?:[a-z0-9-]+\.)+[a-z]{2,24}\b", LIKELY, check=is_domain, behind=130),
        form("net/email", "EMAIL_ADDRESS", _EMAIL, STRONG, literals=("@",), behind=65, reach=100),
        form("net/bracketed email", "EMAIL_ADDRESS", _BRACKETED, STRONG, behind=130),
        form("net/email in words", "EMAIL_ADDRESS", _IN_WORDS, STRONG, behind=130),
        form(
            "net/handle",
            "USERNAME",
            r"(?<![\w@.])@\w(?:[\w.-]{0,58}\w)?(?:@[\w.-]+\w)?",
            LIKELY,
            literals=("@",),
            behind=1,
            reach=100,
        ),
        labelled("net/labelled handle", "USERNAME", _LABEL, r"@?\w[\w.#-]{2,40}\b", LIKELY),
        form("net/ipv4", "IP_ADDRESS", r"\b(?:\d{1,3}\.){3}\d{1,3}(?::\d{2,5}|/\d{1,2})?\b", STRONG, check=_is_ip),
        form(
            "net/ipv6", "IP_ADDRESS", _IPV6, STRONG, trigger=r":[0-9a-f]{0,4}:", behind=6, reach=45, check=_is_ip
        ),
        form("net/mac", "MAC_ADDRESS", r"\b[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5,7}\b", STRONG),
        form("net/ethereum", "CRYPTO", r"\b0x[0-9a-f]{40,64}\b", STRONG),
        form(
            "net/bitcoin", "CRYPTO", r"\b[13][1-9A-HJ-NP-Za-km-z]{25,34}\b", STRONG, check=base58_check, cased=True
        ),
        form("net/segwit", "CRYPTO", r"\b(?:bc|tb|ltc)1[02-9ac-hj-np-z]{11,87}\b", STRONG, check=bech32),
        form("net/iban", "IBAN_CODE", _ACCOUNT, STRONG, check=mod97),
        labelled("net/bank", "BIC", _BANK, r"[a-z]{4} ?[a-z]{2} ?[a-z0-9]{2}(?: ?[a-z0-9]{3})?\b", LIKELY),
    )


# "the end.Then": a capital after the dot and none before it starts a sentence.
_RUNS_ON = re.compile(r"[a-z0-9]\.[A-Z][a-z]*$")
_PORT = re.compile(r":\d+$")
_PREFIX = re.compile(r"/\d{1,3}$")
# Left out of Presidio's list, or of networks of one's own.
_MORE_DOMAINS = (
    "biz info mobi name jobs aero coop museum travel local lan internal intranet corp home onion example test"
)


def _is_ip(text: str) -> bool | None:
    bare = _PREFIX.sub("", text.strip("."))
    bare = _PORT.sub("", bare) if bare.count(".") == 3 and bare.count(":") == 1 else bare  # noqa: PLR2004 - IPv4
    try:
        ip_address(bare)
    except ValueError:
        return False
    return len(text) > 2  # noqa: PLR2004 - "::" alone is punctuation
