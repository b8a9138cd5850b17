"""Answers of a Label Studio, imported as the labels of a person."""

from __future__ import annotations

from pathlib import Path

from deploy.persons import annotator_token
from deploy.places import check_place
from deploy.up.addresses import LABEL, read_addresses
from schemas.errors import ConfigError
from streams.label.client import LabelClient
from streams.label.studio.importing import Imported, import_answers
from streams.label.studio.offsets import Unit
from streams.label.studio.reading import MAX_FILE_BYTES, read

LIFETIME_S = 3_600
"""Of the token: as long as one may hold. What is left after that is imported by doing it again."""


def import_file(
    root: Path, project: str, file: Path, person: str, issuer: str | None, url: str | None, offsets: str, most: int
) -> Imported:
    """What became of the answers. Raises ConfigError for a file that is none, and for a place to which no token
    must be sent; and what the API's client raises.
    """
    given = read(_content(file), file.name)
    place = url or label_url(root, project)
    check_place("--url", place)
    token = annotator_token(root, project, person, issuer, LIFETIME_S)
    with LabelClient(place, project, lambda: token) as client:
        return import_answers(client, given, Unit(offsets), most)


def label_url(root: Path, project: str) -> str:
    """Where label's API of this stack is. Raises ConfigError."""
    for address in read_addresses(root.absolute()):
        if address.role == LABEL and address.project == project and address.api_url:
            return address.api_url
    raise ConfigError(f"no label stage of {project} under {root}; start `veil up`, or give --url")


def _content(file: Path) -> bytes:
    if file.stat().st_size > MAX_FILE_BYTES:
        raise ConfigError(f"{file}: longer than {MAX_FILE_BYTES:,} bytes; split it")
    return file.read_bytes()
