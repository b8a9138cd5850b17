"""Lines as OpenBao 2.7 writes them, cut to what matters; every hash is made up."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.vault_log import Operation, Outcome, VaultUse
from streams.audit.vault_log import MAX_TEXT, Unreadable, parse

HASH = "hmac-sha256:00ff"
CANARY = "Zorvik-Quelmer"


def line(path: str, operation: str = "update", error: str | None = None, role: str = "label.demo", **data: object):
    entry = {
        "time": "2026-11-26T12:10:53.42635096Z",
        "type": "response",
        "auth": {
            "client_token": CANARY,
            "display_name": "approle",
            "metadata": {"role_name": role},
            "policies": [role],
        },
        "request": {
            "id": "f07ba346",
            "operation": operation,
            "path": path,
            "data": data,
            "client_token": CANARY,
            "remote_address": CANARY,
        },
        "response": {"data": {"plaintext": CANARY}},
    }
    return json.dumps(entry | ({"error": error} if error else {})).encode()


def encoded(context: str) -> str:
    return base64.b64encode(context.encode()).decode()


def test_a_decrypt_shows_identity_key_time_and_the_contexts_of_its_batch():
    items = [{"ciphertext": CANARY, "context": encoded(f"redact.demo.{at}/47")} for at in (0, 1, 0)]
    assert parse(line("transit/decrypt/view-demo", batch_input=items, ciphertext=HASH)) == VaultUse(
        time=1795695053426,
        identity="label.demo",
        operation=Operation.DECRYPT,
        target="view-demo",
        request_id="f07ba346",
        outcome=Outcome.DONE,
        contexts=("redact.demo.0/47", "redact.demo.1/47"),
    )


@pytest.mark.parametrize(
    ("path", "operation", "expected"),
    [
        ("transit/datakey/plaintext/view-demo", "update", (Operation.DATAKEY, "view-demo", "")),
        ("transit/encrypt/view-demo", "update", (Operation.ENCRYPT, "view-demo", "")),
        ("transit/sign/sign-label.demo", "update", (Operation.SIGN, "sign-label.demo", "")),
        ("transit/rewrap/view-demo", "update", (Operation.REWRAP, "view-demo", "")),
        ("transit/keys/view-demo/rotate", "update", (Operation.ADMINISTER, "transit/keys/view-demo", "")),
        ("veil-demo/data/view/redact.demo.0/1/7", "read", (Operation.READ, "veil-demo/view", "redact.demo.0/1/7")),
        (
            "veil-demo/data/view/redact.demo.0/1/7",
            "create",
            (Operation.WRITE, "veil-demo/view", "redact.demo.0/1/7"),
        ),
        ("veil-demo/data/view/a/1/7", "update", (Operation.REWRITE, "veil-demo/view", "a/1/7")),
        ("veil-demo/destroy/view/a/1/7", "update", (Operation.REWRITE, "veil-demo/view", "a/1/7")),
        ("veil-demo/metadata/view/a/1/7", "delete", (Operation.DELETE, "veil-demo/view", "a/1/7")),
        ("auth/approle/login", "update", (Operation.LOGIN, "auth/approle/login", "")),
        ("sys/policies/acl/label.demo", "update", (Operation.ADMINISTER, "sys/policies/acl", "")),
        ("sys/storage/raft/snapshot", "read", (Operation.SNAPSHOT, "storage", "")),
        ("sys/storage/raft/snapshot-force", "update", (Operation.ADMINISTER, "sys/storage/raft", "")),
        ("identity/entity/name/veil-person-ann", "update", (Operation.ADMINISTER, "identity/entity/name", "")),
    ],
)
def test_what_a_path_says_was_done(path, operation, expected):
    use = parse(line(path, operation))
    assert (use.operation, use.target, use.document) == expected


@pytest.mark.parametrize(
    ("path", "operation"),
    [
        ("transit/keys/sign-label.demo", "read"),
        ("auth/token/renew-self", "update"),
        ("identity/oidc/provider/veil/token", "update"),
        ("identity/entity/name/veil-person-ann", "read"),
        ("identity", "update"),
        ("veil-demo/metadata/view/", "list"),
        ("veil-demo/data/hmac/task", "read"),
        ("sys/health", "read"),
    ],
)
def test_what_shows_nothing_of_interest_is_passed_over_unless_it_was_denied(path, operation):
    assert parse(line(path, operation)) is None
    denied = parse(line(path, operation, "1 error occurred:\n\t* permission denied\n\n"))
    assert denied.outcome is Outcome.DENIED


def test_the_line_of_the_request_is_passed_over():
    assert parse(line("transit/decrypt/view-demo").replace(b'"response"', b'"request"', 1)) is None


def test_another_error_is_a_failure():
    assert parse(line("transit/decrypt/view-demo", error="invalid request")).outcome is Outcome.FAILED


def test_a_person_is_named_by_the_login_and_a_root_token_by_its_display_name():
    entry = json.loads(line("auth/userpass/login/ann"))
    assert parse(json.dumps(entry | {"auth": {}}).encode()).identity == "person.ann"
    entry = json.loads(line("transit/sign/sign-ada"))
    assert parse(json.dumps(entry | {"auth": {"display_name": "root"}}).encode()).identity == "root"


def test_a_pod_is_named_by_the_role_that_kubernetes_vouched_for_and_by_nothing_else():
    entry = json.loads(line("auth/kubernetes/login"))
    of_a_pod = {"role": "label.demo", "service_account_uid": "5f0c"}
    assert parse(json.dumps(entry | {"auth": {"metadata": of_a_pod}}).encode()).identity == "label.demo"
    claimed = {"role": "label.demo"}
    assert parse(json.dumps(entry | {"auth": {"metadata": claimed}}).encode()).identity != "label.demo"


@pytest.mark.parametrize("error", ["invalid username or password", "1 error occurred:\n\t* permission denied\n\n"])
def test_who_is_not_let_in_may_have_typed_a_password_for_a_name(error):
    entry = json.loads(line(f"auth/userpass/login/{CANARY}", error=error)) | {"auth": {}}
    use = parse(json.dumps(entry).encode())
    assert (use.operation, use.target, use.identity) == (Operation.LOGIN, "auth/userpass/login", "")
    assert CANARY not in repr(use)


@pytest.mark.parametrize(
    ("response", "outcome"),
    [
        ({"data": {"error": HASH}}, Outcome.FAILED),
        ({"auth": {"client_token": HASH}}, Outcome.DONE),
        ({"auth": {"client_token": HASH}, "data": {"error": HASH}}, Outcome.DONE),
        ({"data": None}, Outcome.DONE),
    ],
)
def test_a_wrong_secret_of_an_approle_says_so_within_the_response_alone(response, outcome):
    entry = json.loads(line("auth/approle/login")) | {"auth": {"token_type": "default"}, "response": response}
    use = parse(json.dumps(entry).encode())
    assert (use.operation, use.target, use.outcome) == (Operation.LOGIN, "auth/approle/login", outcome)


def test_nothing_but_the_named_fields_goes_on():
    item = {"ciphertext": CANARY, "plaintext": CANARY, "context": encoded("redact.demo.0/47")}
    assert CANARY not in repr(
        parse(line("transit/decrypt/view-demo", error=CANARY, batch_input=[item], extra=CANARY))
    )
    assert CANARY not in repr(parse(line(f"{CANARY}/x", error="permission denied")))


def test_names_are_bounded_and_printable():
    use = parse(line("transit/decrypt/" + "k\n" * 1000))
    assert len(use.target) <= MAX_TEXT
    assert use.target.isprintable()


@pytest.mark.parametrize(
    "bad", [b"", b"{", b"[]", b"null", b'{"type": "other"}', b"\xff", b'{"type": "response"}']
)
def test_a_line_that_is_none_is_a_finding(bad):
    assert isinstance(parse(bad), Unreadable)


@given(st.binary())
def test_no_bytes_raise(data):
    assert parse(data) is None or isinstance(parse(data), Unreadable)


@given(st.data())
def test_no_shape_of_fields_raises(data):
    entry = json.loads(line("transit/decrypt/view-demo", batch_input=[{"context": encoded("a/1")}]))
    junk = st.one_of(st.none(), st.integers(), st.text(), st.lists(st.integers()), st.just({}))
    where = entry if data.draw(st.booleans()) else entry["request"]
    where[data.draw(st.sampled_from(sorted(where)))] = data.draw(junk)
    parse(json.dumps(entry).encode())
