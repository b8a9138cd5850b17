"""What a line of the broker's log of refused requests says (`kafka.authorizer.logger`, KIP-801). Pure.

A line is a time in milliseconds and Kafka's own message. Names that somebody made up (of groups, of transactional
ids) stand in it: line breaks are escaped by the layout, and a name ends where the last of what follows it begins.
"""

from __future__ import annotations

import re

from schemas.vault_log import KafkaDenied
from streams.audit.vault_log import Unreadable, name_of

_LINE = re.compile(
    r"(?P<time>\d{13}) Principal = User:(?P<identity>[^ ]*) is (?P<result>Denied|Allowed) "
    r"operation = (?P<operation>[A-Za-z_]+) from host = [0-9a-fA-F:.]+(?:%\w+)? on resource = "
    r"(?P<resource>[A-Za-z]+):[A-Z]+:(?P<name>.*) for request = \w+ with resourceRefCount = \d+ based on rule .*"
)


def parse(line: bytes) -> KafkaDenied | Unreadable | None:
    """What a line says; None for what was allowed. Never raises."""
    found = _LINE.fullmatch(line.decode("utf-8", "replace"))
    if found is None:
        return Unreadable("it is no message of Kafka's authorizer")
    if found["result"] == "Allowed":
        return None
    return KafkaDenied(
        time=int(found["time"]),
        identity=name_of(found["identity"]),
        operation=found["operation"],
        resource=found["resource"],
        name=name_of(found["name"]),
    )
