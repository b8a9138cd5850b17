"""Redacting again by the bundle that a task names: the same bytes, or a refusal that says what is here instead."""

from __future__ import annotations

import re
from importlib.metadata import version

from schemas.errors import ConfigError
from streams.redact.bundle import bundle_of
from streams.redact.detect.find import Detector
from topology.policies import Policy

_HASH = re.compile(r"[0-9a-f]{64}")
_SHORT = 12


def require_bundle(policy: Policy, detector: Detector, wanted: str) -> None:
    """Raises ConfigError unless policy and detector, with the code that runs here, are the bundle of this hash."""
    if _HASH.fullmatch(wanted) is None:
        raise ConfigError("a bundle is 64 hexadecimal digits, as a task and `batch.redacted` name it")
    here = bundle_of(policy, detector)
    if here.hash == wanted:
        return
    raise ConfigError(
        f"bundle {wanted[:_SHORT]}… can't be replayed here, where {policy.id} ({policy.hash[:_SHORT]}…) is bundle "
        f"{here.hash[:_SHORT]}…: Veilstream {version('veilstream')} with code {here.code[:_SHORT]}…, "
        f"data {here.data[:_SHORT]}…, detector {here.detector}. `bundle.adopted` on the audit, and "
        "`veil policy history --json`, name policy, release and code of each bundle: take those"
    )
