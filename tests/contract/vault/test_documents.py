from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from schemas.errors import Reason, Refused, VaultUnavailable
from vault.client import VaultClient
from vault.interface import MAX_DOCUMENT_BYTES


def refused(action, *arguments):
    with pytest.raises(Refused) as caught:
        action(*arguments)
    return caught.value.reason


def test_a_document_is_read_as_it_was_written(vault, folder):
    blob = bytes(range(256))
    vault.create(f"{folder}/1", blob)
    found = vault.read(f"{folder}/1")
    assert (found.path, found.blob, found.version) == (f"{folder}/1", blob, 1)


def test_nothing_is_read_where_nothing_was_written(vault, folder):
    assert vault.read(f"{folder}/none") is None


def test_a_document_is_created_once(vault, folder):
    vault.create(f"{folder}/1", b"first")
    assert refused(vault.create, f"{folder}/1", b"second") is Reason.DUPLICATE
    assert vault.read(f"{folder}/1").blob == b"first"


def test_of_many_creators_one_wins(vault, folder):
    def attempt(number):
        try:
            vault.create(f"{folder}/1", str(number).encode())
        except Refused:
            return None
        return str(number).encode()

    with ThreadPoolExecutor(8) as threads:
        winners = [blob for blob in threads.map(attempt, range(8)) if blob is not None]
    assert winners == [vault.read(f"{folder}/1").blob]


def test_an_empty_and_the_largest_document_are_taken_a_larger_one_is_refused(vault, folder):
    vault.create(f"{folder}/empty", b"")
    vault.create(f"{folder}/largest", bytes(MAX_DOCUMENT_BYTES))
    assert vault.read(f"{folder}/empty").blob == b""
    assert len(vault.read(f"{folder}/largest").blob) == MAX_DOCUMENT_BYTES
    assert refused(vault.create, f"{folder}/larger", bytes(MAX_DOCUMENT_BYTES + 1)) is Reason.MAPPING_TOO_LARGE
    assert refused(vault.replace, f"{folder}/empty", bytes(MAX_DOCUMENT_BYTES + 1), 1) is Reason.MAPPING_TOO_LARGE


def test_all_documents_exist_when_create_all_returns(vault, folder):
    documents = [(f"{folder}/{number:02}", bytes([number])) for number in range(20)]
    vault.create_all(documents)
    assert [(path, vault.read(path).blob) for path in vault.names(folder)] == documents


def test_create_all_of_nothing_does_nothing(vault):
    vault.create_all([])


def test_create_all_refuses_what_exists_already(vault, folder):
    vault.create(f"{folder}/2", b"first")
    assert refused(vault.create_all, [(f"{folder}/1", b"x"), (f"{folder}/2", b"x")]) is Reason.DUPLICATE
    assert vault.read(f"{folder}/2").blob == b"first"


def test_a_replaced_document_is_the_next_version(vault, folder):
    vault.create(f"{folder}/1", b"first")
    vault.replace(f"{folder}/1", b"second", 1)
    vault.replace(f"{folder}/1", b"third", 2)
    found = vault.read(f"{folder}/1")
    assert (found.blob, found.version) == (b"third", 3)


def test_of_a_replaced_document_the_latest_version_alone_is_held_and_of_a_destroyed_one_none(vault, folder):
    path = f"{folder}/one"
    vault.create(path, b"first")
    assert vault.holds(path, 1)
    vault.replace(path, b"second", 1)
    assert [vault.holds(path, version) for version in (1, 2, 3)] == [False, True, False]
    vault.destroy(path)
    assert not any(vault.holds(path, version) for version in (1, 2))


def test_replacing_another_version_than_the_latest_is_refused(vault, folder):
    vault.create(f"{folder}/1", b"first")
    vault.replace(f"{folder}/1", b"second", 1)
    assert refused(vault.replace, f"{folder}/1", b"late", 1) is Reason.STALE_VERSION
    assert refused(vault.replace, f"{folder}/none", b"x", 1) is Reason.STALE_VERSION
    assert vault.read(f"{folder}/1").blob == b"second"


def test_a_destroyed_document_is_gone_and_its_path_is_free(vault, folder):
    vault.create(f"{folder}/1", b"first")
    vault.replace(f"{folder}/1", b"second", 1)
    vault.destroy(f"{folder}/1")
    assert vault.read(f"{folder}/1") is None
    assert vault.names(folder) == []
    vault.destroy(f"{folder}/1")
    vault.create(f"{folder}/1", b"again")
    assert vault.read(f"{folder}/1").version == 1


def test_names_are_whole_paths_below_the_folder_sorted(vault, folder):
    paths = sorted(f"{folder}/redact.demo.0/{epoch}/{number}" for epoch in (1, 2) for number in (1, 10, 2))
    vault.create_all([(path, b"x") for path in paths])
    vault.create(f"{folder}-beside/1", b"x")
    assert vault.names(folder) == paths
    assert vault.names(f"{folder}/") == paths
    assert vault.names(f"{folder}/redact.demo.0/2") == paths[3:]
    assert vault.names(f"{folder}/none") == []


def test_projects_do_not_see_each_other(vaults, folder):
    vaults["contract"].create(f"{folder}/1", b"x")
    assert vaults["neighbour"].read(f"{folder}/1") is None
    assert vaults["neighbour"].names(folder) == []
    vaults["neighbour"].create(f"{folder}/1", b"y")
    assert vaults["contract"].read(f"{folder}/1").blob == b"x"


@pytest.mark.stack
def test_a_mount_that_is_missing_is_an_outage_and_no_missing_document(openbao):
    """Join would refuse every verdict for good if it took the one for the other."""
    client = VaultClient.from_token(openbao.url, openbao.ca, openbao.token, "nowhere")
    with client, pytest.raises(VaultUnavailable, match="mount"):
        client.read("view/redact.nowhere.0/1/1")
