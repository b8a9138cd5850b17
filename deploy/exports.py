"""Where an export of the audit lies: a folder, or a place in a bucket."""

from __future__ import annotations

from pathlib import Path

from deploy.object_store import bucket_store
from schemas.errors import ConfigError
from streams.audit.store import Directory, Store

BUCKET = "s3://"


def export_at(place: str) -> Store:
    """The store at a folder's path or `s3://bucket/prefix`. Raises ConfigError."""
    if place.startswith(BUCKET):
        return bucket_store(place)
    if "://" in place:
        raise ConfigError(f"{place}: an export lies in a folder, or in a bucket at {BUCKET}bucket/prefix")
    return Directory(Path(place))


def is_folder(place: str) -> bool:
    """Whether a place is (or would be) a folder of this machine."""
    return "://" not in place
