"""How Vault answers this process. No label: what was asked could name somebody."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

SECONDS = Histogram(
    "veil_vault_seconds",
    "Calls to Vault, with their repetitions",
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10),
)
FAILED = Counter(
    "veil_vault_failed_attempts_total", "Attempts that Vault did not answer, or not as one that is well"
)
