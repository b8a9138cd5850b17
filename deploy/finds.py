"""What people have reported, for those who write policies: each find becomes samples for `veil policy test`."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from faker import Faker

from deploy.acting import act
from deploy.persons import acting, load_declared, require_role
from deploy.surroundings import Surroundings
from schemas.audit import Event, EventType
from schemas.errors import RecordError, Undecryptable
from schemas.hidden import Hidden, SealedBytes
from schemas.records import Find
from schemas.resources import lease_resource, task_resource
from streams.label.finds import Fragment, from_bytes
from vault.data_keys import Opened, UnwrappedKeys
from vault.interface import WrappedKey
from vault.keys import find_binding, open_sealed

STAND_INS = {
    "ADDRESS": "street_address",
    "COMPANY": "company",
    "EMAIL_ADDRESS": "email",
    "LOCATION": "city",
    "PERSON": "name",
    "URL": "url",
}
"""What can stand in for something that was marked, and its name in Faker. Anything else is filled by its shape."""
_STEP = re.compile(r"([A-Za-z_][A-Za-z0-9_-]{0,63})|\[\d+\]|\.")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True, repr=False)
class OpenedFind(Hidden):
    """A find, opened. `fragments` is empty where it does not open (any more)."""

    find_id: str
    reason: str
    policy: str
    reported_at: int
    fragments: tuple[Fragment, ...]


def finds_for(root: Path, project: str, person: str) -> tuple[OpenedFind, ...]:
    """What is on `finds.P`, for an author. Raises ConfigError for somebody who is none, and as `open_finds`."""
    declared = load_declared(root)
    require_role(declared, project, person, ("author",), "look at what was reported")
    with acting(root, declared, project, person) as around:
        return open_finds(around)


def open_finds(around: Surroundings) -> tuple[OpenedFind, ...]:
    """The oldest first; that the person looks is committed to the audit before they see anything.

    Raises what Kafka, Vault and the registry raise.
    """
    found = sorted(_readable(around), key=lambda find: (find.reported_at, find.find_id))
    if found:
        act(around, (), [_opened(find, around.identity.place) for find in found])
    return tuple(_open(around, found))


def samples(found: OpenedFind, kind: str) -> Iterator[dict[str, Any]]:
    """A line of a sample file for each mark: something of `kind` in place of what was exposed, to be hidden."""
    for number, fragment in enumerate(found.fragments):
        made = stand_in(fragment.text[fragment.start : fragment.end], kind, f"{found.find_id}/{number}")
        text = fragment.text[: fragment.start] + made + fragment.text[fragment.end :]
        expect = {fragment.field: {"hidden": [made]}}
        yield {"id": f"{found.find_id}/{number}", "record": nested(fragment.field, text), "expect": expect}


def stand_in(shape: str, kind: str, seed: str) -> str:
    """Something made up: of a kind of `STAND_INS`, or anything of this shape. The same for the same seed."""
    if kind in STAND_INS:
        fake = Faker()
        fake.seed_instance(seed)
        return str(getattr(fake, STAND_INS[kind])())
    random = Random(seed)  # noqa: S311 - made up, not secret
    made = {"x": lambda: random.choice(_LETTERS), "X": lambda: random.choice(_LETTERS).upper()}
    made["9"] = lambda: str(random.randrange(10))
    return "".join(made.get(char, lambda char=char: char)() for char in shape)


def nested(path: str, text: str) -> dict[str, Any]:
    """The smallest record that has `text` at a path such as `notes[0].text`. A path of another form is one key."""
    names = [match.group(1) or match.group() for match in _STEP.finditer(path)]
    if "".join(names) != path:
        return {path: text}
    value: Any = text
    for name in reversed([name for name in names if name != "."]):
        value = [value] if name.startswith("[") else {name: value}
    return dict(value)


def as_line(sample: dict[str, Any]) -> str:
    """As it stands in a sample file."""
    return json.dumps(sample, ensure_ascii=False)


def _readable(around: Surroundings) -> Iterator[Find]:
    """Only label can have written what is there; what is no find all the same hides none of the others."""
    for message in around.log.read(f"finds.{around.project}"):
        with contextlib.suppress(RecordError):
            yield around.codec.decode(message.value, Find)


def _open(around: Surroundings, found: Sequence[Find]) -> Iterator[OpenedFind]:
    project = around.project
    keys = UnwrappedKeys(around.vault, f"finds-{project}")
    secrets = keys.unwrap([WrappedKey(find.wrapped_key, find.context) for find in found])
    for find, secret in zip(found, secrets, strict=True):
        yield OpenedFind(
            find.find_id, find.reason, find.policy, find.reported_at, _fragments(project, find, secret)
        )


def _fragments(project: str, find: Find, secret: Opened) -> tuple[Fragment, ...]:
    try:
        if isinstance(secret, Undecryptable):
            return ()
        return from_bytes(open_sealed(secret, SealedBytes(find.sealed), find_binding(project, find.find_id)))
    except (Undecryptable, ValueError, KeyError, TypeError):
        return ()


def _opened(find: Find, person: str) -> Event:
    return Event(
        EventType.FIND_OPENED,
        lease_resource(find.find_id),
        person=person,
        purpose="policy",
        bundle=find.bundle,
        parents=(task_resource(find.task_id),),
    )
