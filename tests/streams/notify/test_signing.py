from __future__ import annotations

import base64
import secrets
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from schemas.errors import ConfigError
from streams.notify import signing

SECRET = b"s" * 32
BODY = b'{"type":"label.submitted","data":{}}'


def now() -> int:
    return int(datetime.now(tz=UTC).timestamp())


def test_the_receiver_of_the_specifications_own_library_takes_what_we_sign() -> None:
    headers = signing.headers("msg_1", now(), BODY, [SECRET])
    assert Webhook(signing.written(SECRET)).verify(BODY, headers)["type"] == "label.submitted"


@pytest.mark.parametrize("change", ["body", "id", "time", "secret"])
def test_it_refuses_whatever_was_changed(change: str) -> None:
    headers = signing.headers("msg_1", now(), BODY, [SECRET])
    body = BODY + b" " if change == "body" else BODY
    headers |= {"webhook-id": "msg_2"} if change == "id" else {}
    headers |= {"webhook-timestamp": str(now() - 10)} if change == "time" else {}
    secret = b"t" * 32 if change == "secret" else SECRET
    with pytest.raises(WebhookVerificationError):
        Webhook(signing.written(secret)).verify(body, headers)


def test_while_a_secret_is_changed_both_receivers_take_it() -> None:
    newer = b"n" * 32
    headers = signing.headers("msg_1", now(), BODY, [newer, SECRET])
    for secret in (newer, SECRET):
        Webhook(signing.written(secret)).verify(BODY, headers)


@given(st.lists(st.binary(min_size=24, max_size=64), min_size=1, max_size=2))
def test_secrets_are_read_back_as_they_were_written(found: list[bytes]) -> None:
    assert signing.read("\n".join(map(signing.written, found)), "file") == tuple(found)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n".join([signing.written(SECRET)] * 3),
        base64.b64encode(SECRET).decode(),
        "whsec_" + base64.b64encode(b"short").decode(),
        "whsec_" + base64.b64encode(b"l" * 65).decode(),
        "whsec_not base64!",
    ],
)
def test_what_is_no_secret_is_refused_without_being_quoted(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        signing.read(text, "file")
    assert not [line for line in text.split() if len(line) > 8 and line in str(caught.value)]


def test_the_secret_does_not_show_in_headers() -> None:
    secret = secrets.token_bytes(32)
    assert base64.b64encode(secret).decode() not in str(signing.headers("msg_1", 1, BODY, [secret]))
