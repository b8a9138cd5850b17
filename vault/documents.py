"""The KV v2 half of `vault.interface.Vault`, over `vault.session`. A document is `{"sealed": base64}`: one opaque
string, since Vault refuses bodies with more than 1,000.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import hvac

from schemas.errors import Reason, Refused, Undecodable, VaultUnavailable, VeilError
from vault.interface import MAX_DOCUMENT_BYTES, Document
from vault.session import Answer, Rejected, Session

WRITERS = 4
"""Threads of `create_all`; more gain nothing on two cores (figures in the room's README)."""
KEPT_VERSIONS = 10
"""KV v2 keeps ten versions unless configured otherwise; older ones it has destroyed itself."""

_FIELD = "sealed"
_BAD_REQUEST, _NOT_FOUND = 400, 404
_CONFLICT = "check-and-set"
"""In the message of a check-and-set that failed, OpenBao's and Vault's. A mount that is not ready says 400, too:
each is for a moment after another node has begun to lead.
"""


class DocumentsClient:
    """See `vault.interface.Documents` for what each call does. Thread-safe."""

    def __init__(self, session: Session, mount: str) -> None:
        self._session = session
        self._project_mount = mount
        self._writers = ThreadPoolExecutor(WRITERS, thread_name_prefix="vault-writer")

    def stop_writers(self) -> None:
        """Wait for writes under way and end the threads."""
        self._writers.shutdown()

    def create(self, path: str, blob: bytes) -> None:
        """Write a new document. Raises Refused (`duplicate`, `mapping_too_large`)."""
        try:
            self._write(path, blob, 0)
        except Rejected as rejected:
            raise _conflict(rejected, Reason.DUPLICATE, f"document {path} exists already") from None

    def create_all(self, documents: Sequence[tuple[str, bytes]]) -> None:
        """Write new documents side by side. Waits for all writes, then raises the first failure, if any."""
        writes = [self._writers.submit(self.create, path, blob) for path, blob in documents]
        failures = [failure for write in writes if (failure := write.exception()) is not None]
        if failures:
            raise failures[0]

    def read(self, path: str) -> Document | None:
        """The latest version."""
        data = self._version(path, None)
        if data is None:
            return None
        return Document(path, _blob(path, data["data"]), int(data["metadata"]["version"]))

    def holds(self, path: str, version: int) -> bool:
        """Whether that version can still be read."""
        return self._version(path, version) is not None

    def _version(self, path: str, version: int | None) -> dict[str, Any] | None:
        """One version, the latest where none is said; None where it is not there (any more)."""
        try:
            answer: Answer = self._session.call(
                f"read document {path}",
                lambda client: client.secrets.kv.v2.read_secret_version(
                    path, version=version, mount_point=self._project_mount, raise_on_deleted_version=False
                ),
            )
        except Rejected as rejected:
            if rejected.answer.get("errors"):  # a missing mount; a missing document is a 404 without an error
                raise VaultUnavailable(f"Vault can't read document {path}: is there such a mount?") from None
            return None
        data: dict[str, Any] = answer["data"]
        return data if data["data"] is not None else None

    def replace(self, path: str, blob: bytes, version: int) -> None:
        """Write the next version and destroy those before. Raises Refused (`stale_version`)."""
        try:
            self._write(path, blob, version)
        except Rejected as rejected:
            raise _conflict(rejected, Reason.STALE_VERSION, f"document {path} is not at {version}") from None
        before = list(range(max(1, version - KEPT_VERSIONS), version + 1))
        self._document_call(
            f"destroy versions of document {path}",
            lambda client: client.secrets.kv.v2.destroy_secret_versions(
                path, versions=before, mount_point=self._project_mount
            ),
        )

    def destroy(self, path: str) -> None:
        """Destroy every version and the metadata."""
        self._document_call(
            f"destroy document {path}",
            lambda client: client.secrets.kv.v2.delete_metadata_and_all_versions(
                path, mount_point=self._project_mount
            ),
        )

    def names(self, folder: str) -> list[str]:
        """All document paths below `folder`."""
        found: list[str] = []
        folders = [folder.strip("/")]
        while folders:
            here = folders.pop()
            for name in self._listing(here):
                (folders if name.endswith("/") else found).append(f"{here}/{name}".strip("/"))
        return sorted(found)

    def _listing(self, folder: str) -> list[str]:
        try:
            answer: Answer = self._session.call(
                f"list documents below {folder}",
                lambda client: client.secrets.kv.v2.list_secrets(folder, mount_point=self._project_mount),
            )
        except Rejected as rejected:
            if rejected.status != _NOT_FOUND:
                raise VaultUnavailable(f"Vault did not list {folder}: the mount is not ready") from None
            return []
        names: list[str] = answer["data"]["keys"]
        return names

    def _write(self, path: str, blob: bytes, version: int) -> None:
        if len(blob) > MAX_DOCUMENT_BYTES:
            raise Refused(Reason.MAPPING_TOO_LARGE, f"document {path} is larger than {MAX_DOCUMENT_BYTES} bytes")
        content = {_FIELD: base64.b64encode(blob).decode("ascii")}
        self._session.call(
            f"write document {path}",
            lambda client: client.secrets.kv.v2.create_or_update_secret(
                path, content, cas=version, mount_point=self._project_mount
            ),
        )

    def _document_call(self, what: str, action: Callable[[hvac.Client], Any]) -> None:
        try:
            self._session.call(what, action)
        except Rejected:
            raise VaultUnavailable(f"Vault did not {what}: is there such a mount?") from None


def mount_of(project: str) -> str:
    """The KV v2 mount of a project's documents."""
    return f"veil-{project}"


def _conflict(rejected: Rejected, reason: Reason, message: str) -> VeilError:
    """A check-and-set that failed, unless an attempt before it may have been the one that won."""
    if rejected.status != _BAD_REQUEST:
        return VaultUnavailable("Vault has no such mount; run `veil topology apply`")
    if not any(_CONFLICT in str(error) for error in rejected.answer.get("errors") or ()):
        return VaultUnavailable("Vault did not write: the mount is not ready")
    if rejected.in_doubt:
        return VaultUnavailable("Vault answered too late: the write may or may not have happened")
    return Refused(reason, message)


def _blob(path: str, data: dict[str, str]) -> bytes:
    try:
        return base64.b64decode(data[_FIELD], validate=True)
    except (KeyError, TypeError, binascii.Error):
        raise Undecodable(Reason.UNDECODABLE, f"document {path} was not written by Veilstream") from None
