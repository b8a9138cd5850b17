from __future__ import annotations

from dataclasses import replace

import pytest

from streams.web.sessions import (
    SECRET_BYTES,
    Ending,
    NoSession,
    Purpose,
    Scope,
    Session,
    Sessions,
    SessionsFull,
    name_of,
)
from streams.web.settings import SessionSettings

NOW = 1_700_000_000_000
SETTINGS = SessionSettings()
SCOPE = Scope()


def secret(number: int) -> bytes:
    return number.to_bytes(SECRET_BYTES, "big")


def nobody_must_go(_):
    return None


@pytest.fixture
def sessions():
    return Sessions(SETTINGS)


def why_none(sessions, of, now=NOW):
    with pytest.raises(NoSession) as none:
        sessions.find(of, now, active=False)
    return none.value.ending


def test_session_is_found_by_its_secret_alone(sessions):
    session, replaced = sessions.start("ada", secret(1), SCOPE, NOW)
    assert replaced is None
    assert replace(sessions.find(secret(1), NOW, active=False), csrf="") == session
    assert why_none(sessions, secret(2)) is None
    assert why_none(sessions, session.session_id.encode()) is None


def test_secret_is_in_nothing_that_is_kept_or_shown(sessions):
    session, _ = sessions.start("ada", secret(7), SCOPE, NOW)
    kept = repr(vars(sessions)) + repr(session)
    assert secret(7).hex() not in kept
    assert repr(secret(7)) not in kept
    assert sessions.find(secret(7), NOW, active=False).csrf not in kept
    assert session.session_id == name_of(secret(7))


def test_idle_session_is_over_to_the_millisecond(sessions):
    sessions.start("ada", secret(1), SCOPE, NOW)
    assert sessions.find(secret(1), NOW + SETTINGS.idle_ms - 1, active=False)
    assert why_none(sessions, secret(1), NOW + SETTINGS.idle_ms) is Ending.IDLE


def test_only_work_keeps_a_session_and_never_beyond_its_life(sessions):
    session, _ = sessions.start("ada", secret(1), SCOPE, NOW)
    for at in range(NOW, session.expires_at, SETTINGS.idle_ms - 1):
        assert sessions.find(secret(1), at, active=True)
    assert sessions.idle_at(sessions.find(secret(1), at, active=True)) == session.expires_at
    assert why_none(sessions, secret(1), session.expires_at) is Ending.EXPIRED


def test_new_session_of_a_person_ends_the_one_before(sessions):
    first, _ = sessions.start("ada", secret(1), SCOPE, NOW)
    _, replaced = sessions.start("ada", secret(2), SCOPE, NOW + 5)
    assert replaced is not None
    assert (replaced.session, replaced.ending, replaced.at) == (first, Ending.REPLACED, NOW + 5)
    assert why_none(sessions, secret(1)) is Ending.REPLACED
    assert len(sessions) == 1


def test_session_ends_once(sessions):
    session, _ = sessions.start("ada", secret(1), SCOPE, NOW)
    assert sessions.end(session.session_id, Ending.SIGNED_OUT, NOW) is not None
    assert sessions.end(session.session_id, Ending.IDLE, NOW) is None
    assert why_none(sessions, secret(1)) is Ending.SIGNED_OUT


def test_sweep_ends_the_idle_the_expired_and_who_must_go(sessions):
    sessions.start("idle", secret(1), SCOPE, NOW)
    sessions.start("gone", secret(2), SCOPE, NOW + SETTINGS.idle_ms - 1)
    sessions.start("here", secret(3), SCOPE, NOW + SETTINGS.idle_ms - 1)
    ended = sessions.sweep(NOW + SETTINGS.idle_ms, lambda one: Ending.REVOKED if one.person == "gone" else None)
    assert [(one.session.person, one.ending) for one in ended] == [("idle", Ending.IDLE), ("gone", Ending.REVOKED)]
    assert sessions.sweep(NOW + SETTINGS.idle_ms, nobody_must_go) == []
    assert why_none(sessions, secret(1)) is Ending.IDLE


def test_memory_is_bounded():
    sessions = Sessions(replace(SETTINGS, kept=3, endings_kept=2))
    for number in range(3):
        sessions.start(f"person-{number}", secret(number), SCOPE, NOW)
    with pytest.raises(SessionsFull):
        sessions.start("one-more", secret(9), SCOPE, NOW)
    sessions.start("person-0", secret(10), SCOPE, NOW)  # in place of their own
    for number in (10, 1, 2):
        sessions.end(name_of(secret(number)), Ending.SIGNED_OUT, NOW)
    assert why_none(sessions, secret(0)) is None  # forgotten
    assert why_none(sessions, secret(2)) is Ending.SIGNED_OUT


def kept(number: int, person: str, started_at: int = NOW) -> Session:
    scope = Scope(Purpose.ADJUDICATION, "b1")
    return Session(name_of(secret(number)), person, scope, started_at, 0, started_at + SETTINGS.life_ms)


def test_restored_session_goes_on_under_the_same_secret_with_the_same_token(sessions):
    sessions.start("ann", secret(1), SCOPE, NOW)
    token = sessions.find(secret(1), NOW, active=False).csrf
    after = Sessions(SETTINGS)
    assert after.adopt([kept(1, "ann")], NOW + 5) == []
    found = after.find(secret(1), NOW + 5, active=False)
    assert (found.person, found.scope, found.csrf) == ("ann", Scope(Purpose.ADJUDICATION, "b1"), token)


def test_restored_session_is_idle_from_the_restore_on_and_lives_no_longer(sessions):
    sessions.adopt([kept(1, "ann", NOW - SETTINGS.life_ms + 2 * SETTINGS.idle_ms)], NOW)
    session = sessions.find(secret(1), NOW, active=False)
    assert sessions.idle_at(session) == NOW + SETTINGS.idle_ms
    assert sessions.find(secret(1), NOW + SETTINGS.idle_ms - 1, active=True)
    assert why_none(sessions, secret(1), NOW + 2 * SETTINGS.idle_ms) is Ending.EXPIRED


def test_an_end_that_was_not_kept_is_undone_by_a_restore_and_a_session_still_expires(sessions):
    sessions.start("ann", secret(1), SCOPE, NOW)
    later = NOW + SETTINGS.idle_ms
    (ended,) = sessions.sweep(later, lambda _: None)
    assert ended.ending is Ending.IDLE
    after = Sessions(SETTINGS)
    after.adopt([kept(1, "ann")], later)
    assert after.find(secret(1), later, active=True)
    assert why_none(after, secret(1), NOW + SETTINGS.life_ms) is Ending.EXPIRED


def test_of_two_restored_sessions_of_a_person_the_newer_one_goes_on(sessions):
    ended = sessions.adopt([kept(2, "ann", NOW + 1), kept(1, "ann", NOW)], NOW + 5)
    assert [(one.session.session_id, one.ending) for one in ended] == [(name_of(secret(1)), Ending.REPLACED)]
    assert sessions.find(secret(2), NOW + 5, active=False)
    assert len(sessions) == 1
