"""An export in a bucket: S3, or what speaks its protocol (MinIO, Ceph, SeaweedFS, versitygw …).

Where, is said as `s3://bucket` or `s3://bucket/prefix`; who one is and which endpoint, by the variables that all
tools for S3 read: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION, AWS_ENDPOINT_URL,
AWS_CA_BUNDLE (an authority to trust besides). HTTPS only, but for an endpoint on loopback.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import S3Store

from schemas.errors import ConfigError
from streams.audit.export_files import longest
from streams.audit.store import checked

if TYPE_CHECKING:
    from obstore.store import ClientConfig
    from obstore.store import ObjectStore as Client

SCHEME = "s3"
LOOPBACK = frozenset(("localhost", "127.0.0.1", "::1"))
CALL_LIMIT = "60s"


class ObjectStore:
    """A `streams.audit.store.Store` in a bucket. One writer at a time, which is for whoever runs it to see to.

    A put replaces the whole object or none of it, and is durable once it returns, as S3 promises. Raises OSError,
    which names the object and never a credential.
    """

    def __init__(self, client: Client, place: str) -> None:
        self._client = client
        self._place = place

    def alone(self) -> AbstractContextManager[None]:
        """Nothing is held: S3 knows no lock that ends with its owner."""
        return nullcontext()

    def get(self, name: str) -> bytes | None:
        try:
            found, most = obstore.get(self._client, checked(name)), longest(name)
            return None if most is not None and found.meta["size"] > most else bytes(found.bytes())
        except (NotFoundError, FileNotFoundError):
            return None
        except BaseError as error:
            raise self._failed("read", name, error) from None

    def put(self, name: str, data: bytes) -> None:
        try:
            obstore.put(self._client, checked(name), data)
        except BaseError as error:
            raise self._failed("written", name, error) from None

    def delete(self, name: str) -> None:
        try:
            obstore.delete(self._client, checked(name))
        except (NotFoundError, FileNotFoundError):
            return
        except BaseError as error:
            raise self._failed("deleted", name, error) from None

    def names(self, under: str = "") -> Iterator[str]:
        try:
            for page in obstore.list(self._client, prefix=checked(under) if under else None):
                yield from (one["path"] for one in page)
        except BaseError as error:
            raise self._failed("listed", "", error) from None

    def _failed(self, done: str, name: str, error: BaseError) -> OSError:
        """The client's own text has addresses and answers of the server in it: only the kind is told."""
        kind = type(error).__name__.removesuffix("Error")
        where = f"{self._place}/{name}" if name else self._place
        text = f"could not be {done} ({kind}); check the bucket, AWS_ENDPOINT_URL and the credentials"
        return OSError(errno.EIO, text, where)


def bucket_store(place: str, environ: Mapping[str, str] = os.environ) -> ObjectStore:
    """The store at `s3://bucket/prefix`. Connects to nothing yet. Raises ConfigError."""
    url = urlsplit(place)
    if url.scheme != SCHEME or not url.netloc or url.query or url.fragment or url.username:
        raise ConfigError(f"{place} is no place in a bucket; write s3://bucket or s3://bucket/prefix")
    prefix = url.path.strip("/")
    if prefix:
        checked(prefix)
    client = S3Store(url.netloc, prefix=prefix or None, client_options=_options(environ))
    return ObjectStore(client, place.rstrip("/"))


def _options(environ: Mapping[str, str]) -> ClientConfig:
    options: ClientConfig = {"timeout": CALL_LIMIT}
    endpoint = urlsplit(environ.get("AWS_ENDPOINT_URL", ""))
    if endpoint.scheme == "http":
        if endpoint.hostname not in LOOPBACK:
            raise ConfigError("AWS_ENDPOINT_URL is plain HTTP to another machine; use https")
        options["allow_http"] = True
    authority = environ.get("AWS_CA_BUNDLE")
    if authority:
        try:
            options["root_certificate"] = Path(authority).read_bytes()
        except OSError as error:
            raise ConfigError(f"AWS_CA_BUNDLE: {error.strerror}: {authority}") from None
    return options
