"""A grant: in force by three different people, for a time, until one of those who may says no."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.control import ControlKind, control_message
from schemas.errors import ConfigError, Reason
from schemas.grants import (
    GrantAnswer,
    GrantPurpose,
    GrantReason,
    GrantRequest,
    answer_body,
    grant_id,
    request_body,
)
from schemas.records import ControlState
from tests.topology.test_control import TOPOLOGY, private_key
from topology.control import Applied, ControlBook, Rejected
from topology.grants import Grants
from topology.loading import parse_project
from topology.pins import Pins

HOLDERS = {
    "requester": frozenset({"rita", "ruth"}),
    "grantor-a": frozenset({"abel", "anton"}),
    "grantor-b": frozenset({"berta", "bodo"}),
}
PEOPLE = sorted(frozenset[str]().union(*HOLDERS.values()))
SINCE, UNTIL = 1_000, 61_000
REQUEST = GrantRequest("rita", "a" * 32, GrantPurpose.LABEL_DISPUTE, GrantReason.MEANING_LOST, SINCE, UNTIL)
NAME = grant_id(REQUEST)
ASKED = ("rita", request_body(REQUEST))


def said(signer, answer):
    return signer, answer_body(answer)


APPROVED = (said("abel", GrantAnswer.APPROVE), said("berta", GrantAnswer.APPROVE))


def grants(*records):
    """What holds after these, of which those count that their signer may say."""
    found = Grants(HOLDERS.__getitem__)
    for signer, body in records:
        if found.may(signer, body):
            found.take(NAME, signer, body)
    return found


ANYTHING = st.lists(
    st.sampled_from([ASKED, *(said(who, answer) for who in PEOPLE for answer in GrantAnswer)]), max_size=12
)


@given(ANYTHING, st.integers(0, UNTIL + 10))
def test_it_is_in_force_exactly_by_request_and_one_of_each_group_in_time_and_nobodys_no(records, now):
    counted = {one for one in records if grants().may(*one)}
    grant = grants(*records).find(NAME)
    approvers = {who for who, body in counted if body == answer_body(GrantAnswer.APPROVE)}
    ends = {
        who
        for who, body in counted
        if body in (answer_body(GrantAnswer.DENY), answer_body(GrantAnswer.REVOKE)) and who != "ruth"
    }
    expected = (
        ASKED in counted
        and bool(approvers & HOLDERS["grantor-a"])
        and bool(approvers & HOLDERS["grantor-b"])
        and not ends
        and SINCE <= now < UNTIL
    )
    assert (grant is not None and grant.in_force(now)) == expected


@given(ANYTHING.flatmap(lambda records: st.tuples(st.just(records), st.permutations(records))))
def test_the_order_in_which_records_come_changes_nothing(orders):
    one, other = (grants(*records).find(NAME) for records in orders)
    assert one == other


@given(ANYTHING, ANYTHING)
def test_what_was_ended_is_never_in_force_again(before, after):
    ended = (*before, ASKED, said("bodo", GrantAnswer.DENY))
    grant = grants(*ended, *after, *APPROVED).find(NAME)
    assert grant is not None
    assert not any(grant.in_force(now) for now in (SINCE, UNTIL - 1))


@pytest.mark.parametrize("pair", [("abel", "anton"), ("berta", "bodo"), ("rita", "berta"), ("ruth", "abel")])
def test_no_two_of_one_group_and_no_requester_in_the_place_of_an_approver(pair):
    grant = grants(ASKED, *(said(who, GrantAnswer.APPROVE) for who in pair)).find(NAME)
    assert not grant.approved_fully


def test_should_one_person_be_in_two_groups_they_still_count_once():
    everywhere = Grants(lambda _role: frozenset({"rita", "abel"}))
    everywhere.take(NAME, *ASKED)
    for who in ("rita", "abel"):
        everywhere.take(NAME, *said(who, GrantAnswer.APPROVE))
    assert not everywhere.find(NAME).approved_fully


def test_only_who_has_requested_it_may_open_it_and_only_they_and_approvers_revoke_it():
    others = grants(ASKED, *APPROVED, said("ruth", GrantAnswer.OPEN), said("ruth", GrantAnswer.REVOKE)).find(NAME)
    assert (others.wanted_open, others.in_force(SINCE)) == (False, True)
    for who in ("rita", "anton"):
        own = grants(ASKED, *APPROVED, said("rita", GrantAnswer.OPEN), said(who, GrantAnswer.REVOKE)).find(NAME)
        assert (own.wanted_open, own.in_force(SINCE), own.ended_by) == (True, False, {who})


# In the book, signed.

SIGNERS = ("rita", "abel", "anton", "berta", "alice", "olga", "reveal.alpha", "label.alpha")
PINS = Pins({signer: private_key(signer).public_key().public_bytes_raw() for signer in SIGNERS})


def record(signer, body, name=NAME, version=1, project="alpha"):
    key = f"grant/{project}/{name}/{signer}"
    signature = private_key(signer).sign(control_message(key, version, ControlKind.GRANT, body))
    return ControlState(key, version, ControlKind.GRANT, body, signer, signature, 1)


def book_of(*records):
    book = ControlBook(TOPOLOGY.flow, PINS, TOPOLOGY.projects)
    return book, [book.apply(one.key, one) for one in records]


def test_the_book_takes_it_up_step_by_step():
    book, answers = book_of(record(*ASKED), *(record(*one) for one in APPROVED))
    concern = f"grant/alpha/{NAME}"
    assert [one.changed for one in answers if isinstance(one, Applied)] == [(concern,)] * 3
    (grant,) = book.grants("alpha").every()
    assert grant.in_force(SINCE)
    assert book.grants("demo").every() == ()
    wish = record("rita", answer_body(GrantAnswer.OPEN), version=2)
    assert book.apply(wish.key, wish) == Applied(wish.key, ControlKind.GRANT, (concern,))
    assert book.grants("alpha").find(NAME).wanted_open


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), max_size=6), st.integers(0, 10))
def test_unfinished_are_those_that_last_and_those_remembered(requests, now):
    found, wanted = Grants(HOLDERS.__getitem__), []
    for at, (minutes, remembered) in enumerate(requests):
        since = SINCE + at
        request = replace(REQUEST, since=since, until=since + 1 + minutes)
        found.take(grant_id(request), "rita", request_body(request))
        wanted.append((grant_id(request), request.until > SINCE + now, remembered))
    names = [one.grant_id for one in found.unfinished(SINCE + now, {name for name, _, kept in wanted if kept})]
    assert names == [name for name, lasts, kept in wanted if lasts or kept]
    assert found.unfinished(SINCE, {"f" * 64}) == found.every()


@given(st.permutations([record(*ASKED), *(record(*one) for one in APPROVED)]))
def test_signatures_come_in_any_order(records):
    book, _ = book_of(*records)
    assert book.grants("alpha").find(NAME).in_force(SINCE)


@pytest.mark.parametrize(
    ("signer", "answer"),
    [
        ("rita", GrantAnswer.APPROVE),
        ("rita", GrantAnswer.DENY),
        ("abel", GrantAnswer.OPEN),
        *itertools.product(("alice", "reveal.alpha", "label.alpha"), GrantAnswer),
    ],
)
def test_the_book_refuses_what_is_not_for_them_to_say(signer, answer):
    _, (refused,) = book_of(record(signer, answer_body(answer)))
    assert refused == Rejected(f"grant/alpha/{NAME}/{signer}", Reason.SIGNER_NOT_ALLOWED)


def test_the_book_refuses_requests_of_approvers_in_anothers_name_and_under_another_hash():
    in_own_name = GrantRequest("abel", "a" * 32, REQUEST.purpose, REQUEST.reason, SINCE, UNTIL)
    _, (by_approver, forged, misnamed) = book_of(
        record("abel", request_body(in_own_name), grant_id(in_own_name)),
        record("anton", request_body(REQUEST)),
        record("rita", request_body(REQUEST), "e" * 64),
    )
    assert by_approver.reason is Reason.SIGNER_NOT_ALLOWED
    assert forged.reason is Reason.SIGNER_NOT_ALLOWED
    assert misnamed.reason is Reason.BAD_REQUEST


def test_an_approval_whose_signature_is_anothers_counts_for_nothing():
    mine = record("berta", answer_body(GrantAnswer.APPROVE))
    stolen = ControlState(
        mine.key.replace("berta", "abel"), 1, mine.kind, mine.body, "abel", mine.signature, mine.signed_at
    )
    _, (refused,) = book_of(stolen)
    assert refused.reason is Reason.BAD_SIGNATURE


# In the file.


def project(persons):
    text = "name: p\nowner: o\npersons:\n  authors: [ann]\n  approvers: [ben]\n" + persons
    return parse_project(text, "p.yaml", TOPOLOGY.flow)


GROUPS = "  grant_approvers: {a: [abel], b: [berta]}\n"


def test_who_decides_about_policies_may_be_in_a_group_too():
    persons = project("  requesters: [rita, ann]\n  grant_approvers: {a: [ben], b: [berta]}\n").persons
    assert persons.duties("ben") == {"approver", "grantor-a"}
    assert persons.duties("rita") == {"requester"}
    assert not persons.only_labels("rita")
    assert {"rita", "berta"} <= persons.people


@pytest.mark.parametrize(
    ("persons", "words"),
    [
        ("  requesters: [rita]\n", "give both or neither"),
        (GROUPS, "give both or neither"),
        ("  requesters: [rita]\n  grant_approvers: {a: [abel], b: [abel, berta]}\n", "abel may be in one"),
        ("  requesters: [rita, abel]\n" + GROUPS, "abel may be in one"),
        ("  requesters: [berta]\n" + GROUPS, "berta may be in one"),
        ("  requesters: [rita]\n  annotators: [abel]\n" + GROUPS, "abel may hold no other role"),
        ("  requesters: [rita]\n  officers: [rita]\n" + GROUPS, "rita may hold no other role"),
        ("  requesters: [rita]\n  grant_approvers: {a: [], b: [berta]}\n", "grant_approvers"),
        ("  requesters: [rita]\n  grant_approvers: {a: [abel]}\n", "grant_approvers"),
    ],
)
def test_a_file_by_which_fewer_than_three_people_would_do_is_refused(persons, words):
    with pytest.raises(ConfigError, match=words):
        project(persons)
