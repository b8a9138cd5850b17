"""The rules of CloudEvents 1.0.2 and of its Kafka protocol binding, binary content mode, as a check of headers.

Written from the specification alone, so that a mistake of `schemas.cloudevents` is not repeated here:
https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md (attributes, types, size),
https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md (3.2, binary mode).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime

REQUIRED = ("id", "source", "specversion", "type")
OPTIONAL = ("dataschema", "subject", "time")
ATTRIBUTE_NAME = re.compile(r"[a-z0-9]+")
URI_REFERENCE = re.compile(r"(?:[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})+")  # RFC 3986, characters
URI = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:" + URI_REFERENCE.pattern)
RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
TOKEN = r"[A-Za-z0-9!#$%&'*+.^_`|~-]+"
MEDIA_TYPE = re.compile(rf"{TOKEN}/{TOKEN}(\s*;\s*{TOKEN}=({TOKEN}|\"[^\"]*\"))*")  # RFC 2046 5.1
MOST_BYTES = 64 * 1024  # "Size limits": what intermediaries have to forward, without the data here


def faults(headers: Mapping[str, bytes]) -> Iterator[str]:
    """What is wrong with the headers of one message."""
    texts = {}
    for name, value in headers.items():
        try:
            texts[name] = value.decode("utf-8")
        except UnicodeDecodeError:
            yield f"{name} is not UTF-8"
    attributes = {name[3:]: text for name, text in texts.items() if name.startswith("ce_")}
    yield from _attributes(attributes)
    yield from _content_type(texts)
    if sum(len(name) + len(value) for name, value in headers.items()) > MOST_BYTES:
        yield "the attributes are too large to be forwarded"


def _attributes(attributes: Mapping[str, str]) -> Iterator[str]:
    for name in REQUIRED:
        if not attributes.get(name):
            yield f"{name} is required and not empty"
    for name, text in attributes.items():
        if not ATTRIBUTE_NAME.fullmatch(name):
            yield f"{name} is no attribute's name"
        if name not in (*REQUIRED, *OPTIONAL):
            yield f"{name} is an extension nobody documents"
        if not text:
            yield f"{name} is empty"
        if any(_forbidden(ord(char)) for char in text):
            yield f"{name} holds a character that no string may"
    yield from _typed(attributes)


def _typed(attributes: Mapping[str, str]) -> Iterator[str]:
    if attributes.get("specversion") != "1.0":
        yield "specversion is not 1.0"
    if not URI_REFERENCE.fullmatch(attributes.get("source", "")):
        yield "source is no URI reference"
    if "dataschema" in attributes and not URI.fullmatch(attributes["dataschema"]):
        yield "dataschema is no absolute URI"
    if not re.fullmatch(r"[a-z]+(\.[a-z_]+)+", attributes.get("type", "")):
        yield "type has no reverse domain name before it"
    if "time" in attributes and not _is_time(attributes["time"]):
        yield "time is no timestamp of RFC 3339"


def _content_type(texts: Mapping[str, str]) -> Iterator[str]:
    """Binary mode: `content-type` is datacontenttype, so it may not be that of structured mode, nor come twice."""
    found = texts.get("content-type", "")
    if not MEDIA_TYPE.fullmatch(found):
        yield "content-type is no media type"
    if found.startswith("application/cloudevents"):
        yield "this content-type announces structured mode"
    if "ce_datacontenttype" in texts:
        yield "datacontenttype has the header content-type"


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return RFC_3339.fullmatch(text) is not None


def _forbidden(code: int) -> bool:
    """Control characters, surrogates, and what is no character ("Type System", String)."""
    return code < 0x20 or 0x7F <= code <= 0x9F or 0xD800 <= code <= 0xDFFF or 0xFDD0 <= code <= 0xFDEF or (
        code & 0xFFFE == 0xFFFE
    )  # fmt: skip
