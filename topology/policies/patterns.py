"""A policy's own regular expressions, checked before they reach a detector."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import StringConstraints, field_validator

from topology.policies.entries import Category, LabelName, Strict
from topology.policies.model import CustomPattern

MAX_PATTERNS = 50  # of a policy's own
MAX_PACK_PATTERNS = 50  # of all packs together; five when this was written
MAX_PATTERN_LENGTH = 300  # longer ones are lists in disguise: use `deny`


class PatternEntry(Strict):
    name: LabelName
    category: Category
    regex: Annotated[str, StringConstraints(min_length=2, max_length=MAX_PATTERN_LENGTH)]

    @field_validator("regex")
    @classmethod
    def _usable(cls, value: str) -> str:
        if not value.isascii():
            raise ValueError("must be ASCII: text is folded to ASCII before it is searched (write e for é)")
        try:
            compiled = re.compile(value)
        except re.error as error:
            raise ValueError(f"is no regular expression: {error.msg} at position {error.pos}") from None
        except OverflowError:
            raise ValueError("is no regular expression: it repeats something too often") from None
        if compiled.match(""):
            raise ValueError("must not match the empty string")
        return value

    def pattern(self) -> CustomPattern:
        return CustomPattern(self.name, self.category, self.regex)


class PublishedPattern(PatternEntry):
    """Of a published policy: a pack's pattern has the pack before its name, as `pci-dss:pin`."""

    name: Annotated[str, StringConstraints(pattern=r"^([a-z][a-z0-9-]{0,39}:)?[A-Za-z][A-Za-z0-9_-]{0,39}$")]
