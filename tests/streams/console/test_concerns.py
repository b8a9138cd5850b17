"""Who sees what of the platform's audit."""

from __future__ import annotations

import pytest

from schemas.audit import EventType
from streams.console.concerns import concern_of
from tests.streams.console.site import made

E = EventType
HASH = "a" * 64
ENDED_ELSEWHERE = {"resource": "person/eve", "parents": ("control/revoke/other/eve/olga",)}
EVERYBODYS = (
    (E.TOPOLOGY_APPLIED, {"resource": "project/platform"}),
    (E.PROCESS_STARTED, {"resource": "slot/seal.platform.0"}),
    (E.CONTROL_REFUSED, {"resource": "message/control/0/7"}),
)
OTHERS = (
    (E.CREDENTIALS_ENDED, {**ENDED_ELSEWHERE, "details": {"projects": "other"}}),
    (E.CREDENTIALS_RESTORED, {"resource": "person/eve"}),
    (E.CONTROL_APPLIED, {"resource": "control/revoke/other/eve"}),
    (E.CONSOLE_ENTERED, {"resource": "session/1", "person": "otto"}),
    (E.CONSOLE_LEFT, {"resource": "session/1", "person": "otto"}),
    (E.CONSOLE_LOOKED, {"resource": "project/other", "person": "otto", "parents": ("task/1",)}),
    (E.CONSOLE_DENIED, {"resource": "project/other", "person": "ann"}),
    (E.CONSOLE_DENIED, {"resource": "project/platform", "person": "nobody"}),
    (E.POLICY_PUBLISHED, {"resource": f"policy/{HASH}", "parents": (f"control/policy/other/{HASH}/ada",)}),
    (E.JOB_SIGNED, {"resource": "project/other", "person": "ada"}),
    (E.LIFT_CARRIED, {"resource": "control/lift/other/contain.other/olga", "person": "olga"}),
    (E.RECORD_REFUSED, {"resource": "message/audit.other/0/7"}),
    (E.RECORD_REFUSED, {"resource": "task/1"}),
)
OURS = (
    (E.CREDENTIALS_ENDED, {"resource": "person/bo", "details": {"projects": "demo other"}}),
    (E.CREDENTIALS_ENDED, {"resource": "person/ann", "details": {"projects": "other"}}),
    (E.CREDENTIALS_RESTORED, {"resource": "person/ann"}),
    (E.CONTROL_APPLIED, {"resource": "control/revoke/demo/bo"}),
    (E.LIFT_CARRIED, {"resource": "control/lift/demo/contain.demo/eve", "person": "eve"}),
    (E.CONSOLE_ENTERED, {"resource": "session/1", "person": "ann"}),
    (E.CONSOLE_LOOKED, {"resource": "project/demo", "person": "iris"}),
    (E.CONSOLE_DENIED, {"resource": "project/platform", "person": "ann"}),
    (E.POLICY_PUBLISHED, {"resource": f"policy/{HASH}", "parents": (f"control/policy/demo/{HASH}/eve",)}),
)


def sees(kind, more, projects=("demo", "platform"), people=("ann", "iris", "ada")):
    event = made(1, kind, 1, **{"person": "", "parents": (), **more})
    return concern_of("audit.platform", event).open_to(frozenset(projects), frozenset(people))


@pytest.mark.parametrize(("kind", "more"), EVERYBODYS)
def test_what_names_nobody_and_no_project_is_everybodys(kind, more):
    assert sees(kind, more, people=())
    assert not sees(kind, more, projects=["demo"])  # who asks about one project


@pytest.mark.parametrize(("kind", "more"), OTHERS)
def test_what_names_another_project_or_somebody_whom_ours_do_not_is_not_ours(kind, more):
    assert not sees(kind, more)


@pytest.mark.parametrize(("kind", "more"), OURS)
def test_what_names_our_project_or_is_about_our_people_is_ours(kind, more):
    assert sees(kind, more)


def test_a_projects_audit_is_for_that_project_alone_whoever_is_named():
    concern = concern_of("audit.other", made(1, E.TASK_VIEWED, 1, person="ann", parents=("project/demo",)))
    assert not concern.open_to(frozenset({"demo", "platform"}), frozenset({"ann"}))
    assert concern.open_to(frozenset({"other"}), frozenset())


def test_whose_credentials_ended_only_officers_of_a_project_that_names_them_see(console):
    for person, project in (("eve", "other"), ("ann", "demo")):
        parents = (f"control/revoke/{project}/{person}/olga",)
        more = {"person": "", "details": {"projects": project}, "parents": parents}
        console.event(EventType.CREDENTIALS_ENDED, topic="audit.platform", resource=f"person/{person}", **more)
        more = {"person": "", "parents": ()}
        console.event(EventType.CREDENTIALS_RESTORED, topic="audit.platform", resource=f"person/{person}", **more)
    for officer, named in (("iris", "ann"), ("otto", "eve")):
        rows = console.signed_in(officer).get("/v1/events").json()["rows"]
        assert [it["resource"] for it in rows] == [f"person/{named}"] * 2
        assert [it["type"] for it in rows] == ["credentials.restored", "credentials.ended"]
