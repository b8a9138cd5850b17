"""One transaction by a person or a tool: what is done and the events that say so, together, under a fresh slot."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Sequence

from deploy.surroundings import Surroundings
from schemas.audit import Event
from schemas.errors import CommitInDoubt, VeilError
from streams.engine.chain import Chain, audit_records
from streams.engine.log import Ownership, SessionSpec
from streams.engine.messages import Outgoing
from streams.engine.processor import Slot


def act(around: Surroundings, outputs: Sequence[Outgoing], events: Sequence[Event]) -> None:
    """Commit `outputs` and `events` of the identity, or nothing.

    The slot is used once, so its chain starts at 1 and needs no changelog. Raises TransactionError, AccessDenied,
    LogUnavailable, VaultUnavailable; after CommitInDoubt look before doing it again.
    """
    identity = around.identity
    slot = Slot(f"{identity.slots}{secrets.token_hex(8)}", 1, identity.name, around.project)
    chain = Chain(slot, None, identity.signer, around.sign)
    linked = chain.extend([chain.started({}), *events], around.clock.now())
    session = around.log.open(SessionSpec(slot.name, identity.group, (), Ownership.WHOLE))
    try:
        session.begin()
        for outgoing in [*outputs, *audit_records(linked, f"audit.{around.project}", slot.name, around.codec)]:
            session.produce(outgoing)
        session.commit()
    except CommitInDoubt:
        raise
    except VeilError:
        with contextlib.suppress(VeilError):  # no later incarnation would: everyone's readers would wait 15 s
            session.abort()
        raise
    finally:
        session.close()
