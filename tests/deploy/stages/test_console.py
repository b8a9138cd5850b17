from __future__ import annotations

from deploy.stages.console import checked, leak_limit, playbook
from streams.audit import note
from streams.audit.checkpoint import Checkpoint
from streams.audit.note import Verifier
from streams.engine.messages import Message
from tests.streams.audit.generate import role_key
from tests.streams.audit.memory_audit import SEALER, sign

ORIGIN = "veilstream-test/audit.demo/0"
LOG = Checkpoint(ORIGIN, 9, bytes(range(32)))
PINNED = role_key(SEALER).public_key().public_bytes_raw()


def record(value):
    return Message("checkpoints", 0, 0, ORIGIN.encode(), value)


def test_what_the_pinned_sealer_has_signed_is_taken():
    found = checked(record(sign(LOG)), PINNED)
    assert (found.origin, found.size, found.root, found.witnesses) == (ORIGIN, 9, LOG.root, ())


def test_anybody_elses_note_a_changed_one_and_none_are_not():
    good = sign(LOG)
    assert checked(record(sign(LOG, "compliance.platform")), PINNED) is None
    assert checked(record(good.replace(b"\n9\n", b"\n8\n")), PINNED) is None
    assert checked(record(b"anything"), PINNED) is None
    assert checked(record(None), PINNED) is None


def test_who_else_has_signed_is_named():
    key = role_key("witness")
    witness = Verifier("witness.example", key.public_key().public_bytes_raw(), note.Algorithm.COSIGNATURE)
    text = note.parse(sign(LOG))
    line = note.cosigned(witness, key.sign(note.cosignature_message(text.text, 7)), 7)
    assert checked(record(str(text.with_signature(line)).encode()), PINNED).witnesses == ("witness.example",)


def test_a_playbook_is_found_by_its_name_and_nothing_else_is():
    assert "stolen" in playbook("stolen-account").lower()
    for name in ("", "../flow", "nothing", "a/b", "stolen-account.md"):
        assert playbook(name) == ""


def test_a_policy_that_can_not_be_read_has_no_limit_to_draw():
    assert leak_limit(b"id: [") is None
    assert leak_limit(b"version: 0\n") is None
