"""A process takes up the password that its file says by now."""

from __future__ import annotations

from pathlib import Path

import pytest
from confluent_kafka import KafkaError

from deploy.passwords import PasswordWatch
from deploy.provision.credentials import CredentialFiles, Credentials
from streams.engine.kafka_login import KafkaLogin
from tests.support.waiting import wait_for
from topology.identity import Identity

JOIN = Identity("join", "demo")


@pytest.fixture
def files(tmp_path: Path) -> CredentialFiles:
    made = CredentialFiles(tmp_path)
    made.save(Credentials(JOIN, "old"))
    return made


def test_a_new_password_in_the_file_is_taken_up(files: CredentialFiles) -> None:
    login = KafkaLogin(JOIN.name, "old")
    watch = PasswordWatch(files, JOIN, login, look_s=0.01)
    files.save(Credentials(JOIN, "new"))
    wait_for(lambda: login.password == "new", "the new password is taken up")
    watch.close()


@pytest.mark.parametrize("content", ["", "{", None])
def test_a_file_that_can_not_be_read_changes_nothing(files: CredentialFiles, content: str | None) -> None:
    login = KafkaLogin(JOIN.name, "old")
    watch = PasswordWatch(files, JOIN, login, look_s=3600)
    if content is None:
        files.path(JOIN).unlink()
    else:
        files.path(JOIN).write_text(content)
    assert not login.passing(KafkaError(KafkaError._AUTHENTICATION))
    assert login.password == "old"
    watch.close()
