"""How many texts lie in clear."""

from __future__ import annotations

from prometheus_client import Gauge

TEXTS = Gauge("veil_texts_in_clear", "Texts that lie in clear on `open.P`", ["project"])
