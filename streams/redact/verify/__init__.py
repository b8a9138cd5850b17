"""The last look at what is about to leave, as an attacker would, with other rules and code than the detectors."""

from streams.redact.verify.holding import holds
from streams.redact.verify.shown import Shown

__all__ = ["Shown", "holds"]
