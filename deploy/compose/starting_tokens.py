"""What the starter begins with: each `up` makes another token, and ends those before once the starter has it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from deploy.starting import IDENTITY
from schemas.files import write_atomically
from vault.session import Session
from vault.starting import end_starting_token, starting_token


@contextmanager
def new_starting_token(administrator: Session, place: Path) -> Iterator[str]:
    """A new one, which the starter has at the end of this block; then those before are ended. Where the block ends
    by an error, or is killed, the starter goes on by the one that it has.

    `place` has the accessors of all that may be good, the newest last: by them a token is ended, and nothing
    opened. Raises as `starting_token`.
    """
    before = place.read_text(encoding="ascii").split() if place.exists() else []
    made = starting_token(administrator, IDENTITY.name)
    _keep(place, [*before, made.accessor])
    yield made.token
    for accessor in before:
        end_starting_token(administrator, accessor)
    _keep(place, [made.accessor])


def _keep(place: Path, accessors: Sequence[str]) -> None:
    write_atomically(place, "".join(f"{it}\n" for it in accessors))
